/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device of all subscribers of the BPF plane: a veth pair. The stack knows ze0; what is sent into
 * ze0p arrives there, what the stack sends to ze0 meets a program on ze0p. Blocks.
 */
#pragma once

#include <stdint.h>

#include "bpf/ze_bpf.h"

#define ZE0	"ze0"
#define ZE0P	"ze0p"
#define ZE0_MTU 2000 /* room for an encapsulated packet that the stack shall fragment */

struct nl_sock;

/* Replaces what a former life has left; ret: indexes and addresses. 0 or -errno. */
int ze0_create(struct nl_sock *sk, struct ze_conf *ret);
/* The pair of a former life, if it is the one that was: -ESTALE. Packets pass meanwhile. */
int ze0_adopt(struct nl_sock *sk, const struct ze_conf *was, struct ze_conf *ret);
void ze0_destroy(struct nl_sock *sk);

enum ze0_repair {
	ZE0_FINE,
	ZE0_PUT_RIGHT,	/* it was down, or had another MTU or address: nothing may be left on it */
	ZE0_MADE_AGAIN, /* it was gone: programs and sockets on it are, too */
	ZE0_BROKEN	/* *ret_error says why */
};
/* The pair as it was created, again. */
enum ze0_repair ze0_repair(struct nl_sock *sk, const struct ze_conf *c, int *ret_error);
