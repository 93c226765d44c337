/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs and maps for an operator, as members of an open JSON object. Costs a few system calls
 * per program, independent of the number of sessions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bpf_common;
struct bpf_object;
struct bpf_redirect;
struct json;

struct bpf_show_fill { /* the number of entries of a map, where the caller counts them */
	const char *map;
	uint64_t entries;
};

/* "programs": what is attached where, and redirects lost there. r NULL: these are not counted. */
void bpf_show_programs(const struct bpf_common *c, const struct bpf_redirect *r, struct json *j);
/* "maps": entries are null where they are not counted, as in arrays, whose elements always
 * exist. */
void bpf_show_maps(const struct bpf_object *obj, const struct bpf_show_fill *fill, size_t n,
		   struct json *j);
