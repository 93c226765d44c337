/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permissions. A profile is an ordered list of rules; the first one that matches a command decides.
 * ops checks the profile before it runs a command and before it offers one for completion, for all
 * user interfaces (socket, ssh, web), which need no check of their own. The functions have no side
 * effects.
 *
 * A rule is a list of words. `*` matches any one word, other words are compared without case. The
 * rule matches every command that begins with its words. It is compared with the command's row in
 * the table of ops, where an argument is one word such as `<sid>`, independent of what was typed:
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
	/* Ends with NULL when there are fewer words. No word: the rule matches all commands. */
	const char *words[RIGHTS_WORDS_MAX];
};

struct rights_profile {
	const char *name;
	const struct rights_rule *rules;
	size_t n;
	bool permit; /* result when no rule matches */
};

/* Built-in profiles: all commands; `show` commands only. */
extern const struct rights_profile rights_admin;
extern const struct rights_profile rights_read_only;

/* True when the profile permits the command whose row in the table has these words, ending with
 * NULL when there are fewer than RIGHTS_WORDS_MAX. False when p is NULL. */
bool rights_permit(const struct rights_profile *p, const char *const words[RIGHTS_WORDS_MAX]);
