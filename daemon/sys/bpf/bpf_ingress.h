/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Source checks and upload rates of the kernel plane (bpf/ze_ingress.bpf.c): one program and its map, on as
 * many interfaces as wanted. Not pinned: it goes with the interfaces, which go with the process. Calls
 * on different interfaces may come from different threads.
 */
#pragma once

#include "bpf/ze_bpf.h"

struct bpf_ingress;

/* 0 or -errno. */
int bpf_ingress_open(struct bpf_ingress **ret);
void bpf_ingress_close(struct bpf_ingress *p);
/* The row of an interface, without which nothing passes. 0 or -errno. */
int bpf_ingress_get(const struct bpf_ingress *p, int ifindex, struct ze_ingress *ret);
int bpf_ingress_set(struct bpf_ingress *p, int ifindex, const struct ze_ingress *v);
void bpf_ingress_unset(struct bpf_ingress *p, int ifindex);
/* To attach: rtnl_subscriber. */
int bpf_ingress_prog_fd(const struct bpf_ingress *p);
