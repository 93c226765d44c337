/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PPPoL2TP sockets and /dev/ppp. Several of these calls, and close() of the descriptors that they
 * return, wait in the kernel for 17 to 35 ms: only on workers. All descriptors are close-on-exec;
 * those of /dev/ppp are non-blocking. Functions return 0 or -errno; the caller owns the
 * descriptors.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/ports.h"

int pppox_open(const struct dp_session *s, int tunnel_fd, int *ret_fd);
/* The PPP channel of a PPPoL2TP socket: its number, for which the kernel waits for an RCU grace
 * period; and a descriptor of /dev/ppp attached to it. */
int pppox_channel_no(int pppox_fd, int *ret_chan);
int pppox_channel_open(int chan, int *ret_fd);
/* Creates an interface pppN; *ret_unit is N. It exists until *ret_fd is closed. */
int pppox_unit_open(int *ret_fd, int *ret_unit);
int pppox_connect_unit(int chan_fd, int unit);
/* Passes or drops packets of a protocol. proto: PPP_IPV4 or PPP_IPV6. */
int pppox_npmode(int unit_fd, uint16_t proto, bool pass);
/* Sends a frame without FF 03 (address and control). Called on the reactor; does not block. */
int pppox_write(int fd, struct span frame);
