/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interface identifiers on ze0, the device that all subscribers share. Each link negotiates its own
 * (RFC 5072 4.1), but the stack knows all links as ze0:
 *
 * - An identifier of ours that we chose is an address of ze0. The engine chooses one for all links.
 * - An identifier of ours that a subscriber asked for is an address of ze0 only while no subscriber
 * has
 *   the same one: otherwise the stack would take packets to that subscriber for its own.
 * - If several subscribers have the same identifier, packets from the stack go to the newest
 * session,
 *   and after its end to the newest of the others. Packets from subscribers, and packets sent by
 *   session id, are not affected.
 *
 * On the worker; while sessions are restored, on the reactor.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/sys/bpf/dp_bpf.h"
#include "daemon/sys/bpf/dp_bpf_priv.h"
#include "daemon/sys/net/rtnl.h"

static uint32_t dp_bpf_ifid_hash_of(uint64_t ifid)
{
	return hash_bytes(&ifid, sizeof(ifid));
}

static struct dp_bpf_ifid *dp_bpf_ifid_find(const struct dp_bpf *d, uint64_t ifid)
{
	for (struct htab_node *n = htab_find(&d->ifids, dp_bpf_ifid_hash_of(ifid)); n;
	     n = htab_same(n)) {
		struct dp_bpf_ifid *own = ze_container_of(n, struct dp_bpf_ifid, in_ifids);

		if (own->ifid == ifid)
			return own;
	}
	return NULL;
}

bool dp_bpf_ifid_on_ze0(const struct dp_bpf *d, uint64_t ifid)
{
	const struct dp_bpf_ifid *own = dp_bpf_ifid_find(d, ifid);

	return own && own->on_ze0;
}

/* The newest session whose subscriber has it. */
static struct dp_bpf_session *holder(const struct dp_bpf *d, uint64_t ifid)
{
	struct dp_bpf_session *newest = NULL;

	for (struct htab_node *n = htab_find(&d->links, dp_bpf_ifid_hash_of(ifid)); n;
	     n = htab_same(n)) {
		struct dp_bpf_session *s = ze_container_of(n, struct dp_bpf_session, in_links);

		if (s->peer_ifid == ifid && (!newest || s->link_no > newest->link_no))
			newest = s;
	}
	return newest;
}

/* An address that a previous instance left is not replaced: the kernel would replace our route to
 * fe80::/64 by its own. */
static int put_on_ze0(struct dp_bpf *d, struct nl_sock *sk, uint64_t ifid)
{
	int r = rtnl_ensure(sk, rtnl_build_link_local((int)d->conf.ze0, ifid, true));

	return r > 0 || dp_bpf_is_taken(r) ? 0 : r;
}

/* Adds the address to ze0 or removes it, by the rules above; frees an identifier that is unused. */
static int dp_bpf_ifid_settle(struct dp_bpf *d, struct nl_sock *sk, uint64_t ifid)
{
	struct dp_bpf_ifid *own = dp_bpf_ifid_find(d, ifid);
	bool want;
	int r = 0;

	if (!own)
		return 0;
	want = own->chosen || (own->asked && !holder(d, ifid));
	if (own->on_ze0 && !want && d->ifids.n == 1)
		dp_bpf_no_route6(d, sk);
	if (want != own->on_ze0)
		r = want ? put_on_ze0(d, sk, ifid) :
			   rtnl_link_local(sk, (int)d->conf.ze0, ifid, false);
	if (r == 0 || !want)
		own->on_ze0 = want;
	if (own->chosen || own->asked)
		return r;
	htab_del(&d->ifids, &own->in_ifids);
	free(own);
	return r;
}

static struct dp_bpf_ifid *dp_bpf_ifid_get(struct dp_bpf *d, uint64_t ifid)
{
	struct dp_bpf_ifid *own = dp_bpf_ifid_find(d, ifid);

