/* SPDX-License-Identifier: BSD-2-Clause */
/* The automaton: its table, and each of its cells by real packets and timeouts, CONFORMANCE 4.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/ipcp.h"
#include "ppp/ipv6cp.h"
#include "ppp/lcp.h"
#include "selftests/lib/ppp_kit.h"
#include "selftests/lib/test_rng.h"

/* ---------------------------------------------------------------- independent transcription */

#define CELL_MAX 24

static char golden[CP__EVENTS][CP__STATES][CELL_MAX];

static const char *const event_names[CP__EVENTS] = {
	[CP_EV_UP] = "Up",	 [CP_EV_DOWN] = "Down",	 [CP_EV_OPEN] = "Open",
	[CP_EV_CLOSE] = "Close", [CP_EV_TO_P] = "TO+",	 [CP_EV_TO_M] = "TO-",
	[CP_EV_RCR_P] = "RCR+",	 [CP_EV_RCR_M] = "RCR-", [CP_EV_RCA] = "RCA",
	[CP_EV_RCN] = "RCN",	 [CP_EV_RTR] = "RTR",	 [CP_EV_RTA] = "RTA",
	[CP_EV_RUC] = "RUC",	 [CP_EV_RXJ_P] = "RXJ+", [CP_EV_RXJ_M] = "RXJ-",
	[CP_EV_RXR] = "RXR",
};

static const char *const action_names[CP__ACTIONS] = {
	[CP_ACT_TLU] = "tlu", [CP_ACT_TLD] = "tld", [CP_ACT_TLS] = "tls", [CP_ACT_TLF] = "tlf",
	[CP_ACT_IRC] = "irc", [CP_ACT_ZRC] = "zrc", [CP_ACT_SCR] = "scr", [CP_ACT_SCA] = "sca",
	[CP_ACT_SCN] = "scn", [CP_ACT_STR] = "str", [CP_ACT_STA] = "sta", [CP_ACT_SCJ] = "scj",
	[CP_ACT_SER] = "ser",
};

static int event_of(const char *name)
{
	for (int i = 0; i < CP__EVENTS; i++)
		if (strcmp(event_names[i], name) == 0)
			return i;
	fail_msg("unknown event %s", name);
	return 0;
}

static void read_row(char *line, int cols[CP__STATES], int *n_cols)
{
	char *name = strtok(line, " |\n"), *word;
	int n = 0, ev = -1;

	if (!name)
		return;
	if (strcmp(name, "State") != 0)
		ev = event_of(name);
	for (; (word = strtok(NULL, " |\n")); n++) {
		assert_true(n < CP__STATES);
		if (ev < 0) {
			cols[n] = atoi(word);
			*n_cols = n + 1;
			continue;
		}
		if (strchr("prx", word[strlen(word) - 1])) /* a note */
			word[strlen(word) - 1] = '\0';
		assert_true(n < *n_cols);
		snprintf(golden[ev][cols[n]], CELL_MAX, "%s", word);
	}
	assert_int_equal(n, *n_cols);
}

static int read_golden(void **st)
{
	const char *root = getenv("ZE_SRC");
	char path[4096], line[256];
	int cols[CP__STATES], n_cols = 0;
	FILE *f;

	(void)st;
	snprintf(path, sizeof(path), "%s/selftests/vectors/rfc1661.txt", root ? root : ".");
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (line[0] != '#')
			read_row(line, cols, &n_cols);
	fclose(f);
	return 0;
}

static void spell(const struct cp_cell *c, char *to)
{
	int n = 0;

	if (c->next == CP__STATES) {
		snprintf(to, CELL_MAX, "-");
		return;
	}
	for (size_t i = 0; i < ZE_ARRAY_SIZE(c->act) && c->act[i]; i++)
		n += snprintf(to + n, (size_t)(CELL_MAX - n), "%s%s", i ? "," : "",
			      action_names[c->act[i]]);
	snprintf(to + n, (size_t)(CELL_MAX - n), "%s%d", n ? "/" : "", c->next);
}

