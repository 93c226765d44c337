/* SPDX-License-Identifier: BSD-2-Clause */
#include <assert.h>
#include <string.h>

#include "daemon/l2tp/auth.h"
#include "ppp/opt.h"
#include "selftests/lib/world.h"

static struct span secret_of(const struct lac *l)
{
	return span_str(l->secret);
}

struct lac *lac_new(struct world *w, unsigned host, uint16_t port)
{
	struct lac *l = &w->lacs[w->n_lacs];

	assert(w->n_lacs < W_LACS);
	*l = (struct lac){ .w = w,
			   .path = w_path(host, port),
			   .tid = (uint16_t)(100 + w->n_lacs),
			   .next_sid = 1,
			   .host = "lac",
			   .secret = "zetest" };
	w->n_lacs++;
	l2tp_chan_init(&l->chan, &l2tp_chan_defaults);
	return l;
}

void lac_flush(struct lac *l)
{
	uint8_t buf[W_FRAME_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	if (l->dead || l->mute)
		return;
	while (l2tp_chan_output(&l->chan, &w, l->w->now)) {
		w_inject(l->w, &l->path, wr_done(&w));
		w = wr_init(buf, sizeof(buf));
	}
}

void lac_send(struct lac *l, uint16_t hdr_sid, const struct l2tp_msg *m)
{
	uint8_t buf[W_FRAME_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	const struct l2tp_enc hidden = { .secret = secret_of(l),
					 .vector = span_str("a random vector.") };

	if (l2tp_msg_encode(m, l->hide ? &hidden : NULL, &w) == 0)
		l2tp_chan_send(&l->chan, hdr_sid, wr_done(&w), l->w->now);
}

static struct l2tp_msg sccrq_msg(const struct lac *l)
{
	struct l2tp_msg m = {
		.type = L2TP_SCCRQ,
		.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_PROTOCOL_VERSION) |
			L2TP_BIT(AVP_FRAMING_CAPS) | L2TP_BIT(AVP_HOST_NAME) |
			L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID),
		.protocol_version = L2TP_PROTOCOL_VERSION,
		.framing_caps = 3,
		.host_name = span_str(l->host),
		.assigned_tid = l->tid,
		.challenge = span_of(l->our_challenge, sizeof(l->our_challenge)),
	};

	if (l->challenge)
		m.have |= L2TP_BIT(AVP_CHALLENGE);
	return m;
}

struct span lac_sccrq(const struct lac *l, uint8_t *buf, size_t size)
{
	struct l2tp_msg m = sccrq_msg(l);
	struct wr w = wr_init(buf, size);
	size_t mark = l2tp_hdr_begin_ctl(&w, 0, 0, 0, 0);

	l2tp_msg_encode(&m, NULL, &w);
	l2tp_hdr_end_ctl(&w, mark);
	return wr_done(&w);
}

void lac_connect(struct lac *l)
{
	struct l2tp_msg m = sccrq_msg(l);

	lac_send(l, 0, &m);
	w_deliver(l->w);
}

static void got_sccrp(struct lac *l, const struct l2tp_msg *m)
{
	uint8_t response[L2TP_AUTH_LEN];
	struct l2tp_msg r = { .type = L2TP_SCCCN,
			      .have = L2TP_BIT(AVP_MSG_TYPE),
			      .challenge_response = span_of(response, sizeof(response)) };

	l->n_sccrp++;
	l->peer_tid = m->assigned_tid;
	l2tp_chan_set_peer(&l->chan, m->assigned_tid, m->rws);
	if (l->no_scccn)
		return;
	if (L2TP_HAS(m, AVP_CHALLENGE)) {
		l2tp_auth_response(response, L2TP_SCCCN, secret_of(l), m->challenge);
		r.have |= L2TP_BIT(AVP_CHALLENGE_RESPONSE);
	}
	l->up = true;
	lac_send(l, 0, &r);
}

void lac_icrq(struct lac *l, uint16_t hdr_sid, uint16_t sid)
{
	const struct l2tp_msg m = { .type = L2TP_ICRQ,
				    .have = L2TP_BIT(AVP_MSG_TYPE) |
					    L2TP_BIT(AVP_ASSIGNED_SESSION_ID) |
					    L2TP_BIT(AVP_CALL_SERIAL) |
					    (*l->number ? L2TP_BIT(AVP_CALLING_NUMBER) : 0),
				    .assigned_sid = sid,
				    .call_serial = sid,
				    .calling_number = span_str(l->number) };

	lac_send(l, hdr_sid, &m);
}

struct lac_call *lac_call(struct lac *l, const char *user, const char *password)
{
	struct world *w = l->w;
	struct lac_call *c = NULL;

