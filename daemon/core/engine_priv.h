/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine is made of, for the files of daemon/core (and tests) only.
 *
 * Ownership: the engine owns tunnels, peers and subscribers. A subscriber holds a reference on its
 * tunnel until it is released, so s->tunnel is always valid. What ends during a turn goes to the
 * graveyard and is freed when the turn ends, after events were published: pointers taken in a turn
 * are good until its end.
 *
 * Every tunnel and subscriber always has its timer in the heap (at TIMER_FAR when it waits for
 * nothing), so re-arming can't fail.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/aaa.h"
#include "aaa/addrpool.h"
#include "aaa/broker.h"
#include "aaa/local.h"
#include "aaa/profile.h"
#include "daemon/base/addr.h"
#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/idalloc.h"
#include "daemon/base/hostip.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/base/pool.h"
#include "daemon/base/timer.h"
#include "daemon/core/admit.h"
#include "daemon/core/bus.h"
#include "daemon/core/config.h"
#include "daemon/core/linkcfg.h"
#include "daemon/core/pace.h"
#include "daemon/core/ports.h"
#include "daemon/l2tp/session.h"
#include "daemon/l2tp/tunnel.h"
#include "ppp/link.h"

#define TIMER_FAR	    (ZE_NEVER - 1)
#define ENGINE_EVENTS_MAX   64
#define ENGINE_SID_MAX	    65535
#define ENGINE_DUP_SCCRQ    ZE_SEC(31) /* the peer's own retransmission budget */
#define ENGINE_CALL_SETUP   ZE_SEC(60) /* ICRP to ICCN at most */
#define ENGINE_DATAGRAM_MAX 2048
#define ENGINE_EXPIRE_MAX   256 /* timers served at once */

struct call_owner_ops;
struct snapshot;
struct subscriber;
struct turn_ops;

struct core_timer {
	struct timer timer; /* must be first */
	enum {
		CORE_TIMER_TUNNEL,
		CORE_TIMER_SUBSCRIBER
	} kind;
};

/* How many lines of the log a peer can cause, or all can. What is wrong has room of its own. */
struct engine_lines {
	struct log_limit wrong, usual;
};

/* One remote IP address with at least one tunnel. */
struct core_peer {
	UT_hash_handle hh;
	struct ze_addr addr;		     /* port 0 */
	struct list tunnels;		     /* core_tunnel.in_peer, oldest first */
	unsigned n_half_open, n_established; /* tunnels */
	unsigned n_sessions;
	struct engine_lines lines;
};

/* An authenticated user with at least one session. */
struct core_user {
	UT_hash_handle hh;
	struct list sessions; /* subscriber.in_user, oldest first; none that has ended or gives way */
	uint32_t n;	      /* length of `sessions` */
	char name[];
};

/* Calls whose CDN is under way, in its order, when there is a journal. */
struct core_told {
	struct core_told_call {
		uint16_t sid, peer_sid, ns;
	} * v;
	uint32_t first, n, cap;
};

struct core_tunnel {
	struct engine *e;
	struct core_peer *peer;
	struct list in_peer, in_all, in_half_open, dirty, dead;
	struct htab_node in_by_tid;
	struct l2tp_tunnel t;
	struct net_path path;
	struct core_timer timer;
	struct list sessions; /* subscriber.in_tunnel: calls that are not over, oldest first */
	struct htab by_peer;  /* the same by the peer's session id: subscriber.in_by_peer */
	unsigned n_sessions;  /* length of `sessions` */
	unsigned refs;	      /* subscribers not yet released */
	uint64_t sccrq_hash;
	struct admit_bucket control; /* messages from the peer */
	/* Counted as: being set up; never established and not yet gone; established. */
	bool setup, half_open, up;
	bool known;	/* its source had answered before this tunnel began */
	bool forgotten; /* lingered long enough; freed with its last subscriber */
	bool resumed;	/* began in another process */
	struct core_told told;
	struct log_limit drops;
	struct log_limit losers; /* calls that were not let in */
};

