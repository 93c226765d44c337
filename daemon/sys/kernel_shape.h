/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a session's rates in the kernel plane: qdisc for the download, policer for the upload.
 * Block; on workers. The policer's program and map exist while a session has an upload rate.
 */
#pragma once

#include "daemon/sys/kernel.h"

struct nl_sock;

int kernel_shaper_up(struct nl_sock *rtnl, struct kernel_session *s, const struct shape_plan *p);
void kernel_shaper_down(struct nl_sock *rtnl, struct kernel_session *s);
int kernel_upload_up(struct kernel_session *s, const struct shape_plan *p);
void kernel_upload_down(struct kernel_session *s);
/* Packets above the rate. */
uint64_t kernel_upload_dropped(int ifindex);
int kernel_filter_up(struct kernel_session *s);
void kernel_filter_down(struct kernel_session *s);
