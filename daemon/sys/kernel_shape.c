/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel_shape.h"

#include <pthread.h>

#include "daemon/sys/bpf_police.h"
#include "daemon/sys/gcra.h"
#include "daemon/sys/rtnl.h"
#include "shaping/tc.h"

/* Of all workers. */
static struct {
	pthread_mutex_t lock;
	struct bpf_police *p;
	unsigned sessions;
} police = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int send_request(void *self, struct nl_msg *m)
{
	return rtnl_request(self, m);
}

int kernel_shaper_up(struct nl_sock *rtnl, struct kernel_session *s, const struct shape_plan *p)
{
	int r = tc_shape(s->ifindex, p, send_request, rtnl);

	if (r < 0)
		kernel_shaper_down(rtnl, s);
	return r;
}

void kernel_shaper_down(struct nl_sock *rtnl, struct kernel_session *s)
{
	tc_clear(s->ifindex, send_request, rtnl);
}

static int take(void)
{
	int r = police.p ? 0 : bpf_police_open(&police.p);

	if (r == 0)
		police.sessions++;
	return r;
}

static void drop(void)
{
	if (--police.sessions)
		return;
	bpf_police_close(police.p);
	police.p = NULL;
}

/* Called again with other rates, too. */
int kernel_upload_up(struct kernel_session *s, const struct shape_plan *p)
{
	const struct gcra g = gcra_of(p->up_bps);
	int r = 0;

	pthread_mutex_lock(&police.lock);
	if (!s->policed)
		r = take();
	if (r == 0) {
		r = bpf_police_set(police.p, s->ifindex, &g);
		if (r < 0 && !s->policed)
			drop();
		else
			s->policed = true;
	}
	pthread_mutex_unlock(&police.lock);
	return r;
}

void kernel_upload_down(struct kernel_session *s)
{
	pthread_mutex_lock(&police.lock);
	bpf_police_unset(police.p, s->ifindex);
	s->policed = false;
	drop();
	pthread_mutex_unlock(&police.lock);
}

uint64_t kernel_upload_dropped(int ifindex)
{
	struct ze_police v = { 0 };

	pthread_mutex_lock(&police.lock);
	if (police.p)
		bpf_police_read(police.p, ifindex, &v);
	pthread_mutex_unlock(&police.lock);
	return v.dropped_packets;
}

/* The program is there as long as the session has its rate: no lock but RTNL's. New rates need no
 * new filter. */
int kernel_filter_up(struct kernel_session *s)
{
	int r;

	if (s->filtered)
		return 0;
	rtnl_enter();
	r = bpf_police_attach(police.p, s->ifindex);
	if (r < 0)
		bpf_police_detach(police.p, s->ifindex);
	rtnl_leave();
	s->filtered = r == 0;
	return r;
}

void kernel_filter_down(struct kernel_session *s)
{
	rtnl_enter();
	bpf_police_detach(police.p, s->ifindex);
	rtnl_leave();
	s->filtered = false;
}
