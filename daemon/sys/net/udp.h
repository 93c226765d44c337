/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP endpoints: what arrives enters the engine with the address it was sent to, what leaves does so
 * from the address the peer knows (RFC 2661 8.1). A listener is bound exclusively first, so that a
 * second daemon is refused, and made shareable then, so that the kernel plane's connected tunnel
 * sockets can sit on the same port.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/ports.h"

struct loop;
struct udp;
struct udp_sock;

struct udp_counters {
	uint64_t rx_datagrams, rx_bytes, tx_datagrams, tx_bytes, rx_errors, tx_errors;
};

int udp_new(struct loop *l, struct udp **ret); /* 0 or -ENOMEM */
void udp_free(struct udp *u);		       /* closes the listeners */
/* 0 or -errno: -EADDRINUSE, -EADDRNOTAVAIL, -EACCES ... */
int udp_listen(struct udp *u, const struct ze_addr *a);
extern const struct net_ops udp_net_ops; /* self is the struct udp */
const struct udp_counters *udp_counters(const struct udp *u);

/* Whether datagrams over IPv6 without a checksum are taken, by sockets there are and others; not at first. */
void udp_zero_checksum(struct udp *u, bool accept);
/* A socket of its own for one path, bound and connected; not watched yet. 0 and *ret_fd, or -errno. */
int udp_connected_socket(const struct net_path *path, int *ret_fd);
/* Datagrams of a connected socket enter the engine too. The fd stays the caller's. NULL: no memory. */
struct udp_sock *udp_watch(struct udp *u, int fd, const struct net_path *path);
/* Reads what is still queued, then forgets the socket. Never from inside an engine turn: the queue
 * goes into the engine. */
void udp_unwatch(struct udp_sock *s);
