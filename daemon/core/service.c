/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/service.h"

#include <errno.h>
#include <stdlib.h>

#include "aaa/profile.h"
#include "daemon/core/attach.h"
#include "daemon/core/facts.h"
#include "daemon/core/record_tags.h"
#include "daemon/core/routes.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/timers.h"
#include "daemon/core/turn.h"

struct choice { /* of the value of a key */
	enum profile_key key;
	uint64_t given;	     /* by the profile */
	uint64_t is;	     /* now */
	uint64_t configured; /* for a key that no longer is in the profile */
};

static bool service_has(const struct profile *p, enum profile_key key)
{
	return p && profile_source(p, key) != PROFILE_DEFAULT;
}

static uint64_t service_choose(const struct subscriber *s, const struct profile *old,
			       const struct choice *c)
{
	if (service_has(s->profile, c->key))
		return c->given;
	return service_has(old, c->key) ? c->configured : c->is;
}

/* ---- rates ---- */

static void service_rates(struct subscriber *s, const struct profile *old, ze_ns now)
{
	const struct profile *p = s->profile;
	const struct shape_plan configured = config_shape(s->e->cfg);
	const struct choice down = { PROFILE_DOWN, p ? p->down_bps : 0, s->plan.down_bps,
				     configured.down_bps };
	const struct choice up = { PROFILE_UP, p ? p->up_bps : 0, s->plan.up_bps,
				   configured.up_bps };
	struct shape_plan plan = s->plan;

	plan.down_bps = service_choose(s, old, &down);
	plan.up_bps = service_choose(s, old, &up);
	if (plan.down_bps == s->plan.down_bps && plan.up_bps == s->plan.up_bps)
		return;
	s->plan = plan;
	attach_reshape(s, now);
}

/* ---- timers ---- */

static ze_ns idle_step(const struct sub_timers *v)
{
	ze_ns step = ZE_SEC(v->idle_s) / 8;

	return step < SERVICE_IDLE_MIN ? SERVICE_IDLE_MIN : ze_min_ns(step, SERVICE_IDLE_MAX);
}

static ze_ns session_ends(const struct subscriber *s)
{
	const struct sub_timers *v = s->timers;

	return v->session_s ? s->up_at + ZE_SEC(v->session_s) : ZE_NEVER;
}

/* Reads how many packets the subscriber has sent. A plane that has not read its counters yet, or
 * cannot, leaves the last reading as it is. */
static void idle_read(const struct subscriber *s, ze_ns now, ze_ns *ret_as_of)
{
	const struct ports *io = &s->e->ports;
	struct sub_timers *v = s->timers;
	struct dp_stats st;

	*ret_as_of = v->idle_since;
	if (s->dp != SUB_DP_UP ||
	    io->dp->stats(io->dp_self, s->call.l2tp.sid, now, &st, ret_as_of) < 0)
		return;
	if (st.up_packets != v->packets && *ret_as_of > v->idle_since)
		v->idle_since = *ret_as_of;
	v->packets = st.up_packets;
}

static void idle_arm(struct sub_timers *v, ze_ns now)
{
	v->idle_check = ze_min_ns(now + idle_step(v), v->idle_since + ZE_SEC(v->idle_s));
}

/* Returns true when the subscriber has been idle for its time. */
static bool idle_look(struct subscriber *s, ze_ns now)
{
	struct sub_timers *v = s->timers;
	ze_ns limit = ZE_SEC(v->idle_s), as_of;

	idle_read(s, now, &as_of);
	if (as_of - v->idle_since >= limit)
		return true;
	/* When the time is over, but not yet at the last reading, another one is under way. */
	if (now - v->idle_since >= limit)
		v->idle_check = now + SERVICE_IDLE_MIN;
	else
		idle_arm(v, now);
	return false;
}

static void log_no_timers(const struct subscriber *s, ze_ns now)
{
	uint32_t suppressed;

	if (turn_may_log(s->e, s->call.tunnel, &(struct turn_line){ LOG_AAA, LOG_WARN, NULL }, now,
			 &suppressed))
		log_kv(LOG_AAA, LOG_WARN, "session-timers-failed",
		       KV_U64("tid", s->call.tunnel->l2tp.tid), KV_U64("sid", s->call.l2tp.sid),
		       KV_STR("user", facts_user(s)), KV_ERRNO(-ENOMEM), KV_SUPPRESSED(suppressed));
}

