/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"). The key is a global
 * variable, the only one in daemon/base beside the log's: it is set once, and all tables share it.
 */
#include "daemon/base/hash.h"

static struct hash_key process_key;

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_rounds(struct sip *s, int n)
{
	while (n-- > 0) {
		s->v0 += s->v1;
		s->v1 = rotl(s->v1, 13) ^ s->v0;
		s->v0 = rotl(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotl(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotl(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotl(s->v1, 17) ^ s->v2;
		s->v2 = rotl(s->v2, 32);
	}
}

static void sip_word(struct sip *s, uint64_t m)
{
	s->v3 ^= m;
	sip_rounds(s, 2);
	s->v0 ^= m;
}

static uint64_t le_bytes(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

uint64_t hash_sip(const struct hash_key *k, const void *p, size_t len)
{
	struct sip s = {
		.v0 = k->k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = k->k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = k->k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = k->k1 ^ UINT64_C(0x7465646279746573),
	};
	const uint8_t *b = p;
	size_t left = len;

	for (; left >= 8; left -= 8, b += 8)
		sip_word(&s, le_bytes(b, 8));
	sip_word(&s, (uint64_t)len << 56 | le_bytes(b, left));
	s.v2 ^= 0xff;
	sip_rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void hash_set_key(struct hash_key k)
{
	process_key = k;
}

uint64_t hash_bytes64(const void *p, size_t len)
{
	return hash_sip(&process_key, p, len);
}

unsigned hash_bytes(const void *p, size_t len)
{
	return (unsigned)hash_sip(&process_key, p, len);
}
