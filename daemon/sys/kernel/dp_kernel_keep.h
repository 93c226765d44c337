/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Restores what another program removes of the kernel plane: programs on the uplinks, blackhole
 * routes, and each subscriber's interface settings, program, addresses and route. It follows the
 * notifications of rtnetlink on the reactor; checks and repairs are jobs of the plane's workers.
 */
#pragma once

struct bpf_guard;
struct bpf_label;
struct dp_kernel;
struct dp_kernel_args;
struct json;
struct kernel_keep;
struct loop;
struct repair_result;

/* Also starts to follow the state of the uplinks (portwatch.h). labels may be NULL; it must outlive
 * the workers. Returns 0 or -errno. */
int dp_kernel_keep_new(const struct dp_kernel_args *a, struct dp_kernel *d,
		       struct bpf_label *labels, struct kernel_keep **ret);
/* Sets the guard to restore. NULL: waits until the workers no longer use the previous one. */
void dp_kernel_keep_guard(struct kernel_keep *k, struct bpf_guard *g);
/* Ends all repairs; must be called while the workers still exist. NULL is allowed. */
void dp_kernel_keep_stop(struct kernel_keep *k);
void dp_kernel_keep_free(struct kernel_keep *k); /* after the workers have ended; NULL is allowed */
/* The result of dp_kernel_check(); sessions that miss something are checked again later. */
void dp_kernel_keep_checked(struct kernel_keep *k, const struct repair_result *res);
/* Adds the members `ports` and `repairs`. */
void dp_kernel_keep_show(const struct kernel_keep *k, struct json *j);
