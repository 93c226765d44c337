/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A request is a struct radius_pending, allocated with its attributes. It is in the table by its
 * cookie, in the heap by what is due next, and in the list `waiting` of the server whose answer is
 * awaited. It holds one identifier of each server that it was sent to, until it ends. The slot of
 * the identifier (radius_ids.h) has the authenticator, from which the same octets are encoded
 * again for a retransmission.
 *
 * When a server is set aside, its list `waiting` is moved to the client's list `moving` as a whole.
 * radius_client_expire() takes requests from there one at a time, so that no call is longer than
 * RADIUS_EXPIRE_MAX requests.
 */
#include "aaa/radius_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/radius_ids.h"
#include "aaa/radius_server.h"
#include "daemon/base/crypto.h"
#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/list.h"
#include "daemon/base/timer.h"

#define RANDOM_POOL 512 /* octets that are drawn at once, 16 for a request */

_Static_assert(RADIUS_IDS_PORTS == RADIUS_PORTS_MAX, "ports of a server");
_Static_assert(RADIUS_SERVERS_MAX <= 8, "struct radius_pending has a bit for each server");

struct radius_pending {
	struct timer timer;
	struct htab_node node;
	struct list at; /* in `waiting` of its server, or in `moving` */
	uint64_t cookie;
	ze_ns began, deadline;
	struct radius_req req; /* over `octets` */
	uint8_t asked;	       /* bits of the servers that have an identifier of it */
	struct radius_id ids[RADIUS_SERVERS_MAX];
	/* At the server whose answer is awaited. */
	uint8_t server;
	uint8_t sends;
	ze_ns sent;   /* last time */
	ze_ns missed; /* see radius_server_missed() */
	ze_ns wait;   /* after the last sending */
	ze_ns limit;  /* end of its time there */
	uint8_t octets[];
};

struct radius_client {
	struct radius_client_cfg cfg; /* without servers and identity */
	const struct radius_client_ops *ops;
	void *self;
	const struct rng *rng;
	struct radius_server servers[RADIUS_SERVERS_MAX];
	struct htab table;
	struct timer_heap timers;
	struct list moving; /* their server was set aside */
	ze_ns moving_since;
	struct radius_client_stats st;
	struct radius_req status; /* Status-Server, over status_octets */
	uint8_t *status_octets;
	uint8_t random[RANDOM_POOL];
	size_t random_left;
};

/* Random octets for one authenticator. They are drawn for many requests at once. */
static int draw_auth(struct radius_client *c, uint8_t ret[RADIUS_AUTH_LEN])
{
	int r;

	if (c->random_left < RADIUS_AUTH_LEN) {
		r = rng_fill(c->rng, c->random, sizeof(c->random));
		if (r < 0)
			return r;
		c->random_left = sizeof(c->random);
	}
	c->random_left -= RADIUS_AUTH_LEN;
	memcpy(ret, c->random + c->random_left, RADIUS_AUTH_LEN);
	return 0;
}

static bool cfg_ok(const struct radius_client_cfg *cfg)
{
	if (cfg->n_servers < 1 || cfg->n_servers > RADIUS_SERVERS_MAX || cfg->timeout < ZE_SEC(1) ||
	    cfg->timeout > ZE_SEC(30) || cfg->retries < 1 || cfg->retries > 10 || cfg->ports < 1 ||
	    cfg->ports > RADIUS_PORTS_MAX || !cfg->max_pending || cfg->hold_min <= 0 ||
	    cfg->hold_max < cfg->hold_min)
		return false;
	for (size_t i = 0; i < cfg->n_servers; i++)
		if (!cfg->servers[i].name || !cfg->servers[i].addr.family ||
		    !cfg->servers[i].secret.len)
			return false;
	return true;
}

