/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resources an object has acquired, newest first. Everything that must be released (an address,
 * a data plane handle, an id) is a `struct res` in its owner's pool. Draining the pool is the only
 * teardown, on failure and on success alike.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/list.h"

struct res {
	struct list link;
	void (*release)(struct res *r);
};

struct res_pool {
	struct list all; /* the head is the newest */
};

void res_pool_init(struct res_pool *p);
/* Adds a resource. `release` is called once; it may free r. */
void res_add(struct res_pool *p, struct res *r, void (*release)(struct res *));
/* Releases one resource before the others; does nothing when it is not held. */
void res_release(struct res *r);
/* Removes a resource from its pool without releasing it. */
void res_forget(struct res *r);
bool res_held(const struct res *r);
/* Releases everything, newest first. */
void res_pool_drain(struct res_pool *p);