	/* Entries of ended calls are used again. */
	for (unsigned i = 0; i < w->n_calls && !c; i++)
		if (w->calls[i].over)
			c = &w->calls[i];
	if (!c)
		c = &w->calls[w->n_calls++];
	assert(w->n_calls <= W_CALLS);
	*c = (struct lac_call){ .l = l, .sid = l->next_sid++ };
	c->c.retry_at = ZE_NEVER;
	if (!l->next_sid)
		l->next_sid = 1;
	strncpy(c->c.user, user, sizeof(c->c.user) - 1);
	strncpy(c->c.password, password, sizeof(c->c.password) - 1);
	lac_icrq(l, 0, c->sid);
	w_deliver(w);
	return c;
}

struct lac_call *lac_find_call(struct lac *l, uint16_t sid)
{
	for (unsigned i = 0; i < l->w->n_calls; i++)
		if (l->w->calls[i].l == l && l->w->calls[i].sid == sid && !l->w->calls[i].over)
			return &l->w->calls[i];
	return NULL;
}

#define PROXY_ID 9

/* What the LAC has negotiated with the client, and what it has received when it asked for the login.
 * The values are in buf. */
static void put_proxy(struct lac_call *c, struct l2tp_msg *m, struct wr *w)
{
	static const uint8_t chap[] = { 0xc2, 0x23, CHAP_ALG_MD5 }, pap[] = { 0xc0, 0x23 };
	const struct lac *l = c->l;
	struct client *p = &c->c;
	const uint8_t *at = w->p;

	p->magic = 0x11110000u + c->sid;
	if (l->proxy_mru)
		ppp_opt_put_u16(w, LCP_OPT_MRU, l->proxy_mru);
	if (l->proxy == 2)
		ppp_opt_put(w, LCP_OPT_AUTH, span_of(chap, sizeof(chap)));
	else if (l->proxy == 3)
		ppp_opt_put(w, LCP_OPT_AUTH, span_of(pap, sizeof(pap)));
	ppp_opt_put_u32(w, LCP_OPT_MAGIC, 0x22220000u + c->sid);
	m->last_sent_confreq = span_of(at, (size_t)(w->p - at));
	at = w->p;
	ppp_opt_put_u16(w, LCP_OPT_MRU, p->mru ? p->mru : 1492);
	ppp_opt_put_u32(w, LCP_OPT_MAGIC, p->magic);
	m->last_rcvd_confreq = m->initial_rcvd_confreq = span_of(at, (size_t)(w->p - at));
	m->proxy_authen_type = l->proxy;
	m->proxy_authen_id = PROXY_ID;
	m->proxy_authen_name = span_str(p->user);
	m->proxy_authen_response = span_str(p->password);
	for (unsigned i = AVP_INITIAL_RCVD_CONFREQ; i <= AVP_PROXY_AUTHEN_RESPONSE; i++)
		m->have |= L2TP_BIT(i);
	if (l->proxy != 2) {
		m->have &= ~L2TP_BIT(AVP_PROXY_AUTHEN_CHALLENGE);
		return;
	}
	p->chap_alg = CHAP_ALG_MD5;
	p->chap_id = PROXY_ID;
	p->challenge_len = 24; /* longer than ze's */
	memset(p->challenge, (uint8_t)c->sid, p->challenge_len);
	m->proxy_authen_challenge = span_of(p->challenge, p->challenge_len);
	at = w->p;
	client_chap_response(p, w);
	m->proxy_authen_response = span_of(at, (size_t)(w->p - at));
}

static void got_icrp(struct lac *l, struct lac_call *c, const struct l2tp_msg *m)
{
	struct l2tp_msg r = { .type = L2TP_ICCN,
			      .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_FRAMING_TYPE) |
				      L2TP_BIT(AVP_TX_CONNECT_SPEED),
			      .framing_type = 1,
			      .tx_speed_bps = 1000000 };
	uint8_t buf[256];
	struct wr w = wr_init(buf, sizeof(buf));

	c->icrp = true;
	c->peer_sid = m->assigned_sid;
	if (l->no_iccn)
		return;
	if (l->sequencing)
		r.have |= L2TP_BIT(AVP_SEQUENCING_REQUIRED);
	if (l->proxy)
		put_proxy(c, &r, &w);
	lac_send(l, c->peer_sid, &r);
	c->connected = true;
	lac_flush(l); /* send the ICCN before the first frame */
	if (l->proxy)
		client_open_proxied(c, l->proxy == 2 ? PPP_CHAP : l->proxy == 3 ? PPP_PAP : 0);
	else
		client_open(c);
}

static void call_over(struct lac_call *c)
{
	c->over = true;
	c->c.retry_at = ZE_NEVER;
}

