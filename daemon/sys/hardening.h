/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the process does to itself before it opens anything: no core dumps and no tracing by
 * others (secrets are never left in memory dumps we make), files not for everybody, descriptors for
 * tens of thousands of subscribers.
 */
#pragma once

#include <stddef.h>

#define HARDENING_NOFILE (1u << 20) /* three a subscriber */

/* Never fails: what the system refuses stays as it was. Returns how many descriptors may be open. */
size_t hardening_apply(void);
/* getrandom(2), as a struct rng's fill. */
int hardening_random(void *self, void *buf, size_t len);
