/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events by session id. What is known of a session is not copied: a life holds a reference on the
 * facts of its latest event. A struct life begins with the first event of its session, is moved to
 * the list of ended ones by EV_SESSION_DOWN, gets its counters with EV_SESSION_CLOSED, and is freed
 * when HISTORY_ENDED newer ones have ended.
 */
#include "daemon/observe/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/list.h"
#include "daemon/base/ring.h"
#include "daemon/base/session_id.h"
#include "daemon/core/session_facts.h"

#define LIVES_MAX   65535 /* as many as there are session ids */
#define NOTES_FIRST 4	  /* enough for most sessions; doubled up to HISTORY_EVENTS */

struct note { /* kept small: there can be millions */
	ze_ns at;
	const char *cause;
	uint16_t code;
	uint8_t kind;	/* enum event_kind */
	uint8_t family; /* of ip: 4 or 6 */
	uint8_t len;	/* of the prefix, bits */
	union {
		uint8_t ip[16]; /* EV_ROUTE_ADD, EV_ROUTE_REMOVE */
		ze_ns rtt;	/* EV_ECHO_RTT */
		struct {
			char *actor, *text; /* has_text(); owned, NULL when empty */
		};
	};
};

struct life { /* of one session */
	struct htab_node in_by_id;
	struct list ended;		   /* in history.ended once the session has ended */
	const struct session_facts *facts; /* the latest */
	char ifname[16];
	enum end_cause end; /* END_NONE until the session has ended */
	ze_ns began, over;
	struct event_traffic *traffic; /* when it was over; NULL: none, or no memory for it */
	struct ring ring;
	struct note *notes; /* n_notes entries; grows up to HISTORY_EVENTS before the ring wraps */
	uint32_t n_notes;
};

struct history {
	struct htab by_id;
	struct list ended; /* newest first */
	unsigned n_ended, n_live;
};

struct history *history_new(void)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h)
		list_init(&h->ended);
	return h;
}

static bool is_route(enum event_kind kind)
{
	return kind == EV_ROUTE_ADD || kind == EV_ROUTE_REMOVE;
}

static bool has_text(unsigned kind)
{
	return kind == EV_DISCONNECT_REQUESTED || kind == EV_SESSION_CHANGED ||
	       kind == EV_AUTH_UNAVAILABLE;
}

static void note_done(struct note *n)
{
	if (!has_text(n->kind))
		return;
	free(n->actor);
	free(n->text);
}

static void life_free(struct history *h, struct life *l)
{
	htab_del(&h->by_id, &l->in_by_id);
	list_del(&l->ended);
	for (size_t i = 0; i < l->n_notes; i++)
		note_done(&l->notes[i]);
	free(l->notes);
	session_facts_unref(l->facts);
	free(l->traffic);
	free(l);
}

void history_free(struct history *h)
{
	struct htab_node *n, *next;

	if (!h)
		return;
	for (n = htab_next(&h->by_id, NULL); n; n = next) {
		next = htab_next(&h->by_id, n);
		life_free(h, ze_container_of(n, struct life, in_by_id));
	}
	free(h);
}

static uint32_t history_hash_of(uint64_t id)
{
	return hash_bytes(&id, sizeof(id));
}

static struct life *life_of(const struct history *h, uint64_t id)
{
	for (struct htab_node *n = htab_find(&h->by_id, history_hash_of(id)); n; n = htab_same(n)) {
		struct life *l = ze_container_of(n, struct life, in_by_id);

		if (l->facts->id == id)
			return l;
	}
	return NULL;
}

static struct life *life_new(struct history *h, const struct event *e)
{
	struct life *l;

	if (h->n_live >= LIVES_MAX)
		return NULL;
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	/* A session that was restored began in an earlier instance. */
	l->began = e->link.up_at && e->link.up_at < e->now ? e->link.up_at : e->now;
	l->ring = ring_init(HISTORY_EVENTS);
	list_init(&l->ended);
	if (htab_add(&h->by_id, &l->in_by_id, history_hash_of(e->facts->id)) < 0) {
		free(l);
		return NULL;
	}
	l->facts = session_facts_ref(e->facts);
	h->n_live++;
	return l;
}

