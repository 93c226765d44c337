/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The policer of both data planes, and the token buckets of the guard: GCRA, whose whole state is the
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

ZE_INLINE __u64 ze_octets_ns(__u32 cost, __u32 octets)
{
	return (__u64)cost * octets >> ZE_COST_SHIFT;
}

/* How far ahead of its rate a line may be: there is no queue, and what is beyond is lost. Who sends by
 * TCP then often falls silent until the retransmission timer runs out, 200 ms on Linux at least. With
 * 250 ms nothing of the rate is lost in such a pause; with 100 ms TCP gets half of it. Ten full
 * packets at least, because a slow line's TCP sends as many before it has heard anything, and never
 * more than 4 s. */
ZE_INLINE __u64 ze_burst_ns(__u32 cost)
{
	__u64 ns = ze_octets_ns(cost, 10 * 1500);

	if (ns < 250000000)
		return 250000000;
	return ns < 4000000000 ? ns : 4000000000;
}

/* A packet of a session; cost: of its rate, not 0. */
ZE_INLINE bool ze_conforms(__u64 *tat, __u32 cost, __u32 octets, __u64 now)
{
	return ze_gcra(tat, ze_octets_ns(cost, octets), ze_burst_ns(cost), now);
}
