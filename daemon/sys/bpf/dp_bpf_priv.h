/* SPDX-License-Identifier: BSD-2-Clause */
/* The structures of the BPF plane and the functions between its units, for dp_bpf*.c only. */
#pragma once

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/core/ports.h"
#include "daemon/sys/bpf/bpf_counts.h"
#include "daemon/sys/bpf/bpf_dp.h"
#include "daemon/sys/net/pool_routes.h"
#include "daemon/sys/run/dp_jobs.h"

struct dp_bpf_repair;
struct follow;
struct nl_sock;
struct portwatch;
struct routing;
struct vlans;

struct rtnl_net;

struct dp_bpf_net { /* a network behind a subscriber, see dp_bpf_nets.c */
	struct htab_node in_nets;
	struct dp_bpf_net *next; /* of the session */
	struct dp_bpf_session *s;
	struct ze_prefix dst;
	uint32_t metric;
};

struct dp_bpf_session {
	struct dp_jobs_session jobs;
	struct dp_bpf *d;
	struct ze_sess_key key;
	/* From here on owned by the worker. The reactor reads only peer_sid and flags of v, which
	 * never change. */
	bool on[PPP_FAM__COUNT];
	bool routed, routed6, linked; /* it is in d->routes, d->routes6, d->links */
	uint8_t seen;		      /* the last pass that found its route in the kernel */
	struct htab_node in_routes, in_routes6, in_links;
	struct dp_family f6; /* the family when the session was entered in routes6 */
	uint64_t peer_ifid;  /* its key in links */
	uint64_t link_no;    /* order of arrival; the newest has the highest */
	struct ze_session v;
	struct dp_family f[PPP_FAM__COUNT];
	struct dp_bpf_net *nets; /* NULL: none */
};

/* An interface identifier of ours on IPv6 links, see dp_bpf_ifid.c. */
struct dp_bpf_ifid {
	struct htab_node in_ifids;
	uint64_t ifid;
	unsigned chosen, asked; /* numbers of links: we chose it; the subscriber asked for it */
	bool on_ze0;
};

struct dp_bpf {
	struct dp_jobs jobs; /* first, for dp_bpf_ops */
	struct loop *loop;
	struct udp *udp;
	struct bpf_dp *maps;
	struct nl_sock *rtnl; /* only for the reactor, for ze0 */
	int raw;	      /* packet socket on ze0p; what it sends arrives on ze0 */
	struct ze_conf conf;
	/* What is on ze0; owned by the worker. */
	uint32_t *gateways; /* addresses of ze0, in host byte order */
	size_t n_gateways;
	struct htab ifids; /* dp_bpf_ifid.in_ifids */
	struct htab links; /* sessions by the subscriber's interface identifier */
	uint64_t last_link;
	struct htab routes; /* sessions by IPv4 address */
	struct htab nets;   /* dp_bpf_net.in_nets, by prefix */
	unsigned n_nets[PPP_FAM__COUNT];
	/* The MTU of the route fe80::/64; 0: there is none yet. Sessions with another MTU have a
	 * route of their own, and are in routes6 by the interface identifier of the subscriber. */
	uint16_t mtu6;
	struct htab routes6;
	uint8_t pass; /* number of the last pass over the routes in the kernel */
	ev_async wake;
	struct follow *follow;
	struct routing *routing;
	struct vlans *vlans;
	struct portwatch *ports;
	struct dp_bpf_repair *repair;
	struct pool_keeper pool;
	struct bpf_counts counts;
	struct dp_bpf_previous *previous; /* while its sessions are restored */
	bool restarted;
};

/* Creates a session; its id must not be in use. Returns NULL when out of memory. */
struct dp_bpf_session *dp_bpf_session_new(struct dp_bpf *d, const struct dp_session *what);
/* The endpoints of its tunnel, from the maps. */
const struct ze_tunnel *dp_bpf_path(const struct dp_bpf_session *s);
struct dp_bpf_session *dp_bpf_session_find(struct dp_bpf *d, uint16_t sid);
/* Set in v what the maps store for a family, and for the rates. */
void dp_bpf_set_family(struct ze_session *v, const struct dp_family *f, bool on);
void dp_bpf_set_rates(struct ze_session *v, const struct shape_plan *p);
/* Puts the gateway, an address that all sessions share, on ze0. Returns 0 or -errno. On one thread
 * at a time. */
int dp_bpf_gateway(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f);
/* True when this address (host byte order) is a gateway on ze0. */
bool dp_bpf_has_gateway(const struct dp_bpf *d, uint32_t ip);
/* The newest session with a route to this address (host byte order), or NULL. */
struct dp_bpf_session *dp_bpf_route_find(const struct dp_bpf *d, uint32_t ip);
int dp_bpf_route_add(struct dp_bpf_session *s); /* 0 or -ENOMEM */
void dp_bpf_route_del(struct dp_bpf_session *s);
/* Creates the route. Returns 0; 1 when there is no route yet because another program removed what
 * it needs; or -errno. */
