/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counts the IP packets of a session in each direction and polices them. No packet is counted twice
 * or missed, whatever the number of CPUs. Compiles for BPF and natively.
 *
 * Structures (ze_bpf.h), one of each per session id and direction, in arrays that the daemon maps
 * into its memory. They last as long as the maps, also over a restart of the daemon;
 * bpf_hot_reset() clears those of a session id before it is used again.
 *
 *   struct ze_meter   32 octets: cost of an octet (the rate), tat (state of the policer, police.h),
 *                     packets and bytes, and `changes` for readers
 *   struct ze_credit  4 octets: `octets` that may still pass, `packets` that have passed
 *
 * Credit. A packet that needs the meter charges it for more octets than its own, and the rest
 * becomes credit: octets that have already passed the policer and the byte counter. Most packets
 * only spend credit, with one atomic instruction on one word. The rate stays exact, because credit
 * is charged when it is given. It is given only within the burst, at most an eighth of it and at
 * most 512 KiB. Credit that is left after a pause comes on top of a full burst, which it exceeds by
 * that eighth.
 *
 *   ze_spend()   takes the octets of a packet from the credit
 *   ze_ask()     if that fails: admits the packet by the policer, settles, gives new credit
 *   ze_admit()   the policer's part of that
 *   ze_settle()  the counters' part: moves the packets of the credit into the meter
 *
 * Counters. What has passed is meter.packets + credit.packets and meter.bytes - credit.octets. A
 * reader must see both of the same moment: `changes` has the number of changes in progress in its
 * lower 16 bits and the number of finished ones in its upper 16 bits. See ze_undisturbed() and
 * bpf_hot.c.
 *
 * Threads. The programs change both on any CPU at the same time; the daemon writes `cost` at any
 * time and reads from any thread. There are no locks and no timers: `now` is a monotonic clock in
 * ns, which may be as old as one tick (10 ms).
 *
 * A cost of 0 means that the session is not policed, only counted. This is the GCRA of ITU-T I.371;
 * no RFC specifies it. Left out: shaping (there is no queue), and rates per family or class.
 */
#pragma once

#include <stdbool.h>

#include "bpf/police.h"
#include "bpf/ze_bpf.h"

#define ZE_CREDIT_MAX	 (512 * 1024) /* octets given at once, at most */
#define ZE_CREDIT_BURST	 8	      /* part of the burst that may be given as credit */
#define ZE_CREDIT_OCTETS 0xfffffu     /* struct ze_credit as one word, little endian */
#define ZE_CREDIT_PACKET (1u << 20)
#define ZE_CREDIT_FULL	 (4095u << 20)

ZE_INLINE __u32 *ze_credit_word(struct ze_credit *c)
{
	return (void *)c;
}

/* Spends credit for a packet. False: there is not enough, its packet counter is full, or another
 * CPU has changed it at the same time. */
ZE_INLINE bool ze_spend(struct ze_credit *c, __u32 octets)
{
	__u32 *word = ze_credit_word(c), old = *(volatile __u32 *)word;

	return (old & ZE_CREDIT_OCTETS) >= octets && old < ZE_CREDIT_FULL &&
	       __sync_val_compare_and_swap(word, old, old - octets + ZE_CREDIT_PACKET) == old;
}

/* The number of octets in ns of the rate, at most ZE_CREDIT_MAX. */
ZE_INLINE __u32 ze_octets_in(__u32 cost, __u64 ns)
{
	__u64 octets = (ns << ZE_COST_SHIFT) / cost;

	return octets < ZE_CREDIT_MAX ? (__u32)octets : ZE_CREDIT_MAX;
}

/* Asks the policer. Returns 0: the packet exceeds the rate; otherwise `octets` and, if credit is
 * wanted, as many more as may be given. Two CPUs may give the same credit at the same time; both
 * are charged, so that the rate holds. */
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

/* Counts a packet for which n octets were admitted. The rest becomes credit, unless another CPU has
 * changed the credit since it was `old`: then the rest is given back. */
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

/* Processes a packet for which the credit is not enough. False: it exceeds the rate. */
ZE_INLINE bool ze_ask(struct ze_meter *m, struct ze_credit *c, __u32 octets, __u64 now)
{
	__u32 old = *(volatile __u32 *)ze_credit_word(c);
	__u32 n = ze_admit(m, octets, (old & ZE_CREDIT_OCTETS) < octets, now);

	if (n)
		ze_settle(m, c, old, octets, n);
	return n != 0;
}

/* True when meter and credit were of the same moment: ze_meter.changes was `before` and `after`
 * they were read. */
ZE_INLINE bool ze_undisturbed(__u32 before, __u32 after)
{
	return before == after && !(before & 0xffff);
}
