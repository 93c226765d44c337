/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subscriber: one call, its PPP link, its address and profile, and its session in the data plane.
 *
 *   created -ICCN-> up ... down -DP_EV_GONE-> released
 *
 * The life cycle (the states that operators see are enum sub_state):
 *
 *   starting     from the ICRQ until ppp_link_served() is true for the first time
 *   established  from then until the call ends (s->call.ended)
 *   finishing    the call has ended, and the data plane has not removed the session yet
 *   released     all resources were returned; freed when the turn ends
 *
 * A subscriber is the owner of its call (call_priv.h): frames, events of the data plane and timers
 * arrive through subscriber_call_ops. An IP frame that the UDP socket received is passed to the data
 * plane when that has an inject function. DP_EV_GONE releases a subscriber whose call has ended.
 *
 * The effects of the PPP link are performed here. An effect that must be answered by another call
 * of the link is added to a struct pending first, so that the link is never entered recursively.
 * Resources are registered in s->pool; the session id and the address are returned only after the
 * data plane has removed the session, because packets may pass until then.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"
#include "daemon/core/event.h"
#include "daemon/core/ports.h"

struct aaa_answer;
struct tunnel;
struct engine;
struct subscriber;

/* Creates the subscriber of a restored call with the given session id. Returns 0, -EEXIST when the
 * id is in use, or -ENOMEM. */
int subscriber_new_as(struct tunnel *t, uint16_t sid, uint16_t peer_sid, ze_ns now,
		      struct subscriber **ret);
/* Restores the PPP link from the record of a session. Its effects stay in e->ppp_fx until
 * subscriber_restored(). Returns REASON_NONE or the reason why the link is not restored. */
enum reason subscriber_restore(struct subscriber *s, struct span link, ze_ns now);
/* Establishes a restored session, after its address and its place in the data plane were
 * restored. */
void subscriber_restored(struct subscriber *s, ze_ns now);
/* Publishes the events of what the session has, if it has not ended. */
void subscriber_replay(struct subscriber *s, ze_ns now);
/* Processes a verdict that arrived later. Takes over the profile. */
void subscriber_verdict(struct subscriber *s, struct aaa_answer *a, ze_ns now);
/* Ends the session for an operator: one Terminate-Request, then a CDN with Result Code 3. */
void subscriber_clear(struct subscriber *s, ze_ns now);
/* Ends the session, unless it has ended, because accounting is required and fails. */
void subscriber_end_unaccounted(struct subscriber *s, ze_ns now);
/* Ends sessions that newer ones replace, and answers those whose address may have become free;
 * called by the turn. */
void subscriber_settle_addresses(struct engine *e, ze_ns now);
/* Returns all resources. Freed when the turn ends. */
void subscriber_release(struct subscriber *s);
