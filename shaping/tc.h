/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The netlink messages that make a device shape what leaves it: a root qdisc, TBF, or HTB with one
 * class. The only place that knows either. Sends nothing itself.
 */
#pragma once

#include "shaping/plan.h"

struct nl_msg;

/* Takes m, sends it, waits: 0 or -errno. */
typedef int (*tc_send)(void *self, struct nl_msg *m);

/* The download of the plan; again with another plan replaces it, of the same qdisc without losing
 * what is queued. 0, -ENOMEM or send's error, and then something may be left for tc_clear. */
int tc_shape(int ifindex, const struct shape_plan *p, tc_send send, void *self);
/* The device's own qdisc again. */
int tc_clear(int ifindex, tc_send send, void *self);
