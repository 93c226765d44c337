/* SPDX-License-Identifier: BSD-2-Clause */
#include "ppp/opt.h"

#include "daemon/base/err.h"

int ppp_opt_next(struct rd *r, struct ppp_opt *ret)
{
	const uint8_t *start = r->p;
	struct ppp_opt o;
	uint8_t len;

	if (!rd_left(r))
		return r->bad ? -REASON_OPT_LEN : 0;
	o.type = rd_u8(r);
	len = rd_u8(r);
	if (len < 2)
		r->bad = true;
	o.value = rd_bytes(r, r->bad ? 0 : len - 2u);
	if (r->bad)
		return -REASON_OPT_LEN;
	o.whole = span_of(start, len);
	*ret = o;
	return 1;
}

int ppp_opts_check(struct span opts)
{
	struct rd r = rd_span(opts);
	struct ppp_opt o;
	int n;

	while ((n = ppp_opt_next(&r, &o)) > 0)
		;
	return n;
}

uint8_t ppp_opts_bad(struct span opts)
{
	struct rd r = rd_span(opts);
	struct ppp_opt o;
	uint8_t type = 0;

	do
		type = rd_left(&r) ? r.p[0] : 0;
	while (ppp_opt_next(&r, &o) > 0);
	return type;
}

void ppp_opt_put(struct wr *w, uint8_t type, struct span value)
{
	if (value.len > 253)
		w->bad = true;
	wr_u8(w, type);
	wr_u8(w, (uint8_t)(value.len + 2));
	wr_span(w, value);
}

void ppp_opt_put_u16(struct wr *w, uint8_t type, uint16_t v)
{
	wr_u8(w, type);
	wr_u8(w, 4);
	wr_u16(w, v);
}

void ppp_opt_put_u32(struct wr *w, uint8_t type, uint32_t v)
{
	wr_u8(w, type);
	wr_u8(w, 6);
	wr_u32(w, v);
}
