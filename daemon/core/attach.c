/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/call.h"
#include "daemon/core/facts.h"
#include "daemon/core/pending.h"
#include "daemon/core/routes.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/timers.h"
#include "daemon/core/turn.h"

static bool attach_may_log(const struct subscriber *s, ze_ns now, uint32_t *ret_suppressed)
{
	return turn_may_log(s->e, s->call.tunnel, &(struct turn_line){ LOG_DP, LOG_WARN, NULL },
			    now, ret_suppressed);
}

static void log_failure(const struct subscriber *s, const char *what, int r, ze_ns now)
{
	uint32_t suppressed;

	if (attach_may_log(s, now, &suppressed))
		log_kv(LOG_DP, LOG_WARN, what, KV_U64("tid", s->call.tunnel->l2tp.tid),
		       KV_U64("sid", s->call.l2tp.sid), KV_STR("user", facts_user(s)), KV_ERRNO(r),
		       KV_SUPPRESSED(suppressed));
}

static void log_taken(const struct subscriber *s, ze_ns now)
{
	uint32_t suppressed;

	if (attach_may_log(s, now, &suppressed))
		log_kv(LOG_DP, LOG_WARN, "session-lost", KV_U64("sid", s->call.l2tp.sid),
		       KV_STR("user", facts_user(s)), KV_STR("interface", s->ifname),
		       KV_SUPPRESSED(suppressed));
}

/* Called when a subscriber is released that still has a session in the data plane: at the end of
 * the engine, or for a session that was not restored. */
static void attach_remove_now(struct res *r)
{
	struct subscriber *s = ze_container_of(r, struct subscriber, r_dp);

	if (s->dp != SUB_DP_CLOSING && !s->e->handover)
		s->e->ports.dp->session_down(s->e->ports.dp_self, s->call.l2tp.sid);
	s->dp = SUB_DP_NONE;
}

static struct dp_session session_of(const struct subscriber *s)
{
	return (struct dp_session){
		.tunnel = { .tid = s->call.tunnel->l2tp.tid,
			    .peer_tid = s->call.tunnel->l2tp.peer_tid,
			    .path = s->call.tunnel->path },
		.sid = s->call.l2tp.sid,
		.peer_sid = s->call.l2tp.peer_sid,
		.sequencing = s->call.l2tp.sequencing_required,
	};
}

void attach_session(struct subscriber *s, ze_ns now, struct pending *next)
{
	const struct ports *io = &s->e->ports;
	const struct dp_session d = session_of(s);
	int r = io->dp->session_up(io->dp_self, &d);

	if (r < 0) {
		log_failure(s, "session-attach-failed", r, now);
		pending_add(next, PENDING_NO_PLANE);
		return;
	}
	s->dp = SUB_DP_ATTACHING;
	res_add(&s->pool, &s->r_dp, attach_remove_now);
}

static struct dp_family attach_family_of(const struct subscriber *s, enum ppp_family family)
{
	struct dp_family f = { .family = family, .mtu = facts_mtu(s) };

	if (family == PPP_FAM_IPV4) {
		f.local4 = s->link.ipcp.params.local;
		f.peer4 = s->link.ipcp.params.peer;
	} else {
		f.ifid = s->link.ipv6cp.ifid;
		f.peer_ifid = ipv6cp_peer_ifid(&s->link.ipv6cp);
		f.ifid_asked = f.ifid != s->e->ifid;
	}
	return f;
}

static bool same_family(const struct dp_family *a, const struct dp_family *b)
{
	if (a->family != b->family || a->mtu != b->mtu)
		return false;
	if (a->family == PPP_FAM_IPV4)
		return a->local4 == b->local4 && a->peer4 == b->peer4;
	return a->ifid == b->ifid && a->peer_ifid == b->peer_ifid;
}

/* True when the values last given to the data plane are those that the link would agree to now. */
static bool is_current(const struct subscriber *s, enum ppp_family family)
{
	const struct dp_family f = attach_family_of(s, family);

	return same_family(&s->dp_has[family], &f);
}

static void attach_request(struct subscriber *s, enum ppp_family family, ze_ns now,
			   struct pending *next)
{
	const struct ports *io = &s->e->ports;
	int r;

	s->dp_has[family] = attach_family_of(s, family);
	r = io->dp->family_up(io->dp_self, s->call.l2tp.sid, &s->dp_has[family]);
	if (r < 0) {
		log_failure(s, "family-attach-failed", r, now);
		attach_drop_family(s, family);
		pending_add_family(next, PENDING_UNATTACHED, family);
		return;
	}
	s->dp_family[family] = SUB_FAM_REQUESTED;
	s->dp_unanswered[SUB_REQ_FAMILY + family]++;
}

static bool any_waits(const struct subscriber *s)
{
	return s->dp_family[PPP_FAM_IPV4] == SUB_FAM_WAITING ||
	       s->dp_family[PPP_FAM_IPV6] == SUB_FAM_WAITING;
}

