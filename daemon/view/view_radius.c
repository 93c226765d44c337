/* SPDX-License-Identifier: BSD-2-Clause */
/* The servers of the RADIUS clients, for logins and for accounting, and what they have requested. */
#include "daemon/base/json.h"
#include "daemon/core/snapshot.h"
#include "daemon/view/view.h"
#include "daemon/view/view_priv.h"

static const char *state_of(const struct radius_server_stats *st)
{
	if (st->aside)
		return "aside";
	return st->requests || st->probes ? "answers" : "not-asked-yet";
}

/* Milliseconds with three places, since a near server answers within one; null: none yet. */
static void kms(struct json *j, const char *key, ze_ns t)
{
	json_key(j, key);
	if (t)
		json_thousandths(j, (uint64_t)(t / 1000));
	else
		json_nil(j);
}

/* What was dropped, by reason. */
static void kdropped(struct json *j, const uint64_t by_reason[static REASON__COUNT])
{
	json_key(j, "dropped");
	json_obj(j);
	for (unsigned i = 1; i < REASON__COUNT; i++)
		if (by_reason[i])
			json_ku64(j, reason_name((enum reason)i), by_reason[i]);
	json_obj_end(j);
}

/* Accounting has one kind of answer, and its servers sign nothing but that. */
static void answers(const struct radius_server_stats *st, bool accounting, struct json *j)
{
	if (accounting) {
		json_ku64(j, "responses", st->accepts);
		return;
	}
	json_ku64(j, "accepts", st->accepts);
	json_ku64(j, "rejects", st->rejects);
	json_ku64(j, "challenges", st->challenges);
	json_ku64(j, "other-codes", st->other_codes);
}

static void server_members(const struct snapshot_radius_server *s, bool accounting,
			   const struct view_clock *c, struct json *j)
{
	const struct radius_server_stats *st = &s->st;
	char text[ZE_ADDR_TEXT];

	json_kstr(j, "name", s->name);
	ze_ip_text(&st->addr, text);
	json_kstr(j, "address", text);
	json_ku64(j, "port", st->addr.port);
	json_kstr(j, "state", state_of(st));
	view_time(j, "since", c, st->since);
	json_ku64(j, "times-aside", st->set_aside);
	json_ku64(j, "outstanding", st->outstanding);
	json_ku64(j, "requests", st->requests);
	json_ku64(j, "retransmits", st->retransmits);
	json_ku64(j, "timeouts", st->timeouts);
	answers(st, accounting, j);
	kms(j, "rtt-ms", st->rtt);
	kms(j, "rtt-min-ms", st->rtt_min);
	kms(j, "rtt-max-ms", st->rtt_max);
	if (!accounting)
		json_kbool(j, "signs", st->signs);
	json_ku64(j, "probes", st->probes);
	json_ku64(j, "probe-replies", st->probe_replies);
	if (!accounting)
		json_ku64(j, "source-ports", st->ports);
	json_ku64(j, "send-errors", st->send_errors);
	json_ku64(j, "icmp-errors", s->icmp_errors);
	kdropped(j, st->dropped);
}

static void client_totals(const struct radius_client_stats *st, struct json *j)
{
	json_key(j, "client");
	json_obj(j);
	json_ku64(j, "pending", st->pending);
	json_ku64(j, "pending-max", st->pending_max);
	json_ku64(j, "refused-limit", st->refused_limit);
	json_ku64(j, "refused-ids", st->refused_ids);
	json_ku64(j, "unavailable", st->unavailable);
	json_ku64(j, "cancelled", st->cancelled);
	json_obj_end(j);
}

