/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of the conformance checklist that need the whole engine: a LAC and a client that behave
 * unusually, and what the data plane, the views and the bus report. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/subscriber.h"
#include "daemon/core/snapshot.h"
#include "daemon/view/view.h"
#include "ppp/proto.h"
#include "selftests/lib/world.h"

static struct world *w;
static struct lac *l;

static void begin(struct config *cfg)
{
	w = world_new(cfg, 31);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_int_equal(lac_tunnel(l)->l2tp.fsm.state, L2TP_T_ESTABLISHED);
}

static int set_up(void **st)
{
	(void)st;
	begin(NULL);
	return 0;
}

static int tear_down(void **st)
{
	static const struct operate_why why = { .actor = "test" };

	(void)st;
	operate_close_all_tunnels(w->e, &why, w->now);
	w_advance(w, ZE_SEC(120));
	assert_world_empty(w);
	world_free(w);
	return 0;
}

static struct lac_call *up(void)
{
	struct lac_call *c = lac_call(l, "alice", "wonder");

	assert_true(c->c.v4_up && c->c.v6_up);
	return c;
}

/* Sends an ICCN with nothing but its Message Type; then the client starts. */
static void connect_call(struct lac_call *c)
{
	const struct l2tp_msg m = { .type = L2TP_ICCN, .have = L2TP_BIT(AVP_MSG_TYPE) };

	lac_send(l, c->peer_sid, &m);
	w_deliver(w);
	client_open(c);
	w_deliver(w);
}

/* A call whose client can be configured before it starts. */
static struct lac_call *waiting_call(void)
{
	struct lac_call *c;

	l->no_iccn = true;
	c = lac_call(l, "alice", "wonder");
	assert_true(c->icrp);
	return c;
}

/* The client sends a control packet. */
static void give(struct lac_call *c, uint16_t proto, uint8_t code, uint8_t id, struct span data)
{
	uint8_t buf[1600];
	struct wr wr = wr_init(buf, sizeof(buf));

	wr_u16(&wr, 0xff03);
	wr_u16(&wr, proto);
	wr_u8(&wr, code);
	wr_u8(&wr, id);
	wr_u16(&wr, (uint16_t)(data.len + 4));
	wr_span(&wr, data);
	lac_data(c, wr_done(&wr));
	w_deliver(w);
}

static uint64_t refused(enum reason r)
{
	return w->e->stats.reasons[r];
}

