/* SPDX-License-Identifier: BSD-2-Clause */
/* Rates and source checks of the kernel plane on a device in a namespace, as shown by tc(8) and
 * ip(8): qdiscs that are added, replaced and removed; the program alone and attached; and that
 * nothing is left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/addr.h"
#include "daemon/base/compiler.h"
#include "daemon/sys/bpf/bpf_ingress.h"
#include "daemon/sys/bpf/gcra.h"
#include "daemon/sys/kernel/kernel_ingress.h"
#include "daemon/sys/kernel/kernel_shape.h"
#include "daemon/sys/net/nlreq.h"
#include "shaping/plan.h"

#define PACKET 1000u

static struct nl_sock *rtnl;
static struct kernel_session k;
static struct kernel_ingress shared;

static int start(void **st)
{
	(void)st;
	if (unshare(CLONE_NEWNET) < 0 || system("ip link add v0 type veth peer name v1") != 0 ||
	    system("ip link set v0 up && ip link set v1 up") != 0)
		return -1;
	k.ifindex = (int)if_nametoindex("v0");
	kernel_ingress_init(&shared);
	return nlreq_open(NETLINK_ROUTE, &rtnl);
}

static int stop(void **st)
{
	(void)st;
	nlreq_close(rtnl);
	kernel_ingress_done(&shared);
	return 0;
}

/* The output of a command; valid until the next one. */
static const char *said(const char *cmd)
{
	static char text[8192];
	FILE *f = popen(cmd, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
	return text;
}

static void says(const char *cmd, const char *what)
{
	const char *text = said(cmd);

	if (!strstr(text, what))
		fail_msg("%s: no \"%s\" in\n%s", cmd, what, text);
}

static void says_not(const char *cmd, const char *what)
{
	const char *text = said(cmd);

	if (strstr(text, what))
		fail_msg("%s: \"%s\" in\n%s", cmd, what, text);
}

#define QDISCS	"tc qdisc show dev v0"
#define CLASSES "tc class show dev v0"
#define LINK	"ip -d link show dev v0"

static void shape(enum shape_qdisc q, uint64_t bps)
{
	assert_int_equal(
		kernel_shaper_up(rtnl, &k, &(struct shape_plan){ .down_bps = bps, .qdisc = q }), 0);
}

static void token_bucket(void **st)
{
	(void)st;
	shape(SHAPE_TBF, 10000000);
	says(QDISCS, "qdisc tbf 1: root refcnt");
	says(QDISCS, "rate 10Mbit burst 6250b lat 95ms"); /* 125 000 octets are queued at most */
	shape(SHAPE_TBF, 100000000000);
	says(QDISCS, "rate 100Gbit burst ");
	shape(SHAPE_TBF, 0);
	says_not(QDISCS, "tbf");
	shape(SHAPE_TBF, 0); /* there is none */
	shape(SHAPE_TBF, 10000000);
	kernel_shaper_down(rtnl, &k);
	says_not(QDISCS, "tbf");
	kernel_shaper_down(rtnl, &k); /* a member that does not exist */
}

static void hierarchical_token_bucket(void **st)
{
	(void)st;
	shape(SHAPE_HTB, 2000000);
	says(QDISCS, "qdisc htb 2: root refcnt");
	says(QDISCS, "default 0x1");
	says(QDISCS, "qdisc bfifo 3: parent 2:1 limit 25000b");
	says(CLASSES,
	     "class htb 2:1 root leaf 3: prio 0 rate 2Mbit ceil 2Mbit burst 3000b cburst 3000b");
	shape(SHAPE_HTB, 100000000000);
	says(CLASSES, "rate 100Gbit ceil 100Gbit");
	says(QDISCS, "qdisc bfifo 3: parent 2:1 limit 1250000000b");
	kernel_shaper_down(rtnl, &k);
	says_not(QDISCS, "htb");
	says_not(QDISCS, "bfifo");
}

static void one_replaces_the_other(void **st)
{
	(void)st;
	shape(SHAPE_TBF, 2000000);
	shape(SHAPE_HTB, 3000000);
	says_not(QDISCS, "tbf");
	says(CLASSES, "rate 3Mbit");
	shape(SHAPE_TBF, 4000000);
	says_not(QDISCS, "htb");
	says(QDISCS, "rate 4Mbit");
	kernel_shaper_down(rtnl, &k);
}

static void of_no_device(void **st)
{
	struct kernel_session gone = { .ifindex = 9999 };
	const struct shape_plan p = { .down_bps = 8000 };

	(void)st;
	assert_int_equal(kernel_shaper_up(rtnl, &gone, &p), -ENODEV);
	assert_true(kernel_ingress_up(&shared, rtnl, &gone) < 0);
}

static int run(const struct bpf_ingress *p, const uint8_t *frame, int n)
{
	struct xdp_md ctx = { .data_end = PACKET, .ingress_ifindex = (uint32_t)k.ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = PACKET, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = n);

	assert_int_equal(bpf_prog_test_run_opts(bpf_ingress_prog_fd(p), &o), 0);
	return (int)o.retval;
}

/* From 10.1.2.<last>. */
static int packets(const struct bpf_ingress *p, uint8_t last, int n)
{
	uint8_t frame[PACKET] = { [0] = 0x45, [12] = 10, 1, 2, last };

	return run(p, frame, n);
}

static int packet6(const struct bpf_ingress *p, const uint8_t src[static 16], uint8_t to)
{
	uint8_t frame[PACKET] = { [0] = 0x60, [24] = to };

	memcpy(frame + 8, src, 16);
	return run(p, frame, 1);
}

static struct ze_ingress row(const struct bpf_ingress *p)
{
	struct ze_ingress v;

	assert_int_equal(bpf_ingress_get(p, k.ifindex, &v), 0);
	return v;
}

static void sources(void **st)
{
	static const uint8_t own[16] = { 0xfe, 0x80, [15] = 7 },
			     other[16] = { 0xfe, 0x80, [15] = 8 };
	static const uint8_t global[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 }, none[16];
	struct ze_ingress v = { .cost = 0 };
	struct bpf_ingress *p;

	(void)st;
	assert_int_equal(bpf_ingress_open(&p), 0);
	assert_int_equal(packets(p, 1, 1), XDP_DROP); /* without an entry in the map */
	assert_int_equal(bpf_ingress_get(p, k.ifindex, &v), -ENOENT);
	assert_int_equal(bpf_ingress_set(p, k.ifindex, &v), 0);
	assert_int_equal(packets(p, 1, 1), XDP_DROP); /* closed */
	assert_int_equal(packet6(p, own, 0xff), XDP_DROP);
	assert_int_equal(row(p).spoofed, 2);
	v = (struct ze_ingress){ .ip4 = { 10, 1, 2, 1 }, .ifid = { [7] = 7 } };
	assert_int_equal(bpf_ingress_set(p, k.ifindex, &v), 0);
	assert_int_equal(packets(p, 1, 2), XDP_PASS);
	assert_int_equal(packet6(p, own, 0x20), XDP_PASS);
	assert_int_equal(packet6(p, none, 0xff), XDP_PASS); /* duplicate address detection */
	assert_int_equal(row(p).spoofed, 0);
	assert_int_equal(packets(p, 2, 1), XDP_DROP);
	assert_int_equal(packet6(p, other, 0xff), XDP_DROP);
	assert_int_equal(packet6(p, global, 0x20), XDP_DROP);
	assert_int_equal(packet6(p, none, 0x20), XDP_DROP);
	assert_int_equal(row(p).spoofed, 4);
	assert_int_equal(row(p).policed, 0);
	bpf_ingress_close(p);
}

/* S-AAA-50: networks behind the subscriber, unless they are, or a part of them is, behind another
 * interface. */
static void networks(void **st)
{
	static const uint8_t behind[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };
	struct ze_ingress v = { .ifid = { [7] = 7 } };
	struct ze_prefix net, net6, part;
	struct bpf_ingress *p;

	(void)st;
	assert_int_equal(ze_prefix_parse("10.1.2.0/24", &net), 0);
	assert_int_equal(ze_prefix_parse("10.1.2.128/25", &part), 0);
	assert_int_equal(ze_prefix_parse("2001:db8::/48", &net6), 0);
	assert_int_equal(bpf_ingress_open(&p), 0);
	assert_int_equal(bpf_ingress_net_set(p, &net, k.ifindex), 0);
	assert_int_equal(bpf_ingress_net_set(p, &net6, k.ifindex), 0);
	assert_int_equal(bpf_ingress_set(p, k.ifindex, &v), 0);
	assert_int_equal(packets(p, 2, 1), XDP_DROP); /* IPv4 is closed */
	assert_int_equal(packet6(p, behind, 0x20), XDP_PASS);
	v = (struct ze_ingress){ .ip4 = { 10, 9, 9, 9 } };
	assert_int_equal(bpf_ingress_set(p, k.ifindex, &v), 0);
	assert_int_equal(packets(p, 2, 1), XDP_PASS);
	assert_int_equal(packet6(p, behind, 0x20), XDP_DROP);
	assert_int_equal(bpf_ingress_net_set(p, &part, k.ifindex + 1), 0);
	assert_int_equal(packets(p, 200, 1), XDP_DROP);
	assert_int_equal(packets(p, 2, 1), XDP_PASS);
	bpf_ingress_net_unset(p, &part, k.ifindex); /* that of another interface stays */
	assert_int_equal(packets(p, 200, 1), XDP_DROP);
	bpf_ingress_net_unset(p, &part, k.ifindex + 1);
	assert_int_equal(packets(p, 200, 1), XDP_PASS);
	bpf_ingress_net_unset(p, &net, k.ifindex);
	assert_int_equal(packets(p, 2, 1), XDP_DROP);
	bpf_ingress_close(p);
}

static void rates(void **st)
{
	/* At 8 kbit/s no token returns during a test: a second is one packet. */
	struct ze_ingress v = { .ip4 = { 10, 1, 2, 1 } };
	struct bpf_ingress *p;

	(void)st;
	assert_int_equal(bpf_ingress_open(&p), 0);
	assert_int_equal(bpf_ingress_set(p, k.ifindex, &v), 0);
	assert_int_equal(packets(p, 1, 100), XDP_PASS);
	v.cost = gcra_cost(8000);
	assert_int_equal(bpf_ingress_set(p, k.ifindex, &v), 0);
	/* The burst, and the packet that exceeds it. */
	assert_int_equal(packets(p, 1, 5), XDP_PASS);
	assert_int_equal(packets(p, 1, 3), XDP_DROP);
	assert_int_equal(packets(p, 2, 1), XDP_DROP);
	assert_int_equal(row(p).policed, 3);
	assert_int_equal(row(p).spoofed, 1);
	bpf_ingress_unset(p, k.ifindex);
	assert_int_equal(packets(p, 1, 1), XDP_DROP);
	bpf_ingress_close(p);
}

/* The program on v0, by its id. */
static uint32_t attached_id(void)
{
	const char *at = strstr(said(LINK), "prog/xdp id ");
	uint32_t id = 0;

	assert_non_null(at);
	assert_int_equal(sscanf(at, "prog/xdp id %u", &id), 1);
	return id;
}

/* The kernel frees it some time after it was detached. */
static bool gone(uint32_t id)
{
	int fd;

	for (int i = 0; i < 5000; i++) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			return fd == -ENOENT;
		close(fd);
		usleep(1000);
	}
	return false;
}

