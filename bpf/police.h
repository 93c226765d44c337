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

/* Whether the line is no more than burst_ns ahead of now. Several processors may ask before the first of
 * them charges: what they let through is charged all the same, so that the rate holds and only the
 * burst may be exceeded, by a packet a processor. */
ZE_INLINE bool ze_gcra_conforms(const __u64 *tat, __u64 burst_ns, __u64 now)
{
	__u64 old = *(const volatile __u64 *)tat;

	return old <= now + burst_ns;
}

ZE_INLINE void ze_gcra_charge(__u64 *tat, __u64 add, __u64 now)
{
	for (int i = 0; i < 4; i++) {
		__u64 old = *(volatile __u64 *)tat;

		if (__sync_val_compare_and_swap(tat, old, (old > now ? old : now) + add) == old)
			return;
	}
	__sync_fetch_and_add(tat, add);
}

ZE_INLINE bool ze_gcra(__u64 *tat, __u64 add, __u64 burst_ns, __u64 now)
{
	if (!ze_gcra_conforms(tat, burst_ns, now))
		return false;
	ze_gcra_charge(tat, add, now);
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

/* A cost in 15 bits: an exponent, and behind a leading 1 that is not written the 10 bits of the
 * mantissa. So it is right within 0.05 %; up to 2047, exactly. 0 stays 0. */
#define ZE_RATE_BITS 10
#define ZE_RATE_MAX  0x7fff

ZE_INLINE __u16 ze_rate_of(__u32 cost)
{
	__u32 shift = 0;

	while (cost >> shift >= 2u << ZE_RATE_BITS)
		shift++;
	/* Rounding up may carry into the exponent, as it should. */
	return (__u16)((shift << ZE_RATE_BITS) + ((cost + (1u << shift >> 1)) >> shift));
}

ZE_INLINE __u32 ze_cost_of(__u16 rate)
{
	__u32 e = rate >> ZE_RATE_BITS, m = rate & ((1u << ZE_RATE_BITS) - 1);

	return e ? (m | 1u << ZE_RATE_BITS) << (e - 1) : m;
}