static void accounting_records(const struct snapshot_accounting *a, struct json *j)
{
	const struct acct_stats *st = &a->records;

	json_kbool(j, "reachable", st->reachable);
	json_ku64(j, "sessions", st->sessions);
	json_ku64(j, "unsent", st->unsent);
	json_ku64(j, "in-flight", st->in_flight);
	json_key(j, "oldest-age-seconds");
	if (st->oldest_at && a->wall_s > (int64_t)st->oldest_at)
		json_u64(j, (uint64_t)a->wall_s - st->oldest_at);
	else
		json_u64(j, 0);
	json_ku64(j, "starts", st->starts);
	json_ku64(j, "interims", st->interims);
	json_ku64(j, "stops", st->stops);
	json_ku64(j, "interims-lost", st->interims_lost);
	json_ku64(j, "retries", st->retries);
	json_ku64(j, "recovered", st->recovered);
	json_ku64(j, "refused", st->refused);
	json_ku64(j, "unusable", st->unusable);
	json_key(j, "spool");
	json_obj(j);
	json_ku64(j, "rows", st->rows);
	json_ku64(j, "rows-max", ACCT_ROWS_MAX);
	json_ku64(j, "queued", a->queued);
	json_ku64(j, "commits", a->commits);
	json_ku64(j, "failures", a->failures);
	json_ku64(j, "lost", a->dropped);
	json_kstr(j, "error", a->error);
	json_obj_end(j);
}

void view_radius_accounting(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	const struct snapshot_accounting *a = &s->radius->accounting;

	json_obj(j);
	json_key(j, "servers");
	json_arr(j);
	for (size_t i = 0; i < a->n; i++) {
		json_obj(j);
		server_members(&a->v[i], true, c, j);
		json_obj_end(j);
	}
	json_arr_end(j);
	if (a->open)
		accounting_records(a, j);
	if (!a->n)
		json_kstr(j, "note", "Accounting is off, see radius in ze.conf(5).");
	json_obj_end(j);
}

void view_radius(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	const struct snapshot_radius *r = s->radius;

	json_obj(j);
	json_key(j, "servers");
	json_arr(j);
	for (size_t i = 0; i < r->n; i++) {
		json_obj(j);
		server_members(&r->v[i], false, c, j);
		json_obj_end(j);
	}
	json_arr_end(j);
	if (r->n)
		client_totals(&r->client, j);
	else
		json_kstr(j, "note", "No RADIUS server is configured, see radius in ze.conf(5).");
	json_obj_end(j);
}

static void coa_client(const struct snapshot_radius_coa_client *v, struct json *j)
{
	const struct radius_coa_stats *st = &v->st;
	char text[ZE_ADDR_TEXT];

	json_obj(j);
	json_kstr(j, "name", v->name);
	json_kstr(j, "address", ze_ip_text(&v->addr, text));
	json_ku64(j, "coa-acks", st->coa_acks);
	json_ku64(j, "coa-naks", st->coa_naks);
	json_ku64(j, "disconnect-acks", st->disconnect_acks);
	json_ku64(j, "disconnect-naks", st->disconnect_naks);
	json_ku64(j, "repeated", st->repeated);
	kdropped(j, st->dropped);
	json_obj_end(j);
}

void view_radius_coa(const struct snapshot *s, const struct view_clock *c, struct json *j)
{
	const struct snapshot_radius_coa *r = &s->radius->coa;
	char text[ZE_ADDR_TEXT];

	(void)c;
	json_obj(j);
	json_key(j, "clients");
	json_arr(j);
	for (size_t i = 0; i < r->n; i++)
		coa_client(&r->v[i], j);
	json_arr_end(j);
	if (!r->port) {
		json_kstr(j, "note", "coa-port is not set, see radius in ze.conf(5).");
		json_obj_end(j);
		return;
	}
	json_key(j, "listening");
	json_arr(j);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(r->listening); i++)
		if (r->listening[i].family)
			json_str(j, ze_addr_text(&r->listening[i], text));
	json_arr_end(j);
	json_ku64(j, "send-errors", r->send_errors);
	json_key(j, "other-sources");
	json_obj(j);
	kdropped(j, r->v[r->n].st.dropped);
	json_obj_end(j);
	json_obj_end(j);
}
