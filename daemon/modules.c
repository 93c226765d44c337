/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aaa/local.h"
#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/config.h"
#include "daemon/core/config_diff.h"
#include "daemon/core/engine.h"
#include "daemon/core/reload.h"
#include "daemon/core/snapshot.h"
#include "daemon/observe/history.h"
#include "daemon/sys/bpf/bpf_common.h"
#include "daemon/sys/bpf/bpf_ours.h"
#include "daemon/sys/config/yang.h"
#include "daemon/sys/ctl/ctl.h"
#include "daemon/sys/net/ifwatch.h"
#include "daemon/sys/net/radius_accounting.h"
#include "daemon/sys/net/radius_dynauth.h"
#include "daemon/sys/net/radius_login.h"
#include "daemon/sys/net/udp.h"
#include "daemon/sys/plane/plane.h"
#include "daemon/sys/run/env.h"
#include "daemon/sys/run/hardening.h"
#include "daemon/sys/run/logger.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/run/module.h"
#include "daemon/sys/run/notify.h"
#include "daemon/sys/run/path.h"
#include "daemon/sys/run/refresh.h"
#include "daemon/sys/state/instance.h"
#include "daemon/sys/state/journal.h"
#include "daemon/sys/state/persist.h"

#define POLL_INTERVAL "ze.l2tp.metrics.poll-interval"

/* ---- log ---- */

static int log_start(struct ze *z)
{
	/* systemd sets it when stderr is its journal, which understands the prefix "<4>". */
	bool prefix = getenv("JOURNAL_STREAM");
	int r;

	log_set_sink(log_sink_stderr, prefix ? z : NULL);
	bpf_common_log();
	r = logger_start(STDERR_FILENO, prefix);
	if (r < 0)
		log_kv(LOG_MAIN, LOG_ERROR, "log-thread-failed", KV_ERRNO(r));
	return r;
}

static const struct ze_module mod_log = { .name = "log", .start = log_start };

static void set_levels(const char *env, const enum log_sub *subs, size_t n)
{
	const char *v = env_get(env);
	enum log_level level;

	if (!v)
		return;
	if (log_level_parse(v, &level) < 0)
		log_kv(LOG_MAIN, LOG_WARN, "log-level-invalid", KV_STR("variable", env),
		       KV_STR("value", v));
	else
		for (size_t i = 0; i < n; i++)
			log_set_level(subs[i], level);
}

/* Applies the levels of the file, then those of the environment, which win. ze.log.l2tp sets the
 * levels of the whole subsystem; ze.log.ppp and the others set one part. */
static void apply_levels(const struct config *cfg)
{
	static const enum log_sub l2tp[] = { LOG_L2TP, LOG_PPP, LOG_AAA, LOG_DP };
	char name[32];

	for (unsigned s = 0; s < LOG__SUBS; s++)
		log_set_level((enum log_sub)s, config_log_level(cfg, (enum log_sub)s));
	set_levels("ze.log.l2tp", l2tp, ZE_ARRAY_SIZE(l2tp));
	for (unsigned s = 0; s < LOG__SUBS; s++) {
		enum log_sub sub = (enum log_sub)s;

		snprintf(name, sizeof(name), "ze.log.%s", log_sub_name(sub));
		if (sub != LOG_L2TP)
			set_levels(name, &sub, 1);
	}
}

/* ---- random numbers ---- */

static int rng_start(struct ze *z)
{
	struct hash_key key;
	int r;

	z->rng = (struct rng){ .fill = hardening_random };
	r = rng_fill(&z->rng, &key, sizeof(key));
	if (r < 0)
		log_kv(LOG_MAIN, LOG_ERROR, "random-numbers-failed", KV_ERRNO(r));
	else
		hash_set_key(key);
	return r;
}

static const struct ze_module mod_rng = { .name = "rng", .start = rng_start };

/* ---- configuration ---- */

static void log_lines(enum log_level level, const char *event, const struct strbuf *text)
{
	const char *p = text->s, *end;

	for (; p && *p; p = *end ? end + 1 : end) {
		end = strchrnul(p, '\n');
		if (end > p)
			log_kv(LOG_CONFIG, level, event,
			       KV_SPAN("text",
				       ((struct span){ (const void *)p, (size_t)(end - p) })));
	}
}

