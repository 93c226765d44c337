/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's L2TP tunnels and sessions by generic netlink. All calls block; a socket belongs to
 * one thread. A deletion waits for up to a second until the kernel, which deletes from a work
 * queue, has released the id. Functions that return int return 0 or -errno.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/ports.h"

struct genl_l2tp;
struct nl_msg;

int genl_l2tp_open(struct genl_l2tp **ret); /* -ENOENT: the kernel has no L2TP */
void genl_l2tp_close(struct genl_l2tp *g);
/* fd: the connected UDP socket of the tunnel, owned by the caller. */
int genl_l2tp_tunnel_add(struct genl_l2tp *g, const struct dp_tunnel *t, int fd);
void genl_l2tp_tunnel_del(struct genl_l2tp *g, uint16_t tid);
int genl_l2tp_session_add(struct genl_l2tp *g, const struct dp_session *s);
void genl_l2tp_session_del(struct genl_l2tp *g, uint16_t tid, uint16_t sid);

/* Build the messages, for tests. NULL: no memory. */
struct nl_msg *genl_l2tp_build_tunnel(int family, const struct dp_tunnel *t, int fd);
struct nl_msg *genl_l2tp_build_session(int family, const struct dp_session *s);
