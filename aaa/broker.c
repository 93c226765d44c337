/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/broker.h"

bool aaa_stage_decided(struct aaa_stage *stage, enum aaa_verdict v)
{
	stage->unavailable = stage->unavailable || v == AAA_UNAVAILABLE;
	return v == AAA_ACCEPT || v == AAA_REJECT;
}

bool aaa_broker_ask(const struct aaa_broker *b, const struct aaa_request *rq,
		    struct aaa_stage *stage, struct aaa_answer *ret)
{
	struct aaa_request mine = *rq;

	while (stage->next < b->n) {
		const struct aaa_handler *h = &b->handlers[stage->next];
		ze_ns left = rq->deadline - rq->now;

		mine.deadline = rq->now + left / (ze_ns)(b->n - stage->next);
		stage->deadline = mine.deadline;
		stage->next++;
		if (!h->auth(h->self, &mine, ret))
			return false;
		if (aaa_stage_decided(stage, ret->verdict))
			return true;
	}
	if (stage->unavailable || !b->n)
		*ret = (struct aaa_answer){ .verdict = AAA_UNAVAILABLE,
					    .message = "Authentication is not available" };
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
