/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A short list of numbers in a file of our own, good within one boot: ids of BPF programs, which the kernel
 * gives out once. A file of another owner, or one that others may write to, is an empty list. Each change
 * is a new file in place of the old one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_LIST_MAX 256 /* the newest are kept */

bool id_list_has(const char *file, uint32_t id);
/* 0 or -errno: the list is as it was. */
int id_list_add(const char *file, const uint32_t *ids, size_t n);