static void history_copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static char *copy_filled(const char *s)
{
	return s && s[0] ? strdup(s) : NULL; /* when out of memory, the text is left out */
}

/* Makes room for one more note. Returns false when out of memory; then the event is not
 * recorded. */
static bool history_grow(struct life *l)
{
	uint32_t n = l->n_notes ? 2 * l->n_notes : NOTES_FIRST;
	struct note *more;

	if (ring_count(&l->ring) < l->n_notes || l->n_notes == HISTORY_EVENTS)
		return true;
	more = realloc(l->notes, n * sizeof(*more));
	if (!more)
		return false;
	memset(more + l->n_notes, 0, (n - l->n_notes) * sizeof(*more));
	l->notes = more;
	l->n_notes = n;
	return true;
}

static void history_note(struct life *l, const struct event *e)
{
	struct note *n;

	if (l->facts != e->facts) {
		session_facts_unref(l->facts);
		l->facts = session_facts_ref(e->facts);
	}
	if (e->ifname && e->ifname[0])
		history_copy(l->ifname, sizeof(l->ifname), e->ifname);
	if (!history_grow(l))
		return;
	n = &l->notes[ring_push(&l->ring)];
	note_done(n);
	*n = (struct note){
		.at = e->now, .kind = (uint8_t)e->kind, .code = e->code, .cause = e->cause
	};
	if (is_route(e->kind)) {
		n->family = e->prefix.addr.family;
		n->len = e->prefix.len;
		memcpy(n->ip, e->prefix.addr.ip, sizeof(n->ip));
	} else if (e->kind == EV_ECHO_RTT) {
		n->rtt = e->rtt;
	} else if (has_text(e->kind)) {
		n->actor = copy_filled(e->actor);
		n->text = copy_filled(e->text);
	}
}

/* A run of echoes would fill the ring, so only the newest of them is kept. */
static bool replaces_last(const struct life *l, const struct event *e)
{
	uint32_t n = ring_count(&l->ring);

	return e->kind == EV_ECHO_RTT && n &&
	       l->notes[ring_at(&l->ring, n - 1)].kind == EV_ECHO_RTT;
}

static void end_life(struct history *h, struct life *l, const struct event *e)
{
	l->over = e->now;
	l->end = e->end;
	h->n_live--;
	list_add_head(&h->ended, &l->ended);
	if (++h->n_ended > HISTORY_ENDED) {
		h->n_ended--;
		life_free(h, list_entry(h->ended.prev, struct life, ended));
	}
}

static void set_traffic(struct life *l, const struct event *e)
{
	if (!l->traffic)
		l->traffic = malloc(sizeof(*l->traffic));
	if (l->traffic)
		*l->traffic = e->traffic;
}

static void on_event(void *self, const struct event *e)
{
	struct history *h = self;
	struct life *l;

	if (!e->facts)
		return; /* an event of a tunnel, or of a call that is not established */
	l = life_of(h, e->facts->id);
	/* A call that is cleared before PPP starts has no EV_SESSION_DOWN, so no life is
	 * created. */
	if (!l && e->kind != EV_DISCONNECT_REQUESTED && e->kind != EV_SESSION_CLOSED)
		l = life_new(h, e);
	if (l && e->kind == EV_SESSION_CLOSED)
		set_traffic(l, e);
	if (!l || l->over)
		return;
	if (replaces_last(l, e)) {
		struct note *n = &l->notes[ring_at(&l->ring, ring_count(&l->ring) - 1)];

		n->at = e->now;
		n->rtt = e->rtt;
		return;
	}
	history_note(l, e);
	if (e->kind == EV_SESSION_DOWN)
		end_life(h, l, e);
}

