/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines for the control protocol of an engine with two tunnels and three sessions. Checked: every
 * line is answered with one line of valid JSON with a status, without secrets, and a read-only
 * client changes nothing.
 */
#include <assert.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/strbuf.h"
#include "daemon/observe/history.h"
#include "daemon/ops/rights.h"
#include "daemon/sys/ctl/ctl_proto.h"
#include "selftests/fuzz/fuzz.h"
#include "selftests/lib/world.h"

static struct world *w;
static struct history *h;

static void make_world(void)
{
	struct lac *l;

	w = world_new(NULL, 3);
	h = history_new();
	assert(w && h);
	bus_add(&w->bus, &history_observer, h);
	for (unsigned i = 1; i <= 2; i++) {
		l = lac_new(w, i, 1701);
		lac_connect(l);
		lac_call(l, "alice", "wonder");
	}
	lac_call(l, "bob", "builder");
}

static void drop_world(void)
{
	world_free(w);
	history_free(h);
	w = NULL;
}

static void ask(const struct op_actor *who, const char *line, size_t len)
{
	const struct snapshot_history view = history_snapshots(h);
	const struct ctl_turn t = { .engine = w->e,
				    .who = who,
				    .history = &view,
				    .clock = { w->now, ZE_SEC(1795392000) } };
	struct strbuf b;
	json_t *v;

	sb_init(&b);
	ctl_proto_line(&t, line, len, &b);
	assert(!b.bad && b.len && memchr(b.s, '\n', b.len) == b.s + b.len - 1);
	v = json_loadb(b.s, b.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	assert(json_is_string(json_object_get(v, "status")));
	assert(!strstr(b.s, "zetest") || memmem(line, len, "zetest", 6));
	json_decref(v);
	sb_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct op_actor root = { "uid 0 (root)", &rights_admin };
	static const struct op_actor guest = { "uid 1000", &rights_read_only };
	const char *p = (const char *)data, *end = p + size;
	unsigned asked;

	if (!w)
		make_world();
	asked = w_count_events(w, EV_DISCONNECT_REQUESTED);
	for (; p < end && end - p <= CTL_LINE_MAX; p++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((nl ? nl : end) - p);

		ask(&guest, p, len);
		assert(w_count_events(w, EV_DISCONNECT_REQUESTED) == asked);
		ask(&root, p, len);
		w_deliver(w);
		asked = w_count_events(w, EV_DISCONNECT_REQUESTED);
		p += len;
	}
	if (asked)
		drop_world(); /* so that the next input finds all sessions */
	return 0;
}
