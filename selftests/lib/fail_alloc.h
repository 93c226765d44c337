/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fails the k-th malloc, calloc, realloc, reallocarray or strdup of the code under test, for
 * failure sweeps:
 *
 *   for (k = 0; ; k++) { fail_alloc_at(k); scenario(); if (!fail_alloc_hit()) break; }
 *   fail_alloc_off();
 *
 * Works in programs linked with -Wl,--wrap= for each of these. Calls from shared libraries are not
 * intercepted. Without these flags fail_alloc_works() is false and nothing fails.
 */
#pragma once

#include <stdbool.h>

bool fail_alloc_works(void);
/* Makes allocation number k from now on (0 is the next one) fail, once. */
void fail_alloc_at(int k);
void fail_alloc_off(void);
/* True when that allocation was reached. */
bool fail_alloc_hit(void);
