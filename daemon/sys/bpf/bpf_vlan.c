/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_vlan.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/sys/bpf/bpf_common.h"
#include "daemon/sys/bpf/bpf_try.h"

struct wanted {
	const struct bpf_vlan *v;
	size_t n;
};

static bool bpf_vlan_is_wanted(void *self, const void *key)
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

	bpf_common_prune(map, bpf_vlan_is_wanted, &w);
	for (size_t i = 0; i < n; i++) {
		__u32 key = v[i].ifindex;
		int err = bpf_try_put(map, &key, &v[i].v, BPF_ANY);

		if (r == 0)
			r = err;
	}
	return r;
}

/* ---- frames that arrive ---- */

static __u16 tag_of(const struct ze_vlan *v, int i)
{
	if (!v->proto[i] || !v->vid[i])
		return 0;
	return (__u16)(ZE_TAG_ON | v->vid[i] | (v->proto[i] == ETH_P_8021AD ? ZE_TAG_AD : 0));
}

#define KEYS 2

/* The tags that frames for a device may have. Tags of id 0 name no VLAN, and are ignored as in the
 * programs. Where hardware removes the outer tag, only the inner one is left. */
static size_t keys_of(const struct ze_vlan *v, struct ze_vlan_key ret[static KEYS])
{
	__u16 outer = tag_of(v, 0), inner = tag_of(v, 1);

	if (!outer && !inner)
		return 0;
	if (!outer || !inner) {
		ret[0] = (struct ze_vlan_key){ v->port, { outer ? outer : inner, 0 } };
		return 1;
	}
	ret[0] = (struct ze_vlan_key){ v->port, { outer, inner } };
	ret[1] = (struct ze_vlan_key){ v->port, { inner, 0 } };
	return 2;
}

static bool has_key(void *self, const void *key)
{
	const struct wanted *w = self;
	struct ze_vlan_key k[KEYS];

	for (size_t i = 0; i < w->n; i++)
		for (size_t j = 0, n = keys_of(&w->v[i].v, k); j < n; j++)
			if (memcmp(&k[j], key, sizeof(k[j])) == 0)
				return true;
	return false;
}

static int put_vlan(int map, const struct bpf_vlan *v)
{
	struct ze_mac m = { .ifindex = v->ifindex };
	struct ze_vlan_key k[KEYS];
	size_t n = keys_of(&v->v, k);
	int r = 0;

	memcpy(m.mac, v->mac, sizeof(m.mac));
	/* A device with one tag keeps its key; the inner tag of another device does not replace
	 * it. */
	for (size_t j = 0; r == 0 && j < n; j++)
		r = bpf_try_put(map, &k[j], &m, j ? BPF_NOEXIST : BPF_ANY);
	return r == -EEXIST ? 0 : r;
}

int bpf_vlan_set_macs(int map, const struct bpf_vlan *v, size_t n)
{
	struct wanted w = { v, n };
	int r = 0;

	bpf_common_prune(map, has_key, &w);
	for (size_t i = 0; i < n; i++) {
		int err = put_vlan(map, &v[i]);

		if (r == 0)
			r = err;
	}
	return r;
}

/* ---- ports ---- */

/* The row of a port, or a free row for it; ZE_MACS: none. */
static __u32 row_of(int map, unsigned ifindex)
{
	__u32 row = ZE_MACS;
	struct ze_mac m;

	for (__u32 i = 0; i < ZE_MAC_PROBES; i++) {
		__u32 k = (ifindex + i) % ZE_MACS;

		if (bpf_try_get(map, &k, &m) < 0)
			continue;
		if (m.ifindex == ifindex)
			return k;
		if (!m.ifindex && row == ZE_MACS)
			row = k;
	}
	return row;
}

static int put_mac(int map, const struct bpf_port_mac *p)
{
	__u32 row = row_of(map, p->ifindex);
	struct ze_mac m = { .ifindex = p->ifindex };

	if (row == ZE_MACS)
		return -ENOSPC;
	memcpy(m.mac, p->mac, sizeof(m.mac));
	return bpf_try_put(map, &row, &m, BPF_ANY);
}

static void prune_macs(int map, const struct bpf_port_mac *p, size_t n)
{
	const struct ze_mac none = { .ifindex = 0 };

	for (__u32 k = 0; k < ZE_MACS; k++) {
		bool stays = false;
		struct ze_mac m;

		if (bpf_try_get(map, &k, &m) < 0 || !m.ifindex)
			continue;
		for (size_t i = 0; i < n; i++)
			stays = stays || p[i].ifindex == m.ifindex;
		if (!stays)
			bpf_try_put(map, &k, &none, BPF_ANY);
	}
}

int bpf_vlan_port_macs(int map, const struct bpf_port_mac *p, size_t n)
{
	int r = 0;

	prune_macs(map, p, n);
	for (size_t i = 0; i < n; i++) {
		int err = put_mac(map, &p[i]);

		if (r == 0)
			r = err;
	}
	return r;
}

int bpf_vlan_read_mac(unsigned ifindex, struct bpf_port_mac *ret)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;
	struct ifreq q = { 0 };

	if (fd < 0)
		return -errno;
	if (if_indextoname(ifindex, q.ifr_name) && ioctl(fd, SIOCGIFHWADDR, &q) == 0) {
		ret->ifindex = ifindex;
		memcpy(ret->mac, q.ifr_hwaddr.sa_data, sizeof(ret->mac));
	} else {
		r = -errno;
	}
	close(fd);
	return r;
}
