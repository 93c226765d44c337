/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaches a subscriber to the data plane: creates its session when a family is ready and the link
 * is quiet, or before PPP begins when the LAC requires sequencing. What the PPP link must be
 * notified of is added to `next`. Rates are requested before any family. The data plane answers the
 * requests of a kind in order, so only the answer to the newest counts: s->dp_unanswered has the
 * number of those that are not answered yet.
 *
 * A family is prepared in the data plane before our Configure-Ack, with the values of the peer's
 * request, and opened when both sides have acknowledged. A family that is negotiated again stays
 * prepared, but closed, in the meantime.
 *
 * The link is quiet when every family that still negotiates waits for our Configure-Ack only.
 * Frames that a peer sends while the kernel creates the session are lost, and are sent again after
 * the peer's restart timer of 3 s; a peer that waits for us sends nothing. A slow negotiation of
 * the other family delays attaching by at most ATTACH_PATIENCE.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/compiler.h"
#include "daemon/core/ports.h"
#include "ppp/proto.h"

struct pending;
struct subscriber;

/* Requests the session from the data plane. A refusal is logged, and PENDING_NO_PLANE follows. */
void attach_session(struct subscriber *s, ze_ns now, struct pending *next);
/* A family is ready (PPP_FX_NCP_READY): requests it, or lets it wait until the session is
 * attached. */
void attach_family(struct subscriber *s, enum ppp_family family, ze_ns now, struct pending *next);
/* Attaches when a family waits and the link is quiet or the time has come. Call it after every
 * change of the link. */
void attach_if_due(struct subscriber *s, ze_ns now, struct pending *next);
/* When attach_if_due() must be called; ZE_NEVER when no family waits. */
ze_ns attach_deadline(const struct subscriber *s);
/* s->plan was changed: the data plane gets the new rates, now or when the session is attached. */
void attach_reshape(struct subscriber *s, ze_ns now);
/* Lets packets of the family pass, or stops them. While a request for the family is not answered,
 * it is opened when the answer arrives. */
void attach_open(struct subscriber *s, enum ppp_family family, bool open);
/* Removes the family from the data plane. */
void attach_drop_family(struct subscriber *s, enum ppp_family family);
/* Takes over the session of a restored subscriber in the data plane, with the families that are up
 * and their routes. Returns 0 or -errno. */
int attach_restore(struct subscriber *s, ze_ns now);
/* Removes the session from the data plane. Returns false when it has none, and so no DP_EV_GONE
 * will follow. */
bool attach_remove(struct subscriber *s);
/* Processes answers and losses. Effects of the link are added to e->ppp_fx. After DP_EV_GONE, s->dp
 * is SUB_DP_NONE. */
void attach_event(struct subscriber *s, const struct dp_event *ev, ze_ns now, struct pending *next);
