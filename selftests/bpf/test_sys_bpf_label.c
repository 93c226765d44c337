/* SPDX-License-Identifier: BSD-2-Clause */
/* The ids that are written on the way out: one table row per frame, which frames are ze's and
 * which are not; that the UDP checksum stays correct; and the filter on devices of a namespace,
 * one of which has a clsact with filters of others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_label.h"

#define SID 0x0102

/* To 192.0.2.2:1701 and 2001:db8::2:1701, with the ids of the peer in place of 0 and of ours. */
#define ETH "020000000002020000000001"
#define IP4                                                                                        \
	"45000030000040004011"                                                                     \
	"0000"                                                                                     \
	"c0000201"                                                                                 \
	"c0000202"
#define FRAG(x)                                                                                    \
	"450000300000" x "4011"                                                                    \
	"0000"                                                                                     \
	"c0000201"                                                                                 \
	"c0000202"
#define IP6                                                                                        \
	"60000000001c1140"                                                                         \
	"20010db8000000000000000000000001"                                                         \
	"20010db8000000000000000000000002"
#define UDP    "06a506a5001c0000"
#define OURS   "000200000102"
#define THEIRS "00021a2b3c4d"
#define REST                                                                                       \
	"ff030021"                                                                                 \
	"4500001400000000400100000a6400020a640001"

struct row {
	const char *name, *in, *out; /* NULL: unchanged */
};

static const struct row rows[] = {
	{ "IPv4", ETH "0800" IP4 UDP OURS REST, ETH "0800" IP4 UDP THEIRS REST },
	{ "numbered",
	  ETH "0800" IP4 UDP "080200000102"
	      "00010000" REST,
	  ETH "0800" IP4 UDP "08021a2b3c4d"
	      "00010000" REST },
	{ "first fragment", ETH "0800" FRAG("2000") UDP OURS REST,
	  ETH "0800" FRAG("2000") UDP THEIRS REST },
	{ "IPv6", ETH "86dd" IP6 UDP OURS REST, ETH "86dd" IP6 UDP THEIRS REST },
	{ "one tag",
	  ETH "81000064"
	      "0800" IP4 UDP OURS REST,
	  ETH "81000064"
	      "0800" IP4 UDP THEIRS REST },
	{ "two tags",
	  ETH "88a80007"
	      "81000064"
	      "86dd" IP6 UDP OURS REST,
	  ETH "88a80007"
	      "81000064"
	      "86dd" IP6 UDP THEIRS REST },
	{ "a later fragment", ETH "0800" FRAG("0004") UDP OURS REST, NULL },
	{ "a control message", ETH "0800" IP4 UDP "800200000102" REST, NULL },
	{ "with a length", ETH "0800" IP4 UDP "400200000102" REST, NULL },
	{ "version 3", ETH "0800" IP4 UDP "000300000102" REST, NULL },
	{ "a tunnel id", ETH "0800" IP4 UDP "000200010102" REST, NULL },
	{ "another session", ETH "0800" IP4 UDP "000200000103" REST, NULL },
	{ "another port", ETH "0800" IP4 "06a506a6001c0000" OURS REST, NULL },
	{ "another address",
	  ETH "0800"
	      "450000300000400040110000c0000201c0000203" UDP OURS REST,
	  NULL },
	{ "not UDP",
	  ETH "0800"
	      "450000300000400040060000c0000201c0000202" UDP OURS REST,
	  NULL },
	{ "not IP", ETH "0806" IP4 UDP OURS REST, NULL },
	{ "short", ETH "0800" IP4 UDP "0002", NULL },
};

static struct bpf_label *b;
static const char uplink[2][16] = { "u0", "u1" };

static void no_log(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)level;
	(void)sub;
	(void)line;
}

static int start(void **st)
{
	(void)st;
	log_set_sink(no_log, NULL);
	if (unshare(CLONE_NEWNET) < 0 || system("ip link add u0 type veth peer name v0 && "
						"ip link add u1 type veth peer name v1 && "
						"tc qdisc add dev u1 clsact") != 0)
		return -1;
	return bpf_label_open(uplink, 2, &b);
}

static int stop(void **st)
{
	(void)st;
	bpf_label_close(b);
	return 0;
}

static size_t unhex(const char *hex, uint8_t ret[static 256])
{
	size_t n = 0;

	for (; *hex; hex += 2)
		assert_int_equal(sscanf(hex, "%2hhx", &ret[n++]), 1);
	return n;
}

static void run(const uint8_t *in, size_t len, uint8_t out[static 256])
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = (uint32_t)len,
		    .data_out = out, .data_size_out = 256);

	assert_int_equal(bpf_prog_test_run_opts(bpf_label_prog_fd(b), &o), 0);
	assert_int_equal((int)o.retval, TC_ACT_UNSPEC);
	assert_int_equal(o.data_size_out, len);
}

static void put(void)
{
	const struct ze_label v4 = { .tid = 0x1a2b,
				     .sid = 0x3c4d,
				     .peer_port = 1701,
				     .family = 4,
				     .peer = { 192, 0, 2, 2 } };

	assert_int_equal(bpf_label_set(b, SID, &v4), 0);
}

static void put6(void)
{
	const struct ze_label v6 = { .tid = 0x1a2b,
				     .sid = 0x3c4d,
				     .peer_port = 1701,
				     .family = 6,
				     .peer = { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };

	assert_int_equal(bpf_label_set(b, SID, &v6), 0);
}

static void frames(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		uint8_t in[256], want[256], out[256];
		size_t n = unhex(rows[i].in, in);

		unhex(rows[i].out ? rows[i].out : rows[i].in, want);
		if (strstr(rows[i].in, "86dd"))
			put6();
		else
			put();
		run(in, n, out);
		if (memcmp(out, want, n) != 0)
			fail_msg("%s", rows[i].name);
	}
	bpf_label_unset(b, SID);
}

/* RFC 1071: the sum over the octets that a checksum covers; 0 when it is correct. */
static uint16_t sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		s += (uint32_t)p[i] << 8 | p[i + 1];
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

static void checksum(void **st)
{
	uint8_t in[256], out[256];
	size_t n = unhex(ETH "0800" IP4 UDP OURS REST, in);
	uint16_t before;

	(void)st;
	put();
	in[40] = 0x12;
	in[41] = 0x34; /* correct or not, the difference must be the same as before */
	before = sum(in + 34, n - 34);
	run(in, n, out);
	assert_true(out[40] != 0x12 || out[41] != 0x34);
	assert_int_equal(sum(out + 34, n - 34), before);
	bpf_label_unset(b, SID);
}

static void filters(void **st)
{
	struct bpf_label *other;
	static const char none[1][16] = { "nowhere" };

	(void)st;
	assert_int_equal(system("tc filter show dev u0 egress | grep -q ze_label"), 0);
	assert_int_equal(bpf_label_open(none, 1, &other), -ENODEV);
	bpf_label_close(b);
	assert_int_not_equal(system("tc qdisc show dev u0 | grep -q clsact"), 0);
	assert_int_not_equal(system("tc filter show dev u1 egress | grep -q ze_label"), 0);
	assert_int_equal(system("tc qdisc show dev u1 | grep -q clsact"), 0); /* of others */
	assert_int_equal(bpf_label_open(uplink, 2, &b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(checksum),
		cmocka_unit_test(filters),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
