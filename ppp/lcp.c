/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 1661 5.7-5.9 and 6, RFC 1570 2. The automaton is ppp/cp.
 *
 * We request MRU, Auth-Protocol and Magic-Number. A Nak of the MRU is followed within the range
 * from mru_min to our own MRU. A Nak of the authentication method selects the method it names when
 * that one is allowed, otherwise the next one of the list, and never none. Echo-Requests with a
 * magic number that is neither the peer's nor ours are counted and answered, since there is no gain
 * in letting such a peer believe that the line is dead.
 *
 * Loops: a Configure-Request with our own magic number gets a Nak with that option alone (required
 * by RFC 1661 6.4). Otherwise a looped line would first reject our own Auth-Protocol.
 */
#include "ppp/lcp.h"

#include <errno.h>
#include <string.h>

#define LOOPS_MAX    5	    /* own magic numbers in a row that mean a loop */
#define LCP_CODES    0x3ffe /* 1 .. 13 */
#define MRU_MAX	     1500
#define ACCM_UNKNOWN 0xffffffff

static struct lcp *lcp_of(struct cp *cp)
{
	return (struct lcp *)cp;
}

static int new_magic(const struct rng *rng, uint32_t *ret)
{
	uint32_t m = 0;

	while (!m) {
		int r = rng_fill(rng, &m, sizeof(m));

		if (r < 0)
			return r;
	}
	*ret = m;
	return 0;
}

static void note_end(struct lcp *l, enum ppp_end end)
{
	if (l->end == PPP_END_NONE)
		l->end = end;
}

/* Returns true when there were enough of them to call it a loop. */
static bool count_loop(struct lcp *l)
{
	if (++l->collisions < LOOPS_MAX)
		return false;
	note_end(l, PPP_END_LOOP);
	return true;
}

/* ---------------------------------------------------------------- our request */

static const struct auth_value {
	uint8_t len, octets[3];
} auth_values[PPP_AUTH__COUNT] = {
	[PPP_AUTH_PAP] = { 2, { 0xc0, 0x23 } },
	[PPP_AUTH_CHAP_MD5] = { 3, { 0xc2, 0x23, CHAP_ALG_MD5 } },
	[PPP_AUTH_MSCHAPV2] = { 3, { 0xc2, 0x23, CHAP_ALG_MSCHAP2 } },
};

enum ppp_auth_method lcp_auth_method(const struct lcp *l)
{
	return l->want_auth && l->auth_at < l->cfg->n_auth ? l->cfg->auth[l->auth_at] :
							     PPP_AUTH_NONE;
}

static void lcp_request(struct cp *cp, struct wr *opts)
{
	const struct lcp *l = lcp_of(cp);
	const struct auth_value *a = &auth_values[lcp_auth_method(l)];

	if (l->want_mru)
		ppp_opt_put_u16(opts, LCP_OPT_MRU, l->mru);
	if (a->len)
		ppp_opt_put(opts, LCP_OPT_AUTH, span_of(a->octets, a->len));
	if (l->want_magic)
		ppp_opt_put_u32(opts, LCP_OPT_MAGIC, l->magic);
}

static void follow_mru(struct lcp *l, struct rd r)
{
	uint16_t v = rd_u16(&r);
	uint16_t most = l->cfg->mru < MRU_MAX ? l->cfg->mru : MRU_MAX;

	if (r.bad || rd_left(&r))
		return;
	v = v > l->cfg->mru_min ? v : l->cfg->mru_min;
	l->mru = v < most ? v : most;
}

static bool is_chap(enum ppp_auth_method m)
{
	return m == PPP_AUTH_CHAP_MD5 || m == PPP_AUTH_MSCHAPV2;
}

/* True when a Nak with this value asks for the method. Some peers send C223 without an algorithm,
 * which means any CHAP. */
static bool names_method(struct span value, enum ppp_auth_method m)
{
	const struct auth_value *a = &auth_values[m];

	if (value.len == 2 && is_chap(m))
		return memcmp(value.p, a->octets, 2) == 0;
	return a->len && span_eq(value, span_of(a->octets, a->len));
}

