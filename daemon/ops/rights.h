/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who may use which commands: a profile is a list of rules, tried in their order, of which the first that
 * matches decides. ops asks it before it runs a command and before it offers one, for all surfaces alike
 * (socket, ssh, web), so that nobody else has to. Pure.
 *
 * A rule has words: `*` is any one word, others are compared without regard to case. It matches a command
 * that begins with its words; what is compared is the command's row in the table of ops, where an argument
 * is one word, such as `<sid>`, whatever was typed:
 *
 *   show                                  all that begins with the word show
 *   clear l2tp session teardown           one session, not teardown-all
 *   * l2tp tunnel                         one tunnel, whatever is done with it
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

/* Built in: everything; and `show`, nothing else. */
extern const struct rights_profile rights_admin;
extern const struct rights_profile rights_read_only;

/* words: of a row, ended by NULL unless there are RIGHTS_WORDS_MAX. p NULL: false. */
bool rights_permit(const struct rights_profile *p, const char *const words[RIGHTS_WORDS_MAX]);
