/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One netlink request and its answer, with the kernel's own errno (libnl's error numbers lose it).
 * Blocks; a socket belongs to one thread.
 */
#pragma once

#include <stdbool.h>

struct nl_msg;
struct nl_sock;

int nlreq_open(int protocol,
	       struct nl_sock **ret); /* NETLINK_GENERIC, NETLINK_ROUTE; 0 or -errno */
void nlreq_close(struct nl_sock *sk);
/* A socket that rtnetlink tells of changes (RTMGRP_x), non-blocking: a descriptor, or -errno. */
int nlreq_news(unsigned groups);
/* Sends m, which is freed, and waits for the acknowledgement or the end of a dump. `valid`, may be
 * NULL, sees each message of the answer. bad: the message could not be built. 0 or -errno. */
struct nlreq {
	struct nl_msg *m;
	bool bad;
	void (*valid)(struct nl_msg *answer, void *self);
	void *self;
};
int nlreq_run(struct nl_sock *sk, struct nlreq *rq);