void attach_family(struct subscriber *s, enum ppp_family family, ze_ns now, struct pending *next)
{
	if (s->dp == SUB_DP_UP) {
		if (s->dp_family[family] == SUB_FAM_UP && is_current(s, family))
			pending_add_family(next, PENDING_ATTACHED, family);
		else
			attach_request(s, family, now, next);
		return;
	}
	if (!any_waits(s)) /* the first one, perhaps after LCP was negotiated again */
		s->attach_by = now + ATTACH_PATIENCE;
	s->dp_family[family] = SUB_FAM_WAITING;
}

/* True when the family is off, or the peer has acknowledged our request and waits for our
 * Configure-Ack. */
static bool is_quiet(const struct subscriber *s, enum ppp_family f)
{
	const struct cp *cp = f == PPP_FAM_IPV4 ? &s->link.ipcp.cp : &s->link.ipv6cp.cp;

	return s->link.ncp[f] == PPP_NCP_OFF ||
	       (s->link.ncp[f] == PPP_NCP_READY && cp->state == CP_ACK_RCVD);
}

ze_ns attach_deadline(const struct subscriber *s)
{
	return s->dp == SUB_DP_NONE && any_waits(s) ? s->attach_by : ZE_NEVER;
}

/* When our interface identifier changes after our Configure-Ack, the data plane gets the new one,
 * if possible before the peer acknowledges it. */
static void keep_current(struct subscriber *s, ze_ns now, struct pending *next)
{
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->dp == SUB_DP_UP && s->dp_family[f] == SUB_FAM_UP &&
		    s->link.ncp[f] >= PPP_NCP_ATTACHED && !is_current(s, (enum ppp_family)f))
			attach_request(s, (enum ppp_family)f, now, next);
}

void attach_if_due(struct subscriber *s, ze_ns now, struct pending *next)
{
	ze_ns due = attach_deadline(s);

	keep_current(s, now, next);
	if (due == ZE_NEVER)
		return;
	if (now >= due || (is_quiet(s, PPP_FAM_IPV4) && is_quiet(s, PPP_FAM_IPV6)))
		attach_session(s, now, next);
}

void attach_open(struct subscriber *s, enum ppp_family family, bool open)
{
	const struct ports *io = &s->e->ports;

	if (s->dp == SUB_DP_UP && s->dp_family[family] == SUB_FAM_UP &&
	    (!open || is_current(s, family)))
		io->dp->family_open(io->dp_self, s->call.l2tp.sid, family, open);
}

void attach_drop_family(struct subscriber *s, enum ppp_family family)
{
	const struct ports *io = &s->e->ports;

	if (s->dp == SUB_DP_UP && s->dp_family[family] >= SUB_FAM_REQUESTED)
		io->dp->family_down(io->dp_self, s->call.l2tp.sid, family);
	s->dp_family[family] = SUB_FAM_OFF;
}

int attach_restore(struct subscriber *s, ze_ns now)
{
	const struct ports *io = &s->e->ports;
	struct dp_restore a = { .session = session_of(s), .plan = s->plan };
	struct dp_family f[PPP_FAM__COUNT] = { 0 };
	int r;

	if (!io->dp->session_restore)
		return -EOPNOTSUPP;
	for (unsigned i = 0; i < PPP_FAM__COUNT; i++) {
		f[i] = attach_family_of(s, (enum ppp_family)i);
		if (s->link.ncp[i] == PPP_NCP_UP)
			a.family[i] = &f[i];
	}
	a.n_routes = routes_restore(s, &a.routes, now);
	r = io->dp->session_restore(io->dp_self, &a);
	if (r == 0)
		routes_restored(s, a.routes, a.n_routes, now);
	free(a.routes);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < PPP_FAM__COUNT; i++) {
		s->dp_family[i] = a.family[i] ? SUB_FAM_UP : SUB_FAM_OFF;
		s->dp_has[i] = f[i];
	}
	s->shape = plan_limits(&s->plan) ? SUB_SHAPE_ON : SUB_SHAPE_OFF;
	s->dp = SUB_DP_UP;
	call_tell_guard(&s->call, GUARD_SESSION_CARRIED);
	res_add(&s->pool, &s->r_dp, attach_remove_now);
	return 0;
}

bool attach_remove(struct subscriber *s)
{
	if (s->dp == SUB_DP_NONE)
		return false;
	if (s->dp != SUB_DP_CLOSING) {
		s->dp = SUB_DP_CLOSING;
		s->e->ports.dp->session_down(s->e->ports.dp_self, s->call.l2tp.sid);
	}
	return true;
}

/* The session is not in the data plane any more. */
static void detached(struct subscriber *s)
{
	s->dp = SUB_DP_NONE;
	res_forget(&s->r_dp);
}

static void unshaped(struct subscriber *s, int r, ze_ns now)
{
	turn_count(s->e, REASON_SHAPE_FAILED);
	log_failure(s, "shape-failed", r, now);
	s->shape = SUB_SHAPE_FAILED;
}

