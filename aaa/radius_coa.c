/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_coa.h"

#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_profile.h"
#include "daemon/base/crypto.h"
#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/list.h"

#define SIGNATURE_LEN (2 + RADIUS_AUTH_LEN)
#define CAUSE_LEN     6

struct coa_client {
	char *name;
	struct ze_addr addr; /* without port */
	struct span secret;  /* owned */
	struct radius_coa_stats stats;
};

/* What makes two requests the same. Compared and hashed as octets, so all of them are set. */
struct coa_key {
	struct ze_addr from;
	uint8_t auth[RADIUS_AUTH_LEN];
	uint8_t code, id;
	uint8_t pad[2];
};

struct coa_answer {
	struct list in_answers;
	struct htab_node in_by_key;
	struct coa_key key;
	enum radius_error_cause cause;
	ze_ns until;
};

struct radius_coa {
	const struct radius_coa_ops *ops;
	void *self;
	struct radius_coa_cfg cfg;  /* clients is not used */
	struct coa_client *clients; /* and one more, whose stats are those of unknown sources */
	struct list answers;	    /* the oldest first */
	struct htab by_key;	    /* the same */
};

/* ---- configuration ---- */

static bool copy_span(struct span from, struct span *ret)
{
	uint8_t *p;

	if (!from.len)
		return true;
	p = malloc(from.len);
	if (!p)
		return false;
	memcpy(p, from.p, from.len);
	*ret = span_of(p, from.len);
	return true;
}

static void free_span(struct span s)
{
	if (!s.p)
		return;
	crypto_wipe((uint8_t *)(uintptr_t)s.p, s.len);
	free((uint8_t *)(uintptr_t)s.p);
}

static bool copy_client(struct coa_client *c, const struct radius_coa_client *from)
{
	if (!from->secret.len)
		return false;
	c->addr = from->addr;
	c->addr.port = 0;
	c->name = strdup(from->name);
	c->stats.name = c->name;
	return c->name && copy_span(from->secret, &c->secret);
}

struct radius_coa *radius_coa_new(const struct radius_coa_cfg *cfg,
				  const struct radius_coa_ops *ops, void *self)
{
	struct radius_coa *c;
	bool ok;

	if (cfg->n_clients > RADIUS_COA_CLIENTS_MAX)
		return NULL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->ops = ops;
	c->self = self;
	c->cfg = *cfg;
	c->cfg.clients = NULL;
	c->cfg.nas_identifier = (struct span){ 0 };
	list_init(&c->answers);
	c->clients = calloc(cfg->n_clients + 1, sizeof(*c->clients));
	ok = c->clients && copy_span(cfg->nas_identifier, &c->cfg.nas_identifier);
	for (size_t i = 0; ok && i < cfg->n_clients; i++)
		ok = copy_client(&c->clients[i], &cfg->clients[i]);
	if (ok)
		return c;
	radius_coa_free(c);
	return NULL;
}

static void answer_drop(struct radius_coa *c, struct coa_answer *a)
{
	htab_del(&c->by_key, &a->in_by_key);
	list_del(&a->in_answers);
	free(a);
}

void radius_coa_free(struct radius_coa *c)
{
	if (!c)
		return;
	while (!list_empty(&c->answers))
		answer_drop(c, list_entry(c->answers.next, struct coa_answer, in_answers));
	for (size_t i = 0; c->clients && i < c->cfg.n_clients; i++) {
		free(c->clients[i].name);
		free_span(c->clients[i].secret);
	}
	free_span(c->cfg.nas_identifier);
	free(c->clients);
	free(c);
}

void radius_coa_inherit(struct radius_coa *c, struct radius_coa *old)
{
	list_splice_tail(&c->answers, &old->answers);
	c->by_key = old->by_key;
	old->by_key = (struct htab){ 0 };
	c->clients[c->cfg.n_clients].stats = old->clients[old->cfg.n_clients].stats;
	for (size_t i = 0; i < c->cfg.n_clients; i++)
		for (size_t k = 0; k < old->cfg.n_clients; k++) {
			struct coa_client *n = &c->clients[i];
			const struct coa_client *o = &old->clients[k];

			if (strcmp(n->name, o->name) != 0 || !ze_addr_same_ip(&n->addr, &o->addr))
				continue;
			n->stats = o->stats;
			n->stats.name = n->name;
		}
}