enum sub_state {	 /* what operators see, in three words */
	SUB_STARTING,	 /* from ICRQ to the first network protocol */
	SUB_ESTABLISHED, /* a family is or was up */
	SUB_FINISHING,	 /* call over; the data plane lets go */
	SUB__STATES
};

enum sub_dp {
	SUB_DP_NONE,
	SUB_DP_ATTACHING,
	SUB_DP_UP,
	SUB_DP_CLOSING
};
enum sub_todo { /* answered when the effects at hand are performed, lowest bit first */
	SUB_TODO_VERDICT = 1,
	SUB_TODO_ADDRESS = 2,	  /* << family */
	SUB_TODO_ATTACHED = 8,	  /* << family */
	SUB_TODO_UNATTACHED = 32, /* << family */
	SUB_TODO_NO_PLANE = 128,  /* the call can't be carried */
	SUB_TODO_FINISH = 256,	  /* the link has ended */
};
enum sub_shape {
	SUB_SHAPE_OFF,	   /* no rates */
	SUB_SHAPE_WAITING, /* for the data plane */
	SUB_SHAPE_ON,
	SUB_SHAPE_FAILED /* goes on without */
};
enum sub_family { /* one family at the data plane */
	SUB_FAM_OFF,
	SUB_FAM_WAITING,   /* for the session itself to be attached */
	SUB_FAM_REQUESTED, /* family_up is under way */
	SUB_FAM_UP	   /* prepared; open while the link says so */
};

struct subscriber {
	struct engine *e;
	struct core_tunnel *tunnel;
	struct list in_tunnel, in_all, dirty, dead;
	struct list in_user; /* core_user.sessions; of one that gives way: engine.replaced */
	struct htab_node in_by_sid;
	struct list in_waiting; /* engine.pool_waiters or engine.woken */
	struct htab_node in_by_peer, in_by_address;
	struct l2tp_session s; /* s.sid is ours, unique in the daemon */
	struct linkcfg *linkcfg;
	struct ppp_link link;
	struct core_timer timer;
	uint64_t id; /* never used twice on this machine: engine.next_id */
	enum sub_state state;
	bool linked, opened;		    /* ppp_link is initialised; and was told to open */
	bool ended;			    /* call is over: the link is deaf, resources go */
	bool resumed;			    /* began in another process */
	bool pooled;			    /* its address is the pool's */
	bool gives_way;			    /* to a newer session of its user */
	bool counted;			    /* the plane has said what it moved: traffic */
	uint16_t todo;			    /* enum sub_todo */
	uint8_t dp_family[PPP_FAM__COUNT];  /* enum sub_family */
	uint8_t dp_waiting[PPP_FAM__COUNT]; /* family_up calls not yet answered */
	ze_ns up_at;			    /* first family up; 0 before */
	enum end_cause end;		    /* why it ends */
	char *user;			    /* NULL before authentication; stays valid to the end */
	struct profile *profile;	    /* NULL before authentication and without it */
	uint64_t auth_cookie;		    /* a verdict is owed; 0: none */
	struct login_held *held;	    /* a wrong password whose answer waits; NULL */
	/* IPv4: address in host order, 0 none yet */
	uint32_t address, local_address;
	uint32_t dns[2];
	/* Two sessions and one address: heir waits until this one lets go; awaits is the other way. */
	struct subscriber *heir, *awaits;
	struct core_user *of_user; /* NULL: not counted */
	uint64_t ifid, suggest;	   /* IPv6, 0: none yet */
	enum sub_dp dp;
	enum sub_shape shape;
	ze_ns attach_by; /* a family waits: not longer than so for the line to be quiet */
	union {
		struct dp_family dp_has[PPP_FAM__COUNT]; /* what family_up was last told */
		struct event_traffic traffic;		 /* counted: after the plane let go */
	};
	struct shape_plan plan; /* rates 0: none */
	char ifname[16];
	bool ncp_up[PPP_FAM__COUNT]; /* opened: route told */
	uint8_t shape_waiting;	     /* shape calls not yet answered */
	/* what it holds, newest first; drained once, when it is released */
	struct res_pool pool;
	struct res r_sid, r_profile, r_auth, r_user, r_address, r_dp;
	uint64_t rx_frames, tx_frames; /* PPP control through the engine */
	uint64_t rx_limited;	       /* dropped: more than `frames` had tokens for */
	struct admit_bucket frames;
};

