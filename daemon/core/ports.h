/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports: the tables of functions through which the engine reaches sockets, the data plane, the
 * guard in front of the sockets, the restart journal and the random number generator.
 *
 * No function blocks. Work that takes time is accepted, and its result comes back later as an event
 * through engine.h. Functions are called in the engine's thread. Pointers in arguments are valid
 * for the call only. `self` is the _self pointer of struct ports beside the table.
 *
 * A new function needs its null implementation and its fake for tests in the same commit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aaa/aaa.h"
#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/base/rng.h"
#include "daemon/base/wire.h"
#include "ppp/proto.h"
#include "shaping/plan.h"

/* ---- UDP ---- */

struct net_path {
	struct ze_addr local, peer; /* local: the address to which the peer sends */
};

struct net_counters { /* since the start; what is received without these is counted by the engine */
	uint64_t rx_failed;    /* errors of receiving, most of them ICMP errors of a peer */
	uint64_t rx_truncated; /* datagrams dropped because they are longer than any of L2TP */
};

struct net_ops {
	/* Sends one datagram from path->local to path->peer. Returns 0 or -errno. The engine counts
	 * errors and continues, because L2TP retransmits control messages. */
	int (*send)(void *self, const struct net_path *path, struct span datagram);
	struct net_counters (*counters)(void *self);
};

/* ---- data plane ---- */

struct json;

struct dp_tunnel {
	uint16_t tid, peer_tid;
	struct net_path path;
};

struct dp_session {
	struct dp_tunnel tunnel; /* created with its first session, removed with its last */
	uint16_t sid, peer_sid;	 /* sid is unique in the whole daemon */
	bool sequencing;	 /* Sequencing Required: send and check Ns in data packets */
};

struct dp_family {
	enum ppp_family family;
	uint16_t mtu;	 /* the largest IP packet for the peer */
	bool ifid_asked; /* IPV6: `ifid` was requested by this peer and differs from other links */
	union {		 /* by family; each session keeps several of these */
		struct {
			uint32_t local4, peer4; /* host order */
		};
		struct {
			uint64_t ifid, peer_ifid;
		};
	};
};

static inline enum ppp_family dp_prefix_family(const struct ze_prefix *p)
{
	return p->addr.family == 4 ? PPP_FAM_IPV4 : PPP_FAM_IPV6;
}

/* A route to a network behind a subscriber. A session has at most one for a prefix. */
struct dp_route {
	struct ze_prefix dst;
	uint32_t metric; /* at least 1: the routes to subscribers' addresses have 0 */
	uint32_t token;	 /* chosen by the engine; the answer has it */
	bool add;	 /* false: remove */
};

struct dp_pool { /* addresses that subscribers get, first and last; host order */
	uint32_t start, end;
};

struct dp_stats { /* IP packets and octets; up is upstream, from the subscriber */
	uint64_t up_packets, up_bytes, down_packets, down_bytes;
	/* Packets dropped, where the plane counts them. spoofed: the source is not the address of
	 * the subscriber; policed: above the rates; refused: the family is not open, or the packet
	 * is malformed. */
	uint64_t up_spoofed, up_policed, down_policed, up_refused;
	uint64_t up_resyncs; /* times the peer restarted the sequence numbers of its data packets */
};

struct dp_restore_route {
	struct dp_route route;
	int result; /* set by the plane: 0 or -errno */
};

struct dp_restore { /* a session of the previous instance */
	struct dp_session session;
	struct dp_restore_route *routes;
	size_t n_routes;
	const struct dp_family *family[PPP_FAM__COUNT]; /* NULL: not up; otherwise open */
	struct shape_plan plan;
};

struct dp_totals { /* sums over sessions */
	uint64_t sessions;
	struct dp_stats st;
	ze_ns as_of; /* time of the reading; 0: there was none yet */
};

void dp_totals_add(struct dp_totals *t, const struct dp_stats *st); /* of one more session */

