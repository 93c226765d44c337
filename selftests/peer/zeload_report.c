/* SPDX-License-Identifier: BSD-2-Clause */
/* The output of zeload: one line per second while it runs, a summary for people, and one JSON
 * object. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "selftests/peer/zeload.h"

/* ---------------------------------------------------------------- percentiles */

/* Sixteen buckets per octave. */
static unsigned bucket_of(uint64_t us)
{
	unsigned top;

	if (us < 16)
		return (unsigned)us;
	top = 63 - (unsigned)__builtin_clzll(us);
	return (top - 3) * 16 + (unsigned)(us >> (top - 4) & 15);
}

static double middle_of(unsigned bucket)
{
	unsigned shift;

	if (bucket < 16)
		return bucket;
	shift = bucket / 16 - 1;
	return ((double)(16 + bucket % 16) + 0.5) * (double)(1ull << shift);
}

void hist_add(struct hist *h, int64_t us)
{
	unsigned n = bucket_of(us > 0 ? (uint64_t)us : 0);
	unsigned last = sizeof(h->bucket) / sizeof(h->bucket[0]) - 1;

	h->bucket[n < last ? n : last]++;
	h->n++;
	if (us > h->max)
		h->max = us;
}

double hist_ms(const struct hist *h, int percent)
{
	uint64_t left = h->n * (uint64_t)percent / 100;

	if (percent == 100 || !h->n)
		return (double)h->max / 1000;
	for (unsigned i = 0; i < sizeof(h->bucket) / sizeof(h->bucket[0]); i++) {
		if (h->bucket[i] > left)
			return middle_of(i) / 1000;
		left -= h->bucket[i];
	}
	return (double)h->max / 1000;
}

static void print_ms(const char *what, const struct hist *h)
{
	printf("%s ms: p50 %.2f  p90 %.2f  p99 %.2f  max %.2f\n", what, hist_ms(h, 50),
	       hist_ms(h, 90), hist_ms(h, 99), hist_ms(h, 100));
}

static void json_ms(FILE *f, const char *name, const struct hist *h)
{
	fprintf(f, "\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name,
		hist_ms(h, 50), hist_ms(h, 90), hist_ms(h, 99), hist_ms(h, 100));
}

/* ---------------------------------------------------------------- output */

static double setup_seconds;
static struct hist setup;
static int addresses;

static int by_addr(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int distinct_addresses(void)
{
	uint32_t *addrs = calloc((size_t)world.session_count + 1, sizeof(*addrs));
	int n = 0, distinct = 0;

	if (!addrs)
		die("out of memory");
	for (int i = 0; i < world.session_count; i++)
		if (world.sessions[i].addr)
			addrs[n++] = world.sessions[i].addr;
	qsort(addrs, (size_t)n, sizeof(*addrs), by_addr);
	for (int i = 0; i < n; i++)
		distinct += i == 0 || addrs[i] != addrs[i - 1];
	free(addrs);
	return distinct;
}

static double rate(void)
{
	return setup_seconds > 0 ? world.up_count / setup_seconds : 0;
}

void report_setup(double seconds)
{
	setup_seconds = seconds;
	addresses = distinct_addresses();
	for (int i = 0; i < world.session_count; i++)
		if (world.sessions[i].up)
			hist_add(&setup, world.sessions[i].up - world.sessions[i].started);
	printf("%d sessions in %d tunnels: %d up, %d failed, %d addresses, %.2f s, %.1f a second\n",
	       world.session_count, opt.tunnels, world.up_count, world.failed_count, addresses,
	       seconds, rate());
	print_ms("set-up time", &setup);
	fflush(stdout);
}

void report_flow(void)
{
	const struct flow_result *r = flow_result();

	printf("traffic: %llu sent, %llu came back, %.1f s, %.0f a second each way\n",
	       (unsigned long long)r->sent, (unsigned long long)r->back, r->seconds,
	       r->seconds > 0 ? (double)r->sent / r->seconds : 0);
	printf("lost up %llu, lost down %llu, duplicated %llu, reordered %llu, corrupt %llu, "
	       "mis-delivered %llu\n",
	       (unsigned long long)r->lost_up, (unsigned long long)r->lost_down,
	       (unsigned long long)r->duplicated, (unsigned long long)r->reordered,
	       (unsigned long long)r->corrupt, (unsigned long long)r->astray);
	print_ms("round trip", &r->rtt);
	fflush(stdout);
}

static void json_flow(FILE *f)
{
	const struct flow_result *r = flow_result();

	fprintf(f,
		",\"traffic\":{\"sent\":%llu,\"returned\":%llu,\"lost-up\":%llu,\"lost-down\":%llu,"
		"\"duplicated\":%llu,\"reordered\":%llu,\"corrupt\":%llu,\"mis-delivered\":%llu,"
		"\"seconds\":%.3f,",
		(unsigned long long)r->sent, (unsigned long long)r->back,
		(unsigned long long)r->lost_up, (unsigned long long)r->lost_down,
		(unsigned long long)r->duplicated, (unsigned long long)r->reordered,
		(unsigned long long)r->corrupt, (unsigned long long)r->astray, r->seconds);
	json_ms(f, "round-trip-ms", &r->rtt);
	fputc('}', f);
}

void report_json(void)
{
	FILE *f = strcmp(opt.json, "-") == 0 ? stdout : fopen(opt.json, "w");

	if (!f)
		die("%s: %s", opt.json, strerror(errno));
	fprintf(f,
		"{\"sessions\":%d,\"tunnels\":%d,\"up\":%d,\"failed\":%d,\"ended-early\":%d,"
		"\"addresses\":%d,\"seconds\":%.3f,\"rate\":%.2f,",
		world.session_count, opt.tunnels, world.up_count, world.failed_count,
		world.ended_count, addresses, setup_seconds, rate());
	json_ms(f, "latency-ms", &setup);
	fprintf(f, ",\"echo\":{\"answered\":%llu,\"withheld\":%llu}",
		(unsigned long long)world.echo_answered, (unsigned long long)world.echo_withheld);
	if (opt.sequence)
		fprintf(f, ",\"sequence\":{\"unnumbered\":%llu,\"late\":%llu}",
			(unsigned long long)world.unnumbered, (unsigned long long)world.late);
	if (opt.to)
		json_flow(f);
	fputs("}\n", f);
	if (ferror(f) || (f == stdout ? fflush(f) : fclose(f)) != 0)
		die("%s: %s", opt.json, strerror(errno));
}

void report_end(void)
{
	if (world.ended_count)
		printf("%d sessions ended early\n", world.ended_count);
	if (opt.sequence)
		printf("sequence: %llu data packets without number, %llu late or twice\n",
		       (unsigned long long)world.unnumbered, (unsigned long long)world.late);
	if (world.echo_answered || world.echo_withheld)
		printf("echo requests: %llu answered, %llu withheld\n",
		       (unsigned long long)world.echo_answered,
		       (unsigned long long)world.echo_withheld);
	if (opt.json)
		report_json();
}

void progress(int64_t now)
{
	static int64_t next;
	static int was_up;

	if (!opt.progress || now < next)
		return;
	if (next)
		fprintf(stderr,
			"zeload: %d up (%+d), %d under way, %d failed, %d ended, %llu packets sent, "
			"%llu back\n",
			world.up_count - world.ended_count, world.up_count - was_up,
			world.in_progress, world.failed_count, world.ended_count,
			(unsigned long long)flow_result()->sent,
			(unsigned long long)flow_result()->back);
	was_up = world.up_count;
	next = now + 1000000;
}
