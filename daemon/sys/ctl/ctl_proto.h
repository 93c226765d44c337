/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns one request line of the control socket's protocol into one line of answer, without a
 * socket. Exactly one line is appended to the answer, whatever the request is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/ops/ops.h"
#include "daemon/view/view.h"

#define CTL_LINE_MAX 65536 /* octets of a request, including its newline */

struct engine;
struct op_reload;
struct strbuf;

struct ctl_turn {
	struct engine *engine;
	const struct op_actor *who;
	const struct snapshot_history *history;
	const struct snapshot_radius_source *radius;
	const struct op_reload *reload;
	struct view_clock clock;
};

/* Processes the request line, of len octets without its newline. */
void ctl_proto_line(const struct ctl_turn *t, const char *line, size_t len, struct strbuf *answer);
/* Appends the answer to a request of CTL_LINE_MAX octets without a newline. */
void ctl_proto_too_long(struct strbuf *answer);
