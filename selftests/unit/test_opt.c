/* SPDX-License-Identifier: BSD-2-Clause */
/* The option walker and the writers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "ppp/opt.h"
#include "selftests/lib/ppp_kit.h"

static void walks(void **st)
{
	struct rd r = rd_span(kit_hex("0104 05dc 0702 0506 01020304"));
	struct ppp_opt o;

	(void)st;
	assert_int_equal(ppp_opt_next(&r, &o), 1);
	assert_int_equal(o.type, 1);
	assert_true(span_eq(o.value, kit_hex("05dc")));
	assert_true(span_eq(o.whole, kit_hex("0104 05dc")));
	assert_int_equal(ppp_opt_next(&r, &o), 1);
	assert_int_equal(o.type, 7);
	assert_int_equal(o.value.len, 0);
	assert_int_equal(ppp_opt_next(&r, &o), 1);
	assert_int_equal(o.value.len, 4);
	assert_int_equal(ppp_opt_next(&r, &o), 0);
	assert_int_equal(ppp_opt_next(&r, &o), 0);
}

/* P-051: lengths 0, 1 and past the end; a refused list stays refused. */
static void broken_lists(void **st)
{
	static const char *const lists[] = {
		"01", "0100", "0101", "0103", "0702 0104 05", "01ff 00"
	};
	struct ppp_opt o;
	struct rd r;

	(void)st;
	assert_int_equal(ppp_opts_check(kit_hex("")), 0);
	assert_int_equal(ppp_opts_check(kit_hex("0702 0802")), 0);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lists); i++)
		assert_int_equal(ppp_opts_check(kit_hex(lists[i])), -REASON_OPT_LEN);
	r = rd_span(kit_hex("0100 0702"));
	assert_int_equal(ppp_opt_next(&r, &o), -REASON_OPT_LEN);
	assert_int_equal(ppp_opt_next(&r, &o), -REASON_OPT_LEN);
}

static void writes(void **st)
{
	static const uint8_t big[254];
	uint8_t buf[300];
	struct wr w = wr_init(buf, sizeof(buf));

	(void)st;
	ppp_opt_put_u16(&w, 1, 1500);
	ppp_opt_put(&w, 7, (struct span){ 0 });
	ppp_opt_put_u32(&w, 5, 0x01020304);
	ppp_opt_put(&w, 3, kit_hex("c22305"));
	assert_true(span_eq(wr_done(&w), kit_hex("0104 05dc 0702 0506 01020304 0305 c22305")));
	w = wr_init(buf, sizeof(buf));
	ppp_opt_put(&w, 3, span_of(big, 253));
	assert_false(w.bad);
	w = wr_init(buf, sizeof(buf));
	ppp_opt_put(&w, 3, span_of(big, 254));
	assert_true(w.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks),
		cmocka_unit_test(broken_lists),
		cmocka_unit_test(writes),
	};

	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
