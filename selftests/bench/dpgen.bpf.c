/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The traffic of the data plane benchmark, and the baselines it is compared with. `gen` runs in
 * live-frames test mode: each frame gets the fields of the next target and is sent on a device.
 * `sink` drops what arrives; `bounce` forwards it unchanged: the two are the cost of the rig
 * itself. */
#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "selftests/bench/dpgen.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* resized before it is loaded */
	__type(key, __u32);
	__type(value, struct dpgen_target);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} way SEC(".maps");

const volatile __u32 n_targets = 1, n_far = 1;
/* Offsets in the frame: Tunnel ID and Session ID, the subscriber's address, the address of the
 * other end, the checksums of the IPv4 and UDP headers. 0: not written. */
const volatile __u32 ids_off, addr_off, far_off, csum_off, udp_csum_off;
/* A frame comes back as its receiver left it: the headers are written again. */
const volatile __u64 head[DPGEN_HEAD / 8];

__u32 place = 1;

static __always_inline void *at(const struct xdp_md *ctx, __u32 off, __u32 len)
{
	void *p = (void *)(long)ctx->data + (off & 0xff);

	return off && p + len <= (void *)(long)ctx->data_end ? p : 0;
}

/* The checksum of a header in which both addresses were 0 and now are these (RFC 1624). */
static __always_inline void fix_checksum(__u16 *p, const __u8 *addr, __u32 far)
{
	const __u16 *w = (const void *)addr;
	__u32 sum;

	if (!p)
		return;
	sum = (__u16) ~*p + (__u32)w[0] + w[1] + (far & 0xffff) + (far >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*p = (__u16) ~((sum & 0xffff) + (sum >> 16));
}

SEC("xdp")
int gen(struct xdp_md *ctx)
{
	__u64 *words = (void *)(long)ctx->data;
	const struct dpgen_target *t;
	__u32 i, far;
	void *p;

#pragma unroll
	for (int w = 0; w < DPGEN_HEAD / 8; w++)
		if ((void *)(words + w + 1) <= (void *)(long)ctx->data_end)
			words[w] = head[w];
	/* A generator with full period modulo 2^32 (Numerical Recipes): every target, in random
	 * order. */
	place = place * 1664525 + 1013904223;
	i = (__u32)((__u64)place * n_targets >> 32);
	t = bpf_map_lookup_elem(&targets, &i);
	if (!t)
		return XDP_ABORTED;
	far = bpf_htonl(DPGEN_FAR + (place & 0xffff) % n_far);
	p = at(ctx, ids_off, 4);
	if (p)
		__builtin_memcpy(p, t->ids, 4);
	p = at(ctx, addr_off, 4);
	if (p)
		__builtin_memcpy(p, t->addr, 4);
	p = at(ctx, far_off, 4);
	if (p)
		*(__u32 *)p = far;
	fix_checksum(at(ctx, csum_off, 2), t->addr, far);
	fix_checksum(at(ctx, udp_csum_off, 2), t->addr, far);
	return (int)bpf_redirect_map(&way, 0, 0);
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

SEC("xdp")
int bounce(struct xdp_md *ctx)
{
	(void)ctx;
	return (int)bpf_redirect_map(&way, 0, 0);
}

char _license[] SEC("license") = "Dual BSD/GPL";
