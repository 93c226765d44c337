/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A module: a part of the daemon that is started, stopped and given a new configuration. The
 * ordered table of modules is in daemon/modules.c.
 *
 * A reload is all or nothing. First each module prepares: it checks the new configuration, and
 * allocates what it needs, but changes nothing. When one refuses, those that have prepared cancel,
 * and the running configuration stays. When none does, each module applies the new configuration,
 * which can't fail. All steps go through the table in order, cancel in reverse.
 */
#pragma once

#include <stddef.h>

struct config;
struct strbuf;
struct ze;

struct ze_module {
	const char *name;
	int (*start)(struct ze *z); /* 0 or -errno; has logged the reason and released what it had */
	/* All others may be NULL. */
	void (*stop)(struct ze *z);
	/* Returns 0, or -errno when the module refuses the configuration; then there is a line in
	 * errors that says why, and it is not cancelled. */
	int (*prepare)(struct ze *z, struct config *next, struct strbuf *errors);
	void (*cancel)(struct ze *z);
	void (*reload)(struct ze *z, struct config *next);
};

struct ze_module_table {
	const struct ze_module *const *v;
	size_t n;
};

/* Gives `next` to all modules of the table. Returns 0, or -errno of the module that refused, with
 * at least one line in errors. */
int module_reload(const struct ze_module_table *t, struct ze *z, struct config *next,
		  struct strbuf *errors);
