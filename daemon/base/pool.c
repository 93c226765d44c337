/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/pool.h"

void res_pool_init(struct res_pool *p)
{
	list_init(&p->all);
}

void res_add(struct res_pool *p, struct res *r, void (*release)(struct res *))
{
	r->release = release;
	list_add_head(&p->all, &r->link);
}

/* A zeroed res was never added to a pool. */
bool res_held(const struct res *r)
{
	return r->link.next && !list_empty(&r->link);
}

void res_forget(struct res *r)
{
	if (res_held(r))
		list_del(&r->link);
}

void res_release(struct res *r)
{
	if (!res_held(r))
		return;
	list_del(&r->link);
	r->release(r); /* may free r */
}

void res_pool_drain(struct res_pool *p)
{
	while (!list_empty(&p->all))
		res_release(list_entry(p->all.next, struct res, link));
}
