/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_counts.h"

#include "daemon/sys/bpf/bpf_hot.h"

struct dp_stats bpf_counts_of(const struct bpf_hot *hot, uint16_t sid)
{
	struct bpf_hot_counters n = bpf_hot_counters(hot, sid);

	return (struct dp_stats){
		.up_packets = n.up_packets,
		.up_bytes = n.up_bytes,
		.down_packets = n.down_packets,
		.down_bytes = n.down_bytes,
		.up_spoofed = n.up_spoofed,
		.up_policed = n.up_policed,
		.down_policed = n.down_policed,
		.up_refused = n.up_refused,
		.up_resyncs = n.up_resyncs,
	};
}

/* In the order of the tables: walking the plane's sessions would touch more memory. */
static int bpf_counts_read(void *self, void *thread, struct counts_reading *r)
{
	const struct bpf_counts *b = self;

	(void)thread;
	for (unsigned sid = 0; sid < ZE_SIDS; sid++) {
		struct dp_stats st;

		if (!bpf_hot_has(b->hot, (uint16_t)sid))
			continue;
		st = bpf_counts_of(b->hot, (uint16_t)sid);
		dp_totals_add(&r->totals, &st);
	}
	return 0;
}

void bpf_counts_init(struct bpf_counts *b, const struct bpf_hot *hot, struct kworker *worker)
{
	static const struct counts_source source = { .read = bpf_counts_read };

	b->hot = hot;
	counts_init(&b->sums, &source, worker, b);
}

struct dp_totals bpf_counts_totals(struct bpf_counts *b, ze_ns now)
{
	return counts_totals(&b->sums, 0, now);
}
