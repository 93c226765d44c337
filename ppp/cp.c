/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 1661 4 and 5.1-5.6, used for LCP, IPCP and IPv6CP.
 *
 * The table below is the one of RFC 1661 4.1. The code around it determines the event of a packet
 * or a timeout and performs the actions in the order of the cell. The state changes before the
 * actions run, so the callbacks of tlu, tld and tlf see the new state. The restart timer is started
 * by scr, str and zrc only, and runs only in the states Closing to Ack-Sent. The passive and the
 * restart option (notes p and r) are not supported; a crossed answer (note x) renegotiates.
 *
 * A request that is held is an RCR- whose answer is sent later: cp_release() runs it again as RCR+.
 *
 * Malformed packets: a packet whose option list cannot be parsed is dropped, whatever its code. An
 * option with a wrong length for its type is rejected by its protocol. An empty Nak or Reject is
 * dropped.
 */
#include "ppp/cp.h"

#include <string.h>

#include "ppp/timers.h"

const struct cp_cfg cp_defaults = {
	.restart = PPP_RESTART,
	.max_configure = 10,
	.max_terminate = 2,
	.max_failure = 5,
};

#define TLU CP_ACT_TLU
#define TLD CP_ACT_TLD
#define TLS CP_ACT_TLS
#define TLF CP_ACT_TLF
#define IRC CP_ACT_IRC
#define ZRC CP_ACT_ZRC
#define SCR CP_ACT_SCR
#define SCA CP_ACT_SCA
#define SCN CP_ACT_SCN
#define STR CP_ACT_STR
#define STA CP_ACT_STA
#define SCJ CP_ACT_SCJ
#define SER CP_ACT_SER

#define T(n, ...)                                                                                  \
	{                                                                                          \
		{ __VA_ARGS__ }, n                                                                 \
	}
#define X                                                                                          \
	{                                                                                          \
		{ CP_ACT_NONE }, CP__STATES                                                        \
	} /* "-" in the RFC */

/* clang-format off */
static const struct cp_cell table[CP__EVENTS][CP__STATES] = { /* RFC 1661 4.1 */
/*               0 Initial   1 Starting     2 Closed       3 Stopped           4 Closing  5 Stopping
 *               6 Req-Sent      7 Ack-Rcvd      8 Ack-Sent      9 Opened */
[CP_EV_UP]    = { T(2),      T(6,IRC,SCR),  X,             X,                  X,         X,
		  X,             X,              X,              X                  },
[CP_EV_DOWN]  = { X,         X,             T(0),          T(1,TLS),           T(0),      T(1),
		  T(1),          T(1),           T(1),           T(1,TLD)           },
[CP_EV_OPEN]  = { T(1,TLS),  T(1),          T(6,IRC,SCR),  T(3),               T(5),      T(5),
		  T(6),          T(7),           T(8),           T(9)               },
[CP_EV_CLOSE] = { T(0),      T(0,TLF),      T(2),          T(2),               T(4),      T(4),
		  T(4,IRC,STR),  T(4,IRC,STR),   T(4,IRC,STR),   T(4,TLD,IRC,STR)   },

[CP_EV_TO_P]  = { X,         X,             X,             X,                  T(4,STR),  T(5,STR),
		  T(6,SCR),      T(6,SCR),       T(8,SCR),       X                  },
[CP_EV_TO_M]  = { X,         X,             X,             X,                  T(2,TLF),  T(3,TLF),
		  T(3,TLF),      T(3,TLF),       T(3,TLF),       X                  },

[CP_EV_RCR_P] = { X,         X,             T(2,STA),      T(8,IRC,SCR,SCA),   T(4),      T(5),
		  T(8,SCA),      T(9,SCA,TLU),   T(8,SCA),       T(8,TLD,SCR,SCA)   },
[CP_EV_RCR_M] = { X,         X,             T(2,STA),      T(6,IRC,SCR,SCN),   T(4),      T(5),
		  T(6,SCN),      T(7,SCN),       T(6,SCN),       T(6,TLD,SCR,SCN)   },
[CP_EV_RCA]   = { X,         X,             T(2,STA),      T(3,STA),           T(4),      T(5),
		  T(7,IRC),      T(6,SCR),       T(9,IRC,TLU),   T(6,TLD,SCR)       },
[CP_EV_RCN]   = { X,         X,             T(2,STA),      T(3,STA),           T(4),      T(5),
		  T(6,IRC,SCR),  T(6,SCR),       T(8,IRC,SCR),   T(6,TLD,SCR)       },

[CP_EV_RTR]   = { X,         X,             T(2,STA),      T(3,STA),           T(4,STA),  T(5,STA),
		  T(6,STA),      T(6,STA),       T(6,STA),       T(5,TLD,ZRC,STA)   },
[CP_EV_RTA]   = { X,         X,             T(2),          T(3),               T(2,TLF),  T(3,TLF),
		  T(6),          T(6),           T(8),           T(6,TLD,SCR)       },

[CP_EV_RUC]   = { X,         X,             T(2,SCJ),      T(3,SCJ),           T(4,SCJ),  T(5,SCJ),
		  T(6,SCJ),      T(7,SCJ),       T(8,SCJ),       T(9,SCJ)           },
[CP_EV_RXJ_P] = { X,         X,             T(2),          T(3),               T(4),      T(5),
		  T(6),          T(6),           T(8),           T(9)               },
[CP_EV_RXJ_M] = { X,         X,             T(2,TLF),      T(3,TLF),           T(2,TLF),  T(3,TLF),
		  T(3,TLF),      T(3,TLF),       T(3,TLF),       T(5,TLD,IRC,STR)   },

[CP_EV_RXR]   = { X,         X,             T(2),          T(3),               T(4),      T(5),
		  T(6),          T(7),           T(8),           T(9,SER)           },
};
/* clang-format on */

