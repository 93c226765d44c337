/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns configuration text into a struct config: the curly syntax is parsed into a libyang tree
 * guided by the schema, validated, and converted to the typed snapshot. Each error is a line
 * `file:line:col: path: message`; as many as possible are found in one pass. Never logs, and never
 * repeats a secret in a message.
 */
#pragma once

#include <stddef.h>

#include "daemon/core/config.h"

struct strbuf;
struct yang;

/* Loads the modules from dir (NULL: $ZE_YANG_DIR, else the compiled-in folder). One per process;
 * not thread-safe. Returns 0, or -errno with the reason in errors. */
int yang_new(const char *dir, struct yang **ret, struct strbuf *errors);
void yang_free(struct yang *y);

/* Parses the text of file `name` ("-" is shown as "<stdin>"). Returns 0 and one reference in
 * *ret_cfg, or -EINVAL with at least one line in errors. Warnings about accepted text are appended
 * to `warnings`, which may be NULL. */
struct yang_source {
	const char *name;
	const char *text;
	size_t len;
};
int yang_parse(struct yang *y, const struct yang_source *src, struct config **ret_cfg,
	       struct strbuf *errors, struct strbuf *warnings);

/* The same for a regular file ("-": standard input), whose text is wiped. Returns -EINVAL also for
 * a pipe or device, and other -errno when the file cannot be read, with a line in errors. */
int yang_read_file(struct yang *y, const char *name, struct config **ret_cfg, struct strbuf *errors,
		   struct strbuf *warnings);

/* `ze config validate FILE|-`: argv[1] is the file. Prints "configuration valid" or the errors.
 * Returns the exit status: 0 valid, 1 not valid, 2 wrong usage or unreadable file. */
int yang_validate_main(int argc, char **argv);