/* The first method of the list that was not refused and, when a value is given, that it names. */
static uint8_t pick_auth(const struct lcp *l, const struct span *value)
{
	uint8_t i = 0;

	while (i < l->cfg->n_auth && (l->refused_auth >> l->cfg->auth[i] & 1 ||
				      (value && !names_method(*value, l->cfg->auth[i]))))
		i++;
	return i;
}

static int follow_auth(struct lcp *l, struct span value)
{
	enum ppp_auth_method now = lcp_auth_method(l);

	if (now == PPP_AUTH_NONE) /* we did not request it */
		return 0;
	if (!span_eq(value, span_of(auth_values[now].octets, auth_values[now].len)))
		l->refused_auth |= 1u << now;
	l->auth_at = pick_auth(l, &value);
	if (l->auth_at == l->cfg->n_auth)
		l->auth_at = pick_auth(l, NULL);
	if (l->auth_at < l->cfg->n_auth)
		return 0;
	l->auth_refused = true;
	note_end(l, PPP_END_AUTH_REFUSED);
	return -1;
}

static bool lcp_nak_fits(const struct ppp_opt *o)
{
	switch (o->type) {
	case LCP_OPT_MRU:
		return o->value.len == 2;
	case LCP_OPT_AUTH:
		return o->value.len >= 2;
	case LCP_OPT_MAGIC:
	case LCP_OPT_ACCM:
		return o->value.len == 4;
	default:
		return true;
	}
}

static int lcp_naked(struct cp *cp, struct span opts)
{
	struct lcp *l = lcp_of(cp);
	struct rd r = rd_span(opts);
	struct ppp_opt o;
	int ret = 0;

	while (ret == 0 && ppp_opt_next(&r, &o) > 0) {
		if (o.type == LCP_OPT_MRU && l->want_mru)
			follow_mru(l, rd_span(o.value));
		else if (o.type == LCP_OPT_AUTH)
			ret = follow_auth(l, o.value);
		else if (o.type == LCP_OPT_MAGIC && l->want_magic)
			ret = new_magic(l->rng, &l->magic) < 0 ? -1 : 0;
	}
	return ret;
}

static int lcp_rejected(struct cp *cp, struct span opts)
{
	struct lcp *l = lcp_of(cp);
	struct rd r = rd_span(opts);
	struct ppp_opt o;

	while (ppp_opt_next(&r, &o) > 0) {
		if (o.type == LCP_OPT_MRU) {
			l->want_mru = false;
			l->mru = PPP_MRU_DEFAULT;
		} else if (o.type == LCP_OPT_MAGIC) {
			l->want_magic = false;
			l->magic = 0;
		} else {
			l->auth_refused = true;
			l->want_auth = false;
		}
	}
	if (!l->auth_refused || l->cfg->allow_no_auth)
		return 0;
	note_end(l, PPP_END_AUTH_REFUSED);
	return -1;
}

/* ---------------------------------------------------------------- the peer's request */

static enum cp_verdict judge_mru(const struct lcp *l, struct span value, struct wr *nak)
{
	struct rd r = rd_span(value);

	if (value.len != 2)
		return CP_REJ;
	if (rd_u16(&r) >= l->cfg->mru_min)
		return CP_ACK;
	ppp_opt_put_u16(nak, LCP_OPT_MRU, l->cfg->mru_min);
	return CP_NAK;
}

static enum cp_verdict nak_magic(const struct lcp *l, struct wr *nak)
{
	uint32_t other = l->magic;

	while (other == l->magic)
		if (new_magic(l->rng, &other) < 0)
			return CP_DROP;
	ppp_opt_put_u32(nak, LCP_OPT_MAGIC, other);
	return CP_NAK;
}

/* Evaluates a magic number that is not ours; lcp_judge() has handled that case. */
static enum cp_verdict judge_magic(const struct lcp *l, struct span value, struct wr *nak)
{
	struct rd r = rd_span(value);

	if (value.len != 4)
		return CP_REJ;
	return rd_u32(&r) ? CP_ACK : nak_magic(l, nak); /* RFC 1661 6.4: zero is illegal */
}

