/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks the data plane for everybody's counters again and again, so that a plane which reads them ahead
 * (counts.h) never has older ones than the interval. Hears nothing: the plane keeps them.
 */
#pragma once

#include "daemon/core/ports.h"

struct loop;
struct refresh;

/* The first time at once. 0 or -ENOMEM. */
int refresh_new(struct loop *l, const struct ports *io, ze_ns interval, struct refresh **ret);
void refresh_free(struct refresh *r);