/* Messages are logged, and appended to errors and warnings, which must be empty. */
static int read_config(struct ze *z, struct config **ret, struct strbuf *errors,
		       struct strbuf *warnings)
{
	int r = yang_read_file(z->yang, z->config_file, ret, errors, warnings);

	log_lines(LOG_WARN, "config-warning", warnings);
	log_lines(LOG_ERROR, "config-error", errors);
	return r;
}

static int yang_start(struct ze *z)
{
	struct strbuf errors;
	int r;

	sb_init(&errors);
	r = yang_new(z->yang_dir, &z->yang, &errors);
	log_lines(LOG_ERROR, "yang-error", &errors);
	sb_done(&errors);
	return r;
}

static void yang_stop(struct ze *z)
{
	yang_free(z->yang);
}

static const struct ze_module mod_yang = { .name = "yang", .start = yang_start, .stop = yang_stop };

static int config_start(struct ze *z)
{
	struct strbuf errors, warnings;
	int r;

	sb_init(&errors);
	sb_init(&warnings);
	r = read_config(z, &z->cfg, &errors, &warnings);
	if (r == 0) {
		z->start_cfg = config_ref(z->cfg);
		apply_levels(z->cfg);
	}
	sb_done(&errors);
	sb_done(&warnings);
	return r;
}

static void config_stop(struct ze *z)
{
	config_unref(z->start_cfg);
	config_unref(z->cfg);
}

static void config_reload(struct ze *z, struct config *next)
{
	(void)z;
	apply_levels(next);
}

static const struct ze_module mod_config = { .name = "config",
					     .start = config_start,
					     .stop = config_stop,
					     .reload = config_reload };

/* ---- fewer rights ---- */

/* The rights were dropped by main(), before logging started; this only reports the result. */
static int hardening_start(struct ze *z)
{
	(void)z;
	hardening_report();
	return 0;
}

static const struct ze_module mod_hardening = { .name = "hardening", .start = hardening_start };

static int settle_start(struct ze *z)
{
	hardening_settle(plane_kind(z->plane));
	if (access(z->config_file, R_OK) < 0 && errno == EACCES)
		log_kv(LOG_CONFIG, LOG_WARN, "config-unreadable", KV_STR("file", z->config_file),
		       KV_ERRNO(-errno), KV_STR("effect", "a reload is refused"),
		       KV_STR("cure",
			      "chown root the file and its directories, or start with --no-hardening"));
	return 0;
}

static const struct ze_module mod_settle = { .name = "settle", .start = settle_start };

/* ---- reactor ---- */

static int loop_start(struct ze *z)
{
	int r = loop_new(&z->loop);

	if (r == 0) {
		loop_set_bus(z->loop, &z->bus);
		r = udp_new(z->loop, &z->udp);
		if (r < 0)
			loop_free(z->loop);
	}
	if (r < 0)
		log_kv(LOG_MAIN, LOG_ERROR, "event-loop-failed", KV_ERRNO(r));
	return r;
}

static void loop_end(struct ze *z)
{
	udp_free(z->udp);
	loop_free(z->loop);
}

static const struct ze_module mod_loop = { .name = "loop", .start = loop_start, .stop = loop_end };

/* ---- state file ---- */

static void state_stop(struct ze *z)
{
	bpf_ours_use_list(NULL);
	free(z->programs_path);
	free(z->state_path);
	free(z->spool_path);
	z->programs_path = z->state_path = z->spool_path = NULL;
}

/* Returns the given path, or that of a file beside the socket; NULL when out of memory. */
static char *path_beside(const struct ze *z, const char *given, const char *name)
{
	const char *slash = strrchr(z->socket_path, '/');
	int folder = slash ? (int)(slash - z->socket_path) + 1 : 0;
	char *path;

	if (given)
		return strdup(given);
	return asprintf(&path, "%.*s%s", folder, z->socket_path, name) < 0 ? NULL : path;
}

static int state_start(struct ze *z)
{
	z->state_path = path_beside(z, z->state_file, "state");
	z->spool_path = path_beside(z, z->spool_file, "accounting.db");
	if (!z->state_path || !z->spool_path ||
	    asprintf(&z->programs_path, "%s-programs", z->state_path) < 0) {
		z->programs_path = NULL;
		state_stop(z);
		return -ENOMEM;
	}
	path_make_folder(z->state_path);
	bpf_ours_use_list(z->programs_path);
	return 0;
}

