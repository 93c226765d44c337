/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a profile gives to a session: its rates, from the login on, and the timers that end it, from
 * the time when it is established.
 *
 * Each value is that of the profile when the profile has it, and otherwise that of the
 * configuration as it was at the login; a reload changes new sessions only. 0 in a profile means no
 * limit, and no timer, whatever the configuration has.
 *
 * Session-Timeout counts from the time when the session was established, also when it is changed
 * later. Idle-Timeout counts from the last packet of the subscriber that the data plane has counted,
 * which does not count LCP and authentication. The plane does not say when that packet came, so its
 * counters are read every eighth of the timeout, but not more often than SERVICE_IDLE_MIN: a session
 * ends by that much later than its timeout. Only sessions with a timer use memory for it.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"
#include "ppp/fx.h"

struct profile;
struct subscriber;

/* The session is established or restored: its timers start. */
void service_begin(struct subscriber *s, ze_ns now);
/* s->profile has replaced `old`, which may be NULL: rates, timers and routes follow. It cannot fail: what
 * the data plane refuses is logged. */
void service_change(struct subscriber *s, const struct profile *old, ze_ns now);
/* The timers in the restart record, RECORD_SES_TIMERS; nothing when there are none. Restored timers
 * continue. */
void service_save(const struct subscriber *s, struct wr *w);
enum reason service_restore(struct subscriber *s, struct span saved, ze_ns now);
/* The call has ended. */
void service_end(struct subscriber *s);
/* When service_expire() must be called; ZE_NEVER when no timer runs. */
ze_ns service_deadline(const struct subscriber *s);
/* Returns why the session must end now, or PPP_END_NONE. */
enum ppp_end service_expire(struct subscriber *s, ze_ns now);