static void got_cdn(struct lac *l, uint16_t sid, const struct l2tp_msg *m)
{
	struct lac_call *c = lac_find_call(l, sid);

	if (!c)
		return;
	c->cdn_result = m->result.code;
	c->cdn_error = m->result.error;
	c->cdn_cause = m->disconnect.code;
	call_over(c);
}

static void all_over(struct lac *l)
{
	l->up = false;
	for (unsigned i = 0; i < l->w->n_calls; i++)
		if (l->w->calls[i].l == l)
			call_over(&l->w->calls[i]);
}

static void got(struct lac *l, uint16_t sid, const struct l2tp_msg *m)
{
	struct lac_call *c = lac_find_call(l, sid);

	if (m->type < L2TP_MSG__COUNT)
		l->rx[m->type]++;
	l->last = *m;
	switch (m->type) {
	case L2TP_SCCRP:
		got_sccrp(l, m);
		break;
	case L2TP_ICRP:
		if (c)
			got_icrp(l, c, m);
		break;
	case L2TP_CDN:
		got_cdn(l, sid, m);
		break;
	case L2TP_STOPCCN:
		l->over = true;
		l->stop_result = m->result.code;
		l->stop_error = m->result.error;
		l2tp_chan_mute(&l->chan);
		l2tp_chan_ack_now(&l->chan, l->w->now);
		all_over(l);
		break;
	default:
		break;
	}
}

void lac_input(struct lac *l, struct span b)
{
	uint8_t scratch[W_FRAME_MAX];
	const struct l2tp_dec dec = { .secret = secret_of(l),
				      .scratch = scratch,
				      .scratch_size = sizeof(scratch) };
	struct l2tp_chan_rx rx;
	struct l2tp_fault fault;
	struct l2tp_msg m;
	struct l2tp_hdr h;
	struct lac_call *c;
	bool acked;

	if (l2tp_hdr_parse(b.p, b.len, &h) < 0)
		return;
	if (!l2tp_hdr_is_control(&h)) {
		c = lac_find_call(l, h.sid);
		if (c)
			client_input(c, h.payload);
		return;
	}
	l2tp_chan_input(&l->chan, &h, l->w->now, &acked);
	while (l2tp_chan_deliver(&l->chan, &rx))
		if (l2tp_msg_decode(rx.payload, &dec, &m, &fault) == 0)
			got(l, rx.sid, &m);
	/* The SCCRQ was answered by a refusal that assigns no id, so there is nothing to
	 * retransmit. */
	lac_flush(l);
}

void lac_data(struct lac_call *c, struct span frame)
{
	uint8_t buf[W_FRAME_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	l2tp_hdr_write_data(&w, &(struct l2tp_hdr){ .tid = c->l->peer_tid, .sid = c->peer_sid });
	wr_span(&w, frame);
	w_inject(c->l->w, &c->l->path, wr_done(&w));
}

void lac_iccn(struct lac_call *c)
{
	const struct l2tp_msg m = { .type = L2TP_ICCN,
				    .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_FRAMING_TYPE) |
					    L2TP_BIT(AVP_TX_CONNECT_SPEED),
				    .framing_type = 1 };

	lac_send(c->l, c->peer_sid, &m);
	w_deliver(c->l->w);
}

void lac_cdn(struct lac_call *c)
{
	const struct l2tp_msg m = { .type = L2TP_CDN,
				    .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_RESULT_CODE) |
					    L2TP_BIT(AVP_ASSIGNED_SESSION_ID),
				    .result = { .code = CDN_CARRIER_LOST },
				    .assigned_sid = c->sid };

	lac_send(c->l, c->peer_sid, &m);
	call_over(c);
	w_deliver(c->l->w);
}

void lac_stop(struct lac *l)
{
	const struct l2tp_msg m = { .type = L2TP_STOPCCN,
				    .have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_RESULT_CODE) |
					    L2TP_BIT(AVP_ASSIGNED_TUNNEL_ID),
				    .result = { .code = STOP_CLEAR },
				    .assigned_tid = l->tid };

	lac_send(l, 0, &m);
	l->over = true;
	all_over(l);
	w_deliver(l->w);
}

void lac_stop_all(struct world *w)
{
	for (unsigned i = 0; i < w->n_lacs; i++)
		lac_stop(&w->lacs[i]);
}

struct tunnel *lac_tunnel(const struct lac *l)
{
	return l->peer_tid ? registry_tunnel(l->w->e, l->peer_tid) : NULL;
}

struct subscriber *call_sub(const struct lac_call *c)
{
	return c->peer_sid ? registry_sub(c->l->w->e, c->peer_sid) : NULL;
}