static int status_init(struct radius_client *c, struct span identity)
{
	c->status_octets = malloc(identity.len + 1);
	if (!c->status_octets)
		return -ENOMEM;
	radius_req_init(&c->status, RADIUS_STATUS_SERVER, c->status_octets, identity.len);
	wr_span(&c->status.w, identity);
	return radius_req_fault(&c->status) == REASON_NONE ? 0 : -EINVAL;
}

struct radius_client *radius_client_new(const struct radius_client_cfg *cfg,
					const struct radius_client_ops *ops, void *self,
					const struct rng *rng)
{
	struct radius_client *c = cfg_ok(cfg) ? calloc(1, sizeof(*c)) : NULL;
	int r;

	if (!c)
		return NULL;
	c->cfg = *cfg;
	c->cfg.servers = NULL;
	c->cfg.identity = span_of(NULL, 0);
	c->ops = ops;
	c->self = self;
	c->rng = rng;
	list_init(&c->moving);
	timer_heap_init(&c->timers);
	r = status_init(c, cfg->identity);
	for (size_t i = 0; i < cfg->n_servers && r == 0; i++)
		r = radius_server_init(&c->servers[i], &cfg->servers[i], cfg->ports);
	if (r == 0)
		return c;
	radius_client_free(c);
	return NULL;
}

static void pending_free(struct radius_pending *p)
{
	crypto_wipe(p->octets, wr_len(&p->req.w));
	free(p);
}

void radius_client_free(struct radius_client *c)
{
	struct htab_node *n;

	if (!c)
		return;
	while ((n = htab_next(&c->table, NULL)) != NULL) {
		htab_del(&c->table, n);
		pending_free(ze_container_of(n, struct radius_pending, node));
	}
	for (size_t i = 0; i < c->cfg.n_servers; i++)
		radius_server_done(&c->servers[i]);
	timer_heap_done(&c->timers);
	free(c->status_octets);
	crypto_wipe(c->random, sizeof(c->random));
	free(c);
}

void radius_client_inherit(struct radius_client *c, const struct radius_client *old, ze_ns now)
{
	for (size_t i = 0; i < c->cfg.n_servers; i++) {
		struct radius_server *s = &c->servers[i];
		size_t k = 0;

		while (k < old->cfg.n_servers && !radius_server_same(s, &old->servers[k]))
			k++;
		if (k < old->cfg.n_servers)
			radius_server_inherit(s, &old->servers[k], now);
	}
}

static void note_state(struct radius_client *c, const struct radius_server *s, struct radius_note n)
{
	n.server = s->st.name;
	n.addr = &s->st.addr;
	c->ops->note(c->self, &n);
}

static void transmit(struct radius_client *c, struct radius_server *s, struct radius_id id,
		     const struct radius_req *q)
{
	struct radius_slot *slot = radius_ids_slot(&s->ids, id.port, id.id);
	struct radius_req_key key = { .secret = radius_server_secret(s),
				      .id = id.id,
				      .auth = slot->auth,
				      .delay_s = slot->delay_s };
	uint8_t octets[RADIUS_PKT_MAX];
	struct wr w = wr_init(octets, sizeof(octets));
	int r = radius_req_encode(q, &key, &w, slot->auth);

	slot->sends++;
	if (r == 0)
		r = c->ops->send(c->self, (unsigned)(s - c->servers), id.port, wr_done(&w));
	if (r < 0)
		s->st.send_errors++;
}

/* -10 % to 10 % of d, RFC 5080 2.2.1. It is derived from random octets that were sent already. */
static ze_ns jitter(ze_ns d, uint8_t octet)
{
	return d / 1000 * (octet * 200 / 255 - 100);
}

