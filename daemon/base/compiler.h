/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Time units and compiler attributes used in the whole tree. Contains no run-time code beyond
 * ze_min_ns() and includes only freestanding headers.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int64_t ze_ns; /* a monotonic time or a duration, in nanoseconds */

#define ZE_NEVER  INT64_MAX
#define ZE_MS(n)  ((ze_ns)(n)*1000000)
#define ZE_SEC(n) ((ze_ns)(n)*1000000000)

#define ZE_ARRAY_SIZE(a)		 (sizeof(a) / sizeof((a)[0]))
#define ZE_PRINTF(f, a)			 __attribute__((format(printf, f, a)))
#define ZE_MUST_CHECK			 __attribute__((warn_unused_result))
#define ze_container_of(p, type, member) ((type *)(void *)((char *)(p)-offsetof(type, member)))

static inline ze_ns ze_min_ns(ze_ns a, ze_ns b)
{
	return a < b ? a : b;
}
