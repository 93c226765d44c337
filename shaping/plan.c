/* SPDX-License-Identifier: BSD-2-Clause */
#include "shaping/plan.h"

#define PACKET 1500u /* octets */

static uint32_t octets_in(uint64_t bps, unsigned ms)
{
	return (uint32_t)(bps * ms / 8000); /* fits: RATE_MAX gives 1.25e9 in 100 ms */
}

static uint32_t at_least(uint32_t n, uint32_t floor)
{
	return n > floor ? n : floor;
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