void radius_coa_stats(const struct radius_coa *c, size_t i, struct radius_coa_stats *ret)
{
	*ret = c->clients[i].stats;
}

/* ---- answers that are kept ---- */

/* The answer to the same request; those that are too old go. */
static const struct coa_answer *answer_find(struct radius_coa *c, const struct coa_key *key,
					    ze_ns now)
{
	while (!list_empty(&c->answers)) {
		struct coa_answer *a = list_entry(c->answers.next, struct coa_answer, in_answers);

		if (now < a->until)
			break;
		answer_drop(c, a);
	}
	for (struct htab_node *n = htab_find(&c->by_key, hash_bytes(key, sizeof(*key))); n;
	     n = htab_same(n)) {
		const struct coa_answer *a = ze_container_of(n, struct coa_answer, in_by_key);

		if (memcmp(&a->key, key, sizeof(*key)) == 0)
			return a;
	}
	return NULL;
}

/* Without memory the answer is not kept: a repeated request is then a new one. */
static void answer_keep(struct radius_coa *c, const struct coa_key *key,
			enum radius_error_cause cause, ze_ns now)
{
	struct coa_answer *a = malloc(sizeof(*a));

	if (!a)
		return;
	*a = (struct coa_answer){ .key = *key, .cause = cause, .until = now + RADIUS_COA_KEEP };
	if (htab_add(&c->by_key, &a->in_by_key, hash_bytes(key, sizeof(*key))) < 0) {
		free(a);
		return;
	}
	list_add_tail(&c->answers, &a->in_answers);
	if (c->by_key.n > RADIUS_COA_ANSWERS_MAX)
		answer_drop(c, list_entry(c->answers.next, struct coa_answer, in_answers));
}

/* ---- writing ---- */

static bool is_copied(const struct radius_attr *a)
{
	return !a->vendor && (a->type == RADIUS_PROXY_STATE || a->type == RADIUS_STATE);
}

static void write_attr(struct wr *w, const struct radius_attr *a)
{
	if (a->vendor) {
		wr_u8(w, RADIUS_VENDOR_SPECIFIC);
		wr_u8(w, (uint8_t)(8 + a->value.len));
		wr_u32(w, a->vendor);
	}
	wr_u8(w, a->type);
	wr_u8(w, (uint8_t)(2 + a->value.len));
	wr_span(w, a->value);
}

/* True when an answer with all that is copied fits a packet. */
static bool answer_fits(const struct radius_pkt *p)
{
	size_t len = RADIUS_HEADER_LEN + SIGNATURE_LEN + CAUSE_LEN;
	struct radius_walk walk = radius_walk(p->attrs);
	struct radius_attr a;

	while (radius_walk_next(&walk, &a))
		len += is_copied(&a) ? 2 + a.value.len : 0;
	return len <= RADIUS_PKT_MAX;
}

/* The header has the request's authenticator while the signature and the Response Authenticator are
 * computed (RFC 5176 2.3, RFC 3579 3.2). */
static void write_answer(struct wr *w, const struct radius_pkt *p, struct span secret,
			 enum radius_error_cause cause)
{
	uint8_t ack = p->code == RADIUS_COA_REQUEST ? RADIUS_COA_ACK : RADIUS_DISCONNECT_ACK;
	struct radius_walk walk = radius_walk(p->attrs);
	uint8_t digest[RADIUS_AUTH_LEN] = { 0 };
	size_t length_at, signature_at;
	struct radius_attr a;

