/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/rfc2759.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/crypto.h"

/* Reads one character of strict UTF-8 (RFC 3629): no overlong forms, no surrogates. Returns the
 * code point or -EINVAL. */
static int32_t utf8_next(struct rd *r)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = rd_u8(r);
	unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
	uint32_t c = more ? lead & (0x3fU >> more) : lead;

	if (lead >= 0xf8 || (lead >= 0x80 && lead < 0xc0))
		return -EINVAL;
	for (unsigned i = 0; i < more; i++) {
		uint8_t b = rd_u8(r);

		if ((b & 0xc0) != 0x80)
			return -EINVAL;
		c = c << 6 | (b & 0x3f);
	}
	if (r->bad || c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -EINVAL;
	return (int32_t)c;
}

static void put_utf16(struct wr *w, uint32_t unit)
{
	wr_u8(w, (uint8_t)unit);
	wr_u8(w, (uint8_t)(unit >> 8));
}

static int to_utf16le(struct span password, struct wr *w)
{
	struct rd r = rd_span(password);

	for (unsigned n = 0; rd_left(&r); n++) {
		int32_t c = utf8_next(&r);

		if (c < 0 || n >= RFC2759_PASSWORD_MAX)
			return -EINVAL;
		if (c >= 0x10000) {
			put_utf16(w, 0xd800 | (uint32_t)(c - 0x10000) >> 10);
			put_utf16(w, 0xdc00 | ((uint32_t)c & 0x3ff));
		} else {
			put_utf16(w, (uint32_t)c);
		}
	}
	return 0;
}

int rfc2759_nt_hash(struct span password, uint8_t ret[16])
{
	uint8_t utf16[RFC2759_PASSWORD_MAX * 4]; /* a character may take two code units */
	struct wr w = wr_init(utf16, sizeof(utf16));
	struct span all;
	int r = to_utf16le(password, &w);

	if (r == 0) {
		all = wr_done(&w);
		crypto_md4(ret, &all, 1);
	}
	crypto_wipe(utf16, sizeof(utf16));
	return r;
}

void rfc2759_challenge_hash(const uint8_t peer[16], const uint8_t auth[16], struct span user,
			    uint8_t ret[8])
{
	const struct span parts[] = { span_of(peer, 16), span_of(auth, 16), user };
	uint8_t digest[CRYPTO_SHA1_LEN];

	crypto_sha1(digest, parts, 3);
	memcpy(ret, digest, 8);
}

void rfc2759_response(const uint8_t challenge[8], const uint8_t nt_hash[16], uint8_t ret[24])
{
	uint8_t key[21] = { 0 };

	memcpy(key, nt_hash, 16);
	for (unsigned i = 0; i < 3; i++)
		crypto_des56(ret + 8 * (size_t)i, challenge, key + 7 * (size_t)i);
	crypto_wipe(key, sizeof(key));
}

void rfc2759_authenticator_response(const uint8_t nt_hash[16], const uint8_t nt_response[24],
				    const uint8_t challenge[8], char ret[43])
{
	/* RFC 2759 8.7 prints both as octets; they are these texts without the NUL. */
	static const char magic1[] = "Magic server to client signing constant";
	static const char magic2[] = "Pad to make it do more than one iteration";
	static const char hex[] = "0123456789ABCDEF";
	uint8_t hash_hash[CRYPTO_MD4_LEN], digest[CRYPTO_SHA1_LEN];
	const struct span inner = span_of(nt_hash, 16);
	const struct span first[] = { span_of(hash_hash, sizeof(hash_hash)),
				      span_of(nt_response, 24), span_str(magic1) };
	const struct span second[] = { span_of(digest, sizeof(digest)), span_of(challenge, 8),
				       span_str(magic2) };

	crypto_md4(hash_hash, &inner, 1);
	crypto_sha1(digest, first, 3);
	crypto_sha1(digest, second, 3);
	memcpy(ret, "S=", 2);
	for (unsigned i = 0; i < sizeof(digest); i++) {
		ret[2 + 2 * i] = hex[digest[i] >> 4];
		ret[3 + 2 * i] = hex[digest[i] & 15];
	}
	ret[42] = '\0';
	crypto_wipe(hash_hash, sizeof(hash_hash));
	crypto_wipe(digest, sizeof(digest));
}

struct span rfc2759_user(struct span name)
{
	for (size_t i = name.len; i > 0; i--)
		if (name.p[i - 1] == '\\')
			return span_of(name.p + i, name.len - i);
	return name;
}
