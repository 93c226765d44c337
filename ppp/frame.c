/* SPDX-License-Identifier: BSD-2-Clause */
#include "ppp/frame.h"

#include "daemon/base/err.h"

int ppp_frame_parse(struct span bytes, struct ppp_frame *ret)
{
	struct rd r = rd_span(bytes);
	struct ppp_frame f;
	uint8_t first = rd_u8(&r);

	if (bytes.len >= 2 && first == 0xff && bytes.p[1] == 0x03) {
		rd_skip(&r, 1);
		first = rd_u8(&r);
	}
	f.proto = first;
	if (!(first & 1)) /* RFC 1661 6.5: an odd first octet is the whole Protocol field */
		f.proto = (uint16_t)(first << 8 | rd_u8(&r));
	f.info = rd_rest(&r);
	if (r.bad)
		return -REASON_PPP_SHORT;
	/* RFC 1661 2: the last octet is odd. 00FF is never assigned, as it looks like an
	 * address. */
	if (!(f.proto & 1) || f.proto == 0xff)
		return -REASON_PPP_PROTOCOL;
	*ret = f;
	return 0;
}

int cp_pkt_parse(struct span info, struct cp_pkt *ret)
{
	struct rd r = rd_span(info);
	struct cp_pkt p;
	uint16_t len;

	p.code = rd_u8(&r);
	p.id = rd_u8(&r);
	len = rd_u16(&r);
	if (r.bad)
		return -REASON_CP_SHORT;
	if (len < 4 || len > info.len)
		return -REASON_CP_LEN;
	p.whole = span_of(info.p, len);
	p.data = rd_bytes(&r, len - 4u);
	*ret = p;
	return 0;
}