static json_t *tunnels_json(void)
{
	const struct view_clock clock = { .now = w->now, .wall_ns = INT64_C(1700000000000000000) };
	const struct tunnel *t = list_entry(w->e->tunnels.next, struct tunnel, in_all);
	const struct snapshot_ask of_it = { .kind = SNAPSHOT_TUNNEL,
					    .id = t->l2tp.tid,
					    .now = w->now };
	const struct snapshot *s;
	struct strbuf out;
	struct json j;
	json_t *v;

	sb_init(&out);
	json_init(&j, &out);
	assert_int_equal(snapshot_take(w->e, &of_it, &s), 0);
	view_tunnel(s, &clock, &j);
	snapshot_unref(s);
	assert_true(json_ok(&j));
	v = json_loads(out.s, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	assert_non_null(v);
	sb_done(&out);
	return v;
}

/* ---- tunnels ---- */

/* L-022: all optional AVPs of an SCCRQ can be shown. L-029: whatever octets its names have, the
 * output is valid JSON. */
static void all_avps_can_be_shown(void **st)
{
	static const char odd[] = "\x1b[2J\r\n\0\"\\\xff\xc0\xaf lac";
	uint8_t name[1017], buf[1600];
	struct l2tp_msg m = { .type = L2TP_SCCRQ,
			      .have = L2TP_BIT(0) | L2TP_BIT(2) | L2TP_BIT(3) | L2TP_BIT(4) |
				      L2TP_BIT(5) | L2TP_BIT(6) | L2TP_BIT(7) | L2TP_BIT(8) |
				      L2TP_BIT(9) | L2TP_BIT(10),
			      .protocol_version = L2TP_PROTOCOL_VERSION,
			      .framing_caps = 3,
			      .bearer_caps = 2,
			      .tie_breaker = 1,
			      .firmware_revision = 0x690,
			      .host_name = span_of(name, sizeof(name)),
			      .vendor_name = span_of(odd, sizeof(odd) - 1),
			      .rws = 9 };
	struct wr wr = wr_init(buf, sizeof(buf));
	json_t *v, *caps;

	(void)st;
	w = world_new(NULL, 31);
	l = lac_new(w, 1, 1701);
	m.assigned_tid = l->tid;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = (uint8_t)odd[i % (sizeof(odd) - 1)];
	assert_int_equal(l2tp_msg_encode(&m, NULL, &wr), 0);
	l2tp_chan_send(&l->chan, 0, wr_done(&wr), w->now);
	w_deliver(w);
	assert_true(l->up);
	v = tunnels_json();
	assert_non_null(json_object_get(v, "peer-hostname"));
	caps = json_object_get(v, "peer-capabilities");
	assert_int_equal(json_integer_value(json_object_get(caps, "firmware-revision")), 0x690);
	assert_int_equal(json_integer_value(json_object_get(caps, "receive-window-size")), 9);
	assert_int_equal(json_integer_value(json_object_get(caps, "bearer")), 2);
	assert_non_null(strstr(json_string_value(json_object_get(caps, "vendor-name")), "[2J"));
	json_decref(v);
}

/* L-100: an unacknowledged ICRP is sent at 0, 1, 3, 7, 15 and 23 s; at 31 s the tunnel and all
 * its sessions end. */
static void icrp_never_acknowledged(void **st)
{
	static const unsigned at[] = { 0, 1, 3, 7, 15, 23 };
	struct lac_call *live;
	unsigned before;
	ze_ns start;

	(void)st;
	live = up();
	w_advance(w, ZE_SEC(1)); /* all is acknowledged, and no echo is due for a while */
	l->no_iccn = true;
	live->c.mute = true;
	before = lac_tunnel(l)->l2tp.tx_msgs[L2TP_ICRP];
	lac_icrq(l, 0, 900);
	lac_flush(l);
	l->mute = true; /* from here on the LAC receives nothing */
	start = w->now;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(at); i++) {
		w_advance(w, start + ZE_SEC(at[i]) - w->now);
		assert_int_equal(lac_tunnel(l)->l2tp.chan.rtx_total, i);
		assert_int_equal(lac_tunnel(l)->l2tp.tx_msgs[L2TP_ICRP], before + 1);
	}
	w_advance(w, start + ZE_SEC(31) - 1 - w->now);
	assert_int_equal(w->e->n_established, 1);
	w_advance(w, 1);
	assert_int_equal(w->e->n_established, 0);
	assert_int_equal(w_count_events(w, EV_TUNNEL_DOWN), 1);
	/* The other one was never established. */
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 1);
	assert_int_equal(w->e->sids.used, 0);
}

/* L-119: the network refuses a datagram: the tunnel stays, and the retransmission gets through. */
static void send_refused_by_the_network(void **st)
{
	struct lac_call *c;

	(void)st;
	c = up();
	w_advance(w, ZE_SEC(1));
	l->no_iccn = true;
	w->fail_net.left = 0;
	lac_icrq(l, 0, 900);
	w_deliver(w);
	assert_true(w->fail_net.hit);
	assert_int_equal(l->rx[L2TP_ICRP], 1);
	assert_int_equal(w->e->n_established, 1);
	assert_false(c->over);
	w_advance(w, ZE_SEC(1));
	assert_int_equal(l->rx[L2TP_ICRP], 2);
	assert_int_equal(call_sub(c)->state, SUB_ESTABLISHED);
}

/* L-201: all answers are sent to the port from which the request came. */
static void port_of_the_peer(void **st)
{
	struct lac *m = lac_new(w, 2, 40001);

	(void)st;
	lac_connect(m);
	assert_true(m->up);
	assert_true(lac_call(m, "alice", "wonder")->c.v4_up);
	lac_stop(m);
	assert_true(l2tp_chan_idle(&m->chan));
}

/* ---- calls ---- */

