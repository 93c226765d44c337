/* SPDX-License-Identifier: BSD-2-Clause */
/* The log line of a refusal: the message and the AVP, or the PPP packet and the option. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "selftests/lib/world.h"

static struct strbuf said;
static struct world *w;
static struct lac *l;

static void sink(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)level;
	(void)sub;
	sb_puts(&said, line);
	sb_puts(&said, "\n");
}

static int up(void **st)
{
	(void)st;
	sb_init(&said);
	log_set_sink(sink, NULL);
	w = world_new(NULL, 31);
	if (!w)
		return -1;
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	return 0;
}

static int down(void **st)
{
	(void)st;
	engine_drain(w->e, w->now);
	w_advance(w, ZE_SEC(200));
	assert_world_empty(w);
	world_free(w);
	log_set_level(LOG__SUBS, LOG_INFO);
	log_set_sink(log_sink_stderr, NULL);
	sb_done(&said);
	return 0;
}

/* All of it in one line, in this order. */
static void assert_said(const char *text)
{
	if (!strstr(said.s, text))
		fail_msg("not said: %s\n%s", text, said.s);
	sb_done(&said);
	sb_init(&said);
}

/* The beginning of an ICRQ, followed by these octets. */
static void icrq_and(const char *more, size_t n)
{
	uint8_t buf[300];
	struct wr wr = wr_init(buf, sizeof(buf));

	wr_bytes(&wr, "\x80\x08\0\0\0\0\0\x0a", 8);
	wr_bytes(&wr, "\x80\x08\0\0\0\x0e\0\x07", 8);
	wr_bytes(&wr, "\x80\x0a\0\0\0\x0f\0\0\0\x01", 10);
	wr_bytes(&wr, more, n);
	assert_int_equal(l2tp_chan_send(&l->chan, 0, wr_done(&wr), w->now), 0);
	lac_flush(l);
	w_deliver(w);
}

/* F-C11 */
static void names_message_and_avp(void **st)
{
	(void)st;
	icrq_and("\x80\x0a\0", 3);
	assert_said(
		"packet-refused reason=avp-short message=ICRQ avp=\"after Call Serial Number\" tid=");
	icrq_and("\x80\x0a\0\0\0\x12\0", 7);
	assert_said("packet-refused reason=avp-len message=ICRQ avp=\"Bearer Type\" tid=");
	icrq_and("\x80\x08\0\0\0\x12\0\0", 8);
	assert_said("packet-refused reason=avp-value-len message=ICRQ avp=\"Bearer Type\" tid=");
	icrq_and("\x80\x08\0\x09\0\x64\0\0", 8);
	assert_said(
		"packet-refused reason=avp-unknown message=ICRQ avp=\"vendor 9 type 100\" tid=");
	icrq_and("\x80\x08\0\0\0\x63\0\0", 8);
	assert_said("packet-refused reason=avp-unknown message=ICRQ avp=\"vendor 0 type 99\" tid=");
}

/* F-C11: the first AVP cannot be read: no AVP is named. */
static void names_nothing_unreadable(void **st)
{
	(void)st;
	assert_int_equal(l2tp_chan_send(&l->chan, 0, span_of("\x80\x08\0", 3), w->now), 0);
	lac_flush(l);
	w_deliver(w);
	assert_said("packet-refused reason=avp-short tid=");
	assert_int_equal(l->stop_result, STOP_ERROR);
}