struct engine_stats {
	uint64_t reasons[REASON__COUNT];
	uint64_t rx_msgs[L2TP_MSG__COUNT], tx_msgs[L2TP_MSG__COUNT]; /* of freed tunnels; total:
								      * snapshot_stats_total */
	uint64_t rx_datagrams, tx_datagrams, tx_failed;
	uint64_t rx_data, tx_data; /* L2TP data messages through the engine */
	uint64_t auth_accepts, auth_rejects, auth_failures; /* failures: no verdict at all */
	uint64_t session_limited, sessions_replaced;	    /* logins beyond session-limit */
	/* of the rejects: answered later, not answered, and not even asked about */
	uint64_t rejects_delayed, rejects_withheld, logins_unasked;
	uint64_t addresses_refused; /* fixed ones that are ours or a LAC's */
	uint64_t tunnels_up, tunnels_down, sessions_up, sessions_down;
	uint64_t sends_lost; /* session messages the channel did not take */
};

/* What a refusal in this turn is about, for its log line. */
struct engine_about {
	bool data;
	uint16_t msg_type;	 /* 0: not known */
	struct l2tp_fault fault; /* said with the same reason only */
};

struct engine {
	struct config *cfg;	 /* in force */
	struct config *boot;	 /* as started: listeners, pool, enabled */
	struct linkcfg *linkcfg; /* of cfg */
	struct ports ports;
	struct bus *bus;
	const char *hardening;
	ze_ns started;
	bool draining;
	bool leaving;  /* the data plane keeps what it has */
	ze_ns resumed; /* when tunnels and sessions of another process went on; 0: none did */
	unsigned resumed_tunnels, resumed_sessions;
	/* registry */
	struct idalloc tids, sids;
	struct htab by_tid; /* core_tunnel.in_by_tid */
	struct htab by_sid; /* subscriber.in_by_sid */
	struct core_peer *peers;
	struct core_user *users;
	struct htab by_address;		  /* subscriber.in_by_address */
	struct list tunnels, subscribers; /* oldest first */
	/* core_tunnel.in_half_open, oldest first: from unknown sources, and from known ones */
	struct list half_open, half_open_known;
	unsigned n_setup, n_half_open, n_established; /* tunnels; see struct core_tunnel */
	unsigned n_half_open_known;		      /* part of n_half_open */
	unsigned n_subscribers[SUB__STATES];
	/* Of the next session. Begins with the wall clock in nanoseconds, or above what was resumed, and is
	 * counted: no process reaches the clock, so that the next one begins above it. Two sessions have one id
	 * only when the clock is set back to the very nanoseconds at which an earlier process began. */
	uint64_t next_id;
	uint64_t next_cookie;
	struct admit admit;
	struct pace pace;
	unsigned n_held; /* subscribers with an answer that waits */
	/* AAA */
	struct aaa_broker broker;
	struct aaa_local *local;
	struct addrpool *pool; /* NULL: none */
	struct hostip_set own; /* addresses of this machine: no subscriber gets one */
	uint64_t ifid;	       /* of our end of every link; 0: not needed yet */
	const struct call_owner_ops *call_owner;
	/* the turn */
	const struct turn_ops *turn;
	struct timer_heap timers;
	struct list dirty_tunnels, dirty_subs, dead_tunnels, dead_subs;
	struct list replaced;	  /* sessions that give way, ended before the turn is */
	struct list pool_waiters; /* sessions waiting for an address of the pool, oldest first */
	struct list woken;	  /* sessions whose address may be free */
	struct event events[ENGINE_EVENTS_MAX];
	unsigned n_events;
	struct ppp_fx ppp_fx;
	struct engine_about about;
	struct aaa_answer answer; /* verdict waiting for its effects to be performed */
	struct engine_stats stats;
	struct log_limit drops;	 /* for datagrams of no tunnel */
	struct log_limit denied; /* for commands of operators who may not use them */
	struct engine_lines lines;
	const struct snapshot *shared_tunnels, *shared_sessions; /* a second old at most, or NULL */
};
