/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls on maps that may fail for want of memory, or because a program has the row in hand, and go well a moment
 * later: they are made again, a few times. What they then return is the kernel's last word: 0 or -errno.
 */
#pragma once

#include <stdint.h>

int bpf_try_put(int map, const void *key, const void *value, uint64_t flags);
int bpf_try_get(int map, const void *key, void *ret_value);
int bpf_try_del(int map, const void *key);
int bpf_try_next(int map, const void *after, void *ret_key); /* after NULL: the first */
