/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Environment variables under the names that operators know, with dots (env(1) and systemd can set
 * those), or in the forms that shells can set: ze.l2tp.skip-kernel-probe,
 * ze_l2tp_skip_kernel_probe, ZE_L2TP_SKIP_KERNEL_PROBE. The name with dots wins.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"

const char *env_get(const char *dotted); /* NULL: not set or empty */
/* Reads a duration from min to max: "30s", "1m30s", "500ms", or seconds without a unit. Returns 0;
 * when it is not set, *ret is unchanged. -EINVAL: invalid or out of range. */
int env_duration(const char *dotted, ze_ns min, ze_ns max, ze_ns *ret);
/* True for "true", "1", "yes", "on", in any case. */
bool env_true(const char *dotted);
