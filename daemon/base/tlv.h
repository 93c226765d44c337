/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of fields. A field is a tag (1 octet), a length (2) and a value of that many octets; the value of
 * some fields is fields again. The fields of one level come in any order. One table for each level says which
 * tags there are, and is the specification of that level:
 *
 *   - a reader skips a tag that is not in its table: a newer program may have written it;
 *   - a field that is absent has the default named in the table, unless it is required;
 *   - a tag that occurs twice, a value of a wrong length, or a field that is cut off makes the whole record
 *     invalid, each by its own reason.
 *
 * So a program can add a field and older and newer programs still read each other's records. A tag is never
 * used again for something else, and tag 0 is never used. Pure; never allocates.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/err.h"
#include "daemon/base/wire.h"

#define TLV_HEAD 3u /* octets in front of a value */
#define TLV_MAX	 0xffffu

struct tlv_field {
	const char *name;		/* NULL: there is no such tag */
	uint16_t min, max;		/* octets of its value */
	const char *absent;		/* what its absence means; NULL: the field is required */
	const struct tlv_table *nested; /* the value is a level of its own; or NULL */
};

/* clang-format off */
#define TLV_REQUIRED(name, min, max)         { name, min, max, NULL, NULL }
#define TLV_OPTIONAL(name, min, max, absent) { name, min, max, absent, NULL }
#define TLV_NESTED(name, table, absent)      { name, 0, TLV_MAX, absent, &(table) }
/* clang-format on */

struct tlv_table {
	const char *name;
	const struct tlv_field *fields; /* by tag */
	size_t n;			/* one more than the highest tag */
};

/* Fills found[0..t->n) with the values by tag; those that are absent have p NULL. REASON_NONE, or why the
 * record is invalid. */
enum reason tlv_read(const struct tlv_table *t, struct span record, struct span *found);
/* A value, whose length tlv_read has checked; `absent` when it is not there. */
uint8_t tlv_u8(struct span value, uint8_t absent);
uint16_t tlv_u16(struct span value, uint16_t absent);
uint32_t tlv_u32(struct span value, uint32_t absent);
uint64_t tlv_u64(struct span value, uint64_t absent);

void tlv_put_u8(struct wr *w, uint8_t tag, uint8_t v);
void tlv_put_u16(struct wr *w, uint8_t tag, uint16_t v);
void tlv_put_u32(struct wr *w, uint8_t tag, uint32_t v);
void tlv_put_u64(struct wr *w, uint8_t tag, uint64_t v);
void tlv_put_span(struct wr *w, uint8_t tag, struct span v);
/* The same, but nothing when it is 0 or empty: of fields whose absence means that. */
void tlv_opt_u8(struct wr *w, uint8_t tag, uint8_t v);
void tlv_opt_u16(struct wr *w, uint8_t tag, uint16_t v);
void tlv_opt_u32(struct wr *w, uint8_t tag, uint32_t v);
void tlv_opt_u64(struct wr *w, uint8_t tag, uint64_t v);
void tlv_opt_span(struct wr *w, uint8_t tag, struct span v);
/* What is put between the two is the value of this field. */
size_t tlv_begin(struct wr *w, uint8_t tag);
void tlv_end(struct wr *w, size_t mark);
