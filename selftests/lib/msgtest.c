/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/msgtest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/l2tp/avp.h"
#include "selftests/lib/l2tp_sample.h"

void msgtest_add(struct msgtest *c, uint16_t flags, uint16_t vendor, uint16_t type,
		 struct span value)
{
	wr_u16(&c->w, (uint16_t)(flags | (AVP_HDR_LEN + value.len)));
	wr_u16(&c->w, vendor);
	wr_u16(&c->w, type);
	wr_span(&c->w, value);
}

void msgtest_zeros(struct msgtest *c, uint16_t flags, uint16_t type, size_t n)
{
	static const uint8_t zeros[AVP_MAX_VALUE];

	msgtest_add(c, flags, 0, type, span_of(zeros, n));
}

void msgtest_begin(struct msgtest *c, uint16_t type)
{
	c->w = wr_init(c->buf, sizeof(c->buf));
	c->secret = (struct span){ 0 };
	avp_put_u16(&c->w, AVP_MSG_TYPE, type);
}

/* A message with all its AVPs except those of `without`. */
void msgtest_begin_full(struct msgtest *c, uint16_t type, uint64_t without)
{
	struct l2tp_msg m;

	c->w = wr_init(c->buf, sizeof(c->buf));
	c->secret = (struct span){ 0 };
	assert_true(l2tp_sample_msg(type, &m));
	m.have &= ~without;
	assert_int_equal(l2tp_msg_encode(&m, NULL, &c->w), 0);
}

int msgtest_decode_span(struct msgtest *c, struct span payload)
{
	const struct l2tp_dec d = { .secret = c->secret,
				    .scratch = c->scratch,
				    .scratch_size = payload.len };
	/* a copy of the same length, so that ASan detects a read after it */
	uint8_t *copy = malloc(payload.len ? payload.len : 1);
	int r;

	if (payload.len)
		memcpy(copy, payload.p, payload.len);
	c->fault = (struct l2tp_fault){ 0 };
	r = l2tp_msg_decode(span_of(copy, payload.len), &d, &c->msg, &c->fault);
	assert_int_equal(r, -(int)c->fault.reason);
	free(copy);
	/* decoded again, for spans that outlive this function */
	assert_int_equal(l2tp_msg_decode(payload, &d, &c->msg, &c->fault), r);
	return r;
}

int msgtest_decode(struct msgtest *c)
{
	assert_false(c->w.bad);
	return msgtest_decode_span(c, wr_done(&c->w));
}

void msgtest_fault(struct msgtest *c, enum reason reason, uint16_t error, uint16_t attr)
{
	int r = msgtest_decode(c);

	if (r != -(int)reason)
		fail_msg("%s instead of %s", r ? reason_name((enum reason) - r) : "accepted",
			 reason_name(reason));
	assert_int_equal(c->fault.error, error);
	assert_int_equal(c->fault.attr, attr);
}

void msgtest_text(struct span got, const char *want)
{
	if (!span_eq(got, span_str(want)))
		fail_msg("got \"%.*s\", want \"%s\"", (int)got.len, (const char *)got.p, want);
}

int msgtest_setup(void **st)
{
	*st = calloc(1, sizeof(struct msgtest));
	return *st ? 0 : -1;
}

int msgtest_teardown(void **st)
{
	free(*st);
	return 0;
}