/* A session continues without rates when they cannot be applied: a session that is too fast is
 * better for the subscriber than none. */
static void attach_shape(struct subscriber *s, ze_ns now)
{
	const struct ports *io = &s->e->ports;
	int r = io->dp->shape(io->dp_self, s->call.l2tp.sid, &s->plan);

	if (r < 0) {
		unshaped(s, r, now);
		return;
	}
	s->shape = SUB_SHAPE_WAITING;
	s->dp_unanswered[SUB_REQ_SHAPE]++;
}

void attach_reshape(struct subscriber *s, ze_ns now)
{
	if (s->dp != SUB_DP_UP)
		s->shape = plan_limits(&s->plan) ? SUB_SHAPE_WAITING : SUB_SHAPE_OFF;
	else if (s->dp_unanswered[SUB_REQ_SHAPE])
		s->reshape = true;
	else
		attach_shape(s, now);
}

/* Takes an answer into account. Returns false when it answers a request that a newer one has
 * replaced, or none. */
static bool is_newest(struct subscriber *s, unsigned request)
{
	return s->dp_unanswered[request] && !--s->dp_unanswered[request];
}

static void shape_answer(struct subscriber *s, const struct dp_event *ev, ze_ns now)
{
	if (!is_newest(s, SUB_REQ_SHAPE))
		return;
	if (s->reshape) { /* the rates were changed in the meantime */
		s->reshape = false;
		attach_shape(s, now);
	} else if (ev->result < 0) {
		unshaped(s, ev->result, now);
	} else {
		s->shape = plan_limits(&s->plan) ? SUB_SHAPE_ON : SUB_SHAPE_OFF;
	}
}

static void session_answer(struct subscriber *s, const struct dp_event *ev, ze_ns now,
			   struct pending *next)
{
	if (s->dp != SUB_DP_ATTACHING)
		return;
	if (ev->result < 0) {
		log_failure(s, "session-attach-failed", ev->result, now);
		detached(s);
		pending_add(next, PENDING_NO_PLANE);
		return;
	}
	s->dp = SUB_DP_UP;
	call_tell_guard(&s->call, GUARD_SESSION_CARRIED);
	memcpy(s->ifname, ev->ifname, sizeof(s->ifname));
	s->ifname[sizeof(s->ifname) - 1] = '\0';
	if (plan_limits(&s->plan))
		attach_shape(s, now);
	if (!s->opened)
		subscriber_open_link(s, now);
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->dp_family[f] == SUB_FAM_WAITING)
			attach_request(s, (enum ppp_family)f, now, next);
}

static void family_answer(struct subscriber *s, const struct dp_event *ev, ze_ns now,
			  struct pending *next)
{
	enum ppp_family f = ev->family;

	if ((unsigned)f >= PPP_FAM__COUNT || !is_newest(s, SUB_REQ_FAMILY + f) ||
	    s->dp_family[f] != SUB_FAM_REQUESTED || s->dp != SUB_DP_UP)
		return;
	if (ev->result < 0) {
		log_failure(s, "family-attach-failed", ev->result, now);
		s->dp_family[f] = SUB_FAM_OFF;
		pending_add_family(next, PENDING_UNATTACHED, f);
		return;
	}
	if (!is_current(s, f)) { /* an identifier was changed in the meantime */
		attach_request(s, f, now, next);
		return;
	}
	s->dp_family[f] = SUB_FAM_UP;
	if (s->ncp_up[f])
		attach_open(s, f, true);
	pending_add_family(next, PENDING_ATTACHED, f);
}

/* The session was removed from the data plane, with or without our request. */
static void gone(struct subscriber *s, const struct dp_event *ev, struct pending *next)
{
	const struct dp_stats *n = &ev->final;

	if (s->dp == SUB_DP_NONE)
		return;
	detached(s);
	s->counted = ev->counted;
	s->traffic = (struct event_traffic){ n->up_packets, n->up_bytes, n->down_packets,
					     n->down_bytes };
	if (!s->call.ended)
		pending_add(next, PENDING_NO_PLANE);
}

void attach_event(struct subscriber *s, const struct dp_event *ev, ze_ns now, struct pending *next)
{
	switch (ev->kind) {
	case DP_EV_SESSION_UP:
		session_answer(s, ev, now, next);
		break;
	case DP_EV_FAMILY_UP:
		family_answer(s, ev, now, next);
		break;
	case DP_EV_SHAPED:
		shape_answer(s, ev, now);
		break;
	case DP_EV_ROUTE:
		routes_answer(s, ev, now);
		break;
	case DP_EV_GONE:
		gone(s, ev, next);
		break;
	case DP_EV_LOST:
		log_taken(s, now);
		pending_add(next, PENDING_NO_PLANE);
		break;
	case DP_EV_FRAME:
		break; /* handled by the subscriber */
	}
}
