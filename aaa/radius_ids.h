/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identifiers of one RADIUS server: 256 for each source port, and what must be known of a
 * request to send it again and to verify its answer. An identifier is busy, or it rests because an
 * answer to its last request may still arrive, or it is free. Free identifiers are reused in the
 * order in which they became free. A port takes 11 KiB and is never closed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/radius_pkt.h"
#include "daemon/base/compiler.h"

#define RADIUS_PORT_IDS	 256
#define RADIUS_IDS_PORTS 128

struct radius_pending; /* a request, see radius_client.c */

struct radius_slot {
	struct radius_pending *owner; /* NULL: a probe, or not busy */
	ze_ns at;		      /* busy: when it was first sent; resting: until when */
	uint8_t auth[RADIUS_AUTH_LEN];
	uint32_t delay_s; /* see struct radius_req_key */
	uint8_t sends;
	bool busy, used, answered;
};

/* Identifiers in the order in which they were added. */
struct radius_id_queue {
	uint8_t ids[RADIUS_PORT_IDS];
	uint16_t head, n;
};

struct radius_port {
	struct radius_slot slots[RADIUS_PORT_IDS];
	struct radius_id_queue free, resting;
};

struct radius_ids {
	struct radius_port *ports[RADIUS_IDS_PORTS];
	unsigned n, max; /* ports that are open, and that may be */
};

/* The name of a slot. */
struct radius_id {
	uint8_t port, id;
};

void radius_ids_init(struct radius_ids *a, unsigned max);
void radius_ids_done(struct radius_ids *a);
/* Takes an identifier; its slot is busy and has the owner, no sends and no answer. Returns 0;
 * -ENOBUFS: all are busy; or -ENOMEM: the next port could not be opened. */
int radius_ids_take(struct radius_ids *a, struct radius_pending *owner, ze_ns now,
		    struct radius_id *ret);
/* Gives a busy identifier back. It rests for `rest` when that is above 0. */
void radius_ids_put(struct radius_ids *a, struct radius_id id, ze_ns rest, ze_ns now);
/* The slot, or NULL when its port is not open. */
struct radius_slot *radius_ids_slot(const struct radius_ids *a, unsigned port, uint8_t id);
