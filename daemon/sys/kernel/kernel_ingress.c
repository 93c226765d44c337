/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel/kernel_ingress.h"

#include <errno.h>
#include <pthread.h>

#include "daemon/sys/bpf/bpf_ingress.h"
#include "daemon/sys/bpf/gcra.h"
#include "daemon/sys/net/rtnl.h"

void kernel_ingress_init(struct kernel_ingress *in)
{
	*in = (struct kernel_ingress){ .p = NULL };
	pthread_mutex_init(&in->lock, NULL);
}

void kernel_ingress_done(struct kernel_ingress *in)
{
	pthread_mutex_destroy(&in->lock);
}

static int kernel_ingress_take(struct kernel_ingress *in)
{
	int r;

	pthread_mutex_lock(&in->lock);
	r = in->p ? 0 : bpf_ingress_open(&in->p);
	if (r == 0)
		in->sessions++;
	pthread_mutex_unlock(&in->lock);
	return r;
}

static void kernel_ingress_drop(struct kernel_ingress *in)
{
	pthread_mutex_lock(&in->lock);
	if (--in->sessions == 0) {
		bpf_ingress_close(in->p);
		in->p = NULL;
	}
	pthread_mutex_unlock(&in->lock);
}

int kernel_ingress_up(struct kernel_ingress *in, struct nl_sock *rtnl,
		      const struct kernel_session *s)
{
	int r = kernel_ingress_take(in);

	if (r < 0)
		return r;
	r = rtnl_subscriber(rtnl, s->ifindex, bpf_ingress_prog_fd(in->p));
	if (r < 0)
		kernel_ingress_down(in, s);
	return r;
}

int kernel_ingress_check(struct kernel_ingress *in, struct nl_sock *rtnl,
			 const struct kernel_session *s)
{
	return rtnl_ensure_subscriber(rtnl, s->ifindex, bpf_ingress_prog_fd(in->p));
}

void kernel_ingress_down(struct kernel_ingress *in, const struct kernel_session *s)
{
	bpf_ingress_unset(in->p, s->ifindex);
	kernel_ingress_drop(in);
}

static void put_be(uint8_t *p, size_t n, uint64_t v)
{
	while (n) {
		p[--n] = (uint8_t)v;
		v >>= 8;
	}
}

/* Returns an empty row when there is none: the first family or rate creates it. Other errors are
 * returned, so that a row is never overwritten by mistake. */
static int get_row(const struct kernel_ingress *in, const struct kernel_session *s,
		   struct ze_ingress *ret)
{
	struct ze_ingress v = { 0 };
	int r = bpf_ingress_get(in->p, s->ifindex, &v);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = v;
	return 0;
}

int kernel_ingress_source(struct kernel_ingress *in, const struct kernel_session *s,
			  const struct dp_family *f, bool open)
{
	struct ze_ingress v;
	int r = get_row(in, s, &v);

	if (r < 0)
		return r;
	if (f->family == PPP_FAM_IPV4)
		put_be(v.ip4, sizeof(v.ip4), open ? f->peer4 : 0);
	else
		put_be(v.ifid, sizeof(v.ifid), open ? f->peer_ifid : 0);
	return bpf_ingress_set(in->p, s->ifindex, &v);
}

/* The lock: another worker may give the prefix to another session. */
int kernel_ingress_net(struct kernel_ingress *in, const struct kernel_session *s,
		       const struct ze_prefix *p, bool add)
{
	int r = 0;

	pthread_mutex_lock(&in->lock);
	if (add)
		r = bpf_ingress_net_set(in->p, p, s->ifindex);
	else
		bpf_ingress_net_unset(in->p, p, s->ifindex);
	pthread_mutex_unlock(&in->lock);
	return r;
}

int kernel_ingress_rate(struct kernel_ingress *in, const struct kernel_session *s, uint32_t cost)
{
	struct ze_ingress v;
	int r = get_row(in, s, &v);

	if (r < 0)
		return r;
	v.cost = cost;
	return bpf_ingress_set(in->p, s->ifindex, &v);
}

void kernel_ingress_read(struct kernel_ingress *in, int ifindex, struct dp_stats *st)
{
	struct ze_ingress v = { 0 };

	pthread_mutex_lock(&in->lock);
	if (in->p)
		bpf_ingress_get(in->p, ifindex, &v);
	pthread_mutex_unlock(&in->lock);
	st->up_spoofed = v.spoofed;
	st->up_policed = v.policed;
}
