/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subscriber: one call, its PPP link, what it was given, and its place in the data plane.
 *
 *   begin -ICCN-> up ... down -data plane let go-> released
 *
 * The PPP machine's effects are performed here. What must be answered by another call of the link is
 * noted in s->todo first, so that the link is never entered twice. Everything acquired sits in
 * s->pool; the session id and the address go back only when the data plane has let go.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"
#include "daemon/core/event.h"
#include "daemon/core/ports.h"

struct aaa_answer;
struct call_owner_ops;
struct core_tunnel;
struct engine;
struct subscriber;

/* The owner of all calls: PPP ends here. */
extern const struct call_owner_ops subscriber_call_ops;
/* A call with an id of the caller's choice; -EEXIST. */
int subscriber_new_as(struct core_tunnel *t, uint16_t sid, uint16_t peer_sid, ze_ns now,
		      struct subscriber **ret);
/* A session that goes on: the link, from its record. Its effects wait for subscriber_resumed. */
enum reason subscriber_resume(struct subscriber *s, struct span link, ze_ns now);
/* And it is up: what the link gave and what the plane has are there too. */
void subscriber_resumed(struct subscriber *s, ze_ns now);
/* From the tunnel: a PPP frame, or one that the data plane should have had. */
void subscriber_frame(struct subscriber *s, struct span frame, ze_ns now);
void subscriber_dp_event(struct subscriber *s, const struct dp_event *ev, ze_ns now);
void subscriber_expire(struct subscriber *s, ze_ns now);
/* A late verdict; takes over the profile reference. */
void subscriber_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now);
/* Performs e->ppp_fx and everything that follows from it and from s->todo. */
void subscriber_run(struct subscriber *s, ze_ns now);
/* The operator's end: a Terminate-Request, once, and CDN 3. */
void subscriber_clear(struct subscriber *s, ze_ns now);
/* It gave way to a newer session (turn_give_way), and ends. */
void subscriber_replaced(struct subscriber *s, ze_ns now);
/* The address that it waits for may be free. */
void subscriber_address_free(struct subscriber *s, ze_ns now);
/* Nothing of it is in the data plane any more: gives all back. It is freed when the turn ends. */
void subscriber_release(struct subscriber *s);
void subscriber_free(struct subscriber *s);
/* The end of a turn that changed it: its timer is armed, and it is recorded. */
void subscriber_settle(struct subscriber *s, ze_ns now);
