/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permissions. A profile is a list of rules in order; the first one that matches a command decides. ops
 * checks the profile before it runs a command and before it offers one, for all user interfaces (socket,
 * ssh, web), which need no check of their own. Pure.
 *
 * A rule is a list of words. `*` matches any one word, other words are compared without case. The rule
 * matches every command that begins with its words. It is compared with the command's row in the table of
 * ops, where an argument is one word such as `<sid>`, independent of what was typed:
 *
 *   show                             every command that begins with the word show
 *   clear l2tp session teardown      one session; not teardown-all
 *   * l2tp tunnel                    every verb on one tunnel
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define RIGHTS_WORDS_MAX 6

struct rights_rule {
	bool permit;
	const char *words
		[RIGHTS_WORDS_MAX]; /* ended by NULL unless there are as many; none: all commands */
};

struct rights_profile {
	const char *name;
	const struct rights_rule *rules;
	size_t n;
	bool permit; /* what no rule matches */
};

/* Built in: all commands, and `show` only. */
extern const struct rights_profile rights_admin;
extern const struct rights_profile rights_read_only;

/* words: of a row, ended by NULL unless there are RIGHTS_WORDS_MAX. p NULL: false. */
bool rights_permit(const struct rights_profile *p, const char *const words[RIGHTS_WORDS_MAX]);
