/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry of tunnels, peers, users and sessions, with a lookup for each key that packets and
 * operators use. Lookups return NULL when there is no such object and never allocate. Nothing here
 * depends on the protocols.
 */
#pragma once

#include <stdint.h>

struct peer;
struct tunnel;
struct user;
struct call;
struct engine;
struct subscriber;
struct ze_addr;

int registry_init(struct engine *e); /* 0 or -ENOMEM */
void registry_done(struct engine *e);
struct tunnel *registry_tunnel(const struct engine *e, uint16_t tid);
/* The call with this session id of ours. */
struct call *registry_call(const struct engine *e, uint16_t sid);
/* Its subscriber; NULL also when the call has another owner. */
struct subscriber *registry_sub(const struct engine *e, uint16_t sid);
/* The peer with this IP address; the port is ignored. */
struct peer *registry_peer(const struct engine *e, const struct ze_addr *addr);
/* The newest tunnel of this address and port with this Assigned Tunnel ID. `except`, which may be
 * NULL, and tunnels in LINGER are not found. */
struct tunnel *registry_tunnel_of(const struct engine *e, const struct ze_addr *peer,
				  uint16_t peer_tid, const struct tunnel *except);
/* The call of the tunnel with this session id of the peer; calls that have ended are not found. */
struct call *registry_call_of(const struct tunnel *t, uint16_t peer_sid);
/* The subscriber that has this IPv4 address (host order). */
struct subscriber *registry_sub_by_address(const struct engine *e, uint32_t address);

/* Allocates an id and adds the tunnel. Returns 0, -ENOSPC (no id is free), -ENOMEM, or the error of
 * the random number generator. */
int registry_add_tunnel(struct engine *e, struct tunnel *t, uint16_t *ret_tid);
/* Adds the tunnel with the given id. Returns 0, -EEXIST or -ENOMEM. */
int registry_add_tunnel_as(struct engine *e, struct tunnel *t, uint16_t tid);
/* Removes the tunnel and returns its id. The peer is freed with its last tunnel. */
void registry_remove_tunnel(struct tunnel *t);
/* Counts an authenticated session with its user, facts_user(). Returns 0 or -ENOMEM. */
int registry_add_user(struct subscriber *s);
void registry_remove_user(struct subscriber *s); /* harmless when it is not counted */
struct user *registry_user(const struct engine *e, const char *name); /* NULL: no session */
/* Adds a call whose l2tp.sid was allocated by the caller, also to its tunnel, under the peer's session
 * id. Returns 0 or -ENOMEM. */
int registry_add_call(struct call *c);
/* Removes a call that has ended from its tunnel. Harmless when it is not there. */
void registry_end_call(struct call *c);
/* Removes a call from the registry. */
void registry_remove_call(struct call *c);
/* Enters the IPv4 address of the subscriber's lease. Returns 0, -EADDRINUSE or -ENOMEM. */
int registry_add_address(struct subscriber *s);
void registry_remove_address(struct subscriber *s);
