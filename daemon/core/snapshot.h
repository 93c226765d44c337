/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of the engine's state for views. This unit alone reads the engine's insides for them. A
 * snapshot contains no pointer to a live object, never changes, and is freed with its last
 * reference, which may be dropped in any thread. It is taken in the thread of the engine, between
 * turns.
 *
 * Each kind copies what one answer needs. The caller chooses how old it may be
 * (snapshot_ask.max_age):
 *
 *   0                   the state after the last turn. An operator's `show` uses this: it prints a
 *                       session that has just been established.
 *   SNAPSHOT_SHARED_NS  for callers that ask often: completion at each keystroke, a page that
 *                       refreshes itself, a scraper. They share the lists of all tunnels and all
 *                       sessions, which are copied once per second at most. A session younger than
 *                       a second may be absent, one that has just ended may be present.
 *
 * Words (state, cause) are constants. Text from a peer is copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aaa/acct.h"
#include "aaa/radius_coa.h"
#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/session_id.h"
#include "daemon/base/wire.h"
#include "daemon/core/event.h"
#include "daemon/core/config.h"
#include "daemon/core/event.h"
#include "daemon/core/ports.h"
#include "daemon/l2tp/proto.h"
#include "shaping/rate.h"

struct engine;

#define SNAPSHOT_SHARED_NS ZE_SEC(1)

enum snapshot_kind {
	SNAPSHOT_NONE,
	SNAPSHOT_SUMMARY,
	SNAPSHOT_COUNTERS,
	SNAPSHOT_CONFIG,
	SNAPSHOT_TUNNELS,
	SNAPSHOT_TUNNEL, /* by id */
	SNAPSHOT_SESSIONS,
	SNAPSHOT_SESSION, /* by id */
	SNAPSHOT_ROUTES,  /* to networks behind subscribers */
	SNAPSHOT_HISTORY, /* sessions that ended */
	SNAPSHOT_RADIUS,  /* servers of the RADIUS client */
	SNAPSHOT_POOLS,
	SNAPSHOT__KINDS
};

struct snapshot_summary {
	unsigned tunnels, tunnels_established; /* being set up or established; established */
	unsigned sessions_starting, sessions_established, sessions_finishing;
	unsigned listeners;
	const char *dataplane;
	bool draining;
	const char *handover_off; /* why a restart ends all sessions; NULL: it does not */
	const char *hardening;	  /* NULL: not known */
	ze_ns started, restored;  /* restored 0: nothing of a previous instance was */
	unsigned tunnels_restored, sessions_restored;
};

struct snapshot_traffic {
	bool known;
	ze_ns as_of;
	uint64_t sessions; /* number of sessions in the sum */
	struct dp_stats st;
};

struct snapshot_counters {
	unsigned tunnels, tunnels_half_open, tunnels_established;
	unsigned sessions_starting, sessions_established, sessions_finishing;
	uint64_t tunnels_up, tunnels_down, sessions_up, sessions_down;
	uint64_t auth_accepts, auth_rejects, auth_unavailable, auth_failures, reauths_unavailable;
	uint64_t rejects_delayed, rejects_withheld, logins_unasked;
	unsigned rejects_pending;
	uint64_t session_limited, sessions_replaced, addresses_refused;
	uint64_t rx_datagrams, tx_datagrams, tx_failed, rx_data, tx_data;
	uint64_t avps_ignored, sends_lost;
	struct net_counters net;
	uint64_t log_lost, log_suppressed;
	struct snapshot_traffic traffic;
	struct {
		const char *name; /* "SCCRQ" */
		uint64_t rx, tx;
	} messages[L2TP_MSG__COUNT];
	uint64_t reasons[REASON__COUNT];
	bool has_pool;
	uint32_t pool_used, pool_size; /* of all pools */
	uint64_t pools_unknown;
};

struct snapshot_config {		/* configurations are immutable: these are references */
	struct config *in_force, *boot; /* boot: at the start, for what needs a restart to change */
	const char *auth_method, *qdisc;
	char down_rate[RATE_TEXT], up_rate[RATE_TEXT];
};

struct snapshot_tunnel_row {
	ze_ns created, last_activity;
	const char *state, *peer_host;
	unsigned sessions, max_sessions;
	struct ze_addr peer;
	uint16_t tid, peer_tid;
	uint8_t peer_host_len;
};

#define SNAPSHOT_STEPS_TEXT 1280

