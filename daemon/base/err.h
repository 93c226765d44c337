/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reasons for which ze refuses or drops something. Each has one enum value, one counter, one
 * word in the log, and a test. Decoders return 0 or -REASON_x, and never an errno unless their
 * header says so; all other functions return 0 or -errno. This unit prints nothing.
 */
#pragma once

#define ZE_REASONS(X)                                                                              \
	/* L2TP header, RFC 2661 3.1 */                                                            \
	X(HDR_SHORT, "hdr-short", "L2TP header truncated")                                         \
	X(HDR_VERSION, "hdr-version", "L2TP version is not 2")                                     \
	X(HDR_CTL_NO_LENGTH, "hdr-ctl-no-length", "control message without L bit")                 \
	X(HDR_CTL_NO_SEQ, "hdr-ctl-no-seq", "control message without S bit")                       \
	X(HDR_CTL_OFFSET, "hdr-ctl-offset", "control message with O bit")                          \
	X(HDR_LENGTH, "hdr-length", "Length field outside the datagram")                           \
	X(HDR_OFFSET, "hdr-offset", "Offset Size outside the datagram")                            \
	/* AVPs, RFC 2661 4.1 */                                                                   \
	X(AVP_SHORT, "avp-short", "AVP header truncated")                                          \
	X(AVP_LEN, "avp-len", "AVP length outside its container")                                  \
	X(AVP_VALUE_LEN, "avp-value-len", "AVP value has a wrong length")                          \
	X(AVP_VALUE, "avp-value", "AVP value out of range")                                        \
	X(AVP_RESERVED, "avp-reserved", "AVP with reserved bits set")                              \
	X(AVP_UNKNOWN, "avp-unknown", "unknown mandatory AVP")                                     \
	X(AVP_MISSING, "avp-missing", "required AVP missing")                                      \
	X(AVP_DUPLICATE, "avp-duplicate", "AVP occurs twice")                                      \
	X(AVP_LENIENT, "avp-lenient", "malformed optional AVP ignored")                            \
	X(AVP_FIRST, "avp-first", "first AVP is not Message Type")                                 \
	X(HIDDEN_NO_SECRET, "hidden-no-secret", "hidden AVP, but no shared secret configured")     \
	X(HIDDEN_NO_VECTOR, "hidden-no-vector", "hidden AVP without Random Vector")                \
	X(HIDDEN_FORBIDDEN, "hidden-forbidden", "AVP that may not be hidden is hidden")            \
	X(HIDDEN_LEN, "hidden-len", "hidden AVP does not decrypt to a valid length")               \
	X(MSG_UNKNOWN, "msg-unknown", "unknown message type")                                      \
	X(MSG_UNKNOWN_MANDATORY, "msg-unknown-mandatory", "unknown mandatory message type")        \
	X(MSG_TOO_LONG, "msg-too-long", "message does not fit a datagram")                         \
	/* reliable delivery, RFC 2661 5.8 */                                                      \
	X(SEQ_OLD, "seq-old", "Ns already received")                                               \
	X(SEQ_WINDOW, "seq-window", "Ns outside the receive window")                               \
	X(SEQ_AHEAD, "seq-ahead", "Ns ahead of sequence, queued")                                  \
	X(NR_AHEAD, "nr-ahead", "Nr acknowledges a message that was never sent")                   \
	/* tunnels and sessions */                                                                 \
	X(TUNNEL_UNKNOWN, "tunnel-unknown", "no such tunnel")                                      \
	X(TUNNEL_PEER, "tunnel-peer", "packet from an address that is not the tunnel's peer")      \
	X(TUNNEL_IN_USE, "tunnel-in-use", "SCCRQ with the id of a tunnel whose peer may be alive") \
	X(TUNNEL_RATE, "tunnel-rate", "too many control messages from one tunnel")                 \
	X(TUNNEL_ZERO, "tunnel-zero", "message with tunnel id 0 that is not an SCCRQ")             \
	X(SESSION_UNKNOWN, "session-unknown", "no such session")                                   \
	X(SESSION_STATE, "session-state", "session not established")                               \
	X(FSM_EVENT, "fsm-event", "message not allowed in this state")                             \
	X(AUTH_MISSING, "auth-missing", "tunnel authentication missing")                           \
	X(AUTH_WRONG, "auth-wrong", "tunnel authentication wrong")                                 \
	X(AUTH_NO_SECRET, "auth-no-secret", "challenge received, but no shared secret configured") \
	X(HOST_UNKNOWN, "host-unknown", "host name not allowed")                                   \
	X(SOURCE_DENIED, "source-denied", "source address not allowed")                            \
	X(LIMIT_TUNNELS, "limit-tunnels", "max-tunnels reached")                                   \
	X(LIMIT_SESSIONS, "limit-sessions", "max-sessions reached")                                \
	X(LIMIT_PEER_TUNNELS, "limit-peer-tunnels", "max-tunnels-peer reached")                    \
	X(LIMIT_PEER_SESSIONS, "limit-peer-sessions", "max-sessions-peer reached")                 \
	X(LIMIT_RATE, "limit-rate", "set-up rate exceeded")                                        \
	X(LIMIT_HALF_OPEN, "limit-half-open", "too many half-open tunnels")                        \
	X(DRAINING, "draining", "ze is being stopped")                                             \
	X(SHAPE_FAILED, "shape-failed", "the data plane did not apply the session's rates")        \
	X(ROUTE_REFUSED, "route-refused", "a subscriber's route would cut off the host or a LAC")  \
	X(ROUTE_FAILED, "route-failed", "the data plane did not add a subscriber's route")         \
	X(NO_MEMORY, "no-memory", "out of memory")                                                 \
	/* restoring the records of a previous instance */                                         \
	X(TLV_SHORT, "tlv-short", "field of a saved record is cut off")                            \
	X(TLV_REPEATED, "tlv-repeated", "field occurs twice in a saved record")                    \
	X(TLV_LENGTH, "tlv-length", "field of a saved record has a wrong length")                  \
	X(TLV_MISSING, "tlv-missing", "saved record lacks a required field")                       \
	X(RESUME_RECORD, "resume-record", "saved record is not valid")                             \
	X(RESUME_NEWER, "resume-newer", "saved record needs a newer version of ze")                \
	X(RESUME_OLDER, "resume-older", "saved record is of a ze version that is too old")         \
	X(RESUME_ID, "resume-id", "saved id is in use")                                            \
	X(RESUME_LISTENER, "resume-listener", "no listener has the address of a saved tunnel")     \
	X(RESUME_TUNNEL, "resume-tunnel", "saved session without its tunnel")                      \
	X(RESUME_ADDRESS, "resume-address", "saved address is in use or is a gateway")             \
	X(RESUME_PLANE, "resume-plane", "saved session is not in the data plane")                  \
	/* PPP */                                                                                  \
	X(PPP_SHORT, "ppp-short", "PPP frame truncated")                                           \
	X(PPP_PROTOCOL, "ppp-protocol", "invalid PPP protocol number")                             \
	X(PPP_PHASE, "ppp-phase", "PPP protocol not allowed in this phase")                        \
	X(PPP_RATE, "ppp-rate", "too many PPP frames from one session")                            \
	X(PPP_UNKNOWN, "ppp-unknown", "unknown PPP protocol")                                      \
	X(CP_SHORT, "cp-short", "control packet truncated")                                        \
	X(CP_LEN, "cp-len", "control packet Length outside the frame")                             \
	X(CP_CODE, "cp-code", "unknown control packet code")                                       \
	X(CP_ID, "cp-id", "answer with a wrong identifier")                                        \
	X(CP_MISMATCH, "cp-mismatch", "answer does not match the request")                         \
	X(CP_STATE, "cp-state", "control packet not allowed in this state")                        \
	X(CP_EVENT, "cp-event", "event that cannot happen in this state, a fault of ze")           \
	X(OPT_LEN, "opt-len", "option length outside the packet")                                  \
	X(PAP_LEN, "pap-len", "PAP field length outside the packet")                               \
	X(CHAP_LEN, "chap-len", "CHAP value outside the packet")                                   \
	X(CHAP_ID, "chap-id", "CHAP response with a wrong identifier")                             \
	X(CHAP_VALUE_LEN, "chap-value-len", "CHAP value has a wrong size")                         \
	X(ECHO_LOOP, "echo-loop", "echo carries our own magic number")                             \
	X(ECHO_MAGIC, "echo-magic", "echo with a wrong magic number")                              \
	X(ECHO_ID, "echo-id", "echo reply without a matching request")                             \
	X(ECHO_REJECTED, "echo-rejected", "the peer rejects echo requests; no more are sent")      \
	X(IP_BEFORE_OPEN, "ip-before-open", "IP packet before its NCP is open")                    \
	/* what a LAC negotiated before the call, RFC 2661 4.4.5 */                                \
	X(PROXY_LCP, "proxy-lcp", "proxied LCP incomplete or malformed")                           \
	X(PROXY_OPTION, "proxy-option", "proxied LCP with an option that ze does not agree to")    \
	X(PROXY_AUTH, "proxy-auth", "proxied LCP does not fit the authentication")                 \
	/* RADIUS packets, RFC 2865 3 and 5, RFC 3579 3.2 */                                       \
	X(RADIUS_SHORT, "radius-short", "RADIUS packet truncated")                                 \
	X(RADIUS_LENGTH, "radius-length", "RADIUS Length outside the datagram or the limits")      \
	X(RADIUS_ATTR_LEN, "radius-attr-len", "RADIUS attribute length outside the packet")        \
	X(RADIUS_SIGNATURE, "radius-signature", "Message-Authenticator wrong")                     \
	X(RADIUS_REQUEST, "radius-request", "values that do not fit a RADIUS request")             \
	X(RADIUS_PASSWORD, "radius-password", "password longer than 128 octets")                   \
	/* replies of RADIUS servers */                                                            \
	X(REPLY_SOURCE, "reply-source", "reply from another address than the server's")            \
	X(REPLY_ID, "reply-id", "reply without a request")                                         \
	X(REPLY_LATE, "reply-late", "reply to a request that has ended")                           \
	X(REPLY_AUTHENTICATOR, "reply-authenticator", "Response Authenticator wrong")              \
	X(REPLY_UNSIGNED, "reply-unsigned", "reply without the required Message-Authenticator")    \
	X(REPLY_CHALLENGE, "reply-challenge", "Access-Challenge, treated as a reject")             \
	X(REPLY_CODE, "reply-code", "reply with a code that does not answer the request")          \
	X(REPLY_NONE, "reply-none", "no server answered")                                          \
	X(ACCEPT_SERVICE, "accept-service", "Access-Accept for another service than framed PPP")   \
	X(ACCEPT_UNPROVEN, "accept-unproven",                                                      \
	  "Access-Accept of MS-CHAPv2 without MS-CHAP2-Success")                                   \
	X(ACCEPT_ADDRESS, "accept-address", "Framed-IP-Address that no host can have")             \
	/* requests of RADIUS clients, RFC 5176 */                                                 \
	X(COA_CLIENT, "coa-client", "CoA or Disconnect request from an unknown client")            \
	X(COA_CODE, "coa-code", "neither a CoA-Request nor a Disconnect-Request")                  \
	X(COA_AUTHENTICATOR, "coa-authenticator", "Request Authenticator wrong")                   \
	X(COA_UNSIGNED, "coa-unsigned", "request without the required Message-Authenticator")      \
	X(COA_STALE, "coa-stale", "Event-Timestamp too old or too new")                            \
	X(COA_UNSUPPORTED, "coa-unsupported", "CoA-Request for what cannot be changed")            \
	X(COA_VALUE, "coa-value", "CoA-Request with a value that cannot be used")

enum reason {
	REASON_NONE,
#define X(id, name, text) REASON_##id,
	ZE_REASONS(X)
#undef X
	REASON__COUNT
};

/* The word for logs, JSON and counters: REASON_HDR_SHORT is "hdr-short". */
const char *reason_name(enum reason r);
/* The sentence of the table above. */
const char *reason_text(enum reason r);
