/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The frame with which every run of a program begins. */
#pragma once

#include <linux/types.h>

#define PROG_HEAD 128 /* octets that a program may change: all its headers */

struct prog_frame {
	__u32 len; /* at least PROG_HEAD */
	__u32 pad;
	__u64 head[PROG_HEAD / 8];
};
