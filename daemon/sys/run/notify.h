/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sd_notify(3) without libsystemd: one datagram to $NOTIFY_SOCKET, a path or abstract. Without it,
 * nothing. Never blocks.
 */
#pragma once

/* "READY=1", "STOPPING=1\nSTATUS=..."; 0 also when nobody listens, or -errno. */
int notify_send(const char *state);
/* RELOADING=1 with the time systemd wants beside it; READY=1 must follow. */
int notify_reloading(void);
