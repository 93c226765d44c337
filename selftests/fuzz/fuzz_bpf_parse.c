/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses one datagram with the header parser of the BPF programs and with the daemon's. Both must
 * refuse it for the same reason, or find the same ids and, for data, the same protocol and payload.
 */
#include <stdlib.h>

#include "bpf/parse.h"
#include "daemon/base/err.h"
#include "daemon/l2tp/hdr.h"
#include "ppp/frame.h"
#include "selftests/fuzz/fuzz.h"

static enum ze_verdict verdict_of(int r)
{
	switch (-r) {
	case REASON_NONE:
		return ZE_V_UP_FORWARD;
	case REASON_HDR_VERSION:
		return ZE_V_DROP_VERSION;
	case REASON_HDR_CTL_NO_LENGTH:
	case REASON_HDR_CTL_NO_SEQ:
	case REASON_HDR_CTL_OFFSET:
		return ZE_V_DROP_FLAGS;
	case REASON_HDR_LENGTH:
		return ZE_V_DROP_LENGTH;
	case REASON_HDR_OFFSET:
		return ZE_V_DROP_OFFSET;
	case REASON_PPP_PROTOCOL:
		return ZE_V_DROP_PROTOCOL;
	default: /* HDR_SHORT, PPP_SHORT */
		return ZE_V_DROP_SHORT;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ze_cursor c = { .data = data, .end = data + size };
	struct ppp_frame f = { .proto = 0 };
	struct l2tp_hdr h = { .flags = 0 };
	struct ze_l2tp got = { .flags = 0 };
	enum ze_verdict v;
	int r;

	if (size > ZE_OFF_MAX)
		return 0;
	v = ze_parse_l2tp(&c, (uint32_t)size, &got);
	r = l2tp_hdr_parse(data, size, &h);
	if (r == 0 && !l2tp_hdr_is_control(&h))
		r = ppp_frame_parse(h.payload, &f);
	CHECK(v == (r == 0 && l2tp_hdr_is_control(&h) ? ZE_V_PASS_CONTROL : verdict_of(r)));
	if (r < 0)
		return 0;
	CHECK(got.flags == h.flags && got.tid == h.tid && got.sid == h.sid && got.ns == h.ns);
	if (l2tp_hdr_is_control(&h))
		return 0;
	CHECK(got.proto == f.proto);
	CHECK(got.payload == (size_t)(f.info.p - data) && got.end - got.payload == f.info.len);
	return 0;
}
