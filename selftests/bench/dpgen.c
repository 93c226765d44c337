/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dpgen: the packet source and the baselines of selftests/bench/dp.
 *
 *   dpgen run DEV FRAME TARGETS NFAR IDS,ADDR,FAR,CSUM,UDPCSUM CPU SECONDS [GAP]
 *                               sends; prints the number of frames offered
 *   dpgen sink DEV              drops everything that arrives on DEV
 *   dpgen bounce DEV OUT        sends everything that arrives on DEV out of OUT
 *
 * FRAME is hex, its inner addresses 0; TARGETS a file of struct dpgen_target. IDS and ADDR are the offsets in
 * the frame of a target's fields, FAR that of the address of one of NFAR other ends, CSUM and UDPCSUM those of
 * the checksums to be updated; 0: none. The programs of sink and bounce stay on their devices. With GAP,
 * frames come in bursts that fill a veth's ring, without interruption by other tasks on the CPU, and with GAP
 * microseconds between them: the receiver has all of them at once, however fast it is.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dpgen.skel.h"
#include "selftests/bench/dpgen.h"

#define FRAME_MAX 2048
#define BATCH	  64
#define TURN	  (256 * BATCH) /* frames between two readings of the clock */
#define BURST	  256		/* the size of a veth's ring */

static _Noreturn void die(const char *what, int err)
{
	fprintf(stderr, "dpgen: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

static unsigned device(const char *name)
{
	unsigned i = if_nametoindex(name);

	if (!i)
		die(name, errno);
	return i;
}

static struct dpgen_bpf *open_skel(void)
{
	struct dpgen_bpf *s = dpgen_bpf__open();

	if (!s)
		die("open", errno);
	return s;
}

static void load(struct dpgen_bpf *s, const char *out)
{
	uint32_t zero = 0, ifindex = out ? device(out) : 0;
	int r = dpgen_bpf__load(s);

	if (r == 0 && out)
		r = bpf_map_update_elem(bpf_map__fd(s->maps.way), &zero, &ifindex, BPF_ANY);
	if (r < 0)
		die("load", r);
}

static size_t unhex(const char *hex, uint8_t *ret)
{
	size_t n = strlen(hex) / 2;

	if (n > FRAME_MAX)
		die("FRAME", EMSGSIZE);
	for (size_t i = 0; i < n; i++)
		if (sscanf(hex + 2 * i, "%2hhx", &ret[i]) != 1)
			die("FRAME", EINVAL);
	return n;
}

static struct dpgen_target *read_targets(const char *path, uint32_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	struct dpgen_target *t;
	long size;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (size = ftell(f)) <= 0)
		die(path, f ? EINVAL : errno);
	rewind(f);
	*ret_n = (uint32_t)((size_t)size / sizeof(*t));
	t = calloc(*ret_n, sizeof(*t));
	if (!t || fread(t, sizeof(*t), *ret_n, f) != *ret_n)
		die(path, EIO);
	fclose(f);
	return t;
}

static void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		die("CPU", errno);
}

static void undisturbed(void)
{
	const struct sched_param p = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &p) < 0)
		die("SCHED_FIFO", errno);
}

static void pause_us(long us)
{
	nanosleep(&(struct timespec){ us / 1000000, us % 1000000 * 1000 }, NULL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The kernel has a jump table of the XDP programs in use, and rewrites it when a test run begins
 * with a program that is not in it. This must not happen while packets run through it: an
 * emulated processor may see half of the change. Attached to lo, the program is in use and
 * receives nothing. */
static void be_in_use(int fd)
{
	int r = bpf_xdp_attach((int)device("lo"), fd, XDP_FLAGS_SKB_MODE, NULL);

	if (r < 0)
		die("lo", r);
}

/* Runs until the time has passed. Returns the number of frames. */
static uint64_t send_for(int fd, struct bpf_test_run_opts *o, double seconds, long gap_us)
{
	double end = now() + seconds;
	uint64_t sent = 0;

	if (gap_us)
		undisturbed();
	while (now() < end) {
		int r = bpf_prog_test_run_opts(fd, o);

		if (r < 0)
			die("test run", r);
		sent += (uint64_t)o->repeat;
		if (gap_us)
			pause_us(gap_us);
	}
	pause_us(20000); /* what is queued is processed */
	return sent;
}

static void set_offsets(struct dpgen_bpf *s, const char *text)
{
	struct dpgen_bpf__rodata *r = s->rodata;
	unsigned v[5];

	if (sscanf(text, "%u,%u,%u,%u,%u", &v[0], &v[1], &v[2], &v[3], &v[4]) != 5)
		die("offsets", EINVAL);
	r->ids_off = v[0];
	r->addr_off = v[1];
	r->far_off = v[2];
	r->csum_off = v[3];
	r->udp_csum_off = v[4];
}

/* v: the arguments after "run", terminated by NULL. */
static int run(char **v)
{
	long gap_us = v[7] ? atol(v[7]) : 0;
	struct dpgen_bpf *s = open_skel();
	uint8_t frame[FRAME_MAX] = { 0 };
	size_t len = unhex(v[1], frame);
	uint32_t n;
	struct dpgen_target *t = read_targets(v[2], &n);
	uint64_t sent;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = (uint32_t)len,
		    .repeat = gap_us ? BURST : TURN, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = BATCH);

	memcpy((void *)s->rodata->head, frame, DPGEN_HEAD);
	s->rodata->n_targets = n;
	s->rodata->n_far = (uint32_t)atoi(v[3]);
	set_offsets(s, v[4]);
	bpf_map__set_max_entries(s->maps.targets, n);
	load(s, v[0]);
	for (uint32_t i = 0; i < n; i++)
		if (bpf_map_update_elem(bpf_map__fd(s->maps.targets), &i, &t[i], BPF_ANY) < 0)
			die("targets", errno);
	pin_to(atoi(v[5]));
	be_in_use(bpf_program__fd(s->progs.gen));
	sent = send_for(bpf_program__fd(s->progs.gen), &o, atof(v[6]), gap_us);
	bpf_xdp_detach((int)device("lo"), XDP_FLAGS_SKB_MODE, NULL);
	printf("{\"offered\":%llu}\n", (unsigned long long)sent);
	free(t);
	dpgen_bpf__destroy(s);
	return 0;
}

static int attach(const char *dev, const char *out)
{
	struct dpgen_bpf *s = open_skel();
	int fd, r;

	load(s, out);
	fd = bpf_program__fd(out ? s->progs.bounce : s->progs.sink);
	r = bpf_xdp_attach((int)device(dev), fd, XDP_FLAGS_DRV_MODE, NULL);
	if (r < 0)
		die(dev, r);
	dpgen_bpf__destroy(s);
	return 0;
}

int main(int argc, char **argv)
{
	if ((argc == 9 || argc == 10) && strcmp(argv[1], "run") == 0)
		return run(argv + 2);
	if (argc == 3 && strcmp(argv[1], "sink") == 0)
		return attach(argv[2], NULL);
	if (argc == 4 && strcmp(argv[1], "bounce") == 0)
		return attach(argv[2], argv[3]);
	fprintf(stderr,
		"usage: dpgen run DEV FRAME TARGETS NFAR IDS,ADDR,FAR,CSUM,UDPCSUM CPU SECONDS "
		"[GAP] | sink DEV | bounce DEV OUT\n");
	return 2;
}
