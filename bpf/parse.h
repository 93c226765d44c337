/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Parses the L2TP and PPP headers of a datagram (RFC 2661 3.1, RFC 1661 2), for the BPF programs
 * and, compiled natively, for the fuzzer that compares it with the daemon's parser. Never reads
 * outside [data, end); decides by the headers alone.
 *
 * Offsets that depend on the packet are bounded before they are added to a pointer, hidden from the
 * compiler and masked: only then the verifier relates the check to the access.
 */
#pragma once

#include <linux/types.h>

#ifdef __bpf__
#include <bpf/bpf_endian.h>
#endif

#include "bpf/ze_bpf.h"

#define ZE_OFF_MAX 0x3fff /* the largest offset; no packet is longer */

#define ZE_L2TP_T   0x8000
#define ZE_L2TP_L   0x4000
#define ZE_L2TP_S   0x0800
#define ZE_L2TP_O   0x0200
#define ZE_L2TP_P   0x0100
#define ZE_L2TP_VER 0x000f

#define ZE_PPP_IPV4 0x0021
#define ZE_PPP_IPV6 0x0057

#define ZE_INLINE static inline __attribute__((always_inline, unused))

struct ze_cursor {
	const __u8 *data, *end;
	__u32 off; /* from data */
	__u32 bad;
};

struct ze_l2tp {
	__u16 flags, tid, sid, ns, proto;
	__u32 payload, end; /* offsets from data: after the PPP header; after the payload */
};

ZE_INLINE const __u8 *ze_take(struct ze_cursor *c, __u32 n)
{
	__u32 off = c->off;
	const __u8 *p;

	if (c->bad || off > ZE_OFF_MAX) {
		c->bad = 1;
		return 0;
	}
	if (!__builtin_constant_p(off)) {
		__asm__ volatile("" : "+r"(off));
		off &= ZE_OFF_MAX;
	}
	p = c->data + off;
	/* cppcheck-suppress nullPointerArithmeticRedundantCheck */
	if (p + n > c->end) {
		c->bad = 1;
		return 0;
	}
	if (!p)
		__builtin_unreachable(); /* p is never NULL: removes the test in callers */
	c->off = off + n;
	return p;
}

/* BPF may read two octets at any address. */
ZE_INLINE __u16 ze_be16(const __u8 *p)
{
#ifdef __bpf__
	return bpf_ntohs(*(const __u16 *)p);
#else
	return (__u16)(p[0] << 8 | p[1]);
#endif
}

ZE_INLINE __u16 ze_take16(struct ze_cursor *c)
{
	const __u8 *p = ze_take(c, 2);

	return p ? ze_be16(p) : 0;
}

/* Address and Control fields (FF 03) are optional; a protocol has one octet (odd) or two (even,
 * odd). RFC 1661 2, 6.5, 6.6. */
ZE_INLINE enum ze_verdict ze_parse_ppp(struct ze_cursor *c, struct ze_l2tp *h)
{
	const __u8 *p = ze_take(c, 1);
	__u32 proto;

	if (!p || c->off > h->end)
		return ZE_V_DROP_SHORT;
	proto = p[0];
	if (proto == 0xff) {
		p = ze_take(c, 1);
		if (!p || c->off > h->end || p[0] != 0x03)
			return ZE_V_DROP_PROTOCOL;
		p = ze_take(c, 1);
		if (!p || c->off > h->end)
			return ZE_V_DROP_SHORT;
		proto = p[0];
	}
	if (!(proto & 1)) {
		p = ze_take(c, 1);
		if (!p || c->off > h->end)
			return ZE_V_DROP_SHORT;
		proto = proto << 8 | p[0];
	}
	h->proto = (__u16)proto;
	h->payload = c->off;
	/* 00FF is never assigned, because it looks like an Address field. */
	return proto & 1 && proto != 0xff ? ZE_V_UP_FORWARD : ZE_V_DROP_PROTOCOL;
}

/* Parses the most common data message: no optional field, FF 03, a protocol of two octets. Its
 * offsets are constant, and one check of the length is enough. Returns 0: parse it field by
 * field. */
ZE_INLINE int ze_parse_plain(struct ze_cursor *c, __u32 len, struct ze_l2tp *h)
{
	struct ze_cursor at = *c;
	const __u8 *p = len >= 10 ? ze_take(&at, 10) : 0;

	if (!p || ze_be16(p) != 2 || ze_be16(p + 6) != 0xff03)
		return 0;
	h->proto = ze_be16(p + 8);
	if ((h->proto & 0x0101) != 1 || h->proto == 0xff)
		return 0;
	h->flags = 2;
	h->tid = ze_be16(p + 2);
	h->sid = ze_be16(p + 4);
	h->ns = 0;
	h->end = c->off + len;
	h->payload = at.off;
	c->off = at.off;
	return 1;
}

/* Parses a datagram of len octets at the cursor, all of which exist. UP_FORWARD: a data message,
 * all of *h is set. PASS_CONTROL: a control message with a valid header; its ids and ns are set.
 * Otherwise DROP_x. */
ZE_INLINE enum ze_verdict ze_parse_l2tp(struct ze_cursor *c, __u32 len, struct ze_l2tp *h)
{
	__u32 start = c->off, need = 6, length = len;

	if (ze_parse_plain(c, len, h))
		return ZE_V_UP_FORWARD;
	h->flags = ze_take16(c);
	if (c->bad || len < 2)
		return ZE_V_DROP_SHORT;
	if ((h->flags & ZE_L2TP_VER) != 2)
		return ZE_V_DROP_VERSION;
	if (h->flags & ZE_L2TP_T &&
	    (h->flags & (ZE_L2TP_L | ZE_L2TP_S | ZE_L2TP_O)) != (ZE_L2TP_L | ZE_L2TP_S))
		return ZE_V_DROP_FLAGS;
	need += h->flags & ZE_L2TP_L ? 2 : 0;
	need += h->flags & ZE_L2TP_S ? 4 : 0;
	need += h->flags & ZE_L2TP_O ? 2 : 0;
	if (len < need)
		return ZE_V_DROP_SHORT;
	if (h->flags & ZE_L2TP_L) {
		length = ze_take16(c);
		if (length < need || length > len)
			return ZE_V_DROP_LENGTH;
	}
	h->end = start + length;
	h->tid = ze_take16(c);
	h->sid = ze_take16(c);
	h->ns = h->flags & ZE_L2TP_S ? ze_take16(c) : 0;
	if (h->flags & ZE_L2TP_S)
		ze_take16(c); /* Nr: read by the daemon; meaningless in data messages, 3.1 */
	if (h->flags & ZE_L2TP_O)
		need = ze_take16(c);
	if (c->bad)
		return ZE_V_DROP_SHORT;
	if (h->flags & ZE_L2TP_T)
		return ZE_V_PASS_CONTROL;
	if (h->flags & ZE_L2TP_O)
		c->off += need;
	if (c->off > h->end)
		return ZE_V_DROP_OFFSET;
	return ze_parse_ppp(c, h);
}
