/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzz target has. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Ends the run as a finding when x is false. */
#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x))                                                                          \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
