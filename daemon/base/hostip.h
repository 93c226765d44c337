/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv4 addresses of the host's interfaces, as a sorted set of limited size. It makes no system
 * call: the unit that receives the kernel's notifications adds and removes addresses. IPv6
 * addresses are not kept, because subscribers are only assigned link-local interface identifiers,
 * which cannot conflict with an address on another interface.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/addr.h"

#define HOSTIP_MAX 4096 /* addresses in a set */

struct hostip {
	uint32_t ip, subnet; /* host order; subnet: that of the peer on a point-to-point link */
	uint8_t len;	     /* prefix length of the subnet, in bits */
	bool neighbours;     /* the interface resolves neighbours of the subnet (ARP) */
	unsigned ifindex;
	char name[16];
};

struct hostip_set {
	struct hostip *v; /* sorted by ip, then interface, then subnet */
	size_t n, cap;
	uint64_t ignored; /* addresses not added because there was no room */
};

void hostip_done(struct hostip_set *s);	 /* frees the memory; the set stays usable */
void hostip_clear(struct hostip_set *s); /* empties the set, keeps its memory */
/* Adds an address; an entry with the same ip, interface and subnet is replaced. Returns 0, -ENOMEM,
 * or -ENOSPC when the set has HOSTIP_MAX addresses. */
int hostip_add(struct hostip_set *s, const struct hostip *a);
/* Removes the entry with the same ip, interface and subnet, if there is one. */
void hostip_del(struct hostip_set *s, const struct hostip *a);
/* The first entry with this address (host order), or NULL. */
const struct hostip *hostip_find(const struct hostip_set *s, uint32_t ip);
/* True when the set contains an entry with the same ip, interface and subnet. */
bool hostip_has(const struct hostip_set *s, const struct hostip *a);
/* Returns 0, or -ENOMEM; then `to` is unchanged. */
int hostip_copy(struct hostip_set *to, const struct hostip_set *from);
/* The first and last address (host order) of the entry's subnet. Returns false when the interface
 * has no neighbours in it or when the subnet is a single address. */
bool hostip_range(const struct hostip *a, uint32_t *ret_first, uint32_t *ret_last);
/* Writes the subnet, for example "192.0.2.0/24". Returns buf. */
const char *hostip_subnet_text(const struct hostip *a, char buf[static ZE_PREFIX_TEXT]);
