/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reliable delivery of control messages, RFC 2661 5.8 and appendix A: order, duplicates, window,
 * slow start, retransmission, acknowledgement. Knows nothing about what the messages say. Takes
 * bytes and now; datagrams are pulled by l2tp_chan_output; one deadline.
 *
 * Owns copies of what it sends and of what arrived ahead of sequence, both bounded.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/list.h"
#include "daemon/l2tp/hdr.h"

struct l2tp_chan_cfg {
	ze_ns rtx_first;    /* 1 s */
	ze_ns rtx_max;	    /* 8 s */
	uint8_t tries;	    /* retransmissions after the first send: 5, dead one interval later */
	uint16_t rws;	    /* what we advertise and accept ahead: 64 */
	ze_ns ack_delay;    /* from a message to its ZLB at most: 10 ms */
	uint16_t max_queue; /* messages kept for sending */
};

extern const struct l2tp_chan_cfg l2tp_chan_defaults;

struct l2tp_chan {
	struct l2tp_chan_cfg cfg;
	uint16_t peer_tid, peer_rws;
	uint16_t ns_next;	     /* of the next new message */
	uint16_t ns_una;	     /* oldest sent and not acknowledged */
	uint16_t nr;		     /* next expected from the peer */
	uint16_t nr_sent;	     /* the Nr we last sent */
	uint16_t ack_every, ack_run; /* see chan.c */
	uint16_t cwnd, cwnd_acks, ssthresh;
	struct list txq;       /* sent and unsent, in Ns order */
	struct list rxq;       /* ahead of sequence, in Ns order */
	struct list delivered; /* the one queued message handed out last */
	uint16_t txq_len, rxq_len;
	uint8_t retries;
	bool dead;
	ze_ns ack_at, rtx_at;
	ze_ns output_at; /* something was queued and output not yet asked until it said no */
	bool have_current;
	uint16_t current_sid;
	struct span current;
	uint64_t rtx_total;
};

struct l2tp_chan_rx {
	uint16_t sid;	     /* header Session ID */
	struct span payload; /* valid until the next call on the channel */
};

void l2tp_chan_init(struct l2tp_chan *c, const struct l2tp_chan_cfg *cfg);
void l2tp_chan_done(struct l2tp_chan *c);
/* Once the peer's Assigned Tunnel ID and Receive Window Size are known. rws 0 counts as 1. */
void l2tp_chan_set_peer(struct l2tp_chan *c, uint16_t tid, uint16_t rws);

/* Queues AVPs (copied). 0, -ENOMEM, -ENOBUFS when max_queue is reached. */
int l2tp_chan_send(struct l2tp_chan *c, uint16_t sid, struct span avps, ze_ns now);
/* One control message with a good header. Uses its Nr whatever else it is. 0 when it was new (then
 * loop l2tp_chan_deliver until false) or a ZLB; else -REASON_SEQ_OLD, -REASON_SEQ_WINDOW,
 * -REASON_SEQ_AHEAD (queued), -REASON_NR_AHEAD, -REASON_NO_MEMORY: nothing to deliver.
 * *ret_acked: it acknowledged something of ours. */
int l2tp_chan_input(struct l2tp_chan *c, const struct l2tp_hdr *h, ze_ns now, bool *ret_acked);
bool l2tp_chan_deliver(struct l2tp_chan *c, struct l2tp_chan_rx *ret);
/* Writes one datagram: a new message the window allows, a retransmission that is due, or a ZLB.
 * False: nothing to send. */
bool l2tp_chan_output(struct l2tp_chan *c, struct wr *w, ze_ns now);
ze_ns l2tp_chan_deadline(const struct l2tp_chan *c); /* ZE_NEVER when idle */
void l2tp_chan_expire(struct l2tp_chan *c, ze_ns now);
/* Retransmission is exhausted. */
bool l2tp_chan_dead(const struct l2tp_chan *c);
/* Everything of ours is acknowledged. */
bool l2tp_chan_idle(const struct l2tp_chan *c);
/* A ZLB at the next output unless a message carries the acknowledgement. */
void l2tp_chan_ack_now(struct l2tp_chan *c, ze_ns now);
/* Sends the oldest message that waits for an acknowledgement once more, out of turn. */
void l2tp_chan_repeat(struct l2tp_chan *c, ze_ns now);
/* No retransmission before one of the longest intervals has passed. */
void l2tp_chan_postpone(struct l2tp_chan *c, ze_ns now);
/* Drops all messages that are not yet sent (StopCCN must not wait behind them, L-217): those in
 * flight stay, and one more may follow them if the peer's window, not only ours, has room. */
void l2tp_chan_flush_unsent(struct l2tp_chan *c);
/* Forgets everything queued or in flight: from now on it only acknowledges. */
void l2tp_chan_mute(struct l2tp_chan *c);
/* Ns of the message queued last, sent or not; and whether that or another one was acknowledged. */
uint16_t l2tp_chan_last_ns(const struct l2tp_chan *c);
bool l2tp_chan_acked(const struct l2tp_chan *c, uint16_t ns);

/* What goes on in another process: both sequence numbers and how many messages are not acknowledged,
 * those not yet sent among them. */
void l2tp_chan_save(const struct l2tp_chan *c, struct wr *w);
/* Instead of set_peer, after init. What was in the messages is not known any more: `filler` stands
 * in for each that was not acknowledged, `last`, unless empty, for the newest. A peer that had one
 * of them takes its second coming for a duplicate. 0, -EBADMSG, -ENOMEM. */
int l2tp_chan_resume(struct l2tp_chan *c, struct rd *r, struct span filler, struct span last,
		     ze_ns now);
