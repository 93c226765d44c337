/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests of the message decoder: builds payloads AVP by AVP, good or bad, and decodes them from
 * memory of exactly their length. Fails the test when something is wrong.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/l2tp/msg.h"

#define MSGTEST_M 0x8000
#define MSGTEST_H 0x4000

struct msgtest {
	uint8_t buf[4096], scratch[4096];
	struct wr w; /* the payload under construction, in buf */
	struct span secret;
	struct l2tp_msg msg; /* the decoded message */
	struct l2tp_fault fault;
};

/* For cmocka: allocate and free a struct msgtest. */
int msgtest_setup(void **st);
int msgtest_teardown(void **st);
/* Begins a payload with the Message Type alone, or with all AVPs of the sample except those of
 * `without`. */
void msgtest_begin(struct msgtest *c, uint16_t type);
void msgtest_begin_full(struct msgtest *c, uint16_t type, uint64_t without);
/* Appends an AVP of any kind; the second form has vendor 0 and n zero octets. */
void msgtest_add(struct msgtest *c, uint16_t flags, uint16_t vendor, uint16_t type,
		 struct span value);
void msgtest_zeros(struct msgtest *c, uint16_t flags, uint16_t type, size_t n);
/* Decodes into c->msg and c->fault. Returns the result of l2tp_msg_decode(). */
int msgtest_decode_span(struct msgtest *c, struct span payload);
int msgtest_decode(struct msgtest *c);
/* Decodes and expects this fault. */
void msgtest_fault(struct msgtest *c, enum reason reason, uint16_t error, uint16_t attr);
void msgtest_text(struct span got, const char *want);
