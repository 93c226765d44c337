/* SPDX-License-Identifier: BSD-2-Clause */
/* CONFORMANCE 4.2: what LCP requests, acknowledges, and does beyond the automaton. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/lcp.h"
#include "selftests/lib/ppp_kit.h"
#include "selftests/lib/test_rng.h"

static struct lcp l;
static struct test_rng rng;
static struct ppp_fx fx;
static ze_ns now;
static uint16_t rejected_proto;

static void on_up(struct lcp *x, struct ppp_fx *f)
{
	(void)x;
	ppp_fx_add(f, PPP_FX_LCP_UP);
}

static void on_down(struct lcp *x, struct ppp_fx *f)
{
	(void)x;
	ppp_fx_add(f, PPP_FX_LCP_DOWN);
}

static void on_finished(struct lcp *x, enum ppp_end end, struct ppp_fx *f)
{
	struct ppp_effect *e = ppp_fx_add(f, PPP_FX_FINISHED);

	(void)x;
	assert_non_null(e);
	e->end = end;
}

static void on_protocol_rejected(struct lcp *x, uint16_t proto, ze_ns t, struct ppp_fx *f)
{
	(void)x;
	(void)f;
	assert_true(t == now);
	rejected_proto = proto;
}

static const struct lcp_listener listener = { .on_up = on_up,
					      .on_down = on_down,
					      .on_finished = on_finished,
					      .on_protocol_rejected = on_protocol_rejected };

static struct lcp_cfg config(void)
{
	return (struct lcp_cfg){ .cp = cp_defaults, .mru = 1460, .mru_min = 576 };
}

static void start(struct lcp_cfg c)
{
	static struct lcp_cfg cfg;

	cfg = c;
	assert_int_equal(lcp_init(&l, &cfg, &rng.rng), 0);
	l.listener = &listener;
	ppp_fx_init(&fx);
	cp_open(&l.cp, now, &fx);
	cp_up(&l.cp, now, &fx);
}

static void start_auth(enum ppp_auth_method a, enum ppp_auth_method b, enum ppp_auth_method c)
{
	struct lcp_cfg cfg = config();

	cfg.auth[0] = a;
	cfg.auth[1] = b;
	cfg.auth[2] = c;
	cfg.n_auth = c ? 3 : b ? 2 : 1;
	cfg.mru = 0;
	start(cfg);
}

static int setup(void **st)
{
	(void)st;
	test_rng_init(&rng, 7);
	now = ZE_SEC(50);
	rejected_proto = 0;
	start(config());
	return 0;
}

static void req(const char *opts)
{
	kit_input(&l.cp, kit_pkt(CP_CONF_REQ, 33, opts), now, &fx);
}

static void answer(const char *opts, uint8_t code, const char *want)
{
	req(opts);
	assert_int_equal(kit_sent_one(&fx, PPP_LCP, code, want), 33);
}

static void nak(const char *opts)
{
	kit_input(&l.cp, kit_pkt(CP_CONF_NAK, l.cp.req_id, opts), now, &fx);
}

static void rej(const char *opts)
{
	kit_input(&l.cp, kit_pkt(CP_CONF_REJ, l.cp.req_id, opts), now, &fx);
}

static void open_with(const char *opts)
{
	kit_to_opened(&l.cp, opts, now, &fx);
}

/* The options of our newest request. */
static void assert_request(const char *fmt, ...) ZE_PRINTF(1, 2);
static void assert_request(const char *fmt, ...)
{
	char text[128];
	struct span want;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	want = kit_hex(text);
	assert_int_equal(l.cp.req_len, want.len);
	if (want.len)
		assert_memory_equal(l.cp.req, want.p, want.len);
}

static void first_request(void **st)
{
	(void)st;
	assert_int_not_equal(l.magic, 0);
	assert_request("0104 05b4 0506 %08x", l.magic);
	start_auth(PPP_AUTH_CHAP_MD5, PPP_AUTH_NONE, PPP_AUTH_NONE);
	assert_request("0305 c22305 0506 %08x", l.magic);
}

