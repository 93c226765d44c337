/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's notifications of addresses are built here; the kernel is not asked. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "daemon/base/hostip.h"
#include "daemon/core/config.h"
#include "daemon/sys/net/ifwatch.h"
#include "selftests/lib/config_kit.h"

#define GATEWAY 0x0a000001
#define NAMED	0x0a010001

static struct config *cfg;

struct said { /* 0: left out */
	int type;
	uint8_t family, len;
	uint32_t local, address;
};

static bool parsed(const struct said *s, struct hostip *ret)
{
	const struct ifaddrmsg h = { .ifa_family = s->family,
				     .ifa_prefixlen = s->len,
				     .ifa_index = 7 };
	struct nl_msg *m = nlmsg_alloc_simple(s->type, 0);
	bool any;

	assert_non_null(m);
	nlmsg_append(m, (void *)&h, sizeof(h), NLMSG_ALIGNTO);
	if (s->local)
		nla_put_u32(m, IFA_LOCAL, htonl(s->local));
	if (s->address)
		nla_put_u32(m, IFA_ADDRESS, htonl(s->address));
	any = ifwatch_parse(nlmsg_hdr(m), cfg, ret);
	nlmsg_free(m);
	return any;
}

/* F-B4: an address that is added or removed; on a point-to-point link, ours is the local one. */
static void addresses(void **st)
{
	struct hostip a;

	(void)st;
	assert_true(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 24, 0xc0000205, 0xc0000205 }, &a));
	assert_int_equal(a.ip, 0xc0000205);
	assert_int_equal(a.subnet, 0xc0000205);
	assert_int_equal(a.len, 24);
	assert_int_equal(a.ifindex, 7);
	assert_true(parsed(&(struct said){ RTM_DELADDR, AF_INET, 32, 0xc0000205, 0xc6336401 }, &a));
	assert_int_equal(a.ip, 0xc0000205);
	assert_int_equal(a.subnet, 0xc6336401);
	assert_true(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 24, 0, 0xc0000205 }, &a));
	assert_int_equal(a.ip, 0xc0000205);
	assert_true(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 24, 0xc0000205, 0 }, &a));
	assert_int_equal(a.subnet, 0xc0000205);
}

/* F-B4: the gateway address that a data plane assigns to its devices is ze's own; with a subnet
 * it is the operator's. */
static void left_out(void **st)
{
	struct hostip a;

	(void)st;
	assert_false(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 32, GATEWAY, 0x0a000005 }, &a));
	assert_true(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 24, GATEWAY, GATEWAY }, &a));
	assert_false(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 32, NAMED, NAMED }, &a));
	assert_true(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 32, NAMED + 1, NAMED + 1 }, &a));
	assert_false(parsed(&(struct said){ RTM_NEWADDR, AF_INET6, 64, 1, 1 }, &a));
	assert_false(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 33, 1, 1 }, &a));
	assert_false(parsed(&(struct said){ RTM_NEWADDR, AF_INET, 24, 0, 0 }, &a));
	assert_false(parsed(&(struct said){ RTM_NEWLINK, AF_INET, 24, 1, 1 }, &a));
}

static void too_short(void **st)
{
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWADDR, 0);
	struct hostip a;

	(void)st;
	assert_non_null(m);
	assert_false(ifwatch_parse(nlmsg_hdr(m), cfg, &a));
	nlmsg_free(m);
}

static int configure(void **st)
{
	(void)st;
	cfg = config_new();
	if (!cfg)
		return -1;
	cfg->has_pool = true;
	cfg->pool.gateway = GATEWAY;
	return config_kit_add(cfg, "l2tp/pool/ipv4-named",
			      (const char *const[]){ "name", "gold", "gateway", "10.1.0.1",
						     NULL }) ?
		       -1 :
		       0;
}

static int unconfigure(void **st)
{
	(void)st;
	config_unref(cfg);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(left_out),
		cmocka_unit_test(too_short),
	};

	return cmocka_run_group_tests(tests, configure, unconfigure);
}
