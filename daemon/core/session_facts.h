/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a session, as observers see it. The facts are immutable: when more becomes known,
 * the session gets a new version, and a holder of a reference keeps the old one. There are three:
 * when the call is established (ICCN), after the login, and when the session is established.
 *
 * References are counted and may be dropped in any thread. A version that nobody else holds is
 * changed in place, which nobody can notice: session_facts_own().
 */
#pragma once

#include <stdint.h>

#include "daemon/base/addr.h"
#include "daemon/base/wire.h"

struct profile;

struct tunnel_facts { /* shared by the sessions of a tunnel */
	unsigned refs;
	uint16_t tid;
	struct ze_addr peer;
	char host[]; /* Host Name of the peer */
};

struct session_facts {
	unsigned refs;
	uint32_t ip4; /* of the subscriber, host order; 0: not established, or none */
	uint64_t id;  /* never used twice on this host, and kept by a restart: Acct-Session-Id */
	uint64_t peer_ifid; /* interface id of the subscriber; 0: not established, or not yet */
	struct tunnel_facts *tunnel;
	struct profile *profile; /* NULL: no authentication, or not yet */
	uint16_t sid;
	uint16_t called_at, port_id_at, claimed_at, user_at; /* offsets of strings in `text` */
	char text[];					     /* calling number, then the others */
};

/* Returns NULL when out of memory. */
struct tunnel_facts *session_facts_tunnel(uint16_t tid, const struct ze_addr *peer,
					  struct span host);
void session_facts_tunnel_unref(struct tunnel_facts *t); /* NULL is harmless */

struct session_facts_args {
	uint64_t id;
	uint16_t sid;
	struct tunnel_facts *tunnel;
	struct profile *profile; /* may be NULL */
	struct span calling, called, port_id, claimed, user;
};
/* Takes references on tunnel and profile; the texts are copied. Returns NULL when out of memory. */
struct session_facts *session_facts_new(const struct session_facts_args *a);
const struct session_facts *session_facts_ref(const struct session_facts *f); /* NULL is harmless */
void session_facts_unref(const struct session_facts *f);		      /* NULL is harmless */
/* Returns a version to be changed, and takes over the reference: f, when it is the only one, or a
 * copy. Returns NULL when out of memory; f is still valid then. */
struct session_facts *session_facts_own(struct session_facts *f);

/* "" when not known. The names of the user are "" before the login: as the subscriber claims it, and
 * as authenticated. */
static inline const char *session_facts_calling(const struct session_facts *f)
{
	return f->text;
}

static inline const char *session_facts_called(const struct session_facts *f)
{
	return &f->text[f->called_at];
}

/* NAS-Port-Id, the same as long as the session lives; "" when RADIUS was not configured. */
static inline const char *session_facts_port_id(const struct session_facts *f)
{
	return &f->text[f->port_id_at];
}

static inline const char *session_facts_claimed(const struct session_facts *f)
{
	return &f->text[f->claimed_at];
}

static inline const char *session_facts_user(const struct session_facts *f)
{
	return &f->text[f->user_at];
}
