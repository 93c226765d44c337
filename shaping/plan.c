/* SPDX-License-Identifier: BSD-2-Clause */
#include "shaping/plan.h"

#define POLICER_MS 250
#define PACKET	   1500u    /* octets */
#define SLOW	   1000000u /* bit/s: 4 s are less than the least burst */

static uint32_t octets_in(uint64_t bps, unsigned ms)
{
	return (uint32_t)(bps * ms / 8000); /* RATE_MAX: 3.1e9 in 250 ms */
}

static uint32_t at_least(uint32_t n, uint32_t floor)
{
	return n > floor ? n : floor;
}

uint32_t plan_policer_burst(uint64_t bps)
{
	uint32_t most = bps < SLOW ? octets_in(bps, 4000) : UINT32_MAX;
	uint32_t n = at_least(octets_in(bps, POLICER_MS), 10 * PACKET);

	return n < most ? n : most;
}

uint32_t plan_shaper_burst(uint64_t bps)
{
	return at_least(octets_in(bps, 5), 2 * PACKET);
}

uint32_t plan_queue(uint64_t bps)
{
	return at_least(octets_in(bps, 100), 10 * PACKET);
}

const char *plan_qdisc_name(enum shape_qdisc q)
{
	return q == SHAPE_HTB ? "htb" : "tbf";
}
