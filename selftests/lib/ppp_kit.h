/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers for the tests of ppp/: packets written as hex, checks of effects. They fail the cmocka
 * test that calls them. A span is valid for the next seven calls.
 */
#pragma once

#include <stdint.h>

#include "ppp/cp.h"

/* Converts "c021 01 02" to octets; blanks are ignored. */
struct span kit_hex(const char *hex);
/* A control packet with its Length, for example kit_pkt(1, 7, "0104 05dc"). */
struct span kit_pkt(uint8_t code, uint8_t id, const char *data);
struct span kit_pkt_span(uint8_t code, uint8_t id, struct span data);
unsigned int kit_count(const struct ppp_fx *fx, enum ppp_fx_kind kind);
/* The n-th frame sent, as a control packet; checks FF 03 and the protocol, and fails when there is
 * none. */
struct cp_pkt kit_sent(const struct ppp_fx *fx, unsigned int n, uint16_t proto);
/* Checks that exactly one frame was sent, with this code and this data. Returns its id. */
uint8_t kit_sent_one(const struct ppp_fx *fx, uint16_t proto, uint8_t code, const char *data);
/* Checks that there was exactly one refusal and that nothing was sent. */
void kit_refused(const struct ppp_fx *fx, enum reason why);
/* In Req-Sent (after up and open): both sides acknowledge the other's request; asserts Opened. */
void kit_to_opened(struct cp *cp, const char *opts, ze_ns now, struct ppp_fx *fx);
/* Passes a packet with empty effects. */
void kit_input(struct cp *cp, struct span pkt, ze_ns now, struct ppp_fx *fx);
/* Acknowledges the last Configure-Request of cp. */
void kit_ack(struct cp *cp, ze_ns now, struct ppp_fx *fx);
