/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard that filters nothing, for hosts without one: only the engine's own limits apply.
 */
#pragma once

#include "daemon/core/ports.h"

extern const struct guard_ops guard_null_ops; /* self is not used */
