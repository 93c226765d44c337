/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One rtnetlink socket for notifications of changes, shared by all listeners on the reactor. Its
 * receive buffer has 8 MiB, since ze itself causes thousands of changes per second. When
 * notifications are lost nevertheless, every listener is notified of that and must read the
 * complete state.
 */
#pragma once

struct follow;
struct loop;
struct nlmsghdr;

struct follow_listener {
	struct follow_listener *next;
	void (*heard)(void *self, const struct nlmsghdr *h); /* NULL: some were lost */
	void (*end)(void *self);			     /* the queue is empty; may be NULL */
	void *self;
};

/* groups: RTMGRP_x, the union for all listeners. Returns 0 or -errno. */
int follow_new(struct loop *l, unsigned groups, struct follow **ret);
void follow_free(struct follow *f); /* NULL is allowed */
/* Adds a listener, which is borrowed until follow_del() or follow_free(). */
void follow_add(struct follow *f, struct follow_listener *l);
/* Allowed when the listener was not added. */
void follow_del(struct follow *f, struct follow_listener *l);
