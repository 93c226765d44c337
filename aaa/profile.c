/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/profile.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_HEAD 2 /* key and length in front of a value of the list */

static const struct {
	const char *word;
	uint8_t max;
	bool applied;
} keys[PROFILE_KEY__COUNT] = {
#define X(id, w, m, a) [PROFILE_##id] = { .word = w, .max = m, .applied = a },
	PROFILE_KEYS(X)
#undef X
};

static size_t profile_size(const struct profile *p)
{
	return sizeof(*p) + p->list_at + p->list_len;
}

struct profile *profile_new(struct span user)
{
	size_t len = user.len < AAA_USER_MAX ? user.len : AAA_USER_MAX;
	struct profile *p = calloc(1, sizeof(*p) + len + 1);

	if (!p)
		return NULL;
	p->refs = 1;
	p->ipv4 = p->ipv6 = true;
	p->list_at = (uint16_t)(len + 1);
	if (len)
		memcpy(p->user, user.p, len);
	return p;
}

struct profile *profile_ref(struct profile *p)
{
	__atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
	return p;
}

/* Copies `len` octets of a profile; the references are the copy's own. Another thread may drop one
 * of the original, so that count is not read. */
static void profile_assign(struct profile *to, const struct profile *from, size_t len)
{
	size_t first = offsetof(struct profile, has_address);

	to->refs = 1;
	memcpy((char *)to + first, (const char *)from + first, len - first);
}

struct profile *profile_copy(const struct profile *p)
{
	struct profile *copy = malloc(profile_size(p));

	if (copy)
		profile_assign(copy, p, profile_size(p));
	return copy;
}

void profile_free(struct profile *p)
{
	if (p && __atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL) == 0)
		free(p);
}

enum profile_source profile_source(const struct profile *p, enum profile_key key)
{
	return (enum profile_source)(p->sources >> 2 * key & 3);
}

void profile_set_source(struct profile *p, enum profile_key key, enum profile_source source)
{
	p->sources &= ~((uint64_t)3 << 2 * key);
	p->sources |= (uint64_t)source << 2 * key;
}

const char *profile_key_name(enum profile_key key)
{
	return keys[key].word;
}

const char *profile_source_name(enum profile_source source)
{
	static const char *const words[] = { "default", "local", "radius", "coa" };

	return words[source];
}

bool profile_key_applied(enum profile_key key)
{
	return keys[key].applied;
}

/* ---- the list ---- */

static struct rd list_of(const struct profile *p)
{
	return rd_init(p->user + p->list_at, p->list_len);
}

/* Reads the next value of the list. */
static bool profile_list_next(struct rd *r, uint8_t *ret_key, struct span *ret)
{
	*ret_key = rd_u8(r);
	*ret = rd_bytes(r, rd_u8(r));
	return !r->bad;
}