static enum cp_verdict lcp_judge_opt(struct cp *cp, const struct ppp_opt *o, struct wr *nak)
{
	const struct lcp *l = lcp_of(cp);

	switch (o->type) {
	case LCP_OPT_MRU:
		return judge_mru(l, o->value, nak);
	case LCP_OPT_ACCM: /* no meaning on a synchronous line */
		return o->value.len == 4 ? CP_ACK : CP_REJ;
	case LCP_OPT_MAGIC:
		return judge_magic(l, o->value, nak);
	case LCP_OPT_PFC:
	case LCP_OPT_ACFC:
		return o->value.len == 0 ? CP_ACK : CP_REJ;
	default: /* includes Auth-Protocol: ze does not authenticate to subscribers */
		return CP_REJ;
	}
}

static uint32_t opt_u32(const struct ppp_opt *o)
{
	struct rd r = rd_span(o->value);

	return rd_u32(&r);
}

static enum cp_verdict lcp_judge(struct cp *cp, struct span opts, bool no_nak, struct wr *reply)
{
	struct lcp *l = lcp_of(cp);
	struct ppp_opt o;

	if (l->magic && cp_opt_find(opts, LCP_OPT_MAGIC, 4, &o) && opt_u32(&o) == l->magic)
		return count_loop(l) ? CP_CLOSE : nak_magic(l, reply);
	l->collisions = 0;
	return cp_judge_each(cp, opts, no_nak, reply, lcp_judge_opt);
}

static void lcp_agreed(struct cp *cp, struct span opts)
{
	struct lcp *l = lcp_of(cp);
	struct ppp_opt o;

	l->peer_mru = PPP_MRU_DEFAULT;
	if (cp_opt_find(opts, LCP_OPT_MRU, 2, &o)) {
		struct rd r = rd_span(o.value);

		l->peer_mru = rd_u16(&r);
	}
	cp->peer_mru = l->peer_mru;
	l->peer_magic = cp_opt_find(opts, LCP_OPT_MAGIC, 4, &o) ? opt_u32(&o) : 0;
	l->peer_accm = cp_opt_find(opts, LCP_OPT_ACCM, 4, &o) ? opt_u32(&o) : ACCM_UNKNOWN;
	l->peer_pfc = cp_opt_find(opts, LCP_OPT_PFC, 0, &o);
	l->peer_acfc = cp_opt_find(opts, LCP_OPT_ACFC, 0, &o);
}

/* ---------------------------------------------------------------- layers */

static void lcp_layer_up(struct cp *cp, struct ppp_fx *fx)
{
	struct lcp *l = lcp_of(cp);

	echo_start(&l->echo, cp->now);
	if (l->listener->on_up)
		l->listener->on_up(l, fx);
}

/* What we request at first. */
static void request_our_own(struct lcp *l)
{
	l->want_mru = l->cfg->mru != 0;
	l->mru = l->want_mru && l->cfg->mru < MRU_MAX ? l->cfg->mru : MRU_MAX;
	l->want_magic = true;
	l->want_auth = l->cfg->n_auth > 0;
	l->auth_at = 0;
}

static void lcp_layer_down(struct cp *cp, struct ppp_fx *fx)
{
	struct lcp *l = lcp_of(cp);

	echo_stop(&l->echo);
	if (l->proxied) {
		l->proxied = false;
		request_our_own(l);
		if (!l->magic && new_magic(l->rng, &l->magic) < 0)
			l->want_magic = false;
	}
	if (l->listener->on_down)
		l->listener->on_down(l, fx);
}

static void lcp_layer_finished(struct cp *cp, struct ppp_fx *fx)
{
	struct lcp *l = lcp_of(cp);

	if (cp->cause == CP_EV_RTR)
		note_end(l, PPP_END_PEER);
	else if (cp->cause == CP_EV_RXJ_M)
		note_end(l, PPP_END_REJECTED);
	else if (cp->cause != CP_EV_CLOSE) /* silence, or too many Naks */
		note_end(l, PPP_END_LCP_TIMEOUT);
	if (l->listener->on_finished)
		l->listener->on_finished(l, l->end, fx);
}

