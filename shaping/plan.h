/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rates of a subscriber, and the burst and queue lengths derived from them, in octets of IP
 * packets. Pure functions. The burst of a policer is in bpf/police.h.
 *
 * A shaper has a queue, so its burst only has to cover the time between two readings of the clock:
 * 5 ms of the rate, but at least two full packets. The queue is 100 ms of the rate, but at least
 * ten full packets.
 *
 * A burst is sent above the rate once after each pause. It affects a measurement taken right after
 * a pause, but not the rate of a line that is busy all the time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum shape_qdisc { /* the qdisc of the kernel plane's shaper */
	SHAPE_TBF,
	SHAPE_HTB
};

struct shape_plan {
	uint64_t down_bps, up_bps; /* bit/s; 0: no limit. Down is towards the subscriber */
	enum shape_qdisc qdisc;
};

static inline bool plan_limits(const struct shape_plan *p)
{
	return p->down_bps || p->up_bps;
}

/* Burst and queue length in octets, for a rate from RATE_MIN to RATE_MAX in bit/s. */
uint32_t plan_shaper_burst(uint64_t bps);
uint32_t plan_queue(uint64_t bps);
/* "tbf" or "htb". */
const char *plan_qdisc_name(enum shape_qdisc q);
