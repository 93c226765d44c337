/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the BPF programs and the daemon share: keys and values of the maps, and the names of
 * verdicts. Included by both sides. Every size is asserted, and a change of any layout needs a new
 * ZE_BPF_ABI. Addresses are arrays of octets, so that bpftool prints them as such; an IPv4 address
 * is in the first four. Numbers are in host byte order.
 *
 * Fields named `reserved` are 0, in values that packets seldom need. A later version may give them
 * a meaning for which 0 is the previous behaviour, and use maps of this version.
 */
#pragma once

#include <linux/types.h>

#define ZE_BPF_ABI 11
/* The oldest layout whose maps are restored: only their names differ (bpf_names.h). */
#define ZE_BPF_ABI_OLDEST 10

#define ZE_SIDS	    65536  /* session ids are unique in the daemon: some maps are indexed by them */
#define ZE_CACHED   1024   /* next hops cached per CPU */
#define ZE_SOURCES  4096   /* entries of `ze_sources`, and as many of `ze_answered` */
#define ZE_PEERS    4096   /* peers with an established tunnel */
#define ZE_ALLOWED  2048   /* prefixes of allow-from, twice: a reload adds before it removes */
#define ZE_NET6S    2	   /* IPv6 prefixes per session: framed and delegated */
#define ZE_NETS	    131072 /* networks behind subscribers, of each family */
#define ZE_VLANS    4096   /* VLAN devices on our ports */
#define ZE_TAGS_MAX 2	   /* VLAN tags of a frame */
#define ZE_FRESH_NS                                                                                \
	100000000ull /* ns; how long a cached next hop is used, if the daemon reports no change */
#define ZE_LATE_RUN   4	  /* a longer run of late packets in order is followed */
#define ZE_MACS	      256 /* rows for MAC addresses of ports */
#define ZE_MAC_PROBES 4	  /* rows that are searched for a port */

/* GCRA: the time per octet, in 1/1024 ns; precise enough from 256 kbit/s to 10 Gbit/s. */
#define ZE_COST_SHIFT 10

struct ze_sess_key {
	__u16 tid, sid; /* our ids, as in the packets that we receive */
};

struct ze_net6 {
	__u64 prefix, mask; /* upper 64 bits, in network byte order; mask 0: unused */
};

enum ze_sess_flags {
	ZE_SESS_SEQ = 1, /* Sequencing Required: number and check data packets */
	/* Only in ze_up_id: the packets of the family may pass. Its addresses are set earlier. */
	ZE_SESS_OPEN4 = 2,
	ZE_SESS_OPEN6 = 4
};

enum ze_down_bits {
	ZE_DOWN_MTU = 0x1fff, /* the largest IP packet for the subscriber */
	ZE_DOWN_SEQ = 0x2000,
	ZE_DOWN_OPEN4 = 0x4000,
	ZE_DOWN_OPEN6 = 0x8000
};

/* The endpoints of its tunnel are in struct ze_tunnel. With the header of a hash element, a session
 * fits an allocation of 128 octets of the kernel; a longer one would take 192. */
struct ze_session {
	__u16 peer_sid;
	__u16 mtu;    /* the largest IP packet for the subscriber */
	__u8 ip4[4];  /* the subscriber's address; 0.0.0.0: no IPv4 */
	__u8 ifid[8]; /* the subscriber's interface identifier; 0: no IPv6 */
	struct ze_net6 net6[ZE_NET6S];
	__u32 up_cost, down_cost; /* 0: not policed */
	__u8 flags;		  /* enum ze_sess_flags */
	__u8 reserved[7];
};

/* What the programs need for every packet, by session id. With tens of thousands of sessions, a
 * packet mostly waits for cache misses. So nearly every packet touches only 12 octets in each
 * direction: the ids, which decide what happens to it, and a credit. The meter is needed seldom,
 * and what all sessions of a tunnel share is found by tunnel id. These tables are made from struct
 * ze_session, in which only IPv6 addresses are looked up. */
struct ze_up_id {
	__u16 tid;   /* our tunnel id; 0: no session */
	__u16 flags; /* enum ze_sess_flags */
	__u8 ip4[4]; /* the subscriber's address */
};

struct ze_down_id {
	__u16 tid; /* our tunnel id; 0: no session */
	__u16 peer_sid;
	__u16 bits; /* enum ze_down_bits */
	__u16 high; /* upper half of the subscriber's address, see ze_near4 */
};

