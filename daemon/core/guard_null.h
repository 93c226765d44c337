/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nothing stands before the sockets: the engine's own limits are all there is.
 */
#pragma once

#include "daemon/core/ports.h"

extern const struct guard_ops guard_null_ops; /* self is not used */