/* P-001: the table in the code equals the table of the RFC. */
static void table_equals_the_rfc(void **st)
{
	char ours[CELL_MAX];
	int wrong = 0;

	(void)st;
	for (int ev = 0; ev < CP__EVENTS; ev++) {
		for (int s = 0; s < CP__STATES; s++) {
			spell(cp_table_cell((enum cp_event)ev, (enum cp_state)s), ours);
			if (strcmp(ours, golden[ev][s]) == 0)
				continue;
			print_error("%s in state %d: %s, RFC %s\n", event_names[ev], s, ours,
				    golden[ev][s]);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

/* ---------------------------------------------------------------- three protocols to test */

static struct lcp lcp;
static struct ipcp ipcp;
static struct ipv6cp ipv6cp;
static struct test_rng rng;
static struct ppp_fx fx;
static ze_ns now;

static void mark_up(struct ppp_fx *f)
{
	ppp_fx_add(f, PPP_FX_NCP_UP);
}

static void mark_down(struct ppp_fx *f)
{
	ppp_fx_add(f, PPP_FX_NCP_DOWN);
}

static void mark_finished(enum ppp_end end, struct ppp_fx *f)
{
	struct ppp_effect *e = ppp_fx_add(f, PPP_FX_FINISHED);

	assert_non_null(e);
	e->end = end;
}

static void lcp_up(struct lcp *l, struct ppp_fx *f)
{
	(void)l;
	mark_up(f);
}

static void lcp_down(struct lcp *l, struct ppp_fx *f)
{
	(void)l;
	mark_down(f);
}

static void lcp_finished(struct lcp *l, enum ppp_end end, struct ppp_fx *f)
{
	(void)l;
	mark_finished(end, f);
}

static void ipcp_up(struct ipcp *i, struct ppp_fx *f)
{
	(void)i;
	mark_up(f);
}

static void ipcp_down(struct ipcp *i, struct ppp_fx *f)
{
	(void)i;
	mark_down(f);
}

static void ipcp_finished(struct ipcp *i, struct ppp_fx *f)
{
	(void)i;
	mark_finished(PPP_END_NONE, f);
}

static void ipcp_ready(struct ipcp *i, struct ppp_fx *f)
{
	(void)i;
	ppp_fx_add(f, PPP_FX_NCP_READY);
}

static void ipv6cp_up(struct ipv6cp *i, struct ppp_fx *f)
{
	(void)i;
	mark_up(f);
}

static void ipv6cp_down(struct ipv6cp *i, struct ppp_fx *f)
{
	(void)i;
	mark_down(f);
}

static void ipv6cp_finished(struct ipv6cp *i, struct ppp_fx *f)
{
	(void)i;
	mark_finished(PPP_END_NONE, f);
}

static const struct lcp_listener lcp_listener = { .on_up = lcp_up,
						  .on_down = lcp_down,
						  .on_finished = lcp_finished };
static const struct ipcp_listener ipcp_listener = { .on_up = ipcp_up,
						    .on_down = ipcp_down,
						    .on_finished = ipcp_finished,
						    .on_ready = ipcp_ready };
static const struct ipv6cp_listener ipv6cp_listener = { .on_up = ipv6cp_up,
							.on_down = ipv6cp_down,
							.on_finished = ipv6cp_finished };

static struct cp *fresh_lcp(const struct cp_cfg *cfg)
{
	static struct lcp_cfg c;

	c = (struct lcp_cfg){ .cp = *cfg, .mru = 1460, .mru_min = 576 };
	assert_int_equal(lcp_init(&lcp, &c, &rng.rng), 0);
	lcp.listener = &lcp_listener;
	return &lcp.cp;
}

static struct cp *fresh_ipcp(const struct cp_cfg *cfg)
{
	ipcp_init(&ipcp, cfg, &(struct ipcp_params){ .local = 0x0a000001, .peer = 0x0a000002 });
	ipcp.cp.hold = false;
	ipcp.listener = &ipcp_listener;
	return &ipcp.cp;
}

static struct cp *fresh_ipv6cp(const struct cp_cfg *cfg)
{
	ipv6cp_init(&ipv6cp, cfg, 0x0102030405060708, 0x1112131415161718, &rng.rng);
	ipv6cp.cp.hold = false;
	ipv6cp.listener = &ipv6cp_listener;
	return &ipv6cp.cp;
}

static const struct subject {
	struct cp *(*fresh)(const struct cp_cfg *cfg);
	const char *good; /* a request that is acknowledged */
} subjects[] = {
	{ fresh_lcp, "0506 00000007" },
	{ fresh_ipcp, "0306 0a000002" },
	{ fresh_ipv6cp, "010a 2122232425262728" },
};

static const char bad[] = "6304 abcd"; /* option 99: rejected */

static int setup(void **st)
{
	(void)st;
	test_rng_init(&rng, 1);
	now = ZE_SEC(1000);
	ppp_fx_init(&fx);
	return 0;
}

static void go_opened(struct cp *cp, const struct subject *s)
{
	kit_to_opened(cp, s->good, now, &fx);
}

/* Uses public calls only. `rxj` reaches Stopping with a restart counter that is not zero. */
static void go(struct cp *cp, const struct subject *s, enum cp_state want, bool rxj)
{
	if (want >= CP_STARTING && want != CP_CLOSED)
		cp_open(cp, now, &fx);
	if (want >= CP_CLOSED)
		cp_up(cp, now, &fx);
	if (want == CP_STOPPED)
		cp_protocol_rejected(cp, now, &fx);
	if (want == CP_CLOSING)
		cp_close(cp, now, &fx);
	if (want == CP_STOPPING || want == CP_OPENED)
		go_opened(cp, s);
	if (want == CP_STOPPING && rxj)
		cp_protocol_rejected(cp, now, &fx);
	else if (want == CP_STOPPING)
		kit_input(cp, kit_pkt(CP_TERM_REQ, 9, ""), now, &fx);
	if (want == CP_ACK_RCVD)
		kit_ack(cp, now, &fx);
	if (want == CP_ACK_SENT)
		kit_input(cp, kit_pkt(CP_CONF_REQ, 3, s->good), now, &fx);
	assert_int_equal(cp->state, want);
}

static void fire(struct cp *cp, const struct subject *s, enum cp_event ev)
{
	struct span req = span_of(cp->req, cp->req_len);

	ppp_fx_init(&fx);
	switch (ev) {
	case CP_EV_UP:
		cp_up(cp, now, &fx);
		return;
	case CP_EV_DOWN:
		cp_down(cp, now, &fx);
		return;
	case CP_EV_OPEN:
		cp_open(cp, now, &fx);
		return;
	case CP_EV_CLOSE:
		cp_close(cp, now, &fx);
		return;
	case CP_EV_TO_P:
	case CP_EV_TO_M:
		if (cp_deadline(cp) != ZE_NEVER)
			now = cp_deadline(cp);
		cp_expire(cp, now - 1, &fx);
		assert_int_equal(fx.n, 0);
		cp_expire(cp, now, &fx);
		return;
	case CP_EV_RCR_P:
		cp_input(cp, kit_pkt(CP_CONF_REQ, 77, s->good), now, &fx);
		return;
	case CP_EV_RCR_M:
		cp_input(cp, kit_pkt(CP_CONF_REQ, 77, bad), now, &fx);
		return;
	case CP_EV_RCA:
		cp_input(cp, kit_pkt_span(CP_CONF_ACK, cp->req_id, req), now, &fx);
		return;
	case CP_EV_RCN:
		cp_input(cp, kit_pkt(CP_CONF_NAK, cp->req_id, bad), now, &fx);
		return;
	case CP_EV_RTR:
		cp_input(cp, kit_pkt(CP_TERM_REQ, 77, ""), now, &fx);
		return;
	case CP_EV_RTA:
		cp_input(cp, kit_pkt(CP_TERM_ACK, 77, ""), now, &fx);
		return;
	case CP_EV_RUC:
		cp_input(cp, kit_pkt(99, 77, "aabb"), now, &fx);
		return;
	case CP_EV_RXJ_P:
		cp_input(cp, kit_pkt(CP_CODE_REJ, 77, "0c010004"), now, &fx);
		return;
	case CP_EV_RXJ_M:
		cp_input(cp, kit_pkt(CP_CODE_REJ, 77, "01010004"), now, &fx);
		return;
	case CP_EV_RXR:
		cp_input(cp, kit_pkt(LCP_ECHO_REQ, 77, "00000000"), now, &fx);
		return;
	case CP__EVENTS:
	default:
		fail();
	}
}

static const char *seen_action(const struct ppp_effect *e, uint16_t proto)
{
	static const char *const sent[] = {
		[CP_CONF_REQ] = "scr", [CP_CONF_ACK] = "sca",	 [CP_CONF_NAK] = "scn",
		[CP_CONF_REJ] = "scn", [CP_TERM_REQ] = "str",	 [CP_TERM_ACK] = "sta",
		[CP_CODE_REJ] = "scj", [LCP_ECHO_REPLY] = "ser",
	};

	if (e->kind == PPP_FX_NCP_UP)
		return "tlu";
	if (e->kind == PPP_FX_NCP_DOWN)
		return "tld";
	if (e->kind == PPP_FX_FINISHED)
		return "tlf";
	if (e->kind != PPP_FX_SEND)
		return NULL;
	assert_int_equal(e->send.p[2] << 8 | e->send.p[3], proto);
	assert_true(e->send.p[4] < ZE_ARRAY_SIZE(sent) && sent[e->send.p[4]]);
	return sent[e->send.p[4]];
}

/* The actions in the notation of the RFC, without irc, zrc and tls, which have no visible
 * effect. */
static void spell_seen(const struct cp *cp, char *to)
{
	int n = 0;

	for (unsigned int i = 0; i < fx.n; i++) {
		const char *a = seen_action(&fx.e[i], cp->ops->proto);

		if (a)
			n += snprintf(to + n, (size_t)(CELL_MAX - n), "%s%s", n ? "," : "", a);
	}
	snprintf(to + n, (size_t)(CELL_MAX - n), "%s%d", n ? "/" : "", cp->state);
}

static void spell_want(const char *cell, char *to)
{
	char copy[CELL_MAX], *word;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", cell);
	for (word = strtok(copy, ",/"); word; word = strtok(NULL, ",/")) {
		if (!strcmp(word, "irc") || !strcmp(word, "zrc") || !strcmp(word, "tls"))
			continue;
		n += snprintf(to + n, (size_t)(CELL_MAX - n), "%s%s",
			      !n			       ? "" :
			      word[0] >= '0' && word[0] <= '9' ? "/" :
								 ",",
			      word);
	}
}

static void check_counters(const struct cp *cp, const char *cell, ze_ns before)
{
	bool sends = strstr(cell, "scr") || strstr(cell, "str");
	int max = cp->state == CP_CLOSING || cp->state == CP_STOPPING ? cp->cfg->max_terminate :
									cp->cfg->max_configure;

	if (strstr(cell, "irc") && max)
		assert_int_equal(cp->restart_count, max - sends);
	if (strstr(cell, "zrc"))
		assert_int_equal(cp->restart_count, 0);
	if (cp->state < CP_CLOSING || cp->state == CP_OPENED)
		assert_true(cp_deadline(cp) == ZE_NEVER);
	else if (sends || strstr(cell, "zrc"))
		assert_true(cp_deadline(cp) == now + cp->cfg->restart);
	else
		assert_true(cp_deadline(cp) == before);
}

static void try_cell(const struct subject *s, enum cp_event ev, enum cp_state state)
{
	struct cp_cfg cfg = cp_defaults;
	const char *cell = golden[ev][state];
	char want[CELL_MAX], seen[CELL_MAX];
	struct cp *cp;
	ze_ns before;

	if (ev == CP_EV_TO_M)
		cfg.max_configure = cfg.max_terminate = 0;
	cp = s->fresh(&cfg);
	go(cp, s, state, ev == CP_EV_TO_P);
	before = cp_deadline(cp);
	fire(cp, s, ev);
	spell_seen(cp, seen);
	if (strcmp(cell, "-") == 0)
		snprintf(want, sizeof(want), "%d", state);
	else
		spell_want(cell, want);
	if (strcmp(want, seen) != 0)
		fail_msg("%s: %s in state %d: did %s, RFC %s", cp->ops->name, event_names[ev],
			 state, seen, cell);
	check_counters(cp, cell, before);
	if (ev == CP_EV_RTR || ev == CP_EV_RCR_P || ev == CP_EV_RCR_M)
		for (unsigned int i = 0; i < fx.n;
		     i++) /* answers carry the identifier of the request */
			if (fx.e[i].kind == PPP_FX_SEND && fx.e[i].send.p[4] != CP_CONF_REQ)
				assert_int_equal(fx.e[i].send.p[5], 77);
}

/* P-001: every cell, by packets and timeouts, for LCP, IPCP and IPv6CP. Each event is a function
 * of the automaton, so a cell of the kind "cannot happen" is shown to do nothing. */
static void every_cell_is_reached(void **st)
{
	int cells = 0;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(subjects); i++) {
		for (int ev = 0; ev < CP__EVENTS; ev++) {
			if (ev == CP_EV_RXR && i > 0) /* only LCP has Echo */
				continue;
			for (int s = 0; s < CP__STATES; s++, cells++)
				try_cell(&subjects[i], (enum cp_event)ev, (enum cp_state)s);
		}
	}
	assert_int_equal(cells, (3 * CP__EVENTS - 2) * CP__STATES);
}

/* A cell "-" of the table that only our own code can reach is counted. */
static void impossible_events_are_counted(void **st)
{
	struct cp *cp = fresh_lcp(&cp_defaults);

	(void)st;
	cp_down(cp, now, &fx);
	assert_int_equal(fx.n, 1);
	assert_int_equal(fx.e[0].kind, PPP_FX_REFUSED);
	assert_int_equal(fx.e[0].refused.reason, REASON_CP_EVENT);
	assert_int_equal(fx.e[0].refused.proto, PPP_LCP);
	cp_open(cp, now, &fx);
	cp_up(cp, now, &fx);
	ppp_fx_init(&fx);
	cp_up(cp, now, &fx);
	assert_int_equal(fx.n, 1);
	assert_int_equal(fx.e[0].refused.reason, REASON_CP_EVENT);
}

/* ---------------------------------------------------------------- conversations */

static struct cp *started(const struct subject *s)
{
	struct cp *cp = s->fresh(&cp_defaults);

	cp_open(cp, now, &fx);
	cp_up(cp, now, &fx);
	ppp_fx_init(&fx);
	return cp;
}

/* Runs the timer until it is no longer armed; returns how many packets with this code were sent. */
static int run_timer(struct cp *cp, uint8_t code)
{
	int n = 0;

	while (cp_deadline(cp) != ZE_NEVER) {
		ze_ns last = now;

		now = cp_deadline(cp);
		assert_true(now == last + ZE_SEC(3));
		ppp_fx_init(&fx);
		cp_expire(cp, now, &fx);
		n += kit_count(&fx, PPP_FX_SEND) == 1 &&
		     kit_sent(&fx, 0, cp->ops->proto).code == code;
	}
	return n;
}

/* P-002: ten requests in all (the first by Up), three seconds apart, with the same identifier;
 * then the end. */
static void silence_ends_after_ten_requests(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(subjects); i++) {
		struct cp *cp = started(&subjects[i]);
		uint8_t id = cp->req_id;

		assert_int_equal(run_timer(cp, CP_CONF_REQ), 9);
		assert_int_equal(cp->req_id, id);
		assert_int_equal(kit_count(&fx, PPP_FX_FINISHED), 1);
		if (i == 0)
			assert_int_equal(fx.e[0].end, PPP_END_LCP_TIMEOUT);
		assert_string_equal(cp_state_name(cp), "stopped");
	}
}

/* P-003: two Terminate-Requests. */
static void silence_ends_after_two_terminates(void **st)
{
	struct cp *cp = started(&subjects[0]);

	(void)st;
	go_opened(cp, &subjects[0]);
	ppp_fx_init(&fx);
	cp_close(cp, now, &fx);
	assert_int_equal(kit_sent(&fx, 0, PPP_LCP).code, CP_TERM_REQ);
	assert_int_equal(run_timer(cp, CP_TERM_REQ), 1);
	assert_int_equal(kit_count(&fx, PPP_FX_FINISHED), 1);
	assert_int_equal(fx.e[0].end, PPP_END_NONE);
	assert_string_equal(cp_state_name(cp), "closed");
}

/* P-004, P-124, P-125 */
static void terminate_request_in_opened(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(subjects); i++) {
		struct cp *cp = started(&subjects[i]);

		go_opened(cp, &subjects[i]);
		kit_input(cp, kit_pkt(CP_TERM_REQ, 42, "6279 65"), now, &fx);
		assert_int_equal(kit_count(&fx, PPP_FX_NCP_DOWN), 1);
		assert_int_equal(kit_count(&fx, PPP_FX_FINISHED), 0);
		assert_int_equal(kit_sent_one(&fx, cp->ops->proto, CP_TERM_ACK, ""), 42);
		assert_true(cp_deadline(cp) == now + ZE_SEC(3));
		ppp_fx_init(&fx);
		cp_expire(cp, now + ZE_SEC(3), &fx);
		assert_int_equal(fx.n, 1);
		assert_int_equal(fx.e[0].kind, PPP_FX_FINISHED);
		assert_int_equal(fx.e[0].end, i == 0 ? PPP_END_PEER : PPP_END_NONE);
	}
}

