/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How fast strangers may set up tunnels: one token bucket for all and one for each source address,
 * in a table of fixed size whose oldest entries give way. Peers with an established tunnel are not
 * asked. Allocates once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"

#define ADMIT_SOURCES	   4096
#define ADMIT_SOURCE_RATE  50 /* SCCRQs a second from one address */
#define ADMIT_SOURCE_BURST 100

#define ADMIT_HALF_OPEN	       1024 /* tunnels being set up, over all peers */
#define ADMIT_HALF_OPEN_SOURCE 64   /* and from one address */
/* A handshake that takes longer may be given up for a newer one when these are reached. */
#define ADMIT_HALF_OPEN_GRACE ZE_SEC(1)

struct admit_bucket {
	ze_ns full_at; /* when it will have refilled */
};

struct admit_source {
	struct ze_addr addr; /* family 0: unused */
	struct admit_bucket bucket;
};

struct admit {
	struct admit_bucket all;
	struct admit_source *sources;
};

int admit_init(struct admit *a); /* 0 or -ENOMEM */
void admit_done(struct admit *a);
/* Takes a token from both buckets or from none. rate: of the one for all, 0: unbounded. */
bool admit_setup(struct admit *a, const struct ze_addr *from, uint32_t rate, ze_ns now);
