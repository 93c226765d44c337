/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control connection of a tunnel on the responder side, RFC 2661 7.2.1.
 *
 * States:
 *
 *   IDLE -SCCRQ-> WAIT_CTL_CONN -SCCCN-> ESTABLISHED
 *   any state -StopCCN sent-> CLOSING -acknowledged or retransmission exhausted-> LINGER -> free
 *   any state -StopCCN received-> LINGER (retransmissions are acknowledged) -> free
 *
 * Structures. struct l2tp_tunnel is embedded in the engine's object of a tunnel, which owns the
 * peer's address and the tunnel id. It is created for an SCCRQ and freed by its owner after
 * L2TP_FX_TUNNEL_FREE. It contains a struct l2tp_chan (reliable delivery, see chan.h) and the
 * message being processed (msg, fault, scratch); spans in effects point into these and are valid
 * until the next call. l2tp_tunnel_done() frees the channel's queues and wipes the shared secret
 * and the decrypted AVPs. Sessions are not known here: their messages are passed on by
 * L2TP_FX_CALL.
 *
 * Input and output. One datagram is processed by
 *
 *   l2tp_tunnel_input(t, h, now)                      reliable delivery
 *   while (l2tp_tunnel_step(t, now, fx)) ...          one message each; then perform the effects
 *   while (l2tp_tunnel_output(t, &w, now)) ...        send each datagram
 *
 * The machine makes no system call, has no clock and never frees itself.
 *
 * Timers. l2tp_tunnel_deadline() is the earliest of:
 *   retransmission and delayed acknowledgement      of the channel: 1 s, doubling to 8 s, 5 times
 *   setup_timeout, in IDLE and WAIT_CTL_CONN        31 s, one full retransmission cycle
 *   HELLO, in ESTABLISHED                           hello_interval after the last message received
 *   dead-peer detection, in ESTABLISHED             hello_retries * hello_interval of silence
 *   linger, in LINGER                               31 s; the ids stay reserved (5.7)
 * last_activity is the time of the last message delivered (not a ZLB) and controls HELLO.
 * last_liveness is the later of that and the last acknowledgement of a message of ours; it controls
 * dead-peer detection. Silence counts only while a message is unacknowledged, and for at least one
 * hello_interval: with hello_retries 1, the peer would otherwise be declared dead at the moment the
 * first HELLO is sent. With hello_retries 0 only retransmission detects a dead peer.
 *
 * A new SCCRQ with the id of an established tunnel means that the peer has restarted, or that
 * the SCCRQ is forged. Only the real peer can acknowledge a HELLO in the old tunnel, so the
 * owner calls l2tp_tunnel_doubt() and later asks l2tp_tunnel_lost().
 *
 * Supported: 4.2, 4.3 and 4.4 (AVPs, hiding), 5.1 and 5.1.1 (set-up, authentication), 5.5
 * (keepalive), 5.7 (teardown), 5.8 (reliable delivery), 7.2.1 (states).
 *
 * Left out: the originator side (the LAC role), and with it the tie breaker (4.4.3), which matters
 * only while an SCCRQ of our own is outstanding.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/fsm.h"
#include "daemon/base/rng.h"
#include "daemon/base/tlv.h"
#include "daemon/l2tp/chan.h"
#include "daemon/l2tp/fx.h"
#include "daemon/l2tp/msg.h"

#define L2TP_SECRET_MAX	   255
#define L2TP_HOST_NAME_MAX 255
#define L2TP_CHALLENGE_LEN 16

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
	ze_ns hello_interval; /* greater than 0 */
	uint16_t hello_retries;
	ze_ns setup_timeout; /* longest time in WAIT_CTL_CONN: 31 s, one retransmission cycle */
	ze_ns linger;	     /* 31 s */
	char host_name[64];  /* sent in the Host Name AVP */
	char vendor_name[64];
	uint8_t secret[L2TP_SECRET_MAX]; /* wiped by l2tp_tunnel_done() */
	uint16_t secret_len;		 /* 0: no tunnel authentication; challenges are refused */
	bool hide;			 /* hide every AVP that may be hidden; needs a secret */
};

#define L2TP_TUNNEL_HISTORY 16

