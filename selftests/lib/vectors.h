/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test vectors as text: paragraphs separated by empty lines, each line a keyword and its value, #
 * begins a comment. A repeated keyword continues its value. The files are found below ZE_SRC,
 * or below the current folder.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define VECTORS_MAX_LINES 16

struct vector {
	struct {
		char key[32], value[1024];
	} lines[VECTORS_MAX_LINES];
	size_t count;
};

/* Calls `each` for every paragraph of selftests/vectors/<file> that has lines. Returns the number
 * of paragraphs, or -errno. */
int vectors_each(const char *file, void (*each)(const struct vector *v));
/* The value of a keyword, or NULL. */
const char *vectors_get(const struct vector *v, const char *key);
/* Decodes the value as hex into buf; a missing one is empty. Aborts on anything other than hex. */
struct span vectors_hex(const struct vector *v, const char *key, uint8_t *buf, size_t size);
