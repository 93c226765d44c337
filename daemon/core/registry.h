/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tunnels, peers and sessions exist, by every name packets and operators have for them. Lookups
 * never allocate. Knows nothing of protocols.
 */
#pragma once

#include <stdint.h>

struct core_peer;
struct core_tunnel;
struct core_user;
struct engine;
struct subscriber;
struct ze_addr;

int registry_init(struct engine *e); /* 0 or -ENOMEM */
void registry_done(struct engine *e);
struct core_tunnel *registry_tunnel(const struct engine *e, uint16_t tid);
struct subscriber *registry_sub(const struct engine *e, uint16_t sid);
/* By IP address; the port does not matter. */
struct core_peer *registry_peer(const struct engine *e, const struct ze_addr *addr);
/* The newest tunnel of this address and port with this Assigned Tunnel ID, other than `except`; those
 * that linger are not found. */
struct core_tunnel *registry_tunnel_of(const struct engine *e, const struct ze_addr *peer,
				       uint16_t peer_tid, const struct core_tunnel *except);
/* A live call of the tunnel by the peer's session id. */
struct subscriber *registry_sub_of(const struct core_tunnel *t, uint16_t peer_sid);
/* Who uses this IPv4 address (host order). */
struct subscriber *registry_sub_by_address(const struct engine *e, uint32_t address);

/* Gives the tunnel an id and enters it. 0, -ENOSPC, -ENOMEM, or the rng's error. */
int registry_add_tunnel(struct engine *e, struct core_tunnel *t, uint16_t *ret_tid);
/* The same with an id of the caller's choice: -EEXIST. */
int registry_add_tunnel_as(struct engine *e, struct core_tunnel *t, uint16_t tid);
void registry_remove_tunnel(struct core_tunnel *t);
/* Counts an authenticated session with its user, s->user: 0 or -ENOMEM. */
int registry_add_user(struct subscriber *s);
void registry_remove_user(struct subscriber *s); /* harmless when it is not counted */
struct core_user *registry_user(const struct engine *e, const char *name); /* NULL: no session */
/* Enters a subscriber whose s.sid was taken by the caller: 0 or -ENOMEM. */
int registry_add_sub(struct subscriber *s);
void registry_remove_sub(struct subscriber *s);
/* The peer's session id: 0 or -ENOMEM. */
int registry_add_call(struct subscriber *s);
/* The call is over: neither the tunnel nor the peer's id lead to it any more. */
void registry_remove_call(struct subscriber *s);
int registry_add_address(struct subscriber *s, uint32_t address); /* 0, -EADDRINUSE, -ENOMEM */
void registry_remove_address(struct subscriber *s);