/* L-069: an ICRQ that is longer than a packet creates a call like any other. */
static void icrq_of_3000_octets(void **st)
{
	uint8_t buf[3200];
	struct wr wr = wr_init(buf, sizeof(buf));
	size_t mark = l2tp_hdr_begin_ctl(&wr, l->peer_tid, 0, 2, 1);

	(void)st;
	wr_bytes(&wr, "\x80\x08\0\0\0\0\0\x0a\x80\x08\0\0\0\x0e\x03\x84", 16);
	for (unsigned i = 0; i < 3; i++) {
		wr_u16(&wr, 6 + 960); /* M clear, type 999 */
		wr_u16(&wr, 0);
		wr_u16(&wr, 999);
		wr_zero(&wr, 960);
	}
	l2tp_hdr_end_ctl(&wr, mark);
	assert_true(wr_len(&wr) > 2900);
	engine_udp_input(w->e, &l->path, wr_done(&wr), w->now);
	assert_int_equal(w->e->sids.used, 1);
	assert_int_equal(lac_tunnel(l)->l2tp.tx_msgs[L2TP_ICRP], 1);
	l->dead = true; /* this message is not in the LAC's own count */
}

/* L-068: a Calling Number of the maximum AVP length: the call is established. */
static void longest_calling_number(void **st)
{
	uint8_t number[1017];
	struct lac_call *c;
	struct l2tp_msg m = { .type = L2TP_ICRQ,
			      .have = L2TP_BIT(0) | L2TP_BIT(14) | L2TP_BIT(15) | L2TP_BIT(22),
			      .calling_number = span_of(number, sizeof(number)) };

	(void)st;
	memset(number, '7', sizeof(number));
	c = waiting_call();
	lac_cdn(c);
	*c = (struct lac_call){ .l = l, .sid = 901, .c.retry_at = ZE_NEVER };
	strcpy(c->c.user, "alice");
	strcpy(c->c.password, "wonder");
	m.assigned_sid = c->sid;
	lac_send(l, 0, &m);
	w_deliver(w);
	connect_call(c);
	assert_true(c->c.v4_up);
	assert_int_equal(strspn(call_sub(c)->call.l2tp.calling_number, "7"),
			 strlen(call_sub(c)->call.l2tp.calling_number));
}

/* L-134: an ICRQ with a session id in use is answered with CDN 2/5 to that id; the live call
 * stays. */
static void session_id_in_use(void **st)
{
	struct lac_call *c;
	uint16_t sid;

	(void)st;
	c = up();
	sid = c->sid;
	c->sid = 9999; /* so that this LAC does not take the CDN as one for its live call */
	lac_icrq(l, 0, sid);
	w_deliver(w);
	c->sid = sid;
	assert_int_equal(l->rx[L2TP_CDN], 1);
	assert_int_equal(l->last.type, L2TP_CDN);
	assert_int_equal(l->last.result.code, CDN_ERROR);
	assert_int_equal(l->last.result.error, L2TP_ERR_SESSION_ID);
	assert_int_equal(call_sub(c)->state, SUB_ESTABLISHED);
	assert_int_equal(lac_tunnel(l)->n_calls, 1);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 0);
}

/* L-137, L-133: an ICCN without speed and framing: the speed is unknown, and the call is
 * established. */
static void iccn_that_says_nothing(void **st)
{
	struct lac_call *c = waiting_call();

	(void)st;
	connect_call(c);
	assert_true(c->c.v4_up);
	assert_int_equal(call_sub(c)->call.l2tp.tx_speed_bps, 0);
}

/* An LCP Echo-Request as a data message with the optional header fields of `flags`. */
static struct span data_echo(const struct lac_call *c, unsigned flags, uint16_t offset,
			     uint8_t *buf)
{
	static const uint8_t echo[] = { 0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0 };
	struct wr wr = wr_init(buf, 64);

	wr_u16(&wr, (uint16_t)(flags | 2));
	if (flags & L2TP_F_LEN)
		wr_u16(&wr, (uint16_t)(8 + (flags & L2TP_F_SEQ ? 4 : 0) +
				       (flags & L2TP_F_OFFSET ? 2 + offset : 0) + sizeof(echo)));
	wr_u16(&wr, l->peer_tid);
	wr_u16(&wr, c->peer_sid);
	if (flags & L2TP_F_SEQ)
		wr_u32(&wr, 0xffff);
	if (flags & L2TP_F_OFFSET) {
		wr_u16(&wr, offset);
		wr_zero(&wr, offset);
	}
	wr_bytes(&wr, echo, sizeof(echo));
	return wr_done(&wr);
}

/* L-180, L-185: an Echo-Request is answered with any optional fields in its data header, and
 * with any Nr. */
