/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * AVPs in sequence. Checked: the iterator advances and stays inside the input, the AVPs it returns
 * add up to the input, a value that the table accepts is stored in its typed member, and the writer
 * accepts everything that was read.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/msg.h"
#include "selftests/fuzz/fuzz.h"

static void check_value(const struct avp *a, const struct avp_spec *s)
{
	static struct l2tp_msg m;
	int r = l2tp_msg_field(s, a->value, &m);

	CHECK(r == 0 || r == -REASON_AVP_VALUE_LEN || r == -REASON_AVP_VALUE);
	if (r == 0)
		CHECK(a->value.len >= s->min && a->value.len <= s->max);
}

static void check_writer(const struct avp *a)
{
	uint8_t buf[AVP_HDR_LEN + AVP_MAX_VALUE];
	struct wr w = wr_init(buf, sizeof(buf));
	struct rd r;
	struct avp again;

	avp_put(&w, (enum l2tp_avp_type)a->type, a->value);
	CHECK(!w.bad);
	r = rd_span(wr_done(&w));
	CHECK(avp_next(&r, &again) == 1 && rd_left(&r) == 0);
	CHECK(again.type == a->type && span_eq(again.value, a->value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	const uint8_t *at = data;
	struct avp a;
	int n;

	while ((n = avp_next(&r, &a)) > 0) {
		const struct avp_spec *s = avp_spec_find(a.vendor, a.type);

		CHECK(a.value.len <= AVP_MAX_VALUE);
		CHECK(r.p == at + AVP_HDR_LEN + a.value.len && r.p <= data + size);
		CHECK(a.value.len == 0 || a.value.p == at + AVP_HDR_LEN);
		at = r.p;
		if (!s)
			continue;
		check_value(&a, s);
		check_writer(&a);
	}
	CHECK(n < 0 || rd_left(&r) == 0);
	return 0;
}
