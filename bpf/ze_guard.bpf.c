/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The guard of the kernel plane: forwards nothing, and drops what is not for the daemon's sockets.
 * Data of a tunnel is passed to the sessions of the kernel, which are found by id.
 */
#include "bpf/guard.h"
#include "bpf/outer.h"
#include "bpf/parse.h"
#include "bpf/ze_bpf.h"

SEC("xdp")
int ze_guard(struct xdp_md *ctx)
{
	struct ze_cursor c = cursor(ctx);
	struct outer o = { 0 };
	struct ze_l2tp h = { 0 };
	__u16 proto = ethertype(&c);
	__u32 l3 = l3_of(&c, proto);
	enum ze_verdict v = parse_outer(&c, proto, &o);

	if (v != ZE_V_UP_FORWARD)
		return passed(guard_other(ctx, proto, v));
	v = ze_parse_l2tp(&c, o.len, &h);
	if (v == ZE_V_UP_FORWARD)
		v = h.proto == ZE_PPP_IPV4 || h.proto == ZE_PPP_IPV6 ? ZE_V_PASS_DATA :
								       ZE_V_PASS_PPP;
	return passed(guard(ctx, l3, h.tid | (__u32)h.sid << 16, v));
}

char _license[] SEC("license") = "Dual BSD/GPL";
