/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reliable delivery, RFC 2661 5.8 and appendix A.
 *
 * Sending: messages wait in txq. The first min(cwnd, peer_rws) of them may be in flight. A message
 * gets its Ns when it is first sent, so that a ZLB sent before it carries the same Ns. Only the
 * oldest unacknowledged message runs the retransmission timer. When the timer fires, every message
 * in flight is marked for retransmission and the congestion window is set to 1, so that a peer that
 * drops messages ahead of sequence receives them at the pace of its acknowledgements.
 *
 * Receiving: an Ns is old when it is one of the 32768 values that end with the last one received in
 * order (5.8). A signed 16-bit difference gets the first of these values wrong.
 *
 * Acknowledging: the next message sent carries Nr, or a ZLB is sent ack_delay later. A peer whose
 * congestion window is full sends nothing while it waits, so a ZLB is sent at once after every
 * ack_every messages, and at the latest when half of the receive window is used. The peer's
 * congestion window is unknown: like that window, ack_every begins at 1, grows slowly while enough
 * messages arrive, and is halved when they do not. A ZLB is also sent at once when a gap is filled,
 * and for a duplicate or a message ahead of sequence.
 *
 * Memory: the channel owns the entries of txq (at most max_queue) and rxq (at most rws).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/l2tp/timers.h"
#include "daemon/l2tp/chan.h"

#define SEQ_HALF 0x8000
#define ACK_RUN	 8 /* ack_every grows by one after this many times ack_every acknowledgements */

struct chan_msg {
	struct list link;
	uint16_t ns, sid, len;
	bool numbered; /* has its Ns: it was sent at least once */
	bool wanted;   /* to be sent or retransmitted */
	uint8_t avps[];
};

const struct l2tp_chan_cfg l2tp_chan_defaults = {
	.rtx_first = L2TP_RTX_FIRST,
	.rtx_max = L2TP_RTX_MAX,
	.tries = 5,
	.rws = 64,
	.ack_delay = L2TP_ACK_DELAY,
	.max_queue = 8192,
};

static struct chan_msg *chan_msg_of(struct list *n)
{
	return list_entry(n, struct chan_msg, link);
}

static struct chan_msg *msg_new(uint16_t sid, struct span avps)
{
	struct chan_msg *m;

	if (avps.len > UINT16_MAX)
		return NULL;
	m = calloc(1, sizeof(*m) + avps.len);
	if (!m)
		return NULL;
	list_init(&m->link);
	m->sid = sid;
	m->len = (uint16_t)avps.len;
	if (avps.len)
		memcpy(m->avps, avps.p, avps.len);
	return m;
}

static void msg_free(struct list *n)
{
	list_del(n);
	free(chan_msg_of(n));
}

static void chan_free_all(struct list *head)
{
	while (!list_empty(head))
		msg_free(head->next);
}

void l2tp_chan_init(struct l2tp_chan *c, const struct l2tp_chan_cfg *cfg)
{
	*c = (struct l2tp_chan){
		.cfg = *cfg,
		.peer_rws = L2TP_DEFAULT_RWS,
		.ssthresh = L2TP_DEFAULT_RWS,
		.cwnd = 1,
		.ack_every = 1,
		.ack_at = ZE_NEVER,
		.rtx_at = ZE_NEVER,
		.output_at = ZE_NEVER,
	};
	list_init(&c->txq);
	list_init(&c->rxq);
	list_init(&c->delivered);
}

void l2tp_chan_done(struct l2tp_chan *c)
{
	chan_free_all(&c->txq);
	chan_free_all(&c->rxq);
	chan_free_all(&c->delivered);
	c->txq_len = c->rxq_len = 0;
	c->have_current = false;
}

void l2tp_chan_set_peer(struct l2tp_chan *c, uint16_t tid, uint16_t rws)
{
	c->peer_tid = tid;
	c->peer_rws = rws ? rws : 1;
	c->ssthresh = c->peer_rws;
	if (c->cwnd > c->peer_rws)
		c->cwnd = c->peer_rws;
}

int l2tp_chan_send(struct l2tp_chan *c, uint16_t sid, struct span avps, ze_ns now)
{
	struct chan_msg *m;

	if (c->dead || c->txq_len >= c->cfg.max_queue)
		return -ENOBUFS;
	m = msg_new(sid, avps);
	if (!m)
		return -ENOMEM;
	m->wanted = true;
	list_add_tail(&c->txq, &m->link);
	c->txq_len++;
	c->output_at = ze_min_ns(c->output_at, now);
	return 0;
}

