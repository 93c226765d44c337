/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/pool_routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/core/ports.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/net/rtnl.h"

#define PREFIXES_MAX 62 /* enough for any range */

/* Returns the length of the largest prefix that begins at `from` and ends at or before `end`. */
static uint8_t prefix_len(uint32_t from, uint32_t end)
{
	uint8_t len = 32;

	while (len > 0) {
		uint32_t size = UINT32_C(1)
				<< (32 - len); /* size of the prefix; its double is tried */

		if (from & size || end - from < 2 * (uint64_t)size - 1)
			break;
		len--;
	}
	return len;
}

/* Adds the prefixes of a pool. */
static void add_prefixes(struct pool_routes *r, const struct dp_pool *p)
{
	for (uint64_t from = p->start; from <= p->end;) {
		uint8_t len = prefix_len((uint32_t)from, p->end);

		r->v[r->n++] = (struct pool_prefix){ (uint32_t)from, len };
		from += UINT64_C(1) << (32 - len);
	}
}

static int pool_routes_order(const void *a, const void *b)
{
	const struct pool_prefix *x = a, *y = b;

	return x->ip < y->ip ? -1 : x->ip > y->ip;
}

int pool_routes_of(const struct dp_pool *v, size_t n, struct pool_routes **ret)
{
	*ret = NULL;
	if (!n)
		return 0;
	*ret = malloc(sizeof(**ret) + n * PREFIXES_MAX * sizeof((*ret)->v[0]));
	if (!*ret)
		return -ENOMEM;
	(*ret)->n = 0;
	for (size_t i = 0; i < n; i++)
		add_prefixes(*ret, &v[i]);
	qsort((*ret)->v, (*ret)->n, sizeof((*ret)->v[0]), pool_routes_order);
	return 0;
}

struct nl_msg *pool_routes_build(const struct pool_prefix *p, bool add)
{
	struct rtmsg h = { .rtm_family = AF_INET,
			   .rtm_dst_len = p->len,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTNL_ROUTE_PROTO,
			   .rtm_scope = RT_SCOPE_UNIVERSE,
			   .rtm_type = RTN_BLACKHOLE };
	struct nl_msg *m = nlmsg_alloc_simple(add ? RTM_NEWROUTE : RTM_DELROUTE,
					      add ? NLM_F_CREATE | NLM_F_EXCL : 0);

	if (!m)
		return NULL;
	if (nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(m, RTA_DST, htonl(p->ip)) < 0 ||
	    nla_put_u32(m, RTA_PRIORITY, POOL_ROUTES_METRIC) < 0) {
		nlmsg_free(m);
		return NULL;
	}
	return m;
}

/* ---- routes in the kernel ---- */

struct found {
	const struct pool_routes *want;
	bool *there;
	struct pool_prefix *stale;
	size_t n;
	bool no_memory;
};

static void add_stale(struct found *f, const struct pool_prefix *p)
{
	struct pool_prefix *v = reallocarray(f->stale, f->n + 1, sizeof(*v));

	if (!v) {
		f->no_memory = true;
		return;
	}
	f->stale = v;
	f->stale[f->n++] = *p;
}

static void pool_routes_on_route(struct nl_msg *m, void *self)
{
	struct found *f = self;
	const struct rtmsg *h = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *dst = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_DST);
	struct nlattr *metric = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*h), RTA_PRIORITY);
	struct pool_prefix p = { dst ? ntohl(nla_get_u32(dst)) : 0, h->rtm_dst_len };
	const struct pool_prefix *want;

	if (h->rtm_family != AF_INET || h->rtm_table != RT_TABLE_MAIN ||
	    h->rtm_protocol != RTNL_ROUTE_PROTO || h->rtm_type != RTN_BLACKHOLE || !metric ||
	    nla_get_u32(metric) != POOL_ROUTES_METRIC)
		return;
	want = f->want ? bsearch(&p, f->want->v, f->want->n, sizeof(p), pool_routes_order) : NULL;
	if (want && want->len == p.len)
		f->there[want - f->want->v] = true;
	else
		add_stale(f, &p);
}

