/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * l2tp-pool: IPv4 addresses from a bitmap. A released address is handed out again as late as
 * possible. The gateway is never handed out. Addresses are host order.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct addrpool_cfg {
	uint32_t gateway, start, end; /* start <= end */
	uint32_t dns[2];	      /* 0: none */
};

struct addrpool;

/* NULL when out of memory; -EINVAL cases are refused by the configuration before. */
struct addrpool *addrpool_new(const struct addrpool_cfg *cfg);
void addrpool_free(struct addrpool *p);
const struct addrpool_cfg *addrpool_cfg(const struct addrpool *p);
int addrpool_take(struct addrpool *p, uint32_t *ret_ip); /* 0 or -ENOSPC */
/* A chosen one: 0, -EADDRINUSE; -ERANGE when it is not of this pool (nothing is kept then). */
int addrpool_claim(struct addrpool *p, uint32_t ip);
/* These are for addrpool_claim only from now on, and no others; addresses outside the pool are ignored. One
 * that is held stays so, and is kept when it comes back. */
void addrpool_reserve(struct addrpool *p, const uint32_t *ips, size_t n);
void addrpool_put(struct addrpool *p, uint32_t ip); /* harmless when it is free or not ours */
uint32_t addrpool_used(const struct addrpool *p);
uint32_t addrpool_size(const struct addrpool *p);
