/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the restart records of tunnels and sessions to the journal. They are written at the end of
 * a turn, before its control messages are sent: the next instance knows everything that a peer may
 * have received. record_tags.h describes their format. Without a journal the functions do nothing.
 *
 * A call that we ended with a CDN keeps a short record, with its ids only, until the peer has
 * acknowledged the CDN. A call that is not established has such a record, too. The next instance
 * sends a CDN for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct tunnel;
struct call;
struct engine;

/* Writes the record of the tunnel, and drops the records of calls whose CDN was acknowledged. */
void record_tunnel(struct tunnel *t);
/* Drops the record of a tunnel that is being freed, and those of its calls that have ended. */
void record_tunnel_gone(struct tunnel *t);
/* Writes the record of a call that has not ended, with the fields of its owner. */
void record_call(const struct call *c);
/* The call has ended. The flag is set when a CDN of ours is the last message queued in the
 * tunnel. */
void record_call_ended(const struct call *c, bool cdn_sent);
/* The same with a CDN, for a call that was not restored. */
void record_cdn_sent(struct tunnel *t, uint16_t sid, uint16_t peer_sid);
/* Writes all records again, into a journal that was emptied. */
void record_all(struct engine *e);