/* F-C11: where no AVP is at fault, only the message is named. */
static void names_the_message(void **st)
{
	struct l2tp_msg m = { .type = L2TP_SCCCN, .have = L2TP_BIT(AVP_MSG_TYPE) };
	uint8_t buf[64];
	struct wr wr = wr_init(buf, sizeof(buf));
	size_t mark = l2tp_hdr_begin_ctl(&wr, (uint16_t)(l->peer_tid ^ 1), 0, 0, 0);
	struct lac_call *c;

	(void)st;
	wr_bytes(&wr, "\x80\x08\0\0\0\0\0\x06", 8);
	l2tp_hdr_end_ctl(&wr, mark);
	w_inject(w, &l->path, wr_done(&wr));
	w_deliver(w);
	assert_said("packet-refused reason=tunnel-unknown message=HELLO tid=0 peer=");
	w_inject(w, &l->path, span_of("\x00\x02\x12\x34\x00\x01\xff\x03\xc0\x21", 10));
	w_deliver(w);
	assert_said("packet-refused reason=tunnel-unknown message=data tid=0 peer=");
	lac_send(l, 999,
		 &(struct l2tp_msg){ .type = L2TP_ICCN,
				     .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_FRAMING_TYPE) |
					     L2TP_BIT(AVP_TX_CONNECT_SPEED) });
	lac_flush(l);
	w_deliver(w);
	assert_said("packet-refused reason=session-unknown message=ICCN tid=");
	c = lac_call(l, "alice", "wonder");
	assert_true(c->c.v4_up);
	lac_icrq(l, 0, c->sid);
	lac_flush(l);
	w_deliver(w);
	assert_said("packet-refused reason=fsm-event message=ICRQ tid=");
	assert_int_equal(l2tp_chan_send(&l->chan, 0, span_of("\0\x08\0\0\0\0\0\x1d", 8), w->now),
			 0);
	lac_flush(l);
	w_deliver(w);
	assert_said("packet-refused reason=msg-unknown message=\"type 29\" tid=");
	lac_send(l, 0, &m);
	lac_flush(l);
	w_deliver(w);
	assert_said("packet-refused reason=fsm-event message=SCCCN tid=");
}

/* F-C11: also before there is a tunnel, and in the answer to the LAC. */
static void names_it_to_the_lac(void **st)
{
	struct lac *b = lac_new(w, 2, 1701);
	struct l2tp_msg m = { .type = L2TP_SCCRQ,
			      .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID) |
				      L2TP_BIT(AVP_PROTOCOL_VERSION) | L2TP_BIT(AVP_FRAMING_CAPS),
			      .assigned_tid = b->tid,
			      .protocol_version = L2TP_PROTOCOL_VERSION };
	const struct l2tp_fault f = { .reason = REASON_AVP_SHORT,
				      .where = L2TP_FAULT_AFTER,
				      .attr = AVP_HOST_NAME };
	struct l2tp_fx fx;
	struct span text;

	(void)st;
	lac_send(b, 0, &m);
	lac_flush(b);
	w_deliver(w);
	assert_said("packet-refused reason=avp-missing message=SCCRQ avp=\"Host Name\" tid=");
	assert_int_equal(b->stop_result, STOP_ERROR);
	text = l2tp_fx_fault_text(&fx, &f);
	assert_true(span_eq(text, span_str("AVP header truncated: after Host Name")));
}

static void to_lns(struct lac_call *c, const char *frame, size_t n)
{
	lac_data(c, span_of(frame, n));
	w_deliver(w);
}

/* F-C11: PPP: protocol, code and option with their names in the RFCs; limited like the lines of
 * L2TP. */
static void names_the_ppp_packet(void **st)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");
	unsigned lines = 0;

	(void)st;
	assert_true(c->c.v4_up);
	to_lns(c, "\xff\x03\x80\x21\x01\x09\x00\x0a\x03\x09\0\0\0\0", 14);
	assert_said("frame-refused reason=opt-len protocol=IPCP code=Configure-Request "
		    "option=IP-Address tid=");
	to_lns(c, "\xff\x03\xc0\x21\x02\x77\x00\x04", 8);
	to_lns(c, "\xff\x03\xc0\x21\x01\x77\x00\x05\x01", 9);
	assert_said("frame-refused reason=opt-len protocol=LCP code=Configure-Request option=MRU ");
	for (int i = 0; i < 100; i++)
		to_lns(c, "\xff\x03\x80\x57\x01\x77\x00\x06\xc8\x01", 10);
	for (const char *p = said.s; (p = strstr(p, "option=200")); p++)
		lines++;
	assert_in_range(lines, 1, 10);
	assert_null(strstr(said.s, "wonder"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
	const struct CMUnitTest tests[] = {
		T(names_message_and_avp), T(names_nothing_unreadable), T(names_the_message),
		T(names_it_to_the_lac),	  T(names_the_ppp_packet),
	};

	return cmocka_run_group_tests_name("refused", tests, NULL, NULL);
}
