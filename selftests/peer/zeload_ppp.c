/* SPDX-License-Identifier: BSD-2-Clause */
/* A PPP client that requests little and accepts what it must: LCP, IPCP with DNS, IPv6CP (RFC
 * 1661, 1332, 1877, 5072). Requests are repeated until answered. */
#include <stdlib.h>
#include <string.h>

#include "selftests/peer/zeload.h"

static void check_up(struct session *s)
{
	for (int i = 0; i < N_COUNT; i++)
		if (s->cp[i].wanted && !(s->cp[i].mine_acked && s->cp[i].theirs_acked))
			return;
	if (s->state == S_PPP && s->authed)
		session_up(s);
}

static void put_opt(struct body *o, unsigned type, const void *value, size_t len)
{
	o->b[o->len] = (uint8_t)type;
	o->b[o->len + 1] = (uint8_t)(len + 2);
	memcpy(o->b + o->len + 2, value, len);
	o->len += len + 2;
}

void send_code(struct session *s, unsigned proto, const uint8_t head[2], const struct body *o)
{
	uint8_t *b = outbox_room(s->t->out), *p = data_head(s, b);

	put16(p, proto);
	p[2] = head[0];
	p[3] = head[1];
	put16(p + 4, (unsigned)(4 + o->len));
	memcpy(p + 6, o->b, o->len);
	outbox_put(s->t->out, b, (size_t)(p - b) + 6 + o->len);
}

static bool rejected(const struct cp *c, unsigned slot)
{
	return c->rejected & 1u << slot;
}

/* Maps option types to bit numbers: LCP 1, 5 and IPCP 3, 129, 131 and IPv6CP 1 stay distinct. */
static unsigned slot_of(unsigned type)
{
	return type == 129 ? 6 : type == 131 ? 7 : type < 6 ? type : 0;
}

size_t lcp_options(struct session *s, uint8_t ret[static 16])
{
	const struct cp *c = &s->cp[N_LCP];
	struct body o = { .len = 0 };
	uint8_t v[4];

	put16(v, s->mru);
	if (!rejected(c, 1))
		put_opt(&o, 1, v, 2);
	put32(v, s->magic);
	if (!rejected(c, 5))
		put_opt(&o, 5, v, 4);
	memcpy(ret, o.b, o.len);
	return o.len;
}

static void send_conf_req(struct session *s, enum ncp n)
{
	struct cp *c = &s->cp[n];
	struct body o = { .len = 0 };
	uint8_t v[4];

	c->id++;
	if (n == N_LCP) {
		o.len = lcp_options(s, o.b);
	} else if (n == N_IPCP) {
		put32(v, s->addr);
		put_opt(&o, 3, v, 4);
		for (int i = 0; i < 2; i++) {
			put32(v, s->dns[i]);
			if (!rejected(c, 6 + (unsigned)i))
				put_opt(&o, i ? 131 : 129, v, 4);
		}
	} else {
		put_opt(&o, 1, s->ifid, 8);
	}
	send_code(s, c->proto, (const uint8_t[]){ CONF_REQ, c->id }, &o);
}

void start_ncps(struct session *s)
{
	if (s->authed)
		return;
	s->authed = true;
	for (int i = N_IPCP; i < N_COUNT; i++)
		if (s->cp[i].wanted)
			send_conf_req(s, (enum ncp)i);
	check_up(s);
}

static void lcp_maybe_open(struct session *s)
{
	const struct cp *c = &s->cp[N_LCP];

	if (!c->mine_acked || !c->theirs_acked || s->authed)
		return;
	if (!s->auth)
		start_ncps(s);
	else
		client_auth_start(s);
}