static void no_randomness_no_lcp(void **st)
{
	struct lcp_cfg cfg = config();

	(void)st;
	rng.fail_after = 0;
	assert_true(lcp_init(&l, &cfg, &rng.rng) < 0);
	rng.fail_after = -1;
}

/* P-020, P-021, P-027, P-048: Reject lists unknown and unwanted options, octet by octet, before
 * any Nak. */
static void unwanted_options_are_rejected(void **st)
{
	static const char *const options[] = {
		"0304 c023", "0408 c025 00000001", "0903 02", "0a03 01", "0b04 0000", "0d03 00",
		"0f02",	     "1104 05dc",	   "1202",    "1303 01", "1704 0001", "6302",
		"0002",	     "0606 00000000",
	};

	(void)st;
	answer("6305 abcdef 0104 05d4", CP_CONF_REJ, "6305 abcdef");
	answer("6305 abcdef 0104 0064", CP_CONF_REJ, "6305 abcdef");
	answer("1104 05dc 1202 1303 01 0104 05d4", CP_CONF_REJ, "1104 05dc 1202 1303 01");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(options); i++)
		answer(options[i], CP_CONF_REJ, options[i]);
	open_with("0104 05d4");
}

/* P-022, P-023, P-024, P-055 */
static void mru_of_the_peer(void **st)
{
	(void)st;
	answer("0104 0064", CP_CONF_NAK, "0104 0240");
	answer("0104 023f", CP_CONF_NAK, "0104 0240");
	answer("0104 0240", CP_CONF_ACK, "0104 0240");
	answer("0104 2328", CP_CONF_ACK, "0104 2328");
	open_with("0506 00000001");
	assert_int_equal(l.peer_mru, 1500);
	open_with("0104 05d4"); /* RCR in Opened */
	assert_int_equal(l.peer_mru, 1492);
	assert_int_equal(l.cp.peer_mru, 1492);
}

/* P-025 */
static void our_mru_is_naked_or_rejected(void **st)
{
	(void)st;
	nak("0104 0578");
	assert_request("0104 0578 0506 %08x", l.magic);
	nak("0104 0064"); /* not below our own minimum */
	assert_request("0104 0240 0506 %08x", l.magic);
	nak("0104 2328"); /* nor above what the tunnel can carry */
	assert_request("0104 05b4 0506 %08x", l.magic);
	nak("0103 05"); /* nonsense */
	assert_request("0104 05b4 0506 %08x", l.magic);
	rej("0104 05b4");
	assert_request("0506 %08x", l.magic);
	assert_int_equal(l.mru, 1500);
	nak("0104 0578"); /* no longer negotiated by us */
	assert_request("0506 %08x", l.magic);
}

/* F-C7: a peer that only sends Naks: at our limit the option is dropped, and the negotiation
 * continues without it. */
static void option_that_is_always_naked_goes(void **st)
{
	(void)st;
	for (unsigned n = 0; n < 5; n++) {
		nak(n % 2 ? "0104 0578" : "0104 0514");
		assert_request("0104 %04x 0506 %08x", n % 2 ? 0x578 : 0x514, l.magic);
	}
	nak("0104 0578 0206 00000000"); /* and an option that we do not request */
	assert_request("0506 %08x", l.magic);
	assert_int_equal(l.mru, 1500);
	nak("0506 11223344");
	assert_request("%s", "");
}

/* P-026, P-049 */
static void harmless_options_are_acked(void **st)
{
	(void)st;
	answer("0206 00000000", CP_CONF_ACK, "0206 00000000");
	answer("0206 ffffffff", CP_CONF_ACK, "0206 ffffffff");
	answer("0206 000a0000 0702 0802", CP_CONF_ACK, "0206 000a0000 0702 0802");
	assert_int_equal(l.peer_accm, 0x000a0000);
	assert_true(l.peer_pfc && l.peer_acfc);
	answer("", CP_CONF_ACK, "");
	assert_int_equal(l.peer_accm, 0xffffffff);
	assert_false(l.peer_pfc || l.peer_acfc);
}