const struct cp_cell *cp_table_cell(enum cp_event ev, enum cp_state st)
{
	return &table[ev][st];
}

const char *cp_state_name(const struct cp *cp)
{
	static const char *const names[CP__STATES] = {
		"initial",  "starting", "closed",   "stopped",	"closing",
		"stopping", "req-sent", "ack-rcvd", "ack-sent", "opened",
	};

	return names[cp->state];
}

/* ---------------------------------------------------------------- actions */

struct cp_turn { /* the context of one event, for its actions */
	struct ppp_fx *fx;
	const struct cp_pkt *p; /* NULL when the event is not a packet */
	uint8_t answer;		/* for scn: CP_CONF_NAK or CP_CONF_REJ; 0: the answer is held */
	struct span reply;	/* the options of the answer */
};

static void cp_send(struct cp *cp, struct ppp_fx *fx, uint16_t code_id, struct span data)
{
	struct wr w = ppp_fx_cp(fx, cp->ops->proto, (uint8_t)(code_id >> 8), (uint8_t)code_id);

	wr_span(&w, data);
	ppp_fx_cp_end(fx, &w);
}

static uint16_t code_id(enum cp_code code, uint8_t id)
{
	return (uint16_t)((unsigned int)code << 8 | id);
}

static void act_none(struct cp *cp, const struct cp_turn *t)
{
	(void)cp;
	(void)t;
}

static void act_tlu(struct cp *cp, const struct cp_turn *t)
{
	cp->ops->up(cp, t->fx);
}

static void act_tld(struct cp *cp, const struct cp_turn *t)
{
	cp->ops->down(cp, t->fx);
}

static void act_tls(struct cp *cp, const struct cp_turn *t)
{
	if (cp->ops->started)
		cp->ops->started(cp, t->fx);
}

static void act_tlf(struct cp *cp, const struct cp_turn *t)
{
	cp->ops->finished(cp, t->fx);
}

static void act_irc(struct cp *cp, const struct cp_turn *t)
{
	bool terminate = cp->state == CP_CLOSING || cp->state == CP_STOPPING;

	(void)t;
	cp->restart_count = terminate ? cp->cfg->max_terminate : cp->cfg->max_configure;
}

static void act_zrc(struct cp *cp, const struct cp_turn *t)
{
	(void)t;
	cp->restart_count = 0;
	cp->deadline = cp->now + cp->cfg->restart; /* give the peer one interval to terminate */
}

static void count_send(struct cp *cp)
{
	if (cp->restart_count)
		cp->restart_count--;
	cp->deadline = cp->now + cp->cfg->restart;
}

/* RFC 1661 5.1: a new id when the options changed or a valid answer was received, else the same
 * id. */
static void act_scr(struct cp *cp, const struct cp_turn *t)
{
	uint8_t opts[CP_OPTS_MAX];
	struct wr w = wr_init(opts, sizeof(opts));

	cp->ops->request(cp, &w);
	if (cp->req_answered || !span_eq(wr_done(&w), span_of(cp->req, cp->req_len))) {
		cp->req_id = cp->next_id++;
		cp->req_len = (uint16_t)wr_len(&w);
		memcpy(cp->req, opts, cp->req_len);
	}
	cp->req_answered = false;
	cp_send(cp, t->fx, code_id(CP_CONF_REQ, cp->req_id), span_of(cp->req, cp->req_len));
	count_send(cp);
}