static const struct ze_module mod_state = { .name = "state",
					    .start = state_start,
					    .stop = state_stop };

/* ---- one instance at a time ---- */

/* A pid of 0 (unknown) is not logged. */
static void log_holder(const struct instance_holder *h)
{
	char pid[16] = "", kill[32] = "", cure[200];

	if (h->pid) {
		snprintf(pid, sizeof(pid), "%d", h->pid);
		snprintf(kill, sizeof(kill), ", or kill -TERM %d", h->pid);
	}
	snprintf(cure, sizeof(cure),
		 "none if that instance should run; to replace it and keep its sessions: "
		 "systemctl restart ze; to stop it and end its sessions: systemctl stop ze%s",
		 kill);
	log_kv(LOG_MAIN, LOG_ERROR, "already-running", KV_STR("why", "another ze is running"),
	       KV_STR("pid", pid), KV_STR("uses", h->what), KV_STR("effect", "not started"),
	       KV_STR("cure", cure));
}

/* True when the configuration may use devices or pins that another instance could hold. The plane
 * is chosen later. */
static bool shares(const struct config *c)
{
	return c->l2tp && (c->dataplane == CONFIG_DP_BPF || c->bpf.n_uplink);
}

static int instance_start(struct ze *z)
{
	struct instance_holder h = { 0 };
	int r = shares(z->cfg) ? instance_lock(BPF_PINS, &z->instance, &h) : 0;

	if (r == -EBUSY)
		log_holder(&h);
	else if (r == -EACCES || r == -EROFS)
		path_why_log(LOG_ERROR, LOG_MAIN,
			     &(struct path_failure){ "lock-failed", BPF_PINS, "not started", r });
	else if (r < 0)
		log_kv(LOG_MAIN, LOG_ERROR, "lock-failed", KV_STR("pins", BPF_PINS), KV_ERRNO(r),
		       KV_STR("effect", "not started"),
		       KV_STR("cure", "mount -t bpf bpf /sys/fs/bpf"));
	return r;
}

static void instance_stop(struct ze *z)
{
	instance_unlock(z->instance);
	z->instance = NULL;
}

static const struct ze_module mod_instance = { .name = "instance",
					       .start = instance_start,
					       .stop = instance_stop };

/* ---- data plane ---- */

static int dataplane_start(struct ze *z)
{
	struct instance_holder h = { 0 };
	int r = plane_open(&(struct plane_args){ .loop = z->loop,
						 .udp = z->udp,
						 .cfg = z->cfg,
						 .rng = &z->rng,
						 .state_path = z->state_path,
						 .locked = z->instance != NULL },
			   &z->plane, &h);

	if (r == -EBUSY)
		log_holder(&h);
	return r;
}

static void dataplane_stop(struct ze *z)
{
	plane_close(z->plane, z->handover);
	z->plane = NULL;
}

static void dataplane_reload(struct ze *z, struct config *next)
{
	plane_reload(z->plane, next);
}

static const struct ze_module mod_dataplane = { .name = "dataplane",
						.start = dataplane_start,
						.stop = dataplane_stop,
						.reload = dataplane_reload };

/* ---- observers ---- */

static int history_start(struct ze *z)
{
	z->history = history_new();
	return z->history ? bus_add(&z->bus, &history_observer, z->history) : -ENOMEM;
}

static void history_stop(struct ze *z)
{
	history_free(z->history);
}

static const struct ze_module mod_history = { .name = "history",
					      .start = history_start,
					      .stop = history_stop };

/* ---- authentication ---- */

static int local_start(struct ze *z)
{
	struct aaa_handler h;

	z->local = config_local_users(z->cfg);
	if (!z->local)
		return -ENOMEM;
	h = aaa_local_handler(z->local);
	return aaa_broker_add(&z->aaa, &h);
}

static void local_stop(struct ze *z)
{
	aaa_local_free(z->local);
}

static int local_prepare(struct ze *z, struct config *next, struct strbuf *errors)
{
	(void)errors;
	z->local_next = config_local_users(next);
	return z->local_next ? 0 : -ENOMEM;
}

