/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails the k-th malloc, calloc, realloc, reallocarray or strdup of the code under test, for failure sweeps:
 *
 *   for (k = 0; ; k++) { fail_alloc_at(k); scenario(); if (!fail_alloc_hit()) break; }
 *   fail_alloc_off();
 *
 * Works in programs linked with -Wl,--wrap= for each of these; calls from within
 * shared libraries are not seen. Without these flags fail_alloc_works() is false and nothing fails.
 */
#pragma once

#include <stdbool.h>

bool fail_alloc_works(void);
/* Allocation number k from now on (0 is the next one) fails, once. */
void fail_alloc_at(int k);
void fail_alloc_off(void);
/* The one asked for was reached. */
bool fail_alloc_hit(void);
