/* SPDX-License-Identifier: BSD-2-Clause */
/* What the BPF plane is made of, for dp_bpf*.c only. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/core/ports.h"
#include "daemon/sys/bpf/dp_bpf.h"
#include "daemon/sys/net/pool_routes.h"
#include "daemon/sys/run/kworker.h"

struct dp_bpf_repair;
struct follow;
struct nl_sock;
struct portwatch;
struct routing;
struct vlans;

enum dp_bpf_state {
	SESSION_STARTING,
	SESSION_UP,
	SESSION_CLOSING
};

struct dp_bpf_session {
	struct htab_node in_sessions;
	struct dp_bpf *d;
	uint16_t sid;
	bool on[PPP_FAM__COUNT];
	enum dp_bpf_state state;
	struct ze_sess_key key;
	/* The worker's, to `result`. */
	bool routed, routed6, linked; /* it is in these tables */
	uint8_t seen;		      /* the pass in which its route was in the kernel */
	struct htab_node in_routes, in_routes6, in_links;
	struct dp_family f6; /* as it was when it got that route */
	uint64_t peer_ifid;  /* as what it is in links */
	uint64_t link_no;    /* the higher, the newer */
	struct ze_session v;
	struct dp_family f[PPP_FAM__COUNT];
	int result;
	struct kseq seq;
	struct kjob up_job, down_job;
	struct dp_bpf_family_end
		*end[PPP_FAM__COUNT]; /* made early, so that family_down can't fail */
};

struct dp_bpf_family_end {
	struct kjob j;
	struct dp_bpf_session *s;
	enum ppp_family family;
};

/* Our end of IPv6 links, see dp_bpf_ifid.c. */
struct dp_bpf_ifid {
	UT_hash_handle hh;
	uint64_t ifid;
	unsigned chosen, asked; /* links where it is our choice; where the subscriber wants it */
	bool on_ze0;
};

struct dp_bpf {
	struct loop *loop;
	struct udp *udp;
	struct bpf_dp *maps;
	struct kworker *worker;
	struct nl_sock *rtnl; /* the reactor's own, for ze0 */
	int raw;	      /* sends into ze0p, so that it arrives at ze0 */
	struct ze_conf conf;
	struct htab sessions;
	/* What is on ze0; the worker's. */
	uint32_t *gateways; /* the last one is used for new routes */
	size_t n_gateways;
	struct dp_bpf_ifid *ifids;
	struct htab links; /* sessions by the subscriber's interface identifier */
	uint64_t last_link;
	struct htab routes; /* sessions by IPv4 address */
	/* The MTU of fe80::/64; 0: no such route yet. Sessions with another one have a route of their own, and are
	 * here by their peer's identifier. */
	uint16_t mtu6;
	struct htab routes6;
	uint8_t pass; /* over the routes in the kernel */
	ev_async wake;
	struct follow *follow;
	struct routing *routing;
	struct vlans *vlans;
	struct portwatch *ports;
	struct dp_bpf_repair *repair;
	struct pool_keeper pool;
	struct dp_bpf_past *past; /* while a former life's is adopted */
	bool adopted;
};

/* The session is not there yet. NULL: out of memory. */
struct dp_bpf_session *dp_bpf_session_new(struct dp_bpf *d, const struct dp_session *what);
void dp_bpf_session_free(struct dp_bpf_session *s);
/* The ends of its tunnel, as the maps have them. */
const struct ze_tunnel *dp_bpf_path(const struct dp_bpf_session *s);
struct dp_bpf_session *dp_bpf_session_find(struct dp_bpf *d, uint16_t sid);
/* What the maps say of a family, and of rates. */
void dp_bpf_set_family(struct ze_session *v, const struct dp_family *f, bool on);
void dp_bpf_set_rates(struct ze_session *v, const struct shape_plan *p);
/* Addresses that all share; the gateway. On any one thread at a time. */
int dp_bpf_gateway(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f);
bool dp_bpf_has_gateway(const struct dp_bpf *d, uint32_t ip);
/* The session has a route to this address; the newest of several. */
struct dp_bpf_session *dp_bpf_route_find(const struct dp_bpf *d, uint32_t ip);
int dp_bpf_route_add(struct dp_bpf_session *s); /* 0 or -ENOMEM */
void dp_bpf_route_del(struct dp_bpf_session *s);
/* 0, -errno, or 1: there is no route yet because somebody has taken away what it needs. */
int dp_bpf_route_up(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f);
/* The error means that ze0 is down or gone. That is no reason to refuse a login: the repair of ze0, which follows
 * each notification of this, puts back all addresses and routes that sessions have. */
bool dp_bpf_is_taken(int r);
/* The device that frames are injected into was made again. */
void dp_bpf_reopen_raw(struct dp_bpf *d);
/* So that family_down can't fail: 0 or -ENOMEM. */
int dp_bpf_make_end(struct dp_bpf_session *s, enum ppp_family family);

/* ---- dp_bpf_ifid.c ---- */

/* What an IPv6 family needs on ze0 and of the way to its subscriber: 0 or -errno, then there is nothing of it. */
int dp_bpf_ifid_add(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f);
void dp_bpf_ifid_del(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f);
bool dp_bpf_ifid_on_ze0(const struct dp_bpf *d, uint64_t ifid);
/* All that go on have been adopted, the rest is off the maps. */
void dp_bpf_ifid_adopted(struct dp_bpf *d);
/* Memory alone; of one session, of all that is ours. */
void dp_bpf_link_forget(struct dp_bpf_session *s);
void dp_bpf_ifids_free(struct dp_bpf *d);

/* ---- dp_bpf_adopt.c ---- */

/* Finds what a former life has left on ze0. 0 or -errno. */
int dp_bpf_past_new(struct dp_bpf *d);
void dp_bpf_past_free(struct dp_bpf *d);
int dp_bpf_adopt(void *self, const struct dp_adopt *a);
void dp_bpf_adopt_done(void *self);

/* ---- dp_bpf_stack.c ---- */

/* What the stack sends to the subscriber is no larger than it takes. 0 or -errno. */
int dp_bpf_route6_up(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f);
/* sk NULL: in the record only. */
void dp_bpf_route6_down(struct dp_bpf_session *s, struct nl_sock *sk);
struct dp_bpf_session *dp_bpf_route6_find(const struct dp_bpf *d, uint64_t ifid);
/* Before the last address goes: the kernel would take the shared route with it. */
void dp_bpf_no_route6(struct dp_bpf *d, struct nl_sock *sk);
/* Of a previous instance: the MTU that all have, and the end of what no session has any more. */
void dp_bpf_route6_past(struct dp_bpf *d);
void dp_bpf_route6_prune(struct dp_bpf *d);

/* See struct dataplane_ops. */
void dp_bpf_set_pool(void *self, const struct dp_pool *p);

/* ---- dp_bpf_repair.c ---- */

/* What somebody else takes away from now on comes back. 0 or -errno. */
int dp_bpf_repair_new(struct dp_bpf *d);
/* From now on nothing is put back any more. Freed when the worker has ended; NULL is harmless. */
struct dp_bpf_repair *dp_bpf_repair_stop(struct dp_bpf *d);
void dp_bpf_repair_free(struct dp_bpf_repair *rp);
void dp_bpf_repair_show(const struct dp_bpf *d, struct json *j);
/* A session's IPv4 route could not be made: it is tried again. */
void dp_bpf_repair_route(struct dp_bpf *d, uint32_t ip);
