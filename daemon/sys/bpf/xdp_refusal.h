/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a driver refuses native XDP, and the cure: from the kernel's message where there is one,
 * otherwise from known causes (MTU, LRO).
 */
#pragma once

#include <stdbool.h>

#define XDP_REFUSAL_WHY 96

struct xdp_refusal {
	int error;		   /* -errno */
	char why[XDP_REFUSAL_WHY]; /* the kernel's message; "": none */
	unsigned mtu;		   /* 0: unknown */
	bool lro;
};

/* Starts to collect the kernel's message. Until xdp_refusal_end(), libbpf's messages go nowhere
 * else. */
void xdp_refusal_begin(struct xdp_refusal *r);
/* Stops. error is the result of the call; if it failed, MTU and LRO of the interface are read. */
void xdp_refusal_end(struct xdp_refusal *r, int error, const char *interface);
/* Sets `why` if the kernel gave no message, and returns the cure, a constant text. Makes no system
 * call. */
const char *xdp_refusal_cure(struct xdp_refusal *r);
