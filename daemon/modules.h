/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the daemon in the order in which they start. Each is a constant descriptor that owns
 * some members of struct ze. When a start fails, it has logged the reason and released what it had
 * acquired.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "aaa/broker.h"
#include "daemon/base/rng.h"
#include "daemon/core/bus.h"

struct aaa_local;
struct config;
struct ctl;
struct engine;
struct history;
struct ifwatch;
struct instance;
struct loop;
struct persist;
struct plane;
struct radius_accounting;
struct radius_dynauth;
struct radius_login;
struct refresh;
struct strbuf;
struct udp;
struct yang;

struct ze {
	const char *config_file, *socket_path, *yang_dir; /* yang_dir NULL: the default */
	const char *state_file;				  /* NULL: `state` beside the socket */
	const char *spool_file; /* of accounting; NULL: `accounting.db` beside the socket */
	bool no_hardening;	/* for a debugger */
	bool handover;		/* stop leaves the data plane and its state for the next instance */

	struct rng rng;
	struct yang *yang;
	struct config *cfg, *start_cfg; /* in use; of the start, for what needs a restart */
	struct loop *loop;
	struct udp *udp;
	struct plane *plane;
	struct persist *persist;	  /* watches the journal and the pins */
	struct instance *instance;	  /* NULL: the plane shares nothing in the kernel */
	char *state_path, *programs_path; /* the second: a list of our BPF programs */
	char *spool_path;
	struct aaa_broker aaa;		      /* has the handlers of the modules */
	struct aaa_local *local, *local_next; /* the second: prepared for a reload */
	struct bus bus;
	struct history *history;
	struct radius_login *radius;
	struct radius_accounting *accounting;
	struct radius_dynauth *coa;
	struct engine *engine;
	struct ifwatch *ifwatch;
	struct refresh *refresh;
	struct ctl *ctl;
};

/* Starts all modules. When one fails, those before it are stopped. Returns 0 or -errno. */
int modules_start(struct ze *z);
/* Stops all modules in reverse order. */
void modules_stop(struct ze *z);
/* After engine_drain(): true when the peers have acknowledged the end of all tunnels, and the
 * accounting servers all records. */
bool modules_drained(struct ze *z);
/* Returns NULL when a handover would keep the sessions, else why not. */
const char *modules_why_stay(const struct ze *z);
/* Reads the configuration file again. If it is valid, settings that can change at run time are
 * applied; the others are logged as warnings. */
void modules_reload(struct ze *z);
