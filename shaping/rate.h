/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rates in the notation of tc(8): 10mbit, 512kbit, 1.5gbit, 64kibit (units of 1024 bit/s), 250kbps
 * (octets per second, as in tc), or a plain number of bit/s. Upper and lower case are equal. Pure
 * functions.
 */
#pragma once

#include <stdint.h>

#define RATE_MIN  8000ull	  /* bit/s */
#define RATE_MAX  100000000000ull /* bit/s */
#define RATE_TEXT 24

/* Parses a rate into bit/s. Returns 0, -EINVAL for a malformed rate, -ERANGE below RATE_MIN or
 * above RATE_MAX. Up to six decimal places are accepted; fractions of a bit are cut off. */
int rate_parse(const char *text, uint64_t *ret_bps);
/* Formats a rate in the largest decimal unit that needs no decimal point; rate_parse() accepts it.
 * Returns buf. */
char *rate_text(uint64_t bps, char buf[static RATE_TEXT]);
