/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rate limits for the set-up of tunnels, and for what one session or tunnel may send.
 *
 * A source is known when a tunnel from its address is established or was established before: a
 * forged address cannot answer. Unknown sources share one token bucket, and each address has one
 * more. A known source has only a bucket of its own, so that a flood from forged addresses takes no
 * tokens from it.
 *
 * The buckets of unknown and of known sources are in two tables of fixed size (buckets.h). Only
 * established tunnels add entries to the table of known sources. A source for which no memory can
 * be allocated is refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/core/buckets.h"

#define ADMIT_SOURCES	   BUCKETS
#define ADMIT_SOURCE_RATE  50 /* SCCRQs per second from one unknown address */
#define ADMIT_SOURCE_BURST 100
#define ADMIT_KNOWN_RATE   1000 /* SCCRQs per second from one known address */
#define ADMIT_KNOWN_BURST  1000

#define ADMIT_HALF_OPEN	       1024 /* tunnels that were never established, all unknown sources */
#define ADMIT_HALF_OPEN_SOURCE 64   /* the same from one unknown source */
#define ADMIT_HALF_OPEN_KNOWN  512  /* the same from one known source */

/* Limits per second on what one subscriber or LAC sends to the daemon. They are far above what is
 * needed: a negotiation takes about 20 frames, and a LAC sends no more messages than our receive
 * window before it gets an acknowledgement. */
#define ADMIT_FRAME_RATE    50 /* PPP control frames of one session */
#define ADMIT_FRAME_BURST   100
#define ADMIT_CONTROL_RATE  20000 /* control messages of one tunnel */
#define ADMIT_CONTROL_BURST 4000

struct admit_bucket {
	ze_ns full_at; /* when it will be full again */
};

/* Takes a token from the bucket of a session or a tunnel, which is all zero at first. Returns false
 * when there is none. */
bool admit_frame(struct admit_bucket *b, ze_ns now);
bool admit_control(struct admit_bucket *b, ze_ns now);

struct admit { /* all zero: empty */
	struct admit_bucket all;
	struct buckets sources; /* unknown */
	struct buckets known;	/* have answered */
};

/* Frees the tables. */
void admit_done(struct admit *a);
/* Takes a token for an SCCRQ of an unknown source, from both buckets or from none. rate: SCCRQs per
 * second from all unknown sources; 0: unbounded. Returns false when a token or memory is
 * missing. */
bool admit_setup(struct admit *a, const struct ze_addr *from, uint32_t rate, ze_ns now);
/* A tunnel of this source was established: it is known from now on. */
void admit_answered(struct admit *a, const struct ze_addr *from, ze_ns now);
/* True when a tunnel of this source was established, and its entry was not replaced since. */
bool admit_has_answered(const struct admit *a, const struct ze_addr *from);
/* Takes a token for an SCCRQ of a known source. Returns false when there is none, or no memory. */
bool admit_known(struct admit *a, const struct ze_addr *from, ze_ns now);
