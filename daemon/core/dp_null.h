/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A data plane that forwards nothing. It accepts every request and queues the answers, which the
 * owner passes to engine_dp_event(). It is used on hosts without another data plane, and the fake
 * of the tests is based on it. Space for the answer to session_down is reserved by session_up, so
 * that session_down cannot fail.
 */
#pragma once

#include <stdbool.h>

#include "daemon/core/ports.h"

struct dp_null {
	struct dp_event *q; /* ring of answers */
	size_t head, n, cap;
	size_t sessions; /* each has one entry of the ring reserved */
	uint8_t *held;	 /* a bit per session id: session_up accepted it */
};

extern const struct dataplane_ops dp_null_ops; /* self is a struct dp_null */

void dp_null_init(struct dp_null *d);
void dp_null_done(struct dp_null *d);
/* Takes the oldest answer from the queue. Returns false when it is empty. */
bool dp_null_next(struct dp_null *d, struct dp_event *ret);