	wr_u8(w, cause == RADIUS_CAUSE_NONE ? ack : (uint8_t)(ack + 1));
	wr_u8(w, p->id);
	length_at = wr_mark_u16(w);
	wr_bytes(w, p->auth, RADIUS_AUTH_LEN);
	signature_at = wr_len(w) + 2;
	if (p->signature)
		write_attr(w, &(struct radius_attr){ .type = RADIUS_MESSAGE_AUTHENTICATOR,
						     .value = span_of(digest, sizeof(digest)) });
	if (cause != RADIUS_CAUSE_NONE) {
		wr_u8(w, RADIUS_ERROR_CAUSE);
		wr_u8(w, CAUSE_LEN);
		wr_u32(w, (uint32_t)cause);
	}
	while (radius_walk_next(&walk, &a))
		if (is_copied(&a))
			write_attr(w, &a);
	wr_patch_u16(w, length_at, (uint16_t)wr_len(w));
	if (p->signature) {
		radius_pkt_sign(wr_done(w), w->start + signature_at, p->auth, secret, digest);
		memcpy(w->start + signature_at, digest, sizeof(digest));
	}
	crypto_md5(digest, (const struct span[]){ wr_done(w), secret }, 2);
	memcpy(w->start + 4, digest, sizeof(digest));
}

/* ---- reading ---- */

struct reading {
	const struct radius_coa *c;
	const struct ze_addr *to;
	bool disconnect;
	struct radius_who who;
	bool identified;
	bool has_timestamp, has_state;
	uint32_t service;  /* 0: no Service-Type */
	struct span text;  /* Reply-Message */
	struct wr changes; /* the attributes that are none of the above */
	struct radius_coa_note *note;
};

static const struct {
	uint8_t type, who;
} who_texts[] = {
	{ RADIUS_USER_NAME, RADIUS_WHO_USER },
	{ RADIUS_CALLED_STATION_ID, RADIUS_WHO_CALLED },
	{ RADIUS_CALLING_STATION_ID, RADIUS_WHO_CALLING },
	{ RADIUS_ACCT_SESSION_ID, RADIUS_WHO_ACCT_SESSION },
	{ RADIUS_ACCT_MULTI_SESSION_ID, RADIUS_WHO_ACCT_MULTI },
	{ RADIUS_NAS_PORT_ID, RADIUS_WHO_PORT_ID },
	{ RADIUS_CHARGEABLE_USER_IDENTITY, RADIUS_WHO_CUI },
	{ RADIUS_FRAMED_INTERFACE_ID, RADIUS_WHO_IFID6 },
	{ RADIUS_FRAMED_IPV6_PREFIX, RADIUS_WHO_PREFIX6 },
};

static enum radius_error_cause read_who_text(struct reading *r, const struct radius_attr *a)
{
	size_t i = 0;

	while (i < ZE_ARRAY_SIZE(who_texts) && who_texts[i].type != a->type)
		i++;
	if (i == ZE_ARRAY_SIZE(who_texts))
		return RADIUS_CAUSE_UNSUPPORTED;
	if (!a->value.len || r->who.text[who_texts[i].who].len)
		return RADIUS_CAUSE_VALUE;
	r->who.text[who_texts[i].who] = a->value;
	r->identified = r->identified || who_texts[i].who != RADIUS_WHO_CALLED;
	return RADIUS_CAUSE_NONE;
}

static enum radius_error_cause read_who_u32(struct reading *r, struct span v, bool *ret_has,
					    uint32_t *ret)
{
	if (*ret_has || !radius_attr_u32(v, ret))
		return RADIUS_CAUSE_VALUE;
	*ret_has = r->identified = true;
	return RADIUS_CAUSE_NONE;
}

/* The request was sent to the address that it names, see RFC 5176 3. */
static bool names_destination(const struct reading *r, uint8_t family, struct span v)
{
	return r->to && r->to->family == family &&
	       span_eq(v, span_of(r->to->ip, family == 4 ? 4 : 16));
}

static enum radius_error_cause read_nas(const struct reading *r, const struct radius_attr *a)
{
	const struct radius_coa_cfg *cfg = &r->c->cfg;
	uint32_t ip;
	bool ours;

