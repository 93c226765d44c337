/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of the control socket's protocol to one line of answer, without a socket. Whatever the
 * line is, exactly one line is added to the answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/ops/ops.h"
#include "daemon/view/view.h"

#define CTL_LINE_MAX 65536 /* octets of a request with its newline */

struct engine;
struct op_reload;
struct strbuf;

struct ctl_turn {
	struct engine *engine;
	const struct op_actor *who;
	const struct snapshot_history *history;
	const struct op_reload *reload;
	struct view_clock clock;
};

/* line without its newline. */
void ctl_proto_line(const struct ctl_turn *t, const char *line, size_t len, struct strbuf *answer);
/* The answer to a line that is longer than CTL_LINE_MAX. */
void ctl_proto_too_long(struct strbuf *answer);