enum dp_event_kind {
	DP_EV_SESSION_UP, /* answers session_up; has result, ifname */
	DP_EV_FAMILY_UP,  /* answers family_up; has result, family */
	DP_EV_SHAPED,	  /* answers shape; has result */
	/* Answers session_down; has counted, final. Nothing of the session is left, and its id may
	 * be used again. */
	DP_EV_GONE,
	DP_EV_FRAME, /* a PPP control frame of a session that is up; has frame */
	DP_EV_LOST,  /* the kernel or another program removed it; the engine calls session_down */
	DP_EV_ROUTE  /* answers route; has result, route */
};

struct dp_event {
	enum dp_event_kind kind;
	uint16_t sid;
	int result; /* 0 or -errno */
	enum ppp_family family;
	char ifname[16]; /* "" when the plane has no device per subscriber */
	struct span frame;
	bool counted; /* GONE: final has the totals of the session; false: they are not known */
	union {
		struct dp_stats final; /* GONE */
		struct dp_route route; /* ROUTE */
	};
};

struct dataplane_ops {
	const char *name; /* "kernel", "null" */
	/* Creates the session without addresses. Returns 0 when accepted, and DP_EV_SESSION_UP
	 * follows; -errno when refused, and nothing follows or has to be removed. After an event
	 * with an error nothing of the session is left, and session_down is still allowed. */
	int (*session_up)(void *self, const struct dp_session *s);
	/* Limits the session to these rates, in place of earlier ones; a rate of 0 removes the limit of
	 * its direction. Requests of one session are
	 * performed in order: rates requested before family_up apply to the first packet. Returns 0
	 * when accepted, and DP_EV_SHAPED follows, or -errno. After an error the session has the
	 * rates it had before, or none. */
	int (*shape)(void *self, uint16_t sid, const struct shape_plan *p);
	/* Prepares a family: address, route, everything that can fail. Another request with other
	 * values changes them. Returns 0 when accepted, and DP_EV_FAMILY_UP follows, or -errno. No
	 * packet of the family passes in either direction before family_open. */
	int (*family_up)(void *self, uint16_t sid, const struct dp_family *f);
	/* Lets packets of a family that is up pass, or stops them. It cannot fail. */
	void (*family_open)(void *self, uint16_t sid, enum ppp_family family, bool open);
	/* Adds a route to a network behind the subscriber, gives it another metric, or removes it.
	 * Its family is up. Packets to the prefix are sent to the subscriber, except those to an
	 * address that a session has, and sources in it are accepted from him. When several
	 * sessions have the same prefix, the one that was requested last gets the packets; after it
	 * is removed, another. Returns 0 when accepted, and DP_EV_ROUTE follows, or -errno. After an
	 * error the session has no route to this prefix; a removal succeeds. */
	int (*route)(void *self, uint16_t sid, const struct dp_route *r);
	/* Closes and removes a family, with its routes. */
	void (*family_down)(void *self, uint16_t sid, enum ppp_family family);
	/* Removes the session. Accepted in any state, also before session_up is answered.
	 * DP_EV_GONE follows exactly once for a session that session_up accepted. */
	void (*session_down)(void *self, uint16_t sid);
	/* Sends a PPP control frame, which begins with FF 03, on a session that is up. Returns 0 or
	 * -errno. NULL: control frames are sent through the UDP socket. */
	int (*ppp_send)(void *self, uint16_t sid, struct span frame);
	/* Takes an IP frame of a session that is up and that was received by the UDP socket,
	 * because its datagram was fragmented. NULL: the plane's own sockets receive such
	 * datagrams. */
	void (*inject)(void *self, uint16_t sid, struct span frame);
	/* Reads the counters of a session. A plane that would have to wait returns what it read
	 * last, and starts to read again when that is more than 1 s old. *ret_as_of is the time at
	 * which they were read. Returns 0, -EAGAIN (not read yet) or another -errno. */
	int (*stats)(void *self, uint16_t sid, ze_ns now, struct dp_stats *ret, ze_ns *ret_as_of);
	/* Returns the sums over all established sessions. It does not wait for them to be read:
	 * they are those of the last reading, with the sessions that ended since, and the next
	 * reading is started when that one is more than 1 s old. */
	struct dp_totals (*totals)(void *self, ze_ns now);
	/* Takes over a session of the previous instance, as if session_up, shape, family_up,
	 * family_open and route had been requested and answered; what differs is corrected, also
	 * routes that are not listed. A route that fails does not fail the session. Called before the
	 * first packet only. Returns 0, or -errno when there is no such session. NULL: sessions of
	 * this plane do not survive a restart. */
	int (*session_restore)(void *self, const struct dp_restore *a);
	/* Removes the sessions of the previous instance that were not restored. Present with
	 * session_restore. */
	void (*restore_done)(void *self);
	/* Drops packets to an address of these pools that no subscriber has, so that they are not
	 * routed back to their source. Replaces the earlier pools; a plane that fails to do so logs
	 * it. */
	void (*pools)(void *self, const struct dp_pool *v, size_t n);
	/* Writes members of a JSON object for operators. NULL: only the name is shown. */
	void (*show)(void *self, struct json *j);
};