	if (a->type == RADIUS_NAS_IDENTIFIER)
		ours = cfg->nas_identifier.len && span_eq(a->value, cfg->nas_identifier);
	else if (a->type == RADIUS_NAS_IP_ADDRESS)
		ours = (cfg->nas_ip && radius_attr_u32(a->value, &ip) && ip == cfg->nas_ip) ||
		       names_destination(r, 4, a->value);
	else
		ours = (cfg->nas_ip6.family == 6 &&
			span_eq(a->value, span_of(cfg->nas_ip6.ip, sizeof(cfg->nas_ip6.ip)))) ||
		       names_destination(r, 6, a->value);
	return ours ? RADIUS_CAUSE_NONE : RADIUS_CAUSE_NAS;
}

/* A CoA-Request may change it; the profile decides. A Disconnect-Request may not. */
static enum radius_error_cause read_change(struct reading *r, const struct radius_attr *a)
{
	if (r->disconnect)
		return RADIUS_CAUSE_UNSUPPORTED;
	write_attr(&r->changes, a);
	return RADIUS_CAUSE_NONE;
}

static enum radius_error_cause read_service_type(struct reading *r, struct span v)
{
	if (r->disconnect)
		return RADIUS_CAUSE_UNSUPPORTED; /* 405 is for a CoA-Request only */
	return radius_attr_u32(v, &r->service) && r->service ? RADIUS_CAUSE_NONE :
							       RADIUS_CAUSE_SERVICE;
}

static enum radius_error_cause read_standard(struct reading *r, const struct radius_attr *a)
{
	enum radius_error_cause cause;
	uint32_t n;

	switch (a->type) {
	case RADIUS_NAS_IP_ADDRESS:
	case RADIUS_NAS_IDENTIFIER:
	case RADIUS_NAS_IPV6_ADDRESS:
		return read_nas(r, a);
	case RADIUS_NAS_PORT:
		return read_who_u32(r, a->value, &r->who.has_port, &r->who.port);
	case RADIUS_FRAMED_IP_ADDRESS:
		return read_who_u32(r, a->value, &r->who.has_address, &r->who.address);
	case RADIUS_NAS_PORT_TYPE:
		return radius_attr_u32(a->value, &n) && n == RADIUS_PORT_VIRTUAL ?
			       RADIUS_CAUSE_NONE :
			       RADIUS_CAUSE_VALUE;
	case RADIUS_SERVICE_TYPE:
		return read_service_type(r, a->value);
	case RADIUS_EVENT_TIMESTAMP:
		r->has_timestamp = radius_attr_u32(a->value, &n);
		return r->has_timestamp ? RADIUS_CAUSE_NONE : RADIUS_CAUSE_INVALID;
	case RADIUS_STATE:
		r->has_state = true;
		return RADIUS_CAUSE_NONE;
	case RADIUS_PROXY_STATE:
	case RADIUS_MESSAGE_AUTHENTICATOR:
		return RADIUS_CAUSE_NONE;
	case RADIUS_REPLY_MESSAGE:
		r->text = r->text.len ? r->text : a->value;
		return r->disconnect ? RADIUS_CAUSE_NONE : RADIUS_CAUSE_UNSUPPORTED;
	case RADIUS_ACCT_TERMINATE_CAUSE: /* it is Admin-Reset, RFC 5176 2.1 */
		return r->disconnect ? RADIUS_CAUSE_NONE : RADIUS_CAUSE_UNSUPPORTED;
	default:
		cause = read_who_text(r, a);
		return cause == RADIUS_CAUSE_UNSUPPORTED ? read_change(r, a) : cause;
	}
}

/* What the request says as a whole. */
static enum radius_error_cause read_end(const struct reading *r)
{
	if (r->c->cfg.require_timestamp && !r->has_timestamp) {
		r->note->attr = "Event-Timestamp"; /* is missing */
		return RADIUS_CAUSE_INVALID;
	}
	if (r->service)
		return r->service == RADIUS_SERVICE_AUTHORIZE_ONLY && !r->has_state ?
			       RADIUS_CAUSE_MISSING :
			       RADIUS_CAUSE_SERVICE;
	return r->identified ? RADIUS_CAUSE_NONE : RADIUS_CAUSE_MISSING;
}

static enum radius_error_cause read_request(struct reading *r, struct span attrs)
{
	struct radius_walk walk = radius_walk(attrs);
	struct radius_attr a;

