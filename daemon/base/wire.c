/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/wire.h"

#include <string.h>

/* The next n octets, or NULL once the cursor is bad. A bad reader is moved to its end, so that a
 * loop over rd_left() stops. */
static const uint8_t *rd_take(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > rd_left(r)) {
		r->bad = true;
		r->p = r->end;
		return NULL;
	}
	if (n)
		r->p += n;
	return p;
}

static uint64_t rd_uint(struct rd *r, size_t n)
{
	const uint8_t *p = rd_take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; p && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)rd_uint(r, 1);
}

uint16_t rd_u16(struct rd *r)
{
	return (uint16_t)rd_uint(r, 2);
}

uint32_t rd_u32(struct rd *r)
{
	return (uint32_t)rd_uint(r, 4);
}

uint64_t rd_u64(struct rd *r)
{
	return rd_uint(r, 8);
}

void rd_skip(struct rd *r, size_t n)
{
	rd_take(r, n);
}

struct span rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = rd_take(r, n);

	return p ? span_of(p, n) : (struct span){ 0 };
}

struct span rd_rest(struct rd *r)
{
	return rd_bytes(r, rd_left(r));
}

/* Where to write the next n octets, or NULL once the cursor is bad or when n is 0. */
static uint8_t *wr_take(struct wr *w, size_t n)
{
	uint8_t *p = w->p;

	if (w->bad || n > wr_left(w)) {
		w->bad = true;
		return NULL;
	}
	if (!n)
		return NULL;
	w->p += n;
	return p;
}

static void wire_put_uint(uint8_t *p, size_t n, uint64_t v)
{
	for (size_t i = n; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

static void wr_uint(struct wr *w, size_t n, uint64_t v)
{
	uint8_t *p = wr_take(w, n);

	if (p)
		wire_put_uint(p, n, v);
}

void wr_u8(struct wr *w, uint8_t v)
{
	wr_uint(w, 1, v);
}

void wr_u16(struct wr *w, uint16_t v)
{
	wr_uint(w, 2, v);
}

void wr_u32(struct wr *w, uint32_t v)
{
	wr_uint(w, 4, v);
}

void wr_u64(struct wr *w, uint64_t v)
{
	wr_uint(w, 8, v);
}

void wr_bytes(struct wr *w, const void *p, size_t n)
{
	uint8_t *to = wr_take(w, n);

	if (to)
		memcpy(to, p, n);
}

void wr_span(struct wr *w, struct span s)
{
	wr_bytes(w, s.p, s.len);
}

void wr_zero(struct wr *w, size_t n)
{
	uint8_t *to = wr_take(w, n);

	if (to)
		memset(to, 0, n);
}

size_t wr_mark_u16(struct wr *w)
{
	size_t mark = wr_len(w);

	wr_u16(w, 0);
	return mark;
}

void wr_patch_u16(struct wr *w, size_t mark, uint16_t v)
{
	if (w->bad)
		return;
	if (wr_len(w) < 2 || mark > wr_len(w) - 2) {
		w->bad = true;
		return;
	}
	wire_put_uint(w->start + mark, 2, v);
}

struct span wr_done(const struct wr *w)
{
	return span_of(w->start, wr_len(w));
}

bool span_eq(struct span a, struct span b)
{
	return a.len == b.len && (!a.len || memcmp(a.p, b.p, a.len) == 0);
}

struct span span_str(const char *s)
{
	return s ? span_of(s, strlen(s)) : (struct span){ 0 };
}
