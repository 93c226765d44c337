/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an object has acquired, newest first. Each thing that must be given back (an address, a
 * data plane handle, an id) is a `struct res` in the owner's pool; draining the pool is the only
 * teardown and is the same on failure and on success.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/list.h"

struct res {
	struct list link;
	void (*release)(struct res *r);
};

struct res_pool {
	struct list all; /* head is newest */
};

void res_pool_init(struct res_pool *p);
void res_add(struct res_pool *p, struct res *r, void (*release)(struct res *));
/* Give one back before the others; harmless when it is not held. */
void res_release(struct res *r);
/* Forget without releasing. */
void res_forget(struct res *r);
bool res_held(const struct res *r);
/* Release everything, newest first. */
void res_pool_drain(struct res_pool *p);
unsigned res_pool_count(const struct res_pool *p);
