/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The upload policer (bpf/ze_tc.bpf.c): one program and its map, on as many interfaces as wanted.
 * Not pinned: it goes with the interfaces, which go with the process. Calls on different interfaces
 * may come from different threads; attach and detach take RTNL.
 */
#pragma once

#include "bpf/ze_bpf.h"

struct bpf_police;
struct gcra;

/* 0 or -errno. */
int bpf_police_open(struct bpf_police **ret);
void bpf_police_close(struct bpf_police *p);
/* The rate of an interface; a new one leaves the counters. What arrives in between may be counted
 * or not. */
int bpf_police_set(struct bpf_police *p, int ifindex, const struct gcra *g);
void bpf_police_unset(struct bpf_police *p, int ifindex);
int bpf_police_read(const struct bpf_police *p, int ifindex, struct ze_police *ret);
/* On the interface's way in, once. What has no rate passes. */
int bpf_police_attach(struct bpf_police *p, int ifindex);
/* clsact goes, and with it everybody's filters. */
void bpf_police_detach(struct bpf_police *p, int ifindex);
int bpf_police_prog_fd(const struct bpf_police *p);
