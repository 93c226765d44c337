/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The step that says which ids a session's data packets leave with, where they are not the kernel's
 * own. One for the process: open before the first session, close after the last.
 */
#pragma once

#include "daemon/sys/kernel/kernel.h"

struct news;

/* 0 or -errno, and then nothing is attached. */
int kernel_label_open(const char (*uplink)[16], size_t n);
void kernel_label_close(void); /* harmless when not open */
int kernel_label_up(const struct kernel_session *s);
void kernel_label_down(const struct kernel_session *s);
/* As bpf_label_heard and bpf_label_restore. */
bool kernel_label_heard(const struct news *n);
void kernel_label_restore(struct repair_result *res);
