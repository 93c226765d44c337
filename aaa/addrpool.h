/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv4 address pool (l2tp-pool). A released address is assigned again as late as possible. The
 * gateway is never assigned. Addresses are in host order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addrpool_cfg {
	uint32_t gateway, start, end; /* start <= end; both are in the pool */
	uint32_t dns[2];	      /* for subscribers; 0: none */
};

struct addrpool;

/* Returns NULL when out of memory. The configuration has checked the range. */
struct addrpool *addrpool_new(const struct addrpool_cfg *cfg);
void addrpool_free(struct addrpool *p);
int addrpool_take(struct addrpool *p, uint32_t *ret_ip); /* 0 or -ENOSPC */
/* Takes a given address. Returns 0, -EADDRINUSE, or -ERANGE when it is not in the pool (nothing is
 * kept then). */
int addrpool_claim(struct addrpool *p, uint32_t ip);
/* Reserves these addresses, and no others, for addrpool_claim(). Addresses outside the pool are
 * ignored. An address that is held stays held, and is reserved when it is released. */
void addrpool_reserve(struct addrpool *p, const uint32_t *ips, size_t n);
void addrpool_put(struct addrpool *p, uint32_t ip); /* ignores free and foreign addresses */
/* Takes over from another pool, for a changed range: addresses of this pool that were released there
 * stay unused for as long as possible here, too. */
void addrpool_inherit(struct addrpool *p, const struct addrpool *from);
uint32_t addrpool_used(const struct addrpool *p); /* addresses that are held */
uint32_t addrpool_peak(const struct addrpool *p); /* the largest number of them so far */
uint32_t addrpool_size(const struct addrpool *p); /* addresses without the gateway */
/* Addresses that are reserved and not held. It counts them: not for a login. */
uint32_t addrpool_reserved(const struct addrpool *p);
