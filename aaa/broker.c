/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/broker.h"

#include <errno.h>
#include <string.h>

int aaa_broker_auth(struct aaa_broker *b, const struct aaa_request *rq, uint64_t cookie,
		    struct aaa_answer *ret)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct aaa_handler *h = &b->handlers[i];
		int r = h->auth(h->self, rq, cookie, ret);

		if (r == 0 || r == -EINPROGRESS)
			return r;
	}
	*ret = (struct aaa_answer){ .message = "Login incorrect" };
	return 0;
}

void aaa_broker_cancel(struct aaa_broker *b, uint64_t cookie)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->handlers[i].cancel)
			b->handlers[i].cancel(b->handlers[i].self, cookie);
}