/* The answer to one option of the peer's request: CONF_ACK, CONF_NAK or CONF_REJ. */
static unsigned judge(struct session *s, enum ncp n, const uint8_t *o)
{
	if (n == N_IPCP)
		return o[0] == 3 && o[1] == 6 ? CONF_ACK : CONF_REJ;
	if (n == N_IPV6CP)
		return o[0] == 1 && o[1] == 10 ? CONF_ACK : CONF_REJ;
	switch (o[0]) {
	case 1: /* MRU */
	case 2: /* ACCM */
	case 5: /* magic number */
		return CONF_ACK;
	case 3:
		s->auth = auth_is_ours(o);
		return s->auth ? CONF_ACK : CONF_NAK;
	default:
		return CONF_REJ;
	}
}

static void on_conf_req(struct session *s, enum ncp n, const uint8_t *p, size_t len)
{
	struct body answer[CONF_REJ + 1] = { 0 };
	struct cp *c = &s->cp[n];
	unsigned worst = CONF_ACK;

	for (size_t i = 4; i < len; i += p[i + 1]) {
		if (i + 2 > len || p[i + 1] < 2 || i + p[i + 1] > len)
			return;
		unsigned v = judge(s, n, p + i);

		if (v == CONF_NAK)
			put_opt(&answer[v], 3, opt.auth->option, opt.auth->option_len);
		else
			put_opt(&answer[v], p[i], p + i + 2, p[i + 1] - 2u);
		worst = v > worst ? v : worst;
	}
	/* RFC 1661 4.1: an opened protocol is negotiated again. */
	if (c->mine_acked && c->theirs_acked && (n != N_LCP || opt.proxy)) {
		c->mine_acked = false;
		send_conf_req(s, n);
	}
	send_code(s, c->proto, (const uint8_t[]){ (uint8_t)worst, p[1] }, &answer[worst]);
	c->theirs_acked = worst == CONF_ACK;
}

/* The value that the peer suggests instead of the requested one (RFC 1661 5.3). */
static void take_nak(struct session *s, enum ncp n, const uint8_t *o)
{
	if (n == N_LCP && o[0] == 1 && o[1] == 4) {
		s->mru = (uint16_t)get16(o + 2);
	} else if (n == N_LCP && o[0] == 5 && o[1] == 6) {
		fill_random(&s->magic, sizeof(s->magic)); /* RFC 1661 6.4: a new magic number */
	} else if (n == N_IPCP && o[1] == 6) {
		if (o[0] == 3)
			s->addr = get32(o + 2);
		else if (o[0] == 129 || o[0] == 131)
			s->dns[o[0] == 131] = get32(o + 2);
	} else if (n == N_IPV6CP && o[0] == 1 && o[1] == 10) {
		memcpy(s->ifid, o + 2, 8);
	}
}

static void on_nak_or_rej(struct session *s, enum ncp n, const uint8_t *p, size_t len)
{
	for (size_t i = 4; i + 2 <= len && p[i + 1] >= 2 && i + p[i + 1] <= len; i += p[i + 1]) {
		if (p[0] == CONF_NAK)
			take_nak(s, n, p + i);
		else
			s->cp[n].rejected |= (uint8_t)(1u << slot_of(p[i]));
	}
	send_conf_req(s, n);
}

/* Delayed Echo-Replies; all have the same delay, so the first is due first. */
struct echo {
	struct echo *next;
	struct session *s;
	int64_t due;
	uint8_t id;
	size_t len;
	uint8_t data[];
};
static struct echo *echoes, **echoes_end = &echoes;

static void echo_reply(struct session *s, uint8_t id, const uint8_t *data, size_t len)
{
	struct body o = { .len = len };

	memcpy(o.b, data, len);
	put32(o.b, s->magic);
	send_code(s, LCP, (const uint8_t[]){ ECHO_REP, id }, &o);
	world.echo_answered++;
}

static void on_echo(struct session *s, const uint8_t *p, size_t len)
{
	struct echo *e;

	if (len < 8)
		return;
	if (random() % 100 < opt.echo_loss) {
		world.echo_withheld++;
		return;
	}
	e = opt.echo_delay_ms ? malloc(sizeof(*e) + len - 4) : NULL;
	if (!e) {
		echo_reply(s, p[1], p + 4, len - 4);
		return;
	}
	*e = (struct echo){
		.s = s, .due = now_us() + opt.echo_delay_ms * 1000, .id = p[1], .len = len - 4
	};
	memcpy(e->data, p + 4, e->len);
	*echoes_end = e;
	echoes_end = &e->next;
}

