/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists the devices of this network namespace that have XDP programs, by one dump: libbpf's query
 * makes one dump per device. Blocks.
 */
#pragma once

#include <stdint.h>

struct xdp_link {
	unsigned ifindex;
	char name[16];
	uint32_t native, generic; /* program ids; 0: none */
};

/* Calls each() for each device that has a program. Returns 0 or -errno. */
typedef void xdp_links_each(void *self, const struct xdp_link *l);
int xdp_links(xdp_links_each *each, void *self);
