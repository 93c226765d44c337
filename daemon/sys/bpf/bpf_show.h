/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operator wants to know of programs and maps, as members of an object that is open. Costs a few
 * system calls, whatever the number of sessions.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bpf_common;
struct bpf_object;
struct bpf_redirect;
struct json;

struct bpf_show_fill { /* of a map whose elements somebody counts */
	const char *map;
	uint64_t entries;
};

/* "programs": what is attached where, and what was lost on its way out there; r NULL: nobody counts. */
void bpf_show_programs(const struct bpf_common *c, const struct bpf_redirect *r, struct json *j);
/* "maps": entries are null where nobody counts them, as in arrays, whose elements are always there. */
void bpf_show_maps(const struct bpf_object *obj, const struct bpf_show_fill *fill, size_t n,
		   struct json *j);
