/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sd_notify(3) without libsystemd: sends one datagram to $NOTIFY_SOCKET (a path or an abstract
 * name), or does nothing without it. Never blocks.
 */
#pragma once

/* state: "READY=1", "STOPPING=1\nSTATUS=...". Returns 0, also without a listener, or -errno. */
int notify_send(const char *state);
/* Sends RELOADING=1 with the monotonic time that systemd requires; READY=1 must follow. */
int notify_reloading(void);
