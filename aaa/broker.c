/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/broker.h"

#include <errno.h>
#include <string.h>

int aaa_broker_add(struct aaa_broker *b, const struct aaa_handler *h)
{
	if (b->n == AAA_HANDLERS_MAX)
		return -ENOSPC;
	b->handlers[b->n++] = *h;
	return 0;
}

void aaa_broker_order(struct aaa_broker *b, const char *const *names, size_t n)
{
	b->n_order = 0;
	for (size_t i = 0; i < n; i++)
		for (uint8_t k = 0; k < b->n && b->n_order < AAA_HANDLERS_MAX; k++)
			if (strcmp(b->handlers[k].name, names[i]) == 0)
				b->order[b->n_order++] = k;
}

bool aaa_stage_decided(struct aaa_stage *stage, const struct aaa_answer *a)
{
	if (a->verdict == AAA_UNAVAILABLE) {
		stage->unavailable = true;
		if (!stage->why)
			stage->why = a->why;
	}
	return a->verdict == AAA_ACCEPT || a->verdict == AAA_REJECT;
}

static bool was_asked(const struct aaa_stage *stage, uint8_t handler)
{
	return stage->asked >> handler & 1;
}

/* The time of the next handler ends: its share of what is left for those that were not asked. */
static ze_ns share(const struct aaa_broker *b, const struct aaa_request *rq,
		   const struct aaa_stage *stage)
{
	ze_ns n = 0;

	for (size_t i = 0; i < b->n_order; i++)
		n += !was_asked(stage, b->order[i]);
	return n ? rq->now + (rq->until - rq->now) / n : rq->until;
}

bool aaa_broker_ask(const struct aaa_broker *b, struct aaa_request *rq, struct aaa_stage *stage,
		    struct aaa_answer *ret)
{
	for (size_t i = 0; i < b->n_order; i++) {
		const struct aaa_handler *h = &b->handlers[b->order[i]];

		if (was_asked(stage, b->order[i]))
			continue;
		rq->deadline = stage->deadline = share(b, rq, stage);
		stage->asked |= (uint8_t)(1u << b->order[i]);
		if (!h->auth(h->self, rq, ret))
			return false;
		if (aaa_stage_decided(stage, ret))
			return true;
	}
	if (stage->unavailable || !stage->asked)
		*ret = (struct aaa_answer){ .verdict = AAA_UNAVAILABLE,
					    .message = "Authentication is not available",
					    .why = stage->why };
	else
		*ret = (struct aaa_answer){ .verdict = AAA_REJECT, .message = "Login incorrect" };
	return true;
}

void aaa_broker_cancel(const struct aaa_broker *b, uint64_t cookie)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->handlers[i].cancel)
			b->handlers[i].cancel(b->handlers[i].self, cookie);
}
