/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests of ppp/ share: packets written as hex, effects looked at. Fails the cmocka test that calls
 * it. Spans are valid until the eighth next call.
 */
#pragma once

#include <stdint.h>

#include "ppp/cp.h"

/* "c021 01 02" -> octets; blanks are ignored. */
struct span kit_hex(const char *hex);
/* A control packet with its Length: kit_pkt(1, 7, "0104 05dc"). */
struct span kit_pkt(uint8_t code, uint8_t id, const char *data);
struct span kit_pkt_span(uint8_t code, uint8_t id, struct span data);
unsigned int kit_count(const struct ppp_fx *fx, enum ppp_fx_kind kind);
/* The n-th sent frame as a control packet, checked for FF 03 and the protocol; fails without one. */
struct cp_pkt kit_sent(const struct ppp_fx *fx, unsigned int n, uint16_t proto);
/* Exactly one frame was sent: this code and this data. Returns its id. */
uint8_t kit_sent_one(const struct ppp_fx *fx, uint16_t proto, uint8_t code, const char *data);
/* Exactly one refusal, and nothing sent. */
void kit_refused(const struct ppp_fx *fx, enum reason why);
/* In Req-Sent (up and open): we ack `opts`, the peer acks ours; asserts Opened. */
void kit_to_opened(struct cp *cp, const char *opts, ze_ns now, struct ppp_fx *fx);
/* Feeds a packet to a fresh fx. */
void kit_input(struct cp *cp, struct span pkt, ze_ns now, struct ppp_fx *fx);
/* Acknowledges the newest Configure-Request of cp. */
void kit_ack(struct cp *cp, ze_ns now, struct ppp_fx *fx);
