/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The network parameters of a subscriber: an IPv4 address from its profile or from the pool, with
 * gateway and DNS servers, and interface identifiers for IPv6. They stay the same for the life of
 * the session, also when LCP is negotiated again (P-007).
 */
#pragma once

#include <stdbool.h>

#include "ppp/link.h"

struct subscriber;

/* Fills in *ret; a family that cannot be served is declined with its reason. Returns false when
 * there is no answer yet: the address is still in the data plane for a session that has ended or is
 * being replaced. When it is free, subscriber_address_free() is called. */
bool lease_answer(struct subscriber *s, enum ppp_family family, ze_ns now,
		  struct ppp_addr_answer *ret);
/* True when the session must end without this family. */
bool lease_required(const struct subscriber *s, enum ppp_family family);
/* Ends the wait of s for an address. Harmless when it does not wait. */
void lease_wait_end(struct subscriber *s);
/* Claims the addresses that the link of a restored session has; pooled: its address came from the
 * pool. Returns 0, or -errno when the session cannot keep them. */
int lease_resume(struct subscriber *s, bool pooled);