static ze_ns rtx_interval(const struct l2tp_chan *c)
{
	ze_ns t = c->cfg.rtx_first;

	for (uint8_t i = 0; i < c->retries && t < c->cfg.rtx_max; i++)
		t *= 2;
	return ze_min_ns(t, c->cfg.rtx_max);
}

/* Appendix A: below ssthresh the window grows by one message for each acknowledgement, above it by
 * one message for each window of acknowledgements. */
static void grow_window(struct l2tp_chan *c)
{
	if (c->cwnd < c->ssthresh) {
		c->cwnd++;
	} else if (++c->cwnd_acks >= c->cwnd) {
		c->cwnd_acks = 0;
		c->cwnd++;
	}
	if (c->cwnd > c->peer_rws)
		c->cwnd = c->peer_rws;
}

/* Releases what nr acknowledges. Returns true when it acknowledged a message. */
static bool take_nr(struct l2tp_chan *c, uint16_t nr, ze_ns now)
{
	uint16_t acked = (uint16_t)(nr - c->ns_una);

	if (acked == 0 || acked > (uint16_t)(c->ns_next - c->ns_una))
		return false;
	for (; c->ns_una != nr; c->ns_una++) {
		msg_free(c->txq.next);
		c->txq_len--;
	}
	grow_window(c);
	c->retries = 0;
	c->rtx_at = ZE_NEVER;
	if (!list_empty(&c->txq)) {
		const struct chan_msg *m = chan_msg_of(c->txq.next);

		if (m->numbered && !m->wanted)
			c->rtx_at = now + rtx_interval(c);
		c->output_at = ze_min_ns(c->output_at, now);
	}
	return true;
}

void l2tp_chan_ack_now(struct l2tp_chan *c, ze_ns now)
{
	c->ack_at = ze_min_ns(c->ack_at, now);
}

/* The number of messages received in order that the peer has no acknowledgement for yet. */
static uint16_t unacknowledged(const struct l2tp_chan *c)
{
	return (uint16_t)(c->nr - c->nr_sent);
}

/* Called after the next message in order was received. */
static void schedule_ack(struct l2tp_chan *c, ze_ns now)
{
	uint16_t n = unacknowledged(c);

	c->ack_at = ze_min_ns(c->ack_at, now + c->cfg.ack_delay);
	if (n >= c->ack_every || 2 * n >= c->cfg.rws || !list_empty(&c->rxq))
		l2tp_chan_ack_now(c, now);
	if (n < c->ack_every || ++c->ack_run < ACK_RUN * c->ack_every)
		return;
	c->ack_run = 0;
	if (2 * c->ack_every < c->cfg.rws)
		c->ack_every++;
}

/* The acknowledgement was delayed for the full ack_delay: the peer had fewer messages to send, or
 * waited for the acknowledgement. The count can be larger than ack_every when the owner did not ask
 * for output in time, so it is limited to half of the receive window. */
static void ack_was_late(struct l2tp_chan *c)
{
	uint16_t half = unacknowledged(c) / 2, most = c->cfg.rws / 2;

	half = half < most ? half : most;
	c->ack_every = half ? half : 1;
	c->ack_run = 0;
}

static int queue_ahead(struct l2tp_chan *c, const struct l2tp_hdr *h)
{
	uint16_t ahead = (uint16_t)(h->ns - c->nr);
	struct chan_msg *m;
	struct list *at;

	if (ahead >= c->cfg.rws)
		return -REASON_SEQ_WINDOW;
	list_for_each(at, &c->rxq) {
		uint16_t other = (uint16_t)(chan_msg_of(at)->ns - c->nr);

		if (other == ahead)
			return -REASON_SEQ_AHEAD;
		if (other > ahead)
			break;
	}
	m = msg_new(h->sid, h->payload);
	if (!m)
		return -REASON_NO_MEMORY;
	m->ns = h->ns;
	list_add_tail(at, &m->link); /* before the first message with a later Ns */
	c->rxq_len++;
	return -REASON_SEQ_AHEAD;
}

