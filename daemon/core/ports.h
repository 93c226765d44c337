/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The outside world as small const tables: what the engine needs from sockets, kernel and AAA.
 * Nothing here blocks. Work that takes time is accepted and its end comes back as an event through
 * engine.h; a new call needs its null and its fake in the same commit.
 */
#pragma once

#include <stdbool.h>
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
	struct ze_addr local, peer; /* local: as the peer addressed us */
};

struct net_ops {
	/* One datagram from path->local to path->peer. 0 or -errno (counted; never fatal: L2TP
	 * retransmits). */
	int (*send)(void *self, const struct net_path *path, struct span datagram);
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
	bool sequencing;	 /* Sequencing Required: number and check data packets */
};

struct dp_family {
	enum ppp_family family;
	uint16_t mtu;	 /* the largest IP packet for the peer */
	bool ifid_asked; /* IPV6: this peer wants us to have `ifid`; on other links we do not */
	union {		 /* by family; each session keeps several of these */
		struct {
			uint32_t local4, peer4; /* host order */
		};
		struct {
			uint64_t ifid, peer_ifid;
		};
	};
};

struct dp_pool { /* the addresses subscribers are given; host order */
	uint32_t start, end;
};

struct dp_stats { /* IP packets and octets; up is from the subscriber */
	uint64_t up_packets, up_bytes, down_packets, down_bytes;
	/* Packets dropped, where the plane knows: from somebody else's address, above the rates, without an
	 * open family or malformed. */
	uint64_t up_spoofed, up_policed, down_policed, up_refused;
	uint64_t up_resyncs; /* a peer began its sequence numbers anew */
};

struct dp_adopt { /* a session as it is */
	struct dp_session session;
	const struct dp_family *family[PPP_FAM__COUNT]; /* NULL: not up; else it is open */
	struct shape_plan plan;				/* rates 0: none */
};

typedef void dp_stats_fn(void *self, uint16_t sid, const struct dp_stats *st);

enum dp_event_kind {
	DP_EV_SESSION_UP, /* result, ifname: answers session_up */
	DP_EV_FAMILY_UP,  /* result, family: answers family_up */
	DP_EV_SHAPED,	  /* result: answers shape */
	DP_EV_GONE, /* answers session_down: nothing is left, the sid may be used again; counted, final */
	DP_EV_FRAME, /* frame: a PPP control frame of an attached session */
	DP_EV_LOST   /* the kernel took it away behind our back; session_down follows from us */
};

struct dp_event {
	enum dp_event_kind kind;
	uint16_t sid;
	int result; /* 0 or -errno */
	enum ppp_family family;
	char ifname[16]; /* "" when the plane has no device a subscriber */
	struct span frame;
	bool counted; /* GONE: final is what the session moved in all; else the plane does not know */
	struct dp_stats final;
};

struct dataplane_ops {
	const char *name; /* "kernel", "null" */
	/* Builds everything but addresses. 0: accepted, DP_EV_SESSION_UP follows; -errno: refused,
	 * nothing follows, no session_down is owed. After an UP with a bad result nothing is left, and
	 * session_down is still allowed. */
	int (*session_up)(void *self, const struct dp_session *s);
	/* Holds the session to these rates; again with others replaces them. In order with the
	 * session's other calls: what is asked for before family_up holds before the first packet
	 * passes. 0: accepted, DP_EV_SHAPED follows; after a bad result it has the rates it had, or
	 * none. */
	int (*shape)(void *self, uint16_t sid, const struct shape_plan *p);
	/* Address, route, all that can fail; again with new values changes them. As session_up. No
	 * packet of the family passes, either way, before family_open. */
	int (*family_up)(void *self, uint16_t sid, const struct dp_family *f);
	/* Packets pass from now on, or no longer do. Of a family that is up; it can't fail. */
	void (*family_open)(void *self, uint16_t sid, enum ppp_family family, bool open);
	/* Closes it, too. */
	void (*family_down)(void *self, uint16_t sid, enum ppp_family family);
	/* Always accepted, in any state, also while session_up is under way; DP_EV_GONE follows
	 * exactly once for each call on a sid that session_up accepted. */
	void (*session_down)(void *self, uint16_t sid);
	/* A PPP control frame (FF 03 first) of a session that is up. NULL: the plane does not touch
	 * them, they go on travelling by UDP. */
	int (*ppp_send)(void *self, uint16_t sid, struct span frame);
	/* An IP frame of a session that is up came by the UDP socket, whole, because its datagram was
	 * fragmented. NULL: the plane has sockets of its own that take such. */
	void (*inject)(void *self, uint16_t sid, struct span frame);
	/* Never waits: a plane that would have to says what it read last, and begins to read again when
	 * that is more than a second old. ret_as_of: when. -EAGAIN: not read yet. */
	int (*stats)(void *self, uint16_t sid, ze_ns now, struct dp_stats *ret, ze_ns *ret_as_of);
	/* The same of all sessions, each told to `each`, which may be NULL. As of when; 0: not read yet.
	 * Sessions that ended since are in it. */
	ze_ns (*stats_all)(void *self, ze_ns now, dp_stats_fn *each, void *each_self);
	/* A session that another process has left here goes on as if all that makes it had been asked
	 * for and answered; what differs is put right. Only before the first packet. 0 or -errno:
	 * there is nothing. NULL: nothing outlives a process. */
	int (*session_adopt)(void *self, const struct dp_adopt *a);
	/* No more of them: what was not adopted goes. With session_adopt. */
	void (*adopt_done)(void *self);
	/* Packets to an address of the pool that no subscriber has are dropped here, and not sent back to where
	 * they came from. NULL: no address. Replaces what was said before; a plane that can't logs it. */
	void (*pool)(void *self, const struct dp_pool *p);
	/* Members of an object, for the operator. NULL: there is nothing to say but the name. */
	void (*show)(void *self, struct json *j);
};

