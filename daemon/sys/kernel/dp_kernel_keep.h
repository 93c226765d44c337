/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel plane has put into the kernel stays there: programs on the uplinks, blackhole routes, and each
 * subscriber's interface with its program, addresses and route. Follows notifications on the reactor;
 * the plane's workers look and put back.
 */
#pragma once

struct bpf_guard;
struct dp_kernel;
struct dp_kernel_args;
struct json;
struct kernel_keep;
struct loop;
struct repair_result;

/* The state of the uplinks is followed, too. 0 or -errno. */
int dp_kernel_keep_new(const struct dp_kernel_args *a, struct dp_kernel *d,
		       struct kernel_keep **ret);
/* NULL: waits until the one there was is no longer used. */
void dp_kernel_keep_guard(struct kernel_keep *k, struct bpf_guard *g);
/* From now on nothing is put back any more; the plane's workers are still there. NULL is harmless. */
void dp_kernel_keep_stop(struct kernel_keep *k);
void dp_kernel_keep_free(struct kernel_keep *k); /* after the workers; NULL is harmless */
void dp_kernel_keep_checked(struct kernel_keep *k, const struct repair_result *res);
void dp_kernel_keep_show(const struct kernel_keep *k, struct json *j);
