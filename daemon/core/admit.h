/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast tunnels may be set up. Unknown sources have one token bucket for all of them and one for each
 * address. A source that has answered, because a tunnel of it was established now or before, has only a
 * bucket of its own: whoever floods from forged addresses takes nothing from it. Both kinds are in tables of
 * fixed size whose oldest entries give way; only established tunnels add to that of known sources. A set
 * of a table is allocated for the first source in it; without memory for it the source is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/core/buckets.h"

#define ADMIT_SOURCES	   BUCKETS
#define ADMIT_SOURCE_RATE  50 /* SCCRQs a second from one address */
#define ADMIT_SOURCE_BURST 100
#define ADMIT_KNOWN_RATE   1000 /* the same from an address that has answered before */
#define ADMIT_KNOWN_BURST  1000

#define ADMIT_HALF_OPEN	       1024 /* tunnels being set up, over all unknown sources */
#define ADMIT_HALF_OPEN_SOURCE 64   /* and from one of them */
#define ADMIT_HALF_OPEN_KNOWN  512  /* from one source that has answered before */
/* A handshake that takes longer may be given up for a newer one when these are reached. */
#define ADMIT_HALF_OPEN_GRACE ZE_SEC(1)

/* What one subscriber or LAC may send to the daemon per second. Far above what any needs: a negotiation takes
 * some twenty frames, and a LAC sends no more messages than its window holds before it gets an answer. */
#define ADMIT_FRAME_RATE    50 /* PPP control frames of one session */
#define ADMIT_FRAME_BURST   100
#define ADMIT_CONTROL_RATE  20000 /* control messages of one tunnel */
#define ADMIT_CONTROL_BURST 4000

struct admit_bucket {
	ze_ns full_at; /* when it will have refilled */
};

/* One token of a bucket that somebody else has: 0 at first. */
bool admit_frame(struct admit_bucket *b, ze_ns now);
bool admit_control(struct admit_bucket *b, ze_ns now);

struct admit { /* all zero: empty */
	struct admit_bucket all;
	struct buckets sources; /* unknown */
	struct buckets known;	/* have answered */
};

void admit_done(struct admit *a);
/* An unknown source: takes a token from both buckets or from none. rate: of the one for all, 0: unbounded. */
bool admit_setup(struct admit *a, const struct ze_addr *from, uint32_t rate, ze_ns now);
/* A tunnel of this source is established. */
void admit_answered(struct admit *a, const struct ze_addr *from, ze_ns now);
/* It was, not too many other sources ago. */
bool admit_has_answered(const struct admit *a, const struct ze_addr *from);
/* A known source: takes a token from its bucket. */
bool admit_known(struct admit *a, const struct ze_addr *from, ze_ns now);
