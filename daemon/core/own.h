/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine has for itself: its own addresses, which are not given to subscribers, and the subnets of its
 * interfaces, whose neighbours would be cut off by a subscriber's route. Says so in the log when it learns of
 * one or the configuration changes. A session whose address the machine gets later goes on: its packets may still
 * pass by the data plane, the address may go again in a moment, and which of the two is wrong only
 * the operator knows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct hostip_set;

/* All of them from now on. */
void own_set(struct engine *e, const struct hostip_set *set);
/* Another configuration: what of it is ours or a neighbour's. */
void own_check(const struct engine *e);
/* A subnet with neighbours has addresses of the pool. */
bool own_overlaps_pool(const struct engine *e);
/* Who has it: "eth0", an interface of this machine; "a LAC", one with an established tunnel. NULL: neither. */
const char *own_holder(const struct engine *e, uint32_t ip);
/* One of the two has it: it is no subscriber's. */
bool own_is_taken(const struct engine *e, uint32_t ip);
