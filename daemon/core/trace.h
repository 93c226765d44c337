/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logs packets, one debug line per packet, for the analysis of problems: L2TP control messages
 * under `l2tp`, PPP control packets under `ppp`. The data of LCP, IPCP, IPv6CP and CCP packets is
 * shown in hex; of PAP, CHAP and unknown protocols only code, id and length, because the rest is a
 * secret or lets one find it. It costs one comparison when the level is not debug.
 */
#pragma once

#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"

struct net_path;
struct ppp_effect;
struct subscriber;

/* Logs a control message. dir is "rx" or "tx". Data messages (T=0) are ignored. */
void trace_datagram(const char *dir, const struct net_path *path, struct span datagram);
/* Logs a packet or option that the PPP link refused, within the limit for refusals of its tunnel.
 * Refusals that are normal with many clients are debug lines. */
void trace_refused(struct subscriber *s, const struct ppp_effect *e, ze_ns now);
/* Logs a PPP control frame. dir is "rx" or "tx". */
void trace_frame(const char *dir, const struct subscriber *s, struct span frame);
