/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/observe/accounting.h"

#include <errno.h>
#include <stdlib.h>

#include "aaa/profile.h"
#include "aaa/radius_acct.h"
#include "daemon/base/log.h"
#include "daemon/base/session_id.h"
#include "daemon/core/session_facts.h"

/* What acct.h keeps with a session: its id in the daemon, and the families whose addresses its
 * attributes have. */
#define HANDLE_SID  0xffffU
#define HANDLE_IPV4 0x10000U
#define HANDLE_IPV6 0x20000U

struct accounting {
	struct accounting_args a;
	struct acct *acct;
	ze_ns now;	/* of the call that is being processed */
	bool recovered; /* accounting_recovered() was called */
	bool continued; /* a session of the previous instance is up */
	bool back;	/* accounting_server_back() was called */
	struct log_limit lines;
};

static struct acct_time accounting_at(struct accounting *a, ze_ns now)
{
	a->now = now;
	return (struct acct_time){ now, a->a.ops->wall(a->a.self) };
}

/* ---- what the state machine needs ---- */

static void acct_op_write(void *self, enum acct_write_kind kind, const struct acct_row *row)
{
	struct accounting *a = self;

	a->a.ops->write(a->a.self, kind, row);
}

static void acct_op_load(void *self, uint64_t after, size_t n)
{
	struct accounting *a = self;

	a->a.ops->load(a->a.self, after, n);
}

static int acct_op_send(void *self, uint64_t cookie, enum acct_status status,
			const struct acct_row *row, uint64_t at)
{
	struct accounting *a = self;
	const struct radius_acct_time t = { at, a->a.ops->wall(a->a.self) };
	uint8_t octets[RADIUS_REQ_MAX];
	char id[SESSION_ID_TEXT];
	struct radius_req q;
	enum reason why;

	if (!a->a.cfg.on)
		return -ENOTCONN;
	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, octets, sizeof(octets));
	why = radius_acct_request(&q, &a->a.cfg.nas, status, row, &t);
	if (why == REASON_NONE)
		return a->a.ops->request(a->a.self, &q, cookie);
	log_kv(LOG_AAA, LOG_ERROR, "accounting-record-unusable", KV_REASON(why),
	       KV_STR("session-id", session_id_text(cookie, id)),
	       KV_STR("effect", "this record is not sent"));
	return -EBADMSG;
}

static void acct_op_cancel(void *self, uint64_t cookie)
{
	struct accounting *a = self;

	a->a.ops->cancel(a->a.self, cookie);
}

static bool acct_op_counts(void *self, uint32_t handle, struct acct_counts *ret)
{
	struct accounting *a = self;
	struct dp_stats st;
	ze_ns as_of;

	if (a->a.dp->stats(a->a.dp_self, (uint16_t)(handle & HANDLE_SID), a->now, &st, &as_of) < 0)
		return false;
	*ret = (struct acct_counts){ .octets_in = st.up_bytes,
				     .octets_out = st.down_bytes,
				     .packets_in = st.up_packets,
				     .packets_out = st.down_packets };
	return true;
}

static void acct_op_reachable(void *self, bool yes)
{
	const struct accounting *a = self;
	struct acct_stats st;

	acct_stats(a->acct, &st);
	if (yes)
		log_kv(LOG_AAA, LOG_INFO, "accounting-reachable", KV_U64("unsent", st.unsent));
	else
		log_kv(LOG_AAA, LOG_WARN, "accounting-unreachable", KV_U64("unsent", st.unsent),
		       KV_STR("effect", a->a.cfg.required ?
						"sessions end, because accounting is required" :
						"records are kept until a server answers"),
		       KV_STR("cure", "check the accounting servers, acct-port, and their client "
				      "entry for ze; or set accounting off"));
}

static void acct_op_unstarted(void *self, uint64_t id, uint32_t handle)
{
	const struct accounting *a = self;

	if (a->a.cfg.required)
		a->a.ops->unaccounted(a->a.self, (uint16_t)(handle & HANDLE_SID), id);
}

static const struct acct_ops acct_operations = {
	.write = acct_op_write,
	.load = acct_op_load,
	.send = acct_op_send,
	.cancel = acct_op_cancel,
	.counts = acct_op_counts,
	.reachable = acct_op_reachable,
	.unstarted = acct_op_unstarted,
};

