/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routes to networks behind subscribers (RFC 2865 5.22, RFC 3162 2.5), as the profile lists them.
 * They exist while the family of the session is up: the data plane sends packets to the prefix to
 * the subscriber, and accepts the prefix as a source of his. The gateway of the attribute means
 * nothing here, because a PPP link has one other end.
 *
 * Sessions may list the same prefix, for example those of two lines of one customer. The one with
 * the lowest metric gets the packets, and of those the newest session; the others are on standby,
 * and take over when it ends. An address that a session has is always preferred to a route, in the
 * data plane: so a prefix may contain the pool, or the subscriber's own address. What would cut off
 * ze or the host is refused (route_check.h).
 *
 * Nothing here can fail towards the caller: a session continues without a route that is refused or
 * cannot be added, which is counted, logged and shown.
 *
 * Memory is allocated only for sessions whose profile lists routes.
 */
#pragma once

#include <stddef.h>

#include "daemon/base/compiler.h"
#include "daemon/core/ports.h"
#include "daemon/core/routes_priv.h"

struct engine;
struct subscriber;

/* The family is up: requests its routes. */
void routes_up(struct subscriber *s, enum ppp_family family, ze_ns now);
/* The family is down, or the call has ended: withdraws them. */
void routes_down(struct subscriber *s, enum ppp_family family, ze_ns now);
/* The profile was replaced: routes that both list stay as they are. */
void routes_change(struct subscriber *s, ze_ns now);
/* Processes DP_EV_ROUTE. */
void routes_answer(struct subscriber *s, const struct dp_event *ev, ze_ns now);
/* Publishes an event for each route that is installed. */
void routes_replay(struct subscriber *s, ze_ns now);
/* The host's addresses or the configuration have changed: withdraws routes that are refused now, and
 * requests those that are not refused any more. */
void routes_recheck(struct engine *e, ze_ns now);
/* Frees the routes of a session without withdrawing them: the engine ends, or the session is not
 * restored. */
void routes_forget(struct subscriber *s);

/* Restart. The first lists the routes of a restored session, for session_restore(): sets *ret, which
 * the caller frees, and returns their number. The second takes the results. When all sessions are
 * restored, the third decides between those with the same prefix. */
size_t routes_restore(struct subscriber *s, struct dp_restore_route **ret, ze_ns now);
void routes_restored(struct subscriber *s, const struct dp_restore_route *v, size_t n, ze_ns now);
void routes_restore_done(struct engine *e, ze_ns now);