/* ---- protection ---- */

struct guard_limits {			      /* per second */
	uint32_t setup_rate;		      /* SCCRQs from all unknown sources; 0: unbounded */
	uint32_t source_rate, source_burst;   /* from one of them */
	uint32_t known_rate, known_burst;     /* from one that has or had an established tunnel */
	uint32_t frame_rate, frame_burst;     /* PPP control frames of one session */
	uint32_t control_rate, control_burst; /* control messages of one tunnel */
	bool zero_checksum;		      /* UDP over IPv6 without a checksum is accepted */
	const struct ze_prefix *allow; /* other sources are denied; n 0: none is. For the call only */
	size_t n_allow;
};

enum guard_session {
	GUARD_SESSION_STARTS,  /* the daemon gets all its frames */
	GUARD_SESSION_CARRIED, /* the data plane has it: IP frames are not the daemon's */
	GUARD_SESSION_GONE
};

/* Something in front of the sockets that turns strangers away before they cost the engine a turn.
 * It hears who is no stranger; the engine checks everything again, so that nothing depends on it. */
struct guard_ops {
	/* Before anything else, and when they change. */
	void (*limits)(void *self, const struct guard_limits *l);
	/* From before our first message to the peer until nothing of the tunnel is left. */
	void (*tunnel_known)(void *self, const struct dp_tunnel *t);
	void (*tunnel_gone)(void *self, uint16_t tid);
	/* Of a known tunnel. STARTS comes before our first message to the peer that names the session. */
	void (*session)(void *self, uint16_t tid, uint16_t sid, enum guard_session what);
	/* It has got its first established tunnel; or it had its last. Port 0. */
	void (*peer_established)(void *self, const struct ze_addr *peer, bool established);
	/* Members of an object, for the operator. NULL: there is nothing to say. */
	void (*show)(void *self, struct json *j);
};

/* ---- what another process needs to go on ---- */

enum journal_kind {
	JOURNAL_TUNNEL,
	JOURNAL_SESSION,
	JOURNAL__KINDS
};

#define JOURNAL_RECORD_MAX 2000
/* Of the file. What is in a record may change without: daemon/core/record_tags.h. */
#define JOURNAL_FORMAT 3

struct journal_record {
	enum journal_kind kind;
	uint16_t id;
	struct span body;
};

struct journal_ops {
	/* The record of an object from now on, of 1 to JOURNAL_RECORD_MAX octets. One that is the
	 * same as before costs nothing. It is safe from the end of the process when this returns. */
	void (*put)(void *self, enum journal_kind kind, uint16_t id, struct span record);
	/* Harmless when there is none. */
	void (*drop)(void *self, enum journal_kind kind, uint16_t id);
	/* NULL: another process can go on from here. Else why not, for the operator. */
	const char *(*why_off)(const void *self);
};

/* ---- all of it ---- */

struct ports {
	const struct net_ops *net;
	void *net_self;
	const struct dataplane_ops *dp;
	void *dp_self;
	const struct guard_ops *guard;
	void *guard_self;
	const struct journal_ops *journal; /* NULL: nobody will go on */
	void *journal_self;
	struct rng rng;
};