bool profile_get(const struct profile *p, enum profile_key key, unsigned n, struct span *ret)
{
	struct rd r = list_of(p);
	struct span v;
	uint8_t k;

	while (profile_list_next(&r, &k, &v)) {
		if (k == key && n-- == 0) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/* Reads the octets of an address and the bits of its prefix. */
static struct ze_prefix read_prefix(struct rd *r, uint8_t family)
{
	struct ze_prefix p = { .addr.family = family };
	size_t octets = family == 4 ? 4 : 16;

	memcpy(p.addr.ip, rd_bytes(r, octets).p, octets);
	p.len = rd_u8(r);
	return p;
}

bool profile_get_route(const struct profile *p, enum profile_key key, unsigned n,
		       struct profile_route *ret)
{
	struct span v;
	struct rd r;

	if (!profile_get(p, key, n, &v))
		return false;
	r = rd_span(v);
	ret->dst = read_prefix(&r, key == PROFILE_ROUTE ? 4 : 6);
	ret->metric = rd_u32(&r);
	return true;
}

bool profile_get_prefix6(const struct profile *p, enum profile_key key, unsigned n,
			 struct ze_prefix *ret)
{
	struct span v;
	struct rd r;

	if (!profile_get(p, key, n, &v))
		return false;
	r = rd_span(v);
	*ret = read_prefix(&r, 6);
	return true;
}

struct profile *profile_edit(struct profile_room *room, const struct profile *from,
			     struct span user)
{
	/* cppcheck-suppress ctuuninitvar ; it is written here for the first time */
	struct profile *p = (struct profile *)(void *)room->octets;
	size_t len = user.len < AAA_USER_MAX ? user.len : AAA_USER_MAX;

	if (!len) {
		profile_assign(p, from, profile_size(from));
		return p;
	}
	profile_assign(p, from, sizeof(*p));
	memcpy(p->user, user.p, len);
	p->user[len] = '\0';
	p->list_at = (uint16_t)(len + 1);
	if (p->list_len)
		memcpy(p->user + p->list_at, from->user + from->list_at, p->list_len);
	return p;
}

bool profile_put(struct profile *p, enum profile_key key, struct span value)
{
	struct wr w = wr_init(p->user + p->list_at + p->list_len, PROFILE_LIST_MAX - p->list_len);
	struct span last;

	if (!keys[key].max || value.len > UINT8_MAX ||
	    profile_get(p, key, keys[key].max - 1u, &last))
		return false;
	wr_u8(&w, (uint8_t)key);
	wr_u8(&w, (uint8_t)value.len);
	wr_span(&w, value);
	if (w.bad)
		return false;
	p->list_len = (uint16_t)(p->list_len + ENTRY_HEAD + value.len);
	return true;
}

struct span profile_list(const struct profile *p)
{
	return span_of(p->user + p->list_at, p->list_len);
}

/* True for an address of `octets` with the length of its prefix and `more` octets. */
static bool profile_is_prefix(struct span v, unsigned octets, unsigned more)
{
	return v.len == octets + 1 + more && v.p[octets] <= 8 * octets;
}

static bool is_value(uint8_t key, struct span v)
{
	switch (key) {
	case PROFILE_ROUTE:
		return profile_is_prefix(v, 4, 4);
	case PROFILE_ROUTE6:
		return profile_is_prefix(v, 16, 4);
	case PROFILE_PREFIX6:
	case PROFILE_DELEGATED6:
	case PROFILE_ADDRESS6:
	case PROFILE_DNS6:
		return profile_is_prefix(v, 16, 0);
	case PROFILE_IFID6:
		return v.len == 8;
	default:
		return v.len;
	}
}

bool profile_put_list(struct profile *p, struct span list)
{
	struct rd r = rd_span(list);
	struct span v;
	uint8_t key;

	while (rd_left(&r)) {
		if (!profile_list_next(&r, &key, &v))
			return false;
		if (key >= PROFILE_KEY__COUNT)
			continue;
		if (!is_value(key, v) || !profile_put(p, (enum profile_key)key, v))
			return false;
	}
	return true;
}

static void write_prefix(struct wr *w, const struct ze_prefix *p)
{
	wr_bytes(w, p->addr.ip, p->addr.family == 4 ? 4 : 16);
	wr_u8(w, p->len);
}

bool profile_put_route(struct profile *p, enum profile_key key, const struct profile_route *route)
{
	uint8_t buf[32];
	struct wr w = wr_init(buf, sizeof(buf));

	write_prefix(&w, &route->dst);
	wr_u32(&w, route->metric);
	return profile_put(p, key, wr_done(&w));
}

bool profile_put_prefix6(struct profile *p, enum profile_key key, const struct ze_prefix *prefix)
{
	uint8_t buf[32];
	struct wr w = wr_init(buf, sizeof(buf));

	write_prefix(&w, prefix);
	return profile_put(p, key, wr_done(&w));
}

void profile_clear(struct profile *p, enum profile_key key)
{
	struct rd r = list_of(p);
	struct wr w = wr_init(p->user + p->list_at, p->list_len);
	struct span v;
	uint8_t k;

	while (profile_list_next(&r, &k, &v)) {
		if (k == key)
			continue;
		/* Values move towards the front: what is read has not been overwritten yet. */
		memmove(w.p, v.p - ENTRY_HEAD, ENTRY_HEAD + v.len);
		w.p += ENTRY_HEAD + v.len;
	}
	p->list_len = (uint16_t)wr_len(&w);
}
