/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/facts.h"

#include <errno.h>
#include <string.h>

#include "aaa/profile.h"
#include "daemon/core/config.h"
#include "daemon/core/end_cause.h"
#include "daemon/core/session_facts.h"
#include "daemon/core/subscriber_priv.h"

const char *facts_user(const struct subscriber *s)
{
	return s->facts ? session_facts_user(s->facts) : "";
}

uint16_t facts_mtu(const struct subscriber *s)
{
	uint16_t mtu = ppp_link_mtu(&s->link);

	return s->profile && s->profile->mtu && s->profile->mtu < mtu ? s->profile->mtu : mtu;
}

/* The facts of the tunnel, made with its first session: its peer cannot change. */
static struct tunnel_facts *tunnel_facts_of(struct tunnel *t)
{
	if (!t->facts)
		t->facts = session_facts_tunnel(t->l2tp.tid, &t->path.peer,
						span_of(t->l2tp.peer_host, t->l2tp.peer_host_len));
	return t->facts;
}

static struct span as_text(struct span s)
{
	const void *nul = s.len ? memchr(s.p, 0, s.len) : NULL;

	return span_of(s.p, nul ? (size_t)((const uint8_t *)nul - s.p) : s.len);
}

/* NAS-Port-Id of the session, which a reload does not change. */
static struct span port_id_of(const struct subscriber *s, uint8_t buf[static RADIUS_VALUE_MAX])
{
	const struct config *c = s->e->cfg;
	const struct radius_nas nas = config_radius_nas(c);
	const struct radius_session of = { .nas_port = s->call.l2tp.sid,
					   .tunnel_id = s->call.tunnel->l2tp.tid };
	struct wr w = wr_init(buf, RADIUS_VALUE_MAX);

	if (s->facts && *session_facts_port_id(s->facts))
		return span_str(session_facts_port_id(s->facts));
	if (c->radius.n_servers)
		radius_attrs_port_id(&w, &nas, &of);
	return wr_done(&w);
}

static struct session_facts *facts_make(const struct subscriber *s, struct span claimed,
					struct span user, struct profile *p)
{
	const struct l2tp_session *l = &s->call.l2tp;
	struct tunnel_facts *t = tunnel_facts_of(s->call.tunnel);
	struct session_facts *f = NULL;
	uint8_t port_id[RADIUS_VALUE_MAX];

	if (t)
		f = session_facts_new(
			&(struct session_facts_args){ .id = s->id,
						      .sid = l->sid,
						      .tunnel = t,
						      .profile = p,
						      .calling = span_str(l->calling_number),
						      .called = span_str(l->called_number),
						      .port_id = port_id_of(s, port_id),
						      .claimed = as_text(claimed),
						      .user = as_text(user) });
	if (f && s->facts) {
		f->ip4 = s->facts->ip4;
		f->peer_ifid = s->facts->peer_ifid;
	}
	return f;
}

void facts_change(struct subscriber *s, struct session_facts *f)
{
	session_facts_unref(s->facts);
	s->facts = f;
	s->profile = f->profile;
}

/* Replaces the version. Takes over the profile. */
static int facts_replace(struct subscriber *s, struct span claimed, struct span user,
			 struct profile *p)
{
	struct session_facts *f = facts_make(s, claimed, user, p);

	profile_free(p); /* f holds a reference */
	if (!f)
		return -ENOMEM;
	facts_change(s, f);
	return 0;
}

static struct span claimed_of(const struct subscriber *s)
{
	return span_of(s->link.auth.user.p, s->link.auth.user.len);
}

int facts_begin(struct subscriber *s)
{
	return facts_replace(s, span_str(""), span_str(""), NULL);
}

int facts_login(struct subscriber *s, struct profile *p)
{
	struct session_facts *last = s->facts;
	struct span user = span_str(session_facts_user(last));

	if (!user.len)
		user = p ? span_str(p->user) : claimed_of(s);
	return facts_replace(s, claimed_of(s), user, p);
}

int facts_restore(struct subscriber *s, struct span user, struct profile *p)
{
	return facts_replace(s, claimed_of(s), user, p);
}

struct session_facts *facts_prepare(const struct subscriber *s, struct profile *p)
{
	return facts_make(s, span_str(session_facts_claimed(s->facts)), span_str(facts_user(s)), p);
}

void facts_established(struct subscriber *s)
{
	struct session_facts *f = session_facts_own(s->facts);

	if (!f)
		return;
	f->ip4 = s->lease.ip4;
	f->peer_ifid = s->ncp_up[PPP_FAM_IPV6] ? ipv6cp_peer_ifid(&s->link.ipv6cp) : 0;
	s->facts = f;
}

static struct event_link facts_link(const struct subscriber *s)
{
	const struct l2tp_session *l = &s->call.l2tp;

	return (struct event_link){
		.local = &s->call.tunnel->path.local,
		.up_at = s->up_at,
		.peer_ifid = s->ncp_up[PPP_FAM_IPV6] ? ipv6cp_peer_ifid(&s->link.ipv6cp) : 0,
		.ip4 = s->ncp_up[PPP_FAM_IPV4] ? s->link.ipcp.params.peer : 0,
		.tx_bps = l->tx_speed_bps,
		.rx_bps = l->rx_speed_bps,
		.mru = s->linked ? s->link.lcp.peer_mru : 0,
	};
}

struct event facts_event(const struct subscriber *s, enum event_kind kind, ze_ns now)
{
	return (struct event){
		.kind = kind,
		.now = now,
		.tid = s->call.tunnel->l2tp.tid,
		.sid = s->call.l2tp.sid,
		.facts = s->facts,
		.ifname = s->ifname,
		.peer = &s->call.tunnel->path.peer,
		.end = s->end,
		.cause = end_cause_word(s->end),
		.link = facts_link(s),
	};
}
