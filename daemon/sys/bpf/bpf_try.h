/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls on maps that may fail temporarily, because memory is short or a program uses the entry.
 * They are made up to three times. They return the kernel's last answer: 0 or -errno.
 */
#pragma once

#include <stdint.h>

int bpf_try_put(int map, const void *key, const void *value, uint64_t flags);
int bpf_try_get(int map, const void *key, void *ret_value);
int bpf_try_del(int map, const void *key);
int bpf_try_next(int map, const void *after, void *ret_key); /* after NULL: the first key */