/* Sends the request to its server, for the first time or again, and computes the wait. */
static void ask(struct radius_client *c, struct radius_pending *p, ze_ns now)
{
	struct radius_server *s = &c->servers[p->server];
	struct radius_id id = p->ids[p->server];
	const struct radius_slot *slot = radius_ids_slot(&s->ids, id.port, id.id);
	bool again = p->sends > 0;

	transmit(c, s, id, &p->req);
	radius_server_asked(s, again, now);
	p->wait = again ? 2 * p->wait + jitter(p->wait, slot->auth[p->sends]) :
			  c->cfg.timeout + jitter(c->cfg.timeout, slot->auth[0]);
	p->sent = now;
	p->sends++;
}

/* How many servers are set aside, or are not, of those that the request was not sent to. */
static unsigned untried(const struct radius_client *c, const struct radius_pending *p, bool aside)
{
	unsigned n = 0;

	for (unsigned i = 0; i < c->cfg.n_servers; i++)
		n += !(p->asked & 1u << i) && c->servers[i].st.aside == aside;
	return n;
}

/* The end of the request's time at its server, to which it is about to be sent. */
static ze_ns time_limit(const struct radius_client *c, const struct radius_pending *p, ze_ns now)
{
	ze_ns whole = c->cfg.timeout * ((1 << c->cfg.retries) - 1);
	bool aside = c->servers[p->server].st.aside;
	unsigned others = untried(c, p, false);
	ze_ns share;

	if (aside && others)
		return ze_min_ns(p->deadline, now + RADIUS_TRIAL);
	if (aside)
		others = untried(c, p, true);
	share = (p->deadline - now) / (1 + others);
	return whole > share ? now + share : p->deadline;
}

/* Sends the request to server i. Returns 0, -ENOBUFS, -ENOMEM or the error of rng. */
static int ask_server(struct radius_client *c, struct radius_pending *p, unsigned i, ze_ns now)
{
	struct radius_server *s = &c->servers[i];
	struct radius_slot *slot;
	struct radius_id id;
	int r = radius_ids_take(&s->ids, p, now, &id);

	if (r < 0)
		return r;
	slot = radius_ids_slot(&s->ids, id.port, id.id);
	r = c->cfg.accounting ? 0 : draw_auth(c, slot->auth);
	if (r < 0) {
		radius_ids_put(&s->ids, id, 0, now);
		return r;
	}
	slot->delay_s = (uint32_t)((now - p->began) / ZE_SEC(1));
	s->outstanding++;
	p->asked |= (uint8_t)(1u << i);
	p->ids[i] = id;
	p->server = (uint8_t)i;
	p->sends = 0;
	p->missed = RADIUS_NOT_MISSED;
	p->limit = time_limit(c, p, now);
	list_del(&p->at);
	list_add_tail(&s->waiting, &p->at);
	ask(c, p, now);
	return 0;
}

/* The server to ask next, of those not in `tried`; cfg.n_servers: there is none. */
static unsigned pick_server(struct radius_client *c, const struct radius_pending *p, unsigned tried)
{
	unsigned aside = (unsigned)c->cfg.n_servers;

	for (unsigned i = 0; i < c->cfg.n_servers; i++) {
		struct radius_server *s = &c->servers[i];

		if (tried & 1u << i)
			continue;
		if (!s->st.aside)
			return i;
		if (s->trial && !p->asked) {
			s->trial = false;
			return i;
		}
		if (aside == c->cfg.n_servers)
			aside = i;
	}
	return aside;
}

/* Sends the request to the next server that can be asked. Returns 0, -ENOENT when there was none
 * to choose, or the error of the last one. */
static int ask_another(struct radius_client *c, struct radius_pending *p, ze_ns now)
{
	unsigned tried = p->asked, i;
	int r = -ENOENT;

	while ((i = pick_server(c, p, tried)) < c->cfg.n_servers) {
		tried |= 1u << i;
		r = ask_server(c, p, i, now);
		if (r == 0)
			return 0;
	}
	return r;
}