/* ---------------------------------------------------------------- codes above 7 */

/* RFC 1661 5.7: fatal for LCP itself; for other protocols it is valid in Opened only. */
static void on_proto_rej(struct lcp *l, const struct cp_pkt *p, struct ppp_fx *fx)
{
	struct rd r = rd_span(p->data);
	uint16_t proto = rd_u16(&r);

	if (r.bad)
		ppp_fx_refuse(fx, REASON_CP_LEN, PPP_LCP, p->code);
	else if (proto == PPP_LCP)
		cp_protocol_rejected(&l->cp, l->cp.now, fx);
	else if (l->cp.state != CP_OPENED)
		ppp_fx_refuse(fx, REASON_CP_STATE, PPP_LCP, p->code);
	else if (l->listener->on_protocol_rejected)
		l->listener->on_protocol_rejected(l, proto, l->cp.now, fx);
}

static void send_echo_reply(const struct lcp *l, uint8_t id, struct span data, struct ppp_fx *fx)
{
	struct wr w = ppp_fx_cp(fx, PPP_LCP, LCP_ECHO_REPLY, id);

	size_t room = l->peer_mru > 8u ? l->peer_mru - 8u : 0;

	wr_u32(&w, l->magic);
	wr_bytes(&w, data.p, data.len < room ? data.len : room);
	ppp_fx_cp_end(fx, &w);
}

static void on_echo_req(struct lcp *l, const struct cp_pkt *p, struct ppp_fx *fx)
{
	struct rd r = rd_span(p->data);
	uint32_t magic = rd_u32(&r);

	if (r.bad) {
		ppp_fx_refuse(fx, REASON_CP_LEN, PPP_LCP, p->code);
		return;
	}
	if (magic && magic == l->magic) {
		ppp_fx_refuse(fx, REASON_ECHO_LOOP, PPP_LCP, p->code);
		if (count_loop(l))
			cp_close(&l->cp, l->cp.now, fx);
		return;
	}
	l->collisions = 0;
	if (magic && magic != l->peer_magic)
		ppp_fx_refuse(fx, REASON_ECHO_MAGIC, PPP_LCP, p->code);
	send_echo_reply(l, p->id, rd_rest(&r), fx);
}

/* Discard-Request, Identification and Time-Remaining are ignored. */
static void lcp_extra(struct cp *cp, const struct cp_pkt *p, struct ppp_fx *fx)
{
	struct lcp *l = lcp_of(cp);

	if (p->code == LCP_PROTO_REJ)
		on_proto_rej(l, p, fx);
	else if (p->code == LCP_ECHO_REQ)
		on_echo_req(l, p, fx);
	else if (p->code == LCP_ECHO_REPLY)
		echo_reply(&l->echo, p, (struct echo_magic){ l->magic, l->peer_magic }, cp->now,
			   fx);
}

/* A peer without Echo is not dead: none are sent until LCP opens again. */
static void lcp_code_rejected(struct cp *cp, uint8_t code, struct ppp_fx *fx)
{
	struct lcp *l = lcp_of(cp);

	if (code != LCP_ECHO_REQ || l->echo.next_send == ZE_NEVER)
		return;
	echo_reject(&l->echo);
	ppp_fx_refuse(fx, REASON_ECHO_REJECTED, PPP_LCP, CP_CODE_REJ);
}

static const struct cp_ops lcp_ops = {
	.name = "lcp",
	.proto = PPP_LCP,
	.codes = LCP_CODES,
	.request = lcp_request,
	.judge = lcp_judge,
	.agreed = lcp_agreed,
	.nak_fits = lcp_nak_fits,
	.naked = lcp_naked,
	.rejected = lcp_rejected,
	.up = lcp_layer_up,
	.down = lcp_layer_down,
	.finished = lcp_layer_finished,
	.code_rejected = lcp_code_rejected,
	.extra = lcp_extra,
};

/* ---------------------------------------------------------------- calls of the owner */

