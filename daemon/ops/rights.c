/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/ops/rights.h"

#include <string.h>
#include <strings.h>

static const struct rights_rule read_only_rules[] = {
	{ true, { "show", "*" } },
};

const struct rights_profile rights_admin = { .name = "admin", .permit = true };

const struct rights_profile rights_read_only = {
	.name = "read-only",
	.rules = read_only_rules,
	.n = sizeof(read_only_rules) / sizeof(read_only_rules[0]),
	.permit = false,
};

static bool rule_matches(const struct rights_rule *r, const char *const *words)
{
	for (size_t i = 0; i < RIGHTS_WORDS_MAX && r->words[i]; i++)
		if (!words[i] ||
		    (strcmp(r->words[i], "*") != 0 && strcasecmp(r->words[i], words[i]) != 0))
			return false;
	return true;
}

bool rights_permit(const struct rights_profile *p, const char *const words[RIGHTS_WORDS_MAX])
{
	if (!p)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (rule_matches(&p->rules[i], words))
			return p->rules[i].permit;
	return p->permit;
}
