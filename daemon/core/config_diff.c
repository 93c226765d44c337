/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/config_diff.h"

#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/config.h"

struct change { /* of one row */
	const struct config_row *row;
	struct config_row_diff diff;
	struct strbuf old, new; /* texts of the values; empty for lists and secrets */
};

static void log_change(const struct change *c)
{
	bool restart = c->row->applies == CONFIG_RESTART;
	struct kv kv[9] = { KV_STR("name", c->row->path) };
	size_t n = 1;

	if (c->row->count) {
		kv[n++] = KV_U64("added", c->diff.added);
		kv[n++] = KV_U64("removed", c->diff.removed);
		if (c->row->entry)
			kv[n++] = KV_U64("changed", c->diff.changed);
		if (c->diff.reordered)
			kv[n++] = KV_STR("order", "changed");
	} else {
		kv[n++] = KV_OPT("old", span_str(c->old.s));
		kv[n++] = KV_OPT("new", span_str(c->new.s));
	}
	if (c->row->unit)
		kv[n++] = KV_STR("unit", c->row->unit);
	kv[n++] = KV_STR("applies", config_applies_name(c->row->applies));
	if (log_wants(LOG_CONFIG, restart ? LOG_WARN : LOG_INFO))
		log_write(LOG_CONFIG, restart ? LOG_WARN : LOG_INFO,
			  restart ? "reload-warning" : "setting-changed", kv);
}

static void add_warning(const struct change *c, struct strbuf *w)
{
	sb_printf(w, "%s: ", c->row->path);
	if (c->row->count)
		sb_printf(w, "%zu added, %zu removed, %zu changed", c->diff.added, c->diff.removed,
			  c->diff.changed);
	else
		sb_printf(w, "%s to %s", c->old.len ? c->old.s : "not set",
			  c->new.len ? c->new.s : "not set");
	sb_puts(w, "; restart to apply it\n");
}

/* Returns true when the values differ. */
static bool find_change(const struct config_row *row, const struct config *old,
			const struct config *new, struct change *c)
{
	int r;

	c->row = row;
	sb_reset(&c->old);
	sb_reset(&c->new);
	r = config_row_compare(row, old, new, &c->diff);
	if (r < 0)
		log_kv(LOG_CONFIG, LOG_ERROR, "setting-not-compared", KV_STR("name", row->path),
		       KV_ERRNO(r));
	if (!c->diff.added && !c->diff.removed && !c->diff.changed && !c->diff.reordered)
		return false;
	if (!row->count) {
		config_row_print(row, old, &c->old);
		config_row_print(row, new, &c->new);
	}
	return true;
}

/* Logs either the changes that need a restart or the others. Returns the number of lines, also of
 * those beyond the limit, of which `before` were written before. */
static unsigned log_changes(bool restart, const struct config *old, const struct config *new,
			    unsigned before, struct strbuf *warnings)
{
	struct change c = { 0 };
	unsigned n = before;

	for (size_t i = 0; i < config_table.n; i++) {
		const struct config_row *row = &config_table.rows[i];

		if ((row->applies == CONFIG_RESTART) != restart || !find_change(row, old, new, &c))
			continue;
		if (n++ < CONFIG_DIFF_LINES)
			log_change(&c);
		if (restart)
			add_warning(&c, warnings);
	}
	sb_done(&c.old);
	sb_done(&c.new);
	return n;
}

void config_diff_log(const struct config *start, const struct config *previous,
		     const struct config *next, struct strbuf *warnings)
{
	unsigned n = log_changes(true, start, next, 0, warnings);

	n = log_changes(false, previous, next, n, warnings);
	if (n > CONFIG_DIFF_LINES)
		log_kv(LOG_CONFIG, LOG_INFO, "settings-not-listed",
		       KV_U64("count", n - CONFIG_DIFF_LINES));
}
