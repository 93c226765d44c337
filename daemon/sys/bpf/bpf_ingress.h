/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source checks and upload rates of the kernel plane (bpf/ze_ingress.bpf.c): one program and its
 * map, attached to the interfaces of all subscribers. Not pinned: it ends with the interfaces,
 * which end with the process. Calls for different interfaces may come from different threads.
 */
#pragma once

#include "bpf/ze_bpf.h"

struct bpf_ingress;
struct ze_prefix;

/* Loads the program. Returns 0 or -errno. */
int bpf_ingress_open(struct bpf_ingress **ret);
/* NULL is harmless. */
void bpf_ingress_close(struct bpf_ingress *p);
/* The row of an interface, without which no packet passes. Return 0 or -errno. */
int bpf_ingress_get(const struct bpf_ingress *p, int ifindex, struct ze_ingress *ret);
int bpf_ingress_set(struct bpf_ingress *p, int ifindex, const struct ze_ingress *v);
void bpf_ingress_unset(struct bpf_ingress *p, int ifindex);
/* Sets the interface behind which a network is, and removes it if it is there. set returns 0 or
 * -errno. For the calls about one network the caller needs a lock. */
int bpf_ingress_net_set(struct bpf_ingress *p, const struct ze_prefix *net, int ifindex);
void bpf_ingress_net_unset(struct bpf_ingress *p, const struct ze_prefix *net, int ifindex);
/* For rtnl_subscriber(), which attaches it. Not owned by the caller. */
int bpf_ingress_prog_fd(const struct bpf_ingress *p);