static void local_cancel(struct ze *z)
{
	aaa_local_free(z->local_next);
	z->local_next = NULL;
}

static void local_reload(struct ze *z, struct config *next)
{
	(void)next;
	aaa_local_swap(z->local, z->local_next);
	local_cancel(z);
}

static const struct ze_module mod_local = { .name = "aaa-local",
					    .start = local_start,
					    .stop = local_stop,
					    .prepare = local_prepare,
					    .cancel = local_cancel,
					    .reload = local_reload };

static int radius_start(struct ze *z)
{
	int r = radius_login_new(z->loop, &z->rng, z->cfg, &z->radius);
	struct aaa_handler h;

	if (r < 0)
		return r;
	h = radius_login_handler(z->radius);
	return aaa_broker_add(&z->aaa, &h);
}

static void radius_stop(struct ze *z)
{
	radius_login_free(z->radius);
	z->radius = NULL;
}

static int radius_prepare(struct ze *z, struct config *next, struct strbuf *errors)
{
	int r = radius_login_prepare(z->radius, next);

	if (r < 0)
		sb_puts(errors, "l2tp auth radius: out of memory\n");
	return r;
}

static void radius_cancel(struct ze *z)
{
	radius_login_cancel(z->radius);
}

static void radius_apply(struct ze *z, struct config *next)
{
	(void)next;
	radius_login_apply(z->radius);
}

static const struct ze_module mod_radius = { .name = "aaa-radius",
					     .start = radius_start,
					     .stop = radius_stop,
					     .prepare = radius_prepare,
					     .cancel = radius_cancel,
					     .reload = radius_apply };

static int accounting_start(struct ze *z)
{
	struct ports io;

	plane_ports(z->plane, &io);
	return radius_accounting_new(&(struct radius_accounting_args){ .loop = z->loop,
								       .rng = &z->rng,
								       .bus = &z->bus,
								       .dp = io.dp,
								       .dp_self = io.dp_self,
								       .path = z->spool_path },
				     z->cfg, &z->accounting);
}

static void accounting_stop(struct ze *z)
{
	radius_accounting_free(z->accounting);
	z->accounting = NULL;
}

static int accounting_prepare(struct ze *z, struct config *next, struct strbuf *errors)
{
	int r = radius_accounting_prepare(z->accounting, next);

	if (r < 0)
		sb_printf(errors, "l2tp auth radius accounting: %s: %s\n", z->spool_path,
			  log_strerror(r));
	return r;
}

static void accounting_cancel(struct ze *z)
{
	radius_accounting_cancel(z->accounting);
}

static void accounting_apply(struct ze *z, struct config *next)
{
	(void)next;
	radius_accounting_apply(z->accounting);
}

/* Its observer must get the sessions that are restored, and it stops after the engine. */
static const struct ze_module mod_accounting = { .name = "aaa-accounting",
						 .start = accounting_start,
						 .stop = accounting_stop,
						 .prepare = accounting_prepare,
						 .cancel = accounting_cancel,
						 .reload = accounting_apply };

static void order_reload(struct ze *z, struct config *next)
{
	const char *names[CONFIG_AUTH__COUNT];
	size_t n = config_handlers(next, names);

	aaa_broker_order(&z->aaa, names, n);
}

static int order_start(struct ze *z)
{
	order_reload(z, z->cfg);
	return 0;
}

/* After the modules that add handlers. */
static const struct ze_module mod_order = { .name = "aaa-order",
					    .start = order_start,
					    .reload = order_reload };

/* ---- engine ---- */

static int engine_start(struct ze *z)
{
	struct engine_args a = {
		.cfg = z->cfg,
		.ports = { .net = &udp_net_ops, .net_self = z->udp, .rng = z->rng },
		.hardening = hardening_state(),
		.broker = &z->aaa,
		.bus = &z->bus,
		.now = loop_now(z->loop),
		.wall_ns = loop_wall_ns(),
	};
	uint64_t last = radius_accounting_last_id(z->accounting);
	int r;

	if (last >= (uint64_t)a.wall_ns && last < INT64_MAX) /* the clock was set back */
		a.wall_ns = (int64_t)last + 1;
	plane_ports(z->plane, &a.ports);
	r = engine_new(&a, &z->engine);
	if (r < 0)
		log_kv(LOG_MAIN, LOG_ERROR, "engine-failed", KV_ERRNO(r));
	else
		loop_set_engine(z->loop, z->engine);
	return r;
}