/* With NETLINK_GET_STRICT_CHK the kernel omits other tables and protocols. */
static int find_routes(struct nl_sock *sk, struct found *f)
{
	struct rtmsg h = { .rtm_family = AF_INET,
			   .rtm_table = RT_TABLE_MAIN,
			   .rtm_protocol = RTNL_ROUTE_PROTO,
			   .rtm_type = RTN_BLACKHOLE };
	struct nl_msg *m = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
	int r;

	if (!m)
		return -ENOMEM;
	r = nlreq_run(sk, &(struct nlreq){ .m = m,
					   .bad = nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0,
					   .valid = pool_routes_on_route,
					   .self = f });
	return r == 0 && f->no_memory ? -ENOMEM : r;
}

static int add_route(struct nl_sock *sk, const struct pool_prefix *p, struct repair_result *res)
{
	int r = rtnl_ensure(sk, pool_routes_build(p, true));
	uint32_t be = htonl(p->ip);
	char text[REPAIR_WHAT], ip[INET_ADDRSTRLEN];

	snprintf(text, sizeof(text), "%s/%u", inet_ntop(AF_INET, &be, ip, sizeof(ip)), p->len);
	if (res && r)
		repair_note(res, r < 0 ? r : 0, text);
	return r < 0 ? r : 0;
}

int pool_routes_sync(struct nl_sock *sk, const struct pool_routes *want, struct repair_result *res)
{
	size_t n = want ? want->n : 0;
	struct found f = { .want = want, .there = calloc(n + 1, sizeof(bool)) };
	int r = f.there ? find_routes(sk, &f) : -ENOMEM;

	if (r < 0 && res)
		repair_note(res, r, "the list of blackhole routes");
	for (size_t i = 0; i < f.n; i++)
		rtnl_request(sk, pool_routes_build(&f.stale[i], false));
	free(f.stale);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!f.there[i])
			r = add_route(sk, &want->v[i], res);
	free(f.there);
	return r;
}

/* ---- jobs ---- */

static void pool_routes_run(struct kjob *j, void *thread)
{
	struct pool_keeper *k = ze_container_of(j, struct pool_keeper, job);

	free(k->now);
	k->now = k->next;
	k->next = NULL;
	k->result = k->sync(thread, k->now, NULL);
}

static void log_failed(int r)
{
	log_kv(LOG_DP, LOG_ERROR, "pool-routes-failed", KV_ERRNO(r),
	       KV_STR("effect",
		      "packets to unassigned addresses of the pools loop between ze and the "
		      "next router"));
}

static void pool_routes_done(struct kjob *j);

static void pool_routes_submit(struct pool_keeper *k)
{
	k->running = true;
	k->again = false;
	k->next = k->want;
	k->want = NULL;
	k->job.run = pool_routes_run;
	k->job.done = pool_routes_done;
	kworker_submit(k->worker, &k->seq, &k->job);
}

static void pool_routes_done(struct kjob *j)
{
	struct pool_keeper *k = ze_container_of(j, struct pool_keeper, job);

	k->running = false;
	if (k->result < 0)
		log_failed(k->result);
	if (k->again)
		pool_routes_submit(k);
}

void pool_keeper_set(struct pool_keeper *k, const struct dp_pool *v, size_t n)
{
	struct pool_routes *want;
	int r = pool_routes_of(v, n, &want);

	if (r < 0) {
		log_failed(r);
		return;
	}
	free(k->want);
	k->want = want;
	if (k->running)
		k->again = true;
	else
		pool_routes_submit(k);
}

void pool_keeper_done(struct pool_keeper *k)
{
	free(k->want);
	free(k->next);
	free(k->now);
	k->want = k->next = k->now = NULL;
}