/* P-005 */
static void terminate_request_before_opened(void **st)
{
	static const enum cp_state states[] = { CP_REQ_SENT, CP_ACK_RCVD, CP_ACK_SENT };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(states); i++) {
		struct cp *cp = fresh_lcp(&cp_defaults);

		go(cp, &subjects[0], states[i], false);
		kit_input(cp, kit_pkt(CP_TERM_REQ, 42, ""), now, &fx);
		assert_int_equal(kit_sent_one(&fx, PPP_LCP, CP_TERM_ACK, ""), 42);
		assert_string_equal(cp_state_name(cp), "req-sent");
	}
}

/* P-006 */
static void terminate_ack_in_opened_renegotiates(void **st)
{
	struct cp *cp = started(&subjects[0]);
	uint8_t id;

	(void)st;
	go_opened(cp, &subjects[0]);
	id = cp->req_id;
	kit_input(cp, kit_pkt(CP_TERM_ACK, 1, ""), now, &fx);
	assert_int_equal(kit_count(&fx, PPP_FX_NCP_DOWN), 1);
	assert_int_not_equal(kit_sent(&fx, 0, PPP_LCP).id, id);
	go_opened(cp, &subjects[0]);
}

/* P-007, P-126 */
static void request_in_opened_renegotiates(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(subjects); i++) {
		struct cp *cp = started(&subjects[i]);

		go_opened(cp, &subjects[i]);
		kit_input(cp, kit_pkt(CP_CONF_REQ, 50, subjects[i].good), now, &fx);
		assert_int_equal(fx.e[0].kind, PPP_FX_NCP_DOWN);
		assert_int_equal(kit_sent(&fx, 0, cp->ops->proto).code, CP_CONF_REQ);
		assert_int_equal(kit_sent(&fx, 1, cp->ops->proto).code, CP_CONF_ACK);
		kit_ack(cp, now, &fx);
		assert_int_equal(fx.n, 1);
		assert_int_equal(fx.e[0].kind, PPP_FX_NCP_UP);
	}
}

