/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP endpoints. Received datagrams enter the engine with the address to which they were sent;
 * replies leave from the address that the peer knows (RFC 2661 8.1). A listener is first bound
 * exclusively, so that a second daemon is refused, and then made shareable (SO_REUSEADDR), so that
 * the connected tunnel sockets of the kernel plane can use the same port.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/ports.h"

struct loop;
struct udp;
struct udp_sock;

int udp_new(struct loop *l, struct udp **ret); /* 0 or -ENOMEM */
void udp_free(struct udp *u);		       /* closes the listeners; unwatches all sockets */
/* Opens and watches a listener. Returns 0 or -errno: -EADDRINUSE, -EADDRNOTAVAIL, -EACCES ... */
int udp_listen(struct udp *u, const struct ze_addr *a);
extern const struct net_ops udp_net_ops; /* self is the struct udp */

/* Accepts or drops IPv6 datagrams without a checksum, on existing and new sockets. They are dropped
 * at first. */
void udp_zero_checksum(struct udp *u, bool accept);
/* Opens a socket for one path, bound and connected, not watched. Returns 0 or -errno; the caller
 * owns *ret_fd. */
int udp_connected_socket(const struct net_path *path, int *ret_fd);
/* Passes datagrams of a connected socket to the engine, too. The caller owns fd. NULL: no
 * memory. */
struct udp_sock *udp_watch(struct udp *u, int fd, const struct net_path *path);
/* Reads what is queued, then frees s; not its descriptor. Must not be called from within the
 * engine, since the datagrams are passed to it. NULL is allowed. */
void udp_unwatch(struct udp_sock *s);