/* `octets` may pass before the meter is asked again; `packets` have passed since it was: see
 * meter.h. */
struct ze_credit {
	__u32 octets : 20, packets : 12;
};

/* In rows, because an element of an array takes at least 8 octets. */
#define ZE_CREDITS 16
struct ze_credits {
	struct ze_credit of[ZE_CREDITS];
};

struct ze_meter {
	__u32 cost;    /* 0: not policed */
	__u32 changes; /* lower 16 bits: changes in progress; upper 16 bits: finished ones */
	__u64 tat;
	__u64 packets; /* passed; those in the credit are added */
	__u64 bytes;   /* IP octets that passed or may pass on credit */
};

struct ze_numbers {	/* of data packets, modulo 65536; only with Sequencing Required */
	__u32 nr;	/* next expected Ns; above 65535: nothing was received */
	__u32 ns;	/* Ns of our next packet */
	__u16 late;	/* the last Ns that was refused */
	__u16 late_run; /* refused packets in order before it, with no other packet between them */
	__u32 resyncs;	/* how many times such a run was followed */
	__u8 reserved[8];
};

struct ze_drops { /* drops of a session, by session id */
	__u64 up_spoofed, up_refused, up_policed, down_policed;
	__u8 reserved[8];
};

/* A session id by the low half of an IPv4 address; 0: none. Its ze_down_id has the upper half, in
 * network byte order. In rows, because an element of an array takes at least 8 octets: so the whole
 * table stays in the cache. */
#define ZE_NEAR 32
struct ze_near {
	__u16 sid[ZE_NEAR];
};

/* How next hops are looked up, and which cached ones are out of date. */
struct ze_routing {
	__u32 by_rules; /* there are routing rules: not by destination alone */
	__u32 outer_df; /* set DF in outer IPv4 packets */
	__u64 void_ns;	/* next hops that expire then or earlier are out of date; coarse clock */
};

/* What is accepted from a pppN of the kernel plane, by interface index. */
struct ze_ingress {
	__u64 tat;   /* theoretical arrival time */
	__u32 cost;  /* 0: no rate */
	__u8 ip4[4]; /* the subscriber's addresses; 0: the family is not open */
	__u8 ifid[8];
	__u64 spoofed, policed; /* packets dropped */
};

/* The ids that the peer assigned, for data packets to it, by our session id. */
struct ze_label {
	__u16 tid, sid;
	__u16 peer_port;
	__u8 family, pad;
	__u8 peer[16];
};

struct ze_addr_key { /* a local endpoint */
	__u8 ip[16];
	__u16 port;
	__u16 family;
};

struct ze_tunnel {
	__u8 local[16], peer[16];
	__u16 local_port, peer_port;
	__u16 peer_tid;
	__u8 family; /* 4 or 6 */
	__u8 pad;
	__u32 scope; /* interface of a link-local peer; 0: the FIB decides */
	__u32 pad2;
};

struct ze_peer { /* a tunnel, as the guard knows it */
	struct ze_tunnel path;
	__u64 tat; /* token bucket of its control messages */
};

/* A session whose frames the daemon receives, in one word that changes as a whole: our tunnel id in
 * the lower 16 bits, 0: none; ZE_CALL_CARRIED; above that the token bucket of its PPP control
 * frames, a time in units of 2^ZE_CALL_UNIT ns (65 us). 47 bits of it last for 292 years, so that 0
 * is always past. */
#define ZE_CALL_CARRIED 0x10000ull /* the data plane has it: its IP frames are not for the daemon */
#define ZE_CALL_SHIFT	17
#define ZE_CALL_UNIT	16

struct ze_source { /* the token bucket of a source address */
	__u64 tat;
};

/* The limits of the guard. Messages to tunnel id 0: from all unknown sources, from each of them,
 * and from each source that has had a tunnel; messages of a tunnel; PPP frames of a session. A cost
 * of 0: unlimited. */
struct ze_limits {
	__u64 total_tat;
	__u64 total_cost_ns, total_burst_ns;
	__u64 source_cost_ns, source_burst_ns;
	__u64 known_cost_ns, known_burst_ns;
	__u64 control_cost_ns, control_burst_ns; /* control messages of one tunnel */
	__u32 frame_cost, frame_burst; /* PPP control frames of one session, in ZE_CALL_UNIT */
	__u32 listed;		       /* only sources in `ze_allowed` may send */
	__u32 zero_checksum;	       /* UDP over IPv6 without a checksum is accepted */
};

