/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One netlink request and its answer, with the kernel's own errno (libnl's error numbers lose it).
 * Blocks; a socket belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct nl_msg;
struct nlmsghdr;
struct nl_sock;

int nlreq_open(int protocol,
	       struct nl_sock **ret); /* NETLINK_GENERIC, NETLINK_ROUTE; 0 or -errno */
void nlreq_close(struct nl_sock *sk);
/* A socket that rtnetlink tells of changes (RTMGRP_x), non-blocking: a descriptor, or -errno. */
int nlreq_news(unsigned groups);
/* Each message that waits there; NULL: some were lost, which may have been anything. */
typedef void nlreq_heard(void *self, const struct nlmsghdr *h);
void nlreq_hear(int news, nlreq_heard *heard, void *self);
/* Each whole message in a buffer that is aligned for them. */
void nlreq_each(const void *buf, size_t len, nlreq_heard *heard, void *self);
/* Sends m, which is freed, and waits for the acknowledgement or the end of a dump. `valid`, may be
 * NULL, sees each message of the answer. bad: the message could not be built. 0 or -errno. */
struct nlreq {
	struct nl_msg *m;
	bool bad;
	void (*valid)(struct nl_msg *answer, void *self);
	void *self;
};
int nlreq_run(struct nl_sock *sk, struct nlreq *rq);
