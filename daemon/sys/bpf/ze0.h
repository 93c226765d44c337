/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device of all subscribers of the BPF plane: a veth pair. The stack has routes and addresses
 * on ze0. Frames sent into ze0p arrive on ze0; packets that the stack sends to ze0 meet a program
 * on ze0p. Calls block.
 */
#pragma once

#include <stdint.h>

#include "bpf/ze_bpf.h"

#define ZE0	"ze0"
#define ZE0P	"ze0p"
#define ZE0_MTU 2000 /* room for an encapsulated packet that the stack must fragment */

struct nl_sock;

/* Creates the pair; replaces that of a previous instance. ret: indexes and MAC addresses. Returns 0
 * or -errno. */
int ze0_create(struct nl_sock *sk, struct ze_conf *ret);
/* Uses the pair of a previous instance, while packets pass. Returns 0 or -errno; -ESTALE when it is
 * not the same pair. */
int ze0_restart(struct nl_sock *sk, const struct ze_conf *was, struct ze_conf *ret);
void ze0_destroy(struct nl_sock *sk);

enum ze0_repair {
	ZE0_FINE,
	ZE0_PUT_RIGHT,	/* it was down, or had another MTU or MAC; routes may be missing */
	ZE0_MADE_AGAIN, /* it was removed, and with it the programs and sockets on it */
	ZE0_BROKEN	/* *ret_error says why */
};
/* Restores the pair as it was created. ret_error is 0 or -errno. */
enum ze0_repair ze0_repair(struct nl_sock *sk, const struct ze_conf *c, int *ret_error);