int lcp_init(struct lcp *l, const struct lcp_cfg *cfg, const struct rng *rng)
{
	static const struct lcp_listener nobody;

	memset(l, 0, sizeof(*l));
	l->listener = &nobody;
	cp_init(&l->cp, &lcp_ops, &cfg->cp);
	l->cfg = cfg;
	l->rng = rng;
	echo_init(&l->echo, &cfg->echo);
	request_our_own(l);
	l->peer_mru = PPP_MRU_DEFAULT;
	l->peer_accm = ACCM_UNKNOWN;
	return new_magic(rng, &l->magic);
}

void lcp_reject_protocol(struct lcp *l, const struct ppp_frame *f, struct ppp_fx *fx)
{
	size_t mru = l->peer_mru < PPP_MRU_DEFAULT ? l->peer_mru : PPP_MRU_DEFAULT;
	size_t room = mru > 6 ? mru - 6 : 0;
	struct wr w;

	if (l->cp.state != CP_OPENED)
		return;
	w = ppp_fx_cp(fx, PPP_LCP, LCP_PROTO_REJ, l->cp.next_id++);
	wr_u16(&w, f->proto);
	wr_bytes(&w, f->info.p, f->info.len < room ? f->info.len : room);
	ppp_fx_cp_end(fx, &w);
}

/* ---- negotiated by a LAC ---- */

/* The index of a method in the configured list; after a restart it may have changed. */
static uint8_t auth_place(const struct lcp *l, uint8_t method)
{
	uint8_t i = 0;

	while (i < l->cfg->n_auth && l->cfg->auth[i] != method)
		i++;
	return i;
}

static enum ppp_auth_method method_of(const struct lcp *l, struct span value)
{
	for (unsigned i = 0; i < l->cfg->n_auth; i++) {
		const struct auth_value *a = &auth_values[l->cfg->auth[i]];

		if (span_eq(value, span_of(a->octets, a->len)))
			return l->cfg->auth[i];
	}
	return PPP_AUTH_NONE;
}

/* True when the LAC's option could be one of ours. Compressed headers, which we never ask for, are
 * accepted from every peer, and an ACCM has no meaning here. */
static bool could_be_ours(const struct lcp *l, const struct ppp_opt *o, bool any_mru)
{
	struct rd r = rd_span(o->value);
	uint16_t mru;

	switch (o->type) {
	case LCP_OPT_MRU:
		mru = rd_u16(&r);
		return o->value.len == 2 && mru >= l->cfg->mru_min &&
		       (any_mru || (l->cfg->mru && mru <= l->cfg->mru));
	case LCP_OPT_AUTH:
		return method_of(l, o->value) != PPP_AUTH_NONE;
	case LCP_OPT_MAGIC:
		return o->value.len == 4 && rd_u32(&r) != 0;
	case LCP_OPT_ACCM:
		return o->value.len == 4;
	case LCP_OPT_PFC:
	case LCP_OPT_ACFC:
		return o->value.len == 0;
	default:
		return false;
	}
}

enum reason lcp_proxy_check(struct lcp *l, const struct lcp_proxy *p,
			    enum ppp_auth_method *ret_auth, uint8_t *ret_option)
{
	uint8_t buf[CP_REPLY_MAX];
	struct wr reply = wr_init(buf, sizeof(buf));
	struct rd r = rd_span(p->sent);
	struct ppp_opt o, other;
	uint32_t seen = 0;

	*ret_auth = PPP_AUTH_NONE;
	*ret_option = 0;
	if (ppp_opts_check(p->sent) < 0 || ppp_opts_check(p->received) < 0)
		return REASON_PROXY_LCP;
	while (ppp_opt_next(&r, &o) > 0) {
		*ret_option = o.type;
		if (!could_be_ours(l, &o, p->any_mru) || seen >> o.type & 1)
			return REASON_PROXY_OPTION;
		seen |= 1u << o.type;
		if (o.type == LCP_OPT_AUTH)
			*ret_auth = method_of(l, o.value);
	}
	if (cp_judge_each(&l->cp, p->received, false, &reply, lcp_judge_opt) != CP_ACK ||
	    reply.bad) {
		*ret_option = wr_len(&reply) ? buf[0] : 0;
		return REASON_PROXY_OPTION;
	}
	*ret_option = LCP_OPT_MAGIC; /* equal ones: the line is looped back */
	if (cp_opt_find(p->sent, LCP_OPT_MAGIC, 4, &o) &&
	    cp_opt_find(p->received, LCP_OPT_MAGIC, 4, &other) && span_eq(o.value, other.value))
		return REASON_PROXY_OPTION;
	return REASON_NONE;
}

