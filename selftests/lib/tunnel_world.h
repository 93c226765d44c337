/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tunnel under test and the LAC that talks to it, in virtual time. The test sends each message of
 * the LAC, and each datagram and effect of the tunnel has to be expected. tw_quiet() checks that
 * none is left. There is one world at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/l2tp/tunnel.h"
#include "selftests/lib/test_rng.h"

#define TW_OUR_TID 0x4242
#define TW_LAC_TID 77
#define TW_HELLO_S 60
#define TW_OUT_MAX 64
#define TW_FX_LOG  64
#define TW_TICK	   1

struct tw_sent { /* one datagram of the tunnel */
	struct l2tp_hdr h;
	uint8_t b[1500];
};

struct tw_told { /* an effect, without its pointers */
	enum l2tp_fx_kind kind;
	struct l2tp_fx_down down;
	uint16_t hdr_sid, msg_type;
	bool faulty;
	enum reason reason;
	uint16_t attr;
};

struct tw {
	struct l2tp_tunnel t;
	struct l2tp_tunnel_cfg cfg;
	struct test_rng rng;
	ze_ns now;
	uint16_t ns, nr; /* of the LAC */
	struct tw_sent out[TW_OUT_MAX];
	unsigned n_out, next_out;
	struct tw_told told[TW_FX_LOG];
	unsigned n_told, next_told;
	struct l2tp_msg m; /* of the last expect_msg() */
	uint8_t scratch[1500];
	bool row_hit[64]; /* rows of l2tp_tunnel_fsm taken in the whole run */
};

extern struct tw tw;

void tw_restart(void);
int tw_setup(void **st);
int tw_teardown(void **st);
void tw_set_secret(const char *s);
void tw_flush(void);
int tw_lac_raw(struct span payload, uint16_t ns, uint16_t nr);
struct span tw_encode(const struct l2tp_msg *m, uint8_t *buf, size_t size);
void tw_lac(const struct l2tp_msg *m);
/* Encodes m with one more AVP, made by the test. */
void tw_lac_plus(const struct l2tp_msg *m, uint16_t flags, uint16_t type, struct span value);
void tw_lac_zlb(void);
void tw_expire(void);
void tw_advance(ze_ns d);
void tw_quiet(void);
struct tw_sent *tw_expect_out(void);
void tw_expect_zlb(uint16_t nr);
struct tw_sent *tw_expect_msg(uint16_t type);
struct tw_told *tw_expect_told(enum l2tp_fx_kind kind);
void tw_expect_refused(enum reason r);
void tw_expect_down(enum l2tp_down cause, uint16_t result, uint16_t error);
void tw_expect_state(enum l2tp_tunnel_state s);
void tw_expect_stop(uint16_t result, uint16_t error);
/* Checks the whole sequence: refused, StopCCN, down; acknowledged, lingers, freed. */
void tw_expect_end(enum reason why, enum l2tp_down cause, uint16_t result, uint16_t error);
struct l2tp_msg tw_sccrq(void);
struct l2tp_msg tw_bare(uint16_t type);
struct l2tp_msg tw_icrq(void);
struct l2tp_msg tw_stopccn(uint16_t result);
void tw_send_bare(uint16_t type);
void tw_half_open(void);
void tw_up(void);
void tw_call_close(enum l2tp_down cause, uint16_t result);
void tw_call_abandon(void);