/* ---- protection ---- */

struct guard_limits {			      /* per second */
	uint32_t setup_rate;		      /* SCCRQs from all unknown sources; 0: unbounded */
	uint32_t source_rate, source_burst;   /* SCCRQs from one unknown source */
	uint32_t known_rate, known_burst;     /* SCCRQs from one known source (admit.h) */
	uint32_t frame_rate, frame_burst;     /* PPP control frames of one session */
	uint32_t control_rate, control_burst; /* control messages of one tunnel */
	bool zero_checksum;		      /* UDP over IPv6 without a checksum is accepted */
	const struct ze_prefix *allow; /* other sources are denied; n_allow 0: all are allowed */
	size_t n_allow;
};

enum guard_session {
	GUARD_SESSION_STARTS,  /* the daemon processes all its frames */
	GUARD_SESSION_CARRIED, /* the data plane forwards its IP frames; the daemon gets the rest */
	GUARD_SESSION_GONE
};

/* A filter in front of the sockets, which drops datagrams of unknown sources before they cost the
 * engine a turn. It is notified of tunnels and sessions. The engine checks everything again, so
 * that nothing depends on the filter. */
struct guard_ops {
	/* Sets the limits: before any other call, and when they change. */
	void (*limits)(void *self, const struct guard_limits *l);
	/* The tunnel exists from before our first message to the peer (tunnel_known) until it is
	 * freed (tunnel_gone). */
	void (*tunnel_known)(void *self, const struct dp_tunnel *t);
	void (*tunnel_gone)(void *self, uint16_t tid);
	/* A session of a known tunnel changed its state. STARTS is reported before our first
	 * message to the peer that contains the session id. */
	void (*session)(void *self, uint16_t tid, uint16_t sid, enum guard_session what);
	/* The peer has its first established tunnel (true), or lost its last one (false). The port
	 * of `peer` is 0. */
	void (*peer_established)(void *self, const struct ze_addr *peer, bool established);
	/* Writes members of a JSON object for operators. NULL: nothing is shown. */
	void (*show)(void *self, struct json *j);
};

/* ---- records for the next instance ---- */

enum journal_kind {
	JOURNAL_TUNNEL,
	JOURNAL_SESSION,
	JOURNAL__KINDS
};

/* Octets. One record with its head fills a page: the kernel may stop a longer write between two
 * pages when the process is killed. */
#define JOURNAL_RECORD_MAX 4080
/* Version of the file's format. Records have versions of their own: daemon/core/record_tags.h. */
#define JOURNAL_FORMAT 3

struct journal_record {
	enum journal_kind kind;
	uint16_t id;
	struct span body;
};

struct journal_ops {
	/* Sets the record of an object, 1 to JOURNAL_RECORD_MAX octets. An unchanged record costs
	 * nothing. When the function returns, the record survives the end of the process. */
	void (*put)(void *self, enum journal_kind kind, uint16_t id, struct span record);
	/* Removes the record of an object. Harmless when there is none. */
	void (*drop)(void *self, enum journal_kind kind, uint16_t id);
	/* Returns NULL when a restart restores the sessions; otherwise the reason why not, for
	 * operators. */
	const char *(*why_off)(const void *self);
};

/* ---- all ports ---- */

struct ports {
	const struct net_ops *net;
	void *net_self;
	const struct dataplane_ops *dp;
	void *dp_self;
	const struct guard_ops *guard;
	void *guard_self;
	const struct journal_ops *journal; /* NULL: a restart restores nothing */
	void *journal_self;
	struct rng rng;
};
