/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The netlink messages that shape what a device sends: a root qdisc, either TBF or HTB with one
 * class. Only this unit knows the qdiscs. It sends nothing itself.
 */
#pragma once

#include "shaping/plan.h"

struct nl_msg;

/* Sends m, which it takes ownership of, and waits for the result. Returns 0 or -errno. */
typedef int (*tc_send)(void *self, struct nl_msg *m);

/* Shapes the downstream rate of the plan. Calling it again replaces the rate; with the same
 * qdisc, queued packets are kept. Returns 0, -ENOMEM or the error of send; after an error call
 * tc_clear(). */
int tc_shape(int ifindex, const struct shape_plan *p, tc_send send, void *self);
/* Restores the default qdisc of the device. */
int tc_clear(int ifindex, tc_send send, void *self);
