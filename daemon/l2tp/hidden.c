/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hiding of AVP values, RFC 2661 4.3. The clear text is the original length (2 octets), the value
 * and padding. It is XORed with b(1) = MD5(type, secret, vector) and b(i) = MD5(secret, c(i-1)):
 * the key of a block depends on the cipher text of the block before it.
 */
#include "daemon/l2tp/hidden.h"

#include "daemon/base/crypto.h"
#include "daemon/base/err.h"

#define BLOCK	   CRYPTO_MD5_LEN
#define PREFIX_LEN 2 /* the original length */

static void first_key(const struct avp_key *k, uint8_t *ret)
{
	const uint8_t t[2] = { (uint8_t)(k->type >> 8), (uint8_t)(k->type & 0xff) };
	const struct span parts[] = { span_of(t, sizeof(t)), k->secret, k->vector };

	crypto_md5(ret, parts, 3);
}

static void next_key(struct span secret, const uint8_t *cipher, uint8_t *ret)
{
	const struct span parts[] = { secret, span_of(cipher, BLOCK) };

	crypto_md5(ret, parts, 2);
}

int avp_reveal(const struct avp_key *k, struct span hidden, uint8_t *buf, struct span *ret)
{
	uint8_t key[BLOCK];
	size_t len;

	if (hidden.len < PREFIX_LEN)
		return -REASON_HIDDEN_LEN;
	first_key(k, key);
	for (size_t i = 0; i < hidden.len; i++) {
		if (i > 0 && i % BLOCK == 0)
			next_key(k->secret, hidden.p + i - BLOCK, key);
		buf[i] = hidden.p[i] ^ key[i % BLOCK];
	}
	crypto_wipe(key, sizeof(key));
	/* The peer or a wrong secret can produce any length, so it is checked against what was
	 * received. */
	len = (size_t)(buf[0] << 8 | buf[1]);
	if (len > hidden.len - PREFIX_LEN)
		return -REASON_HIDDEN_LEN;
	*ret = span_of(buf + PREFIX_LEN, len);
	return 0;
}

void avp_hide(const struct avp_key *k, struct span clear, size_t pad, struct wr *w)
{
	uint8_t key[BLOCK];
	size_t start = wr_len(w), len;
	uint8_t *p = w->start + start;

	if (clear.len > UINT16_MAX)
		w->bad = true;
	wr_u16(w, (uint16_t)clear.len);
	wr_span(w, clear);
	wr_zero(w, pad);
	len = wr_len(w) - start;
	/* Encrypt also what was written before the buffer was full, so that no clear text stays in
	 * it. */
	first_key(k, key);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && i % BLOCK == 0)
			next_key(k->secret, p + i - BLOCK, key);
		p[i] ^= key[i % BLOCK];
	}
	crypto_wipe(key, sizeof(key));
}
