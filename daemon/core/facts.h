/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fields of a session for events and log lines. Reads a subscriber and changes nothing.
 */
#pragma once

#include "daemon/base/compiler.h"
#include "daemon/core/event.h"

struct subscriber;

/* The user's name; "" before authentication. Owned by the subscriber. */
const char *facts_user(const struct subscriber *s);
/* Returns an event with the fields that all events about the session have. */
struct event facts_event(const struct subscriber *s, enum event_kind kind, ze_ns now);