int l2tp_chan_input(struct l2tp_chan *c, const struct l2tp_hdr *h, ze_ns now, bool *ret_acked)
{
	uint16_t sent = (uint16_t)(c->ns_next - c->ns_una);
	uint16_t nr = (uint16_t)(h->nr - c->ns_una), ns = (uint16_t)(h->ns - c->nr);

	chan_free_all(&c->delivered);
	c->have_current = false;
	*ret_acked = false;
	/* An Nr of the half circle before ns_una is only old, from a delayed message (L-107). */
	if (nr > sent && nr < SEQ_HALF)
		return -REASON_NR_AHEAD;
	*ret_acked = take_nr(c, h->nr, now);
	if (h->payload.len == 0)
		return 0;
	if (ns == 0) {
		c->nr++;
		c->have_current = true;
		c->current_sid = h->sid;
		c->current = h->payload;
		schedule_ack(c, now);
		return 0;
	}
	/* The peer may have missed the acknowledgement, or has to learn which message is
	 * missing. */
	l2tp_chan_ack_now(c, now);
	return ns >= SEQ_HALF ? -REASON_SEQ_OLD : queue_ahead(c, h);
}

bool l2tp_chan_deliver(struct l2tp_chan *c, struct l2tp_chan_rx *ret)
{
	struct chan_msg *m;

	chan_free_all(&c->delivered);
	if (c->have_current) {
		c->have_current = false;
		*ret = (struct l2tp_chan_rx){ .sid = c->current_sid, .payload = c->current };
		return true;
	}
	if (list_empty(&c->rxq))
		return false;
	m = chan_msg_of(c->rxq.next);
	if (m->ns != c->nr)
		return false;
	c->nr++;
	c->rxq_len--;
	list_del(&m->link);
	list_add_tail(&c->delivered, &m->link);
	*ret = (struct l2tp_chan_rx){ .sid = m->sid, .payload = span_of(m->avps, m->len) };
	return true;
}

static struct chan_msg *next_wanted(struct l2tp_chan *c)
{
	uint16_t window = c->cwnd < c->peer_rws ? c->cwnd : c->peer_rws;
	struct list *n;

	list_for_each(n, &c->txq) {
		if (window-- == 0)
			return NULL;
		if (chan_msg_of(n)->wanted)
			return chan_msg_of(n);
	}
	return NULL;
}

static void write_one(struct l2tp_chan *c, uint16_t sid, uint16_t ns, struct span avps,
		      struct wr *w)
{
	size_t mark = l2tp_hdr_begin_ctl(w, c->peer_tid, sid, ns, c->nr);

	wr_span(w, avps);
	l2tp_hdr_end_ctl(w, mark);
	c->ack_at = ZE_NEVER;
	c->nr_sent = c->nr;
}

bool l2tp_chan_output(struct l2tp_chan *c, struct wr *w, ze_ns now)
{
	struct chan_msg *m = next_wanted(c);

	if (!m) {
		bool ack = c->ack_at <= now;

		c->output_at = ZE_NEVER;
		if (ack)
			write_one(c, 0, c->ns_next, (struct span){ 0 }, w);
		return ack;
	}
	if (m->numbered)
		c->rtx_total++;
	else
		m->ns = c->ns_next++;
	m->numbered = true;
	m->wanted = false;
	if (c->rtx_at == ZE_NEVER)
		c->rtx_at = now + rtx_interval(c);
	write_one(c, m->sid, m->ns, span_of(m->avps, m->len), w);
	return true;
}

ze_ns l2tp_chan_deadline(const struct l2tp_chan *c)
{
	return ze_min_ns(c->output_at, ze_min_ns(c->ack_at, c->rtx_at));
}

void l2tp_chan_expire(struct l2tp_chan *c, ze_ns now)
{
	struct list *n;

	if (now >= c->ack_at)
		ack_was_late(c);
	if (now < c->rtx_at)
		return;
	if (c->retries >= c->cfg.tries) {
		l2tp_chan_mute(c);
		c->dead = true;
		return;
	}
	c->retries++;
	c->ssthresh = c->cwnd > 2 ? c->cwnd / 2 : 1;
	c->cwnd = 1;
	c->cwnd_acks = 0;
	list_for_each(n, &c->txq)
		chan_msg_of(n)->wanted = true;
	c->rtx_at = now + rtx_interval(c);
	c->output_at = ze_min_ns(c->output_at, now);
}

bool l2tp_chan_dead(const struct l2tp_chan *c)
{
	return c->dead;
}

bool l2tp_chan_idle(const struct l2tp_chan *c)
{
	return list_empty(&c->txq);
}

void l2tp_chan_repeat(struct l2tp_chan *c, ze_ns now)
{
	if (list_empty(&c->txq))
		return;
	chan_msg_of(c->txq.next)->wanted = true;
	c->output_at = ze_min_ns(c->output_at, now);
}