static void set_timers(struct subscriber *s, uint32_t session_s, uint32_t idle_s, ze_ns now)
{
	struct sub_timers *v = s->timers;

	if (!v && !session_s && !idle_s)
		return;
	if (!v)
		v = s->timers = calloc(1, sizeof(*v));
	if (!v) {
		log_no_timers(s, now);
		return;
	}
	if (idle_s && !v->idle_s)
		v->idle_since = now;
	v->session_s = session_s;
	v->idle_s = idle_s;
	idle_arm(v, now);
}

/* The timeouts of the profile; those it does not have are as in `is`. */
static void service_timers(struct subscriber *s, const struct profile *old,
			   const struct sub_timers *is, ze_ns now)
{
	const struct profile *p = s->profile;
	const struct config *cfg = s->e->cfg;
	const struct choice session = { PROFILE_SESSION_TIMEOUT, p ? p->session_timeout_s : 0,
					is->session_s, cfg->session_timeout_s };
	const struct choice idle = { PROFILE_IDLE_TIMEOUT, p ? p->idle_timeout_s : 0, is->idle_s,
				     cfg->idle_timeout_s };

	set_timers(s, (uint32_t)service_choose(s, old, &session),
		   (uint32_t)service_choose(s, old, &idle), now);
}

ze_ns service_deadline(const struct subscriber *s)
{
	const struct sub_timers *v = s->timers;

	if (!v)
		return ZE_NEVER;
	return ze_min_ns(session_ends(s), v->idle_s ? v->idle_check : ZE_NEVER);
}

enum ppp_end service_expire(struct subscriber *s, ze_ns now)
{
	const struct sub_timers *v = s->timers;

	if (!v)
		return PPP_END_NONE;
	if (session_ends(s) <= now)
		return PPP_END_SESSION_TIMEOUT;
	return v->idle_s && v->idle_check <= now && idle_look(s, now) ? PPP_END_IDLE : PPP_END_NONE;
}

/* ---- the session ---- */

void service_begin(struct subscriber *s, ze_ns now)
{
	const struct sub_timers configured = { .session_s = s->e->cfg->session_timeout_s,
					       .idle_s = s->e->cfg->idle_timeout_s };

	if (!s->restored) /* the record of a restored one has what it had */
		service_timers(s, NULL, &configured, now);
}

void service_change(struct subscriber *s, const struct profile *old, ze_ns now)
{
	service_rates(s, old, now);
	if (s->up_at)
		service_timers(s, old, s->timers ? s->timers : &(struct sub_timers){ 0 }, now);
	routes_change(s, now);
	turn_call_dirty(&s->call);
}

void service_save(const struct subscriber *s, struct wr *w)
{
	const struct sub_timers *v = s->timers;
	size_t mark;

	if (!v)
		return;
	mark = tlv_begin(w, RECORD_SES_TIMERS);
	tlv_opt_u32(w, RECORD_TIME_SESSION, v->session_s);
	tlv_opt_u32(w, RECORD_TIME_IDLE, v->idle_s);
	if (v->idle_s) {
		tlv_put_u64(w, RECORD_TIME_IDLE_SINCE, (uint64_t)v->idle_since);
		tlv_opt_u64(w, RECORD_TIME_PACKETS, v->packets);
	}
	tlv_end(w, mark);
}

enum reason service_restore(struct subscriber *s, struct span saved, ze_ns now)
{
	struct span f[RECORD_TIME__COUNT];
	enum reason why = tlv_read(&record_timers_tags, saved, f);
	uint64_t since;

	if (!saved.p || why != REASON_NONE)
		return why;
	since = tlv_u64(f[RECORD_TIME_IDLE_SINCE], (uint64_t)now);
	if (since > (uint64_t)now)
		return REASON_RESUME_RECORD;
	set_timers(s, tlv_u32(f[RECORD_TIME_SESSION], 0), tlv_u32(f[RECORD_TIME_IDLE], 0), now);
	if (!s->timers)
		return REASON_NONE;
	s->timers->idle_since = (ze_ns)since;
	s->timers->packets = tlv_u64(f[RECORD_TIME_PACKETS], 0);
	s->timers->idle_check = now + SERVICE_IDLE_MIN; /* packets may have come in between */
	return REASON_NONE;
}

void service_end(struct subscriber *s)
{
	free(s->timers);
	s->timers = NULL;
}
