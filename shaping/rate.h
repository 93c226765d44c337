/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rates as tc(8) writes them: 10mbit, 512kbit, 1.5gbit, 64kibit (1024 bit/s each), 250kbps (octets
 * a second, as tc has it), or a plain number of bit/s. Units in any case of letters. Pure.
 */
#pragma once

#include <stdint.h>

#define RATE_MIN  8000ull	  /* bit/s */
#define RATE_MAX  100000000000ull /* bit/s */
#define RATE_TEXT 24

/* 0 and bit/s; -EINVAL: not a rate; -ERANGE: below RATE_MIN or above RATE_MAX. Up to six decimal
 * places; what is less than a bit is cut off. */
int rate_parse(const char *text, uint64_t *ret_bps);
/* In the largest decimal unit that needs no decimal point; rate_parse reads it back. Returns buf. */
char *rate_text(uint64_t bps, char buf[static RATE_TEXT]);
