/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `ze`: the daemon in the foreground, or one of the verbs.
 *
 * Exit status of the daemon: 0 it was stopped by a signal, or -t and the file is valid; 1 it could
 * not start, or -t and the file is not valid; 2 wrong usage.
 *
 * SIGTERM, SIGINT: close all tunnels (StopCCN, result code 6) and exit when the peers have
 * acknowledged, or after drain-timeout seconds; a second signal exits immediately. SIGHUP: read the
 * configuration file again. SIGUSR2: handover: exit immediately and leave the sessions to the next
 * instance (bpf plane; with other planes as SIGTERM).
 */
#include <errno.h>
#include <ev.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ze.h"
#include "daemon/base/log.h"
#include "daemon/core/config.h"
#include "daemon/core/engine.h"
#include "daemon/modules.h"
#include "daemon/sys/config/yang.h"
#include "daemon/sys/run/env.h"
#include "daemon/sys/run/hardening.h"
#include "daemon/sys/run/logger.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/run/notify.h"

#define DEFAULT_CONFIG "/etc/ze/ze.conf"
#define DEFAULT_SOCKET "/run/ze/ze.sock"
#define DEFAULT_SPOOL  "/var/lib/ze/accounting.db" /* with that socket */

enum {
	EXIT_OK = 0,
	EXIT_START = 1,
	EXIT_USAGE = 2
};

struct daemon {
	struct ze z;
	bool draining;
	ev_signal term, interrupt, hangup, handover;
	ev_timer give_up;
	ev_prepare drained;
};

/* ---- running ---- */

static void on_drained(struct ev_loop *ev, ev_prepare *w, int revents)
{
	struct daemon *d = w->data;

	(void)ev;
	(void)revents;
	if (modules_drained(&d->z))
		loop_stop(d->z.loop);
}

static void on_give_up(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct daemon *d = w->data;

	(void)ev;
	(void)revents;
	log_kv(LOG_MAIN, LOG_WARN, "drain-timeout", KV_U64("seconds", d->z.cfg->drain_timeout_s));
	loop_stop(d->z.loop);
}

static void on_stop(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct daemon *d = w->data;

	(void)revents;
	if (d->z.handover)
		return;
	log_kv(LOG_MAIN, LOG_INFO, "stopping", KV_I64("signal", w->signum),
	       KV_STR("how", d->draining ? "at once" : "draining"));
	if (d->draining) {
		loop_stop(d->z.loop);
		return;
	}
	d->draining = true;
	notify_send("STOPPING=1");
	engine_drain(d->z.engine, loop_now(d->z.loop));
	loop_turn_done(d->z.loop);
	ev_prepare_start(ev, &d->drained);
	ev_timer_set(&d->give_up, d->z.cfg->drain_timeout_s, 0.);
	ev_timer_start(ev, &d->give_up);
}

static void on_handover(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct daemon *d = w->data;
	const char *why;

	if (d->draining || d->z.handover)
		return;
	why = modules_why_stay(&d->z);
	if (why) {
		log_kv(LOG_MAIN, LOG_WARN, "handover-refused", KV_STR("why", why),
		       KV_STR("effect", "ze drains: its sessions end"));
		on_stop(ev, w, revents);
		return;
	}
	log_kv(LOG_MAIN, LOG_INFO, "handover-started",
	       KV_STR("effect", "subscribers stay connected"));
	notify_send("STOPPING=1");
	d->z.handover = true;
	loop_stop(d->z.loop);
}

static void on_hangup(struct ev_loop *ev, ev_signal *w, int revents)
{
	struct daemon *d = w->data;

	(void)ev;
	(void)revents;
	if (d->draining)
		return;
	modules_reload(&d->z);
}

static void main_watch(struct daemon *d)
{
	struct ev_loop *ev = loop_ev(d->z.loop);

	ev_signal_init(&d->term, on_stop, SIGTERM);
	ev_signal_init(&d->interrupt, on_stop, SIGINT);
	ev_signal_init(&d->hangup, on_hangup, SIGHUP);
	ev_signal_init(&d->handover, on_handover, SIGUSR2);
	ev_prepare_init(&d->drained, on_drained);
	ev_timer_init(&d->give_up, on_give_up, 0., 0.);
	d->term.data = d->interrupt.data = d->hangup.data = d->handover.data = d;
	d->drained.data = d->give_up.data = d;
	/* The lowest priority: the check runs after all other watchers of the iteration. */
	ev_set_priority(&d->drained, EV_MINPRI);
	ev_signal_start(ev, &d->term);
	ev_signal_start(ev, &d->interrupt);
	ev_signal_start(ev, &d->hangup);
	ev_signal_start(ev, &d->handover);
}

