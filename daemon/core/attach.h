/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subscriber's place in the data plane: asks for it when the first family is ready (or before PPP
 * when the LAC demands sequencing), and notes in s->todo what the link must be told. Stale answers
 * are told from fresh ones by counting.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "ppp/proto.h"

struct dp_event;
struct subscriber;

void attach_session(struct subscriber *s);
void attach_family(struct subscriber *s, enum ppp_family family);
/* The family is open; what the plane was told may have changed in a renegotiation. */
void attach_refresh(struct subscriber *s, enum ppp_family family);
void attach_drop_family(struct subscriber *s, enum ppp_family family);
/* Leaves the plane. False: nothing is there to wait for. */
bool attach_leave(struct subscriber *s);
void attach_event(struct subscriber *s, const struct dp_event *ev, ze_ns now);
