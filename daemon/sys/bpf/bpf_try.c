/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_try.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>

#define TRIES 3

static bool bpf_try_again(int r, int *tries)
{
	return (r == -ENOMEM || r == -ENOBUFS || r == -EINTR || r == -EAGAIN || r == -EBUSY) &&
	       ++*tries < TRIES;
}

int bpf_try_put(int map, const void *key, const void *value, uint64_t flags)
{
	int r, tries = 0;

	do
		r = bpf_map_update_elem(map, key, value, flags);
	while (bpf_try_again(r, &tries));
	return r;
}

int bpf_try_get(int map, const void *key, void *ret_value)
{
	int r, tries = 0;

	do
		r = bpf_map_lookup_elem(map, key, ret_value);
	while (bpf_try_again(r, &tries));
	return r;
}

int bpf_try_del(int map, const void *key)
{
	int r, tries = 0;

	do
		r = bpf_map_delete_elem(map, key);
	while (bpf_try_again(r, &tries));
	return r;
}

int bpf_try_next(int map, const void *after, void *ret_key)
{
	int r, tries = 0;

	do
		r = bpf_map_get_next_key(map, after, ret_key);
	while (bpf_try_again(r, &tries));
	return r;
}