/* ---- sessions ---- */

static uint32_t interim_of(const struct accounting *a, const struct profile *p)
{
	uint32_t s = p ? p->interim_s : 0;

	if (!s)
		return a->a.cfg.interim_s;
	if (s < ACCOUNTING_INTERIM_MIN)
		return ACCOUNTING_INTERIM_MIN;
	return s < ACCOUNTING_INTERIM_MAX ? s : ACCOUNTING_INTERIM_MAX;
}

/* Writes the attributes of a session, with the addresses of the families that are up, or that `had`
 * names and that are being negotiated again. Returns REASON_NONE and what acct.h needs. */
static enum reason session_describe(const struct accounting *a, const struct event *e, uint32_t had,
				    struct wr *w, struct acct_session_up *ret)
{
	const struct session_facts *f = e->facts;
	const struct event_link *l = &e->link;
	const struct radius_acct_who who = {
		.session = { .id = f->id,
			     .nas_port = e->sid,
			     .tunnel_id = e->tid,
			     .port_id = span_str(session_facts_port_id(f)),
			     .calling_number = span_str(session_facts_calling(f)),
			     .called_number = span_str(session_facts_called(f)),
			     .peer_host = span_str(f->tunnel->host),
			     .local = l->local,
			     .peer = e->peer,
			     .tx_bps = l->tx_bps,
			     .rx_bps = l->rx_bps },
		.user = span_str(session_facts_user(f)),
		.profile = f->profile,
		.ip4 = !l->ip4 && had & HANDLE_IPV4 ? f->ip4 : l->ip4,
		.peer_ifid = !l->peer_ifid && had & HANDLE_IPV6 ? f->peer_ifid : l->peer_ifid,
		.mtu = l->mru,
		.by_radius = f->profile &&
			     profile_source(f->profile, PROFILE_USER) != PROFILE_LOCAL,
	};
	enum reason why = radius_acct_attrs(w, &a->a.cfg.nas, &who);

	*ret = (struct acct_session_up){ .id = f->id,
					 .attrs = wr_done(w),
					 .interim_s = interim_of(a, f->profile),
					 .handle = e->sid | (who.ip4 ? HANDLE_IPV4 : 0) |
						   (who.peer_ifid ? HANDLE_IPV6 : 0) };
	return why;
}

static void accounting_log_refused(struct accounting *a, const struct event *e, const char *why)
{
	char id[SESSION_ID_TEXT];
	uint32_t suppressed;

	if (log_limit_pass(&a->lines, e->now, &suppressed))
		log_kv(LOG_AAA, LOG_ERROR, "accounting-refused", KV_STR("why", why),
		       KV_U64("sid", e->sid),
		       KV_STR("session-id", session_id_text(e->facts->id, id)),
		       KV_STR("user", session_facts_user(e->facts)),
		       KV_STR("effect", a->a.cfg.required ? "the session ends" :
							    "the session is not accounted"),
		       KV_SUPPRESSED(suppressed));
	if (a->a.cfg.required)
		a->a.ops->unaccounted(a->a.self, e->sid, e->facts->id);
}

static const char *why_refused(int r)
{
	return r == -ENOSPC ? "1048576 sessions wait for a server that acknowledges their Stop" :
			      "out of memory";
}

static void session_up(struct accounting *a, const struct event *e, const struct acct_time *t)
{
	uint8_t octets[RADIUS_ACCT_ATTRS_MAX];
	struct wr w = wr_init(octets, sizeof(octets));
	ze_ns lasted = e->link.up_at && e->link.up_at < e->now ? e->now - e->link.up_at : 0;
	struct acct_session_up up;
	enum reason why;
	int r;

	if (!a->a.cfg.on)
		return;
	why = session_describe(a, e, 0, &w, &up);
	if (!a->recovered) {
		a->continued = true;
		if (acct_continue(a->acct, &up, (uint32_t)(lasted / ZE_SEC(1)), t))
			return;
	}
	if (why != REASON_NONE) {
		accounting_log_refused(a, e, reason_text(why));
		return;
	}
	r = acct_start(a->acct, &up, t);
	if (r < 0 && r != -EEXIST) /* it is already accounted: engine_replay() */
		accounting_log_refused(a, e, why_refused(r));
}

/* The attributes of a session that is up have changed. A family that is negotiated again does not
 * take its address from the records. */
