/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/radius_accounting.h"

#include <errno.h>
#include <ev.h>
#include <stdlib.h>

#include "daemon/base/log.h"
#include "daemon/core/bus.h"
#include "daemon/core/config.h"
#include "daemon/core/engine.h"
#include "daemon/core/snapshot.h"
#include "daemon/observe/accounting.h"
#include "daemon/sys/net/radius_io.h"
#include "daemon/sys/net/radius_sets.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/run/path.h"
#include "daemon/sys/state/acct_store.h"

/* Accounting-On or -Off may be under way beside the records. */
#define PENDING_MAX  (ACCT_WINDOW + 1)
#define PATIENCE_MAX ZE_SEC(60) /* for a request, of all servers together */

struct unaccounted { /* a session to be ended */
	uint64_t id;
	uint16_t sid;
};

struct radius_accounting {
	struct radius_accounting_args a;
	struct radius_sets *sets;
	struct acct_store *store; /* NULL until accounting is configured for the first time */
	struct accounting *accounting;
	bool recovered, stopping;
	/* Sessions that end because accounting is required. */
	struct unaccounted *ending;
	size_t n_ending, room;
	ev_timer end;
};

/* ---- the servers and the store ---- */

static void op_write(void *self, enum acct_write_kind kind, const struct acct_row *row)
{
	acct_store_write(((struct radius_accounting *)self)->store, kind, row);
}

static void op_load(void *self, uint64_t after, size_t n)
{
	acct_store_load(((struct radius_accounting *)self)->store, after, n);
}

/* As long as all servers, one after the other, may take. */
static ze_ns patience(const struct config_radius *r)
{
	ze_ns one = ZE_SEC(r->timeout_s) * ((1 << r->retries) - 1);

	return ze_min_ns((ze_ns)r->n_servers * one, PATIENCE_MAX);
}

static int op_request(void *self, const struct radius_req *q, uint64_t cookie)
{
	struct radius_accounting *r = self;
	ze_ns until = loop_now(r->a.loop) + patience(&radius_sets_config(r->sets)->radius);

	return radius_io_request(radius_sets_io(r->sets), q, cookie, until);
}

static void op_cancel(void *self, uint64_t cookie)
{
	radius_sets_drop(((struct radius_accounting *)self)->sets, cookie);
}

static uint64_t op_wall(void *self)
{
	(void)self;
	return (uint64_t)(loop_wall_ns() / ZE_SEC(1));
}

/* The session is ended from the loop: this is called in the middle of a turn of the engine. Without
 * memory it stays. */
static void op_unaccounted(void *self, uint16_t sid, uint64_t id)
{
	struct radius_accounting *r = self;

	if (r->n_ending == r->room) {
		size_t room = r->room ? 2 * r->room : 64;
		struct unaccounted *v = realloc(r->ending, room * sizeof(*v));

		if (!v)
			return;
		r->ending = v;
		r->room = room;
	}
	r->ending[r->n_ending++] = (struct unaccounted){ id, sid };
	loop_timer_at(r->a.loop, &r->end, loop_now(r->a.loop));
}

static void on_end(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct radius_accounting *r = w->data;
	struct engine *e = loop_engine(r->a.loop);

	(void)ev;
	(void)revents;
	while (r->n_ending) {
		struct unaccounted u = r->ending[--r->n_ending];

		if (e)
			engine_end_unaccounted(e, u.sid, u.id, loop_now(r->a.loop));
	}
	loop_turn_done(r->a.loop);
}

static const struct accounting_ops operations = { op_write,  op_load, op_request,
						  op_cancel, op_wall, op_unaccounted };

static void on_result(void *self, const struct radius_result *res)
{
	struct radius_accounting *r = self;

	accounting_answered(r->accounting, res->cookie, res->outcome == RADIUS_DONE_ACCEPT,
			    loop_now(r->a.loop));
	loop_turn_done(r->a.loop);
}

static void on_notice(void *self, const struct radius_note *n)
{
	struct radius_accounting *r = self;
	char text[ZE_ADDR_TEXT];

	ze_addr_text(n->addr, text);
	if (n->kind == RADIUS_NOTE_ASIDE) {
		log_kv(LOG_AAA, LOG_WARN, "accounting-server-aside", KV_STR("server", n->server),
		       KV_STR("address", text), KV_U64("unanswered", n->misses),
		       KV_STR("effect", "other servers are asked first"),
		       KV_STR("cure", "check the server, the path, its client entry and the "
				      "shared-key"));
	} else if (n->kind == RADIUS_NOTE_BACK) {
		log_kv(LOG_AAA, LOG_INFO, "accounting-server-back", KV_STR("server", n->server),
		       KV_STR("address", text),
		       KV_U64("aside-seconds", (uint64_t)(n->aside / ZE_SEC(1))));
		if (r->accounting)
			accounting_server_back(r->accounting);
	}
}

/* ---- start and stop ---- */

static struct accounting_cfg cfg_of(const struct config *c)
{
	return (struct accounting_cfg){
		.on = config_accounts(c),
		.required = c->radius.accounting == CONFIG_ACCOUNTING_REQUIRED,
		.interim_s = c->radius.acct_interval_s,
		.nas = config_radius_nas(c),
	};
}

static void accounting_close(struct radius_accounting *r)
{
	acct_store_close(r->store);
	accounting_free(r->accounting);
	r->store = NULL;
	r->accounting = NULL;
}

/* Opens the spool, path NULL: in memory, and reads what the previous instance has left. It accounts
 * as the configuration in use says. After an error nothing is open. */
