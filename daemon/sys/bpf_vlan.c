/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf_vlan.h"

#include <bpf/bpf.h>
#include <stdbool.h>

static bool has(const struct bpf_vlan *v, size_t n, __u32 ifindex)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].ifindex == ifindex)
			return true;
	return false;
}

/* The next key is asked for while its predecessor is still there. */
static void drop_others(int map, const struct bpf_vlan *v, size_t n)
{
	__u32 key, next;
	bool more = bpf_map_get_next_key(map, NULL, &key) == 0;

	while (more) {
		more = bpf_map_get_next_key(map, &key, &next) == 0;
		if (!has(v, n, key))
			bpf_map_delete_elem(map, &key);
		key = next;
	}
}

int bpf_vlan_set(int map, const struct bpf_vlan *v, size_t n)
{
	int r = 0;

	drop_others(map, v, n);
	for (size_t i = 0; i < n; i++) {
		__u32 key = v[i].ifindex;
		int err = bpf_map_update_elem(map, &key, &v[i].v, BPF_ANY);

		if (r == 0)
			r = err;
	}
	return r;
}