static void act_sca(struct cp *cp, const struct cp_turn *t)
{
	cp->nak_count = 0;
	cp->ops->agreed(cp, t->p->data);
	cp_send(cp, t->fx, code_id(CP_CONF_ACK, t->p->id), t->p->data);
}

/* A repeated request, because it or our Nak was lost, counts as one failure. */
static bool is_naked_before(const struct cp *cp, uint8_t id)
{
	return cp->nak_count && cp->nak_id == id;
}

static void act_scn(struct cp *cp, const struct cp_turn *t)
{
	if (!t->answer)
		return;
	if (t->answer == CP_CONF_NAK && !is_naked_before(cp, t->p->id)) {
		cp->nak_count++;
		cp->nak_id = t->p->id;
	}
	cp_send(cp, t->fx, code_id(t->answer, t->p->id), t->reply);
}

static void act_str(struct cp *cp, const struct cp_turn *t)
{
	cp_send(cp, t->fx, code_id(CP_TERM_REQ, cp->term_id), (struct span){ 0 });
	count_send(cp);
}

static void act_sta(struct cp *cp, const struct cp_turn *t)
{
	cp_send(cp, t->fx, code_id(CP_TERM_ACK, t->p->id), (struct span){ 0 });
}

static void act_scj(struct cp *cp, const struct cp_turn *t)
{
	size_t room = cp->peer_mru > 4 ? cp->peer_mru - 4u : 0;
	size_t fits = PPP_MRU_DEFAULT - 4;
	struct span s = t->p->whole;

	room = room < fits ? room : fits;
	s.len = s.len < room ? s.len : room;
	cp_send(cp, t->fx, code_id(CP_CODE_REJ, cp->next_id++), s);
}

static void act_ser(struct cp *cp, const struct cp_turn *t)
{
	cp->ops->extra(cp, t->p, t->fx);
}

static void (*const actions[CP__ACTIONS])(struct cp *cp, const struct cp_turn *t) = {
	[CP_ACT_NONE] = act_none, [CP_ACT_TLU] = act_tlu, [CP_ACT_TLD] = act_tld,
	[CP_ACT_TLS] = act_tls,	  [CP_ACT_TLF] = act_tlf, [CP_ACT_IRC] = act_irc,
	[CP_ACT_ZRC] = act_zrc,	  [CP_ACT_SCR] = act_scr, [CP_ACT_SCA] = act_sca,
	[CP_ACT_SCN] = act_scn,	  [CP_ACT_STR] = act_str, [CP_ACT_STA] = act_sta,
	[CP_ACT_SCJ] = act_scj,	  [CP_ACT_SER] = act_ser,
};

/* ---------------------------------------------------------------- the automaton */

static bool timer_runs(uint8_t state)
{
	return state >= CP_CLOSING && state <= CP_ACK_SENT;
}

static void cp_enter(struct cp *cp, enum cp_event ev, uint8_t next)
{
	bool was_busy = cp->state >= CP_REQ_SENT, busy = next >= CP_REQ_SENT;

	if (busy && !was_busy) {
		cp->nak_count = 0;
		cp->naks_seen = 0;
		cp->req_answered = true;
	}
	if (was_busy && !busy) {
		cp->cause = (uint8_t)ev;
		cp->term_id = cp->next_id++;
	}
	if (!busy || ev == CP_EV_RTR)
		cp->held_any = false;
	if (!timer_runs(next))
		cp->deadline = ZE_NEVER;
	cp->state = next;
}

static void cp_run(struct cp *cp, enum cp_event ev, const struct cp_turn *t)
{
	const struct cp_cell *c = cp_table_cell(ev, cp->state);

	if (c->next == CP__STATES) {
		ppp_fx_refuse(t->fx, REASON_CP_EVENT, cp->ops->proto, t->p ? t->p->code : 0);
		return;
	}
	cp_enter(cp, ev, c->next);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(c->act) && c->act[i] != CP_ACT_NONE; i++)
		actions[c->act[i]](cp, t);
}

static void cp_admin(struct cp *cp, enum cp_event ev, ze_ns now, struct ppp_fx *fx)
{
	cp->now = now;
	cp_run(cp, ev, &(struct cp_turn){ .fx = fx });
}

