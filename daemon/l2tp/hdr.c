/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The L2TP header, RFC 2661 3.1. A control message with a malformed header is dropped before
 * reliable delivery (5.8) and is therefore not acknowledged.
 */
#include "daemon/l2tp/hdr.h"

#include "daemon/base/err.h"

#define HDR_FIXED_LEN 6 /* flags, Tunnel ID, Session ID */

static int check_control(uint16_t flags)
{
	if (!(flags & L2TP_F_LEN))
		return -REASON_HDR_CTL_NO_LENGTH;
	if (!(flags & L2TP_F_SEQ))
		return -REASON_HDR_CTL_NO_SEQ;
	if (flags & L2TP_F_OFFSET)
		return -REASON_HDR_CTL_OFFSET;
	return 0;
}

static size_t header_len(uint16_t flags)
{
	return HDR_FIXED_LEN + (flags & L2TP_F_LEN ? 2u : 0u) + (flags & L2TP_F_SEQ ? 4u : 0u) +
	       (flags & L2TP_F_OFFSET ? 2u : 0u);
}

int l2tp_hdr_parse(const void *buf, size_t len, struct l2tp_hdr *ret)
{
	struct rd r = rd_init(buf, len);
	struct l2tp_hdr h = { .flags = rd_u16(&r) };
	size_t need = header_len(h.flags);
	int err;

	if (r.bad)
		return -REASON_HDR_SHORT;
	if ((h.flags & L2TP_F_VER) != L2TP_VERSION)
		return -REASON_HDR_VERSION;
	if (l2tp_hdr_is_control(&h) && (err = check_control(h.flags)) < 0)
		return err;
	if (len < need)
		return -REASON_HDR_SHORT;
	if (len > UINT16_MAX)
		return -REASON_HDR_LENGTH;
	h.length = h.flags & L2TP_F_LEN ? rd_u16(&r) : (uint16_t)len;
	if (h.length < need || h.length > len)
		return -REASON_HDR_LENGTH;
	/* Octets after Length are not part of the message. */
	r.end -= len - h.length;
	h.tid = rd_u16(&r);
	h.sid = rd_u16(&r);
	if (h.flags & L2TP_F_SEQ) {
		h.ns = rd_u16(&r);
		h.nr = rd_u16(&r);
	}
	if (h.flags & L2TP_F_OFFSET) {
		h.offset = rd_u16(&r);
		rd_skip(&r, h.offset);
	}
	if (r.bad)
		return -REASON_HDR_OFFSET;
	h.payload = rd_rest(&r);
	*ret = h;
	return 0;
}

size_t l2tp_hdr_begin_ctl(struct wr *w, uint16_t tid, uint16_t sid, uint16_t ns, uint16_t nr)
{
	size_t mark;

	wr_u16(w, L2TP_F_TYPE | L2TP_F_LEN | L2TP_F_SEQ | L2TP_VERSION);
	mark = wr_mark_u16(w);
	wr_u16(w, tid);
	wr_u16(w, sid);
	wr_u16(w, ns);
	wr_u16(w, nr);
	return mark;
}

void l2tp_hdr_end_ctl(struct wr *w, size_t mark)
{
	/* The mark is the offset of the Length field, two octets into the header. */
	size_t len = wr_len(w) + 2 - mark;

	if (len > UINT16_MAX)
		w->bad = true;
	if (!w->bad)
		wr_patch_u16(w, mark, (uint16_t)len);
}

void l2tp_hdr_write_data(struct wr *w, const struct l2tp_hdr *h)
{
	wr_u16(w, (h->flags & (L2TP_F_SEQ | L2TP_F_PRIO)) | L2TP_VERSION);
	wr_u16(w, h->tid);
	wr_u16(w, h->sid);
	if (h->flags & L2TP_F_SEQ) {
		wr_u16(w, h->ns);
		wr_u16(w, 0); /* 3.1: Nr is meaningless in data messages */
	}
}
