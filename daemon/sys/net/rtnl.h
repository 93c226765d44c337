/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces, addresses and routes of subscribers by rtnetlink. Blocks (the kernel works under
 * RTNL): only on workers. Deleting what is not there is fine.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/ports.h"

struct nl_msg;
struct nl_sock;

/* rtm_protocol of the subscribers' routes, for BIRD and operators to choose them by. It is nobody
 * else's: FRR takes 186 to 198 for its own (190 is its RIPng) and removes such routes when it starts. */
#define RTNL_ROUTE_PROTO 171

/* One thread at a time, which may enter again: around what takes RTNL. Not around what waits there for RCU, as
 * closing a unit does: those waits overlap. */
void rtnl_enter(void);
void rtnl_leave(void);

/* Any message, which is freed, under the turn above: 0 or -errno. m NULL: -ENOMEM. */
int rtnl_request(struct nl_sock *sk, struct nl_msg *m);
/* No link-local address of the kernel's own making: IPv6CP agrees on one. */
int rtnl_addrgen_none(struct nl_sock *sk, int ifindex);
/* This XDP program sees what comes by a subscriber's own device, which has no addresses but ours: the
 * kernel makes none for PPP. While it is down: of one that is up, the kernel looks through all of its IPv6
 * routes. */
int rtnl_subscriber(struct nl_sock *sk, int ifindex, int prog);
/* The same if it has no program: 0 it had one, 1 it was missing, or -errno. */
int rtnl_ensure_subscriber(struct nl_sock *sk, int ifindex, int prog);
int rtnl_link_up(struct nl_sock *sk, int ifindex, uint16_t mtu);
int rtnl_link_mac(struct nl_sock *sk, int ifindex, const uint8_t mac[6]);
int rtnl_link_down(struct nl_sock *sk, int ifindex);
/* The address of the family: point to point, IPv4 without the kernel's own route. */
int rtnl_addr(struct nl_sock *sk, int ifindex, const struct dp_family *f, bool add);
/* A link-local address for a device of many, with the route to all others there. */
int rtnl_link_local(struct nl_sock *sk, int ifindex, uint64_t ifid, bool add);
/* IPv4: the peer's /32. IPv6 has none: the kernel's route to the peer's link-local is enough. */
int rtnl_route(struct nl_sock *sk, int ifindex, const struct dp_family *f, bool add);
/* The same for a device of many: the largest packet is the route's, and stays whatever is learned. */
int rtnl_route_locked(struct nl_sock *sk, int ifindex, const struct dp_family *f);
/* Packets to len bits of fe80:: and this identifier are no larger than mtu, whatever is learned. It is preferred to
 * the kernel's own route. On a device of many. */
struct rtnl_route6 {
	uint64_t ifid;
	uint8_t len; /* 64 or 128 */
	uint16_t mtu;
};
int rtnl_route6(struct nl_sock *sk, int ifindex, const struct rtnl_route6 *rt, bool add);
/* Those that are there. */
typedef void rtnl_route6_fn(void *self, const struct rtnl_route6 *rt);
int rtnl_find_routes6(struct nl_sock *sk, int ifindex, rtnl_route6_fn *each, void *self);
/* What is there: IPv4 host routes of ours through the interface, and its addresses of either family
 * (IPv4 in the first four octets). found() must not ask for more. */
struct rtnl_found {
	void (*route4)(void *self, uint32_t ip);			/* host order */
	void (*addr)(void *self, uint8_t family, const uint8_t ip[16]); /* 4 or 6 */
	void *self;
};
int rtnl_find(struct nl_sock *sk, int ifindex, const struct rtnl_found *f);
int rtnl_find_routes(struct nl_sock *sk, int ifindex, const struct rtnl_found *f);
int rtnl_find_addrs(struct nl_sock *sk, int ifindex, const struct rtnl_found *f);
/* Adds what the message adds, freed, unless there is such an address or such a route: 0 it was there, 1 it was
 * missing, or -errno. */
int rtnl_ensure(struct nl_sock *sk, struct nl_msg *m);
/* Takes an address of a device of many away: /32, or a link-local /64. */
int rtnl_addr_del(struct nl_sock *sk, int ifindex, uint8_t family, const uint8_t ip[16]);
/* Packets and octets of every device of the namespace, in one dump. */
typedef void rtnl_stats_fn(void *self, int ifindex, const struct dp_stats *st);
int rtnl_stats(struct nl_sock *sk, rtnl_stats_fn *each, void *self);
/* Of one interface. */
int rtnl_link_stats(struct nl_sock *sk, int ifindex, struct dp_stats *ret);

/* The messages, for rtnl_ensure and tests; NULL: no memory. */
struct nl_msg *rtnl_build_addr(int ifindex, const struct dp_family *f, bool add);
struct nl_msg *rtnl_build_route(int ifindex, const struct dp_family *f, bool add);
struct nl_msg *rtnl_build_route_locked(int ifindex, const struct dp_family *f);
struct nl_msg *rtnl_build_route6(int ifindex, const struct rtnl_route6 *rt, bool add);
struct nl_msg *rtnl_build_link_local(int ifindex, uint64_t ifid, bool add);
