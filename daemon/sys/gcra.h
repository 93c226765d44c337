/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A rate as the policer in BPF (bpf/police.h) counts: the time an octet takes and the burst, both in
 * units of time. Pure. Exact within 0.1 % for packets of 64 octets and more at 1 Gbit/s and below.
 */
#pragma once

#include <stdint.h>

struct gcra {
	uint32_t cost;	   /* of an octet, in ns / 2^ZE_COST_SHIFT */
	uint32_t burst_ns; /* how far ahead of its rate a line may be */
};

/* bps of RATE_MIN to RATE_MAX. */
struct gcra gcra_of(uint64_t bps);
