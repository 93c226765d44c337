/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/tlv.h"

/* ---- reading ---- */

static const struct tlv_field *field_of(const struct tlv_table *t, uint8_t tag)
{
	return tag < t->n && t->fields[tag].name ? &t->fields[tag] : NULL;
}

static enum reason tlv_find(const struct tlv_table *t, struct span record, struct span *found)
{
	struct rd r = rd_span(record);

	while (rd_left(&r)) {
		uint8_t tag = rd_u8(&r);
		struct span v = rd_bytes(&r, rd_u16(&r));
		const struct tlv_field *f = field_of(t, tag);

		if (r.bad)
			return REASON_TLV_SHORT;
		if (!f)
			continue;
		if (found[tag].p)
			return REASON_TLV_REPEATED;
		if (v.len < f->min || v.len > f->max)
			return REASON_TLV_LENGTH;
		found[tag] = v;
	}
	return REASON_NONE;
}

enum reason tlv_read(const struct tlv_table *t, struct span record, struct span *found)
{
	enum reason why;

	for (size_t i = 0; i < t->n; i++)
		found[i] = (struct span){ 0 };
	why = tlv_find(t, record, found);
	for (size_t i = 0; why == REASON_NONE && i < t->n; i++)
		if (t->fields[i].name && !t->fields[i].absent && !found[i].p)
			why = REASON_TLV_MISSING;
	return why;
}

uint8_t tlv_u8(struct span value, uint8_t absent)
{
	struct rd r = rd_span(value);

	return value.p ? rd_u8(&r) : absent;
}

uint16_t tlv_u16(struct span value, uint16_t absent)
{
	struct rd r = rd_span(value);

	return value.p ? rd_u16(&r) : absent;
}

uint32_t tlv_u32(struct span value, uint32_t absent)
{
	struct rd r = rd_span(value);

	return value.p ? rd_u32(&r) : absent;
}

uint64_t tlv_u64(struct span value, uint64_t absent)
{
	struct rd r = rd_span(value);

	return value.p ? rd_u64(&r) : absent;
}

/* ---- writing ---- */

/* n octets, 8 at most. In one piece: records are written at each change. */
static void tlv_put_uint(struct wr *w, uint8_t tag, uint8_t n, uint64_t v)
{
	uint8_t b[TLV_HEAD + 8] = { tag, 0, n };

	for (uint8_t i = n; i-- > 0; v >>= 8)
		b[TLV_HEAD + i] = (uint8_t)v;
	wr_bytes(w, b, TLV_HEAD + n);
}

void tlv_put_u8(struct wr *w, uint8_t tag, uint8_t v)
{
	tlv_put_uint(w, tag, 1, v);
}

void tlv_put_u16(struct wr *w, uint8_t tag, uint16_t v)
{
	tlv_put_uint(w, tag, 2, v);
}

void tlv_put_u32(struct wr *w, uint8_t tag, uint32_t v)
{
	tlv_put_uint(w, tag, 4, v);
}

void tlv_put_u64(struct wr *w, uint8_t tag, uint64_t v)
{
	tlv_put_uint(w, tag, 8, v);
}

void tlv_put_span(struct wr *w, uint8_t tag, struct span v)
{
	size_t mark = tlv_begin(w, tag);

	wr_span(w, v);
	tlv_end(w, mark);
}

void tlv_opt_u8(struct wr *w, uint8_t tag, uint8_t v)
{
	if (v)
		tlv_put_u8(w, tag, v);
}

void tlv_opt_u16(struct wr *w, uint8_t tag, uint16_t v)
{
	if (v)
		tlv_put_u16(w, tag, v);
}

void tlv_opt_u32(struct wr *w, uint8_t tag, uint32_t v)
{
	if (v)
		tlv_put_u32(w, tag, v);
}

void tlv_opt_u64(struct wr *w, uint8_t tag, uint64_t v)
{
	if (v)
		tlv_put_u64(w, tag, v);
}

void tlv_opt_span(struct wr *w, uint8_t tag, struct span v)
{
	if (v.len)
		tlv_put_span(w, tag, v);
}

size_t tlv_begin(struct wr *w, uint8_t tag)
{
	wr_u8(w, tag);
	return wr_mark_u16(w);
}

void tlv_end(struct wr *w, size_t mark)
{
	size_t len = w->bad ? 0 : wr_len(w) - mark - 2;

	if (len > TLV_MAX)
		w->bad = true;
	else
		wr_patch_u16(w, mark, (uint16_t)len);
}
