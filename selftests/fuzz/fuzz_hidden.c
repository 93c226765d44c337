/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Type (2 octets), lengths of secret and vector (1 each), secret, vector, hidden value.
 * Checked: a decrypted value is inside the buffer and encrypts to the same octets except the
 * padding; an encrypted value decrypts with the right secret, and stays in range with a wrong one.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/l2tp/hidden.h"
#include "selftests/fuzz/fuzz.h"

static void check_reveal(const struct avp_key *k, struct span wire)
{
	uint8_t *buf = malloc(wire.len + 1), *again = malloc(wire.len + 1);
	struct wr w = wr_init(again, wire.len);
	struct span clear;
	int r = avp_reveal(k, wire, buf, &clear);

	CHECK(r == 0 || r == -REASON_HIDDEN_LEN);
	if (r == 0) {
		CHECK(clear.p == buf + 2 && clear.len + 2 <= wire.len);
		avp_hide(k, clear, wire.len - clear.len - 2, &w);
		CHECK(!w.bad && wr_len(&w) == wire.len);
		CHECK(memcmp(again, wire.p, clear.len + 2) == 0);
	}
	free(buf);
	free(again);
}

static void check_hide(const struct avp_key *k, struct span clear, size_t pad)
{
	size_t len = clear.len + pad + 2;
	uint8_t *wire = malloc(len), *buf = malloc(len);
	const struct avp_key wrong = { k->type, span_str("not the secret"), k->vector };
	struct wr w = wr_init(wire, len);
	struct span got;

	avp_hide(k, clear, pad, &w);
	CHECK(!w.bad && wr_len(&w) == len);
	CHECK(avp_reveal(k, wr_done(&w), buf, &got) == 0);
	CHECK(span_eq(got, clear));
	if (avp_reveal(&wrong, wr_done(&w), buf, &got) == 0)
		CHECK(got.len + 2 <= len);
	free(wire);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	struct avp_key k = { .type = rd_u16(&r) };
	size_t secret_len = rd_u8(&r), vector_len = rd_u8(&r);
	struct span rest;

	k.secret = rd_bytes(&r, secret_len);
	k.vector = rd_bytes(&r, vector_len);
	rest = rd_rest(&r);
	if (r.bad || rest.len > UINT16_MAX - 64)
		return 0;
	check_reveal(&k, rest);
	check_hide(&k, rest, k.type % 35u);
	return 0;
}