/* What is due next: a retransmission or the end of its time, or a miss that is to be noticed. */
static ze_ns pending_deadline(const struct radius_pending *p, ze_ns now)
{
	ze_ns due = ze_min_ns(p->sent + p->wait, p->limit);

	if (now < p->sent + RADIUS_MISS_AFTER)
		return ze_min_ns(due, p->sent + RADIUS_MISS_AFTER);
	if (now < p->sent + RADIUS_SILENT_AFTER)
		return ze_min_ns(due, p->sent + RADIUS_SILENT_AFTER);
	return due;
}

/* Cannot fail: the heap has had room for the request since it began. */
static void arm(struct radius_client *c, struct radius_pending *p, ze_ns now)
{
	(void)timer_set(&c->timers, &p->timer, pending_deadline(p, now));
}

/* Removes the request from everything that knows it. */
static void pending_remove(struct radius_client *c, struct radius_pending *p, ze_ns now)
{
	for (unsigned i = 0; i < c->cfg.n_servers; i++) {
		struct radius_server *s = &c->servers[i];
		const struct radius_slot *slot;

		if (!(p->asked & 1u << i))
			continue;
		slot = radius_ids_slot(&s->ids, p->ids[i].port, p->ids[i].id);
		radius_ids_put(&s->ids, p->ids[i],
			       slot->answered && slot->sends == 1 ? 0 : RADIUS_QUARANTINE, now);
		s->outstanding--;
	}
	list_del(&p->at);
	timer_cancel(&c->timers, &p->timer);
	htab_del(&c->table, &p->node);
	c->st.pending--;
}

static void pending_end(struct radius_client *c, struct radius_pending *p,
			struct radius_result *res, ze_ns now)
{
	res->cookie = p->cookie;
	res->request = wr_done(&p->req.w);
	res->took = now - p->began;
	pending_remove(c, p, now);
	c->ops->done(c->self, res);
	pending_free(p);
}

static void end_unavailable(struct radius_client *c, struct radius_pending *p, enum reason why,
			    ze_ns now)
{
	struct radius_result res = { .outcome = RADIUS_DONE_UNAVAILABLE, .reason = why };

	c->st.unavailable++;
	pending_end(c, p, &res, now);
}

/* The time of the request at its server has ended. */
static void time_over(struct radius_client *c, struct radius_pending *p, ze_ns now)
{
	int r;

	c->servers[p->server].st.timeouts++;
	r = now < p->deadline ? ask_another(c, p, now) : -ENOENT;
	if (r == 0)
		arm(c, p, now);
	else
		end_unavailable(c, p, r == -ENOENT ? REASON_REPLY_NONE : REASON_NO_MEMORY, now);
}

static void set_aside(struct radius_client *c, struct radius_server *s, ze_ns now)
{
	radius_server_set_aside(s, &c->cfg, now);
	note_state(c, s, (struct radius_note){ .kind = RADIUS_NOTE_ASIDE, .misses = s->misses });
	if (list_empty(&s->waiting))
		return;
	if (list_empty(&c->moving))
		c->moving_since = now;
	list_splice_tail(&c->moving, &s->waiting);
}

/* The server of this request was set aside. The request continues there when no other server is
 * better or can be asked. */
static void move(struct radius_client *c, struct radius_pending *p, ze_ns now)
{
	struct radius_server *s = &c->servers[p->server];

	list_del(&p->at);
	list_add_tail(&s->waiting, &p->at);
	if (!s->st.aside || !untried(c, p, false) || now >= p->deadline)
		return;
	if (ask_another(c, p, now) == 0) {
		s->st.timeouts++;
		arm(c, p, now);
	}
}

static void pending_due(struct radius_client *c, struct radius_pending *p, ze_ns now)
{
	struct radius_server *s = &c->servers[p->server];
	bool resend = now >= p->sent + p->wait;
	bool spent = now >= p->limit || (resend && p->sends == c->cfg.retries);

	if (spent || now >= p->sent + RADIUS_MISS_AFTER)
		radius_server_missed(s, p->sent, &p->missed, now);
	if (radius_server_suspect(s, spent, now))
		set_aside(c, s, now);
	if (spent) {
		time_over(c, p, now);
		return;
	}
	if (resend)
		ask(c, p, now);
	arm(c, p, now);
}

