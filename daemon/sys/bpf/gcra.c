/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/gcra.h"

#include "bpf/ze_bpf.h"

#define NS 1000000000ull

uint32_t gcra_cost(uint64_t bps)
{
	return !bps ? 0 : (uint32_t)(((8 * NS << ZE_COST_SHIFT) + bps / 2) / bps);
}
