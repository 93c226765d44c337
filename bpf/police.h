/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The policer of both data planes, and the token bucket of strangers: GCRA, whose whole state is the
 * time at which the line would be idle again. A packet conforms when that is no more than the burst
 * ahead of now, and moves it on by the time its octets take. Compiles for BPF and natively.
 */
#pragma once

#include <stdbool.h>

#include "bpf/parse.h"
#include "bpf/ze_bpf.h"

/* `add` ns of credit at most burst_ns ahead of now. Several processors may race for it: who loses
 * four times in a row is let through, and charged, so that the rate holds and only the burst may be
 * exceeded, by a packet a processor. */
ZE_INLINE bool ze_gcra(__u64 *tat, __u64 add, __u64 burst_ns, __u64 now)
{
	for (int i = 0; i < 4; i++) {
		__u64 old = *(volatile __u64 *)tat;
		__u64 start = old > now ? old : now;

		if (start > now + burst_ns)
			return false;
		if (__sync_val_compare_and_swap(tat, old, start + add) == old)
			return true;
	}
	__sync_fetch_and_add(tat, add);
	return true;
}

/* A packet of a session. */
ZE_INLINE bool ze_conforms(__u64 *tat, __u32 cost, __u32 burst_ns, __u32 octets, __u64 now)
{
	return ze_gcra(tat, (__u64)cost * octets >> ZE_COST_SHIFT, burst_ns, now);
}
