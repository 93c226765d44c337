/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structures of the engine, for the files of daemon/core and for tests only.
 *
 * Those of a call and of a subscriber are in call_priv.h and subscriber_priv.h.
 *
 * Ownership: the engine owns tunnels, peers, users, and calls with their owners. A call holds a
 * reference on its tunnel until it is freed, so c->tunnel is always valid. Objects that end during a
 * turn are moved to dead_tunnels and dead_calls and freed at the end of the turn, after the events
 * were published: a pointer obtained in a turn is valid until its end.
 *
 * Every tunnel and call always has its timer in the heap, at TIMER_FAR when it waits for nothing, so
 * that arming a timer cannot fail.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/aaa.h"
#include "aaa/pools.h"
#include "aaa/broker.h"
#include "aaa/profile.h"
#include "daemon/base/addr.h"
#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/idalloc.h"
#include "daemon/base/hostip.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/base/timer.h"
#include "daemon/core/admit.h"
#include "daemon/core/bus.h"
#include "daemon/core/config.h"
#include "daemon/core/pace.h"
#include "daemon/core/ports.h"
#include "daemon/core/routes_priv.h"
#include "daemon/l2tp/tunnel.h"
#include "ppp/fx.h"

#define TIMER_FAR	    (ZE_NEVER - 1)
#define ENGINE_EVENTS_MAX   64
#define ENGINE_DATAGRAM_MAX 2048 /* octets */
#define ENGINE_EXPIRE_MAX   256	 /* timers served per engine_expire() */

struct call_owner_ops;
struct linkcfg;
struct snapshot;
struct tunnel_facts;
struct turn_ops;

struct engine_timer {
	struct timer timer; /* must be first */
	enum {
		ENGINE_TIMER_TUNNEL,
		ENGINE_TIMER_CALL
	} kind;
};

/* Limits of the log lines that one peer, or all peers together, can cause. Warnings and errors have
 * a limit of their own (wrong), so that usual lines do not suppress them. */
struct engine_lines {
	struct log_limit wrong, usual;
};

/* One remote IP address with at least one tunnel. */
struct peer {
	struct htab_node in_peers;
	struct ze_addr addr;		     /* port 0 */
	struct list tunnels;		     /* tunnel.in_peer, oldest first */
	unsigned n_half_open, n_established; /* tunnels */
	unsigned n_calls;
	struct engine_lines lines;
};

/* An authenticated user with at least one session. */
struct user {
	struct htab_node in_users;
	struct list sessions; /* subscriber.in_user, oldest first; not those that end or give way */
	uint32_t n;	      /* length of `sessions` */
	char name[];
};

/* Calls whose CDN the peer has not acknowledged yet, in the order of the CDNs. Used with a journal
 * only: the record of such a call is kept until v[].ns is acknowledged. */
struct cdn_queue {
	struct cdn_queue_call {
		uint16_t sid, peer_sid, ns;
	} * v;
	uint32_t first, n, cap;
};

struct tunnel {
	struct engine *e;
	struct peer *peer;
	struct list in_peer, in_all, in_half_open, dirty, dead;
	struct htab_node in_by_tid;
	struct l2tp_tunnel l2tp;
	struct net_path path;
	struct engine_timer timer;
	struct list calls;   /* call.in_tunnel: those that have not ended, oldest first */
	struct htab by_peer; /* the same by the peer's session id: call.in_by_peer */
	unsigned n_calls;    /* length of `calls` */
	unsigned refs;	     /* calls not yet released */
	uint64_t sccrq_hash;
	struct admit_bucket control; /* messages from the peer */
	/* How it is counted: setup: being set up; half_open: never established and not yet freed;
	 * up: established. */
	bool setup, half_open, up;
	bool known;	/* it came from a known source (admit.h) */
	bool forgotten; /* its linger time has passed; freed with its last call */
	bool restored;	/* restored from a record of the previous instance */
	struct cdn_queue cdns;
	struct tunnel_facts *facts; /* NULL before the first session */
	struct log_limit drops;
	struct log_limit losers; /* the reject log: logins and addresses that were refused */
};

enum sub_state {	 /* of a session, as shown to operators */
	SUB_STARTING,	 /* from the ICRQ until a family and all required ones are up */
	SUB_ESTABLISHED, /* ppp_link_served() is or was true */
	SUB_FINISHING,	 /* the call has ended; the data plane is removing the session */
	SUB__STATES
};

