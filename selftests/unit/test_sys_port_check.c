/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of a port by its features and channels; the kernel is not asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/net/port_check.h"

/* F-D2 */
static void by_facts(void **st)
{
	static const struct {
		struct port_facts f;
		bool native;
		const char *what, *cure;
	} rows[] = {
		{ { true, 7, "veth", 1, 8 }, true, NULL, NULL },
		{ { true, 3, "veth", 1, 8 },
		  true,
		  "the peer of the veth does not accept redirected packets",
		  "ethtool -K PEER gro on" },
		{ { true, 3, "veth", 1, 8 }, false, NULL, NULL },
		{ { true, 3, "tg3", 8, 8 },
		  true,
		  "the driver does not accept redirected packets",
		  "configure xdp-mode generic" },
		{ { true, 7, "i40e", 4, 8 },
		  true,
		  "it has fewer channels than the host has processors",
		  "ethtool -L DEVICE combined PROCESSORS" },
		{ { true, 7, "i40e", 8, 8 }, true, NULL, NULL },
		{ { true, 7, "i40e", 0, 8 }, true, NULL, NULL },
		{ { false, 0, "i40e", 4, 8 },
		  true,
		  "it has fewer channels than the host has processors",
		  "ethtool -L DEVICE combined PROCESSORS" },
		{ { false, 0, "tg3", 0, 8 }, true, NULL, NULL },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct port_problem p = port_check(&rows[i].f, rows[i].native);

		assert_int_equal(!p.what, !rows[i].what);
		if (!p.what)
			continue;
		assert_string_equal(p.what, rows[i].what);
		assert_string_equal(p.cure, rows[i].cure);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(by_facts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