/* P-051: a length that is wrong for the type. */
static void wrong_lengths_are_rejected(void **st)
{
	static const char *const options[] = { "0102",	      "0103 05",     "0105 05dc 00",
					       "0205 000000", "0505 010203", "0703 00",
					       "0803 00" };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(options); i++)
		answer(options[i], CP_CONF_REJ, options[i]);
}

/* P-051: an option list that cannot be walked. */
static void broken_lists_are_dropped(void **st)
{
	static const char *const lists[] = { "01",	"0100",		"0101",
					     "0104 05", "0104 05dc 05", "05ff 00" };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lists); i++) {
		req(lists[i]);
		kit_refused(&fx, REASON_OPT_LEN);
		nak(lists[i]);
		kit_refused(&fx, REASON_OPT_LEN);
		rej(lists[i]);
		kit_refused(&fx, REASON_OPT_LEN);
	}
}

/* P-051, P-054: the Length of the packet. */
static void length_of_the_packet(void **st)
{
	(void)st;
	kit_input(&l.cp, kit_hex("01 21 00"), now, &fx);
	kit_refused(&fx, REASON_CP_SHORT);
	kit_input(&l.cp, kit_hex("01 21 0003 00"), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
	kit_input(&l.cp, kit_hex("01 21 0000"), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
	kit_input(&l.cp, kit_hex("01 21 0009 0104 05dc"), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
	kit_input(&l.cp, kit_hex("01 21 0008 0104 05dc ffff"), now, &fx);
	kit_sent_one(&fx, PPP_LCP, CP_CONF_ACK, "0104 05dc");
}

/* P-052: the second one is rejected, so that both sides know which one is valid. */
static void duplicate_options(void **st)
{
	(void)st;
	answer("0104 05d4 0104 0578", CP_CONF_REJ, "0104 0578");
	answer("0104 05d4", CP_CONF_ACK, "0104 05d4");
	assert_int_equal(l.peer_mru, 1492);
}

/* P-053 */
static void huge_requests(void **st)
{
	uint8_t opts[1600];

	(void)st;
	for (size_t i = 0; i < sizeof(opts); i += 2) {
		opts[i] = 99;
		opts[i + 1] = 2;
	}
	kit_input(&l.cp, kit_pkt_span(CP_CONF_REQ, 1, span_of(opts, 1490)), now, &fx);
	assert_int_equal(kit_sent(&fx, 0, PPP_LCP).code, CP_CONF_REJ);
	assert_int_equal(kit_sent(&fx, 0, PPP_LCP).data.len, 1490);
	kit_input(&l.cp, kit_pkt_span(CP_CONF_REQ, 1, span_of(opts, 1498)), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
}

/* P-028, P-029, P-030, P-032 */
static void authentication_is_naked(void **st)
{
	(void)st;
	start_auth(PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP, PPP_AUTH_NONE);
	nak("0304 c023"); /* P-028 */
	assert_request("0304 c023 0506 %08x", l.magic);
	assert_int_equal(lcp_auth_method(&l), PPP_AUTH_PAP);

	start_auth(PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2, PPP_AUTH_NONE);
	nak("0304 c023"); /* P-029: our next method */
	assert_request("0305 c22381 0506 %08x", l.magic);
	nak("0304 c023"); /* and then the end */
	kit_sent_one(&fx, PPP_LCP, CP_TERM_REQ, "");
	assert_int_equal(l.end, PPP_END_AUTH_REFUSED);
	assert_true(l.auth_refused);

	start_auth(PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP, PPP_AUTH_MSCHAPV2);
	nak("0304 c223"); /* P-030: any CHAP, so the other CHAP is requested */
	assert_request("0305 c22381 0506 %08x", l.magic);
	nak("0304 c223"); /* else PAP */
	assert_request("0304 c023 0506 %08x", l.magic);

	start_auth(PPP_AUTH_MSCHAPV2, PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5);
	nak("0305 c22305"); /* P-032 */
	assert_request("0305 c22305 0506 %08x", l.magic);
	nak("0305 c22381"); /* the peer has refused that method before */
	assert_request("0304 c023 0506 %08x", l.magic);
}

/* A Nak that names what we request anyway changes nothing, and is limited in number. */
static void authentication_naked_with_itself(void **st)
{
	(void)st;
	start_auth(PPP_AUTH_PAP, PPP_AUTH_CHAP_MD5, PPP_AUTH_NONE);
	for (int i = 0; i < 5; i++) {
		nak("0304 c023");
		assert_request("0304 c023 0506 %08x", l.magic);
	}
	nak("0304 c023");
	kit_sent_one(&fx, PPP_LCP, CP_TERM_REQ, "");
}

/* P-031 */
static void authentication_is_rejected(void **st)
{
	struct lcp_cfg cfg = config();

	(void)st;
	start_auth(PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP, PPP_AUTH_NONE);
	rej("0305 c22305");
	kit_sent_one(&fx, PPP_LCP, CP_TERM_REQ, "");
	kit_input(&l.cp, kit_pkt(CP_TERM_ACK, 0, ""), now, &fx);
	assert_int_equal(fx.e[0].kind, PPP_FX_FINISHED);
	assert_int_equal(fx.e[0].end, PPP_END_AUTH_REFUSED);

	cfg.auth[0] = PPP_AUTH_PAP;
	cfg.n_auth = 1;
	cfg.allow_no_auth = true;
	start(cfg);
	rej("0304 c023");
	assert_request("0104 05b4 0506 %08x", l.magic);
	open_with("");
	assert_int_equal(lcp_auth_method(&l), PPP_AUTH_NONE);
	assert_true(l.auth_refused);

	start(cfg); /* but a peer that wants another method is not accepted without one */
	nak("0305 c22305");
	kit_sent_one(&fx, PPP_LCP, CP_TERM_REQ, "");
}

static void looped_request(void)
{
	char opts[32];

	snprintf(opts, sizeof(opts), "0304 c023 0506 %08x", l.magic);
	req(opts);
}

/* P-033: the magic number alone is Nak'd, whatever else is requested. Zero is Nak'd, too (RFC
 * 1661 6.4). */
static void own_magic_is_naked(void **st)
{
	struct cp_pkt p;

	(void)st;
	looped_request();
	p = kit_sent(&fx, 0, PPP_LCP);
	assert_int_equal(p.code, CP_CONF_NAK);
	assert_int_equal(p.data.len, 6);
	assert_memory_not_equal(p.data.p + 2, l.cp.req + 6, 4);
	req("0506 00000000");
	p = kit_sent(&fx, 0, PPP_LCP);
	assert_int_equal(p.code, CP_CONF_NAK);
	assert_memory_not_equal(p.data.p + 2, "\0\0\0\0", 4);
	rng.fail_after = 0;
	req("0506 00000000");
	rng.fail_after = -1;
	assert_int_equal(kit_count(&fx, PPP_FX_SEND), 0);
}

/* P-034: our own requests come back until we detect the loop; another number in between is not a
 * loop. */
static void loop_is_declared(void **st)
{
	(void)st;
	for (int i = 0; i < 4; i++)
		looped_request();
	assert_int_equal(l.end, PPP_END_NONE);
	answer("0506 00000009", CP_CONF_ACK, "0506 00000009");
	for (int i = 0; i < 4; i++)
		looped_request();
	assert_int_equal(l.end, PPP_END_NONE);
	looped_request();
	kit_sent_one(&fx, PPP_LCP, CP_TERM_REQ, "");
	assert_int_equal(l.end, PPP_END_LOOP);
}

/* P-034: a real loop: everything that we send comes back. */
static void looped_line_ends(void **st)
{
	struct ppp_fx in = fx;
	bool finished = false;

	(void)st;
	start_auth(PPP_AUTH_CHAP_MD5, PPP_AUTH_PAP, PPP_AUTH_NONE);
	for (int round = 0; round < 20 && !finished; round++) {
		in = fx;
		ppp_fx_init(&fx);
		for (unsigned int i = 0; i < in.n; i++) {
			finished |= in.e[i].kind == PPP_FX_FINISHED;
			if (in.e[i].kind == PPP_FX_SEND)
				cp_input(&l.cp,
					 span_of(in.mem + (in.e[i].send.p - fx.mem) + 4,
						 in.e[i].send.len - 4),
					 now, &fx);
		}
	}
	assert_true(finished);
	assert_int_equal(l.end, PPP_END_LOOP);
}

static void our_magic_is_naked(void **st)
{
	uint32_t before = l.magic;

	(void)st;
	nak("0506 12345678");
	assert_int_not_equal(l.magic, before);
	assert_request("0104 05b4 0506 %08x", l.magic);
}

/* P-035 */
static void our_magic_is_rejected(void **st)
{
	struct lcp_cfg cfg = config();
	char opts[32];

	(void)st;
	cfg.echo = (struct echo_cfg){ ZE_SEC(10), ZE_SEC(5), 3 };
	start(cfg);
	snprintf(opts, sizeof(opts), "0506 %08x", l.magic);
	rej(opts);
	assert_request("0104 05b4");
	open_with("");
	ppp_fx_init(&fx);
	lcp_expire(&l, now + ZE_SEC(10), &fx);
	kit_sent_one(&fx, PPP_LCP, LCP_ECHO_REQ, "00000000");
	kit_input(&l.cp, kit_pkt(LCP_ECHO_REQ, 5, "00000000"), now, &fx);
	kit_sent_one(&fx, PPP_LCP, LCP_ECHO_REPLY, "00000000");
}

static void echo(uint32_t magic, size_t len)
{
	uint8_t data[1004] = { (uint8_t)(magic >> 24), (uint8_t)(magic >> 16),
			       (uint8_t)(magic >> 8), (uint8_t)magic };

	for (size_t i = 0; i < len; i++)
		data[4 + i] = (uint8_t)(i * 7);
	kit_input(&l.cp, kit_pkt_span(LCP_ECHO_REQ, 91, span_of(data, 4 + len)), now, &fx);
}

/* P-036, and a magic number that belongs to neither end is counted, but answered. */
static void echo_requests_are_answered(void **st)
{
	static const size_t lens[] = { 0, 8, 1000 };

	(void)st;
	open_with("0506 00000009");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lens); i++) {
		struct cp_pkt p;
		struct rd r;

		echo(9, lens[i]);
		p = kit_sent(&fx, 0, PPP_LCP);
		assert_int_equal(p.code, LCP_ECHO_REPLY);
		assert_int_equal(p.id, 91);
		assert_int_equal(p.data.len, 4 + lens[i]);
		r = rd_span(p.data);
		assert_int_equal(rd_u32(&r), l.magic);
		for (size_t k = 0; k < lens[i]; k++)
			assert_int_equal(p.data.p[4 + k], (uint8_t)(k * 7));
	}
	echo(77, 0);
	assert_int_equal(kit_count(&fx, PPP_FX_SEND), 1);
	assert_int_equal(kit_count(&fx, PPP_FX_REFUSED), 1);
	kit_input(&l.cp, kit_pkt(LCP_ECHO_REQ, 1, "0000"), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
}

/* P-037 */
static void echo_request_before_opened(void **st)
{
	(void)st;
	echo(0, 0);
	kit_refused(&fx, REASON_CP_STATE);
}

/* P-038 */
static void echo_request_with_our_magic(void **st)
{
	(void)st;
	open_with("0506 00000009");
	for (int i = 0; i < 4; i++) {
		echo(l.magic, 0);
		kit_refused(&fx, REASON_ECHO_LOOP);
	}
	echo(l.magic, 0);
	assert_int_equal(kit_sent(&fx, 0, PPP_LCP).code, CP_TERM_REQ);
	assert_int_equal(l.end, PPP_END_LOOP);
}

/* P-040 */
static void silent_peer_is_dead(void **st)
{
	struct lcp_cfg cfg = config();
	int lost = 0;

	(void)st;
	cfg.echo = (struct echo_cfg){ ZE_SEC(10), ZE_SEC(5), 3 };
	start(cfg);
	open_with("");
	ppp_fx_init(&fx);
	while (l.cp.state == CP_OPENED) {
		now = lcp_deadline(&l);
		ppp_fx_init(&fx);
		lcp_expire(&l, now, &fx);
		lost += (int)kit_count(&fx, PPP_FX_ECHO_LOST);
	}
	assert_int_equal(lost, 3);
	assert_true(now == ZE_SEC(50 + 35));
	assert_int_equal(kit_count(&fx, PPP_FX_LCP_DOWN), 1);
	while (lcp_deadline(&l) != ZE_NEVER) {
		now = lcp_deadline(&l);
		ppp_fx_init(&fx);
		lcp_expire(&l, now, &fx);
	}
	assert_int_equal(kit_count(&fx, PPP_FX_FINISHED), 1);
	assert_int_equal(fx.e[0].end, PPP_END_ECHO);
}

/* P-041, P-047 */
static void codes_that_want_nothing(void **st)
{
	static const uint8_t codes[] = { LCP_DISCARD_REQ, LCP_IDENTIFICATION, LCP_TIME_REMAINING };

	(void)st;
	open_with("");
	for (size_t i = 0; i < sizeof(codes); i++) {
		kit_input(&l.cp, kit_pkt(codes[i], 1, "00000000 61626364"), now, &fx);
		assert_int_equal(fx.n, 0);
	}
}

/* P-042 */
static void unknown_codes_are_rejected(void **st)
{
	uint8_t big[1400] = { 0 }, id;
	struct cp_pkt p;

	(void)st;
	kit_input(&l.cp, kit_pkt(99, 1, "aabb"), now, &fx);
	id = kit_sent_one(&fx, PPP_LCP, CP_CODE_REJ, "63 01 0006 aabb");
	kit_input(&l.cp, kit_pkt(0, 1, ""), now, &fx);
	assert_int_not_equal(kit_sent_one(&fx, PPP_LCP, CP_CODE_REJ, "00 01 0004"), id);
	open_with("0104 0240");
	kit_input(&l.cp, kit_pkt_span(14, 1, span_of(big, sizeof(big))), now, &fx);
	p = kit_sent(&fx, 0, PPP_LCP);
	assert_int_equal(p.code, CP_CODE_REJ);
	assert_int_equal(p.whole.len, 576);
}

/* P-043; and a Code-Reject is never answered with one. */
static void our_codes_are_rejected(void **st)
{
	(void)st;
	open_with("");
	kit_input(&l.cp, kit_pkt(CP_CODE_REJ, 1, "0c010004"), now, &fx);
	assert_int_equal(fx.n, 0);
	kit_input(&l.cp, kit_pkt(CP_CODE_REJ, 1, ""), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
	kit_input(&l.cp, kit_pkt(CP_CODE_REJ, 1, "01010004"), now, &fx);
	assert_int_equal(kit_count(&fx, PPP_FX_LCP_DOWN), 1);
	kit_sent_one(&fx, PPP_LCP, CP_TERM_REQ, "");
	kit_input(&l.cp, kit_pkt(CP_TERM_ACK, 1, ""), now, &fx);
	assert_int_equal(fx.e[0].end, PPP_END_REJECTED);
}

/* P-044: the packet itself; the phases are tested with the link. */
static void protocol_reject_is_sent_in_opened(void **st)
{
	struct ppp_frame f = { .proto = PPP_CCP, .info = kit_hex("01020304") };
	static const uint8_t big[1500];

	(void)st;
	ppp_fx_init(&fx);
	lcp_reject_protocol(&l, &f, &fx);
	assert_int_equal(fx.n, 0);
	open_with("0104 0240");
	ppp_fx_init(&fx);
	lcp_reject_protocol(&l, &f, &fx);
	kit_sent_one(&fx, PPP_LCP, LCP_PROTO_REJ, "80fd 01020304");
	f.info = span_of(big, sizeof(big));
	ppp_fx_init(&fx);
	lcp_reject_protocol(&l, &f, &fx);
	assert_int_equal(kit_sent(&fx, 0, PPP_LCP).whole.len, 576);
}

/* P-045, P-046 */
static void protocol_reject_is_received(void **st)
{
	(void)st;
	kit_input(&l.cp, kit_pkt(LCP_PROTO_REJ, 1, "8057 0101"), now, &fx);
	kit_refused(&fx, REASON_CP_STATE);
	open_with("");
	kit_input(&l.cp, kit_pkt(LCP_PROTO_REJ, 1, "80"), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
	kit_input(&l.cp, kit_pkt(LCP_PROTO_REJ, 1, "8057 0101"), now, &fx);
	assert_int_equal(fx.n, 0);
	assert_int_equal(rejected_proto, PPP_IPV6CP);
	kit_input(&l.cp, kit_pkt(LCP_PROTO_REJ, 1, "c021 0101"), now, &fx);
	kit_sent_one(&fx, PPP_LCP, CP_TERM_REQ, "");
	kit_input(&l.cp, kit_pkt(CP_TERM_ACK, 1, ""), now, &fx);
	assert_int_equal(fx.e[0].end, PPP_END_REJECTED);
	start(config());
	kit_input(&l.cp, kit_pkt(LCP_PROTO_REJ, 1, "c021"), now, &fx);
	assert_int_equal(fx.e[0].end, PPP_END_REJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(first_request, setup),
		cmocka_unit_test_setup(no_randomness_no_lcp, setup),
		cmocka_unit_test_setup(unwanted_options_are_rejected, setup),
		cmocka_unit_test_setup(mru_of_the_peer, setup),
		cmocka_unit_test_setup(our_mru_is_naked_or_rejected, setup),
		cmocka_unit_test_setup(option_that_is_always_naked_goes, setup),
		cmocka_unit_test_setup(harmless_options_are_acked, setup),
		cmocka_unit_test_setup(wrong_lengths_are_rejected, setup),
		cmocka_unit_test_setup(broken_lists_are_dropped, setup),
		cmocka_unit_test_setup(length_of_the_packet, setup),
		cmocka_unit_test_setup(duplicate_options, setup),
		cmocka_unit_test_setup(huge_requests, setup),
		cmocka_unit_test_setup(authentication_is_naked, setup),
		cmocka_unit_test_setup(authentication_naked_with_itself, setup),
		cmocka_unit_test_setup(authentication_is_rejected, setup),
		cmocka_unit_test_setup(own_magic_is_naked, setup),
		cmocka_unit_test_setup(loop_is_declared, setup),
		cmocka_unit_test_setup(looped_line_ends, setup),
		cmocka_unit_test_setup(our_magic_is_naked, setup),
		cmocka_unit_test_setup(our_magic_is_rejected, setup),
		cmocka_unit_test_setup(echo_requests_are_answered, setup),
		cmocka_unit_test_setup(echo_request_before_opened, setup),
		cmocka_unit_test_setup(echo_request_with_our_magic, setup),
		cmocka_unit_test_setup(silent_peer_is_dead, setup),
		cmocka_unit_test_setup(codes_that_want_nothing, setup),
		cmocka_unit_test_setup(unknown_codes_are_rejected, setup),
		cmocka_unit_test_setup(our_codes_are_rejected, setup),
		cmocka_unit_test_setup(protocol_reject_is_sent_in_opened, setup),
		cmocka_unit_test_setup(protocol_reject_is_received, setup),
	};

	return cmocka_run_group_tests_name("lcp", tests, NULL, NULL);
}
