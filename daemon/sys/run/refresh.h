/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts a reading of all counters (counts.h) at a fixed interval, so that they are never much
 * older than that. The results stay in the plane.
 */
#pragma once

#include "daemon/core/ports.h"

struct loop;
struct refresh;

/* The first reading starts at once, the next ones every `interval` nanoseconds. Returns 0 or
 * -ENOMEM. */
int refresh_new(struct loop *l, const struct ports *io, ze_ns interval, struct refresh **ret);
void refresh_free(struct refresh *r);