static void release_probe(struct radius_server *s, ze_ns rest, ze_ns now)
{
	if (s->probing)
		radius_ids_put(&s->ids, s->probe, rest, now);
	s->probing = false;
}

/* Asks a server that is set aside whether it is there. What fails is tried again at the next
 * probe. */
static void probe(struct radius_client *c, struct radius_server *s, ze_ns now)
{
	struct radius_slot *slot;

	s->mute |= s->probing;
	s->trial = s->mute;
	release_probe(s, RADIUS_QUARANTINE, now);
	radius_server_next_probe(s, &c->cfg, now);
	if (radius_ids_take(&s->ids, NULL, now, &s->probe) < 0)
		return;
	s->probing = true;
	slot = radius_ids_slot(&s->ids, s->probe.port, s->probe.id);
	if (draw_auth(c, slot->auth) < 0) {
		release_probe(s, 0, now);
		return;
	}
	s->probe_at += jitter(s->hold, slot->auth[0]);
	s->st.probes++;
	transmit(c, s, s->probe, &c->status);
}

static void heard(struct radius_client *c, struct radius_server *s, ze_ns now)
{
	ze_ns since = s->st.since;

	if (!radius_server_heard(s, now))
		return;
	release_probe(s, RADIUS_QUARANTINE, now);
	note_state(c, s, (struct radius_note){ .kind = RADIUS_NOTE_BACK, .aside = now - since });
}

/* True when answers of the server are dropped that are not signed. */
static bool must_sign(const struct radius_client *c, const struct radius_server *s)
{
	return !c->cfg.accounting && (s->signing == RADIUS_SIGN_REQUIRE ||
				      (s->signing == RADIUS_SIGN_AUTO && s->st.signs));
}

/* Whether an answer to an Access-Request may be used without or with its Message-Authenticator. */
static enum reason check_signing(struct radius_client *c, struct radius_server *s, bool is_signed)
{
	bool *noted = &s->noted_dropped;
	enum radius_note_kind kind = RADIUS_NOTE_UNSIGNED_DROPPED;

	if (c->cfg.accounting)
		return REASON_NONE;
	s->st.signs |= is_signed;
	s->unsigned_last = !is_signed && must_sign(c, s);
	if (is_signed || s->signing == RADIUS_SIGN_OFF)
		return REASON_NONE;
	if (!s->unsigned_last) {
		noted = &s->noted_unsigned;
		kind = RADIUS_NOTE_UNSIGNED;
	}
	if (!*noted)
		note_state(c, s, (struct radius_note){ .kind = kind });
	*noted = true;
	return s->unsigned_last ? REASON_REPLY_UNSIGNED : REASON_NONE;
}

/* What the answer means, and counts it. */
static void outcome_of(const struct radius_client *c, struct radius_server *s,
		       struct radius_result *res)
{
	uint8_t code = res->reply.code;

	res->outcome = RADIUS_DONE_REJECT;
	if (code == (c->cfg.accounting ? RADIUS_ACCOUNTING_RESPONSE : RADIUS_ACCESS_ACCEPT)) {
		res->outcome = RADIUS_DONE_ACCEPT;
		s->st.accepts++;
	} else if (code == RADIUS_ACCESS_REJECT && !c->cfg.accounting) {
		s->st.rejects++;
	} else if (code == RADIUS_ACCESS_CHALLENGE && !c->cfg.accounting) {
		res->reason = REASON_REPLY_CHALLENGE;
		s->st.challenges++;
	} else {
		res->reason = REASON_REPLY_CODE;
		s->st.other_codes++;
	}
}