/* Blocks signals until they are watched: a process killed in the middle of its start would leave
 * objects in the kernel. */
static void hold_signals(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void unwatch(struct daemon *d)
{
	struct ev_loop *ev = loop_ev(d->z.loop);

	ev_signal_stop(ev, &d->term);
	ev_signal_stop(ev, &d->interrupt);
	ev_signal_stop(ev, &d->hangup);
	ev_signal_stop(ev, &d->handover);
	ev_prepare_stop(ev, &d->drained);
	ev_timer_stop(ev, &d->give_up);
}

static int live(struct daemon *d)
{
	size_t files;

	signal(SIGPIPE, SIG_IGN);
	hold_signals(true);
	files = hardening_apply(d->z.no_hardening);
	if (modules_start(&d->z) < 0)
		return EXIT_START;
	main_watch(d);
	hold_signals(false);
	log_kv(LOG_MAIN, LOG_INFO, "started", KV_STR("version", ZE_VERSION),
	       KV_STR("config", d->z.config_file), KV_STR("socket", d->z.socket_path),
	       KV_U64("open-files", files));
	notify_send("READY=1");
	loop_run(d->z.loop);
	/* No watcher runs from here on; a signal would kill the process in the middle of its
	 * shutdown. */
	hold_signals(true);
	unwatch(d);
	modules_stop(&d->z);
	log_kv(LOG_MAIN, LOG_INFO, "stopped", KV_STR("version", ZE_VERSION));
	return EXIT_OK;
}

static int main_run(struct daemon *d)
{
	int status = live(d);

	logger_stop();
	return status;
}

/* ---- command line ---- */

static int wrong_usage(void)
{
	ze_usage(stderr);
	return EXIT_USAGE;
}

/* -t: like `ze config validate`, for the configuration file of the daemon. */
static int check_config(const struct ze *z)
{
	char *argv[] = { (char *)"-t", (char *)z->config_file, NULL };

	if (z->yang_dir)
		setenv("ZE_YANG_DIR", z->yang_dir, 1);
	return yang_validate_main(2, argv) ? EXIT_START : EXIT_OK;
}

static int run_daemon(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "state", required_argument, NULL, 'S' },
		{ "spool", required_argument, NULL, 'a' },
		{ "yang-dir", required_argument, NULL, 'y' },
		{ "no-hardening", no_argument, NULL, 'H' },
		{ "test", no_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct daemon d = { .z = { .config_file = DEFAULT_CONFIG,
				   .socket_path = env_get("ze.socket") } };
	bool test = false;
	int c;

	if (!d.z.socket_path)
		d.z.socket_path = DEFAULT_SOCKET;
	while ((c = getopt_long(argc, argv, "+c:tVh", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			d.z.config_file = optarg;
			break;
		case 's':
			d.z.socket_path = optarg;
			break;
		case 'S':
			d.z.state_file = optarg;
			break;
		case 'a':
			d.z.spool_file = optarg;
			break;
		case 'y':
			d.z.yang_dir = optarg;
			break;
		case 'H':
			d.z.no_hardening = true;
			break;
		case 't':
			test = true;
			break;
		case 'V':
			puts("ze " ZE_VERSION);
			return EXIT_OK;
		case 'h':
			ze_usage(stdout);
			return EXIT_OK;
		default:
			return wrong_usage();
		}
	}
	if (!d.z.spool_file && strcmp(d.z.socket_path, DEFAULT_SOCKET) == 0)
		d.z.spool_file = DEFAULT_SPOOL;
	if (optind < argc) {
		fprintf(stderr, "ze: \"%s\" is not a command\n", argv[optind]);
		return wrong_usage();
	}
	return test ? check_config(&d.z) : main_run(&d);
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "config") == 0 && strcmp(argv[2], "validate") == 0)
		return yang_validate_main(argc - 2, argv + 2);
	if (argc >= 2 && ze_is_verb(argv[1]))
		return ze_verb_main(argc, argv);
	return run_daemon(argc, argv);
}
