/*
 * NATS keys and JWTs signed with them, as the tool nsc makes them, for servers
 * in operator mode and for creds files.
 */
#ifndef NKEYS_H
#define NKEYS_H

enum {
	NKEY_TEXT_LEN = 64
};

enum nkey_kind {
	NKEY_ACCOUNT = 0,
	NKEY_OPERATOR = 14 << 3,
	NKEY_USER = 20 << 3
};

struct nkey {
	unsigned char secret[32];
	char id[NKEY_TEXT_LEN];   /* public: A…, O… or U… */
	char seed[NKEY_TEXT_LEN]; /* secret: SA…, SO… or SU… */
};

void nkey_new(struct nkey *, enum nkey_kind);
/*
 * A JWT by issuer about subject; nats: the members of its object `nats`, as
 * JSON. The caller frees it.
 */
char *nkey_jwt(
    const struct nkey *issuer, const struct nkey *subject, const char *nats);

#endif