struct l2tp_tunnel {
	struct l2tp_tunnel_cfg cfg;
	const struct rng *rng;
	struct fsm fsm; /* enum l2tp_tunnel_state */
	struct fsm_step steps[L2TP_TUNNEL_HISTORY];
	struct l2tp_chan chan;
	uint16_t tid; /* our tunnel id, released by the owner */
	uint16_t peer_tid;
	ze_ns created, established, last_activity, last_liveness, last_hello;
	/* When the peer was asked whether it still knows the tunnel; ZE_NEVER when it was not asked
	 * or has answered since. doubt_next: when it may be asked again. */
	ze_ns doubted_at, doubt_next;
	ze_ns probe_at; /* when a message was last queued while none was unacknowledged */
	ze_ns setup_deadline, linger_until;
	uint8_t challenge[L2TP_CHALLENGE_LEN]; /* sent when a secret is set */
	/* What the peer's SCCRQ said, for display; texts as received, cut to the array. */
	uint8_t peer_host[L2TP_HOST_NAME_MAX], peer_vendor[64];
	uint8_t peer_host_len, peer_vendor_len;
	uint16_t peer_version, peer_firmware, peer_rws;
	uint32_t peer_framing, peer_bearer;
	uint64_t have;		  /* AVPs of the SCCRQ, L2TP_BIT() */
	struct l2tp_fx_down down; /* why it ended; valid from CLOSING on */
	bool down_told;		  /* L2TP_FX_TUNNEL_DOWN was reported */
	bool failed; /* a message could not be queued; ends like exhausted retransmission */
	uint64_t rx_msgs[L2TP_MSG__COUNT], tx_msgs[L2TP_MSG__COUNT]; /* ZLBs are counted in [0] */
	uint64_t avps_ignored; /* optional AVPs of its messages that are unknown or malformed */
	/* The message that is being processed. */
	struct l2tp_msg msg;
	struct l2tp_fault fault;
	uint8_t scratch[2048];
};

extern const struct fsm_def l2tp_tunnel_fsm;

/* cfg is copied, rng is not. tid is our tunnel id. */
void l2tp_tunnel_init(struct l2tp_tunnel *t, const struct l2tp_tunnel_cfg *cfg,
		      const struct rng *rng, uint16_t tid, ze_ns now);
/* Frees the queues and wipes the secrets. */
void l2tp_tunnel_done(struct l2tp_tunnel *t);
/* Takes a control message whose header has this tunnel's id, or an SCCRQ with id 0, and does
 * reliable delivery. Returns 0 or the -REASON_x of l2tp_chan_input(), which the caller counts. */
int l2tp_tunnel_input(struct l2tp_tunnel *t, const struct l2tp_hdr *h, ze_ns now);
/* Processes one delivered message. Returns true when fx may have effects to perform and the
 * function must be called again. Spans in fx are valid until the next call. */
bool l2tp_tunnel_step(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
/* Writes one datagram to send. Returns false when there is none. */
bool l2tp_tunnel_output(struct l2tp_tunnel *t, struct wr *w, ze_ns now);
ze_ns l2tp_tunnel_deadline(const struct l2tp_tunnel *t);
/* Call at or after the deadline, then perform the effects. */
void l2tp_tunnel_expire(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
/* Queues a session message (effect L2TP_FX_SEND). From CLOSING on it is dropped and 0 is returned.
 * Returns 0, -ENOMEM, -ENOBUFS or -EMSGSIZE. */
int l2tp_tunnel_send(struct l2tp_tunnel *t, uint16_t hdr_sid, const struct l2tp_msg *m, ze_ns now);

struct l2tp_stop_args {
	enum l2tp_down cause;
	uint16_t result, error;
	const char *text; /* may be NULL */
};
/* Sends a StopCCN and reports L2TP_FX_TUNNEL_DOWN; does nothing from CLOSING on. */
void l2tp_tunnel_close(struct l2tp_tunnel *t, const struct l2tp_stop_args *a, ze_ns now,
		       struct l2tp_fx *fx);
/* Ends the tunnel without a message, because its ids belong to a newer tunnel of the peer. */
void l2tp_tunnel_abandon(struct l2tp_tunnel *t, enum l2tp_down cause, struct l2tp_fx *fx);
/* Refuses an SCCRQ for which no tunnel was created (limit reached, host name not allowed): writes
 * the StopCCN datagram. peer_tid is 0 when no Assigned Tunnel ID could be read. Returns false when
 * it does not fit into w. */
bool l2tp_tunnel_refuse(struct wr *w, const struct l2tp_hdr *sccrq, uint16_t peer_tid,
			const struct l2tp_stop_args *a);
/* The fields of its restart record. Returns false when the tunnel is neither established nor
 * closing, or when w is too small. */
extern const struct tlv_table l2tp_tunnel_saved;
bool l2tp_tunnel_save(const struct l2tp_tunnel *t, struct wr *w);
/* Restores a tunnel, after l2tp_tunnel_init() with its id, as established, or as closing with its
 * StopCCN in flight. HELLOs take the place of all other messages that were not acknowledged. */
enum reason l2tp_tunnel_restore(struct l2tp_tunnel *t, struct span saved, ze_ns now);
/* Sends a HELLO to an established peer, unless a message is waiting for an acknowledgement. */
void l2tp_tunnel_probe(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
/* Checks whether the peer still knows this tunnel: sends a HELLO, or retransmits the oldest
 * unacknowledged message, at most twice per second. */
void l2tp_tunnel_doubt(struct l2tp_tunnel *t, ze_ns now, struct l2tp_fx *fx);
/* True when the peer was asked at least L2TP_DOUBT ago and has not answered since. */
bool l2tp_tunnel_lost(const struct l2tp_tunnel *t, ze_ns now);
const char *l2tp_tunnel_state_name(const struct l2tp_tunnel *t); /* "wait-ctl-conn" */