/* P-008 */
static void answers_must_match(void **st)
{
	struct cp *cp = started(&subjects[1]); /* IPCP requests 0306 0a000001 */
	uint8_t id = cp->req_id;

	(void)st;
	kit_input(cp, kit_pkt(CP_CONF_ACK, (uint8_t)(id + 1), "0306 0a000001"), now, &fx);
	kit_refused(&fx, REASON_CP_ID);
	kit_input(cp, kit_pkt(CP_CONF_ACK, id, "0306 0a000009"), now, &fx);
	kit_refused(&fx, REASON_CP_MISMATCH);
	kit_input(cp, kit_pkt(CP_CONF_ACK, id, ""), now, &fx);
	kit_refused(&fx, REASON_CP_MISMATCH);
	kit_input(cp, kit_pkt(CP_CONF_ACK, id, "0306 0a000001 0306 0a000001"), now, &fx);
	kit_refused(&fx, REASON_CP_MISMATCH);
	kit_input(cp, kit_pkt(CP_CONF_NAK, (uint8_t)(id + 1), "0306 0a000009"), now, &fx);
	kit_refused(&fx, REASON_CP_ID);
	kit_input(cp, kit_pkt(CP_CONF_REJ, (uint8_t)(id + 1), "0306 0a000001"), now, &fx);
	kit_refused(&fx, REASON_CP_ID);
	kit_input(cp, kit_pkt(CP_CONF_NAK, id, ""), now, &fx);
	kit_refused(&fx, REASON_CP_MISMATCH);
	kit_input(cp, kit_pkt(CP_CONF_NAK, id, "0301"), now, &fx);
	kit_refused(&fx, REASON_OPT_LEN);
	assert_string_equal(cp_state_name(cp), "req-sent");
}