struct snapshot_tunnel {
	struct snapshot_tunnel_row row;
	struct ze_addr local;
	ze_ns established, last_liveness, restored;
	bool authenticated;
	unsigned hello_interval_s, hello_retries;
	struct {
		const char *vendor;
		uint8_t vendor_len, version_major, version_minor;
		bool has_firmware, async, sync; /* framing types */
		uint16_t firmware, window;
		uint32_t bearer;
	} peer;
	struct {
		uint16_t ns, nr, unacknowledged, window, peer_window;
		uint32_t queued;
		uint64_t retransmissions;
	} channel;
	char steps[SNAPSHOT_STEPS_TEXT]; /* the last transitions, one per line */
	size_t n_sids;
	const uint16_t *sids;
};

struct snapshot_session_row {
	ze_ns created;
	const char *state, *user;
	uint32_t address; /* host order; 0: none */
	uint16_t sid, peer_sid, tid;
	bool ipv4, ipv6; /* families that are up */
	char ifname[16];
};

struct snapshot_route_row {
	struct ze_prefix dst;
	uint32_t metric;
	uint16_t sid;
	const char *user, *state;
	const char *source;	   /* who gave it: "radius" */
	const char *reason;	   /* of a route that is refused; else "" */
	char with[ZE_PREFIX_TEXT]; /* with what it conflicts; "": nothing */
	const char *error;	   /* of a route that failed; else "" */
};

struct snapshot_ppp {
	const char *phase, *lcp_state, *auth_method, *auth_state, *ipcp_state, *ipv6cp_state;
	uint16_t mru, peer_mru, mtu;
	uint32_t magic, peer_magic;
	bool peer_pfc, peer_acfc;
	bool lcp_proxied, auth_proxied; /* taken over from the LAC */
	uint32_t local_address, dns[2];
	uint64_t ifid, peer_ifid; /* 0: none */
	struct {
		const char *state;
		uint64_t sent, replies, lost;
		ze_ns last_rtt, min_rtt, max_rtt;
	} echo;
};

struct snapshot_value {
	const char *name, *value, *source; /* "download-rate", "50mbit", "radius" */
	bool applied;			   /* false: the subscriber does not get it */
};

struct snapshot_profile { /* one allocation, with its texts */
	size_t n;
	struct snapshot_value v[];
};

struct snapshot_session {
	struct snapshot_session_row row;
	char id[SESSION_ID_TEXT];
	struct ze_addr peer;
	char pool[POOLS_NAME]; /* in which its address is held; "": in none */
	char also_on[32];      /* other owner of its address, see own_holder(); "": none */
	const char *l2tp_state;
	ze_ns connected, up, restored;
	const char *calling_number, *called_number, *sub_address, *framing;
	uint32_t call_serial, physical_channel, tx_speed_bps, rx_speed_bps;
	bool sequencing_required;
	bool has_ppp; /* PPP has begun */
	struct snapshot_ppp ppp;
	const char *shaping;
	bool shaped; /* down_rate and up_rate are set */
	char down_rate[RATE_TEXT], up_rate[RATE_TEXT];
	uint64_t rx_frames, tx_frames, rx_limited;
	size_t n_routes;
	const struct snapshot_route_row *routes;
	struct snapshot_traffic traffic;
	struct snapshot_profile *profile;
	struct snapshot_trail *trail; /* NULL: no history is kept */
};

struct snapshot_pool {
	struct pool_cfg cfg;
	uint32_t size, used, peak;
	uint32_t reserved; /* for users with fixed addresses, and not in use */
	uint64_t refused;
	unsigned waiting; /* sessions that wait for an address */
};

/* ---- history of sessions, kept by an observer ---- */

struct snapshot_note {
	ze_ns at;
	const char *event, *cause; /* cause "": none */
	const char *actor;	   /* who requested the end or the change; may be NULL */
	const char *text, *change; /* reason of the end; what was changed; may be NULL */
	struct ze_prefix prefix;   /* of a route; family 0: none */
	uint16_t code;		   /* Disconnect-Cause; 0: none */
	bool has_rtt;
	ze_ns rtt;
};

struct snapshot_trail { /* one allocation, oldest first */
	size_t n;
	struct snapshot_note v[];
};

struct snapshot_life {
	char id[SESSION_ID_TEXT];
	uint16_t tid, sid;
	char user[64], ifname[16];
	struct ze_addr peer; /* family 0: not known */
	ze_ns began, ended;
	struct event_traffic traffic;	/* totals, reported when the data plane had removed it */
	const char *cause, *cause_text; /* a word, a sentence */
	uint8_t terminate_cause;	/* RFC 2866 5.10 */
	struct snapshot_trail *trail;
};