int dp_bpf_route_up(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f);
/* True when the error means that ze0 is down or was removed. That is no reason to refuse a login:
 * the repair of ze0, which follows each such notification, restores the addresses and routes of all
 * sessions. */
bool dp_bpf_is_taken(int r);
/* Call when ze0p was created again: opens the packet socket again. */
void dp_bpf_reopen_raw(struct dp_bpf *d);

/* ---- dp_bpf_ifid.c ---- */

/* Creates what an IPv6 family needs: the address on ze0 and the map entry of the subscriber.
 * Returns 0, or -errno with nothing created. */
int dp_bpf_ifid_add(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f);
void dp_bpf_ifid_del(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f);
/* True when this identifier of ours is an address of ze0. */
bool dp_bpf_ifid_on_ze0(const struct dp_bpf *d, uint64_t ifid);
/* Call when all continuing sessions have been restored and the others removed from the maps. */
void dp_bpf_ifid_restarted(struct dp_bpf *d);
/* Free memory only: of one session; of all identifiers. */
void dp_bpf_link_forget(struct dp_bpf_session *s);
void dp_bpf_ifids_free(struct dp_bpf *d);

/* ---- dp_bpf_restart_session.c ---- */

/* Reads what a previous instance left on ze0. Returns 0 or -errno. */
int dp_bpf_previous_new(struct dp_bpf *d);
void dp_bpf_previous_free(struct dp_bpf *d);
int dp_bpf_restart_session(void *self, const struct dp_restore *a);
void dp_bpf_restart_done(void *self);

/* ---- dp_bpf_nets.c ---- */

/* Adds, changes or removes a network behind the subscriber. Returns 0, or -errno: then there is
 * none. */
int dp_bpf_net_set(struct dp_bpf_session *s, const struct dp_route *rt, struct nl_sock *sk);
void dp_bpf_nets_del(struct dp_bpf_session *s, enum ppp_family family, struct nl_sock *sk);
/* Sets the routes again, after the MTU of the family may have changed. */
void dp_bpf_nets_again(const struct dp_bpf_session *s, enum ppp_family family, struct nl_sock *sk);
void dp_bpf_nets_forget(struct dp_bpf_session *s); /* frees memory only */
/* Iterates over the nets with a prefix: the one after `net`, or the first when it is NULL. */
struct dp_bpf_net *dp_bpf_net_next(const struct dp_bpf *d, const struct ze_prefix *p,
				   const struct dp_bpf_net *net);
/* Its route on ze0. */
struct rtnl_net dp_bpf_net_route(const struct dp_bpf_net *net);
/* After a restart: removes what no session has. Returns the number of routes. */
unsigned dp_bpf_nets_restarted(struct dp_bpf *d);

/* ---- dp_bpf_stack.c ---- */

/* Creates the route that limits the packets of the stack to the MTU of the subscriber. Returns 0 or
 * -errno. */
int dp_bpf_route6_up(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f);
/* sk NULL: removes it from the record only. */
void dp_bpf_route6_down(struct dp_bpf_session *s, struct nl_sock *sk);
struct dp_bpf_session *dp_bpf_route6_find(const struct dp_bpf *d, uint64_t ifid);
/* Removes the shared route from the record and the kernel. Call before the last address is removed,
 * with which the kernel would remove the route. */
void dp_bpf_no_route6(struct dp_bpf *d, struct nl_sock *sk);
/* After a restart: the first reads the shared MTU, the second removes routes that no session
 * has. */
void dp_bpf_route6_previous(struct dp_bpf *d);
void dp_bpf_route6_prune(struct dp_bpf *d);

/* See struct dataplane_ops. */
void dp_bpf_set_pools(void *self, const struct dp_pool *v, size_t n);

/* ---- dp_bpf_repair.c ---- */

/* Starts to restore what other programs remove. Returns 0 or -errno. */
int dp_bpf_repair_new(struct dp_bpf *d);
/* Stops repairs. The result is freed by dp_bpf_repair_free() after the worker; NULL is harmless. */
struct dp_bpf_repair *dp_bpf_repair_stop(struct dp_bpf *d);
void dp_bpf_repair_free(struct dp_bpf_repair *rp);
void dp_bpf_repair_show(const struct dp_bpf *d, struct json *j);
/* Reports that the IPv4 route of a session (ip in host byte order) could not be created, and
 * schedules a repair. */
void dp_bpf_repair_route(struct dp_bpf *d, uint32_t ip);
