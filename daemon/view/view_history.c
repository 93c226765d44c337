/* SPDX-License-Identifier: BSD-2-Clause */
/* The history that an observer keeps: the events of one session, and the sessions that have
 * ended. */
#include <stdio.h>

#include "daemon/base/json.h"
#include "daemon/core/snapshot.h"
#include "daemon/view/view.h"
#include "daemon/view/view_priv.h"

static void kfilled(struct json *j, const char *key, const char *s)
{
	if (s && s[0])
		json_kstr(j, key, s);
}

static void view_history_kaddr(struct json *j, const char *key, const struct ze_addr *a)
{
	char text[ZE_ADDR_TEXT];

	if (a->family)
		json_kstr(j, key, ze_addr_text(a, text));
}

/* What is routed to the subscriber; a single address without its length. */
static void view_history_kprefix(struct json *j, const char *key, const struct ze_prefix *p)
{
	char addr[ZE_ADDR_TEXT], text[ZE_ADDR_TEXT + 4];

	if (p->len == (p->addr.family == 6 ? 128 : 32)) {
		view_history_kaddr(j, key, &p->addr);
	} else if (p->addr.family) {
		snprintf(text, sizeof(text), "%s/%u", ze_addr_text(&p->addr, addr), p->len);
		json_kstr(j, key, text);
	}
}

static void write_note(const struct snapshot_note *n, const struct view_clock *c, struct json *j)
{
	json_obj(j);
	view_time(j, "at", c, n->at);
	json_kstr(j, "event", n->event);
	kfilled(j, "cause", n->cause);
	kfilled(j, "actor", n->actor);
	kfilled(j, "reason", n->text);
	kfilled(j, "change", n->change);
	view_history_kprefix(j, "address", &n->prefix);
	if (n->code)
		json_ku64(j, "disconnect-cause", n->code);
	if (n->has_rtt)
		json_ku64(j, "rtt-us", (uint64_t)(n->rtt / 1000));
	json_obj_end(j);
}

void view_trail(const struct snapshot_trail *t, const struct view_clock *c, struct json *j)
{
	json_arr(j);
	for (size_t i = 0; i < t->n; i++)
		write_note(&t->v[i], c, j);
	json_arr_end(j);
}

void view_history(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	json_arr(j);
	for (size_t i = 0; i < s->ended->n; i++) {
		const struct snapshot_life *l = &s->ended->v[i];

		json_obj(j);
		json_ku64(j, "local-sid", l->sid);
		json_kstr(j, "session-id", l->id);
		json_ku64(j, "tunnel-local-tid", l->tid);
		json_kstr(j, "username", l->user);
		view_history_kaddr(j, "peer", &l->peer);
		json_kstr(j, "interface", l->ifname);
		view_time(j, "began-at", c, l->began);
		view_time(j, "ended-at", c, l->ended);
		json_kstr(j, "cause", l->cause);
		json_kstr(j, "cause-text", l->cause_text);
		json_ku64(j, "terminate-cause", l->terminate_cause);
		json_ku64(j, "up-packets", l->traffic.up_packets);
		json_ku64(j, "up-bytes", l->traffic.up_bytes);
		json_ku64(j, "down-packets", l->traffic.down_packets);
		json_ku64(j, "down-bytes", l->traffic.down_bytes);
		json_key(j, "events");
		view_trail(l->trail, c, j);
		json_obj_end(j);
	}
	json_arr_end(j);
}
