/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel plane's rates on a device of a namespace, as tc(8) sees them: qdiscs, replaced and
 * removed; the policer's program by itself and attached; and that nothing stays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/bpf_police.h"
#include "daemon/sys/gcra.h"
#include "daemon/sys/kernel_shape.h"
#include "daemon/sys/nlreq.h"
#include "shaping/plan.h"

#define PACKET 1000u

static struct nl_sock *rtnl;
static struct kernel_session k;

static int start(void **st)
{
	(void)st;
	if (unshare(CLONE_NEWNET) < 0 || system("ip link add v0 type veth peer name v1") != 0 ||
	    system("ip link set v0 up && ip link set v1 up") != 0)
		return -1;
	k.ifindex = (int)if_nametoindex("v0");
	return nlreq_open(NETLINK_ROUTE, &rtnl);
}

static int stop(void **st)
{
	(void)st;
	nlreq_close(rtnl);
	return 0;
}

/* What a command says; valid until the next one. */
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
#define FILTERS "tc filter show dev v0 ingress"

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
	kernel_shaper_down(rtnl, &k);
	says_not(QDISCS, "tbf");
	kernel_shaper_down(rtnl, &k); /* what is not there */
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
	const struct shape_plan p = { .down_bps = 8000, .up_bps = 8000 };

	(void)st;
	assert_int_equal(kernel_shaper_up(rtnl, &gone, &p), -ENODEV);
	assert_int_equal(kernel_upload_up(&gone, &p), 0);
	assert_true(kernel_filter_up(&gone) < 0);
	kernel_upload_down(&gone);
}

static int packets(const struct bpf_police *p, int n)
{
	uint8_t frame[PACKET] = { [12] = 0x08, [14] = 0x45 };
	struct __sk_buff ctx = { .ifindex = (uint32_t)k.ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame),
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = n);

	assert_int_equal(bpf_prog_test_run_opts(bpf_police_prog_fd(p), &o), 0);
	return (int)o.retval;
}

static void the_program(void **st)
{
	/* At 8 kbit/s nothing comes back while a test runs: a second is one packet. */
	const struct gcra slow = gcra_of(8000), fast = gcra_of(100000000000);
	struct bpf_police *p;
	struct ze_police n;

	(void)st;
	assert_int_equal(bpf_police_open(&p), 0);
	assert_int_equal(packets(p, 3), TC_ACT_UNSPEC); /* no rate */
	assert_int_equal(bpf_police_read(p, k.ifindex, &n), -ENOENT);
	assert_int_equal(bpf_police_set(p, k.ifindex, &slow), 0);
	assert_int_equal(packets(p, 5), TC_ACT_UNSPEC); /* the burst, and what crosses it */
	assert_int_equal(packets(p, 3), TC_ACT_SHOT);
	assert_int_equal(bpf_police_read(p, k.ifindex, &n), 0);
	assert_int_equal(n.packets, 5);
	assert_int_equal(n.bytes, 5 * PACKET);
	assert_int_equal(n.dropped_packets, 3);
	assert_int_equal(n.dropped_bytes, 3 * PACKET);
	assert_int_equal(bpf_police_set(p, k.ifindex, &fast), 0);
	assert_int_equal(bpf_police_read(p, k.ifindex, &n), 0);
	assert_int_equal(n.packets, 5); /* new rates count on */
	bpf_police_unset(p, k.ifindex);
	assert_int_equal(bpf_police_read(p, k.ifindex, &n), -ENOENT);
	assert_int_equal(packets(p, 100), TC_ACT_UNSPEC);
	bpf_police_close(p);
}

/* The program on v0, by its id. */
static uint32_t attached_id(void)
{
	const char *at = strstr(said(FILTERS), " id ");
	uint32_t id = 0;

	assert_non_null(at);
	assert_int_equal(sscanf(at, " id %u", &id), 1);
	assert_null(strstr(at + 1, " id ")); /* one only */
	return id;
}

/* The kernel frees it a moment after it was let go. */
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

static void attached(void **st)
{
	struct kernel_session other = { .ifindex = (int)if_nametoindex("v1") };
	const struct shape_plan p = { .down_bps = 8000, .up_bps = 8000 };
	uint32_t id = 0;

	(void)st;
	for (int i = 0; i < 2; i++) { /* again: the same */
		assert_int_equal(kernel_upload_up(&k, &p), 0);
		assert_int_equal(kernel_filter_up(&k), 0);
		says(FILTERS, "ze_police");
		says(FILTERS, "direct-action");
		assert_true(id == 0 || id == attached_id());
		id = attached_id();
	}
	assert_int_equal(kernel_upload_up(&other, &p), 0);
	assert_int_equal(kernel_filter_up(&other), 0);
	kernel_filter_down(&k);
	kernel_upload_down(&k);
	says_not(QDISCS, "clsact");
	says("tc filter show dev v1 ingress", "ze_police");
	kernel_filter_down(&other);
	kernel_upload_down(&other);
	says_not("tc qdisc show dev v1", "clsact");
	assert_true(gone(id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_bucket),
		cmocka_unit_test(hierarchical_token_bucket),
		cmocka_unit_test(one_replaces_the_other),
		cmocka_unit_test(of_no_device),
		cmocka_unit_test(the_program),
		cmocka_unit_test(attached),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
