#include "secret.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

#include "buf.h"

#define PREFIX "whsec_"

enum {
	PREFIX_LEN = sizeof(PREFIX) - 1,
	NEW_BYTES = 32,
	KEY_MIN = 24,
	KEY_MAX = 64,
	DIGEST_LEN = 32,
	HEAD_MAX = 256 /* bytes of id and timestamp before a body */
};

enum status
secret_new(char out[SECRET_LEN + 1])
{
	unsigned char key[NEW_BYTES];

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return STATUS_FAULT;
	memcpy(out, PREFIX, PREFIX_LEN);
	EVP_EncodeBlock(
	    (unsigned char *)out + PREFIX_LEN, key, (int)sizeof(key));
	explicit_bzero(key, sizeof(key));
	return STATUS_OK;
}

static int
sextet(char c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	const char *p = c == '\0' ? NULL : strchr(alphabet, c);

	return p == NULL ? -1 : (int)(p - alphabet);
}

/*
 * RFC 4648, section 4, and nothing else: whole quartets, padding only at the
 * end, no bits after the last byte. Returns the number of bytes, or -1 if text
 * is invalid.
 */
static int
decode(const char *text, unsigned char key[KEY_MAX])
{
	size_t len = strlen(text), padding = 0, i;
	unsigned int bits = 0;
	int n = 0, value;

	while (padding < 2 && padding < len && text[len - padding - 1] == '=')
		padding++;
	if (len % 4 != 0 || (len - padding) * 3 / 4 > KEY_MAX)
		return -1;
	for (i = 0; i < len - padding; i++) {
		if ((value = sextet(text[i])) < 0)
			return -1;
		bits = bits << 6 | (unsigned int)value;
		if (i % 4 != 0)
			key[n++] = (unsigned char)(bits >> (6 - i % 4 * 2));
	}
	return (bits & ((1U << padding * 2) - 1)) == 0 ? n : -1;
}

static enum status
sign(const unsigned char *key, int key_len, const struct buf *text,
    char out[SIGNATURE_LEN + 1])
{
	unsigned char digest[DIGEST_LEN];

	if (HMAC(EVP_sha256(), key, key_len, (const unsigned char *)text->data,
		text->len, digest, NULL) == NULL)
		return STATUS_FAULT;
	memcpy(out, "v1,", 3);
	EVP_EncodeBlock((unsigned char *)out + 3, digest, DIGEST_LEN);
	return STATUS_OK;
}

enum status
secret_sign(const char *secret, const char *id, int64_t timestamp,
    const char *body, size_t len, char out[SIGNATURE_LEN + 1])
{
	enum status status = STATUS_FAULT;
	unsigned char key[KEY_MAX];
	struct buf text;
	int n = -1;

	if (strncmp(secret, PREFIX, PREFIX_LEN) == 0)
		n = decode(secret + PREFIX_LEN, key);
	buf_init(&text, HEAD_MAX + len);
	buf_printf(&text, "%s.%" PRId64 ".", id, timestamp);
	buf_put(&text, body, len);
	if (n >= KEY_MIN && !text.failed)
		status = sign(key, n, &text, out);
	buf_free(&text);
	explicit_bzero(key, sizeof(key));
	return status;
}