struct engine_stats {
	uint64_t reasons[REASON__COUNT];
	/* Of freed tunnels only; snapshot_stats_total() adds those that exist. */
	uint64_t rx_msgs[L2TP_MSG__COUNT], tx_msgs[L2TP_MSG__COUNT], avps_ignored;
	uint64_t rx_datagrams, tx_datagrams, tx_failed;
	uint64_t rx_data, tx_data; /* L2TP data messages processed by the engine */
	/* unavailable: no handler could decide; failures: those that were accepted, but there was no
	 * memory; reauths: those of an established session, which continues */
	uint64_t auth_accepts, auth_rejects, auth_unavailable, auth_failures, reauths_unavailable;
	uint64_t session_limited, sessions_replaced; /* logins beyond session-limit */
	/* Wrong passwords answered later, those not answered, and logins that were not checked. */
	uint64_t rejects_delayed, rejects_withheld, logins_unasked;
	uint64_t addresses_refused; /* fixed addresses that the host or a LAC has */
	uint64_t pools_unknown;	    /* profiles that name a pool that does not exist */
	uint64_t tunnels_up, tunnels_down, sessions_up, sessions_down;
	/* Messages of sessions and PPP frames that were never sent, because there was no memory or
	 * no room in a queue. */
	uint64_t sends_lost;
};

/* The input of this turn, for the log line of a refusal. */
struct engine_about {
	bool data;
	uint16_t msg_type;	 /* 0: not known */
	struct l2tp_fault fault; /* logged only for a refusal with the same reason */
};

/* Made for a new configuration that is not applied yet; all NULL otherwise. */
struct reload_next {
	struct config *cfg;
	struct linkcfg *linkcfg;
	struct pools *pools; /* NULL: those in use stay */
};

struct engine {
	struct config *cfg;	 /* in use */
	struct config *boot;	 /* at the start: listeners, data plane, l2tp enabled */
	struct linkcfg *linkcfg; /* of cfg */
	struct reload_next next;
	struct ports ports;
	struct bus *bus;
	const char *hardening;
	ze_ns started;
	bool draining;
	bool replaying; /* engine_replay() */
	bool handover;	/* engine_handover(): sessions stay in the data plane */
	ze_ns restored; /* time of engine_restore(); 0: it was not called */
	unsigned restored_tunnels, restored_sessions;
	/* registry */
	struct idalloc tids, sids;
	struct htab by_tid;	    /* tunnel.in_by_tid */
	struct htab by_sid;	    /* call.in_by_sid */
	struct htab peers;	    /* peer.in_peers, by address */
	struct htab users;	    /* user.in_users, by name */
	struct htab by_address;	    /* subscriber.in_by_address */
	struct list tunnels, calls; /* oldest first */
	/* tunnel.in_half_open, oldest first: from unknown sources, and from known ones */
	struct list half_open, half_open_known;
	unsigned n_setup, n_half_open, n_established; /* tunnels; see struct tunnel */
	unsigned n_half_open_known;		      /* part of n_half_open */
	unsigned n_subscribers[SUB__STATES];
	/* The id of the next session. It starts at the wall clock in nanoseconds, or above the ids
	 * of restored sessions, and is incremented per session. No instance has a session per
	 * nanosecond, so the next instance starts above it. Two sessions can have the same id only
	 * when the clock is set back into the range of ids of an earlier instance. */
	uint64_t next_id;
	uint64_t next_cookie;
	struct admit admit;
	struct pace pace;
	unsigned n_held; /* subscribers with a delayed answer (login_held) */
	/* AAA */
	const struct aaa_broker *broker;
	struct pools *pools;
	struct hostip_set own;	     /* addresses of the host: no subscriber gets one */
	struct engine_routes routes; /* to networks behind subscribers */
	uint64_t ifid;		     /* our interface id on all links; 0: not needed yet */
	const struct call_owner_ops *incoming; /* owner of incoming calls */
	/* the turn */
	const struct turn_ops *turn;
	struct timer_heap timers;
	struct list dirty_tunnels, dirty_calls, dead_tunnels, dead_calls;
	struct list replaced; /* sessions that give way; they are ended at the end of the turn */
	struct list woken;    /* sessions whose address may be free */
	struct event events[ENGINE_EVENTS_MAX];
	unsigned n_events;
	struct ppp_fx ppp_fx;
	struct engine_about about;
	struct engine_stats stats;
	struct log_limit drops;	 /* for datagrams without a tunnel, and records not restored */
	struct log_limit denied; /* for commands that the operator's profile denies */
	struct engine_lines lines;
	const struct snapshot *shared_tunnels, *shared_sessions; /* at most 1 s old, or NULL */
};
