/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether the driver of a port takes packets that XDP programs send to it, and from every processor: asked
 * once, at start. Blocks for the kernel's answers. Where an older kernel does not say, nothing is assumed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct port_facts {
	bool known; /* the kernel says which XDP features there are: Linux 6.3 and later */
	uint64_t features;
	char driver[32];
	unsigned channels, processors; /* 0 channels: unknown */
};

struct port_problem {
	const char *what, *cure; /* NULL: none */
};

/* 0 or -errno: then nothing is known. */
int port_check_ask(unsigned ifindex, struct port_facts *ret);
/* By the facts alone. native: programs are attached in native mode; in generic mode any driver will do. */
struct port_problem port_check(const struct port_facts *f, bool native);
