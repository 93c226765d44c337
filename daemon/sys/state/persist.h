/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the state file whole: looks now and then whether it is still there, and when it could not be
 * written has it written once more, all of it, until that works. Says so in the log, both ways.
 */
#pragma once

#include "daemon/base/rng.h"

struct journal;
struct loop;
struct persist;

int persist_new(struct loop *l, struct journal *j, const struct rng *rng, struct persist **ret);
void persist_free(struct persist *p);
