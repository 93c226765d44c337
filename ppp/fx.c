/* SPDX-License-Identifier: BSD-2-Clause */
#include "ppp/fx.h"

struct ppp_effect *ppp_fx_add(struct ppp_fx *fx, enum ppp_fx_kind kind)
{
	struct ppp_effect *e;

	if (fx->n == PPP_FX_MAX) {
		fx->overflow = true;
		return NULL;
	}
	e = &fx->e[fx->n++];
	*e = (struct ppp_effect){ .kind = kind };
	return e;
}

void ppp_fx_refuse(struct ppp_fx *fx, enum reason r, uint16_t proto, uint8_t code)
{
	struct ppp_effect *e = ppp_fx_add(fx, PPP_FX_REFUSED);

	if (!e)
		return;
	e->refused.reason = r;
	e->refused.proto = proto;
	e->refused.code = code;
}

void ppp_fx_refuse_option(struct ppp_fx *fx, uint8_t option)
{
	if (fx->n && fx->e[fx->n - 1].kind == PPP_FX_REFUSED)
		fx->e[fx->n - 1].refused.option = option;
}

struct wr ppp_fx_frame(struct ppp_fx *fx, uint16_t proto)
{
	size_t left = sizeof(fx->mem) - fx->used;
	struct wr w = wr_init(fx->mem + fx->used, left < PPP_FRAME_MAX ? left : PPP_FRAME_MAX);

	wr_u16(&w,
	       0xff03); /* never compressed, although RFC 1661 6.5 and 6.6 demand it only for LCP */
	wr_u16(&w, proto);
	return w;
}

void ppp_fx_frame_end(struct ppp_fx *fx, struct wr *w)
{
	struct ppp_effect *e;

	if (w->bad) {
		fx->overflow = true;
		return;
	}
	e = ppp_fx_add(fx, PPP_FX_SEND);
	if (!e)
		return;
	e->send = wr_done(w);
	fx->used = (uint16_t)(fx->used + e->send.len);
}

#define CP_LENGTH_AT 6 /* FF 03, protocol, code, id */

struct wr ppp_fx_cp(struct ppp_fx *fx, uint16_t proto, uint8_t code, uint8_t id)
{
	struct wr w = ppp_fx_frame(fx, proto);

	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_mark_u16(&w);
	return w;
}

void ppp_fx_cp_end(struct ppp_fx *fx, struct wr *w)
{
	if (!w->bad)
		wr_patch_u16(w, CP_LENGTH_AT, (uint16_t)(wr_len(w) - 4));
	ppp_fx_frame_end(fx, w);
}
