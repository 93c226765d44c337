/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_rate.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shaping/rate.h"

_Static_assert(RADIUS_RATE_MIN == RATE_MIN, "the rates that RADIUS may give");

#define NUMBER_MAX 32 /* octets of a number with its unit */

static bool is_one_of(uint8_t c, const char *set)
{
	return c && strchr(set, c);
}

/* The octets before the first one of the set, which `rest` then begins with. */
static struct span until(struct span *rest, const char *set)
{
	struct span head = *rest;
	size_t n = 0;

	while (n < rest->len && !is_one_of(rest->p[n], set))
		n++;
	head.len = n;
	*rest = span_of(rest->p + n, rest->len - n);
	return head;
}

static struct span skip_blanks(struct span s)
{
	while (s.len && is_one_of(s.p[0], " \t"))
		s = span_of(s.p + 1, s.len - 1);
	return s;
}

/* Takes the next word, and the blanks around it. */
static struct span next_word(struct span *rest)
{
	struct span word;

	*rest = skip_blanks(*rest);
	word = until(rest, " \t");
	*rest = skip_blanks(*rest);
	return word;
}

static bool is_word(struct span s, const char *word)
{
	return s.len == strlen(word) && strncasecmp((const char *)s.p, word, s.len) == 0;
}

/* Removes `prefix` from the front of the text. */
static bool take_prefix(struct span *text, const char *prefix)
{
	size_t n = strlen(prefix);

	if (text->len < n || strncasecmp((const char *)text->p, prefix, n) != 0)
		return false;
	*text = span_of(text->p + n, text->len - n);
	return true;
}

bool radius_rate_number(struct span text, const char *unit, uint64_t *ret_bps)
{
	char buf[NUMBER_MAX + 8];
	uint8_t last = text.len ? text.p[text.len - 1] : 0;

	if (text.len < 1 || text.len > NUMBER_MAX || memchr(text.p, 0, text.len))
		return false;
	if (is_one_of(last, "kKmMgG"))
		unit = "bit";
	else if (!is_one_of(last, "0123456789"))
		unit = "";
	snprintf(buf, sizeof(buf), "%.*s%s", (int)text.len, (const char *)text.p, unit);
	if (strspn(buf, "0") == text.len) { /* "0", "000" */
		*ret_bps = 0;
		return true;
	}
	return rate_parse(buf, ret_bps) == 0;
}

/* "A/B", or "A" for both. */
static bool two_numbers(struct span text, const char *separators, const char *unit,
			uint64_t ret_bps[2])
{
	struct span first = until(&text, separators);
	uint64_t bps[2];

	if (!radius_rate_number(first, unit, &bps[0]))
		return false;
	bps[1] = bps[0];
	if (text.len && !radius_rate_number(span_of(text.p + 1, text.len - 1), unit, &bps[1]))
		return false;
	memcpy(ret_bps, bps, sizeof(bps));
	return true;
}

/* Removes accel-ppp's "N,". */
static void skip_time_range(struct span *text)
{
	struct span rest = *text, number = until(&rest, ",");

	for (size_t i = 0; i < number.len; i++)
		if (!is_one_of(number.p[i], "0123456789"))
			return;
	if (number.len && rest.len)
		*text = span_of(rest.p + 1, rest.len - 1);
}

bool radius_rate_filter(struct span text, struct radius_rate *ret)
{
	uint64_t bps[2];

	if (!take_prefix(&text, "rate:"))
		skip_time_range(&text);
	if (!two_numbers(text, "/\\:", "kbit", bps))
		return false;
	*ret = (struct radius_rate){ .down_bps = bps[0], .up_bps = bps[1] };
	return true;
}

bool radius_rate_mikrotik(struct span text, struct radius_rate *ret)
{
	uint64_t bps[2];

	if (!two_numbers(next_word(&text), "/", "", bps))
		return false;
	*ret = (struct radius_rate){ .up_bps = bps[0], .down_bps = bps[1] };
	return true;
}

/* The text after the first "rate-limit". */
static bool find_rate_limit(struct span *text)
{
	for (; text->len; *text = span_of(text->p + 1, text->len - 1))
		if (take_prefix(text, "rate-limit "))
			return true;
	return false;
}

bool radius_rate_cisco(struct span text, struct radius_rate *ret)
{
	struct span direction, number;
	uint64_t bps;
	bool output;

	if (!find_rate_limit(&text))
		return false;
	direction = next_word(&text);
	output = is_word(direction, "output");
	if (!output && !is_word(direction, "input"))
		return false;
	number = next_word(&text);
	if (is_word(number, "access-group")) {
		(void)next_word(&text);
		number = next_word(&text);
	}
	if (!radius_rate_number(number, "", &bps))
		return false;
	*ret = (struct radius_rate){ .down_bps = output ? bps : RADIUS_RATE_UNSET,
				     .up_bps = output ? RADIUS_RATE_UNSET : bps };
	return true;
}