/* The entry that the steps wrote into the map of this name; false: there is none. */
static bool row_has(const char *what)
{
	return strstr(said("bpftool map dump name ze_upload"), what);
}

static void attached(void **st)
{
	struct kernel_session other = { .ifindex = (int)if_nametoindex("v1") };
	const struct dp_family v4 = { .family = PPP_FAM_IPV4, .peer4 = 0x0a010203 };
	const struct dp_family v6 = { .family = PPP_FAM_IPV6, .peer_ifid = 0x1122334455667788ull };
	uint32_t id;

	(void)st;
	assert_int_equal(kernel_ingress_up(&shared, rtnl, &k), 0);
	says(LINK, "xdpgeneric");
	id = attached_id();
	assert_int_equal(kernel_ingress_up(&shared, rtnl, &other), 0);
	assert_int_equal(kernel_ingress_source(&shared, &k, &v4, true), 0);
	assert_int_equal(kernel_ingress_source(&shared, &k, &v6, true), 0);
	assert_int_equal(kernel_ingress_rate(&shared, &k, 4711), 0);
	assert_true(row_has("\"ip4\": [10,1,2,3") &&
		    row_has("\"ifid\": [17,34,51,68,85,102,119,136"));
	assert_true(row_has("\"cost\": 4711"));
	assert_int_equal(kernel_ingress_source(&shared, &k, &v4, false), 0);
	assert_int_equal(kernel_ingress_source(&shared, &k, &v6, false), 0);
	assert_int_equal(kernel_ingress_rate(&shared, &k, 0), 0);
	assert_false(row_has("[10,1,2,3") || row_has("[17,34") || row_has("4711"));
	kernel_ingress_down(&shared, &k);
	says("ip link show dev v1", "xdpgeneric");
	kernel_ingress_down(&shared, &other);
	assert_int_equal(system("ip link set v0 xdpgeneric off && ip link set v1 xdpgeneric off"),
			 0);
	assert_true(gone(id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_bucket),
		cmocka_unit_test(hierarchical_token_bucket),
		cmocka_unit_test(one_replaces_the_other),
		cmocka_unit_test(of_no_device),
		cmocka_unit_test(sources),
		cmocka_unit_test(networks),
		cmocka_unit_test(rates),
		cmocka_unit_test(attached),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
