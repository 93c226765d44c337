/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a subscriber gets on the network: an IPv4 address of its profile or from the pool with gateway and
 * DNS, and interface identifiers for IPv6. The first answer stands for the life of the session, also
 * across renegotiations of LCP (CONFORMANCE P-007).
 */
#pragma once

#include "ppp/link.h"

struct subscriber;

/* Fills *ret; a family that can't be served is declined. */
void lease_answer(struct subscriber *s, enum ppp_family family, ze_ns now,
		  struct ppp_addr_answer *ret);
/* What the link of a session that goes on was given; pooled: by our pool. 0 or -errno: it can't be
 * kept. */
int lease_resume(struct subscriber *s, bool pooled);