static int accounting_open(struct radius_accounting *r, const char *path)
{
	int error;

	if (path)
		path_make_folder(path);
	error = acct_store_open(&(struct acct_store_args){ .loop = r->a.loop, .path = path },
				&r->store);
	if (error < 0)
		return error;
	r->accounting = accounting_new(
		&(struct accounting_args){ .ops = &operations,
					   .self = r,
					   .dp = r->a.dp,
					   .dp_self = r->a.dp_self,
					   .rng = r->a.rng,
					   .cfg = cfg_of(radius_sets_config(r->sets)) });
	error = r->accounting ? 0 : -ENOMEM;
	if (error == 0) {
		acct_store_set_acct(r->store, accounting_acct(r->accounting));
		error = acct_store_recover(r->store);
	}
	if (error < 0)
		accounting_close(r);
	return error;
}

/* For the first configuration that accounts. */
static int accounting_begin(struct radius_accounting *r, const struct config *c)
{
	bool required = c->radius.accounting == CONFIG_ACCOUNTING_REQUIRED;
	int error = accounting_open(r, r->a.path);

	if (error < 0)
		log_kv(LOG_AAA, LOG_ERROR, "accounting-without-disk", KV_STR("path", r->a.path),
		       KV_ERRNO(error),
		       KV_STR("effect", required ? "refused, because accounting is required" :
						   "records are lost when ze ends"),
		       KV_STR("cure", "make the file writable, or name another one by --spool"));
	if (error < 0 && !required)
		error = accounting_open(r, NULL);
	if (error == 0)
		error = bus_add(r->a.bus, &accounting_observer, r->accounting);
	if (error < 0)
		accounting_close(r);
	return error;
}

int radius_accounting_new(const struct radius_accounting_args *a, struct config *cfg,
			  struct radius_accounting **ret)
{
	struct radius_accounting *r = calloc(1, sizeof(*r));
	int error;

	if (!r)
		return -ENOMEM;
	r->a = *a;
	ev_timer_init(&r->end, on_end, 0., 0.);
	r->end.data = r;
	error = radius_sets_new(&(struct radius_sets_args){ .loop = a->loop,
							    .rng = a->rng,
							    .accounting = true,
							    .max_pending = PENDING_MAX,
							    .done = on_result,
							    .note = on_notice,
							    .self = r },
				cfg, &r->sets);
	if (error == 0 && config_accounts(cfg))
		error = accounting_begin(r, cfg);
	if (error < 0)
		radius_accounting_free(r);
	else
		*ret = r;
	return error;
}

void radius_accounting_free(struct radius_accounting *r)
{
	if (!r)
		return;
	ev_timer_stop(loop_ev(r->a.loop), &r->end);
	accounting_close(r);
	radius_sets_free(r->sets);
	free(r->ending);
	free(r);
}

uint64_t radius_accounting_last_id(const struct radius_accounting *r)
{
	struct acct_stats st = { 0 };

	if (r->accounting)
		acct_stats(accounting_acct(r->accounting), &st);
	return st.last_id;
}

void radius_accounting_recovered(struct radius_accounting *r)
{
	if (!r->accounting || r->recovered)
		return;
	r->recovered = true;
	accounting_recovered(r->accounting, loop_now(r->a.loop));
	loop_turn_done(r->a.loop);
}

bool radius_accounting_finished(struct radius_accounting *r)
{
	if (!r->accounting)
		return true;
	if (!r->stopping)
		accounting_off(r->accounting, loop_now(r->a.loop));
	r->stopping = true;
	return accounting_done(r->accounting);
}

/* ---- reload ---- */

int radius_accounting_prepare(struct radius_accounting *r, struct config *next)
{
	int error = radius_sets_prepare(r->sets, next);

	if (error == 0 && config_accounts(next) && !r->accounting) {
		error = accounting_begin(r, next);
		if (error < 0)
			radius_sets_cancel(r->sets);
	}
	return error;
}

void radius_accounting_cancel(struct radius_accounting *r)
{
	radius_sets_cancel(r->sets);
}

void radius_accounting_apply(struct radius_accounting *r)
{
	bool was_on = config_accounts(radius_sets_config(r->sets));
	struct engine *e = loop_engine(r->a.loop);
	ze_ns now = loop_now(r->a.loop);
	struct accounting_cfg cfg;

	radius_sets_apply(r->sets);
	if (!r->accounting)
		return;
	cfg = cfg_of(radius_sets_config(r->sets));
	accounting_configure(r->accounting, &cfg, now);
	if (cfg.on && !was_on && e)
		engine_replay(e, &accounting_observer, r->accounting, now);
	if (cfg.on)
		radius_accounting_recovered(r);
	loop_turn_done(r->a.loop);
}

/* ---- statistics ---- */

void radius_accounting_snapshot(const struct radius_accounting *r, struct snapshot_accounting *ret)
{
	struct acct_store_stats disk;

	*ret = (struct snapshot_accounting){ .n = radius_sets_servers(r->sets) };
	if (ret->n)
		radius_sets_stats(r->sets, &ret->client, ret->v);
	if (!r->accounting)
		return;
	acct_stats(accounting_acct(r->accounting), &ret->records);
	acct_store_stats(r->store, &disk);
	ret->open = true;
	ret->wall_s = loop_wall_ns() / ZE_SEC(1);
	ret->queued = disk.queued;
	ret->commits = disk.commits;
	ret->failures = disk.failures;
	ret->dropped = disk.dropped;
	ret->error = disk.error ? log_strerror(disk.error) : "";
}