	if (own)
		return own;
	own = calloc(1, sizeof(*own));
	if (!own)
		return NULL;
	own->ifid = ifid;
	if (htab_add(&d->ifids, &own->in_ifids, dp_bpf_ifid_hash_of(ifid)) == 0)
		return own;
	free(own);
	return NULL;
}

static int own_add(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	struct dp_bpf_ifid *own = dp_bpf_ifid_get(d, f->ifid);

	if (!own)
		return -ENOMEM;
	*(f->ifid_asked ? &own->asked : &own->chosen) += 1;
	return dp_bpf_ifid_settle(d, sk, f->ifid);
}

static void own_del(struct dp_bpf *d, struct nl_sock *sk, const struct dp_family *f)
{
	struct dp_bpf_ifid *own = dp_bpf_ifid_find(d, f->ifid);

	if (!own)
		return;
	*(f->ifid_asked ? &own->asked : &own->chosen) -= 1;
	dp_bpf_ifid_settle(d, sk, f->ifid);
}

static void peer_del(struct dp_bpf_session *s, struct nl_sock *sk)
{
	struct dp_bpf *d = s->d;
	uint64_t ifid = s->peer_ifid;
	const struct dp_bpf_session *next;

	if (!s->linked)
		return;
	dp_bpf_link_forget(s);
	next = holder(d, ifid);
	if (bpf_dp_link6_is(d->maps, ifid, &s->key))
		bpf_dp_link6_set(d->maps, ifid, next ? &next->key : NULL);
	dp_bpf_ifid_settle(d, sk, ifid);
}

static int peer_add(struct dp_bpf_session *s, struct nl_sock *sk, uint64_t ifid)
{
	struct dp_bpf *d = s->d;
	int r;

	if (!ifid)
		return 0; /* the peer insisted on a Configure-Request without the option */
	r = htab_add(&d->links, &s->in_links, dp_bpf_ifid_hash_of(ifid));
	if (r < 0)
		return r;
	s->linked = true;
	s->peer_ifid = ifid;
	/* A session of the previous instance: the maps know which is the newest. */
	if (d->previous && !bpf_dp_link6_is(d->maps, ifid, NULL)) {
		s->link_no = bpf_dp_link6_is(d->maps, ifid, &s->key);
	} else {
		s->link_no = ++d->last_link;
		r = bpf_dp_link6_set(d->maps, ifid, &s->key);
	}
	return r < 0 ? r : dp_bpf_ifid_settle(d, sk, ifid);
}

void dp_bpf_link_forget(struct dp_bpf_session *s)
{
	if (s->linked)
		htab_del(&s->d->links, &s->in_links);
	s->linked = false;
}

int dp_bpf_ifid_add(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f)
{
	int r = peer_add(s, sk, f->peer_ifid);

	if (r == 0) {
		r = own_add(s->d, sk, f);
		if (r < 0)
			own_del(s->d, sk, f);
	}
	if (r < 0)
		peer_del(s, sk);
	return r;
}

void dp_bpf_ifid_del(struct dp_bpf_session *s, struct nl_sock *sk, const struct dp_family *f)
{
	peer_del(s, sk);
	own_del(s->d, sk, f);
}

void dp_bpf_ifid_restarted(struct dp_bpf *d)
{
	for (struct htab_node *n = htab_next(&d->links, NULL); n; n = htab_next(&d->links, n)) {
		struct dp_bpf_session *s = ze_container_of(n, struct dp_bpf_session, in_links);

		if (bpf_dp_link6_is(d->maps, s->peer_ifid, NULL))
			bpf_dp_link6_set(d->maps, s->peer_ifid, &s->key);
	}
}

void dp_bpf_ifids_free(struct dp_bpf *d)
{
	struct htab_node *next;

	for (struct htab_node *n = htab_next(&d->ifids, NULL); n; n = next) {
		next = htab_next(&d->ifids, n);
		htab_del(&d->ifids, n);
		free(ze_container_of(n, struct dp_bpf_ifid, in_ifids));
	}
}
