/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/session_facts.h"

#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"

static unsigned facts_drop_ref(unsigned *refs)
{
	return __atomic_sub_fetch(refs, 1, __ATOMIC_ACQ_REL);
}

static void *facts_take_ref(void *object, unsigned *refs)
{
	__atomic_add_fetch(refs, 1, __ATOMIC_RELAXED);
	return object;
}

struct tunnel_facts *session_facts_tunnel(uint16_t tid, const struct ze_addr *peer,
					  struct span host)
{
	struct tunnel_facts *t = calloc(1, sizeof(*t) + host.len + 1);

	if (!t)
		return NULL;
	t->refs = 1;
	t->tid = tid;
	t->peer = *peer;
	if (host.len)
		memcpy(t->host, host.p, host.len);
	return t;
}

void session_facts_tunnel_unref(struct tunnel_facts *t)
{
	if (t && facts_drop_ref(&t->refs) == 0)
		free(t);
}

/* Appends a string, cut at its first NUL. Returns its offset. */
static uint16_t session_facts_put(struct session_facts *f, size_t *at, struct span s)
{
	uint16_t start = (uint16_t)*at;

	if (s.len)
		memcpy(&f->text[start], s.p, s.len);
	f->text[start + s.len] = '\0';
	*at += s.len + 1;
	return start;
}

struct session_facts *session_facts_new(const struct session_facts_args *a)
{
	bool same = span_eq(a->claimed, a->user); /* the usual case: one string for both */
	size_t at = 0, size = a->calling.len + a->called.len + a->port_id.len + a->claimed.len +
			      (same ? 0 : a->user.len) + 5;
	struct session_facts *f = malloc(sizeof(*f) + size);

	if (!f)
		return NULL;
	*f = (struct session_facts){ .refs = 1, .id = a->id, .sid = a->sid };
	f->tunnel = facts_take_ref(a->tunnel, &a->tunnel->refs);
	f->profile = a->profile ? profile_ref(a->profile) : NULL;
	session_facts_put(f, &at, a->calling);
	f->called_at = session_facts_put(f, &at, a->called);
	f->port_id_at = session_facts_put(f, &at, a->port_id);
	f->claimed_at = session_facts_put(f, &at, a->claimed);
	f->user_at = same ? f->claimed_at : session_facts_put(f, &at, a->user);
	return f;
}

const struct session_facts *session_facts_ref(const struct session_facts *f)
{
	return f ? facts_take_ref((struct session_facts *)f, &((struct session_facts *)f)->refs) :
		   NULL;
}

void session_facts_unref(const struct session_facts *f)
{
	struct session_facts *mine = (struct session_facts *)f;

	if (!f || facts_drop_ref(&mine->refs))
		return;
	session_facts_tunnel_unref(mine->tunnel);
	profile_free(mine->profile);
	free(mine);
}

struct session_facts *session_facts_own(struct session_facts *f)
{
	struct session_facts *copy;

	if (__atomic_load_n(&f->refs, __ATOMIC_ACQUIRE) == 1)
		return f;
	copy = session_facts_new(
		&(struct session_facts_args){ .id = f->id,
					      .sid = f->sid,
					      .tunnel = f->tunnel,
					      .profile = f->profile,
					      .calling = span_str(session_facts_calling(f)),
					      .called = span_str(session_facts_called(f)),
					      .port_id = span_str(session_facts_port_id(f)),
					      .claimed = span_str(session_facts_claimed(f)),
					      .user = span_str(session_facts_user(f)) });
	if (!copy)
		return NULL;
	copy->ip4 = f->ip4;
	copy->peer_ifid = f->peer_ifid;
	session_facts_unref(f);
	return copy;
}
