/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reliable delivery of control messages, RFC 2661 5.8 and appendix A: ordering, duplicates, the
 * receive window, slow start, retransmission and acknowledgement. The contents of the messages are
 * opaque. The channel takes datagrams and the time, has one deadline, and returns datagrams when
 * l2tp_chan_output() is called.
 *
 * It owns copies of the messages to send and of those received ahead of sequence; both are limited.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/list.h"
#include "daemon/base/tlv.h"
#include "daemon/l2tp/hdr.h"

struct l2tp_chan_cfg {
	ze_ns rtx_first; /* first retransmission interval: 1 s; doubles up to rtx_max */
	ze_ns rtx_max;	 /* longest retransmission interval: 8 s */
	uint8_t tries;	 /* retransmissions: 5; the channel is dead one interval after the last */
	uint16_t rws;	 /* receive window advertised, and messages accepted ahead: 64 */
	ze_ns ack_delay; /* longest time from a message to its ZLB: 10 ms */
	uint16_t max_queue; /* messages kept for sending: 8192 */
};

extern const struct l2tp_chan_cfg l2tp_chan_defaults;

struct l2tp_chan {
	struct l2tp_chan_cfg cfg;
	uint16_t peer_tid, peer_rws;
	uint16_t ns_next;	     /* Ns of the next new message */
	uint16_t ns_una;	     /* Ns of the oldest unacknowledged message */
	uint16_t nr;		     /* Ns expected next from the peer */
	uint16_t nr_sent;	     /* the Nr sent last */
	uint16_t ack_every, ack_run; /* see chan.c */
	uint16_t cwnd, cwnd_acks, ssthresh;
	struct list txq;       /* sent and unsent messages, in Ns order */
	struct list rxq;       /* messages ahead of sequence, in Ns order */
	struct list delivered; /* the queued message that was delivered last */
	uint16_t txq_len, rxq_len;
	uint8_t retries;
	bool dead;
	ze_ns ack_at, rtx_at;
	ze_ns output_at; /* when to call l2tp_chan_output(), until it returns false */
	bool have_current;
	uint16_t current_sid;
	struct span current;
	uint64_t rtx_total;
};

struct l2tp_chan_rx {
	uint16_t sid;	     /* Session ID of the header */
	struct span payload; /* valid until the next call of a channel function */
};

void l2tp_chan_init(struct l2tp_chan *c, const struct l2tp_chan_cfg *cfg);
void l2tp_chan_done(struct l2tp_chan *c);
/* Call when the peer's Assigned Tunnel ID and Receive Window Size are known. An rws of 0 counts as
 * 1. */
void l2tp_chan_set_peer(struct l2tp_chan *c, uint16_t tid, uint16_t rws);

/* Queues a copy of the AVPs. Returns 0, -ENOMEM, or -ENOBUFS when max_queue messages wait or the
 * channel is dead. */
int l2tp_chan_send(struct l2tp_chan *c, uint16_t sid, struct span avps, ze_ns now);
/* Takes one control message with a valid header. Its Nr is used even when the message is refused,
 * except with -REASON_NR_AHEAD. Returns 0 for a ZLB and for a message in order; then call
 * l2tp_chan_deliver() until it returns false. Otherwise there is nothing to deliver:
 * -REASON_SEQ_AHEAD (queued), -REASON_SEQ_OLD, -REASON_SEQ_WINDOW, -REASON_NR_AHEAD or
 * -REASON_NO_MEMORY. *ret_acked: the Nr acknowledged at least one message. */
int l2tp_chan_input(struct l2tp_chan *c, const struct l2tp_hdr *h, ze_ns now, bool *ret_acked);
/* Returns the next message in order. False: there is none. */
bool l2tp_chan_deliver(struct l2tp_chan *c, struct l2tp_chan_rx *ret);
/* Writes one datagram: a new message that the window allows, a retransmission that is due, or a
 * ZLB. Returns false when there is nothing to send. */
bool l2tp_chan_output(struct l2tp_chan *c, struct wr *w, ze_ns now);
ze_ns l2tp_chan_deadline(const struct l2tp_chan *c); /* ZE_NEVER when idle */
/* Call at or after the deadline. */
void l2tp_chan_expire(struct l2tp_chan *c, ze_ns now);
/* True when the last retransmission was not acknowledged in time. */
bool l2tp_chan_dead(const struct l2tp_chan *c);
/* True when every message is acknowledged. */
bool l2tp_chan_idle(const struct l2tp_chan *c);
/* Sends a ZLB with the next output, unless a message carries the acknowledgement. */
void l2tp_chan_ack_now(struct l2tp_chan *c, ze_ns now);
/* Retransmits the oldest unacknowledged message at once, without changing the timer. */
void l2tp_chan_repeat(struct l2tp_chan *c, ze_ns now);
/* Delays the next retransmission by rtx_max from now. */
void l2tp_chan_postpone(struct l2tp_chan *c, ze_ns now);
/* Drops all messages that were not sent yet, because a StopCCN must not wait behind them (L-217).
 * Messages in flight stay, and the congestion window is opened for one more message if the peer's
 * receive window allows it. */
void l2tp_chan_flush_unsent(struct l2tp_chan *c);
/* Drops every message, sent or not. From then on the channel only acknowledges, until a message is
 * queued again. */
void l2tp_chan_mute(struct l2tp_chan *c);
/* The Ns of the message queued last, also when it was not sent yet. */
uint16_t l2tp_chan_last_ns(const struct l2tp_chan *c);
/* True when the message with this Ns was acknowledged. */
bool l2tp_chan_acked(const struct l2tp_chan *c, uint16_t ns);

/* The fields of its restart record: the peer's tunnel id and window, both sequence numbers, and the
 * number of unacknowledged messages, including those not sent yet. */
extern const struct tlv_table l2tp_chan_saved;
void l2tp_chan_save(const struct l2tp_chan *c, struct wr *w);
/* Restores what l2tp_chan_save() wrote, after l2tp_chan_init() and in place of
 * l2tp_chan_set_peer(). The contents of unacknowledged messages are not saved: `filler` takes the
 * place of each, and `last`, unless it is empty, the place of the newest. A peer that had received
 * the original treats the replacement as a duplicate. */
enum reason l2tp_chan_restore(struct l2tp_chan *c, struct span saved, struct span filler,
			      struct span last, ze_ns now);
