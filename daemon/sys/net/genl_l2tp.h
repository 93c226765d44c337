/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's L2TP tunnels and sessions by generic netlink. Blocks; a socket belongs to one thread.
 * Deleting waits until the kernel has forgotten the id, which it does from a work queue of its own.
 */
#pragma once

#include <stdint.h>

#include "daemon/core/ports.h"

struct genl_l2tp;
struct nl_msg;

int genl_l2tp_open(struct genl_l2tp **ret); /* -ENOENT: the kernel has no L2TP */
void genl_l2tp_close(struct genl_l2tp *g);
int genl_l2tp_tunnel_add(struct genl_l2tp *g, const struct dp_tunnel *t, int fd);
void genl_l2tp_tunnel_del(struct genl_l2tp *g, uint16_t tid);
int genl_l2tp_session_add(struct genl_l2tp *g, const struct dp_session *s);
void genl_l2tp_session_del(struct genl_l2tp *g, uint16_t tid, uint16_t sid);

/* The messages, for tests; NULL: no memory. */
struct nl_msg *genl_l2tp_build_tunnel(int family, const struct dp_tunnel *t, int fd);
struct nl_msg *genl_l2tp_build_session(int family, const struct dp_session *s);