static void engine_stop(struct ze *z)
{
	loop_set_engine(z->loop, NULL);
	if (z->handover)
		engine_handover(z->engine);
	else
		engine_free(z->engine);
	z->engine = NULL;
}

static int engine_prepare(struct ze *z, struct config *next, struct strbuf *errors)
{
	return engine_reload_prepare(z->engine, next, errors);
}

static void engine_cancel(struct ze *z)
{
	engine_reload_cancel(z->engine);
}

static void engine_apply(struct ze *z, struct config *next)
{
	/* No subscriber gets an address that was the gateway of another one. */
	ifwatch_reload(z->ifwatch, next);
	engine_reload(z->engine, loop_now(z->loop));
	loop_turn_done(z->loop);
}

static const struct ze_module mod_engine = { .name = "engine",
					     .start = engine_start,
					     .stop = engine_stop,
					     .prepare = engine_prepare,
					     .cancel = engine_cancel,
					     .reload = engine_apply };

/* ---- addresses of the host ---- */

/* The engine needs them before the first session is restored or created. */
static int ifwatch_start(struct ze *z)
{
	int r = ifwatch_new(z->loop, z->cfg, &z->ifwatch);

	if (r < 0)
		log_kv(LOG_AAA, LOG_ERROR, "host-addresses-unknown", KV_ERRNO(r),
		       KV_STR("effect", "not started"));
	return r;
}

static void ifwatch_stop(struct ze *z)
{
	ifwatch_free(z->ifwatch);
	z->ifwatch = NULL;
}

static const struct ze_module mod_ifwatch = { .name = "ifwatch",
					      .start = ifwatch_start,
					      .stop = ifwatch_stop };

/* ---- counters ---- */

static int refresh_start(struct ze *z)
{
	ze_ns interval = ZE_SEC(30);
	struct ports io;

	if (env_duration(POLL_INTERVAL, ZE_SEC(1), ZE_SEC(3600), &interval) < 0)
		log_kv(LOG_MAIN, LOG_WARN, "poll-interval-invalid",
		       KV_STR("variable", POLL_INTERVAL), KV_STR("value", env_get(POLL_INTERVAL)),
		       KV_STR("why", "the range is 1s to 1h"), KV_STR("effect", "30s is used"));
	plane_ports(z->plane, &io);
	return refresh_new(z->loop, &io, interval, &z->refresh);
}

static void refresh_stop(struct ze *z)
{
	refresh_free(z->refresh);
}

static const struct ze_module mod_refresh = { .name = "refresh",
					      .start = refresh_start,
					      .stop = refresh_stop };

/* ---- listeners ---- */

static int listeners_start(struct ze *z)
{
	const struct config *cfg = z->cfg;
	char text[ZE_ADDR_TEXT];
	int r;

	if (!cfg->l2tp) {
		log_kv(LOG_L2TP, LOG_WARN, "l2tp-disabled",
		       KV_STR("why", "the configuration has no l2tp {}, or enabled false"),
		       KV_STR("effect", "no listeners are opened"));
		return 0;
	}
	if (!cfg->n_listeners)
		log_kv(LOG_L2TP, LOG_WARN, "listeners-missing",
		       KV_STR("why", "the configuration has no environment { l2tp { server } }"),
		       KV_STR("effect", "no LAC is answered"));
	udp_zero_checksum(z->udp, cfg->zero_checksum);
	for (size_t i = 0; i < cfg->n_listeners; i++) {
		const struct config_listener *l = &cfg->listeners[i];

		r = udp_listen(z->udp, &l->addr);
		log_kv(LOG_L2TP, r < 0 ? LOG_ERROR : LOG_INFO,
		       r < 0 ? "listen-failed" : "listening", KV_STR("server", l->name),
		       KV_STR("address", ze_addr_text(&l->addr, text)),
		       r < 0 ? KV_ERRNO(r) : (struct kv){ .kind = KV__END });
		if (r < 0)
			return r;
	}
	return 0;
}

static void listeners_reload(struct ze *z, struct config *next)
{
	udp_zero_checksum(z->udp, next->zero_checksum);
}

