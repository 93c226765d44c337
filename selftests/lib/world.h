/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A whole engine in virtual time, with fakes for everything around it: a network that can lose,
 * repeat and reorder, a data plane that records calls and fails on request, LACs that speak L2TP,
 * and PPP clients behind them. Nothing sleeps; w_advance() goes from deadline to deadline. The LACs
 * use the project's codecs. Errors that both sides would share are found by other tests, with
 * programs that share no code with the daemon.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/engine.h"
#include "daemon/core/subscriber_priv.h"
#include "daemon/core/facts.h"
#include "daemon/core/registry.h"
#include "daemon/core/session_facts.h"
#include "daemon/ops/operate.h"
#include "daemon/l2tp/chan.h"
#include "daemon/l2tp/msg.h"
#include "selftests/lib/test_rng.h"

struct strbuf;

#define W_LACS	    64
#define W_CALLS	    512
#define W_RING	    1024
#define W_EVENTS    256
#define W_PEERS	    64
#define W_FRAME_MAX 1600
#define W_RECORDS   2048
#define W_SIDS	    65536
#define W_ROUTES    512

struct world;
struct lac;

struct w_fail { /* a call of a port that fails once */
	int left;
	bool hit;
};

struct w_dgram {
	struct net_path path; /* as the engine sees it */
	uint16_t len;
	bool to_engine;
	uint8_t b[W_FRAME_MAX];
};

enum w_auth {
	W_AUTH_ANY,
	W_AUTH_PAP,
	W_AUTH_CHAP,
	W_AUTH_MSCHAP2,
	W_AUTH_NEVER
};

struct client { /* a PPP subscriber */
	char user[64], password[64];
	enum w_auth wants;
	bool no_ipv4, no_ipv6, mute;
	bool insists;	 /* on its own IPv4 address, whatever is suggested */
	bool no_address; /* sends no IP-Address option */
	uint16_t mru;	 /* to request; 0: 1492 */
	/* the result */
	bool lcp_acked, lcp_ack_sent, lcp_up, auth_ok, auth_bad, terminated;
	bool v4_acked, v4_up, v6_acked, v6_up, v6_rejected, ack_v4, ack_v6;
	uint32_t ip, dns[2], gateway;
	uint64_t ifid, peer_ifid;
	uint64_t nak_v6; /* the identifier it requests for ze; 0: any */
	bool silent_v6;	 /* it does not answer ze's IPv6CP requests */
	uint16_t method; /* authentication protocol that the LNS requested */
	uint8_t chap_alg, challenge[64], challenge_len, chap_id;
	uint8_t id;
	uint32_t magic, echoes;
	ze_ns retry_at;
};

struct lac_call {
	struct lac *l;
	uint16_t sid, peer_sid; /* of the LAC, of ze */
	bool icrp, connected, over;
	uint16_t cdn_result, cdn_error, cdn_cause;
	unsigned lcp_requests; /* Configure-Requests of ze */
	struct client c;
};

struct lac {
	struct world *w;
	struct net_path path;
	struct l2tp_chan chan;
	char host[64], secret[64];
	char number[32]; /* Calling Number of its calls; "": none is sent */
	uint16_t tid, peer_tid, next_sid;
	uint16_t proxy; /* Proxy Authen Type: it logs its subscribers in before the call; 0: it does not */
	bool hide;	    /* its AVPs */
	uint16_t proxy_mru; /* that it has requested; 0: none */
	bool challenge, no_scccn, no_iccn, mute, dead, sequencing;
	bool up, over;
	uint16_t stop_result, stop_error;
	unsigned n_sccrp, rx[L2TP_MSG__COUNT];
	uint8_t our_challenge[16];
	struct l2tp_msg last; /* without spans, which are no longer valid */
};

struct w_dp {	     /* one session of the fake data plane */
	bool listed; /* its id is in world.dp_sids, whether it is held or not */
	bool held, attached, fam[PPP_FAM__COUNT];
	bool open[PPP_FAM__COUNT]; /* packets pass */
	unsigned restored;	   /* the instance that took it over */
	struct dp_session s;
	struct dp_family f[PPP_FAM__COUNT];
	struct shape_plan plan;
	unsigned sent; /* packets by the subscriber, in addition to numbers_of() */
	char calls[8]; /* the first calls: U session_up, S shape, 4 and 6 family_up */
};

