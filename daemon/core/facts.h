/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What events and log lines say about a session. Reads a subscriber and changes nothing.
 */
#pragma once

#include "daemon/base/compiler.h"
#include "daemon/core/event.h"

struct subscriber;

/* "" before authentication. */
const char *facts_user(const struct subscriber *s);
/* The fields that every event about the session has. */
struct event facts_event(const struct subscriber *s, enum event_kind kind, ze_ns now);
