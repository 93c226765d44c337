/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control connection, responder side, RFC 2661 7.2: SCCRQ in, SCCRP out, SCCCN in, HELLO and
 * the two clocks of dead-peer detection, StopCCN either way and the wait after it (5.7).
 *
 *   IDLE -SCCRQ-> WAIT_CTL_CONN -SCCCN-> ESTABLISHED
 *   any -we send StopCCN-> CLOSING (retransmits until acknowledged or exhausted) -> LINGER
 *   any -StopCCN received-> LINGER (answers retransmissions for 31 s) -> free
 *
 * last_activity: the last delivered (not ZLB) message; decides when to send HELLO.
 * last_liveness: that, or an acknowledgement of something of ours; decides death, after
 * hello_retries x hello_interval, in ESTABLISHED only; hello_retries 0 leaves it to retransmission.
 * Silence counts only while something of ours is unacknowledged, and for an interval at least: with
 * hello_retries 1 the first HELLO would otherwise be sent when the peer is already called dead.
 *
 * A peer that comes back with the id of an established tunnel has restarted, or somebody else sent
 * the SCCRQ. Only the peer can acknowledge a HELLO in the old tunnel: l2tp_tunnel_doubt and _lost.
 *
 * A turn is:  l2tp_tunnel_input(t, h, now, fx)   then perform fx
 *             while (l2tp_tunnel_step(t, now, fx)) perform fx
 *             while (l2tp_tunnel_output(t, &w, now)) send the datagram
 * Never frees itself, calls nobody, holds no socket address: those are the owner's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/fsm.h"
#include "daemon/base/rng.h"
#include "daemon/l2tp/chan.h"
#include "daemon/l2tp/fx.h"
#include "daemon/l2tp/msg.h"

#define L2TP_SECRET_MAX	   255
#define L2TP_HOST_NAME_MAX 255
#define L2TP_CHALLENGE_LEN 16
#define L2TP_DOUBT	   ZE_SEC(2)

enum l2tp_tunnel_state {
	L2TP_T_IDLE,
	L2TP_T_WAIT_CTL_CONN,
	L2TP_T_ESTABLISHED,
	L2TP_T_CLOSING,
	L2TP_T_LINGER,
	L2TP_T__COUNT
};

struct l2tp_tunnel_cfg {
	struct l2tp_chan_cfg chan;
	ze_ns hello_interval; /* > 0 */
	uint16_t hello_retries;
	ze_ns setup_timeout; /* WAIT_CTL_CONN at most so long; 31 s, the transport's budget */
	ze_ns linger;	     /* 31 s */
	char host_name[64];  /* ours */
	char vendor_name[64];
	uint8_t secret[L2TP_SECRET_MAX]; /* wiped by l2tp_tunnel_done */
	uint16_t secret_len;		 /* 0: no tunnel authentication, challenges are refused */
	bool hide;			 /* hide what may be hidden; needs a secret */
};

#define L2TP_TUNNEL_HISTORY 16

struct l2tp_tunnel {
	struct l2tp_tunnel_cfg cfg;
	const struct rng *rng;
	struct fsm fsm; /* enum l2tp_tunnel_state */
	struct fsm_step steps[L2TP_TUNNEL_HISTORY];
	struct l2tp_chan chan;
	uint16_t tid; /* ours; the owner's to give back */
	uint16_t peer_tid;
	ze_ns created, established, last_activity, last_liveness, last_hello;
	/* The peer may have forgotten the tunnel: asked for a sign of life since, ZE_NEVER: not, or
	 * it gave one. And when it may be asked again. */
	ze_ns doubted_at, doubt_next;
	ze_ns probe_at; /* when something of ours last began to wait for an acknowledgement */
	ze_ns setup_deadline, linger_until;
	uint8_t challenge[L2TP_CHALLENGE_LEN]; /* ours; sent when a secret is set */
	/* what the peer said, for views; text as received, cut to the array */
	uint8_t peer_host[L2TP_HOST_NAME_MAX], peer_vendor[64];
	uint8_t peer_host_len, peer_vendor_len;
	uint16_t peer_version, peer_firmware, peer_rws;
	uint32_t peer_framing, peer_bearer;
	uint64_t have;		  /* AVPs of the SCCRQ, L2TP_BIT() */
	struct l2tp_fx_down down; /* why it closes, valid from CLOSING on */
	bool down_told;
	bool failed; /* a message of its own could not be queued: ends like a dead transport */
	uint64_t rx_msgs[L2TP_MSG__COUNT], tx_msgs[L2TP_MSG__COUNT]; /* ZLB in [0] */
	/* one message at a time while it is acted on */
	struct l2tp_msg msg;
	struct l2tp_fault fault;
	uint8_t scratch[2048];
};