void lcp_adopt(struct lcp *l, const struct lcp_proxy *p, ze_ns now)
{
	struct rd r = rd_span(p->sent);
	struct ppp_opt o;

	l->proxied = true;
	l->want_mru = l->want_magic = l->want_auth = false;
	l->mru = PPP_MRU_DEFAULT;
	l->magic = 0;
	while (ppp_opt_next(&r, &o) > 0) {
		struct rd value = rd_span(o.value);

		if (o.type == LCP_OPT_MRU) {
			uint16_t mru = rd_u16(&value);

			l->want_mru = true;
			l->mru = mru < MRU_MAX ? mru : MRU_MAX;
		} else if (o.type == LCP_OPT_MAGIC) {
			l->want_magic = true;
			l->magic = rd_u32(&value);
		} else if (o.type == LCP_OPT_AUTH) {
			l->want_auth = true;
			l->auth_at = auth_place(l, (uint8_t)method_of(l, o.value));
		}
	}
	lcp_agreed(&l->cp, p->received);
	cp_restore(&l->cp, CP_OPENED, (struct cp_ids){ .next = 1 });
	echo_start(&l->echo, now);
}

/* ---- restart record ---- */

enum { /* tags are never used again for something else */
	SAVED_FLAGS = 1,
	SAVED_AUTH_METHOD,
	SAVED_NEXT_ID,
	SAVED_REQUEST_ID,
	SAVED_MRU,
	SAVED_MAGIC,
	SAVED_PEER_MRU,
	SAVED_PEER_MAGIC,
	SAVED_PEER_ACCM,
	SAVED__COUNT
};

enum saved_flags { /* the first three: an option of ours that the peer has acknowledged */
	SAVED_HAS_MRU = 1,
	SAVED_HAS_MAGIC = 2,
	SAVED_HAS_AUTH = 4,
	SAVED_PEER_PFC = 8,
	SAVED_PEER_ACFC = 16,
	SAVED_AUTH_REFUSED = 32,
	SAVED_ECHO_REJECTED = 64, /* since version 2 of session records */
	SAVED_PROXIED = 128	  /* a reader without it negotiates the adopted options again */
};

static const struct tlv_field lcp_fields[] = {
	[SAVED_FLAGS] = TLV_OPTIONAL("flags", 1, 1, "0; unknown bits are ignored"),
	[SAVED_AUTH_METHOD] = TLV_OPTIONAL("auth-method", 1, 1, "0, none"),
	[SAVED_NEXT_ID] = TLV_OPTIONAL("next-id", 1, 1, "0"),
	[SAVED_REQUEST_ID] = TLV_OPTIONAL("request-id", 1, 1, "0"),
	[SAVED_MRU] = TLV_OPTIONAL("mru", 2, 2, "1500"),
	[SAVED_MAGIC] = TLV_OPTIONAL("magic", 4, 4, "0, none"),
	[SAVED_PEER_MRU] = TLV_OPTIONAL("peer-mru", 2, 2, "1500"),
	[SAVED_PEER_MAGIC] = TLV_OPTIONAL("peer-magic", 4, 4, "0, none"),
	[SAVED_PEER_ACCM] = TLV_OPTIONAL("peer-accm", 4, 4, "not said"),
};

const struct tlv_table lcp_saved = { "lcp", lcp_fields, SAVED__COUNT };

static uint8_t saved_flags(const struct lcp *l)
{
	return (uint8_t)((l->want_mru ? SAVED_HAS_MRU : 0) | (l->want_magic ? SAVED_HAS_MAGIC : 0) |
			 (l->want_auth ? SAVED_HAS_AUTH : 0) | (l->peer_pfc ? SAVED_PEER_PFC : 0) |
			 (l->peer_acfc ? SAVED_PEER_ACFC : 0) |
			 (l->auth_refused ? SAVED_AUTH_REFUSED : 0) |
			 (l->echo.rejected ? SAVED_ECHO_REJECTED : 0) |
			 (l->proxied ? SAVED_PROXIED : 0));
}

