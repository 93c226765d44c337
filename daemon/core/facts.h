/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The facts of a subscriber's session (session_facts.h): their versions, and the events that point
 * to them.
 */
#pragma once

#include "daemon/base/compiler.h"
#include "daemon/base/wire.h"
#include "daemon/core/event.h"

struct profile;
struct session_facts;
struct subscriber;

/* The user's name as authenticated; "" before the login. It never changes once it is set. */
const char *facts_user(const struct subscriber *s);
/* The largest IP packet for the subscriber, in octets: what LCP has agreed on, but not more than its
 * profile allows. */
uint16_t facts_mtu(const struct subscriber *s);
/* The first version, when the call is established. Returns 0 or -ENOMEM. */
int facts_begin(struct subscriber *s);
/* The version after a login, with the profile, which may be NULL and is taken over. Returns 0, or
 * -ENOMEM; the last version stays then. */
int facts_login(struct subscriber *s, struct profile *p);
/* The same for a restored session, with the user of its record. */
int facts_restore(struct subscriber *s, struct span user, struct profile *p);
/* A version with another profile, which may be put in use; session_facts_unref() drops it. Takes a
 * reference on the profile. NULL: out of memory. */
struct session_facts *facts_prepare(const struct subscriber *s, struct profile *p);
/* Puts a version in use that was prepared in this turn, and takes it over. */
void facts_change(struct subscriber *s, struct session_facts *f);
/* Adds the addresses, when the session is established. Without memory the version stays without
 * them. */
void facts_established(struct subscriber *s);
/* Returns an event with the members that all events about the session have. */
struct event facts_event(const struct subscriber *s, enum event_kind kind, ze_ns now);