/* P-009: also with an altered, reordered or repeated option. */
static void reject_of_what_was_not_sent(void **st)
{
	static const char *const wrong[] = { "0206 00000000", "0104 05b5", "0104 05b4 0104 05b4",
					     "" };
	struct cp *cp = started(&subjects[0]); /* MRU 1460 = 05b4, and a magic number */
	char swapped[64];

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(wrong); i++) {
		kit_input(cp, kit_pkt(CP_CONF_REJ, cp->req_id, wrong[i]), now, &fx);
		kit_refused(&fx, REASON_CP_MISMATCH);
	}
	snprintf(swapped, sizeof(swapped), "0506 %08x 0104 05b4", lcp.magic);
	kit_input(cp, kit_pkt(CP_CONF_REJ, cp->req_id, swapped), now, &fx);
	kit_refused(&fx, REASON_CP_MISMATCH);
	snprintf(swapped, sizeof(swapped), "0104 05b4 0506 %08x", lcp.magic);
	kit_input(cp, kit_pkt(CP_CONF_REJ, cp->req_id, swapped), now, &fx);
	kit_sent_one(&fx, PPP_LCP, CP_CONF_REQ, "");
}

/* P-010 */
static void second_ack_renegotiates(void **st)
{
	struct cp *cp = started(&subjects[0]);
	uint8_t id = cp->req_id;

	(void)st;
	kit_ack(cp, now, &fx);
	assert_int_equal(fx.n, 0);
	assert_string_equal(cp_state_name(cp), "ack-rcvd");
	kit_ack(cp, now, &fx);
	assert_int_not_equal(kit_sent(&fx, 0, PPP_LCP).id, id);
	assert_string_equal(cp_state_name(cp), "req-sent");
}

