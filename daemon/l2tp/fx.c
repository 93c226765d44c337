/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/l2tp/fx.h"

#include <assert.h>

#include "daemon/l2tp/avp.h"

struct l2tp_effect *l2tp_fx_add(struct l2tp_fx *fx, enum l2tp_fx_kind kind)
{
	struct l2tp_effect *e;

	assert(fx->n < L2TP_FX_MAX);
	e = &fx->e[fx->n++];
	*e = (struct l2tp_effect){ .kind = kind };
	return e;
}

static void put_decimal(struct wr *w, uint16_t v)
{
	uint8_t digits[5];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v);
	wr_bytes(w, digits + n, sizeof(digits) - n);
}

struct span l2tp_fault_avp(const struct l2tp_fault *f, uint8_t to[L2TP_FX_TEXT])
{
	const struct avp_spec *s = avp_spec_find(f->vendor, f->attr);
	struct wr w = wr_init(to, L2TP_FX_TEXT);

	if (f->where == L2TP_FAULT_MSG)
		return wr_done(&w);
	if (f->where == L2TP_FAULT_AFTER)
		wr_span(&w, span_str("after "));
	if (s) {
		wr_span(&w, span_str(s->name));
	} else {
		wr_span(&w, span_str("vendor "));
		put_decimal(&w, f->vendor);
		wr_span(&w, span_str(" type "));
		put_decimal(&w, f->attr);
	}
	return wr_done(&w);
}

struct span l2tp_fx_fault_text(struct l2tp_fx *fx, const struct l2tp_fault *f)
{
	struct wr w = wr_init(fx->text, sizeof(fx->text));
	uint8_t buf[L2TP_FX_TEXT];
	struct span avp = l2tp_fault_avp(f, buf);

	wr_span(&w, span_str(reason_text(f->reason)));
	if (avp.len) {
		wr_span(&w, span_str(": "));
		wr_span(&w, avp);
	}
	return wr_done(&w);
}