void cp_init(struct cp *cp, const struct cp_ops *ops, const struct cp_cfg *cfg)
{
	memset(cp, 0, sizeof(*cp));
	cp->ops = ops;
	cp->cfg = cfg;
	cp->next_id = 1;
	cp->peer_mru = PPP_MRU_DEFAULT;
	cp->deadline = ZE_NEVER;
}

void cp_up(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	cp_admin(cp, CP_EV_UP, now, fx);
}

void cp_down(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	cp_admin(cp, CP_EV_DOWN, now, fx);
}

void cp_open(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	cp_admin(cp, CP_EV_OPEN, now, fx);
}

void cp_close(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	cp_admin(cp, CP_EV_CLOSE, now, fx);
}

void cp_protocol_rejected(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	if (cp->state >= CP_CLOSED)
		cp_admin(cp, CP_EV_RXJ_M, now, fx);
}

void cp_restore(struct cp *cp, enum cp_state state, struct cp_ids ids)
{
	struct wr w = wr_init(cp->req, sizeof(cp->req));

	cp->state = (uint8_t)state;
	cp->next_id = ids.next;
	cp->req_id = ids.req;
	cp->req_answered = true;
	cp->ops->request(cp, &w);
	cp->req_len = (uint16_t)wr_len(&w);
}

ze_ns cp_deadline(const struct cp *cp)
{
	return cp->deadline;
}

void cp_expire(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	if (now < cp->deadline)
		return;
	cp_admin(cp, cp->restart_count ? CP_EV_TO_P : CP_EV_TO_M, now, fx);
}

/* ---------------------------------------------------------------- packets */

static void cp_refuse(const struct cp *cp, const struct cp_turn *t, enum reason why)
{
	ppp_fx_refuse(t->fx, why, cp->ops->proto, t->p->code);
	if (why == REASON_OPT_LEN)
		ppp_fx_refuse_option(t->fx, ppp_opts_bad(t->p->data));
}

/* No agreement is possible: close, and keep the event that caused it. */
static void cp_give_up(struct cp *cp, enum cp_event ev, const struct cp_turn *t)
{
	cp_run(cp, CP_EV_CLOSE, t);
	cp->cause = (uint8_t)ev;
}

/* Keeps an acceptable request while the owner is not ready. */
static void cp_keep_request(struct cp *cp, struct cp_turn *t)
{
	bool told = cp->held_any;

	if (t->p->data.len > sizeof(cp->held)) {
		cp_refuse(cp, t, REASON_CP_LEN);
		return;
	}
	cp_run(cp, CP_EV_RCR_M, t);
	cp->held_any = true;
	cp->held_id = t->p->id;
	cp->held_len = (uint16_t)t->p->data.len;
	if (cp->held_len)
		memcpy(cp->held, t->p->data.p, cp->held_len);
	if (!told)
		cp->ops->ready(cp, t->fx);
}

static void cp_answer_request(struct cp *cp, struct cp_turn *t, struct wr *reply)
{
	bool no_nak = cp->nak_count >= cp->cfg->max_failure && !is_naked_before(cp, t->p->id);
	enum cp_verdict v = cp->ops->judge(cp, t->p->data, no_nak, reply);

	if (v == CP_DROP || reply->bad) {
		cp_refuse(cp, t, REASON_CP_LEN);
		return;
	}
	if (v == CP_ACK && cp->hold) {
		cp_keep_request(cp, t);
		return;
	}
	cp->held_any = false; /* a new request replaces the one that is held */
	t->reply = wr_done(reply);
	if (v == CP_NAK)
		t->answer = CP_CONF_NAK;
	else if (v == CP_REJ || t->reply.len)
		t->answer = CP_CONF_REJ;
	cp_run(cp, v == CP_ACK ? CP_EV_RCR_P : CP_EV_RCR_M, t);
	if (v == CP_CLOSE)
		cp_give_up(cp, CP_EV_RCR_M, t);
}

static void on_conf_req(struct cp *cp, struct cp_turn *t)
{
	uint8_t buf[CP_REPLY_MAX];
	struct wr reply = wr_init(buf, sizeof(buf));

	if (ppp_opts_check(t->p->data) < 0)
		cp_refuse(cp, t, REASON_OPT_LEN);
	else if (t->p->whole.len > CP_REPLY_MAX) /* the answer could exceed the peer's MRU */
		cp_refuse(cp, t, REASON_CP_LEN);
	else if (cp->state == CP_STOPPED || cp->state >= CP_REQ_SENT)
		cp_answer_request(cp, t, &reply);
	else
		cp_run(cp, CP_EV_RCR_P, t); /* the answer does not depend on the options */
}

