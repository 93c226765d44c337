/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of the configuration against the schema; run at the top of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <libyang/libyang.h>

#include "daemon/core/config.h"
#include "daemon/sys/config/yang_priv.h"
#include "ppp/auth.h"

static struct ly_ctx *ctx;

static int setup(void **st)
{
	static const char *const modules[] = {
		"ze-system-conf",	    "ze-l2tp-conf",	 "ze-l2tp-auth-local-conf",
		"ze-l2tp-auth-radius-conf", "ze-l2tp-pool-conf", "ze-l2tp-shaper-conf"
	};

	(void)st;
	if (ly_ctx_new("yang", LY_CTX_NO_YANGLIBRARY, &ctx))
		return -1;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(modules); i++)
		if (!ly_ctx_load_module(ctx, modules[i], NULL, NULL))
			return -1;
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	ly_ctx_destroy(ctx);
	return 0;
}

static const struct config_row *row_of(const struct config_table *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].path, path) == 0)
			return &t->rows[i];
	fail_msg("%s has no row in daemon/core/config.c", path);
	return NULL;
}

static void same_text(const char *path, const char *row, const char *schema)
{
	if (strcmp(row ? row : "none", schema ? schema : "none") != 0)
		fail_msg("%s: %s in the row, %s in the schema", path, row ? row : "none",
			 schema ? schema : "none");
}

static void same_words(const char *path, const struct config_row *row,
		       const struct lysc_type_enum *type)
{
	const char *const *word = row->words;
	LY_ARRAY_COUNT_TYPE i;

	if (!**word)
		word++; /* not given */
	for (const char *const *w = word; *w; w++) {
		bool there = false;

		LY_ARRAY_FOR(type->enums, i)
		there = there || strcmp(type->enums[i].name, *w) == 0;
		if (!there)
			fail_msg("%s: the schema has no word %s", path, *w);
	}
	LY_ARRAY_FOR(type->enums, i)
	if (!word[i])
		fail_msg("%s: the schema has more words", path);
}

static void same_type(const char *path, const struct config_row *row, const struct lysc_type *type)
{
	bool number = row->kind == CONFIG_U16 || row->kind == CONFIG_U32 ||
		      row->kind == CONFIG_LIMIT;

	if (type->basetype == LY_TYPE_BOOL) {
		assert_int_equal(row->kind, CONFIG_BOOL);
	} else if (type->basetype == LY_TYPE_ENUM) {
		assert_int_equal(row->kind, CONFIG_WORD);
		same_words(path, row, (const struct lysc_type_enum *)type);
	} else if (type->basetype == LY_TYPE_STRING) {
		assert_true(row->kind > CONFIG_WORD && row->kind < CONFIG_ENTRY && !number);
	} else {
		assert_true(number);
		assert_true(row->kind != CONFIG_U16 || type->basetype == LY_TYPE_UINT16);
	}
}

static size_t check_nodes(const struct config_table *t, const struct lysc_node *parent,
			  const char *above);

static void check_list(const struct config_row *row, const struct lysc_node *node)
{
	const struct lysc_node_list *list = (const struct lysc_node_list *)node;

	assert_int_equal(row->kind, CONFIG_ENTRY);
	assert_string_equal(row->entry->rows[0].path, lysc_node_child(node)->name);
	if (row->places)
		assert_int_equal(row->places, list->max);
	assert_int_equal(check_nodes(row->entry, node, ""), row->entry->n);
}

static void check_row(const struct config_row *row, const struct lysc_node *node)
{
	assert_int_equal(row->count != 0, node->nodetype != LYS_LEAF);
	assert_int_equal(row->kind == CONFIG_SECRET, yang_has_ext(node, "sensitive"));
	if (node->nodetype == LYS_LIST) {
		check_list(row, node);
	} else if (node->nodetype == LYS_LEAFLIST) {
		const struct lysc_node_leaflist *l = (const struct lysc_node_leaflist *)node;

		same_type(row->path, row, l->type);
		assert_null(row->def);
		if (row->places)
			assert_int_equal(row->places, l->max);
	} else {
		const struct lysc_node_leaf *l = (const struct lysc_node_leaf *)node;

		same_type(row->path, row, l->type);
		same_text(row->path, row->unit, l->units);
		same_text(row->path, row->def,
			  l->dflt ? lyd_value_get_canonical(ctx, l->dflt) : NULL);
	}
}

