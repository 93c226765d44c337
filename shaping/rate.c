/* SPDX-License-Identifier: BSD-2-Clause */
#include "shaping/rate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>

#include "daemon/base/compiler.h"

#define DECIMALS_MAX 6
#define KI	     1024ull

/* Indexes into the table below. */
#define BIT  1
#define TBIT 5

static const struct {
	const char *name;
	uint64_t bits;
} units[] = {
	{ "", 1 },
	{ "bit", 1 },
	{ "kbit", 1000 },
	{ "mbit", 1000000 },
	{ "gbit", 1000000000 },
	{ "tbit", 1000000000000 },
	{ "kibit", KI },
	{ "mibit", KI *KI },
	{ "gibit", KI *KI *KI },
	{ "tibit", KI *KI *KI *KI },
	{ "bps", 8 },
	{ "kbps", 8000 },
	{ "mbps", 8000000 },
	{ "gbps", 8000000000 },
	{ "tbps", 8000000000000 },
	{ "kibps", 8 * KI },
	{ "mibps", 8 * KI *KI },
	{ "gibps", 8 * KI *KI *KI },
	{ "tibps", 8 * KI *KI *KI *KI },
};

static uint64_t unit_of(const char *name)
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(units); i++)
		if (strcasecmp(units[i].name, name) == 0)
			return units[i].bits;
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits before the point. The result stays above RATE_MAX once it exceeds it, for any unit. */
static uint64_t whole(const char **p)
{
	uint64_t n = 0;

	for (; is_digit(**p); (*p)++)
		n = n > RATE_MAX ? n : n * 10 + (uint64_t)(**p - '0');
	return n;
}

/* Digits after the point, in millionths. */
static int fraction(const char **p, uint64_t *ret)
{
	uint64_t n = 0;
	int digits = 0;

	for (; is_digit(**p); (*p)++, digits++)
		n = n * 10 + (uint64_t)(**p - '0') * (digits < DECIMALS_MAX);
	if (digits == 0 || digits > DECIMALS_MAX)
		return -EINVAL;
	for (; digits < DECIMALS_MAX; digits++)
		n *= 10;
	*ret = n;
	return 0;
}

int rate_parse(const char *text, uint64_t *ret_bps)
{
	const char *p = text;
	uint64_t n, unit, millionths = 0, bps;

	if (!is_digit(*p))
		return -EINVAL;
	n = whole(&p);
	if (*p == '.') {
		p++;
		if (fraction(&p, &millionths) < 0)
			return -EINVAL;
	}
	unit = unit_of(p);
	if (!unit)
		return -EINVAL;
	if (n > RATE_MAX / unit)
		return -ERANGE;
	bps = n * unit + millionths * unit / 1000000;
	if (bps < RATE_MIN || bps > RATE_MAX)
		return -ERANGE;
	*ret_bps = bps;
	return 0;
}

char *rate_text(uint64_t bps, char buf[static RATE_TEXT])
{
	size_t best = BIT;

	while (best < TBIT && bps && bps % units[best + 1].bits == 0)
		best++;
	snprintf(buf, RATE_TEXT, "%" PRIu64 "%s", bps / units[best].bits, units[best].name);
	return buf;
}