static void session_changed(struct accounting *a, const struct event *e, const struct acct_time *t)
{
	uint8_t octets[RADIUS_ACCT_ATTRS_MAX];
	struct wr w = wr_init(octets, sizeof(octets));
	struct acct_session_up up;
	uint32_t had;

	if (!acct_handle(a->acct, e->facts->id, &had) ||
	    session_describe(a, e, had, &w, &up) != REASON_NONE)
		return;
	if (!(had & ~up.handle & (HANDLE_IPV4 | HANDLE_IPV6)) || e->kind == EV_SESSION_CHANGED)
		acct_change(a->acct, &up, t);
}

static void session_closed(struct accounting *a, const struct event *e, const struct acct_time *t)
{
	const struct event_traffic *n = &e->traffic;
	const struct acct_counts counts = { .octets_in = n->up_bytes,
					    .octets_out = n->down_bytes,
					    .packets_in = n->up_packets,
					    .packets_out = n->down_packets };

	acct_stop(a->acct, e->facts->id, (uint8_t)end_cause_acct(e->end), &counts, t);
}

static void accounting_on_event(void *self, const struct event *e)
{
	struct accounting *a = self;
	const struct acct_time t = accounting_at(a, e->now);

	if (!e->facts)
		return; /* a call that was never established */
	if (e->kind == EV_SESSION_UP)
		session_up(a, e, &t);
	else if (e->kind == EV_SESSION_DOWN)
		acct_down(a->acct, e->facts->id, &t);
	else if (e->kind == EV_SESSION_CLOSED)
		session_closed(a, e, &t);
	else
		session_changed(a, e, &t);
}

static ze_ns accounting_deadline(const void *self)
{
	const struct accounting *a = self;

	return a->back ? a->now : acct_deadline(a->acct);
}

static void accounting_expire(void *self, ze_ns now)
{
	struct accounting *a = self;
	const struct acct_time t = accounting_at(a, now);

	if (a->back)
		acct_server_back(a->acct, &t);
	a->back = false;
	acct_expire(a->acct, &t);
}

const struct observer accounting_observer = {
	.name = "accounting",
	.wants = EV_BIT(EV_SESSION_UP) | EV_BIT(EV_SESSION_FAMILY) | EV_BIT(EV_SESSION_CHANGED) |
		 EV_BIT(EV_SESSION_DOWN) | EV_BIT(EV_SESSION_CLOSED),
	.on_event = accounting_on_event,
	.deadline = accounting_deadline,
	.expire = accounting_expire,
};

/* ---- life ---- */

struct accounting *accounting_new(const struct accounting_args *args)
{
	struct accounting *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->a = *args;
	a->lines = (struct log_limit){ .every = ZE_SEC(1), .burst = 10 };
	a->acct = acct_new(&acct_operations, a, args->rng);
	if (!a->acct) {
		free(a);
		return NULL;
	}
	return a;
}

void accounting_free(struct accounting *a)
{
	if (!a)
		return;
	acct_free(a->acct);
	free(a);
}

struct acct *accounting_acct(struct accounting *a)
{
	return a->acct;
}

void accounting_configure(struct accounting *a, const struct accounting_cfg *cfg, ze_ns now)
{
	const struct acct_time t = accounting_at(a, now);

	a->a.cfg = *cfg;
	acct_server_back(a->acct, &t);
}

void accounting_recovered(struct accounting *a, ze_ns now)
{
	const struct acct_time t = accounting_at(a, now);

	a->recovered = true;
	if (!a->continued)
		acct_system(a->acct, ACCT_ON, &t);
	acct_recovered(a->acct, &t);
}

void accounting_answered(struct accounting *a, uint64_t cookie, bool acked, ze_ns now)
{
	const struct acct_time t = accounting_at(a, now);

	acct_answered(a->acct, cookie, acked, &t);
}

void accounting_server_back(struct accounting *a)
{
	a->back = true;
}

void accounting_off(struct accounting *a, ze_ns now)
{
	const struct acct_time t = accounting_at(a, now);

	acct_system(a->acct, ACCT_OFF, &t);
}

bool accounting_done(const struct accounting *a)
{
	struct acct_stats st;

	acct_stats(a->acct, &st);
	return acct_idle(a->acct) || !st.reachable || !a->a.cfg.on;
}