void echo_timer(int64_t now)
{
	while (echoes && echoes->due <= now) {
		struct echo *e = echoes;

		echoes = e->next;
		if (!echoes)
			echoes_end = &echoes;
		if (e->s->state == S_UP || e->s->state == S_PPP)
			echo_reply(e->s, e->id, e->data, e->len);
		free(e);
	}
}

static void on_cp(struct session *s, enum ncp n, const uint8_t *p, size_t len)
{
	struct cp *c = &s->cp[n];

	switch (p[0]) {
	case CONF_REQ:
		on_conf_req(s, n, p, len);
		break;
	case CONF_ACK:
		c->mine_acked = c->mine_acked || p[1] == c->id;
		break;
	case CONF_NAK:
	case CONF_REJ:
		if (p[1] == c->id)
			on_nak_or_rej(s, n, p, len);
		break;
	case TERM_REQ:
		send_code(s, c->proto, (const uint8_t[]){ TERM_ACK, p[1] }, &(struct body){ 0 });
		if (n == N_LCP)
			session_fail(s, "LCP terminated by the peer");
		break;
	case PROTO_REJ:
		session_fail(s, "Protocol-Reject");
		break;
	case ECHO_REQ:
		if (n == N_LCP)
			on_echo(s, p, len);
		break;
	default:
		break;
	}
	if (n == N_LCP)
		lcp_maybe_open(s);
	check_up(s);
}

void ppp_input(struct session *s, const uint8_t *p, size_t len)
{
	struct body o = { .len = len };
	unsigned proto;

	if (len >= 2 && get16(p) == 0xff03)
		p += 2, len -= 2;
	if (len < 6)
		return;
	proto = get16(p);
	if (proto == 0x21 || proto == 0x57) {
		if (!opt.to || proto != 0x21 || !flow_input(s, p + 2, len - 2))
			tun_output(p + 2, len - 2);
		return;
	}
	p += 2, len -= 2;
	if (get16(p + 2) < 4 || get16(p + 2) > len)
		return;
	len = get16(p + 2); /* RFC 1661 5: octets beyond Length are padding */
	for (int i = 0; i < N_COUNT; i++)
		if (s->cp[i].proto == proto && s->cp[i].wanted) {
			on_cp(s, (enum ncp)i, p, len);
			return;
		}
	if (proto == CHAP || proto == PAP) {
		client_auth_input(s, proto, p, len);
	} else if (proto >= 0x8000) { /* not a data protocol: RFC 1661 5.7 */
		put16(o.b, proto);
		memcpy(o.b + 2, p, len);
		o.len = 2 + len;
		send_code(s, LCP, (const uint8_t[]){ PROTO_REJ, ++s->cp[N_LCP].id }, &o);
	}
}

void ppp_start(struct session *s)
{
	if (opt.proxy) /* LCP is open, and the answer to the login comes from the LNS */
		s->cp[N_LCP].mine_acked = s->cp[N_LCP].theirs_acked = s->auth = true;
	else
		send_conf_req(s, N_LCP);
	s->retry_at = now_us() + PPP_RETRY_MS * 1000;
}

/* Sends again what was not answered. */
void ppp_retry(struct session *s, int64_t now)
{
	s->retry_at = now + PPP_RETRY_MS * 1000;
	if (!s->cp[N_LCP].mine_acked)
		send_conf_req(s, N_LCP);
	else if (!s->authed && s->auth)
		client_auth_start(s);
	for (int i = N_IPCP; s->authed && i < N_COUNT; i++)
		if (s->cp[i].wanted && !s->cp[i].mine_acked)
			send_conf_req(s, (enum ncp)i);
}
