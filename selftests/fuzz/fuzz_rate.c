/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A rate. Checked: an accepted rate is in range, and stays the same when it is formatted and parsed
 * again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "selftests/fuzz/fuzz.h"
#include "shaping/rate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	char once[RATE_TEXT], twice[RATE_TEXT];
	uint64_t bps, again;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	if (rate_parse(text, &bps) == 0) {
		if (bps < RATE_MIN || bps > RATE_MAX)
			abort();
		if (rate_parse(rate_text(bps, once), &again) != 0 || again != bps ||
		    strcmp(rate_text(again, twice), once) != 0)
			abort();
	}
	free(text);
	return 0;
}
