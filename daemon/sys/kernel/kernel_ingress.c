/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel/kernel_ingress.h"

#include <errno.h>
#include <pthread.h>

#include "daemon/sys/bpf/bpf_ingress.h"
#include "daemon/sys/bpf/gcra.h"
#include "daemon/sys/net/rtnl.h"

/* Shared by all workers. The steps of a session that holds a reference may use p without the
 * lock. */
static struct {
	pthread_mutex_t lock;
	struct bpf_ingress *p;
	unsigned sessions;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int kernel_ingress_take(void)
{
	int r;

	pthread_mutex_lock(&all.lock);
	r = all.p ? 0 : bpf_ingress_open(&all.p);
	if (r == 0)
		all.sessions++;
	pthread_mutex_unlock(&all.lock);
	return r;
}

static void kernel_ingress_drop(void)
{
	pthread_mutex_lock(&all.lock);
	if (--all.sessions == 0) {
		bpf_ingress_close(all.p);
		all.p = NULL;
	}
	pthread_mutex_unlock(&all.lock);
}

int kernel_ingress_up(struct nl_sock *rtnl, const struct kernel_session *s)
{
	int r = kernel_ingress_take();

	if (r < 0)
		return r;
	r = rtnl_subscriber(rtnl, s->ifindex, bpf_ingress_prog_fd(all.p));
	if (r < 0)
		kernel_ingress_down(s);
	return r;
}

int kernel_ingress_check(struct nl_sock *rtnl, const struct kernel_session *s)
{
	return rtnl_ensure_subscriber(rtnl, s->ifindex, bpf_ingress_prog_fd(all.p));
}

void kernel_ingress_down(const struct kernel_session *s)
{
	bpf_ingress_unset(all.p, s->ifindex);
	kernel_ingress_drop();
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
static int get_row(const struct kernel_session *s, struct ze_ingress *ret)
{
	struct ze_ingress v = { 0 };
	int r = bpf_ingress_get(all.p, s->ifindex, &v);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = v;
	return 0;
}

int kernel_ingress_source(const struct kernel_session *s, const struct dp_family *f, bool open)
{
	struct ze_ingress v;
	int r = get_row(s, &v);

	if (r < 0)
		return r;
	if (f->family == PPP_FAM_IPV4)
		put_be(v.ip4, sizeof(v.ip4), open ? f->peer4 : 0);
	else
		put_be(v.ifid, sizeof(v.ifid), open ? f->peer_ifid : 0);
	return bpf_ingress_set(all.p, s->ifindex, &v);
}

int kernel_ingress_rate(const struct kernel_session *s, uint32_t cost)
{
	struct ze_ingress v;
	int r = get_row(s, &v);

	if (r < 0)
		return r;
	v.cost = cost;
	return bpf_ingress_set(all.p, s->ifindex, &v);
}

void kernel_ingress_read(int ifindex, struct dp_stats *st)
{
	struct ze_ingress v = { 0 };

	pthread_mutex_lock(&all.lock);
	if (all.p)
		bpf_ingress_get(all.p, ifindex, &v);
	pthread_mutex_unlock(&all.lock);
	st->up_spoofed = v.spoofed;
	st->up_policed = v.policed;
}
