/* SPDX-License-Identifier: BSD-2-Clause */
/* Why a driver refuses native XDP, and the cure: messages of kernels, and what is derived when
 * there is no message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/bpf/xdp_refusal.h"

static const struct {
	struct xdp_refusal r;
	const char *why, *cure; /* parts of the texts */
} rows[] = {
	/* messages of veth, virtio_net, mlx5, ice and i40e */
	{ { -ERANGE, "Peer MTU is too large to set XDP", 1500, false },
	  "Peer MTU",
	  "lower the MTU" },
	{ { -EINVAL, "MTU too large to enable XDP", 9000, false }, "MTU too", "lower the MTU" },
	{ { -EOPNOTSUPP,
	    "Can't set XDP while host is implementing GRO_HW/CSUM, disable GRO_HW/CSUM first", 1500,
	    false },
	  "GRO_HW",
	  "disable the guest offloads on the host" },
	{ { -ENOMEM, "Too few free TX rings available", 1500, false }, "Too few", "ethtool -L" },
	{ { -EINVAL, "XDP is not supported with HW GRO/LRO", 1500, true }, "LRO", "lro off" },
	{ { -EINVAL, "can't set XDP with more than 63 combined channels", 1500, false },
	  "channels",
	  "ethtool -L" },
	/* nothing said */
	{ { -EINVAL, "", 1500, true }, "LRO is on", "lro off" },
	{ { -EINVAL, "", 9000, false }, "its MTU is 9000", "3498" },
	{ { -EOPNOTSUPP, "", 9000, true }, "no native XDP", "use an interface" },
	{ { -EBUSY, "", 1500, false }, "busy", "kernel's log" },
};

/* F-D3 */
static void named_with_a_cure(void **st)
{
	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct xdp_refusal r = rows[i].r;
		const char *cure = xdp_refusal_cure(&r);

		if (!strstr(r.why, rows[i].why) || !strstr(cure, rows[i].cure))
			fail_msg("row %zu: %s: %s", i, r.why, cure);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(named_with_a_cure) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
