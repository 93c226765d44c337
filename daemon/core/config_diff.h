/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the operator what a reload has changed: a log line for each leaf that differs, with its old
 * and new value and when the new one applies. Values of secrets are never written.
 */
#pragma once

struct config;
struct strbuf;

#define CONFIG_DIFF_LINES 32 /* in the log; one more says how many are left out */

/* Compares next with the previous configuration; leaves that need a restart are compared with the
 * configuration of the start, which is still in use for them, and added to warnings, one per line. */
void config_diff_log(const struct config *start, const struct config *previous,
		     const struct config *next, struct strbuf *warnings);
