/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of a subscriber in the restart record of its call.
 */
#pragma once

#include <stdbool.h>

struct call;
struct wr;

/* call_owner_ops.save. Only an established session whose families the data plane has is restored. */
bool record_session_save(const struct call *c, struct wr *w);
