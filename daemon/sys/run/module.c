/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/module.h"

#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"

/* Returns the number of modules that have prepared; all of them when *ret_error is 0. */
static size_t prepare_all(const struct ze_module_table *t, struct ze *z, struct config *next,
			  struct strbuf *errors, int *ret_error)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		size_t before = errors->len;
		int r = t->v[i]->prepare ? t->v[i]->prepare(z, next, errors) : 0;

		if (r < 0 && errors->len == before)
			sb_printf(errors, "%s: %s\n", t->v[i]->name, log_strerror(r));
		*ret_error = r;
		if (r < 0)
			break;
	}
	return i;
}

int module_reload(const struct ze_module_table *t, struct ze *z, struct config *next,
		  struct strbuf *errors)
{
	int r = 0;
	size_t n = prepare_all(t, z, next, errors, &r);

	if (r < 0) {
		while (n-- > 0)
			if (t->v[n]->cancel)
				t->v[n]->cancel(z);
		return r;
	}
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i]->reload)
			t->v[i]->reload(z, next);
	return 0;
}
