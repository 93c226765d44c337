/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local address of a datagram as ancillary data, in both directions, so that one socket that is
 * bound to no address serves a host with many, and an answer leaves from the address to which the
 * request was sent.
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "daemon/base/addr.h"

union pktinfo { /* room for it; aligned */
	struct cmsghdr align;
	char buf[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Datagrams of this socket shall have it. Returns 0 or -errno. */
int pktinfo_want(int fd, uint8_t family);
/* Where a received datagram was sent to: the address of the ancillary data, the port of `bound`. */
struct ze_addr pktinfo_local(struct msghdr *m, const struct ze_addr *bound);
/* Makes a datagram leave from this address. `room` must be valid until it is sent. */
void pktinfo_set(struct msghdr *m, union pktinfo *room, const struct ze_addr *local);
