/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of the programs of the BPF plane: the nanoseconds that BPF_PROG_TEST_RUN takes for a
 * packet of each kind, less than those for an empty program, and the instructions of the
 * programs. Prints the median of several rounds. Arguments: the number of rounds, the packets in
 * each, and prefixes of the kinds that are wanted. Needs root; in the guest with --count the
 * nanoseconds are instructions of the processor, helpers included. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "prog.skel.h"
#include "selftests/bench/prog.h"
#include "selftests/bpf/xdp_rig.h"

#define ROUNDS_MAX 99
#define INNER	   PROG_HEAD /* octets of the IP packet */

/* From the subscriber to 8.8.8.8, and in the other direction. */
#define UP4   "4500 0080 0001 0000 4011 ad23 c0000207 08080808 1388 0035 006c 1234"
#define DOWN4 "4500 0080 0001 0000 4011 ad23 08080808 c0000207 0035 1388 006c 1234"
#define UP6                                                                                        \
	"60000000 0058 11 40 20010db8000700000000000000000005 20010db8000900000000000000000001"    \
	"1388 0035 0058 1234"
#define DOWN6                                                                                      \
	"60000000 0058 11 40 20010db8000900000000000000000001 20010db8000700000000000000000005"    \
	"0035 1388 0058 1234"
#define ECHO "0905 0060 00000000"

struct kind {
	const char *name;
	enum bpf_dp_prog prog;
	unsigned outer;	  /* as frame_outer expects it */
	const char *l2tp; /* NULL: arrives from the core */
	const char *inner;
	enum ze_verdict v;
};

static const struct kind kinds[] = {
	{ "up IPv4", BPF_DP_UPLINK, 0, "0002 000c 0005 ff03 0021", UP4, ZE_V_UP_FORWARD },
	{ "up IPv4, L and S", BPF_DP_UPLINK, 0, "4802 0090 000c 0005 0001 0000 ff03 0021", UP4,
	  ZE_V_UP_FORWARD },
	{ "up IPv4 in IPv6", BPF_DP_UPLINK, F_OUTER6, "0002 000e 0006 ff03 0021", UP4,
	  ZE_V_UP_FORWARD },
	{ "up IPv4, VLAN", BPF_DP_UPLINK, F_VLAN, "0002 000c 0005 ff03 0021", UP4,
	  ZE_V_UP_FORWARD },
	{ "up IPv6", BPF_DP_UPLINK, 0, "0002 000c 0005 ff03 0057", UP6, ZE_V_UP_FORWARD },
	{ "up PPP control", BPF_DP_UPLINK, 0, "0002 000c 0005 ff03 c021", ECHO, ZE_V_PASS_PPP },
	{ "up unknown session", BPF_DP_UPLINK, 0, "0002 000c 0001 ff03 0021", UP4,
	  ZE_V_DROP_UNKNOWN },
	{ "up SCCRQ", BPF_DP_UPLINK, F_OTHER_PEER, "c802 0070 0000 0000 0000 0000", "",
	  ZE_V_PASS_CONTROL },
	{ "up to another host", BPF_DP_UPLINK, F_ELSEWHERE, "0003 000c 0005", "", ZE_V_PASS },
	{ "down IPv4", BPF_DP_CORE, 0, NULL, DOWN4, ZE_V_DOWN_FORWARD },
	{ "down IPv6", BPF_DP_CORE, 0, NULL, DOWN6, ZE_V_DOWN_FORWARD },
	{ "down IPv4 in IPv6", BPF_DP_CORE, F_OUTER6, NULL, DOWN4, ZE_V_DOWN_FORWARD },
	{ "down to nobody", BPF_DP_CORE, F_ELSEWHERE, NULL, DOWN4, ZE_V_PASS },
};

static struct rig rig;
static struct prog_bpf *repeat;