struct snapshot_lives { /* newest first */
	size_t n;
	struct snapshot_life v[];
};

/* Functions of the observer that copy its history for snapshots; the caller frees the copies. They
 * return NULL when out of memory. */
struct snapshot_history {
	const void *self;
	struct snapshot_trail *(*trail)(const void *self, uint64_t id); /* may be empty */
	struct snapshot_lives *(*ended)(const void *self);
};

void snapshot_lives_free(struct snapshot_lives *l); /* with their trails */

/* ---- servers, by the RADIUS client ---- */

struct snapshot_radius_server {
	char name[64];
	struct radius_server_stats st; /* st.name is `name` */
	uint64_t icmp_errors;
};

struct snapshot_accounting { /* of accounting by RADIUS */
	struct radius_client_stats client;
	size_t n; /* 0: accounting is off */
	struct snapshot_radius_server v[RADIUS_SERVERS_MAX];
	bool open;	/* the rest is valid; it also is when accounting was switched off later */
	int64_t wall_s; /* now, seconds since 1970 */
	struct acct_stats records;
	/* The file: writes that it does not have yet, transactions, failed ones, writes that are
	 * lost, and what is wrong with the last transaction (a constant), or "". */
	size_t queued;
	uint64_t commits, failures, dropped;
	const char *error;
};

struct snapshot_radius_coa_client {
	char name[64];
	struct ze_addr addr;
	struct radius_coa_stats st; /* without its name */
};

struct snapshot_radius_coa {	     /* requests from servers, RFC 5176 */
	uint16_t port;		     /* 0: not configured */
	struct ze_addr listening[2]; /* family 0: none */
	uint64_t send_errors;	     /* answers that could not be sent */
	size_t n;		     /* servers; v[n] has what came from other sources */
	struct snapshot_radius_coa_client v[RADIUS_SERVERS_MAX + 1];
};

struct snapshot_radius { /* one allocation, most preferred first */
	struct snapshot_accounting accounting;
	struct radius_client_stats client;
	struct snapshot_radius_coa coa;
	size_t n; /* 0: no servers are configured */
	struct snapshot_radius_server v[];
};

/* Copies the statistics of the client for a snapshot; the caller frees the copy. NULL: out of
 * memory. */
struct snapshot_radius_source {
	const void *self;
	struct snapshot_radius *(*take)(const void *self);
};

/* ---- a snapshot ---- */

struct snapshot {
	unsigned refs; /* atomic: used by several threads */
	enum snapshot_kind kind;
	ze_ns at;
	union {
		struct snapshot_summary summary;
		struct snapshot_counters counters;
		struct snapshot_config config;
		struct snapshot_tunnel tunnel;
		struct snapshot_session session;
		struct {
			size_t n;
			struct snapshot_tunnel_row *v; /* oldest first */
		} tunnels;
		struct {
			size_t n;
			struct snapshot_session_row *v; /* oldest first */
		} sessions;
		struct {
			size_t n;
			struct snapshot_pool *v; /* as configured */
		} pools;
		struct {
			size_t n;
			struct snapshot_route_row *v; /* those of a session together */
		} routes;
		struct snapshot_lives *ended;
		struct snapshot_radius *radius;
	};
};

struct snapshot_ask {
	enum snapshot_kind kind;
	uint16_t id;
	ze_ns now, max_age; /* max_age in ns, for the lists only: other kinds are never shared */
	const struct snapshot_history *history;	     /* NULL: none */
	const struct snapshot_radius_source *radius; /* NULL: there is no client */
};

/* Takes a snapshot, or returns a shared list that is young enough. Returns 0 and one reference,
 * -ENOENT (no such tunnel or session), -ENOTSUP (no history is kept), -EINVAL (no such kind) or
 * -ENOMEM. */
int snapshot_take(struct engine *e, const struct snapshot_ask *a, const struct snapshot **ret);
const struct snapshot *snapshot_ref(const struct snapshot *s);
void snapshot_unref(const struct snapshot *s);
/* Drops the engine's references on shared lists that are too old to be shared. */
void snapshot_expire(struct engine *e, ze_ns now);
/* Drops all references of the engine on shared lists. */
void snapshot_drop(struct engine *e);
