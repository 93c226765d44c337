/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether there are routing rules (ip rule) beside those every kernel has, and when that changes. With
 * them, where a packet goes may depend on more than its destination.
 */
#pragma once

#include <stdbool.h>

struct loop;
struct rules;

/* Tells at once, and whenever rules change. 0 or -errno. */
int rules_watch(struct loop *l, void (*tell)(void *self, bool any), void *self, struct rules **ret);
void rules_free(struct rules *r); /* NULL is harmless */