/* P-011: Naks of options that we request differently, or not at all: after ten in a row the
 * automaton ends. */
static void useless_naks_end(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(subjects); i++) {
		struct cp *cp = started(&subjects[i]);

		for (int n = 0; n < 10; n++) {
			kit_input(cp, kit_pkt(CP_CONF_NAK, cp->req_id, bad), now, &fx);
			assert_int_equal(kit_sent(&fx, 0, cp->ops->proto).code, CP_CONF_REQ);
		}
		kit_input(cp, kit_pkt(CP_CONF_NAK, cp->req_id, bad), now, &fx);
		kit_sent_one(&fx, cp->ops->proto, CP_TERM_REQ, "");
		kit_input(cp, kit_pkt(CP_TERM_ACK, 0, ""), now, &fx);
		assert_int_equal(kit_count(&fx, PPP_FX_FINISHED), 1);
		assert_int_equal(fx.e[0].end, i == 0 ? PPP_END_LCP_TIMEOUT : PPP_END_NONE);
	}
}

/* P-012 */
static void sixth_nak_is_a_reject(void **st)
{
	struct cp *cp = started(&subjects[0]);

	(void)st;
	for (uint8_t n = 0; n < 5; n++) {
		kit_input(cp, kit_pkt(CP_CONF_REQ, n, "0104 0064"), now, &fx);
		assert_int_equal(kit_sent_one(&fx, PPP_LCP, CP_CONF_NAK, "0104 0240"), n);
		kit_input(cp, kit_pkt(CP_CONF_REQ, n, "0104 0064"), now, &fx); /* repeated */
		assert_int_equal(kit_sent_one(&fx, PPP_LCP, CP_CONF_NAK, "0104 0240"), n);
	}
	kit_input(cp, kit_pkt(CP_CONF_REQ, 5, "0104 0064"), now, &fx);
	kit_sent_one(&fx, PPP_LCP, CP_CONF_REJ, "0104 0064");
	kit_input(cp, kit_pkt(CP_CONF_REQ, 6, ""), now, &fx);
	kit_sent_one(&fx, PPP_LCP, CP_CONF_ACK, "");
	kit_input(cp, kit_pkt(CP_CONF_REQ, 7, "0104 0064"), now, &fx); /* an Ack resets the count */
	kit_sent_one(&fx, PPP_LCP, CP_CONF_NAK, "0104 0240");
}

