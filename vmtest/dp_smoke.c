/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel plane without an engine: sessions are created, get addresses and are removed, many
 * times, over both transports, some while they are still being set up; at the end nothing may be
 * left. Runs in the guest as root. Prints the cost of a session; exit status 0: success.
 *
 *	dp_smoke [ROUNDS [SESSIONS [THREADS]]]
 */
#include <dirent.h>
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/base/hash.h"
#include "daemon/core/engine.h"
#include "daemon/sys/kernel/dp_kernel.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/udp.h"
#include "daemon/sys/run/loop.h"

#define TID 1000
#define SID 2000

/* Replaces the event function of the engine. */
struct engine {
	struct dp_kernel *dp;
	struct loop *loop;
	unsigned sessions, left; /* of this round; not yet removed */
	unsigned to_come, up, errors;
	bool cut_short; /* every third is removed before it is established */
	double all_up;	/* time at which they were established */
};

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool is_cut(const struct engine *e, unsigned i)
{
	return e->cut_short && i % 3 == 0;
}

/* All are established: removes them. */
static void all_down(struct engine *e)
{
	e->all_up = seconds();
	for (unsigned i = 0; i < e->sessions; i++) {
		if (is_cut(e, i))
			continue;
		dp_kernel_ops.family_down(e->dp, (uint16_t)(SID + i), PPP_FAM_IPV4);
		dp_kernel_ops.session_down(e->dp, (uint16_t)(SID + i));
	}
}

void engine_dp_event(struct engine *e, const struct dp_event *ev, ze_ns now)
{
	struct dp_stats st;
	ze_ns as_of;
	int r;

	if (ev->result < 0 || ev->kind == DP_EV_LOST) {
		fprintf(stderr, "dp_smoke: event %d of %u: %s\n", ev->kind, ev->sid,
			strerror(-ev->result));
		exit(1);
	}
	if (ev->kind == DP_EV_SESSION_UP) {
		struct dp_family f4 = { .family = PPP_FAM_IPV4,
					.mtu = 1400,
					.local4 = 0x0a630001,
					.peer4 = 0x0a640000u + ev->sid };
		struct dp_family f6 = {
			.family = PPP_FAM_IPV6, .mtu = 1400, .ifid = 1, .peer_ifid = ev->sid
		};

		if (dp_kernel_ops.family_up(e->dp, ev->sid, &f4) < 0 ||
		    dp_kernel_ops.family_up(e->dp, ev->sid, &f6) < 0)
			e->errors++;
	} else if (ev->kind == DP_EV_FAMILY_UP && ev->family == PPP_FAM_IPV6) {
		dp_kernel_ops.family_open(e->dp, ev->sid, PPP_FAM_IPV4, true);
		dp_kernel_ops.family_open(e->dp, ev->sid, PPP_FAM_IPV6, true);
		e->up++;
		/* Not read yet, or an answer: readings of other sessions come in between. */
		r = dp_kernel_ops.stats(e->dp, ev->sid, now, &st, &as_of);
		if (r < 0 && r != -EAGAIN)
			e->errors++;
		if (--e->to_come == 0)
			all_down(e);
	} else if (ev->kind == DP_EV_GONE && --e->left == 0) {
		loop_stop(e->loop);
	}
}

void engine_udp_input(struct engine *e, const struct net_path *path, struct span datagram,
		      ze_ns now)
{
	(void)e;
	(void)path;
	(void)datagram;
	(void)now;
}

ze_ns engine_deadline(const struct engine *e)
{
	(void)e;
	return ZE_NEVER;
}

void engine_expire(struct engine *e, ze_ns now)
{
	(void)e;
	(void)now;
}

static int begin(struct engine *e, unsigned i)
{
	bool v6 = i & 1;
	struct dp_session s = { .tunnel = { .tid = (uint16_t)(TID + i % 4), .peer_tid = 7 },
				.sid = (uint16_t)(SID + i),
				.peer_sid = 9,
				.sequencing = i & 2 };

	ze_addr_parse(v6 ? "::1" : "127.0.0.1", 1701, &s.tunnel.path.local);
	ze_addr_parse(v6 ? "::1" : "127.0.0.2", (uint16_t)(2000 + i % 4), &s.tunnel.path.peer);
	return dp_kernel_ops.session_up(e->dp, &s);
}

static int round_of(struct engine *e)
{
	e->left = e->sessions;
	e->to_come = 0;
	for (unsigned i = 0; i < e->sessions; i++)
		e->to_come += !is_cut(e, i);
	for (unsigned i = 0; i < e->sessions; i++) {
		int r = begin(e, i);

		if (r < 0) {
			fprintf(stderr, "dp_smoke: session_up %u: %s\n", i, strerror(-r));
			return r;
		}
		if (is_cut(e, i))
			dp_kernel_ops.session_down(e->dp, (uint16_t)(SID + i));
	}
	loop_run(e->loop);
	return e->errors ? -EIO : 0;
}

static unsigned count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* The lines of a file in /proc that contain a word. */
static unsigned count_lines(const char *path, const char *word)
{
	FILE *f = fopen(path, "r");
	char line[256];
	unsigned n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, word) != NULL;
	if (f)
		fclose(f);
	return n;
}

static int nothing_left(unsigned fds_before)
{
	unsigned links = count_lines("/proc/net/dev", "ppp");
	unsigned tunnels = count_lines("/proc/net/pppol2tp", "TUNNEL '");
	unsigned fds = count_fds();

	printf("left: %u interfaces, %u tunnels, %d descriptors\n", links, tunnels,
	       (int)fds - (int)fds_before);
	return links || tunnels || fds != fds_before;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
	struct engine e = { .sessions = argc > 2 ? (unsigned)atoi(argv[2]) : 8 };
	unsigned threads = argc > 3 ? (unsigned)atoi(argv[3]) : DP_KERNEL_THREADS;
	struct udp *udp;
	unsigned fds = count_fds(), i;
	double up_s = 0, down_s = 0;

	hash_set_key((struct hash_key){ 1, 2 });
	if (kernel_probe() || loop_new(&e.loop) < 0 || udp_new(e.loop, &udp) < 0 ||
	    dp_kernel_new(&(struct dp_kernel_args){ .loop = e.loop, .udp = udp, .threads = threads },
			  &e.dp) < 0) {
		fprintf(stderr, "dp_smoke: no kernel plane here\n");
		return 1;
	}
	loop_set_engine(e.loop, &e);
	for (i = 0; i < rounds && !e.errors; i++) {
		double t0 = seconds();

		e.cut_short = i & 1;
		if (round_of(&e) < 0)
			return 1;
		up_s += e.all_up - t0;
		down_s += seconds() - e.all_up;
	}
	printf("%u rounds of %u sessions, %u were up: up %.1f ms, down %.1f ms a session\n", i,
	       e.sessions, e.up, 1e3 * up_s / e.up, 1e3 * down_s / e.up);
	loop_set_engine(e.loop, NULL);
	dp_kernel_free(e.dp);
	udp_free(udp);
	loop_free(e.loop);
	return nothing_left(fds) ? 1 : 0;
}
