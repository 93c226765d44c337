/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/ports.h"

void dp_totals_add(struct dp_totals *t, const struct dp_stats *st)
{
	t->sessions++;
	t->st.up_packets += st->up_packets;
	t->st.up_bytes += st->up_bytes;
	t->st.down_packets += st->down_packets;
	t->st.down_bytes += st->down_bytes;
	t->st.up_spoofed += st->up_spoofed;
	t->st.up_policed += st->up_policed;
	t->st.down_policed += st->down_policed;
	t->st.up_refused += st->up_refused;
	t->st.up_resyncs += st->up_resyncs;
}