static void die(const char *why)
{
	perror(why);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

/* Sessions 5 and 6 of tunnels 12 and 14: one over IPv4, one over IPv6, with the next address. */
static void put_session(unsigned family)
{
	struct ze_tunnel t = rig_ends(family);
	struct ze_session s = { .mtu = 1460, .ip4 = { 192, 0, 2, family == 4 ? 7 : 8 } };
	struct ze_sess_key k = family == 4 ? (struct ze_sess_key){ 12, 5 } :
					     (struct ze_sess_key){ 14, 6 };

	if (family == 4) {
		memcpy(s.ifid, (uint8_t[]){ 0, 10, 0, 11, 0, 12, 0, 13 }, 8);
		memcpy(&s.net6[0].prefix, (uint8_t[8]){ 0x20, 1, 0xd, 0xb8, 0, 7 }, 8);
		memset(&s.net6[0].mask, 0xff, 7);
	}
	bpf_dp_path_put(rig.d, k.tid, &t);
	rig_session(&rig, k, &s);
	rig_tunnel(&rig, k.tid, family == 4 ? 2 : 102);
	bpf_guard_ops.session(bpf_dp_guard(rig.d), k.tid, k.sid, GUARD_SESSION_CARRIED);
}

/* Replaces the address at the end of the inner header, source or destination. */
static struct frame build(const struct kind *k)
{
	static const uint8_t zeros[PROG_HEAD];
	struct frame f = { .len = 0 };
	size_t ip, own = k->l2tp ? 12 : 16;

	if (k->l2tp) {
		f = frame_outer(k->outer);
		frame_hex(&f, k->l2tp);
	} else {
		frame_hex(&f, "020000000101 020000000102");
		frame_hex(&f, k->inner[0] == '6' ? "86dd" : "0800");
	}
	ip = f.len;
	frame_hex(&f, k->inner);
	if (k->inner[0] == '4') {
		f.b[ip + own + 3] = k->outer & F_OUTER6 ? 8 : k->outer & F_ELSEWHERE ? 9 : 7;
		f.b[ip + 10] = f.b[ip + 11] = 0;
		uint16_t sum = inet_sum(f.b + ip, 20, 0);
		f.b[ip + 10] = (uint8_t)(sum >> 8);
		f.b[ip + 11] = (uint8_t)sum;
	}
	frame_bytes(&f, zeros, ip + INNER > f.len ? ip + INNER - f.len : 0);
	if (f.len < PROG_HEAD)
		frame_bytes(&f, zeros, PROG_HEAD - f.len);
	if (k->l2tp)
		frame_finish(&f, k->outer);
	return f;
}

/* Nanoseconds per run. */
static unsigned run(int prog, struct frame *f, unsigned packets)
{
	struct prog_frame want = { .len = (__u32)f->len };
	uint8_t out[RIG_FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = f->b, .data_size_in = (__u32)f->len,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = (int)packets);
	__u32 zero = 0;

	memcpy(want.head, f->b, PROG_HEAD);
	if (bpf_map_update_elem(bpf_map__fd(repeat->maps.frames), &zero, &want, BPF_ANY) < 0 ||
	    bpf_map_update_elem(bpf_map__fd(repeat->maps.target), &zero, &prog, BPF_ANY) < 0 ||
	    bpf_prog_test_run_opts(bpf_program__fd(repeat->progs.again), &o) < 0)
		die("bpf_prog_test_run_opts");
	return o.duration;
}

static void measure(const struct kind *k, unsigned rounds, unsigned packets)
{
	struct frame f = build(k);
	unsigned v[ROUNDS_MAX], least = ~0u;
	struct rig_run got;

	rig_run(&rig, k->prog, &f, &got);
	if (got.verdict != k->v) {
		printf("%s: verdict %s\n", k->name, rig_verdict(got.verdict));
		exit(1);
	}
	for (unsigned i = 0; i < rounds; i++) {
		unsigned nothing = run(bpf_program__fd(repeat->progs.nothing), &f, packets);
		unsigned all = run(bpf_dp_prog_fd(rig.d, k->prog), &f, packets);

		v[i] = all > nothing ? all - nothing : 0;
		least = v[i] < least ? v[i] : least;
	}
	qsort(v, rounds, sizeof(v[0]), compare);
	printf("%-20s %6u %6u\n", k->name, v[rounds / 2], least);
	fflush(stdout);
}

static void show_program(const char *name, enum bpf_dp_prog p)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_dp_prog_fd(rig.d, p), &info, &len) < 0)
		die("bpf_obj_get_info_by_fd");
	printf("%-20s %6u instructions, %u octets for the processor; the verifier looked at %u\n",
	       name, info.xlated_prog_len / 8, info.jited_prog_len, info.verified_insns);
}

static bool is_wanted(const struct kind *k, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (strncmp(k->name, *names, strlen(*names)) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 11;
	unsigned packets = argc > 2 ? (unsigned)atoi(argv[2]) : 200000;

	if (geteuid() != 0 || rounds < 1 || rounds > ROUNDS_MAX || packets < 1) {
		fputs("usage, as root: prog [ROUNDS [PACKETS [KIND...]]]\n", stderr);
		return 2;
	}
	rig_start(&rig);
	repeat = prog_bpf__open_and_load();
	if (!repeat)
		die("prog.bpf");
	put_session(4);
	put_session(6);
	show_program("ze_uplink", BPF_DP_UPLINK);
	show_program("ze_core", BPF_DP_CORE);
	printf("%-20s %6s %6s\n", "ns a packet", "median", "least");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(kinds); i++)
		if (is_wanted(&kinds[i], argc > 3 ? argv + 3 : argv + argc))
			measure(&kinds[i], rounds, packets);
	prog_bpf__destroy(repeat);
	rig_stop(&rig);
	return 0;
}
