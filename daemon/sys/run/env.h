/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environment variables under the names operators know, with dots (env(1) and systemd set those), or
 * as shells can write them: ze.l2tp.skip-kernel-probe, ze_l2tp_skip_kernel_probe,
 * ZE_L2TP_SKIP_KERNEL_PROBE. The dotted name wins.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"

const char *env_get(const char *dotted); /* NULL: not set, or empty */
/* "30s", "1m30s", "500ms", or seconds alone, from min to max. 0 when it is not set, and *ret stays; -EINVAL. */
int env_duration(const char *dotted, ze_ns min, ze_ns max, ze_ns *ret);
/* "true", "1", "yes", "on" in any case. */
bool env_true(const char *dotted);