/* P-013 */
static void down_is_silent_in_every_state(void **st)
{
	(void)st;
	for (int s = CP_CLOSED; s < CP__STATES; s++) {
		struct cp *cp = fresh_lcp(&cp_defaults);

		go(cp, &subjects[0], (enum cp_state)s, false);
		ppp_fx_init(&fx);
		cp_down(cp, now, &fx);
		assert_int_equal(kit_count(&fx, PPP_FX_SEND), 0);
		assert_int_equal(kit_count(&fx, PPP_FX_NCP_DOWN), s == CP_OPENED);
		assert_true(cp_deadline(cp) == ZE_NEVER);
		kit_input(cp, kit_pkt(CP_CONF_REQ, 1, ""), now, &fx);
		kit_refused(&fx, REASON_CP_STATE);
	}
}

/* A new identifier after a change or an answer, the same one for a retransmission (RFC 1661
 * 5.1). */
static void identifiers_of_requests(void **st)
{
	struct cp *cp = started(&subjects[0]);
	uint8_t first = cp->req_id;

	(void)st;
	now = cp_deadline(cp);
	ppp_fx_init(&fx);
	cp_expire(cp, now, &fx);
	assert_int_equal(kit_sent(&fx, 0, PPP_LCP).id, first);
	kit_ack(cp, now, &fx);
	now = cp_deadline(cp);
	ppp_fx_init(&fx);
	cp_expire(cp, now, &fx);
	assert_int_not_equal(kit_sent(&fx, 0, PPP_LCP).id, first);
}

/* ---------------------------------------------------------------- hold */

static struct cp *held_ipcp(void)
{
	struct cp *cp = started(&subjects[1]);

	cp->hold = true;
	kit_input(cp, kit_pkt(CP_CONF_REQ, 60, subjects[1].good), now, &fx);
	assert_int_equal(kit_count(&fx, PPP_FX_NCP_READY), 1);
	assert_int_equal(kit_count(&fx, PPP_FX_SEND), 0);
	assert_string_equal(cp_state_name(cp), "req-sent");
	return cp;
}

static void held_request_is_answered_on_release(void **st)
{
	struct cp *cp = held_ipcp();

	(void)st;
	kit_ack(cp, now, &fx);
	assert_string_equal(cp_state_name(cp), "ack-rcvd");
	kit_input(cp, kit_pkt(CP_CONF_REQ, 61, subjects[1].good), now, &fx); /* newest wins */
	assert_int_equal(fx.n, 0);
	cp_release(cp, now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPCP, CP_CONF_ACK, subjects[1].good), 61);
	assert_string_equal(cp_state_name(cp), "opened");
	ppp_fx_init(&fx);
	cp_release(cp, now, &fx);
	assert_int_equal(fx.n, 0);
}

static void held_request_is_forgotten(void **st)
{
	struct cp *cp = held_ipcp();

	(void)st;
	kit_input(cp, kit_pkt(CP_CONF_REQ, 62, bad), now, &fx);
	assert_int_equal(kit_sent_one(&fx, PPP_IPCP, CP_CONF_REJ, bad), 62);
	ppp_fx_init(&fx);
	cp_release(cp, now, &fx);
	assert_int_equal(fx.n, 0);
	/* Held like the first. */
	kit_input(cp, kit_pkt(CP_CONF_REQ, 63, subjects[1].good), now, &fx);
	assert_int_equal(kit_count(&fx, PPP_FX_SEND), 0);
	assert_int_equal(kit_count(&fx, PPP_FX_NCP_READY), 1);

	cp = held_ipcp();
	kit_input(cp, kit_pkt(CP_TERM_REQ, 64, ""), now, &fx);
	ppp_fx_init(&fx);
	cp_release(cp, now, &fx);
	assert_int_equal(fx.n, 0);

	cp = held_ipcp();
	cp_close(cp, now, &fx);
	ppp_fx_init(&fx);
	cp_release(cp, now, &fx);
	assert_int_equal(fx.n, 0);
}

