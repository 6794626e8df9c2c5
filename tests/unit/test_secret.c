/* Standard Webhooks: secrets and signatures. */
#include "t.h"

#include <string.h>

#include "secret.h"

/* The test vector of the specification's own libraries. */
static void
sign__vector_of_the_specification__its_signature(void **state)
{
	static const char body[] = "{\"test\": 2432232314}";
	char signature[SIGNATURE_LEN + 1];

	(void)state;
	assert_int_equal(secret_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
			     "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body,
			     sizeof(body) - 1, signature),
	    STATUS_OK);
	assert_string_equal(
	    signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

/* Computed with Python's hmac, hashlib and base64; keys of 24 to 64 bytes. */
static void
sign__keys_of_every_padding__as_another_implementation_does(void **state)
{
	static const char body[] = "\x00\xff{\"a\":\"\xc3\xa4\"}";
	static const struct {
		const char *secret, *full, *empty;
	} rows[] = {
		{ "whsec_6Onq6+zt7u/w8fLz9PX29/j5+vv8/f7/",
		    "v1,PfZZmHM//EjCWqcwO/gwUMeDsfu6zP4k7GoiyQif3iE=",
		    "v1,UzPN9DX2xLzSyVxa2wsNUicsuYAqbPobvsXxeK/oE6k=" },
		{ "whsec_5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w==",
		    "v1,GMnOuOr1Ec/XGVlxv+HOGjtp8YjM6JzJdvqUrqoQMR8=",
		    "v1,wIBNJKjQ1WB1buaPdjeaT9ZIdLyas2khJ/nVU+jkFZs=" },
		{ "whsec_5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=",
		    "v1,whuaYQoTf4Uh4BMBkejC7ARhjooeK2eZ4CxY1sHREzA=",
		    "v1,Rr08mlKr/4i1w+uhT6hWt9hMXRDRoLmgfQvqNXMv/vs=" },
		{ "whsec_4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=",
		    "v1,+S3mrOmd6hy6D3BHDQuX0UbycXXx259hRfhn7O/MOZg=",
		    "v1,4BqxrGqKB8nLukYbsz2YYn80vmVfxFZFUXPECU2nB3c=" },
		{ "whsec_wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5"
		  "+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/w==",
		    "v1,zsXKH3XbK7zIZe9K8gr4GF4suRc0uGr7yZt7QSht1bE=",
		    "v1,Rfz4WRkB7XjlBlPzloz1skC5wRa3+llCSKQxFZxpxXk=" },
	};
	char signature[SIGNATURE_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
		    secret_sign(rows[i].secret,
			"0197c1d0-0000-7000-8000-000000000000", 1795428000,
			body, sizeof(body) - 1, signature),
		    STATUS_OK);
		assert_string_equal(signature, rows[i].full);
		assert_int_equal(
		    secret_sign(rows[i].secret, "id", 0, "", 0, signature),
		    STATUS_OK);
		assert_string_equal(signature, rows[i].empty);
	}
}

static void
sign__no_secret__refused(void **state)
{
	static const char *const rows[] = { "", "whsec", "whsec_",
		"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		/* 23 and 65 bytes */
		"whsec_6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=",
		("whsec_v8DBwsPExcbHyMnKy8zNzs/"
		 "Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo"
		 "6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8="),
		/* white space, another alphabet, wrong padding */
		"whsec_ MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa-_",
		"whsec_5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8",
		"whsec_5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v==",
		"whsec_5ufo6err7O3u7=Dx8vP09fb3+Pn6+/z9/v8=",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw====",
		/* bits after the last byte that are not zero */
		"whsec_5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v9=",
		"whsec_5+jp6uvs7e7v8PHy8/T19vf4+fr7/P3+/x==" };
	char signature[SIGNATURE_LEN + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (secret_sign(rows[i], "id", 0, "", 0, signature) !=
		    STATUS_FAULT)
			fail_msg("\"%s\" was accepted as a secret", rows[i]);
}

static void
sign__id_longer_than_any__refused(void **state)
{
	char id[300], signature[SIGNATURE_LEN + 1];

	(void)state;
	memset(id, 'a', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	assert_int_equal(secret_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
			     id, 0, "", 0, signature),
	    STATUS_FAULT);
}

static void
new__twice__two_that_sign(void **state)
{
	char a[SECRET_LEN + 1], b[SECRET_LEN + 1];
	char signature[SIGNATURE_LEN + 1];

	(void)state;
	assert_int_equal(secret_new(a), STATUS_OK);
	assert_int_equal(secret_new(b), STATUS_OK);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), SECRET_LEN);
	assert_int_equal(secret_sign(a, "id", 0, "", 0, signature), STATUS_OK);
	assert_int_equal(strlen(signature), SIGNATURE_LEN);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sign__vector_of_the_specification__its_signature),
	cmocka_unit_test(
	    sign__keys_of_every_padding__as_another_implementation_does),
	cmocka_unit_test(sign__no_secret__refused),
	cmocka_unit_test(sign__id_longer_than_any__refused),
	cmocka_unit_test(new__twice__two_that_sign),
};

T_MAIN(tests)
