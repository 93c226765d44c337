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

void pool_routes_of(const struct dp_pool *p, struct pool_routes *ret)
{
	uint64_t from = p ? p->start : 1, end = p ? p->end : 0;

	ret->n = 0;
	while (from <= end && ret->n < POOL_ROUTES_MAX) {
		uint8_t len = prefix_len((uint32_t)from, (uint32_t)end);

		ret->v[ret->n++] = (struct pool_prefix){ (uint32_t)from, len };
		from += UINT64_C(1) << (32 - len);
	}
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
	bool there[POOL_ROUTES_MAX];
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

	if (h->rtm_family != AF_INET || h->rtm_table != RT_TABLE_MAIN ||
	    h->rtm_protocol != RTNL_ROUTE_PROTO || h->rtm_type != RTN_BLACKHOLE || !metric ||
	    nla_get_u32(metric) != POOL_ROUTES_METRIC)
		return;
	for (size_t i = 0; i < f->want->n; i++)
		if (f->want->v[i].ip == p.ip && f->want->v[i].len == p.len) {
			f->there[i] = true;
			return;
		}
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
	struct found f = { .want = want };
	int r = find_routes(sk, &f);

	if (r < 0 && res)
		repair_note(res, r, "the list of blackhole routes");
	for (size_t i = 0; i < f.n; i++)
		rtnl_request(sk, pool_routes_build(&f.stale[i], false));
	free(f.stale);
	for (size_t i = 0; r == 0 && i < want->n; i++)
		if (!f.there[i])
			r = add_route(sk, &want->v[i], res);
	return r;
}

/* ---- jobs ---- */

static void pool_routes_run(struct kjob *j, void *thread)
{
	struct pool_keeper *k = ze_container_of(j, struct pool_keeper, job);

	k->now = k->next;
	k->result = k->sync(thread, &k->now, NULL);
}

static void pool_routes_done(struct kjob *j);

static void pool_routes_submit(struct pool_keeper *k)
{
	k->running = true;
	k->again = false;
	k->next = k->want;
	k->job.run = pool_routes_run;
	k->job.done = pool_routes_done;
	kworker_submit(k->worker, &k->seq, &k->job);
}

static void pool_routes_done(struct kjob *j)
{
	struct pool_keeper *k = ze_container_of(j, struct pool_keeper, job);

	k->running = false;
	if (k->result < 0)
		log_kv(LOG_DP, LOG_ERROR, "pool-routes-failed", KV_ERRNO(k->result),
		       KV_STR("effect",
			      "packets to unassigned addresses of the pool loop between ze and the next router"));
	if (k->again)
		pool_routes_submit(k);
}

void pool_keeper_set(struct pool_keeper *k, const struct dp_pool *p)
{
	pool_routes_of(p, &k->want);
	if (k->running)
		k->again = true;
	else
		pool_routes_submit(k);
}
