/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One netlink request and its answer, with the kernel's own errno, which libnl does not preserve.
 * Blocks; a socket belongs to one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct nl_msg;
struct nlmsghdr;
struct nl_sock;

int nlreq_open(int protocol, struct nl_sock **ret); /* protocol: NETLINK_x; 0 or -errno */
void nlreq_close(struct nl_sock *sk);
/* Opens a non-blocking socket for notifications of rtnetlink. groups: RTMGRP_x. Returns a
 * descriptor or -errno. */
int nlreq_news(unsigned groups);
/* Calls heard() for each queued message, from at most 1000 reads, and with NULL when some were
 * lost. *lost is the state between calls, false at first. */
typedef void nlreq_heard(void *self, const struct nlmsghdr *h);
void nlreq_hear(int news, bool *lost, nlreq_heard *heard, void *self);
/* Calls heard() for each complete message in a buffer aligned for struct nlmsghdr. */
void nlreq_each(const void *buf, size_t len, nlreq_heard *heard, void *self);
/*
 * Sends m, which is freed, and waits for the acknowledgement or the end of a dump. Returns 0 or
 * -errno.
 *
 * A request that could not be sent, or whose answer could not be read, is repeated a few times. It
 * must therefore be one that may be carried out twice; `moot` is the error of the second time that
 * counts as success. A dump that changed while it was read is repeated, too; the last one is
 * accepted as it is.
 */
struct nlreq {
	struct nl_msg *m;
	bool bad;					  /* m could not be built: -ENOMEM */
	bool rough;					  /* accept a dump that changed */
	int moot;					  /* such as -EEXIST of a creation */
	void (*valid)(struct nl_msg *answer, void *self); /* for each part; may be NULL */
	void (*anew)(void *self); /* before a repetition: drop what was read; may be NULL */
	void *self;
};
int nlreq_run(struct nl_sock *sk, struct nlreq *rq);
