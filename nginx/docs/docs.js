// Swagger UI on this server's own description, and on nobody else's: without
// validatorUrl it would send the document's address to a validator elsewhere.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
});
