/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why something was refused: one enum value, one counter, one log word, one test each.
 * Decoders return 0 or -REASON_x (never errno, unless their header says so); everything else in
 * ze returns 0 or -errno. Never prints.
 */
#pragma once

#define ZE_REASONS(X)                                                                              \
	/* L2TP header, RFC 2661 3.1 */                                                            \
	X(HDR_SHORT, "L2TP header truncated")                                                      \
	X(HDR_VERSION, "L2TP version is not 2")                                                    \
	X(HDR_CTL_NO_LENGTH, "control message without L bit")                                      \
	X(HDR_CTL_NO_SEQ, "control message without S bit")                                         \
	X(HDR_CTL_OFFSET, "control message with O bit")                                            \
	X(HDR_LENGTH, "Length field outside the datagram")                                         \
	X(HDR_OFFSET, "Offset Size outside the datagram")                                          \
	/* AVPs, RFC 2661 4.1 */                                                                   \
	X(AVP_SHORT, "AVP header truncated")                                                       \
	X(AVP_LEN, "AVP length outside its container")                                             \
	X(AVP_VALUE_LEN, "AVP value has a wrong length")                                           \
	X(AVP_VALUE, "AVP value out of range")                                                     \
	X(AVP_RESERVED, "AVP with reserved bits set")                                              \
	X(AVP_UNKNOWN, "unknown mandatory AVP")                                                    \
	X(AVP_MISSING, "required AVP missing")                                                     \
	X(AVP_DUPLICATE, "AVP given twice")                                                        \
	X(AVP_LENIENT, "malformed optional AVP ignored")                                           \
	X(AVP_FIRST, "first AVP is not Message Type")                                              \
	X(HIDDEN_NO_SECRET, "hidden AVP but no secret")                                            \
	X(HIDDEN_NO_VECTOR, "hidden AVP without Random Vector")                                    \
	X(HIDDEN_FORBIDDEN, "AVP that may not be hidden is hidden")                                \
	X(HIDDEN_LEN, "hidden AVP does not decrypt to a valid length")                             \
	X(MSG_UNKNOWN, "unknown message type")                                                     \
	X(MSG_UNKNOWN_MANDATORY, "unknown mandatory message type")                                 \
	X(MSG_TOO_LONG, "message does not fit a datagram")                                         \
	/* reliable delivery, RFC 2661 5.8 */                                                      \
	X(SEQ_OLD, "Ns already received")                                                          \
	X(SEQ_WINDOW, "Ns outside the receive window")                                             \
	X(SEQ_AHEAD, "Ns ahead of sequence, queued")                                               \
	X(NR_AHEAD, "Nr acknowledges what was never sent")                                         \
	X(CHAN_FULL, "control channel queue full")                                                 \
	/* tunnels and sessions */                                                                 \
	X(TUNNEL_UNKNOWN, "no such tunnel")                                                        \
	X(TUNNEL_PEER, "packet from another address than the tunnel's peer")                       \
	X(TUNNEL_CLOSED, "tunnel is closing")                                                      \
	X(TUNNEL_ZERO, "tunnel id 0 and not an SCCRQ")                                             \
	X(SESSION_UNKNOWN, "no such session")                                                      \
	X(SESSION_STATE, "session not established")                                                \
	X(FSM_EVENT, "message not allowed in this state")                                          \
	X(AUTH_MISSING, "tunnel authentication missing")                                           \
	X(AUTH_WRONG, "tunnel authentication wrong")                                               \
	X(AUTH_NO_SECRET, "challenged but no shared secret")                                       \
	X(HOST_UNKNOWN, "host name not allowed")                                                   \
	X(SOURCE_DENIED, "source address not allowed")                                             \
	X(LIMIT_TUNNELS, "max-tunnels reached")                                                    \
	X(LIMIT_SESSIONS, "max-sessions reached")                                                  \
	X(LIMIT_RATE, "set-up rate exceeded")                                                      \
	X(LIMIT_HALF_OPEN, "too many half-open tunnels")                                           \
	X(DRAINING, "daemon is shutting down")                                                     \
	X(NO_MEMORY, "out of memory")                                                              \
	X(DATA_SEQ, "data packet duplicated or late")                                              \
	/* PPP */                                                                                  \
	X(PPP_SHORT, "PPP frame truncated")                                                        \
	X(PPP_PROTOCOL, "invalid PPP protocol number")                                             \
	X(PPP_PHASE, "PPP protocol not allowed in this phase")                                     \
	X(PPP_UNKNOWN, "unknown PPP protocol")                                                     \
	X(CP_SHORT, "control packet truncated")                                                    \
	X(CP_LEN, "control packet Length outside the frame")                                       \
	X(CP_CODE, "unknown control packet code")                                                  \
	X(CP_ID, "answer with a wrong identifier")                                                 \
	X(CP_MISMATCH, "answer does not match the request")                                        \
	X(CP_STATE, "control packet not allowed in this state")                                    \
	X(OPT_LEN, "option length outside the packet")                                             \
	X(PAP_LEN, "PAP field length outside the packet")                                          \
	X(CHAP_LEN, "CHAP value outside the packet")                                               \
	X(CHAP_ID, "CHAP response with a wrong identifier")                                        \
	X(CHAP_VALUE_LEN, "CHAP value has a wrong size")                                           \
	X(ECHO_LOOP, "echo carries our own magic number")                                          \
	X(ECHO_MAGIC, "echo with a foreign magic number")                                          \
	X(ECHO_ID, "echo reply nobody waits for")                                                  \
	X(IP_BEFORE_OPEN, "IP packet before its NCP is open")

enum reason {
	REASON_NONE,
#define X(id, text) REASON_##id,
	ZE_REASONS(X)
#undef X
		REASON__COUNT
};

/* Kebab-case word for logs, JSON and counters: REASON_HDR_SHORT -> "hdr-short". */
const char *reason_name(enum reason r);
/* The sentence above. */
const char *reason_text(enum reason r);