void l2tp_chan_postpone(struct l2tp_chan *c, ze_ns now)
{
	if (c->rtx_at != ZE_NEVER)
		c->rtx_at = now + c->cfg.rtx_max;
}

void l2tp_chan_flush_unsent(struct l2tp_chan *c)
{
	uint16_t sent = (uint16_t)(c->ns_next - c->ns_una);
	struct list *n, *tmp;

	list_for_each_safe(n, tmp, &c->txq) {
		if (chan_msg_of(n)->numbered)
			continue;
		msg_free(n);
		c->txq_len--;
	}
	if (c->cwnd <= sent && sent < c->peer_rws)
		c->cwnd = (uint16_t)(sent + 1);
}

void l2tp_chan_mute(struct l2tp_chan *c)
{
	chan_free_all(&c->txq);
	c->txq_len = 0;
	c->ns_una = c->ns_next;
	c->rtx_at = c->output_at = ZE_NEVER;
}

uint16_t l2tp_chan_last_ns(const struct l2tp_chan *c)
{
	return (uint16_t)(c->ns_una + c->txq_len - 1);
}

bool l2tp_chan_acked(const struct l2tp_chan *c, uint16_t ns)
{
	return (uint16_t)(c->ns_una - ns - 1) < SEQ_HALF;
}

/* ---- restart record ---- */

enum { /* tags are never used again for something else */
	SAVED_PEER_TID = 1,
	SAVED_PEER_WINDOW,
	SAVED_NR,
	SAVED_NS,
	SAVED_QUEUED,
	SAVED__COUNT
};

static const struct tlv_field chan_fields[] = {
	[SAVED_PEER_TID] = TLV_REQUIRED("peer-tid", 2, 2),
	[SAVED_PEER_WINDOW] = TLV_OPTIONAL("peer-window", 2, 2, "4 (RFC 2661 4.4.3)"),
	[SAVED_NR] = TLV_REQUIRED("nr", 2, 2), /* next expected from the peer */
	[SAVED_NS] = TLV_REQUIRED("ns", 2, 2), /* of the oldest that is not acknowledged */
	[SAVED_QUEUED] = TLV_OPTIONAL("queued", 2, 2, "0, or 1 while the tunnel closes"),
};

const struct tlv_table l2tp_chan_saved = { "channel", chan_fields, SAVED__COUNT };

void l2tp_chan_save(const struct l2tp_chan *c, struct wr *w)
{
	tlv_put_u16(w, SAVED_PEER_TID, c->peer_tid);
	tlv_put_u16(w, SAVED_PEER_WINDOW, c->peer_rws);
	tlv_put_u16(w, SAVED_NR, c->nr);
	tlv_put_u16(w, SAVED_NS, c->ns_una);
	tlv_opt_u16(w, SAVED_QUEUED, c->txq_len);
}

/* All messages get their Ns at once, whether they were sent or not, so that any Nr the peer sends
 * for them is valid. */
static int refill(struct l2tp_chan *c, struct span avps)
{
	struct chan_msg *m = msg_new(0, avps);

	if (!m)
		return -ENOMEM;
	m->ns = c->ns_next++;
	m->numbered = m->wanted = true;
	list_add_tail(&c->txq, &m->link);
	c->txq_len++;
	return 0;
}

enum reason l2tp_chan_restore(struct l2tp_chan *c, struct span saved, struct span filler,
			      struct span last, ze_ns now)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&l2tp_chan_saved, saved, f);
	uint16_t tid, rws, n;
	int e = 0;

	if (why != REASON_NONE)
		return why;
	tid = tlv_u16(f[SAVED_PEER_TID], 0);
	rws = tlv_u16(f[SAVED_PEER_WINDOW], L2TP_DEFAULT_RWS);
	c->nr = c->nr_sent = tlv_u16(f[SAVED_NR], 0);
	c->ns_una = c->ns_next = tlv_u16(f[SAVED_NS], 0);
	n = tlv_u16(f[SAVED_QUEUED], last.len ? 1 : 0);
	if (!tid || !rws || n > c->cfg.max_queue || (last.len && !n))
		return REASON_RESUME_RECORD;
	l2tp_chan_set_peer(c, tid, rws);
	while (e == 0 && c->txq_len < n)
		e = refill(c, last.len && c->txq_len + 1 == n ? last : filler);
	if (n)
		c->output_at = now;
	return e < 0 ? REASON_NO_MEMORY : REASON_NONE;
}