	while (radius_walk_next(&walk, &a)) {
		enum radius_error_cause cause = a.vendor ? read_change(r, &a) :
							   read_standard(r, &a);

		if (cause == RADIUS_CAUSE_NONE)
			continue;
		r->note->attr = radius_profile_attr_name(a.vendor, a.type);
		r->note->value = a.value;
		return cause;
	}
	return walk.skipped ? RADIUS_CAUSE_INVALID : read_end(r);
}

/* ---- acting ---- */

struct targets {
	uint64_t ids[RADIUS_COA_SESSIONS_MAX + 1];
	struct profile *profiles[RADIUS_COA_SESSIONS_MAX]; /* those that were made */
	size_t n;
};

/* Makes the profile that session i will have. */
static enum radius_error_cause make_profile(struct radius_coa *c, struct targets *t, size_t i,
					    const struct reading *r)
{
	const struct profile *base = c->ops->profile(c->self, t->ids[i]);
	struct radius_finding finding;
	enum reason why;

	if (!base)
		return RADIUS_CAUSE_PROHIBITED;
	why = radius_profile_change(wr_done(&r->changes), base, &t->profiles[i], &finding);
	if (why == REASON_NO_MEMORY)
		return RADIUS_CAUSE_RESOURCES;
	if (why != REASON_NONE) {
		r->note->attr = finding.name;
		r->note->value = finding.value;
		return why == REASON_COA_UNSUPPORTED ? RADIUS_CAUSE_UNSUPPORTED :
						       RADIUS_CAUSE_VALUE;
	}
	return c->ops->check(c->self, t->ids[i], t->profiles[i]) < 0 ? RADIUS_CAUSE_RESOURCES :
								       RADIUS_CAUSE_NONE;
}

static enum radius_error_cause change_all(struct radius_coa *c, struct targets *t,
					  const struct reading *r)
{
	enum radius_error_cause cause = RADIUS_CAUSE_NONE;
	size_t made = 0;

	if (!wr_len(&r->changes))
		return RADIUS_CAUSE_NONE;
	while (made < t->n && cause == RADIUS_CAUSE_NONE)
		cause = make_profile(c, t, made++, r);
	for (size_t i = 0; i < made; i++) {
		if (cause == RADIUS_CAUSE_NONE)
			c->ops->apply(c->self, t->ids[i], t->profiles[i], r->note->client);
		else
			profile_free(t->profiles[i]);
	}
	return cause;
}

static enum radius_error_cause end_all(struct radius_coa *c, const struct targets *t,
				       const struct reading *r)
{
	for (size_t i = 0; i < t->n; i++)
		if (!c->ops->may_end(c->self, t->ids[i]))
			return RADIUS_CAUSE_NOT_REMOVABLE;
	for (size_t i = 0; i < t->n; i++)
		c->ops->end(c->self, t->ids[i], r->note->client, r->text);
	return RADIUS_CAUSE_NONE;
}

static enum radius_error_cause act(struct radius_coa *c, const struct radius_coa_arrival *a,
				   const struct radius_pkt *p, struct radius_coa_note *note)
{
	uint8_t changes[RADIUS_PKT_MAX * 2]; /* each of a vendor gets a Vendor-Specific of its own */
	struct reading r = { .c = c,
			     .to = a->to,
			     .disconnect = note->disconnect,
			     .changes = wr_init(changes, sizeof(changes)),
			     .note = note };
	enum radius_error_cause cause = read_request(&r, p->attrs);
	struct targets t = { .n = 0 };

	if (cause == RADIUS_CAUSE_NONE && r.changes.bad)
		cause = RADIUS_CAUSE_INVALID;
	if (cause != RADIUS_CAUSE_NONE)
		return cause;
	t.n = c->ops->find(c->self, &r.who, t.ids, ZE_ARRAY_SIZE(t.ids));
	note->sessions = t.n;
	if (!t.n)
		return RADIUS_CAUSE_NO_SESSION;
	if (t.n > RADIUS_COA_SESSIONS_MAX)
		return RADIUS_CAUSE_SEVERAL;
	return note->disconnect ? end_all(c, &t, &r) : change_all(c, &t, &r);
}

