/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Follows the VLAN devices on our ports, or on a VLAN device there, and keeps them in the maps with
 * which the BPF programs add tags, and recognise the tags and MAC addresses of received frames. The
 * kernel is asked on the worker, because it answers under RTNL; the reactor only receives the
 * notification of a change. A device whose port is in another network namespace is ignored.
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
	struct follow *follow;	/* with RTMGRP_LINK at least */
	struct kworker *worker; /* each of its threads has a struct nl_sock of rtnetlink */
	struct bpf_dp *maps;	/* the maps, and the ports whose devices are followed */
};

/* Enters the present devices with a job, and follows changes. Returns 0 or -errno. */
int vlans_watch(const struct vlans_args *a, struct vlans **ret);
/* Call when a port was created again with another index. */
void vlans_reread(struct vlans *v);
void vlans_free(struct vlans *v); /* call after the worker is freed; NULL is harmless */

/* ---- without the kernel, for tests ---- */

struct vlans_link {
	unsigned ifindex, lower;
	uint16_t vid, proto; /* ETH_P_8021Q or ETH_P_8021AD */
	uint8_t mac[6];
};

struct vlans_port {
	unsigned ifindex, mtu;
};

/* Reads an RTM_NEWLINK. Returns false when the device is not a VLAN, is down, or lies on a device
 * in another namespace. */
bool vlans_parse(const struct nlmsghdr *h, struct vlans_link *ret);
/* The interface index that a message is about, or 0; ret_vlan: whether it is a VLAN device. */
unsigned vlans_about(const struct nlmsghdr *h, bool *ret_vlan);

struct vlans_list {
	struct vlans_link *v;
	size_t n;
};

/* Selects the devices on the ports, with one tag or two. ret has room for all links. Returns their
 * number. */
size_t vlans_resolve(const struct vlans_list *links, const struct vlans_port *ports, size_t n_ports,
		     struct bpf_vlan *ret);
