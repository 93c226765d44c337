/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces, addresses and routes of subscribers by rtnetlink. Blocks for the kernel's RTNL lock:
 * only on workers. Functions return 0 or -errno unless stated otherwise; the caller may delete what
 * does not exist and ignore the error. "The shared device" is ze0 of the BPF plane.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/ports.h"

struct nl_msg;
struct nl_sock;

/* rtm_protocol of the subscribers' routes, by which BIRD and operators can select them. No other
 * program uses it: FRR uses 186 to 198 (190 is its RIPng) and removes such routes when it
 * starts. */
#define RTNL_ROUTE_PROTO 171

/* A recursive mutex for calls that take RTNL. It is not held for calls that wait for RCU under
 * RTNL, such as closing a unit: those waits overlap. */
void rtnl_enter(void);
void rtnl_leave(void);

/* Sends m, which is freed, while it holds the mutex above. m NULL: -ENOMEM. */
int rtnl_request(struct nl_sock *sk, struct nl_msg *m);
/* The kernel shall not create a link-local address: IPv6CP negotiates it. */
int rtnl_addrgen_none(struct nl_sock *sk, int ifindex);
/* Attaches an XDP program, in generic mode, to a subscriber's own device. To be called while the
 * device is down: for one that is up, the kernel walks all of its IPv6 routes. */
int rtnl_subscriber(struct nl_sock *sk, int ifindex, int prog);
/* The same, if no program is attached. Returns 0 when there was one, 1 when it was missing, or
 * -errno. */
int rtnl_ensure_subscriber(struct nl_sock *sk, int ifindex, int prog);
/* mtu: octets. */
int rtnl_link_up(struct nl_sock *sk, int ifindex, uint16_t mtu);
int rtnl_link_mac(struct nl_sock *sk, int ifindex, const uint8_t mac[6]);
int rtnl_link_down(struct nl_sock *sk, int ifindex);
/* Adds or deletes the point-to-point address of the family; for IPv4 without the kernel's prefix
 * route. */
int rtnl_addr(struct nl_sock *sk, int ifindex, const struct dp_family *f, bool add);
/* Adds or deletes a link-local address of the shared device, with the prefix route to its peers. */
int rtnl_link_local(struct nl_sock *sk, int ifindex, uint64_t ifid, bool add);
/* Adds or deletes the route to the peer's IPv4 address (/32). Nothing for IPv6: the kernel's route
 * to the peer's link-local address suffices. */
int rtnl_route(struct nl_sock *sk, int ifindex, const struct dp_family *f, bool add);
/* The same for the shared device, with the MTU locked in the route, so that path MTU discovery does
 * not change it. */
int rtnl_route_locked(struct nl_sock *sk, int ifindex, const struct dp_family *f);
/* A route of the shared device to fe80:: and len bits in all of the identifier, with a locked MTU.
 * It is preferred to the kernel's own route. */
struct rtnl_route6 {
	uint64_t ifid;
	uint8_t len; /* 64: all peers; 128: one peer */
	uint16_t mtu;
};
int rtnl_route6(struct nl_sock *sk, int ifindex, const struct rtnl_route6 *rt, bool add);
/* Calls each() for each such route that exists. */
typedef void rtnl_route6_fn(void *self, const struct rtnl_route6 *rt);
int rtnl_find_routes6(struct nl_sock *sk, int ifindex, rtnl_route6_fn *each, void *self);
/* A route to a network behind a subscriber: through his own interface, or with a locked MTU through
 * the shared device. */
struct rtnl_net {
	struct ze_prefix dst;
	uint32_t metric; /* never 0, so that a subscriber's own address is preferred */
	uint16_t mtu;	 /* 0: that of the interface */
};
int rtnl_net(struct nl_sock *sk, int ifindex, const struct rtnl_net *n, bool add);
/* Calls each() for each such route that exists; without its MTU. */
typedef void rtnl_net_fn(void *self, const struct rtnl_net *n);
int rtnl_find_nets(struct nl_sock *sk, int ifindex, rtnl_net_fn *each, void *self);
/* Finds our IPv4 host routes through the interface, and its addresses of both families (IPv4 in the
 * first four octets). The callbacks must not send requests. */
struct rtnl_found {
	void (*route4)(void *self, uint32_t ip);			/* host order */
	void (*addr)(void *self, uint8_t family, const uint8_t ip[16]); /* 4 or 6 */
	void *self;
};
int rtnl_find(struct nl_sock *sk, int ifindex, const struct rtnl_found *f);
int rtnl_find_routes(struct nl_sock *sk, int ifindex, const struct rtnl_found *f);
/* Adds the address or route of the message, which is freed, unless it exists. Returns 0 when it
 * existed, 1 when it was missing, or -errno. */
int rtnl_ensure(struct nl_sock *sk, struct nl_msg *m);
/* Deletes an address of the shared device: IPv4 /32, or a link-local /64. */
int rtnl_addr_del(struct nl_sock *sk, int ifindex, uint8_t family, const uint8_t ip[16]);
/* Reads packets and octets of all devices of the namespace, in one dump. */
typedef void rtnl_stats_fn(void *self, int ifindex, const struct dp_stats *st);
int rtnl_stats(struct nl_sock *sk, rtnl_stats_fn *each, void *self);
/* Reads those of one interface. */
int rtnl_link_stats(struct nl_sock *sk, int ifindex, struct dp_stats *ret);

/* Build the messages, for rtnl_ensure() and tests. NULL: no memory. */
struct nl_msg *rtnl_build_addr(int ifindex, const struct dp_family *f, bool add);
struct nl_msg *rtnl_build_route(int ifindex, const struct dp_family *f, bool add);
struct nl_msg *rtnl_build_route_locked(int ifindex, const struct dp_family *f);
struct nl_msg *rtnl_build_route6(int ifindex, const struct rtnl_route6 *rt, bool add);
struct nl_msg *rtnl_build_net(int ifindex, const struct rtnl_net *n, bool add);
struct nl_msg *rtnl_build_link_local(int ifindex, uint64_t ifid, bool add);
