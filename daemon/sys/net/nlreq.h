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
/* Each message that waits there, up to a thousand; NULL: some were lost, which may have been anything. *lost is
 * false at first and kept from call to call. */
typedef void nlreq_heard(void *self, const struct nlmsghdr *h);
void nlreq_hear(int news, bool *lost, nlreq_heard *heard, void *self);
/* Each whole message in a buffer that is aligned for them. */
void nlreq_each(const void *buf, size_t len, nlreq_heard *heard, void *self);
/*
 * Sends m, which is freed, and waits for the acknowledgement or the end of a dump. 0 or -errno.
 *
 * A request that could not be sent, or whose answer could not be read, is sent again, a few times: a failed call
 * harms nobody else's request. So a request must be one that may be carried out twice; where the second time is
 * an error, it is `moot`. A list that the kernel says has changed while it was read is read again, as often.
 */
struct nlreq {
	struct nl_msg *m;
	bool bad;					  /* it could not be built */
	bool rough;					  /* a list that may miss a part will do */
	int moot;					  /* -EEXIST of what is made */
	void (*valid)(struct nl_msg *answer, void *self); /* each part of the answer; may be NULL */
	void (*anew)(void *self); /* it comes again from the beginning; NULL: that does no harm */
	void *self;
};
int nlreq_run(struct nl_sock *sk, struct nlreq *rq);
