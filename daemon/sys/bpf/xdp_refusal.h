/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a driver refuses native XDP, and what to do about it: by the kernel's own words where it has some,
 * else by what is known to stand in the way.
 */
#pragma once

#include <stdbool.h>

#define XDP_REFUSAL_WHY 96

struct xdp_refusal {
	int error;		   /* -errno */
	char why[XDP_REFUSAL_WHY]; /* the kernel's words; "": none */
	unsigned mtu;		   /* 0: unknown */
	bool lro;
};

/* Begins to listen for the kernel's words; nobody else may use libbpf's messages meanwhile. */
void xdp_refusal_begin(struct xdp_refusal *r);
/* The call has failed with this error. Asks for MTU and LRO. */
void xdp_refusal_end(struct xdp_refusal *r, int error, const char *interface);
/* Fills in `why` if the kernel said nothing, and returns the cure. By the facts alone. */
const char *xdp_refusal_cure(struct xdp_refusal *r);
