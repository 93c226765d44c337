/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the daemon in the order in which they start. Each is a const descriptor that owns
 * some members of `struct ze`; start has logged why when it fails, and has left nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/rng.h"
#include "daemon/core/bus.h"

struct config;
struct ctl;
struct engine;
struct history;
struct ifwatch;
struct instance;
struct loop;
struct persist;
struct plane;
struct refresh;
struct strbuf;
struct udp;
struct yang;

struct ze {
	const char *config_file, *socket_path, *yang_dir; /* yang_dir NULL: the default */
	const char *state_file;				  /* NULL: `state` beside the socket */
	bool no_hardening;				  /* for a debugger */
	bool leaving; /* another process goes on: stop takes nothing down */

	struct rng rng;
	struct yang *yang;
	struct config *cfg;
	struct loop *loop;
	struct udp *udp;
	struct plane *plane;
	struct persist *persist;	  /* of the journal */
	struct instance *instance;	  /* with planes that share what is in the kernel */
	char *state_path, *programs_path; /* the state file, and a list beside it */
	struct bus bus;
	struct history *history;
	struct engine *engine;
	struct ifwatch *ifwatch;
	struct refresh *refresh;
	struct ctl *ctl;
};

struct ze_module {
	const char *name;
	int (*start)(struct ze *z); /* 0 or -errno */
	void (*stop)(struct ze *z); /* may be NULL */
};

/* Starts all; when one fails those before it have been stopped. 0 or -errno. */
int modules_start(struct ze *z);
/* Newest first. */
void modules_stop(struct ze *z);
/* NULL: the data plane goes on without us, and another process can take over. Else why not. */
const char *modules_why_stay(const struct ze *z);
/* Another configuration from the file, if it is valid: what can change does, the rest is a warning. */
void modules_reload(struct ze *z);
