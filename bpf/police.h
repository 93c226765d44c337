/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The policer of both data planes and the token buckets of the guard: GCRA. Its whole state is the
 * theoretical arrival time (tat, in ns), at which the line would be idle again. A packet conforms
 * if that is at most the burst ahead of now, and moves it forward by the time that its octets take.
 * Compiles for BPF and natively.
 */
#pragma once

#include <stdbool.h>

#include "bpf/parse.h"
#include "bpf/ze_bpf.h"

/* Charges add ns; false when tat is more than burst_ns ahead of now. If several CPUs change tat at
 * the same time, one that fails four times in a row lets its packet through and charges it: the
 * rate holds, and only the burst may be exceeded, by one packet per CPU. */
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

ZE_INLINE __u64 ze_octets_ns(__u32 cost, __u32 octets)
{
	return (__u64)cost * octets >> ZE_COST_SHIFT;
}

/* The burst in ns, 250 ms to 4 s: how far a line may be ahead of its rate. There is no queue;
 * packets beyond it are lost. A TCP sender then often sends nothing until its retransmission timer
 * expires, at least 200 ms on Linux. With 250 ms such a pause does not reduce the rate; with 100 ms
 * TCP gets half of it. The burst is at least ten full packets, because TCP on a slow line sends as
 * many before the first acknowledgement. */
ZE_INLINE __u64 ze_burst_ns(__u32 cost)
{
	__u64 ns = ze_octets_ns(cost, 10 * 1500);

	if (ns < 250000000)
		return 250000000;
	return ns < 4000000000 ? ns : 4000000000;
}

/* Charges a packet of a session; cost is that of its rate, not 0. */
ZE_INLINE bool ze_conforms(__u64 *tat, __u32 cost, __u32 octets, __u64 now)
{
	return ze_gcra(tat, ze_octets_ns(cost, octets), ze_burst_ns(cost), now);
}
