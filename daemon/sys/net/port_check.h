/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks whether the driver of a port accepts packets that XDP programs redirect to it, from every
 * processor. Done once, at the start. Blocks for the kernel's answers. Where an older kernel does
 * not report features, no problem is assumed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct port_facts {
	bool known; /* the kernel reports XDP features: Linux 6.3 and later */
	uint64_t features;
	char driver[32];
	unsigned channels, processors; /* channels 0: unknown */
};

struct port_problem {
	const char *what, *cure; /* NULL: no problem */
};

/* Reads the facts from the kernel. Returns 0 or -errno: then *ret is not written. */
int port_check_ask(unsigned ifindex, struct port_facts *ret);
/* Evaluates the facts. native: programs are attached in native mode; in generic mode every driver
 * will do. */
struct port_problem port_check(const struct port_facts *f, bool native);