/* ---- entry ---- */

static bool is_request(uint8_t code)
{
	return code == RADIUS_COA_REQUEST || code == RADIUS_DISCONNECT_REQUEST;
}

/* RFC 5176 2.3: as a reply to a request whose authenticator is zero. */
static int check_request(const struct radius_pkt *p, struct span secret)
{
	static const uint8_t zeros[RADIUS_AUTH_LEN];

	return radius_pkt_check(p, zeros, secret);
}

static bool is_stale(const struct radius_pkt *p, uint64_t wall)
{
	struct span v;
	uint32_t at;

	if (!radius_attr_find(p->attrs, RADIUS_VENDOR_NONE, RADIUS_EVENT_TIMESTAMP, &v) ||
	    !radius_attr_u32(v, &at))
		return false;
	return wall > at ? wall - at > RADIUS_COA_WINDOW : at - wall > RADIUS_COA_WINDOW;
}

/* The client with this address, from number `from` on; or the one that stands for none. */
static size_t client_at(const struct radius_coa *c, const struct ze_addr *addr, size_t from)
{
	while (from < c->cfg.n_clients && !ze_addr_same_ip(&c->clients[from].addr, addr))
		from++;
	return from;
}

/* Checks everything before the contents. *ret_client becomes the client whose secret is right. */
static enum reason admit_request(const struct radius_coa *c, const struct radius_coa_arrival *a,
				 struct radius_pkt *p, size_t *ret_client)
{
	size_t i = *ret_client;
	int err;

	if (i == c->cfg.n_clients)
		return REASON_COA_CLIENT;
	err = radius_pkt_parse(a->datagram, p);
	if (err < 0)
		return (enum reason) - err;
	if (!is_request(p->code))
		return REASON_COA_CODE;
	err = check_request(p, c->clients[i].secret);
	while (err == -REASON_REPLY_AUTHENTICATOR) {
		i = client_at(c, a->from, i + 1);
		if (i == c->cfg.n_clients)
			return REASON_COA_AUTHENTICATOR;
		err = check_request(p, c->clients[i].secret);
	}
	*ret_client = i;
	if (!p->signature && c->cfg.require_signature)
		return REASON_COA_UNSIGNED;
	if (err < 0)
		return (enum reason) - err;
	if (is_stale(p, a->wall))
		return REASON_COA_STALE;
	return answer_fits(p) ? REASON_NONE : REASON_RADIUS_LENGTH;
}

static void count(struct radius_coa_stats *s, const struct radius_coa_note *n)
{
	bool ack = n->cause == RADIUS_CAUSE_NONE;

	if (n->disconnect)
		(*(ack ? &s->disconnect_acks : &s->disconnect_naks))++;
	else
		(*(ack ? &s->coa_acks : &s->coa_naks))++;
}

enum reason radius_coa_input(struct radius_coa *c, const struct radius_coa_arrival *a, struct wr *w)
{
	size_t i = client_at(c, a->from, 0);
	struct radius_coa_note note = { 0 };
	struct coa_key key = { .from = *a->from };
	const struct coa_answer *kept;
	struct radius_pkt p;
	enum reason why = admit_request(c, a, &p, &i);
	struct coa_client *client = &c->clients[i];

	if (why != REASON_NONE) {
		client->stats.dropped[why]++;
		return why;
	}
	memcpy(key.auth, p.auth, sizeof(key.auth));
	key.code = p.code;
	key.id = p.id;
	kept = answer_find(c, &key, a->now);
	if (kept) {
		client->stats.repeated++;
		write_answer(w, &p, client->secret, kept->cause);
		return REASON_NONE;
	}
	note.client = client->name;
	note.disconnect = p.code == RADIUS_DISCONNECT_REQUEST;
	note.cause = act(c, a, &p, &note);
	answer_keep(c, &key, note.cause, a->now);
	count(&client->stats, &note);
	write_answer(w, &p, client->secret, note.cause);
	c->ops->note(c->self, &note);
	return REASON_NONE;
}