static void on_conf_ack(struct cp *cp, struct cp_turn *t)
{
	if (t->p->id != cp->req_id) {
		cp_refuse(cp, t, REASON_CP_ID);
		return;
	}
	if (!span_eq(t->p->data, span_of(cp->req, cp->req_len))) {
		cp_refuse(cp, t, REASON_CP_MISMATCH);
		return;
	}
	cp->req_answered = true;
	cp->naks_seen = 0;
	if (cp->ops->acked && (cp->state == CP_REQ_SENT || cp->state == CP_ACK_SENT))
		cp->ops->acked(cp);
	cp_run(cp, CP_EV_RCA, t);
}

/* RFC 1661 5.4: a Reject lists options of our request unmodified and in the same order. */
static bool is_part_of_request(const struct cp *cp, struct span opts)
{
	struct rd ours = rd_span(span_of(cp->req, cp->req_len)), r = rd_span(opts);
	struct ppp_opt o, mine;

	while (ppp_opt_next(&r, &o) > 0) {
		do {
			if (ppp_opt_next(&ours, &mine) <= 0)
				return false;
		} while (!span_eq(mine.whole, o.whole));
	}
	return true;
}

/* True when every option of a Nak has a valid length for its type; unknown types pass. */
static bool fits(const struct cp *cp, struct span opts)
{
	struct rd r = rd_span(opts);
	struct ppp_opt o;

	while (ppp_opt_next(&r, &o) > 0)
		if (!cp->ops->nak_fits(&o))
			return false;
	return true;
}

static enum reason check_nak_rej(const struct cp *cp, const struct cp_pkt *p)
{
	if (p->id != cp->req_id)
		return REASON_CP_ID;
	if (ppp_opts_check(p->data) < 0 || (p->code == CP_CONF_NAK && !fits(cp, p->data)))
		return REASON_OPT_LEN;
	if (!p->data.len || (p->code == CP_CONF_REJ && !is_part_of_request(cp, p->data)))
		return REASON_CP_MISMATCH;
	return REASON_NONE;
}

/* The options of our request whose types appear in a Nak. */
static struct span naked_part(const struct cp *cp, struct span nak, struct wr *ret)
{
	struct rd ours = rd_span(span_of(cp->req, cp->req_len));
	struct ppp_opt mine, o;

	while (ppp_opt_next(&ours, &mine) > 0) {
		struct rd r = rd_span(nak);
		bool found = false;

		while (!found && ppp_opt_next(&r, &o) > 0)
			found = o.type == mine.type;
		if (found)
			wr_span(ret, mine.whole);
	}
	return wr_done(ret);
}

/* RFC 1661 4.6: after Max-Failure Naks in a row a peer should send a Reject, but some never do.
 * After that many, an option that is Nak'd again counts as rejected: we continue without it, or
 * close when it is required. Twice as many Naks mean that the peer will never agree. Returns -1 to
 * close. */
static int cp_follow(struct cp *cp, const struct cp_pkt *p)
{
	unsigned limit = cp->cfg->max_failure;
	uint8_t buf[sizeof(cp->req)];
	struct wr w = wr_init(buf, sizeof(buf));
	struct span dropped;

	if (p->code == CP_CONF_REJ)
		return cp->ops->rejected(cp, p->data);
	if (cp->naks_seen == 2 * limit)
		return -1;
	if (cp->naks_seen++ < limit)
		return cp->ops->naked(cp, p->data);
	dropped = naked_part(cp, p->data, &w);
	return dropped.len ? cp->ops->rejected(cp, dropped) : cp->ops->naked(cp, p->data);
}

static void on_nak_rej(struct cp *cp, struct cp_turn *t)
{
	enum reason why = check_nak_rej(cp, t->p);

	if (why != REASON_NONE) {
		cp_refuse(cp, t, why);
		return;
	}
	cp->req_answered = true;
	/* In other states it is late or crossed: it is an event, but our options do not change. */
	if ((cp->state == CP_REQ_SENT || cp->state == CP_ACK_SENT) && cp_follow(cp, t->p) < 0)
		cp_give_up(cp, CP_EV_RCN, t);
	else
		cp_run(cp, CP_EV_RCN, t);
}

