/* SPDX-License-Identifier: BSD-2-Clause */
/* A PPP frame, the control packet in it and its options. Checked: every span is inside its
 * parent. */
#include <stdlib.h>

#include "daemon/base/err.h"
#include "ppp/frame.h"
#include "ppp/opt.h"
#include "selftests/fuzz/fuzz.h"

static void inside(struct span child, struct span parent)
{
	if (child.len && (child.p < parent.p || child.p + child.len > parent.p + parent.len))
		abort();
}

static void walk(struct span opts)
{
	struct rd r = rd_span(opts);
	struct ppp_opt o;
	size_t total = 0;
	int n;

	while ((n = ppp_opt_next(&r, &o)) > 0) {
		inside(o.whole, opts);
		inside(o.value, o.whole);
		if (o.whole.len != o.value.len + 2)
			abort();
		total += o.whole.len;
	}
	if ((n == 0) != (total == opts.len) || n != ppp_opts_check(opts))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span all = span_of(data, size);
	struct ppp_frame f;
	struct cp_pkt p;

	if (ppp_frame_parse(all, &f) < 0)
		return 0;
	inside(f.info, all);
	if (!(f.proto & 1))
		abort();
	if (cp_pkt_parse(f.info, &p) < 0)
		return 0;
	inside(p.whole, f.info);
	inside(p.data, p.whole);
	if (p.whole.len != p.data.len + 4)
		abort();
	walk(p.data);
	return 0;
}
