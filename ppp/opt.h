/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration options, RFC 1661 6: the iterator and the writers. */
#pragma once

#include <stdint.h>

#include "daemon/base/wire.h"

struct ppp_opt {
	uint8_t type;
	struct span value; /* without type and length */
	struct span whole; /* with type and length, as a Reject echoes it */
};

/* Reads the next option. Returns 1 and *ret, 0 at the end, or -REASON_OPT_LEN for a length below 2
 * or past the end. */
int ppp_opt_next(struct rd *r, struct ppp_opt *ret);
/* Returns 0 when every option can be read, else -REASON_OPT_LEN. */
int ppp_opts_check(struct span opts);
/* The type of the first malformed option; 0 when there is none or its type cannot be read. */
uint8_t ppp_opts_bad(struct span opts);
/* Writers. A value that does not fit sets w->bad. */
void ppp_opt_put(struct wr *w, uint8_t type, struct span value);
void ppp_opt_put_u16(struct wr *w, uint8_t type, uint16_t v);
void ppp_opt_put_u32(struct wr *w, uint8_t type, uint32_t v);