/* An authentic answer to a request. */
static void answered(struct radius_client *c, struct radius_server *s, struct radius_slot *slot,
		     const struct radius_pkt *reply, ze_ns now)
{
	struct radius_pending *p = slot->owner;
	uint8_t auth[RADIUS_AUTH_LEN]; /* done() may make a request that reuses the slot */
	struct radius_result res = { .server = s->st.name,
				     .reply = *reply,
				     .seal = { radius_server_secret(s), auth } };

	memcpy(auth, slot->auth, sizeof(auth));
	slot->answered = true;
	if (slot->sends == 1)
		radius_server_rtt(s, now - slot->at);
	heard(c, s, now);
	outcome_of(c, s, &res);
	pending_end(c, p, &res, now);
}

/* A reply for an identifier that no request has now. */
static enum reason late(struct radius_client *c, struct radius_server *s, struct radius_slot *slot,
			const struct radius_pkt *reply, ze_ns now)
{
	if (!slot->used || radius_pkt_check(reply, slot->auth, radius_server_secret(s)) < 0)
		return REASON_REPLY_ID;
	if (!slot->answered && (reply->signature || !must_sign(c, s)))
		heard(c, s, now);
	slot->answered = true; /* a copy of the reply says nothing of the server */
	return REASON_REPLY_LATE;
}

static enum reason reply_input(struct radius_client *c, struct radius_server *s,
			       const struct radius_arrival *a, ze_ns now)
{
	struct radius_slot *slot;
	struct radius_pkt reply;
	enum reason why;
	int r;

	if (!ze_addr_eq(a->from, &s->st.addr))
		return REASON_REPLY_SOURCE;
	r = radius_pkt_parse(a->datagram, &reply);
	if (r < 0)
		return (enum reason) - r;
	slot = radius_ids_slot(&s->ids, a->port, reply.id);
	if (!slot)
		return REASON_REPLY_ID;
	if (!slot->busy)
		return late(c, s, slot, &reply, now);
	r = radius_pkt_check(&reply, slot->auth, radius_server_secret(s));
	if (r < 0)
		return (enum reason) - r;
	if (!slot->owner) {
		s->st.probe_replies++;
		release_probe(s, 0, now);
		if (s->unsigned_last && must_sign(c, s))
			s->trial = true;
		else
			heard(c, s, now);
		return REASON_NONE;
	}
	why = check_signing(c, s, reply.signature != NULL);
	if (why == REASON_NONE)
		answered(c, s, slot, &reply, now);
	return why;
}

enum reason radius_client_input(struct radius_client *c, const struct radius_arrival *a, ze_ns now)
{
	struct radius_server *s = &c->servers[a->server];
	enum reason why = reply_input(c, s, a, now);

	if (why != REASON_NONE)
		s->st.dropped[why]++;
	return why;
}

static uint32_t cookie_hash(uint64_t cookie)
{
	return hash_bytes(&cookie, sizeof(cookie));
}

static struct radius_pending *pending_find(const struct radius_client *c, uint64_t cookie)
{
	struct htab_node *n;

	for (n = htab_find(&c->table, cookie_hash(cookie)); n; n = htab_same(n)) {
		struct radius_pending *p = ze_container_of(n, struct radius_pending, node);

		if (p->cookie == cookie)
			return p;
	}
	return NULL;
}

/* A copy of the request, in the table and in the heap. NULL: out of memory. */
static struct radius_pending *pending_new(struct radius_client *c, const struct radius_req *q,
					  uint64_t cookie, ze_ns deadline)
{
	size_t len = wr_len(&q->w);
	struct radius_pending *p = calloc(1, sizeof(*p) + len);

	if (!p)
		return NULL;
	if (htab_add(&c->table, &p->node, cookie_hash(cookie)) < 0) {
		free(p);
		return NULL;
	}
	if (timer_set(&c->timers, &p->timer, deadline) < 0) {
		htab_del(&c->table, &p->node);
		free(p);
		return NULL;
	}
	list_init(&p->at);
	p->cookie = cookie;
	p->deadline = deadline;
	p->req = *q;
	p->req.w = wr_init(p->octets, len);
	wr_bytes(&p->req.w, q->w.start, len);
	c->st.pending++;
	return p;
}

