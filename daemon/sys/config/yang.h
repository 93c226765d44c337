/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configuration text to `struct config`: the curly syntax of DESIGN 6 is parsed into a libyang tree
 * guided by the schema, validated, and turned into the typed snapshot. Each error is a line of its own,
 * `file:line:col: path: message`, as many as can be found in one pass. Never logs, never prints a
 * secret.
 */
#pragma once

#include <stddef.h>

#include "daemon/core/config.h"

struct strbuf;
struct yang;

/* Loads the modules from dir (NULL: $ZE_YANG_DIR, else the compiled-in place). One is enough for a
 * process; not thread-safe. 0, or -errno with the reason in errors. */
int yang_new(const char *dir, struct yang **ret, struct strbuf *errors);
void yang_free(struct yang *y);

/* text of file `name` ("-" shows as "<stdin>"). 0 and one reference in *ret_cfg, or -EINVAL with at
 * least one line in errors. Warnings (accepted, but said) go to `warnings`, may be NULL. */
struct yang_source {
	const char *name;
	const char *text;
	size_t len;
};
int yang_parse(struct yang *y, const struct yang_source *src, struct config **ret_cfg,
	       struct strbuf *errors, struct strbuf *warnings);

/* The same for a regular file ("-": standard input). -EINVAL as above, and for a pipe or device; other -errno when
 * it can't be read, with a line in errors too. The text is wiped. */
int yang_read_file(struct yang *y, const char *name, struct config **ret_cfg, struct strbuf *errors,
		   struct strbuf *warnings);

/* `ze config validate FILE|-`: argv[1] is the file; prints "configuration valid" or the errors; the exit status: 0 valid,
 * 1 not valid, 2 usage or unreadable file. */
int yang_validate_main(int argc, char **argv);
