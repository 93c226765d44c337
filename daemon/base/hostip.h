/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv4 addresses of a machine's interfaces as a sorted set of bounded size. Knows no kernel: whoever hears of an
 * address adds it. IPv6 has no place here, since subscribers are given link-local identifiers only, and
 * those mean nothing on another interface.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/addr.h"

#define HOSTIP_MAX 4096 /* addresses in a set */

struct hostip {
	uint32_t ip, subnet; /* host order; subnet: of the far end where there is one, else of ip */
	uint8_t len;	     /* of the subnet's prefix */
	bool neighbours; /* those in the subnet are reached by their address, over this interface */
	unsigned ifindex;
	char name[16];
};

struct hostip_set {
	struct hostip *v; /* by ip, then interface, then subnet */
	size_t n, cap;
	uint64_t ignored; /* there was no room */
};

void hostip_done(struct hostip_set *s);	 /* empty again, and usable */
void hostip_clear(struct hostip_set *s); /* keeps its memory */
/* Takes the place of the same address of the same interface. 0, -ENOMEM or -ENOSPC. */
int hostip_add(struct hostip_set *s, const struct hostip *a);
/* By ip, interface and subnet. Harmless when it is not there. */
void hostip_del(struct hostip_set *s, const struct hostip *a);
/* The first interface with this address; NULL: none has it. */
const struct hostip *hostip_find(const struct hostip_set *s, uint32_t ip);
/* This very entry is in the set. */
bool hostip_has(const struct hostip_set *s, const struct hostip *a);
/* 0 or -ENOMEM: then `to` is as before. */
int hostip_copy(struct hostip_set *to, const struct hostip_set *from);
/* The first and last address of its subnet with neighbours, other than of a single one; false: it has none. */
bool hostip_range(const struct hostip *a, uint32_t *ret_first, uint32_t *ret_last);
/* "192.0.2.0/24". Returns buf. */
const char *hostip_subnet_text(const struct hostip *a, char buf[static ZE_PREFIX_TEXT]);
