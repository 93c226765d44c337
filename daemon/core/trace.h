/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said on the wire, one debug line a packet, to find out about one customer: control
 * messages under `l2tp`, PPP control packets under `ppp`. Options of LCP, IPCP and IPv6CP are shown
 * in hex; of PAP and CHAP only code, id and length, because the rest is or leads to a secret. Costs a
 * comparison when the level is not debug.
 */
#pragma once

#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"

struct net_path;
struct ppp_effect;
struct subscriber;

/* dir is "rx" or "tx"; datagrams with data (T=0) are left to trace_frame. */
void trace_datagram(const char *dir, const struct net_path *path, struct span datagram);
/* What the link refused, by its names; at most as many lines as refusals of its tunnel. What
 * every other client does by its nature is a debug line. */
void trace_refused(struct subscriber *s, const struct ppp_effect *e, ze_ns now);
void trace_frame(const char *dir, const struct subscriber *s, struct span frame);
