/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rates of a subscriber in the texts of RADIUS attributes. Each vendor has a notation of its
 * own, and opposite views of what is "in" and "rx". Here, down is towards the subscriber and up is
 * from the subscriber. Pure functions.
 *
 * One number: digits with up to six decimal places and a unit of tc(8), see shaping/rate.h, or one of
 * k, M and G (decimal, bits per second). A number without a unit is counted in bit/s or in kbit/s,
 * as the attribute has it. 0 means no limit. Other rates below RATE_MIN or above RATE_MAX are
 * refused, as is everything that follows the grammar only in part: half of a text is no rate.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define RADIUS_RATE_UNSET UINT64_MAX /* the text does not name this direction */
#define RADIUS_RATE_MIN	  8000	     /* bit/s; RATE_MIN of shaping/rate.h */

struct radius_rate {
	uint64_t down_bps, up_bps; /* 0: no limit; RADIUS_RATE_UNSET */
};

/* Filter-Id: "DOWN/UP" or one number for both, after an optional "rate:" or "N," (accel-ppp's number
 * of a time range, which is ignored). The separator may be a backslash or a colon too. Numbers
 * without a unit are kbit/s. */
bool radius_rate_filter(struct span text, struct radius_rate *ret);
/* Mikrotik-Rate-Limit: "RX/TX BURST THRESHOLD TIME PRIORITY MINIMUM", seen from the router: rx is
 * from the subscriber. One number is for both. Everything after the first word is ignored. Numbers
 * without a unit are bit/s. */
bool radius_rate_mikrotik(struct span text, struct radius_rate *ret);
/* Cisco-AVPair: "rate-limit output BPS ..." after any prefix such as "lcp:interface-config#1=";
 * output is towards the subscriber, input from the subscriber. "access-group N" may precede the
 * number. What follows the number is ignored. */
bool radius_rate_cisco(struct span text, struct radius_rate *ret);
/* One number, with this unit when it has none: "" for bit/s, or "kbit". */
bool radius_rate_number(struct span text, const char *unit, uint64_t *ret_bps);
