#include "nkeys.h"
#include "t.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

enum {
	SEED_PREFIX = 18 << 3,
	KEY_LEN = 32,
	SIGNATURE_BYTES = 64,
	JWT_MAX = 4096
};

/* CRC-16/XMODEM. */
static unsigned int
crc16(const unsigned char *bytes, size_t n)
{
	unsigned int crc = 0;
	int bit;

	while (n-- > 0) {
		crc ^= (unsigned int)*bytes++ << 8;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
		crc &= 0xffff;
	}
	return crc;
}

/* RFC 4648, section 6, unpadded: encodes the bytes and their checksum. */
static void
base32(char *out, const unsigned char *bytes, size_t n)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned int crc = crc16(bytes, n), bits = 0;
	unsigned char all[KEY_LEN + 4];
	int held = 0;
	size_t i;

	memcpy(all, bytes, n);
	all[n++] = (unsigned char)(crc & 0xff);
	all[n++] = (unsigned char)(crc >> 8);
	for (i = 0; i < n; i++) {
		bits = bits << 8 | all[i];
		for (held += 8; held >= 5; held -= 5)
			*out++ = alphabet[bits >> (held - 5) & 31];
	}
	if (held > 0)
		*out++ = alphabet[bits << (5 - held) & 31];
	*out = '\0';
}

static EVP_PKEY *
key_of(const struct nkey *k)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, k->secret, KEY_LEN);

	assert_non_null(key);
	return key;
}

void
nkey_new(struct nkey *k, enum nkey_kind kind)
{
	unsigned char text[KEY_LEN + 2];
	size_t n = KEY_LEN;
	EVP_PKEY *key;

	assert_int_equal(getrandom(k->secret, KEY_LEN, 0), KEY_LEN);
	key = key_of(k);
	text[0] = (unsigned char)kind;
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, text + 1, &n), 1);
	EVP_PKEY_free(key);
	base32(k->id, text, KEY_LEN + 1);
	text[0] = (unsigned char)(SEED_PREFIX | (unsigned int)kind >> 5);
	text[1] = (unsigned char)(((unsigned int)kind & 31) << 3);
	memcpy(text + 2, k->secret, KEY_LEN);
	base32(k->seed, text, KEY_LEN + 2);
}

/* Appends base64url without padding. */
static void
put_base64url(char *out, const void *bytes, size_t n)
{
	char *p = out + strlen(out);

	EVP_EncodeBlock((unsigned char *)p, bytes, (int)n);
	for (; *p != '\0'; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	while (p[-1] == '=')
		*--p = '\0';
}

char *
nkey_jwt(
    const struct nkey *issuer, const struct nkey *subject, const char *nats)
{
	static const char header[] =
	    "{\"typ\":\"JWT\",\"alg\":\"ed25519-nkey\"}";
	unsigned char signature[SIGNATURE_BYTES];
	char claims[JWT_MAX / 2], *jwt = calloc(1, JWT_MAX);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = key_of(issuer);
	size_t n = sizeof(signature);

	snprintf(claims, sizeof(claims),
	    "{\"jti\":\"1\",\"iat\":1,\"iss\":\"%s\",\"name\":\"test\","
	    "\"sub\":\"%s\",\"nats\":{%s,\"version\":2}}",
	    issuer->id, subject->id, nats);
	put_base64url(jwt, header, strlen(header));
	strcat(jwt, ".");
	put_base64url(jwt, claims, strlen(claims));
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &n,
			     (unsigned char *)jwt, strlen(jwt)),
	    1);
	strcat(jwt, ".");
	put_base64url(jwt, signature, n);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return jwt;
}
