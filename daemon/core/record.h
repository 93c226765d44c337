/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What of a tunnel and a session goes on in another process, as records for the journal. They are
 * written when a turn ends and before its control messages are sent: what a peer has heard of us is
 * always among what the next life knows. Does nothing without a journal. Their form: record_tags.h.
 *
 * A call that ends by our CDN keeps a short record until the peer has acknowledged it, as one has
 * that is not yet established: the next life says CDN again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct core_tunnel;
struct engine;
struct subscriber;

void record_tunnel(struct core_tunnel *t);
void record_tunnel_gone(struct core_tunnel *t);
void record_session(struct subscriber *s);
/* The call is over; told: by a CDN of ours, queued last in the tunnel. */
void record_over(struct subscriber *s, bool told);
/* The same for a call that never was one in this process, told. */
void record_told(struct core_tunnel *t, uint16_t sid, uint16_t peer_sid);
/* Everything once more, into a journal that has lost it. */
void record_all(struct engine *e);
