/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A short list of numbers in a file of our own, valid until the next boot: ids of BPF programs,
 * which the kernel never gives out twice. A file of another owner, or one that others may write to,
 * counts as an empty list. Each change replaces the file by a new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_LIST_MAX 256 /* the newest ids are kept */

bool id_list_has(const char *file, uint32_t id);
/* Adds ids, at most ID_LIST_MAX. Returns 0, or -errno with the list unchanged. */
int id_list_add(const char *file, const uint32_t *ids, size_t n);
