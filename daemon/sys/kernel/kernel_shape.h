/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The step for a session's downstream rate in the kernel plane: a qdisc. Blocks: only on workers.
 */
#pragma once

#include "daemon/sys/kernel/kernel_session.h"

struct nl_sock;

int kernel_shaper_up(struct nl_sock *rtnl, struct kernel_session *s, const struct shape_plan *p);
void kernel_shaper_down(struct nl_sock *rtnl, struct kernel_session *s);