static const struct ze_module mod_listeners = { .name = "listeners",
						.start = listeners_start,
						.reload = listeners_reload };

/* ---- tunnels and sessions of the previous instance ---- */

/* Runs when datagrams can be sent, and before the first one is received. */
static int restore_start(struct ze *z)
{
	const struct journal_record *v;
	size_t n;

	if (!plane_restarted(z->plane))
		return 0;
	v = journal_records(plane_journal(z->plane), &n);
	engine_restore(z->engine, v, n, loop_now(z->loop));
	loop_turn_done(z->loop);
	journal_read(plane_journal(z->plane));
	return 0;
}

static const struct ze_module mod_restore = { .name = "restore", .start = restore_start };

static int recovered_start(struct ze *z)
{
	radius_accounting_recovered(z->accounting);
	return 0;
}

static const struct ze_module mod_recovered = { .name = "recovered", .start = recovered_start };

static int persist_start(struct ze *z)
{
	struct journal *j = plane_journal(z->plane);

	return j ? persist_new(&(struct persist_args){ .loop = z->loop,
						       .journal = j,
						       .state_path = z->state_path,
						       .rng = &z->rng,
						       .instance = z->instance,
						       .pins_missing = plane_pins_missing,
						       .pins_restore = plane_pins_restore,
						       .plane = z->plane },
			       &z->persist) :
		   0;
}

static void persist_stop(struct ze *z)
{
	persist_free(z->persist);
}

static const struct ze_module mod_persist = { .name = "persist",
					      .start = persist_start,
					      .stop = persist_stop };

/* ---- requests of RADIUS servers ---- */

static int coa_start(struct ze *z)
{
	return radius_dynauth_new(z->loop, z->cfg, &z->coa);
}

static void coa_stop(struct ze *z)
{
	radius_dynauth_free(z->coa);
	z->coa = NULL;
}

static int coa_prepare(struct ze *z, struct config *next, struct strbuf *errors)
{
	return radius_dynauth_prepare(z->coa, next, errors);
}

static void coa_cancel(struct ze *z)
{
	radius_dynauth_cancel(z->coa);
}

static void coa_reload(struct ze *z, struct config *next)
{
	(void)next;
	radius_dynauth_apply(z->coa);
}

/* After the sessions of the previous instance were restored: they can be changed, too. */
static const struct ze_module mod_coa = { .name = "aaa-coa",
					  .start = coa_start,
					  .stop = coa_stop,
					  .prepare = coa_prepare,
					  .cancel = coa_cancel,
					  .reload = coa_reload };

/* ---- control socket ---- */

static int reload_for(void *self, const char *actor, struct strbuf *errors,
		      struct strbuf *warnings);

static struct snapshot_radius *copy_radius(const void *self)
{
	const struct ze *z = self; /* the socket is opened first, and serves when all has started */

	struct snapshot_radius *s = radius_login_snapshot(z->radius);

	if (!s)
		return NULL;
	radius_accounting_snapshot(z->accounting, &s->accounting);
	radius_dynauth_snapshot(z->coa, &s->coa);
	return s;
}

static int ctl_start(struct ze *z)
{
	pid_t pid = 0;
	int r;

	path_make_folder(z->socket_path);
	r = ctl_new(&(struct ctl_args){ .path = z->socket_path,
					.loop = z->loop,
					.history = history_snapshots(z->history),
					.radius = { z, copy_radius },
					.reload = { reload_for, z } },
		    &z->ctl, &pid);
	if (r == -EADDRINUSE)
		log_holder(&(struct instance_holder){ pid, z->socket_path });
	else if (r < 0)
		path_why_log(LOG_ERROR, LOG_CTL,
			     &(struct path_failure){ "control-socket-failed", z->socket_path,
						     "not started", r });
	return r;
}

static void ctl_stop(struct ze *z)
{
	ctl_free(z->ctl);
	z->ctl = NULL;
}

static const struct ze_module mod_ctl = { .name = "ctl", .start = ctl_start, .stop = ctl_stop };

/* Clients are answered only after all other modules have started. */
static int serve_start(struct ze *z)
{
	ctl_serve(z->ctl);
	return 0;
}

static const struct ze_module mod_serve = { .name = "serve",
					    .start = serve_start,
					    .stop = ctl_stop };