static void data_headers(void **st)
{
	static const unsigned bits[] = { L2TP_F_LEN, L2TP_F_SEQ, L2TP_F_OFFSET };
	static const uint16_t offsets[] = { 0, 1, 6 };
	struct lac_call *c = up();
	uint8_t buf[64];

	(void)st;
	for (unsigned mix = 0; mix < 8; mix++) {
		unsigned flags = 0;

		for (unsigned i = 0; i < 3; i++)
			flags |= mix & 1u << i ? bits[i] : 0;
		for (size_t i = 0; i < ZE_ARRAY_SIZE(offsets); i++) {
			uint64_t before = call_sub(c)->tx_frames;

			w_inject(w, &l->path, data_echo(c, flags, offsets[i], buf));
			w_deliver(w);
			assert_int_equal(call_sub(c)->tx_frames, before + 1);
		}
	}
}

/* ---- PPP ---- */

/* P-024, P-055: the data plane gets the client's MRU, and again when it becomes smaller. */
static void mtu_of_the_data_plane(void **st)
{
	struct lac_call *c = waiting_call();
	const struct w_dp *dp = &w->dp[c->peer_sid];

	(void)st;
	c->c.mru = 1400;
	connect_call(c);
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(dp->f[PPP_FAM_IPV4].mtu, 1400);
	assert_int_equal(dp->f[PPP_FAM_IPV6].mtu, 1400);
	c->c.mru = 1300;
	client_renegotiate(c);
	w_advance(w, ZE_SEC(10));
	assert_true(c->c.v4_up && c->c.v6_up);
	assert_int_equal(dp->f[PPP_FAM_IPV4].mtu, 1300);
	assert_int_equal(dp->f[PPP_FAM_IPV6].mtu, 1300);
	assert_true(dp->fam[PPP_FAM_IPV4] && dp->fam[PPP_FAM_IPV6]);
}

/* P-003, P-040: a client that became silent: after the last echo two Terminate-Requests three
 * seconds apart, then CDN. */
static void silent_client_ends(void **st)
{
	struct lac_call *c = up();
	uint64_t frames;
	ze_ns lost;

	(void)st;
	c->c.mute = true;
	while (w_count_events(w, EV_ECHO_LOST) < 3)
		w_advance(w, ZE_MS(100));
	lost = w_last_event(w, EV_ECHO_LOST)->now;
	frames = call_sub(c)->tx_frames;
	w_advance(w, lost + ZE_SEC(6) - 1 - w->now);
	assert_false(c->over);
	assert_int_equal(call_sub(c)->tx_frames, frames + 1);
	w_advance(w, 1);
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_CARRIER_LOST);
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
}

static unsigned n_asked;
static uint64_t cookie_asked;

static bool slow_auth(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	(void)self;
	(void)ret;
	n_asked++;
	cookie_asked = rq->cookie;
	return false;
}

static void forget(void *self, uint64_t cookie)
{
	(void)self;
	(void)cookie;
}

/* P-061: a client that repeats its PAP request while the verdict is pending: one question, one
 * login. */
static void pap_while_the_server_thinks(void **st)
{
	struct lac_call *c = waiting_call();
	struct aaa_answer a = { .verdict = AAA_ACCEPT };

	(void)st;
	n_asked = 0;
	w->aaa.handlers[0] =
		(struct aaa_handler){ .name = "slow", .auth = slow_auth, .cancel = forget };
	c->c.wants = W_AUTH_PAP;
	connect_call(c);
	w_advance(w, ZE_SEC(10)); /* three repetitions */
	assert_int_equal(n_asked, 1);
	assert_false(c->c.auth_ok);
	a.profile = profile_new(span_str("alice"));
	engine_auth_answer(w->e, cookie_asked, &a, w->now);
	w_deliver(w);
	assert_true(c->c.auth_ok && c->c.v4_up);
	assert_int_equal(n_asked, 1);
}

/* P-118: IP before IPCP is open is dropped and counted. P-123: IPCP before the verdict is
 * dropped without an answer. */
