/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/facts.h"

#include "daemon/core/end_cause.h"
#include "daemon/core/subscriber_priv.h"

const char *facts_user(const struct subscriber *s)
{
	return s->user ? s->user : "";
}

struct event facts_event(const struct subscriber *s, enum event_kind kind, ze_ns now)
{
	return (struct event){
		.kind = kind,
		.now = now,
		.tid = s->call.tunnel->l2tp.tid,
		.sid = s->call.l2tp.sid,
		.session_id = s->id,
		.user = facts_user(s),
		.ifname = s->ifname,
		.peer = &s->call.tunnel->path.peer,
		.end = s->end,
		.cause = end_cause_word(s->end),
	};
}
