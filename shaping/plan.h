/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a subscriber's traffic is held to, and how many octets at once. Octets are those of IP. Pure.
 * A policer's burst is in bpf/police.h.
 *
 * A shaper has a queue, so its burst only covers the time between two looks at the clock: 5 ms of
 * its rate, two full packets at least. The queue is 100 ms of the rate, ten full packets at least.
 *
 * A burst passes once after a pause, beside the rate: it shows in what is measured right after one,
 * and not in the rate of a line that is kept busy.
 */
#pragma once

#include <stdint.h>

enum shape_qdisc { /* of the kernel plane's shaper */
	SHAPE_TBF,
	SHAPE_HTB
};

struct shape_plan {
	uint64_t down_bps, up_bps; /* down is to the subscriber */
	enum shape_qdisc qdisc;
};

/* Octets, for a rate of RATE_MIN to RATE_MAX. */
uint32_t plan_shaper_burst(uint64_t bps);
uint32_t plan_queue(uint64_t bps);
/* "tbf", "htb". */
const char *plan_qdisc_name(enum shape_qdisc q);
