/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One datagram. Checked: the payload is inside it, an accepted header that is written again parses
 * to the same values, and `ze l2tp decode` gives the same result and complete JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"
#include "daemon/l2tp/hdr.h"
#include "selftests/fuzz/fuzz.h"

static void check_decode(struct span in, int parsed)
{
	struct strbuf out;
	struct json j;
	int r;

	sb_init(&out);
	json_init(&j, &out);
	r = decode_l2tp(in, &j);
	CHECK(json_ok(&j));
	CHECK(parsed == 0 || r == parsed);
	sb_done(&out);
}

static void check_control(const struct l2tp_hdr *h)
{
	uint8_t *buf = malloc(L2TP_CTL_HDR_LEN + h->payload.len);
	struct wr w = wr_init(buf, L2TP_CTL_HDR_LEN + h->payload.len);
	size_t mark = l2tp_hdr_begin_ctl(&w, h->tid, h->sid, h->ns, h->nr);
	struct l2tp_hdr again;

	CHECK(buf);
	wr_span(&w, h->payload);
	l2tp_hdr_end_ctl(&w, mark);
	CHECK(!w.bad && l2tp_hdr_parse(buf, wr_len(&w), &again) == 0);
	CHECK(again.tid == h->tid && again.sid == h->sid && again.ns == h->ns && again.nr == h->nr);
	CHECK(again.length == h->length && span_eq(again.payload, h->payload));
	free(buf);
}

static void check_data(const struct l2tp_hdr *h)
{
	uint8_t buf[10];
	struct wr w = wr_init(buf, sizeof(buf));
	struct l2tp_hdr again;

	l2tp_hdr_write_data(&w, h);
	CHECK(!w.bad && l2tp_hdr_parse(buf, wr_len(&w), &again) == 0);
	CHECK(again.tid == h->tid && again.sid == h->sid && again.ns == h->ns);
	CHECK(again.payload.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct l2tp_hdr h;
	int r = l2tp_hdr_parse(data, size, &h);

	check_decode(span_of(data, size), r);
	if (r < 0)
		return 0;
	CHECK(h.length <= size);
	CHECK(h.payload.len <= h.length);
	CHECK(h.payload.len == 0 ||
	      (h.payload.p > data && h.payload.p + h.payload.len == data + h.length));
	if (l2tp_hdr_is_control(&h))
		check_control(&h);
	else
		check_data(&h);
	return 0;
}
