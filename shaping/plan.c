/* SPDX-License-Identifier: BSD-2-Clause */
#include "shaping/plan.h"

#define PACKET 1500u	/* octets */
#define SLOW   1000000u /* bit/s: 4 s are less than the least burst */

static uint32_t octets_in(uint64_t bps, unsigned ms)
{
	return (uint32_t)(bps / 8000 * ms); /* RATE_MAX: 1.25e9 in 100 ms */
}

static uint32_t at_least(uint32_t n, uint32_t floor)
{
	return n > floor ? n : floor;
}

uint32_t shape_policer_burst(uint64_t bps)
{
	uint32_t most = bps < SLOW ? octets_in(bps, 4000) : UINT32_MAX;
	uint32_t n = at_least(octets_in(bps, 100), 10 * PACKET);

	return n < most ? n : most;
}

uint32_t shape_shaper_burst(uint64_t bps)
{
	return at_least(octets_in(bps, 5), 2 * PACKET);
}

uint32_t shape_queue(uint64_t bps)
{
	return at_least(octets_in(bps, 100), 10 * PACKET);
}

const char *shape_qdisc_name(enum shape_qdisc q)
{
	return q == SHAPE_HTB ? "htb" : "tbf";
}
