/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What operators can say, once for all surfaces: the command table (words, arguments, help,
 * privilege), its execution, and completion fed by live ids. Answers are JSON.
 *
 *   show l2tp [tunnels|tunnel ID|sessions|session ID|statistics|dataplane|listeners|config|history]
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

/* The user and their permissions: each user interface names one, and only ops checks it. */
struct op_actor {
	char name[64];			      /* for the audit trail: "uid 0 (root)" */
	const struct rights_profile *profile; /* never NULL */
};

enum op_status {
	OP_OK,
	OP_UNKNOWN_COMMAND, /* error names the word that was not understood */
	OP_BAD_ARGUMENT,
	OP_NOT_FOUND, /* error names the id */
	OP_DENIED,
	OP_FAILED
};

const char *ops_status_name(enum op_status s); /* "not-found" */

/* The configuration's file is read again. 0, or -errno: the running one stays. Both ways there may be warnings; errors
 * and warnings are whole lines. */
struct op_reload {
	int (*run)(void *self, const char *actor, struct strbuf *errors, struct strbuf *warnings);
	void *self;
};

struct op_request {
	const char *const *words;
	size_t n;
	const struct op_actor *actor;		/* never NULL */
	ze_ns now;				/* monotonic */
	int64_t wall_ns;			/* UTC at now */
	const struct snapshot_history *history; /* NULL: none */
	const struct op_reload *reload;		/* NULL: there is no file */
};

/* On OP_OK exactly one JSON value was written to data; else err is one sentence. */
enum op_status ops_run(struct engine *e, const struct op_request *rq, struct json *data,
		       struct strbuf *err);
/* An array of {"word","help"} that may follow the request's words, the last of which is being typed (may
 * be ""): of commands that the actor may use. Ids are at most a second old; without memory for them there
 * are none. */
void ops_complete(struct engine *e, const struct op_request *rq, struct json *out);