/* ---- start and stop ---- */

/* The resources that another process may hold (lock, listeners, control socket) come before the
 * data plane, which replaces objects in the kernel. The data plane is stopped after the engine,
 * since it removes what the engine has released. The listeners are closed with the loop, since the
 * sockets of tunnels are watched there, too. */
static const struct ze_module *const modules[] = {
	&mod_log,	 &mod_hardening, &mod_rng,	&mod_yang,    &mod_config,
	&mod_loop,	 &mod_state,	 &mod_instance, &mod_history, &mod_listeners,
	&mod_ctl,	 &mod_dataplane, &mod_settle,	&mod_local,   &mod_radius,
	&mod_accounting, &mod_order,	 &mod_engine,	&mod_ifwatch, &mod_refresh,
	&mod_restore,	 &mod_recovered, &mod_persist,	&mod_coa,     &mod_serve,
};

static void stop_from(struct ze *z, size_t n)
{
	while (n-- > 0)
		if (modules[n]->stop)
			modules[n]->stop(z);
}

int modules_start(struct ze *z)
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(modules); i++) {
		int r = modules[i]->start(z);

		if (r < 0) {
			log_kv(LOG_MAIN, LOG_ERROR, "start-failed",
			       KV_STR("module", modules[i]->name), KV_ERRNO(r));
			/* The sessions of a previous instance are still forwarded, or the plane was
			 * not opened at all: nothing of that is removed. */
			z->handover = !z->plane || !plane_began_empty(z->plane);
			stop_from(z, i);
			return r;
		}
	}
	return 0;
}

bool modules_drained(struct ze *z)
{
	return engine_drained(z->engine) && radius_accounting_finished(z->accounting);
}

const char *modules_why_stay(const struct ze *z)
{
	return plane_why_stay(z->plane);
}

void modules_stop(struct ze *z)
{
	stop_from(z, ZE_ARRAY_SIZE(modules));
}

/* Standard input was consumed at the start, and reading it could block the reactor. */
static int reread_config(struct ze *z, struct config **ret, struct strbuf *errors,
			 struct strbuf *warnings)
{
	if (strcmp(z->config_file, "-") != 0)
		return read_config(z, ret, errors, warnings);
	sb_puts(errors, "standard input is read once\n");
	log_lines(LOG_ERROR, "config-error", errors);
	return -EINVAL;
}

/* errors must be empty. z->cfg is the old configuration until all modules have applied the new
 * one. */
static int modules_take_config(struct ze *z, struct config *cfg, struct strbuf *errors,
			       struct strbuf *warnings)
{
	int r = module_reload(&(struct ze_module_table){ modules, ZE_ARRAY_SIZE(modules) }, z, cfg,
			      errors);

	if (r == 0) {
		config_diff_log(z->start_cfg, z->cfg, cfg, warnings);
		config_unref(z->cfg);
		z->cfg = cfg;
	}
	log_lines(LOG_ERROR, "reload-error", errors);
	return r;
}

static int modules_reload_by(struct ze *z, const char *actor, struct strbuf *errors,
			     struct strbuf *warnings)
{
	struct config *cfg = NULL;
	int r = reread_config(z, &cfg, errors, warnings);

	if (r == 0)
		r = modules_take_config(z, cfg, errors, warnings);
	if (r == 0) {
		log_kv(LOG_CONFIG, LOG_INFO, "config-reloaded", KV_STR("file", z->config_file),
		       KV_STR("actor", actor));
		return 0;
	}
	config_unref(cfg);
	log_kv(LOG_CONFIG, LOG_ERROR, "reload-refused", KV_STR("file", z->config_file),
	       KV_STR("actor", actor), KV_ERRNO(r),
	       KV_STR("effect", "the running configuration stays in use"));
	return r;
}

static int reload_for(void *self, const char *actor, struct strbuf *errors, struct strbuf *warnings)
{
	int r;

	notify_reloading();
	r = modules_reload_by(self, actor, errors, warnings);
	notify_send("READY=1");
	return r;
}

void modules_reload(struct ze *z)
{
	struct strbuf errors, warnings;

	sb_init(&errors);
	sb_init(&warnings);
	reload_for(z, "SIGHUP", &errors, &warnings);
	sb_done(&errors);
	sb_done(&warnings);
}
