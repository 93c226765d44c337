/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf_vlan.h"

#include <bpf/bpf.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/sys/bpf_common.h"

struct wanted {
	const struct bpf_vlan *v;
	size_t n;
};

static bool is_wanted(void *self, const void *key)
{
	const struct wanted *w = self;

	for (size_t i = 0; i < w->n; i++)
		if (memcmp(&w->v[i].ifindex, key, sizeof(w->v[i].ifindex)) == 0)
			return true;
	return false;
}

int bpf_vlan_set(int map, const struct bpf_vlan *v, size_t n)
{
	struct wanted w = { v, n };
	int r = 0;

	bpf_common_prune(map, is_wanted, &w);
	for (size_t i = 0; i < n; i++) {
		__u32 key = v[i].ifindex;
		int err = bpf_map_update_elem(map, &key, &v[i].v, BPF_ANY);

		if (r == 0)
			r = err;
	}
	return r;
}
