/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the steps of the kernel plane know of a tunnel and of a session: descriptors, names and ids
 * in the kernel. They belong to the jobs of the session (dp_kernel.c), and each step sets the
 * members that it creates. No functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/ports.h"

struct kernel_tunnel {
	struct dp_tunnel t;
	int fd; /* connected UDP socket */
};

struct kernel_session {
	struct dp_session s; /* with the ids that the kernel uses */
	bool labelled;	     /* the ids of outgoing packets are replaced by the next two */
	uint16_t label_tid, label_sid;
	int tunnel_fd;
	int pppox, chan, unit; /* of the PPPoL2TP socket and /dev/ppp; -1: closed */
	int chan_no, unit_no;
	int ifindex;
	char ifname[16];
	uint16_t mtu;  /* of the interface, in octets; 0: it is down */
	bool other_up; /* only for a family's steps: the other family is attached */
};