static void too_early(void **st)
{
	struct lac_call *c = waiting_call();
	uint64_t frames;

	(void)st;
	w->aaa.handlers[0] =
		(struct aaa_handler){ .name = "slow", .auth = slow_auth, .cancel = forget };
	connect_call(c);
	frames = call_sub(c)->tx_frames;
	lac_data(c, span_of("\xff\x03\x00\x21\x45", 5));
	w_deliver(w);
	assert_int_equal(refused(REASON_IP_BEFORE_OPEN), 1);
	give(c, PPP_IPCP, CP_CONF_REQ, 1, span_of("\x03\x06\0\0\0\0", 6));
	assert_int_equal(refused(REASON_PPP_PHASE), 1);
	assert_int_equal(call_sub(c)->tx_frames, frames);
	assert_false(w->dp[c->peer_sid].held); /* and the data plane was not called */
}

/* P-126: IPCP is renegotiated: the same address, one start of the session, and the data plane
 * keeps its state. */
static void ipcp_again(void **st)
{
	struct lac_call *c = up();
	uint32_t ip = c->c.ip;
	uint8_t opt[6] = {
		3, 6, (uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8), (uint8_t)ip
	};

	(void)st;
	c->c.v4_acked = c->c.v4_up = c->c.ack_v4 = false;
	give(c, PPP_IPCP, CP_CONF_REQ, ++c->c.id, span_of(opt, 6));
	assert_true(c->c.v4_up);
	assert_int_equal(call_sub(c)->lease.ip4, ip);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 1);
	assert_int_equal(w_count_events(w, EV_SESSION_DOWN), 0);
	assert_int_equal(w->dp[c->peer_sid].f[PPP_FAM_IPV4].peer4, ip);
	assert_true(w->dp[c->peer_sid].fam[PPP_FAM_IPV4]);
	/* Requesting another address does not help. */
	c->c.v4_acked = c->c.v4_up = c->c.ack_v4 = false;
	c->c.ip = 0;
	give(c, PPP_IPCP, CP_CONF_REQ, ++c->c.id, span_of("\x03\x06\0\0\0\0", 6));
	w_advance(w, ZE_SEC(4));
	assert_int_equal(c->c.ip, ip);
	assert_true(c->c.v4_up);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 1);
}

/* P-124: IPCP terminates: the route is removed and IPv4 leaves the data plane; IPv6 and the
 * session stay. P-125: likewise IPv6CP. */
static void ncp_terminated(void **st)
{
	struct lac_call *c, *d;

	(void)st;
	w->cfg->need_ipv4 = CONFIG_NEED_WANTED;
	c = up();
	d = up();
	give(c, PPP_IPCP, CP_TERM_REQ, 9, (struct span){ 0 });
	give(d, PPP_IPV6CP, CP_TERM_REQ, 9, (struct span){ 0 });
	c->c.no_ipv4 = d->c.no_ipv6 = true;
	w_advance(w, ZE_SEC(100));
	assert_false(c->over || d->over);
	assert_int_equal(w_count_events(w, EV_ROUTE_REMOVE), 1);
	assert_false(w->dp[c->peer_sid].fam[PPP_FAM_IPV4]);
	assert_true(w->dp[c->peer_sid].fam[PPP_FAM_IPV6]);
	assert_true(w->dp[d->peer_sid].fam[PPP_FAM_IPV4]);
	assert_false(w->dp[d->peer_sid].fam[PPP_FAM_IPV6]);
	assert_int_equal(call_sub(c)->state, SUB_ESTABLISHED);
}

/* P-128: a client that wants neither IPv4 nor IPv6: the call ends at the timeout, with that
 * cause. */
static void no_ncp_wanted(void **st)
{
	struct lac_call *c = waiting_call();

	(void)st;
	c->c.no_ipv4 = c->c.no_ipv6 = true;
	connect_call(c);
	assert_true(c->c.auth_ok);
	w_advance(w, ZE_SEC(29));
	assert_false(c->over);
	w_advance(w, ZE_SEC(10));
	assert_true(c->over);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "ncp-timeout");
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(all_avps_can_be_shown, tear_down),
		T(icrp_never_acknowledged),
		T(send_refused_by_the_network),
		T(port_of_the_peer),
		T(icrq_of_3000_octets),
		T(longest_calling_number),
		T(session_id_in_use),
		T(iccn_that_says_nothing),
		T(data_headers),
		T(mtu_of_the_data_plane),
		T(silent_client_ends),
		T(pap_while_the_server_thinks),
		T(too_early),
		T(ipcp_again),
		T(ncp_terminated),
		T(no_ncp_wanted),
	};

	return cmocka_run_group_tests_name("engine_cases", tests, NULL, NULL);
}