/* Returns the number of leaves and lists below parent, which each have a row. */
static size_t check_nodes(const struct config_table *t, const struct lysc_node *parent,
			  const char *above)
{
	const struct lysc_node *c;
	char path[128];
	size_t n = 0;

	LY_LIST_FOR(lysc_node_child(parent), c) {
		snprintf(path, sizeof(path), "%s%s%s", above, *above ? "/" : "", c->name);
		if (c->nodetype == LYS_CONTAINER) {
			n += check_nodes(t, c, path);
		} else {
			check_row(row_of(t, path), c);
			n++;
		}
	}
	return n;
}

/* Each leaf has one row with its default, type, words and unit, and each row is that of a leaf. */
static void rows_are_those_of_the_schema(void **st)
{
	static const struct {
		const char *module, *name;
	} tops[] = { { "ze-system-conf", "environment" }, { "ze-l2tp-conf", "l2tp" } };
	size_t n = 0;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(tops); i++) {
		const struct lys_module *m = ly_ctx_get_module_implemented(ctx, tops[i].module);
		const struct lysc_node *top = lys_find_child(NULL, m, tops[i].name, 0, 0, 0);

		assert_non_null(top);
		n += check_nodes(&config_table, top, tops[i].name);
	}
	assert_int_equal(n, config_table.n);
}

/* Words are found by their index, which is the value of the enum. */
static void words_are_those_of_the_enums(void **st)
{
	const struct config_row *levels = row_of(&config_table, "environment/log/level");

	(void)st;
	for (unsigned i = 0; i < PPP_AUTH__COUNT; i++)
		assert_string_equal(row_of(&config_table, "l2tp/auth-method")->words[i],
				    ppp_auth_method_name((enum ppp_auth_method)i));
	for (enum log_level l = LOG_ERROR; l <= LOG_DEBUG; l++)
		assert_string_equal(levels->words[l + 1], log_level_name(l));
	for (enum shape_qdisc q = SHAPE_TBF; q <= SHAPE_HTB; q++)
		assert_string_equal(row_of(&config_table, "l2tp/shaper/qdisc-type")->words[q],
				    plan_qdisc_name(q));
	assert_string_equal(row_of(&config_table, "l2tp/ncp/ipv4")->words[CONFIG_NEED_OFF], "off");
	assert_string_equal(row_of(&config_table, "l2tp/proxy/lcp")->words[PPP_PROXY_NEVER],
			    "never");
	assert_string_equal(row_of(&config_table, "l2tp/proxy/auth")->words[CONFIG_PROXY_AGAIN],
			    "again");
	assert_string_equal(row_of(&config_table, "l2tp/dataplane")->words[CONFIG_DP_BPF], "bpf");
	assert_string_equal(row_of(&config_table, "l2tp/bpf/xdp-mode")->words[CONFIG_XDP_GENERIC],
			    "generic");
	assert_string_equal(
		row_of(&config_table, "l2tp/session-limit-action")->words[PROFILE_OVER_DENY],
		"deny");
	assert_string_equal(config_radius_attrs[RADIUS_OPT_FRAMED_IP_ADDRESS], "framed-ip-address");
	assert_string_equal(config_radius_attrs[RADIUS_OPT_ACCT_TERMINATE_CAUSE],
			    "acct-terminate-cause");
	assert_string_equal(config_radius_kinds[RADIUS_KIND_STOP], "accounting-stop");
	assert_string_equal(config_radius_kinds[RADIUS_KIND_OFF], "accounting-off");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_those_of_the_schema),
		cmocka_unit_test(words_are_those_of_the_enums),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
