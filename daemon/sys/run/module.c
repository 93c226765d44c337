/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/module.h"

#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"

/* A refusal adds at least one line to errors. */
static int module_prepare(const struct ze_module *m, struct ze *z, struct config *next,
			  struct strbuf *errors)
{
	size_t before = errors->len;
	int r = m->prepare ? m->prepare(z, next, errors) : 0;

	if (r < 0 && errors->len == before)
		sb_printf(errors, "%s: %s\n", m->name, log_strerror(r));
	return r;
}

int module_reload(const struct ze_module_table *t, struct ze *z, struct config *next,
		  struct strbuf *errors)
{
	size_t n = 0;
	int r = 0;

	while (n < t->n && (r = module_prepare(t->v[n], z, next, errors)) == 0)
		n++;
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