/* In Stopped and Opened a held request restarts the negotiation as any other, and its answer
 * waits. */
static void held_request_restarts(void **st)
{
	static const enum cp_state states[] = { CP_STOPPED, CP_OPENED };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(states); i++) {
		struct cp *cp = fresh_ipcp(&cp_defaults);

		go(cp, &subjects[1], states[i], false);
		cp->hold = true;
		kit_input(cp, kit_pkt(CP_CONF_REQ, 60, subjects[1].good), now, &fx);
		kit_sent_one(&fx, PPP_IPCP, CP_CONF_REQ, "0306 0a000001");
		assert_int_equal(kit_count(&fx, PPP_FX_NCP_DOWN), states[i] == CP_OPENED);
		assert_int_equal(kit_count(&fx, PPP_FX_NCP_READY), 1);
		kit_ack(cp, now, &fx);
		cp_release(cp, now, &fx);
		assert_string_equal(cp_state_name(cp), "opened");
	}
}

/* LCP acknowledges any ACCM and the like. 256 octets of acceptable options need an invented
 * protocol. */
static enum cp_verdict ack_all(struct cp *cp, struct span opts, bool no_nak, struct wr *reply)
{
	(void)cp;
	(void)opts;
	(void)no_nak;
	(void)reply;
	return CP_ACK;
}

static void long_requests_are_not_held(void **st)
{
	struct cp *cp = started(&subjects[1]);
	struct cp_ops ops = *cp->ops;
	uint8_t opts[CP_OPTS_MAX + 2] = { 0 };

	(void)st;
	ops.judge = ack_all;
	cp->ops = &ops;
	cp->hold = true;
	for (size_t i = 0; i < sizeof(opts); i += 2)
		opts[i + 1] = 2;
	kit_input(cp, kit_pkt_span(CP_CONF_REQ, 1, span_of(opts, sizeof(opts))), now, &fx);
	kit_refused(&fx, REASON_CP_LEN);
	assert_false(cp->held_any);
	kit_input(cp, kit_pkt_span(CP_CONF_REQ, 1, span_of(opts, CP_OPTS_MAX)), now, &fx);
	assert_true(cp->held_any);
	cp->ops = &ops;
	ppp_fx_init(&fx);
	cp_release(cp, now, &fx);
	assert_int_equal(kit_sent(&fx, 0, PPP_IPCP).data.len, CP_OPTS_MAX);
}

/* ---------------------------------------------------------------- layer started */

static int started_calls;

static void count_started(struct cp *cp, struct ppp_fx *f)
{
	(void)cp;
	(void)f;
	started_calls++;
}

static void layer_started_is_told(void **st)
{
	struct cp *cp = fresh_lcp(&cp_defaults);
	struct cp_ops ops = *cp->ops;

	(void)st;
	ops.started = count_started;
	cp->ops = &ops;
	started_calls = 0;
	cp_open(cp, now, &fx);
	assert_int_equal(started_calls, 1);
	cp_open(cp, now, &fx);
	assert_int_equal(started_calls, 1);
	cp_up(cp, now, &fx);
	cp_protocol_rejected(cp, now, &fx);
	assert_string_equal(cp_state_name(cp), "stopped");
	cp_down(cp, now, &fx);
	assert_int_equal(started_calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_equals_the_rfc),
		cmocka_unit_test_setup(every_cell_is_reached, setup),
		cmocka_unit_test_setup(impossible_events_are_counted, setup),
		cmocka_unit_test_setup(silence_ends_after_ten_requests, setup),
		cmocka_unit_test_setup(silence_ends_after_two_terminates, setup),
		cmocka_unit_test_setup(terminate_request_in_opened, setup),
		cmocka_unit_test_setup(terminate_request_before_opened, setup),
		cmocka_unit_test_setup(terminate_ack_in_opened_renegotiates, setup),
		cmocka_unit_test_setup(request_in_opened_renegotiates, setup),
		cmocka_unit_test_setup(answers_must_match, setup),
		cmocka_unit_test_setup(reject_of_what_was_not_sent, setup),
		cmocka_unit_test_setup(second_ack_renegotiates, setup),
		cmocka_unit_test_setup(useless_naks_end, setup),
		cmocka_unit_test_setup(sixth_nak_is_a_reject, setup),
		cmocka_unit_test_setup(down_is_silent_in_every_state, setup),
		cmocka_unit_test_setup(identifiers_of_requests, setup),
		cmocka_unit_test_setup(held_request_is_answered_on_release, setup),
		cmocka_unit_test_setup(held_request_is_forgotten, setup),
		cmocka_unit_test_setup(held_request_restarts, setup),
		cmocka_unit_test_setup(long_requests_are_not_held, setup),
		cmocka_unit_test_setup(layer_started_is_told, setup),
	};

	return cmocka_run_group_tests_name("cp", tests, read_golden, NULL);
}
