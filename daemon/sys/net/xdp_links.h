/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which devices of this network namespace have XDP programs: one dump for all of them, since libbpf's
 * query is a dump for each. Blocks; knows no program.
 */
#pragma once

#include <stdint.h>

struct xdp_link {
	unsigned ifindex;
	char name[16];
	uint32_t native, generic; /* ids of programs; 0: none */
};

/* Each device that has one. 0 or -errno. */
typedef void xdp_links_each(void *self, const struct xdp_link *l);
int xdp_links(xdp_links_each *each, void *self);