/* RFC 1661 5.6: a rejected code is fatal only when the protocol needs it. */
static void on_code_rej(struct cp *cp, struct cp_turn *t)
{
	struct rd r = rd_span(t->p->data);
	uint8_t code = rd_u8(&r);

	if (r.bad)
		cp_refuse(cp, t, REASON_CP_LEN);
	else if (code >= CP_CONF_REQ && code <= CP_CODE_REJ)
		cp_run(cp, CP_EV_RXJ_M, t);
	else {
		cp_run(cp, CP_EV_RXJ_P, t);
		if (cp->ops->code_rejected)
			cp->ops->code_rejected(cp, code, t->fx);
	}
}

static void on_extra(struct cp *cp, struct cp_turn *t)
{
	if (t->p->code < LCP_ECHO_REQ || t->p->code > LCP_DISCARD_REQ) {
		cp->ops->extra(cp, t->p, t->fx);
		return;
	}
	if (cp->state != CP_OPENED)
		cp_refuse(cp, t, REASON_CP_STATE);
	cp_run(cp, CP_EV_RXR, t);
}

static bool knows_code(const struct cp *cp, uint8_t code)
{
	return code < 16 && (cp->ops->codes >> code & 1);
}

static void cp_dispatch(struct cp *cp, struct cp_turn *t)
{
	if (!knows_code(cp, t->p->code)) {
		cp_refuse(cp, t, REASON_CP_CODE);
		cp_run(cp, CP_EV_RUC, t);
		return;
	}
	switch (t->p->code) {
	case CP_CONF_REQ:
		on_conf_req(cp, t);
		break;
	case CP_CONF_ACK:
		on_conf_ack(cp, t);
		break;
	case CP_CONF_NAK:
	case CP_CONF_REJ:
		on_nak_rej(cp, t);
		break;
	case CP_TERM_REQ:
		cp_run(cp, CP_EV_RTR, t);
		break;
	case CP_TERM_ACK:
		cp_run(cp, CP_EV_RTA, t);
		break;
	case CP_CODE_REJ:
		on_code_rej(cp, t);
		break;
	default:
		on_extra(cp, t);
		break;
	}
}

void cp_input(struct cp *cp, struct span info, ze_ns now, struct ppp_fx *fx)
{
	struct cp_turn t = { .fx = fx };
	struct cp_pkt p = { 0 };
	int r = cp_pkt_parse(info, &p);

	cp->now = now;
	t.p = &p;
	if (r < 0)
		cp_refuse(cp, &t, (enum reason) - r);
	else if (cp->state < CP_CLOSED) /* the layer below is down */
		cp_refuse(cp, &t, REASON_CP_STATE);
	else
		cp_dispatch(cp, &t);
}

void cp_release(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	struct cp_pkt p = { .code = CP_CONF_REQ,
			    .id = cp->held_id,
			    .data = span_of(cp->held, cp->held_len) };

	cp->now = now;
	if (!cp->held_any)
		return;
	cp->held_any = false;
	cp_run(cp, CP_EV_RCR_P, &(struct cp_turn){ .fx = fx, .p = &p });
}

/* ---------------------------------------------------------------- options */

#define NAK_MAX 128 /* octets; room for each known option once */

enum cp_verdict cp_judge_each(struct cp *cp, struct span opts, bool no_nak, struct wr *reply,
			      cp_judge_opt *judge)
{
	bool seen[256] = { false };
	uint8_t buf[NAK_MAX];
	struct wr nak = wr_init(buf, sizeof(buf));
	struct rd r = rd_span(opts);
	struct ppp_opt o;

	while (ppp_opt_next(&r, &o) > 0) {
		enum cp_verdict v = seen[o.type] ? CP_REJ : judge(cp, &o, &nak);

		seen[o.type] = true;
		if (v == CP_DROP || v == CP_CLOSE)
			return v;
		if (v == CP_REJ || (v == CP_NAK && no_nak))
			wr_span(reply, o.whole);
	}
	if (wr_len(reply))
		return CP_REJ;
	wr_span(reply, wr_done(&nak));
	return wr_len(&nak) ? CP_NAK : CP_ACK;
}

bool cp_opt_find(struct span opts, uint8_t type, size_t len, struct ppp_opt *ret)
{
	struct rd r = rd_span(opts);
	struct ppp_opt o;

	while (ppp_opt_next(&r, &o) > 0) {
		if (o.type != type)
			continue;
		if (o.value.len != len)
			return false;
		*ret = o;
		return true;
	}
	return false;
}
