/* SPDX-License-Identifier: BSD-2-Clause */
/* Every control message with every AVP that it may have, in clear and hidden, as tshark decodes
 * it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/hdr.h"
#include "daemon/l2tp/msg.h"
#include "selftests/lib/l2tp_sample.h"
#include "selftests/lib/pcap.h"

/* The names in tshark's output. */
static const char *const tshark_names[L2TP_MSG__COUNT] = {
	[L2TP_SCCRQ] = "Start_Control_Request",
	[L2TP_SCCRP] = "Start_Control_Reply",
	[L2TP_SCCCN] = "Start_Control_Connected",
	[L2TP_STOPCCN] = "Stop_Control_Notification",
	[L2TP_HELLO] = "Hello",
	[L2TP_OCRQ] = "Outgoing_Call_Request",
	[L2TP_OCRP] = "Outgoing_Call_Reply",
	[L2TP_OCCN] = "Outgoing_Call_Connected",
	[L2TP_ICRQ] = "Incoming_Call_Request",
	[L2TP_ICRP] = "Incoming_Call_Reply",
	[L2TP_ICCN] = "Incoming_Call_Connected",
	[L2TP_CDN] = "Call_Disconnect_Notification",
	[L2TP_WEN] = "WAN_Error_Notify",
	[L2TP_SLI] = "Set_Link_Info",
};

static void put(struct pcap *p, const struct l2tp_msg *m, const struct l2tp_enc *e)
{
	uint8_t buf[L2TP_MSG_MAX + L2TP_CTL_HDR_LEN];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t mark = l2tp_hdr_begin_ctl(&w, 7, l2tp_msg_is_call(m->type) ? 9 : 0, 1, 2);

	if (m->type != L2TP_ZLB)
		assert_int_equal(l2tp_msg_encode(m, e, &w), 0);
	l2tp_hdr_end_ctl(&w, mark);
	assert_false(w.bad);
	pcap_l2tp(p, wr_done(&w));
}

/* Runs tshark on p and asserts that it reported no fault. */
static void read_back(struct pcap *p, struct strbuf *text)
{
	int r = pcap_tshark(p, text);

	pcap_done(p);
	if (r == -ENOENT) {
		sb_done(text);
		skip(); /* tshark is not installed */
	}
	assert_int_equal(r, 0);
	assert_non_null(text->s);
	assert_null(strstr(text->s, "Malformed"));
	assert_null(strstr(text->s, "malformed"));
	assert_null(strstr(text->s, "Expert Info (Error"));
	assert_null(strstr(text->s, "Expert Info (Warn"));
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

static void write_all(struct pcap *p, const struct l2tp_enc *e)
{
	struct l2tp_msg m;

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++)
		if (l2tp_sample_msg(t, &m))
			put(p, &m, e);
}

static void assert_names(const char *text)
{
	char line[96];

	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++) {
		if (!tshark_names[t])
			continue;
		snprintf(line, sizeof(line), "Message Type: %s (%u)", tshark_names[t], t);
		if (!strstr(text, line))
			fail_msg("tshark does not show \"%s\"", line);
	}
}

static void tshark_reads_every_message(void **st)
{
	struct strbuf text;
	struct pcap p;

	(void)st;
	sb_init(&text);
	assert_int_equal(pcap_open(&p), 0);
	write_all(&p, NULL);
	put(&p, &(struct l2tp_msg){ .type = L2TP_ZLB }, NULL);
	read_back(&p, &text);
	assert_names(text.s);
	assert_int_equal(count(text.s, "Layer 2 Tunneling Protocol"), 15);
	assert_int_equal(count(text.s, "Zero Length B"), 1);
	/* values, as an empty message would pass otherwise */
	assert_non_null(strstr(text.s, "Host Name: lns.example"));
	assert_non_null(strstr(text.s, "Calling Number: 0203"));
	assert_non_null(strstr(text.s, "Assigned Tunnel ID: 4660"));
	sb_done(&text);
}

/* L-096: tshark does not decrypt, but the structure must be valid. */
static void tshark_reads_hidden_avps(void **st)
{
	const struct l2tp_enc e = { .secret = span_str("zetest"),
				    .vector = span_str("0123456789abcdef") };
	struct strbuf text;
	struct pcap p;

	(void)st;
	sb_init(&text);
	assert_int_equal(pcap_open(&p), 0);
	write_all(&p, &e);
	read_back(&p, &text);
	assert_names(text.s);
	assert_int_equal(count(text.s, "Layer 2 Tunneling Protocol"), 14);
	assert_non_null(strstr(text.s, "Random Vector"));
	assert_null(strstr(text.s, "Calling Number: 0203"));
	sb_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tshark_reads_every_message),
		cmocka_unit_test(tshark_reads_hidden_avps),
	};

	return cmocka_run_group_tests_name("tshark_l2tp", tests, NULL, NULL);
}
