/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/gcra.h"

#include "bpf/ze_bpf.h"
#include "shaping/plan.h"

#define NS 1000000000ull

struct gcra gcra_of(uint64_t bps)
{
	uint64_t cost = ((8 * NS << ZE_COST_SHIFT) + bps / 2) / bps;
	uint64_t burst_ns = plan_policer_burst(bps) * 8 * NS / bps;

	return (struct gcra){ .cost = (uint32_t)cost, .burst_ns = (uint32_t)burst_ns };
}
