/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/repair.h"

#include <stdio.h>
#include <string.h>

#include "daemon/base/json.h"
#include "daemon/base/log.h"

const char *repair_kind_name(enum repair_kind k)
{
	static const char *const names[] = {
		[REPAIR_DEVICE] = "device",   [REPAIR_PROGRAM] = "program",
		[REPAIR_ADDRESS] = "address", [REPAIR_ROUTE] = "route",
		[REPAIR_POOL] = "pool-route", [REPAIR_SESSION] = "session",
	};

	return names[k];
}

void repair_suspect(struct repair *r, enum repair_kind k)
{
	r->of[k].wanted = true;
}

ze_ns repair_deadline(const struct repair *r)
{
	ze_ns at = ZE_NEVER;

	for (unsigned k = 0; k < REPAIR__KINDS; k++)
		if (r->of[k].wanted)
			at = ze_min_ns(at, r->of[k].next);
	return at;
}

unsigned repair_take(struct repair *r, ze_ns now)
{
	unsigned kinds = 0;

	for (unsigned k = 0; k < REPAIR__KINDS; k++) {
		struct repair_row *row = &r->of[k];

		if (!row->wanted || row->next > now)
			continue;
		row->wanted = false;
		kinds |= 1u << k;
	}
	return kinds;
}

static void repair_copy(char to[static REPAIR_WHAT], const char *what)
{
	snprintf(to, REPAIR_WHAT, "%s", what);
}

void repair_missing(struct repair *r, enum repair_kind k, const char *what)
{
	if (r->of[k].missing)
		return;
	r->of[k].missing = 1;
	repair_copy(r->of[k].what, what);
}

void repair_note(struct repair_result *res, int error, const char *what)
{
	if (!res->repaired && !res->missing)
		repair_copy(res->what, what);
	if (error < 0 && !res->missing) {
		res->error = error;
		repair_copy(res->what, what);
	}
	if (error < 0)
		res->missing++;
	else
		res->repaired++;
}

void repair_explain(struct repair_result *res, const char *why, const char *cure)
{
	if (res->why[0])
		return;
	snprintf(res->why, sizeof(res->why), "%s", why);
	snprintf(res->cure, sizeof(res->cure), "%s", cure);
}

void repair_add(struct repair_result *res, const struct repair_result *more)
{
	bool first = more->missing ? !res->missing : !res->repaired && !res->missing;

	if (first && (more->missing || more->repaired))
		repair_copy(res->what, more->what);
	if (!res->missing)
		res->error = more->error;
	repair_explain(res, more->why, more->cure);
	res->repaired += more->repaired;
	res->missing += more->missing;
}

/* Returns the delay before the next repair. */
static ze_ns slow_down(struct repair_row *row, ze_ns now)
{
	if (!row->streak || now - row->last > REPAIR_QUIET + row->delay)
		row->streak = 0;
	if (row->streak < REPAIR_STREAK) {
		row->streak++;
		row->delay = REPAIR_FIRST;
	} else {
		row->delay = ze_min_ns(2 * row->delay, REPAIR_LAST);
	}
	row->last = now;
	row->next = now + row->delay;
	return row->delay;
}

static void log_repair(enum repair_kind k, const struct repair_result *res, ze_ns delay)
{
	bool bad = res->missing;
	const char *until = res->why[0] ? "when the cause is removed" :
					  "when the interface appears";
	struct kv kv[10] = { KV_STR("kind", repair_kind_name(k)), KV_STR("what", res->what) };
	size_t n = 2;

	if (res->repaired)
		kv[n++] = KV_U64("repaired", res->repaired);
	if (bad) {
		kv[n++] = KV_U64("missing", res->missing);
		kv[n++] = KV_ERRNO(res->error);
	}
	if (bad && res->why[0]) {
		kv[n++] = KV_STR("why", res->why);
		kv[n++] = KV_STR("cure", res->cure);
	}
	if (bad && res->wait)
		kv[n++] = KV_STR("next-try", until);
	else if (bad || delay >= ZE_SEC(1))
		kv[n++] = KV_MS("next-try-in", delay);
	if (delay >= ZE_SEC(1) && res->repaired)
		kv[n++] = KV_STR("why", "another program removes it repeatedly");
	log_write(LOG_DP, bad ? LOG_ERROR : LOG_WARN, bad ? "repair-failed" : "repair-done", kv);
}

/* A repeated failure is not logged again. */
void repair_done(struct repair *r, enum repair_kind k, const struct repair_result *res, ze_ns now)
{
	struct repair_row *row = &r->of[k];
	bool known = row->error && res->missing == row->missing && !res->repaired &&
		     row->error == res->error;
	ze_ns delay = 0;

	row->repaired += res->repaired;
	row->missing = res->missing;
	row->error = res->missing ? res->error : 0;
	repair_copy(row->what, res->missing ? res->what : "");
	snprintf(row->why, sizeof(row->why), "%s", res->missing ? res->why : "");
	if (res->repaired || (res->missing && !res->wait))
		delay = slow_down(row, now);
	if (res->missing && !res->wait)
		row->wanted = true;
	if ((res->repaired || res->missing) && !known && log_wants(LOG_DP, LOG_WARN))
		log_repair(k, res, delay);
}

static void show_row(const struct repair_row *row, enum repair_kind k, ze_ns now, struct json *j)
{
	json_obj(j);
	json_kstr(j, "kind", repair_kind_name(k));
	json_ku64(j, "repaired", row->repaired);
	json_ku64(j, "missing", row->missing);
	json_kstr(j, "first-missing", row->missing ? row->what : NULL);
	json_kstr(j, "error", row->error ? log_strerror(row->error) : NULL);
	if (row->why[0])
		json_kstr(j, "why", row->why);
	json_ku64(j, "next-try-ms",
		  row->wanted && row->next > now ? (uint64_t)((row->next - now) / ZE_MS(1)) : 0);
	json_obj_end(j);
}

void repair_show(const struct repair *r, ze_ns now, struct json *j)
{
	json_key(j, "repairs");
	json_arr(j);
	for (unsigned k = 0; k < REPAIR__KINDS; k++)
		if (r->of[k].repaired || r->of[k].missing)
			show_row(&r->of[k], (enum repair_kind)k, now, j);
	json_arr_end(j);
}
