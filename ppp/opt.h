/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration options, RFC 1661 6: the one walker and the writers. */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

struct ppp_opt {
	uint8_t type;
	struct span value; /* without type and length */
	struct span whole; /* with them: for Reject, which echoes octets */
};

/* 1 and *ret, 0 at the end, -REASON_OPT_LEN (length below 2 or past the end). */
int ppp_opt_next(struct rd *r, struct ppp_opt *ret);
/* 0 when all of it can be walked. */
int ppp_opts_check(struct span opts);
/* The type of the option at which the walk ends early, 0: none, or it is not readable. */
uint8_t ppp_opts_bad(struct span opts);
void ppp_opt_put(struct wr *w, uint8_t type, struct span value);
void ppp_opt_put_u16(struct wr *w, uint8_t type, uint16_t v);
void ppp_opt_put_u32(struct wr *w, uint8_t type, uint32_t v);
