/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps about what a subscriber sends, in the kernel plane: whose addresses it may send from, and
 * how fast. A session has its row in the program's map, and the program on its interface, as long as
 * it is there; program and map exist as long as any session does. Block; on workers.
 */
#pragma once

#include "daemon/sys/kernel/kernel.h"

struct nl_sock;

/* Nothing may come up yet. 0 or -errno. */
int kernel_ingress_up(struct nl_sock *rtnl, const struct kernel_session *s);
/* The program is on the interface: 0 it was, 1 it was missing, or -errno. */
int kernel_ingress_check(struct nl_sock *rtnl, const struct kernel_session *s);
/* The program goes with the interface. */
void kernel_ingress_down(const struct kernel_session *s);
/* A family is open for the address in f; f->family closed when not open. */
int kernel_ingress_source(const struct kernel_session *s, const struct dp_family *f, bool open);
/* The cost of gcra.h, 0: no rate. What arrives meanwhile may be counted or not. */
int kernel_ingress_rate(const struct kernel_session *s, uint32_t cost);
/* Packets dropped so far, into what st has of them. */
void kernel_ingress_read(int ifindex, struct dp_stats *st);
