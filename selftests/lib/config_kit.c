/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/config_kit.h"

#include <stdlib.h>
#include <string.h>

static const struct config_row *row_in(const struct config_table *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->rows[i].path, path) == 0)
			return &t->rows[i];
	abort();
}

const struct config_row *config_kit_row(const char *path)
{
	return row_in(&config_table, path);
}

const char *config_kit_set(struct config *c, const char *path, const char *text)
{
	return config_row_set(config_kit_row(path), c, text);
}

const char *config_kit_add(struct config *c, const char *path, const char *const *pairs)
{
	const struct config_row *list = config_kit_row(path);
	void *entry = config_row_add(list, c);
	const char *wrong = entry ? NULL : "out of memory";

	for (; !wrong && *pairs; pairs += 2)
		wrong = config_row_set(row_in(list->entry, pairs[0]), entry, pairs[1]);
	return wrong;
}

const char *config_kit_user(struct config *c, const char *name, const char *password,
			    uint32_t address)
{
	const char *wrong =
		config_kit_add(c, "l2tp/auth/local/user",
			       (const char *const[]){ "name", name, "password", password, NULL });

	if (!wrong)
		c->users[c->n_users - 1].address = address;
	return wrong;
}
