/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cursors over octets in network order. A read or write outside the buffer does nothing, returns 0
 * and sets `bad`. The flag stays set and makes all later calls fail too, so test it once at the
 * end. A bad reader has nothing left, so loops over rd_left() stop. Nothing is allocated and
 * nothing aborts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span { /* borrowed octets */
	const uint8_t *p;
	size_t len;
};

struct rd {
	const uint8_t *p, *end;
	bool bad;
};

struct wr {
	uint8_t *start, *p, *end;
	bool bad;
};

static inline struct rd rd_init(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	return (struct rd){ .p = p, .end = p ? p + len : p };
}

static inline struct rd rd_span(struct span s)
{
	return rd_init(s.p, s.len);
}

static inline size_t rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

/* Read an integer in network order, or skip n octets. */
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
void rd_skip(struct rd *r, size_t n);
/* The next n octets as a span; an empty span and `bad` when there are fewer. */
struct span rd_bytes(struct rd *r, size_t n);
/* Everything that is left, possibly nothing. */
struct span rd_rest(struct rd *r);

static inline struct wr wr_init(void *buf, size_t size)
{
	uint8_t *p = buf;

	return (struct wr){ .start = p, .p = p, .end = p ? p + size : p };
}

static inline size_t wr_len(const struct wr *w)
{
	return (size_t)(w->p - w->start);
}

static inline size_t wr_left(const struct wr *w)
{
	return (size_t)(w->end - w->p);
}

/* Write an integer in network order, n octets, a span, or n zero octets. */
void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_bytes(struct wr *w, const void *p, size_t n);
void wr_span(struct wr *w, struct span s);
void wr_zero(struct wr *w, size_t n);
/* Writes 0 in place of a 16-bit field and returns its offset, to be filled later. */
size_t wr_mark_u16(struct wr *w);
void wr_patch_u16(struct wr *w, size_t mark, uint16_t v);
/* The octets written so far; check `bad` first. */
struct span wr_done(const struct wr *w);

bool span_eq(struct span a, struct span b);
static inline struct span span_of(const void *p, size_t len)
{
	return (struct span){ .p = p, .len = len };
}
struct span span_str(const char *s); /* without the NUL; NULL gives an empty span */
