/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operators' commands, for all user interfaces: the table of commands (words, arguments, help),
 * permission checks (rights.h), execution, and completion with the ids of existing tunnels and
 * sessions. Answers are JSON.
 *
 *   show l2tp [tunnels|tunnel ID|sessions|session ID|statistics|pools|routes|dataplane|
 *             listeners|config|history]
 *   show radius servers
 *   show radius accounting
 *   show radius coa
 *   clear l2tp tunnel teardown ID | teardown-all
 *   clear l2tp session teardown ID [reason TEXT...] [cause CODE] | teardown-all
 *   reload
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/compiler.h"

struct engine;
struct json;
struct strbuf;
struct rights_profile;
struct snapshot_history;
struct snapshot_radius_source;

/* The user and their permissions: each user interface names one, and only ops checks it. */
struct op_actor {
	char name[64];			      /* for logs and events: "uid 0 (root)" */
	const struct rights_profile *profile; /* never NULL */
};

enum op_status {
	OP_OK,
	OP_UNKNOWN_COMMAND, /* the error text names the word that is not known */
	OP_BAD_ARGUMENT,
	OP_NOT_FOUND, /* the error text names the id */
	OP_DENIED,    /* the actor's profile does not permit the command */
	OP_FAILED
};

const char *ops_status_name(enum op_status s); /* "not-found" */

/* Reads the configuration file again and applies it. Returns 0, or -errno when the running
 * configuration stays. There may be warnings in both cases; errors and warnings are whole lines. */
struct op_reload {
	int (*run)(void *self, const char *actor, struct strbuf *errors, struct strbuf *warnings);
	void *self;
};

struct op_request {
	const char *const *words;
	size_t n;
	const struct op_actor *actor;		     /* never NULL */
	ze_ns now;				     /* monotonic */
	int64_t wall_ns;			     /* UTC at now */
	const struct snapshot_history *history;	     /* NULL: none */
	const struct snapshot_radius_source *radius; /* NULL: there is no client */
	const struct op_reload *reload;		     /* NULL: there is no configuration file */
};

/* Runs a command. On OP_OK exactly one JSON value was written to `data`; otherwise `data` is
 * unchanged, and `err` is one sentence. After a failed `reload`, the errors of the configuration
 * come before it, one per line. */
enum op_status ops_run(struct engine *e, const struct op_request *rq, struct json *data,
		       struct strbuf *err);
/* Completes a command: writes an array of {"word","help"} with the words that can stand in place of
 * the last word of the request, which is being typed and may be "". Only commands that the actor
 * may use are offered. The lists of ids are at most 1 s old; they are left out when out of
 * memory. */
void ops_complete(struct engine *e, const struct op_request *rq, struct json *out);
