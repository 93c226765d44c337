/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a subscriber gets on the network: an IPv4 address of its profile or from the pool with gateway and
 * DNS, and interface identifiers for IPv6. The first answer stands for the life of the session, also
 * across renegotiations of LCP (CONFORMANCE P-007).
 */
#pragma once

#include <stdbool.h>

#include "ppp/link.h"

struct subscriber;

/* Fills *ret; a family that can't be served is declined, with the reason. False: there is no answer yet,
 * the address is still in the data plane for a session that has ended or gives way; when it is free,
 * subscriber_address_free is called. */
bool lease_answer(struct subscriber *s, enum ppp_family family, ze_ns now,
		  struct ppp_addr_answer *ret);
/* A session of s is of no use without this family. */
bool lease_required(const struct subscriber *s, enum ppp_family family);
/* s waits no longer. */
void lease_wait_end(struct subscriber *s);
/* What the link of a session that goes on was given; pooled: by our pool. 0 or -errno: it can't be
 * kept. */
int lease_resume(struct subscriber *s, bool pooled);
