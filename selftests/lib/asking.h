/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to an engine as operators ask them, and the JSON of the answers parsed: for tests of
 * ops, views and the control protocol. Owns what it returns until the next question.
 */
#pragma once

#include <jansson.h>

#include "daemon/ops/ops.h"
#include "selftests/lib/world.h"

struct asking {
	struct world *w;
	const struct snapshot_history *history;
	bool read_only;
	/* of the last question */
	enum op_status status;
	char error[512];
	json_t *data; /* NULL unless OP_OK */
};

#define ASKING_ACTOR "uid 0 (root)"
#define ASKING_WALL  (1795392000 * ZE_SEC(1)) /* 2026-11-23T00:00:00Z */

/* Words parted by single blanks. */
enum op_status ask(struct asking *a, const char *words);
enum op_status ask_words(struct asking *a, const char *const *words, size_t n);
/* As ask, for completion: the words offered, parted by blanks; "" without any. */
const char *ask_completion(struct asking *a, const char *words);
void ask_done(struct asking *a);
/* A member by a path like "peer-capabilities.framing"; fails the test when it is not there. */
json_t *ask_member(const json_t *v, const char *path);