extern const struct fsm_def l2tp_tunnel_fsm;

void l2tp_tunnel_init(struct l2tp_tunnel *t, const struct l2tp_tunnel_cfg *cfg,
		      const struct rng *rng, uint16_t tid, ze_ns now);
void l2tp_tunnel_done(struct l2tp_tunnel *t);
/* A control message whose header named this tunnel (or an SCCRQ with tid 0). Does transport; 0 or
 * -REASON_x as l2tp_chan_input (the caller counts it). */
int l2tp_tunnel_input(struct l2tp_tunnel *t, const struct l2tp_hdr *h, ze_ns now);
/* Acts on one delivered message. True: fx has effects to perform and it must be called again. Spans
 * in fx live until the next call. */
bool l2tp_tunnel_step(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
bool l2tp_tunnel_output(struct l2tp_tunnel *t, struct wr *w, ze_ns now);
ze_ns l2tp_tunnel_deadline(const struct l2tp_tunnel *t);
void l2tp_tunnel_expire(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
/* Session message (effect L2TP_FX_SEND) into the channel; dropped silently once CLOSING. 0, -ENOMEM,
 * -ENOBUFS, -EMSGSIZE. */
int l2tp_tunnel_send(struct l2tp_tunnel *t, uint16_t hdr_sid, const struct l2tp_msg *m, ze_ns now);

struct l2tp_stop_args {
	enum l2tp_down cause;
	uint16_t result, error;
	const char *text; /* may be NULL */
};
/* StopCCN and L2TP_FX_TUNNEL_DOWN; harmless when already closing. */
void l2tp_tunnel_close(struct l2tp_tunnel *t, const struct l2tp_stop_args *a, ze_ns now,
		       struct l2tp_fx *fx);
/* Ends it without a word on the wire (its ids belong to a newer tunnel of the peer). */
void l2tp_tunnel_abandon(struct l2tp_tunnel *t, enum l2tp_down cause, struct l2tp_fx *fx);
/* A refusal before any state is kept (limits, version, unknown host): writes the StopCCN datagram
 * for an SCCRQ that was answered with nothing else. peer_tid 0: no Assigned Tunnel ID was readable. */
bool l2tp_tunnel_refuse(struct wr *w, const struct l2tp_hdr *sccrq, uint16_t peer_tid,
			const struct l2tp_stop_args *a);
/* What goes on in another process. False: this tunnel is not worth it, or w is too small. */
bool l2tp_tunnel_save(const struct l2tp_tunnel *t, struct wr *w);
/* After init, with the id it had: established, or closing with its StopCCN under way. Messages that
 * were not acknowledged have become HELLOs. 0, -EBADMSG, -ENOMEM. */
int l2tp_tunnel_resume(struct l2tp_tunnel *t, struct rd *r, ze_ns now);
/* Asks the peer for a sign of life unless something waits for an acknowledgement anyway. */
void l2tp_tunnel_probe(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
/* Somebody claims that the peer has forgotten this tunnel: asks the peer, at most twice per second. */
void l2tp_tunnel_doubt(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
/* The peer was asked L2TP_DOUBT ago or earlier, and has given no sign of life since. */
bool l2tp_tunnel_lost(const struct l2tp_tunnel *t, ze_ns now);
const char *l2tp_tunnel_state_name(const struct l2tp_tunnel *t); /* "wait-ctl-conn" */