static int may_request(struct radius_client *c, const struct radius_req *q, uint64_t cookie,
		       bool in_time)
{
	if (radius_req_fault(q) != REASON_NONE ||
	    q->code != (c->cfg.accounting ? RADIUS_ACCOUNTING_REQUEST : RADIUS_ACCESS_REQUEST))
		return -EINVAL;
	if (pending_find(c, cookie))
		return -EEXIST;
	if (!in_time)
		return -ETIMEDOUT;
	if (c->st.pending < c->cfg.max_pending)
		return 0;
	c->st.refused_limit++;
	return -ENOBUFS;
}

int radius_client_request(struct radius_client *c, const struct radius_req *q, uint64_t cookie,
			  ze_ns deadline, ze_ns now)
{
	int r = may_request(c, q, cookie, deadline > now);
	struct radius_pending *p;

	if (r < 0)
		return r;
	p = pending_new(c, q, cookie, deadline);
	if (!p)
		return -ENOMEM;
	p->began = now;
	r = ask_another(c, p, now);
	if (r < 0) {
		c->st.refused_ids += r == -ENOBUFS;
		pending_remove(c, p, now);
		pending_free(p);
		return r;
	}
	if (c->st.pending > c->st.pending_max)
		c->st.pending_max = c->st.pending;
	arm(c, p, now);
	return 0;
}

bool radius_client_cancel(struct radius_client *c, uint64_t cookie, ze_ns now)
{
	struct radius_pending *p = pending_find(c, cookie);

	if (!p)
		return false;
	c->st.cancelled++;
	pending_remove(c, p, now);
	pending_free(p);
	return true;
}

/* The server whose probe is due first; NULL: no server is set aside. */
static struct radius_server *next_probe(const struct radius_client *c)
{
	const struct radius_server *best = NULL;

	for (size_t i = 0; i < c->cfg.n_servers; i++)
		if (c->servers[i].st.aside && (!best || c->servers[i].probe_at < best->probe_at))
			best = &c->servers[i];
	return (struct radius_server *)best;
}

ze_ns radius_client_deadline(const struct radius_client *c)
{
	const struct radius_server *s = next_probe(c);
	ze_ns due = timer_heap_next(&c->timers);

	if (s)
		due = ze_min_ns(due, s->probe_at);
	return list_empty(&c->moving) ? due : ze_min_ns(due, c->moving_since);
}

/* Handles one thing that is due. Returns false when there is none. */
static bool expire_one(struct radius_client *c, ze_ns now)
{
	struct radius_server *s = next_probe(c);
	struct timer *t;

	if (s && s->probe_at <= now) {
		probe(c, s, now);
		return true;
	}
	if (!list_empty(&c->moving)) {
		move(c, list_entry(c->moving.next, struct radius_pending, at), now);
		return true;
	}
	t = timer_heap_pop(&c->timers, now);
	if (t)
		pending_due(c, ze_container_of(t, struct radius_pending, timer), now);
	return t != NULL;
}

void radius_client_expire(struct radius_client *c, ze_ns now)
{
	for (unsigned n = 0; n < RADIUS_EXPIRE_MAX && expire_one(c, now); n++)
		;
}

size_t radius_client_servers(const struct radius_client *c)
{
	return c->cfg.n_servers;
}

void radius_client_server_stats(const struct radius_client *c, size_t i,
				struct radius_server_stats *ret)
{
	const struct radius_server *s = &c->servers[i];

	*ret = s->st;
	ret->outstanding = s->outstanding;
	ret->ports = s->ids.n;
}

void radius_client_stats(const struct radius_client *c, struct radius_client_stats *ret)
{
	*ret = c->st;
}
