/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tells the engine the IPv4 addresses of this machine's interfaces: at the start, and whenever the kernel says that
 * one came or went. On every data plane, by a socket of its own. What a data plane gives its devices, the gateway of
 * the pool without a subnet, is left out: there may be one for each subscriber.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hostip;
struct ifwatch;
struct loop;
struct nlmsghdr;

/* The engine must be the loop's by now. gateway: 0 for none. 0 or -errno. */
int ifwatch_new(struct loop *l, uint32_t gateway, struct ifwatch **ret);
void ifwatch_free(struct ifwatch *w); /* NULL is harmless */
/* What a message says of an address that came or went, but for the interface's name and kind. False: nothing, or
 * of one that is left out. */
bool ifwatch_parse(const struct nlmsghdr *h, uint32_t gateway, struct hostip *ret);
