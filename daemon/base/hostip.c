/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/hostip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void hostip_done(struct hostip_set *s)
{
	free(s->v);
	*s = (struct hostip_set){ 0 };
}

void hostip_clear(struct hostip_set *s)
{
	s->n = 0;
	s->ignored = 0;
}

static int compare_u32(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int hostip_compare(const struct hostip *a, const struct hostip *b)
{
	int r = compare_u32(a->ip, b->ip);

	if (!r)
		r = compare_u32(a->ifindex, b->ifindex);
	if (!r)
		r = compare_u32(a->subnet, b->subnet);
	return r ? r : compare_u32(a->len, b->len);
}

/* The index of the first element that does not sort before a. */
static size_t hostip_place(const struct hostip_set *s, const struct hostip *a)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (hostip_compare(&s->v[mid], a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int hostip_reserve(struct hostip_set *s, size_t n)
{
	size_t cap = s->cap ? s->cap : 16;
	struct hostip *v;

	if (n <= s->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	v = reallocarray(s->v, cap, sizeof(*v));
	if (!v)
		return -ENOMEM;
	s->v = v;
	s->cap = cap;
	return 0;
}

int hostip_add(struct hostip_set *s, const struct hostip *a)
{
	size_t i = hostip_place(s, a);

	if (i < s->n && hostip_compare(&s->v[i], a) == 0) {
		s->v[i] = *a;
		return 0;
	}
	if (s->n == HOSTIP_MAX || hostip_reserve(s, s->n + 1) < 0) {
		s->ignored++;
		return s->n == HOSTIP_MAX ? -ENOSPC : -ENOMEM;
	}
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(*s->v));
	s->v[i] = *a;
	s->n++;
	return 0;
}

void hostip_del(struct hostip_set *s, const struct hostip *a)
{
	size_t i = hostip_place(s, a);

	if (i == s->n || hostip_compare(&s->v[i], a) != 0)
		return;
	s->n--;
	memmove(&s->v[i], &s->v[i + 1], (s->n - i) * sizeof(*s->v));
}

const struct hostip *hostip_find(const struct hostip_set *s, uint32_t ip)
{
	size_t i = hostip_place(s, &(struct hostip){ .ip = ip });

	return i < s->n && s->v[i].ip == ip ? &s->v[i] : NULL;
}

bool hostip_has(const struct hostip_set *s, const struct hostip *a)
{
	size_t i = hostip_place(s, a);

	return i < s->n && hostip_compare(&s->v[i], a) == 0;
}

int hostip_copy(struct hostip_set *to, const struct hostip_set *from)
{
	if (hostip_reserve(to, from->n) < 0)
		return -ENOMEM;
	if (from->n)
		memcpy(to->v, from->v, from->n * sizeof(*from->v));
	to->n = from->n;
	to->ignored = from->ignored;
	return 0;
}

static uint32_t mask_of(const struct hostip *a)
{
	return a->len ? UINT32_MAX << (32 - a->len) : 0;
}

bool hostip_range(const struct hostip *a, uint32_t *ret_first, uint32_t *ret_last)
{
	uint32_t mask;

	if (!a->neighbours || a->len >= 32)
		return false;
	mask = mask_of(a);
	*ret_first = a->subnet & mask;
	*ret_last = a->subnet | ~mask;
	return true;
}

const char *hostip_subnet_text(const struct hostip *a, char buf[static ZE_PREFIX_TEXT])
{
	char ip[ZE_ADDR_TEXT];

	ze_ip4_text(a->len < 32 ? a->subnet & mask_of(a) : a->subnet, ip);
	snprintf(buf, ZE_PREFIX_TEXT, "%.15s/%u", ip, a->len);
	return buf;
}
