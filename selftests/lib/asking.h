/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs commands of an engine as operators do, and parses the JSON of the answers, for tests of
 * ops, views and the control protocol. Owns what it returns until the next command.
 */
#pragma once

#include <jansson.h>

#include "daemon/ops/ops.h"
#include "daemon/ops/rights.h"
#include "selftests/lib/world.h"

struct asking {
	struct world *w;
	const struct snapshot_history *history;
	const struct snapshot_radius_source *radius;
	const struct op_reload *reload;
	const struct rights_profile *profile; /* NULL: admin */
	/* of the last command */
	enum op_status status;
	char error[512];
	json_t *data; /* NULL unless the status is OP_OK */
};

#define ASKING_ACTOR "uid 0 (root)"
#define ASKING_WALL  (1795392000 * ZE_SEC(1)) /* 2026-11-23T00:00:00Z */

/* Runs a command; words are separated by single blanks. */
enum op_status ask(struct asking *a, const char *words);
enum op_status ask_words(struct asking *a, const char *const *words, size_t n);
/* The completions for the words, separated by blanks; "" when there are none. */
const char *ask_completion(struct asking *a, const char *words);
void ask_done(struct asking *a);
/* The member at a path like "peer-capabilities.framing"; the test fails when it does not exist. */
json_t *ask_member(const json_t *v, const char *path);
