/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counts the packets of a session each way, and polices them. A meter has the rate and the counters. It gives
 * credit: octets that have passed its policer and its counter in advance, for packets to come. To spend
 * some is all that most packets do, in 4 octets, with one atomic instruction. Nothing is counted twice or
 * not at all, by however many processors at once. The rate is as exact as without credit, which is taken out
 * of the burst, and only while there is some. Compiles for BPF and natively.
 */
#pragma once

#include <stdbool.h>

#include "bpf/police.h"
#include "bpf/ze_bpf.h"

#define ZE_CREDIT_MAX	 (512 * 1024) /* octets that a meter gives at once, and no more than */
#define ZE_CREDIT_BURST	 8	  /* this part of the burst: it comes on top of it after a pause */
#define ZE_CREDIT_OCTETS 0xfffffu /* struct ze_credit as one number */
#define ZE_CREDIT_PACKET (1u << 20)
#define ZE_CREDIT_FULL	 (4095u << 20)

ZE_INLINE __u32 *ze_credit_word(struct ze_credit *c)
{
	return (void *)c;
}

/* False: the credit does not reach, cannot count a packet more, or another processor has changed it. */
ZE_INLINE bool ze_spend(struct ze_credit *c, __u32 octets)
{
	__u32 *word = ze_credit_word(c), old = *(volatile __u32 *)word;

	return (old & ZE_CREDIT_OCTETS) >= octets && old < ZE_CREDIT_FULL &&
	       __sync_val_compare_and_swap(word, old, old - octets + ZE_CREDIT_PACKET) == old;
}

/* How many octets there are in ns of the rate. */
ZE_INLINE __u32 ze_octets_in(__u32 cost, __u64 ns)
{
	__u64 octets = (ns << ZE_COST_SHIFT) / cost;

	return octets < ZE_CREDIT_MAX ? (__u32)octets : ZE_CREDIT_MAX;
}

/* What the rate lets pass now: 0, or `octets` and, if credit is wanted, as many more as there may be. Another
 * processor may be given the same credit at the same time, and the rate makes up for it later. */
ZE_INLINE __u32 ze_admit(struct ze_meter *m, __u32 octets, bool credit, __u64 now)
{
	__u64 burst = ze_burst_ns(m->cost), most = burst / ZE_CREDIT_BURST;
	__u64 tat = *(volatile __u64 *)&m->tat;
	__u64 after = (tat > now ? tat : now) + ze_octets_ns(m->cost, octets);

	if (!m->cost)
		return octets + (credit ? ZE_CREDIT_MAX : 0);
	if (credit && after < now + burst)
		octets += ze_octets_in(m->cost,
				       now + burst - after < most ? now + burst - after : most);
	return ze_gcra(&m->tat, ze_octets_ns(m->cost, octets), burst, now) ? octets : 0;
}

/* Counts a packet for which n octets were admitted. What is beyond it goes into the credit, unless another
 * processor has changed that since it was `old`: then it goes back. */
ZE_INLINE void ze_settle(struct ze_meter *m, struct ze_credit *c, __u32 old, __u32 octets, __u32 n)
{
	__u32 *word = ze_credit_word(c), packets = 1;

	__sync_fetch_and_add(&m->changes, 1);
	if (__sync_val_compare_and_swap(word, old, (old & ZE_CREDIT_OCTETS) + n - octets) == old) {
		packets += old / ZE_CREDIT_PACKET;
	} else {
		__sync_fetch_and_add(&m->tat, -ze_octets_ns(m->cost, n - octets));
		n = octets;
	}
	__sync_fetch_and_add(&m->packets, packets);
	__sync_fetch_and_add(&m->bytes, n);
	__sync_fetch_and_add(&m->changes, 0xffff);
}

/* A packet that its credit does not pay. False: it comes too early. */
ZE_INLINE bool ze_ask(struct ze_meter *m, struct ze_credit *c, __u32 octets, __u64 now)
{
	__u32 old = *(volatile __u32 *)ze_credit_word(c);
	__u32 n = ze_admit(m, octets, (old & ZE_CREDIT_OCTETS) < octets, now);

	if (n)
		ze_settle(m, c, old, octets, n);
	return n != 0;
}

/* Whether meter and credit belong together, if ze_meter.changes was this before and after they were read. */
ZE_INLINE bool ze_undisturbed(__u32 before, __u32 after)
{
	return before == after && !(before & 0xffff);
}
