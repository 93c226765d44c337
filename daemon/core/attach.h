/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subscriber's place in the data plane: asks for it when a family is ready and the line is quiet
 * (or before PPP when the LAC demands sequencing), and notes in s->todo what the link must be told.
 * The rates it is held to are asked for first, before any family is.
 * Stale answers are told from fresh ones by counting.
 *
 * The plane is prepared for a family before our Ack, with what the peer's request says, and opened when
 * both ends have acknowledged. A family that is negotiated anew stays prepared, and closed, meanwhile.
 *
 * Quiet: every family that still negotiates has only our Ack to wait for. What a peer sends while the
 * kernel half knows the session is lost and comes again after its restart timer, three seconds later;
 * a peer that waits for us sends nothing. Who negotiates one family slowly is not waited for longer
 * than ATTACH_PATIENCE.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "daemon/core/ports.h"
#include "ppp/proto.h"

struct subscriber;

#define ATTACH_PATIENCE ZE_SEC(1)

/* What stands in front of the sockets is told what the session is to it. */
void attach_tell_guard(const struct subscriber *s, enum guard_session what);
void attach_session(struct subscriber *s, ze_ns now);
void attach_family(struct subscriber *s, enum ppp_family family, ze_ns now);
/* After anything that happened to the link: attaches if a family waits and the time has come. */
void attach_if_due(struct subscriber *s, ze_ns now);
/* When attach_if_due wants to be called, ZE_NEVER when nothing waits. */
ze_ns attach_deadline(const struct subscriber *s);
/* Its packets may pass, or no longer may. While the plane is being told something new, they do when it has been. */
void attach_open(struct subscriber *s, enum ppp_family family, bool open);
void attach_drop_family(struct subscriber *s, enum ppp_family family);
/* A session that goes on: the plane has it, with the families that are up. 0 or -errno. */
int attach_resume(struct subscriber *s);
/* Leaves the plane. False: nothing is there to wait for. */
bool attach_leave(struct subscriber *s);
/* Answers and losses. Effects of the link in e->ppp_fx; after the last answer the plane holds nothing, and
 * s->dp says so. */
void attach_event(struct subscriber *s, const struct dp_event *ev, ze_ns now);