void lcp_save(const struct lcp *l, struct wr *w)
{
	tlv_opt_u8(w, SAVED_FLAGS, saved_flags(l));
	tlv_opt_u8(w, SAVED_AUTH_METHOD, (uint8_t)lcp_auth_method(l));
	tlv_opt_u8(w, SAVED_NEXT_ID, l->cp.next_id);
	tlv_opt_u8(w, SAVED_REQUEST_ID, l->cp.req_id);
	if (l->mru != PPP_MRU_DEFAULT)
		tlv_put_u16(w, SAVED_MRU, l->mru);
	tlv_opt_u32(w, SAVED_MAGIC, l->magic);
	if (l->peer_mru != PPP_MRU_DEFAULT)
		tlv_put_u16(w, SAVED_PEER_MRU, l->peer_mru);
	tlv_opt_u32(w, SAVED_PEER_MAGIC, l->peer_magic);
	if (l->peer_accm != ACCM_UNKNOWN)
		tlv_put_u32(w, SAVED_PEER_ACCM, l->peer_accm);
}

static void restore_flags(struct lcp *l, uint8_t flags)
{
	l->want_mru = flags & SAVED_HAS_MRU;
	l->want_magic = flags & SAVED_HAS_MAGIC;
	l->want_auth = flags & SAVED_HAS_AUTH;
	l->peer_pfc = flags & SAVED_PEER_PFC;
	l->peer_acfc = flags & SAVED_PEER_ACFC;
	l->auth_refused = flags & SAVED_AUTH_REFUSED;
	l->proxied = flags & SAVED_PROXIED;
}

enum reason lcp_restore(struct lcp *l, struct span saved, ze_ns now)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&lcp_saved, saved, f);
	uint8_t method;

	if (why != REASON_NONE)
		return why;
	restore_flags(l, tlv_u8(f[SAVED_FLAGS], 0));
	method = tlv_u8(f[SAVED_AUTH_METHOD], PPP_AUTH_NONE);
	l->mru = tlv_u16(f[SAVED_MRU], PPP_MRU_DEFAULT);
	l->magic = l->want_magic ? tlv_u32(f[SAVED_MAGIC], 0) : 0;
	l->want_magic = l->magic != 0;
	l->peer_mru = tlv_u16(f[SAVED_PEER_MRU], PPP_MRU_DEFAULT);
	l->peer_magic = tlv_u32(f[SAVED_PEER_MAGIC], 0);
	l->peer_accm = tlv_u32(f[SAVED_PEER_ACCM], ACCM_UNKNOWN);
	l->auth_at = auth_place(l, method);
	if (method >= PPP_AUTH__COUNT || l->mru < l->cfg->mru_min || l->mru > MRU_MAX ||
	    l->peer_mru < l->cfg->mru_min)
		return REASON_RESUME_RECORD;
	l->cp.peer_mru = l->peer_mru;
	cp_restore(&l->cp, CP_OPENED,
		   (struct cp_ids){ .next = tlv_u8(f[SAVED_NEXT_ID], 0),
				    .req = tlv_u8(f[SAVED_REQUEST_ID], 0) });
	echo_restore(&l->echo, l->magic, now);
	if (tlv_u8(f[SAVED_FLAGS], 0) & SAVED_ECHO_REJECTED)
		echo_reject(&l->echo);
	return REASON_NONE;
}

ze_ns lcp_deadline(const struct lcp *l)
{
	return ze_min_ns(cp_deadline(&l->cp), echo_deadline(&l->echo));
}

void lcp_expire(struct lcp *l, ze_ns now, struct ppp_fx *fx)
{
	cp_expire(&l->cp, now, fx);
	if (echo_expire(&l->echo, l->magic, now, fx))
		return;
	note_end(l, PPP_END_ECHO);
	cp_close(&l->cp, now, fx);
}