/* The first of 4 octets that are part of every prefix is the family. */
#define ZE_ALLOW_BITS 32
struct ze_allow {
	__u32 prefixlen; /* ZE_ALLOW_BITS plus the prefix length of the address */
	__u8 family, pad[3];
	__u8 ip[16];
};

struct ze_lpm6 {
	__u32 prefixlen;
	__u8 ip[16];
};

struct ze_lpm4 {
	__u32 prefixlen;
	__u8 ip[4];
};

struct ze_nexthop { /* cached by the programs */
	__u8 src[16], dst[16];
	__u64 until_ns;
	__u32 ifindex;
	__u8 dmac[6], smac[6]; /* copied as three words */
	__u16 mtu;
	__u16 tag[ZE_TAGS_MAX]; /* enum ze_tag, outer first; 0: none */
	__u8 family;		/* and flags, see nexthop.h */
	__u8 tos;
};

enum ze_tag {
	ZE_TAG_VID = 0x0fff,
	ZE_TAG_ON = 0x1000, /* there is a tag: its id may be 0 */
	ZE_TAG_AD = 0x8000  /* IEEE 802.1ad; otherwise 802.1Q */
};

/* A VLAN device on one of our ports, by interface index: frames for it leave the port with these
 * tags. */
struct ze_vlan {
	__u32 port;
	__u16 mtu;		  /* the largest IP packet there, with all tags */
	__u16 vid[ZE_TAGS_MAX];	  /* outer first */
	__u16 proto[ZE_TAGS_MAX]; /* 0x8100, 0x88a8; 0: no such tag */
	__u16 pad;
};

/* The MAC address to which frames for a device are sent. */
struct ze_mac {
	__u32 ifindex; /* 0: the row is free */
	__u8 mac[6];
	__u8 reserved[6];
};

/* The port and the tags with which frames for a VLAN device arrive. */
struct ze_vlan_key {
	__u32 port;
	__u16 tag[ZE_TAGS_MAX]; /* enum ze_tag, outer first; 0: none */
};

/* The slow path: a veth pair, one end of which has the routes and addresses. */
struct ze_conf {
	__u32 abi;
	__u32 ze0;  /* index of ze0: packets to the stack arrive there */
	__u32 ze0p; /* index of ze0p: frames sent into it arrive on ze0 */
	__u8 ze0_mac[6];
	__u8 ze0p_mac[6];
};