struct w_route { /* of the fake data plane */
	uint16_t sid;
	struct dp_route r;
};

struct w_guard { /* the state of the fake guard */
	struct guard_limits limits;
	unsigned n_limits; /* number of calls */
	unsigned n_tunnels, n_sessions;
	struct ze_addr peers[W_PEERS]; /* with an established tunnel */
	unsigned n_peers, n_peer_calls;
};

struct w_record { /* of the fake journal */
	bool used;
	enum journal_kind kind;
	uint16_t id, len;
	uint8_t b[JOURNAL_RECORD_MAX];
};

struct world {
	struct engine *e;
	struct config *cfg;
	struct bus bus;
	/* The handlers of the engine: at first the local users of the configuration. */
	struct aaa_broker aaa;
	struct aaa_local *local;
	struct test_rng seed;
	struct w_fail fail_net, fail_dp, fail_rng;
	ze_ns now;
	/* network */
	unsigned ring_head, ring_n;
	unsigned loss_permille, dup_permille, reorder_permille;
	uint16_t drop_type; /* the next message of this type is lost, in either direction */
	unsigned drop_n;
	unsigned to_peers, lost;
	struct net_counters net_counters; /* as the sockets report them */
	/* data plane */
	unsigned answers_head, answers_n;
	bool dp_hold;						  /* the plane delays its answers */
	int dp_session_result, dp_family_result, dp_shape_result; /* results of the answers */
	int dp_route_result;					  /* of the additions */
	unsigned n_routes;					  /* in `routes` */
	unsigned route_adds, route_dels;			  /* requests so far */
	unsigned dp_sessions;
	struct dp_pool pool, last_pool; /* the first and last of the pools of the plane; 0: none */
	unsigned n_pools;		/* number of calls */
	struct w_guard guard;
	ze_ns dp_as_of;	  /* when the counters were read; 0: never */
	ze_ns stats_age;  /* of the counters of one session */
	int stats_result; /* of reading them */
	/* The end of a process: each of its actions counts down; at 0 the following ones have no
	 * effect. */
	int crash_in; /* -1: no crash */
	bool crashed;
	unsigned deeds;	  /* actions so far */
	unsigned lives;	  /* processes that have ended */
	ze_ns clock_step; /* of the wall clock, seen by the next process */
	const struct hostip_set
		*own; /* the host's addresses, passed to the next process; NULL: none */
	/* peers */
	unsigned n_lacs;
	unsigned n_calls;
	/* events of the bus */
	unsigned n_events, seen[EV__COUNT];
	unsigned n_records, puts, drops;
	const char *journal_off; /* why the journal is off, as it reports */
	/* The rows of dp and known that were written to: only these are cleared for the next world,
	 * and searched where all sessions are meant. */
	unsigned n_dp_sids, n_known_tids, n_known_sids;
	/* Not cleared between worlds: the counters above say how many rows are valid. A fuzz target
	 * makes thousands of worlds per second. */
	uint16_t dp_sids[W_SIDS], known_tids[W_SIDS], known_sids[W_SIDS];
	struct w_dgram ring[W_RING];
	struct dp_event answers[W_RING];
	struct lac lacs[W_LACS];
	struct lac_call calls[W_CALLS];
	struct event events[W_EVENTS];
	struct w_record records[W_RECORDS];
	struct w_dp dp[W_SIDS];
	struct w_route routes[W_ROUTES]; /* the one requested last is the last */
	struct dp_tunnel known[W_SIDS];	 /* tunnels in the guard, by our id; tid 0: unknown */
	bool known_listed[W_SIDS];	 /* its id is in known_tids */
	struct w_guard_session {
		uint16_t tid; /* 0: unknown to the guard */
		bool carried, listed;
	} known_session[W_SIDS]; /* by our session id */
};

#define W_WALL_NS INT64_C(1800000000000000000) /* UTC when a world's clock was 0 */

