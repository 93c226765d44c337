/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * For the kernel plane before Linux 6.11: all tunnels between the same addresses and ports are one
 * tunnel of the kernel. Its sessions send our session ids in place of the peer's, with tunnel id 0,
 * which no other data packet has. This program, on the clsact egress of every uplink, writes the
 * ids that the peer assigned. In the other direction that kernel finds a session by its id alone,
 * which is unique in the daemon.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bpf/frame.h"
#include "bpf/parse.h"
#include "bpf/ze_bpf.h"

/* The ids of the peer by our session id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ZE_SIDS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u16);
	__type(value, struct ze_label);
} ze_labels SEC(".maps");

struct datagram {
	__u32 udp; /* offset of the UDP header */
	__u8 family;
	__u8 peer[16];
};

struct headers { /* of a data packet as the kernel writes it: no Length, no Offset Size */
	struct udphdr udp;
	__be16 flags, tid, sid;
};

/* Skips Ethernet and VLAN tags. Returns the offset of what follows, or 0 when the frame is
 * truncated. */
ZE_INLINE __u32 ip_offset(struct __sk_buff *skb, __u16 *ret_proto)
{
	__u32 off = ETH_HLEN;
	__be16 proto;

	if (bpf_skb_load_bytes(skb, ETH_HLEN - 2, &proto, 2))
		return 0;
	for (int i = 0; i < ZE_TAGS_MAX && is_tag(bpf_ntohs(proto)); i++) {
		off += VLAN_LEN;
		if (bpf_skb_load_bytes(skb, off - 2, &proto, 2))
			return 0;
	}
	*ret_proto = bpf_ntohs(proto);
	return off;
}

/* Only the first fragment contains the ids. */
ZE_INLINE bool find4(struct __sk_buff *skb, __u32 off, struct datagram *d)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, off, &ip, sizeof(ip)) || ip.ihl != 5 ||
	    ip.protocol != IPPROTO_UDP || ip.frag_off & bpf_htons(0x1fff))
		return false;
	d->udp = off + sizeof(ip);
	d->family = 4;
	__builtin_memcpy(d->peer, &ip.daddr, 4);
	return true;
}

ZE_INLINE bool find6(struct __sk_buff *skb, __u32 off, struct datagram *d)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, off, &ip, sizeof(ip)) || ip.nexthdr != IPPROTO_UDP)
		return false;
	d->udp = off + sizeof(ip);
	d->family = 6;
	__builtin_memcpy(d->peer, &ip.daddr, 16);
	return true;
}

ZE_INLINE bool find(struct __sk_buff *skb, struct datagram *d)
{
	__u16 proto = 0;
	__u32 off = ip_offset(skb, &proto);

	if (!off)
		return false;
	return proto == ETH_P_IP ? find4(skb, off, d) : proto == ETH_P_IPV6 && find6(skb, off, d);
}

ZE_INLINE bool is_ours(const struct headers *h)
{
	const __u16 exact = ZE_L2TP_T | ZE_L2TP_L | ZE_L2TP_O | ZE_L2TP_VER;

	return (bpf_ntohs(h->flags) & exact) == 2 && !h->tid;
}

ZE_INLINE bool is_to(const struct ze_label *l, const struct datagram *d, const struct headers *h)
{
	return l->family == d->family && l->peer_port == bpf_ntohs(h->udp.dest) &&
	       same16(l->peer, d->peer);
}

SEC("tc")
int ze_label(struct __sk_buff *skb)
{
	struct datagram d = { .peer = { 0 } };
	const struct ze_label *l;
	struct headers h;
	__be16 ids[2];
	__u16 sid;

	if (!find(skb, &d) || bpf_skb_load_bytes(skb, d.udp, &h, sizeof(h)) || !is_ours(&h))
		return TC_ACT_UNSPEC;
	sid = bpf_ntohs(h.sid);
	l = bpf_map_lookup_elem(&ze_labels, &sid);
	if (!l || !is_to(l, &d, &h))
		return TC_ACT_UNSPEC;
	ids[0] = bpf_htons(l->tid);
	ids[1] = bpf_htons(l->sid);
	if (h.udp.check && (bpf_l4_csum_replace(skb, d.udp + offsetof(struct udphdr, check), h.tid,
						ids[0], BPF_F_MARK_MANGLED_0 | 2) ||
			    bpf_l4_csum_replace(skb, d.udp + offsetof(struct udphdr, check), h.sid,
						ids[1], BPF_F_MARK_MANGLED_0 | 2)))
		return TC_ACT_SHOT;
	if (bpf_skb_store_bytes(skb, d.udp + offsetof(struct headers, tid), ids, sizeof(ids), 0))
		return TC_ACT_SHOT;
	return TC_ACT_UNSPEC; /* continue with the filters of other programs */
}

char _license[] SEC("license") = "Dual BSD/GPL";