const struct observer history_observer = {
	.name = "history",
	.wants = EV_BIT(EV_SESSION_STARTING) | EV_BIT(EV_SESSION_UP) | EV_BIT(EV_SESSION_DOWN) |
		 EV_BIT(EV_SESSION_CLOSED) | EV_BIT(EV_DISCONNECT_REQUESTED) |
		 EV_BIT(EV_SESSION_CHANGED) | EV_BIT(EV_AUTH_UNAVAILABLE) | EV_BIT(EV_ROUTE_ADD) |
		 EV_BIT(EV_ROUTE_REMOVE) | EV_BIT(EV_ECHO_RTT) | EV_BIT(EV_ECHO_LOST),
	.on_event = on_event,
};

/* ---- copies for snapshots ---- */

static size_t text_len(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static const char *history_put_text(char **at, const char *s)
{
	size_t n = text_len(s);
	char *to = *at;

	if (!n)
		return NULL;
	memcpy(to, s, n);
	*at = to + n;
	return to;
}

static void copy_note(struct snapshot_note *to, const struct note *n, char **at)
{
	*to = (struct snapshot_note){ .at = n->at,
				      .event = event_kind_name((enum event_kind)n->kind),
				      .cause = n->cause,
				      .code = n->code };
	if (has_text(n->kind)) {
		to->actor = history_put_text(at, n->actor);
		*(n->kind == EV_SESSION_CHANGED ? &to->change : &to->text) =
			history_put_text(at, n->text);
	} else if (is_route(n->kind)) {
		to->prefix.addr.family = n->family;
		to->prefix.len = n->len;
		memcpy(to->prefix.addr.ip, n->ip, sizeof(n->ip));
	} else if (n->kind == EV_ECHO_RTT) {
		to->has_rtt = true;
		to->rtt = n->rtt;
	}
}

/* When l is NULL, the session has no recorded events, and the trail is empty. */
static struct snapshot_trail *copy_trail(const struct life *l)
{
	uint32_t n = l ? ring_count(&l->ring) : 0;
	struct snapshot_trail *t;
	size_t text = 0;
	char *at;

	for (uint32_t i = 0; i < n; i++) {
		const struct note *k = &l->notes[ring_at(&l->ring, i)];

		if (has_text(k->kind))
			text += text_len(k->actor) + text_len(k->text);
	}
	t = malloc(sizeof(*t) + n * sizeof(t->v[0]) + text);
	if (!t)
		return NULL;
	t->n = n;
	at = (char *)&t->v[n];
	for (uint32_t i = 0; i < n; i++)
		copy_note(&t->v[i], &l->notes[ring_at(&l->ring, i)], &at);
	return t;
}

static struct snapshot_trail *trail_of(const void *self, uint64_t id)
{
	return copy_trail(life_of(self, id));
}

static void copy_life(struct snapshot_life *to, const struct life *l)
{
	session_id_text(l->facts->id, to->id);
	to->tid = l->facts->tunnel->tid;
	to->sid = l->facts->sid;
	history_copy(to->user, sizeof(to->user), session_facts_user(l->facts));
	history_copy(to->ifname, sizeof(to->ifname), l->ifname);
	to->peer = l->facts->tunnel->peer;
	to->began = l->began;
	to->ended = l->over;
	to->cause = end_cause_word(l->end);
	to->cause_text = end_cause_sentence(l->end);
	to->terminate_cause = (uint8_t)end_cause_acct(l->end);
	if (l->traffic)
		to->traffic = *l->traffic;
	to->trail = copy_trail(l);
}

static struct snapshot_lives *ended_of(const void *self)
{
	const struct history *h = self;
	struct snapshot_lives *v = calloc(1, sizeof(*v) + h->n_ended * sizeof(v->v[0]));
	struct list *it;

	if (!v)
		return NULL;
	list_for_each(it, &h->ended) {
		struct snapshot_life *to = &v->v[v->n++];

		copy_life(to, list_entry(it, struct life, ended));
		if (!to->trail) {
			snapshot_lives_free(v);
			return NULL;
		}
	}
	return v;
}

struct snapshot_history history_snapshots(const struct history *h)
{
	return (struct snapshot_history){ .self = h, .trail = trail_of, .ended = ended_of };
}
