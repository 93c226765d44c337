/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine models an L2TP network server (LNS): its tunnels, calls, PPP links, users and
 * addresses. Datagrams, data plane events, AAA verdicts, operators' commands and the time come in
 * through this header; what the engine wants done goes out through the ports (ports.h), facts go
 * out as events (event.h, bus.h). It never blocks, has no clock and no global variable.
 *
 * Structures and their lifetimes (engine_priv.h, call_priv.h, subscriber_priv.h):
 *
 *   struct peer        an IP address with at least one tunnel; freed with the last of them
 *   struct tunnel      from the SCCRQ, or from a restart record, until L2TP_FX_TUNNEL_FREE was
 *                      received and the last of its subscribers is released
 *   struct subscriber  one call with its PPP link and its place in the data plane: from the ICRQ,
 *                      or from a restart record, until the call has ended and the data plane has
 *                      removed the session
 *   struct user        an authenticated user with at least one session
 *   struct config      immutable, reference counted; engine_reload() replaces it
 *
 * Turns. Each call of a function below that changes the engine is a turn. The entry point finds the
 * object, its machine runs, the effects are performed, and changed objects are marked as dirty. At
 * its end (turn.h) sessions that were replaced end, dirty objects are written to the journal, their
 * control messages are sent, their timers are armed, the events are published, and objects that
 * have ended are freed. A record is written before the message that it covers is sent, so that a
 * restart never knows less than the peer.
 *
 * Threads. All functions are called from one thread. Snapshots (snapshot.h) and configurations are
 * immutable; their references may be dropped in any thread.
 *
 * Timers. Each tunnel and each subscriber has one timer in a heap, set to the earliest deadline of
 * its machines: those of l2tp/tunnel.h, l2tp/session.h (60 s from ICRQ to ICCN) and ppp/link.h,
 * ATTACH_PATIENCE (attach.h, 1 s) and the delayed answer to a wrong password (pace.h, at most 30
 * s). engine_deadline() is the earliest of all. The token buckets of admit.h and pace.h have no
 * timers.
 *
 * Supported, RFC 2661: 5.1 (set-up and authentication of tunnels), 5.2.1 (incoming calls), 5.3 (PPP
 * frames), 5.5 (keepalive), 5.6 and 5.7 (teardown), 5.8 (reliable delivery), 8.1 (UDP). RFC 3145
 * (Disconnect Cause), RFC 2866 5.10 (terminate causes). ppp/link.h names the RFCs of PPP. 5.4
 * (sequence numbers of data packets) is left to the data plane: PPP frames sent from here have
 * none.
 *
 * Left out: outgoing calls (5.2.2, an OCRQ is answered with a CDN), the LAC side, and tunnels that
 * the LNS opens itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/broker.h"
#include "daemon/base/compiler.h"
#include "daemon/core/bus.h"
#include "daemon/core/config.h"
#include "daemon/core/ports.h"

struct engine;

struct engine_args {
	struct config *cfg; /* a reference is taken */
	struct ports ports; /* copied; the tables and objects in it must outlive the engine */
	/* The handlers that are asked; must outlive the engine. NULL: none, no login is accepted. */
	const struct aaa_broker *broker;
	struct bus *bus; /* must outlive the engine; NULL: events are not published */
	/* How the process is confined, shown to operators, for example "on". Not copied; may be
	 * NULL. */
	const char *hardening;
	ze_ns now;
	int64_t wall_ns; /* UTC at now, in ns since 1970; the first session id of this instance */
};

/* Time. Every `now` is monotonic, in nanoseconds, and never less than in the call before. */

/* Returns 0 or -ENOMEM. */
int engine_new(const struct engine_args *a, struct engine **ret);
/* Frees the engine and all that it owns, and removes its sessions from the data plane. Sends
 * nothing to peers: call engine_drain() first. NULL is harmless. */
void engine_free(struct engine *e);

/* The same, but sessions stay in the data plane and records in the journal, for the next
 * instance. */
void engine_handover(struct engine *e);

/* Restores the tunnels and sessions of the previous instance from the n records of its journal, of
 * which no two have the same kind and id. Call it once, when datagrams can be sent and before the
 * first one is passed in. A record that cannot be restored is counted, logged and dropped, and the
 * data plane removes its session. The records are not needed after the call. */
void engine_restore(struct engine *e, const struct journal_record *v, size_t n, ze_ns now);

/* Writes all records again, into a journal that was emptied. Call it between turns. */
void engine_record(struct engine *e);

/* Processes one datagram of the UDP socket; path->local is the address it was sent to. */
void engine_udp_input(struct engine *e, const struct net_path *path, struct span datagram,
		      ze_ns now);
/* Processes an answer or a notification of the data plane. An unknown session id is ignored. */
void engine_dp_event(struct engine *e, const struct dp_event *ev, ze_ns now);
/* Processes the late verdict of an AAA handler: accept and reject decide the login; after unknown and
 * unavailable the next handler is asked. An unknown cookie is ignored. Takes over a->profile in any
 * case, and sets it to NULL. */
void engine_auth_answer(struct engine *e, uint64_t cookie, struct aaa_answer *a, ze_ns now);

/* Ends the session with these ids, if there is one, because accounting is required and fails. */
void engine_end_unaccounted(struct engine *e, uint16_t sid, uint64_t id, ze_ns now);

/* Gives the observer, which was added late, events about the established tunnels, the sessions and
 * their routes, oldest first, each with event.replay and the time `now`: TUNNEL_UP, SESSION_STARTING
 * or SESSION_UP, ROUTE_ADD. Other observers do not get them. */
void engine_replay(struct engine *e, const struct observer *o, void *self, ze_ns now);

/* When engine_expire() must be called; ZE_NEVER when no timer runs. */
ze_ns engine_deadline(const struct engine *e);
/* Serves timers that are due, at most ENGINE_EXPIRE_MAX (256) per call. */
void engine_expire(struct engine *e, ze_ns now);

struct hostip_set;
/* Replaces the set of the host's own addresses, which no subscriber gets. The set is copied. Call
 * it whenever they change, and before engine_restore(). */
void engine_own_addresses(struct engine *e, const struct hostip_set *set, ze_ns now);

struct strbuf;
/* A reload: after engine_reload_prepare() has returned 0, either engine_reload() or
 * engine_reload_cancel() must follow. Prepare changes nothing; it takes a reference on cfg and
 * returns 0, -EBUSY (l2tp was enabled or disabled, which needs a restart; the reason is in errors)
 * or -ENOMEM. Settings that need a restart are not applied. */
int engine_reload_prepare(struct engine *e, struct config *cfg, struct strbuf *errors);
void engine_reload_cancel(struct engine *e);
void engine_reload(struct engine *e, ze_ns now);
/* Sends a StopCCN with Result Code 6 in every tunnel and refuses new ones. engine_drained() is true
 * when each StopCCN was acknowledged, or its retransmission exhausted, and the data plane has
 * removed all sessions. */
void engine_drain(struct engine *e, ze_ns now);
bool engine_drained(const struct engine *e);
/* The number of sessions in any state of enum sub_state. */
unsigned engine_sessions(const struct engine *e);
