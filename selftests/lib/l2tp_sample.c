/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/l2tp_sample.h"

#include "daemon/base/compiler.h"

/* The AVPs of each message of RFC 2661 6.1-6.14, transcribed independently of the decoder. */
static const struct {
	uint16_t type;
	uint8_t avps[16]; /* ends with 0 */
} lists[] = {
	{ 1, { 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 } },
	{ 2, { 2, 3, 4, 6, 7, 8, 9, 10, 11, 13 } },
	{ 3, { 13 } },
	{ 4, { 1, 9 } },
	{ 6, { 0 } },
	{ 7, { 14, 15, 16, 17, 18, 19, 21, 23 } },
	{ 8, { 14, 25 } },
	{ 9, { 19, 24, 38, 39 } },
	{ 10, { 14, 15, 18, 21, 22, 23, 25 } },
	{ 11, { 14 } },
	{ 12, { 19, 24, 26, 27, 28, 29, 30, 31, 32, 33, 37, 38, 39 } },
	{ 14, { 1, 12, 14, 46 } },
	{ 15, { 34 } },
	{ 16, { 35 } },
};

static bool find(uint16_t type, uint64_t *ret_avps)
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lists); i++) {
		if (lists[i].type != type)
			continue;
		*ret_avps = 0;
		for (const uint8_t *a = lists[i].avps; *a; a++)
			*ret_avps |= L2TP_BIT(*a);
		return true;
	}
	return false;
}

uint64_t l2tp_sample_avps(uint16_t type)
{
	uint64_t avps = 0;

	find(type, &avps);
	return avps;
}

static struct span conf_req(void)
{
	static const uint8_t options[] = { 1, 4, 0x05, 0xd4, 5, 6, 1, 2, 3, 4 };

	return span_of(options, sizeof(options));
}

bool l2tp_sample_msg(uint16_t type, struct l2tp_msg *ret)
{
	uint64_t avps;

	if (!find(type, &avps))
		return false;
	*ret = (struct l2tp_msg){
		.type = type,
		.have = avps,
		.result = { .code = 2, .error = 6, .has_error = true, .text = span_str("why") },
		.protocol_version = 0x0100,
		.framing_caps = 3,
		.bearer_caps = 1,
		.tie_breaker = UINT64_C(0x0102030405060708),
		.firmware_revision = 0x0690,
		.host_name = span_str("lns.example"),
		.vendor_name = span_str("ze"),
		.assigned_tid = 0x1234,
		.rws = 8,
		.challenge = span_str("challenge-octets"),
		.challenge_response = span_str("response-16-octs"),
		.q931 = { .cause = 16, .msg = 0x45, .text = span_str("normal clearing") },
		.assigned_sid = 0x5678,
		.call_serial = 77,
		.minimum_bps = 9600,
		.maximum_bps = 56000,
		.bearer_type = 2,
		.framing_type = 1,
		.called_number = span_str("0101"),
		.calling_number = span_str("0203"),
		.sub_address = span_str("5"),
		.tx_speed_bps = 24000000,
		.rx_speed_bps = 1000000,
		.physical_channel = 0x10002,
		.initial_rcvd_confreq = conf_req(),
		.last_sent_confreq = conf_req(),
		.last_rcvd_confreq = conf_req(),
		.proxy_authen_type = 2,
		.proxy_authen_id = 5,
		.proxy_authen_name = span_str("alice@example.net"),
		.proxy_authen_challenge = span_str("chap-challenge"),
		.proxy_authen_response = span_str("chap-response-16"),
		.call_errors = { 1, 2, 3, 4, 5, 6 },
		.accm = { 0xffffffff, 0x000a0000 },
		.private_group_id = span_str("vrf-a"),
		.disconnect = { .code = 3,
				.proto = 0xc021,
				.direction = 1,
				.text = span_str("bye") },
	};
	return true;
}
