/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The step that replaces the ids in a session's outgoing data packets, where the peer's ids differ
 * from those that the kernel uses. There is one program per process: opened before the first
 * session and closed after the last one.
 */
#pragma once

#include "daemon/sys/kernel/kernel_session.h"

struct news;
struct repair_result;

/* Attaches the program to the uplinks. Returns 0, or -errno: then it is attached to none. */
int kernel_label_open(const char (*uplink)[16], size_t n);
void kernel_label_close(void); /* allowed when not open */
/* Adds and removes the ids of a session; nothing when it is not labelled. Returns 0 or -errno. */
int kernel_label_up(const struct kernel_session *s);
void kernel_label_down(const struct kernel_session *s);
/* As bpf_label_heard() and bpf_label_restore(); nothing when not open. */
bool kernel_label_heard(const struct news *n);
void kernel_label_restore(struct repair_result *res);