/* One world at a time. cfg NULL: w_config(). Returns NULL when the engine could not be created. */
struct world *world_new(struct config *cfg, uint64_t seed);
void world_free(struct world *w);
/* Ends the process without a drain: its data plane, its journal and the network stay. */
void w_kill(struct world *w);
/* Starts the next process, which restores the records. */
void w_restore(struct world *w);
/* Both, and everything that follows. */
void w_restart(struct world *w);
const struct w_record *w_record_of(const struct world *w, enum journal_kind kind, uint16_t id);
/* Secret "zetest", pool 10.0.0.2-254, users alice/wonder and bob/builder (bob: 10.0.0.77). */
struct config *w_config(void);
/* Gives the engine a configuration as the daemon's modules do. Returns what it answered; its reasons
 * and what needs a restart are added to errors, which may be NULL. */
int w_reload(struct world *w, struct config *cfg, struct strbuf *errors);
/* Runs until nothing changes without time passing. */
void w_deliver(struct world *w);
void w_advance(struct world *w, ze_ns d);
void w_drop_next(struct world *w, uint16_t type);
/* Returns NULL when nothing is left, else what is left. */
const char *w_leftover(const struct world *w);
#define assert_world_empty(w) assert_string_equal(w_leftover(w) ? w_leftover(w) : "", "")
/* The end of a test: all LACs stop, and two minutes later nothing is left. */
#define world_end(w)                                                                               \
	do {                                                                                       \
		lac_stop_all(w);                                                                   \
		w_advance(w, ZE_SEC(120));                                                         \
		assert_world_empty(w);                                                             \
		world_free(w);                                                                     \
	} while (0)
/* Passes one datagram to the engine, from any address. */
void w_inject(struct world *w, const struct net_path *path, struct span b);
/* The path of a LAC to ze: 10.9.0.<n>:port. */
struct net_path w_path(unsigned n, uint16_t port);
unsigned w_count_events(const struct world *w, enum event_kind k);
const struct event *w_last_event(const struct world *w, enum event_kind k);
bool w_fails(struct w_fail *f);
/* The session to which the fake plane sends packets for this prefix; 0: none. Its metric is written
 * to *ret_metric, which may be NULL. */
uint16_t w_route(const struct world *w, const char *prefix, uint32_t *ret_metric);
/* True when the guard knows an established tunnel of this address. */
bool w_guard_established(const struct world *w, const struct ze_addr *peer);

/* ---- LAC (world_lac.c) ---- */

struct lac *lac_new(struct world *w, unsigned host, uint16_t port);
/* Writes a minimal valid SCCRQ into buf. */
struct span lac_sccrq(const struct lac *l, uint8_t *buf, size_t size);
void lac_connect(struct lac *l); /* sends an SCCRQ; the rest follows by itself */
void lac_send(struct lac *l, uint16_t hdr_sid, const struct l2tp_msg *m);
struct lac_call *lac_call(struct lac *l, const char *user, const char *password); /* ICRQ ... */
void lac_icrq(struct lac *l, uint16_t hdr_sid, uint16_t sid);
void lac_cdn(struct lac_call *c);
/* Sends the ICCN of a call for which the LAC has kept it back (no_iccn). */
void lac_iccn(struct lac_call *c);
void lac_stop(struct lac *l);
void lac_stop_all(struct world *w);
void lac_input(struct lac *l, struct span datagram);
void lac_data(struct lac_call *c, struct span frame);
void lac_flush(struct lac *l);
struct tunnel *lac_tunnel(const struct lac *l); /* ze's object, or NULL */
struct subscriber *call_sub(const struct lac_call *c);
struct lac_call *lac_find_call(struct lac *l, uint16_t sid);

/* ---- PPP client (world_client.c) ---- */

void client_open(struct lac_call *c);
/* The LAC has negotiated LCP with it; it awaits the answer to its login, which went to the LAC. */
void client_open_proxied(struct lac_call *c, uint16_t method);
/* Writes its CHAP response to the challenge, without the length. */
void client_chap_response(const struct client *p, struct wr *w);
void client_input(struct lac_call *c, struct span frame);
void client_expire(struct lac_call *c);
void client_terminate(struct lac_call *c);
void client_renegotiate(struct lac_call *c);