/* What happened to a packet: the index of its counter, and its name. */
#define ZE_VERDICTS(X)                                                                             \
	X(UP_FORWARD, "up-forward")	  /* decapsulated, sent */                                 \
	X(UP_STACK, "up-stack")		  /* decapsulated, to the stack */                         \
	X(DOWN_FORWARD, "down-forward")	  /* encapsulated, sent */                                 \
	X(DOWN_STACK, "down-stack")	  /* encapsulated, the stack sends it */                   \
	X(PASS, "pass")			  /* not ours, or nothing to forward */                    \
	X(PASS_CONTROL, "pass-control")	  /* T=1, to the daemon */                                 \
	X(PASS_PPP, "pass-ppp")		  /* PPP control protocols, to the daemon */               \
	X(PASS_DATA, "pass-data")	  /* of a tunnel, to the kernel plane */                   \
	X(PASS_FRAGMENT, "pass-fragment") /* of the outer packet */                                \
	X(PASS_OPTIONS, "pass-options")	  /* IP options or hop-by-hop options */                   \
	X(PASS_TTL, "pass-ttl")		  /* to a subscriber, the stack says time exceeded */      \
	X(PASS_MTU, "pass-mtu")		  /* to a subscriber, the stack says too big */            \
	X(DROP_SHORT, "drop-short")	  /* L2TP or PPP header truncated */                       \
	X(DROP_VERSION, "drop-version")	  /* L2TP version is not 2 */                              \
	X(DROP_LENGTH, "drop-length")	  /* Length field outside the datagram */                  \
	X(DROP_CHECKSUM, "drop-checksum") /* UDP over IPv6 without a checksum */                   \
	X(DROP_FLAGS, "drop-flags")	  /* T=1 without L or S, or with O */                      \
	X(DROP_OFFSET, "drop-offset")	  /* Offset Size outside the datagram */                   \
	X(DROP_PROTOCOL, "drop-protocol") /* invalid PPP protocol number */                        \
	X(DROP_UNKNOWN, "drop-unknown")	  /* no such tunnel, or no such session */                 \
	X(DROP_PEER, "drop-peer")	  /* another peer's tunnel or session */                   \
	X(DROP_DENIED, "drop-denied")	  /* to tunnel id 0, from a source not in allow-from */    \
	X(DROP_SOURCE_RATE, "drop-source-rate")	  /* one source sends too many SCCRQs */           \
	X(DROP_SETUP_RATE, "drop-setup-rate")	  /* all unknown sources do: setup-rate */         \
	X(DROP_CONTROL_RATE, "drop-control-rate") /* a tunnel sends too many control messages */   \
	X(DROP_PPP_RATE, "drop-ppp-rate")   /* a session sends too many PPP control frames */      \
	X(DROP_SEQUENCE, "drop-sequence")   /* duplicated, late, or unnumbered and must not be */  \
	X(DROP_INNER, "drop-inner")	    /* inner IP header malformed or truncated */           \
	X(DROP_CLOSED, "drop-closed")	    /* the family's NCP is not open */                     \
	X(DROP_SPOOFED, "drop-spoofed")	    /* inner source is not the subscriber's */             \
	X(DROP_UP_RATE, "drop-up-rate")	    /* policed */                                          \
	X(DROP_DOWN_RATE, "drop-down-rate") /* policed */                                          \
	X(DROP_BLACKHOLE, "drop-blackhole") /* a blackhole route leads to its destination */       \
	X(DROP_NOBODY, "drop-nobody")	    /* the stack sent it to ze0, no session has it */      \
	X(DROP_ICMP_REDIRECT,                                                                      \
	  "drop-icmp-redirect")	  /* the stack takes subscribers for neighbours */                 \
	X(DROP_LINK, "drop-link") /* too long for the link of a LAC's link-local address */        \
	X(DROP_ROOM, "drop-room") /* no room to change the packet, or its port was removed */      \
	X(DROP_REDIRECT, "drop-redirect") /* counted as sent, but the driver did not accept it */

enum ze_verdict {
#define X(id, name) ZE_V_##id,
	ZE_VERDICTS(X)
#undef X
	ZE_V__COUNT
};

_Static_assert(sizeof(struct ze_sess_key) == 4, "map ABI");
_Static_assert(sizeof(struct ze_session) == 64, "map ABI");
_Static_assert(sizeof(struct ze_up_id) == 8, "map ABI");
_Static_assert(sizeof(struct ze_down_id) == 8, "map ABI");
_Static_assert(sizeof(struct ze_credit) == 4, "map ABI");
_Static_assert(sizeof(struct ze_credits) == 64, "map ABI, a cache line");
_Static_assert(sizeof(struct ze_meter) == 32, "map ABI");
_Static_assert(sizeof(struct ze_drops) == 40, "map ABI");
_Static_assert(sizeof(struct ze_numbers) == 24, "map ABI");
_Static_assert(sizeof(struct ze_near) == 64, "map ABI");
_Static_assert(sizeof(struct ze_routing) == 16, "map ABI");
_Static_assert(sizeof(struct ze_ingress) == 40, "map ABI");
_Static_assert(sizeof(struct ze_label) == 24, "map ABI");
_Static_assert(sizeof(struct ze_addr_key) == 20, "map ABI");
_Static_assert(sizeof(struct ze_tunnel) == 48, "map ABI");
_Static_assert(sizeof(struct ze_source) == 8, "map ABI");
_Static_assert(sizeof(struct ze_limits) == 88, "map ABI");
_Static_assert(sizeof(struct ze_peer) == 56, "map ABI");
_Static_assert(sizeof(struct ze_allow) == 24, "map ABI");
_Static_assert(sizeof(struct ze_lpm6) == 20, "map ABI");
_Static_assert(sizeof(struct ze_lpm4) == 8, "map ABI");
_Static_assert(sizeof(struct ze_nexthop) == 64, "map ABI");
_Static_assert(sizeof(struct ze_vlan) == 16, "map ABI");
_Static_assert(sizeof(struct ze_mac) == 16, "map ABI");
_Static_assert(sizeof(struct ze_vlan_key) == 8, "map ABI");
_Static_assert(sizeof(struct ze_conf) == 24, "map ABI");
