/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* A frame that every run of a program begins with. */
#pragma once

#include <linux/types.h>

#define PROG_HEAD 128 /* octets that a program may change: all its headers */

struct prog_frame {
	__u32 len; /* PROG_HEAD at least */
	__u32 pad;
	__u64 head[PROG_HEAD / 8];
};
