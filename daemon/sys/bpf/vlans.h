/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VLAN devices that sit on our ports, or on a VLAN device there: kept in the maps by which the BPF
 * programs put tags on and know the tags and MAC addresses of frames for us, while devices come and go. The kernel is asked on the worker, since it
 * answers under RTNL; the reactor only hears that something has changed. A device whose port is in
 * another network namespace is none of ours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_dp;
struct bpf_vlan;
struct follow;
struct kworker;
struct nlmsghdr;
struct vlans;

struct vlans_args {
	struct follow *follow;	/* of RTMGRP_LINK at least */
	struct kworker *worker; /* whose threads have a struct nl_sock of rtnetlink each */
	struct bpf_dp *maps;	/* its ports are meant */
};

/* Enters what is there, soon, and follows it. 0 or -errno. */
int vlans_watch(const struct vlans_args *a, struct vlans **ret);
/* A port has come again, with another index. */
void vlans_reread(struct vlans *v);
void vlans_free(struct vlans *v); /* after the worker; NULL is harmless */

/* ---- without the kernel, for tests ---- */

struct vlans_link {
	unsigned ifindex, lower;
	uint16_t vid, proto; /* ETH_P_8021Q or ETH_P_8021AD */
	uint8_t mac[6];
};

struct vlans_port {
	unsigned ifindex, mtu;
};

/* Of an RTM_NEWLINK. false: it is no VLAN device, or one on something elsewhere, or it is down. */
bool vlans_parse(const struct nlmsghdr *h, struct vlans_link *ret);
/* What a message is about: 0 or an interface index, and whether that is a VLAN device. */
unsigned vlans_about(const struct nlmsghdr *h, bool *ret_vlan);

struct vlans_list {
	struct vlans_link *v;
	size_t n;
};

/* Those on the ports, with one tag or two; ret has room for all links. Returns how many. */
size_t vlans_resolve(const struct vlans_list *links, const struct vlans_port *ports, size_t n_ports,
		     struct bpf_vlan *ret);
