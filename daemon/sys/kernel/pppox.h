/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PPPoL2TP sockets and /dev/ppp: file descriptors in, file descriptors out. Several of these calls,
 * and closing what they return, wait for the kernel (17-35 ms): only on workers. Descriptors of
 * /dev/ppp are non-blocking, all are close-on-exec.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/ports.h"

int pppox_open(const struct dp_session *s, int tunnel_fd, int *ret_fd);
/* The PPP channel of a PPPoL2TP socket: its number, for which the kernel waits an RCU grace period, and its
 * /dev/ppp. */
int pppox_channel_no(int pppox_fd, int *ret_chan);
int pppox_channel_open(int chan, int *ret_fd);
/* A new pppN. */
int pppox_unit_open(int *ret_fd, int *ret_unit);
int pppox_connect_unit(int chan_fd, int unit);
/* proto: PPP_IPV4, PPP_IPV6; passing or dropped. */
int pppox_npmode(int unit_fd, uint16_t proto, bool pass);
/* The reactor's side: a frame without FF 03. */
int pppox_write(int fd, struct span frame);
