/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data plane that forwards nothing: accepts every call and answers through a queue that the
 * owner drains into engine_dp_event. For hosts without a real one, and the base of the tests' fake.
 * Room for the answer to session_down is kept from session_up on, so that it can't fail.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/ports.h"

struct dp_null {
	struct dp_event *q; /* a ring */
	size_t head, n, cap;
	size_t sessions; /* each will need one more place */
	uint8_t *held;	 /* bit per sid that session_up accepted */
};

extern const struct dataplane_ops dp_null_ops; /* self is a struct dp_null */

void dp_null_init(struct dp_null *d);
void dp_null_done(struct dp_null *d);
/* The oldest answer not yet fetched. */
bool dp_null_next(struct dp_null *d, struct dp_event *ret);
