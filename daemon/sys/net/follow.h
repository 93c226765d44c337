/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One socket that rtnetlink notifies of changes, shared by all who follow them on the reactor. Its receive
 * buffer is large, since ze itself makes thousands of changes per second. When notifications were
 * lost all the same, every listener is told so and has to look at everything.
 */
#pragma once

struct follow;
struct loop;
struct nlmsghdr;

struct follow_listener {
	struct follow_listener *next;
	void (*heard)(void *self, const struct nlmsghdr *h); /* NULL: some were lost */
	void (*end)(void *self);			     /* no more for now; may be NULL */
	void *self;
};

/* groups: RTMGRP_x of all listeners. 0 or -errno. */
int follow_new(struct loop *l, unsigned groups, struct follow **ret);
void follow_free(struct follow *f); /* NULL is harmless */
/* The listener stays the caller's, and is called from now on. */
void follow_add(struct follow *f, struct follow_listener *l);
/* Harmless when it is not there. */
void follow_del(struct follow *f, struct follow_listener *l);
