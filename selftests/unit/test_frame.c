/* SPDX-License-Identifier: BSD-2-Clause */
/* From bytes to PPP frames and control packets, and from effects to bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ppp/frame.h"
#include "ppp/fx.h"
#include "selftests/lib/ppp_kit.h"

static void good(const char *hex, uint16_t proto, const char *info)
{
	struct span want = kit_hex(info);
	struct ppp_frame f;

	assert_int_equal(ppp_frame_parse(kit_hex(hex), &f), 0);
	assert_int_equal(f.proto, proto);
	assert_true(span_eq(f.info, want));
}

static void refused(const char *hex, enum reason why)
{
	struct ppp_frame f = { .proto = 0x1234 };

	assert_int_equal(ppp_frame_parse(kit_hex(hex), &f), -(int)why);
	assert_int_equal(f.proto, 0x1234);
}

/* P-049, P-050, L-189: with and without FF 03, and with a protocol of one and of two octets. */
static void every_form_is_accepted(void **st)
{
	(void)st;
	good("ff03 c021 0101", PPP_LCP, "0101");
	good("c021 0101", PPP_LCP, "0101");
	good("ff03 0021 45", PPP_IPV4, "45");
	good("ff03 21 45", PPP_IPV4, "45");
	good("0021 45", PPP_IPV4, "45");
	good("21 45", PPP_IPV4, "45");
	good("57", PPP_IPV6, "");
	good("ff03 57", PPP_IPV6, "");
	good("03 ff", 3, "ff");
}

/* P-049: RFC 1661 2: the last octet of a protocol is odd. */
static void invalid_protocols(void **st)
{
	(void)st;
	refused("", REASON_PPP_SHORT);
	refused("ff03", REASON_PPP_SHORT);
	refused("c0", REASON_PPP_SHORT);
	refused("ff03 80", REASON_PPP_SHORT);
	refused("20 20", REASON_PPP_PROTOCOL);
	refused("c022 01", REASON_PPP_PROTOCOL);
	refused("ff03 0022 01", REASON_PPP_PROTOCOL);
	refused("ff02 01", REASON_PPP_PROTOCOL);
	refused("ff03 ff03 c021", REASON_PPP_PROTOCOL);
	refused("00ff 01", REASON_PPP_PROTOCOL);
	refused("ff", REASON_PPP_PROTOCOL);
}

/* P-051, P-054 */
static void control_packets(void **st)
{
	struct cp_pkt p = { .code = 99 };

	(void)st;
	assert_int_equal(cp_pkt_parse(kit_hex("01 02 0003"), &p), -REASON_CP_LEN);
	assert_int_equal(cp_pkt_parse(kit_hex("01 02 0000"), &p), -REASON_CP_LEN);
	assert_int_equal(cp_pkt_parse(kit_hex("01 02 0005"), &p), -REASON_CP_LEN);
	assert_int_equal(cp_pkt_parse(kit_hex("01 02 ffff 00"), &p), -REASON_CP_LEN);
	assert_int_equal(cp_pkt_parse(kit_hex("01 02 00"), &p), -REASON_CP_SHORT);
	assert_int_equal(cp_pkt_parse(kit_hex(""), &p), -REASON_CP_SHORT);
	assert_int_equal(p.code, 99);
	assert_int_equal(cp_pkt_parse(kit_hex("01 02 0004"), &p), 0);
	assert_int_equal(p.data.len, 0);
	assert_int_equal(cp_pkt_parse(kit_hex("01 02 0006 aabb ccdd"), &p), 0);
	assert_int_equal(p.code, 1);
	assert_int_equal(p.id, 2);
	assert_true(span_eq(p.data, kit_hex("aabb")));
	assert_true(span_eq(p.whole, kit_hex("01 02 0006 aabb")));
}

static void frames_are_built_in_place(void **st)
{
	struct ppp_fx fx;
	struct wr w;

	(void)st;
	ppp_fx_init(&fx);
	w = ppp_fx_cp(&fx, PPP_IPCP, CP_CONF_REQ, 7);
	wr_u32(&w, 0x01020304);
	ppp_fx_cp_end(&fx, &w);
	w = ppp_fx_frame(&fx, PPP_PAP);
	wr_u8(&w, 0xaa);
	ppp_fx_frame_end(&fx, &w);
	assert_int_equal(fx.n, 2);
	assert_true(span_eq(fx.e[0].send, kit_hex("ff03 8021 01 07 0008 01020304")));
	assert_true(span_eq(fx.e[1].send, kit_hex("ff03 c023 aa")));
	assert_false(fx.overflow);
}

static void too_much_is_lost_not_overrun(void **st)
{
	static const uint8_t big[PPP_FRAME_MAX];
	struct ppp_fx fx;
	struct wr w;

	(void)st;
	ppp_fx_init(&fx);
	w = ppp_fx_cp(&fx, PPP_LCP, CP_CONF_REQ, 1);
	wr_bytes(&w, big, sizeof(big) - 7); /* one octet too many */
	ppp_fx_cp_end(&fx, &w);
	assert_true(fx.overflow);
	assert_int_equal(fx.n, 0);

	ppp_fx_init(&fx);
	for (int i = 0; i < 6; i++) {
		w = ppp_fx_cp(&fx, PPP_LCP, CP_CONF_REQ, 1);
		wr_bytes(&w, big, sizeof(big) - 8);
		ppp_fx_cp_end(&fx, &w);
	}
	assert_true(fx.overflow); /* memory */
	assert_int_equal(fx.n, 5);

	ppp_fx_init(&fx);
	for (int i = 0; i < PPP_FX_MAX; i++)
		ppp_fx_refuse(&fx, REASON_CP_LEN, PPP_LCP, 1);
	assert_false(fx.overflow);
	ppp_fx_refuse(&fx, REASON_CP_LEN, PPP_LCP, 1);
	assert_true(fx.overflow); /* effects */
	w = ppp_fx_frame(&fx, PPP_LCP);
	ppp_fx_frame_end(&fx, &w);
	assert_int_equal(fx.n, PPP_FX_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_accepted),
		cmocka_unit_test(invalid_protocols),
		cmocka_unit_test(control_packets),
		cmocka_unit_test(frames_are_built_in_place),
		cmocka_unit_test(too_much_is_lost_not_overrun),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
