/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bookkeeping of the kernel plane, on the reactor. Sessions and their jobs are in dp_jobs.h; the
 * steps run on workers (kernel.h). session_down during the set-up cancels it before its next step;
 * what was set up is then undone.
 *
 * A tunnel has a connected UDP socket from its first session to its last. The kernel delivers the
 * peer's control messages to that socket and no longer to the listener, so it is watched while it
 * exists, and its queue is read before it is closed. The kernel tunnel is created by the first job
 * of any of its sessions. It is deleted on a worker, because the kernel releases the id late;
 * sessions that are created meanwhile wait until it is deleted, and then a new socket is opened.
 *
 * On kernels that cannot distinguish tunnels between the same addresses and ports, all tunnels of a
 * path share one kernel tunnel (tunnel_for()), and the ids in outgoing packets are labels
 * (put_label(), bpf/ze_label.bpf.c).
 *
 * A previous instance leaves nothing (L-216). The kernel removes tunnel, sessions and pppN when the
 * last descriptors of the process are closed, also after SIGKILL: encap_destroy of the UDP socket
 * deletes the tunnel with its sessions, and release of /dev/ppp the unit. An instance that starts
 * before that is complete uses other random ids, so nothing has to be removed, and tunnels of other
 * programs are left alone.
 *
 * Ownership. struct kernel_session, steps and families belong to the jobs of the session; the
 * reactor reads descriptors and names only in SESSION_UP, when no job changes them. Everything else
 * belongs to the reactor.
 */
#include "daemon/sys/kernel/dp_kernel.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/sys/kernel/dp_kernel_obj.h"
#include "daemon/sys/kernel/dp_kernel_priv.h"
#include "daemon/sys/kernel/dp_kernel_route.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/kernel/pppox.h"
#include "daemon/sys/net/pool_routes.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/run/counts.h"
#include "daemon/sys/run/kworker.h"
#include "daemon/sys/run/loop.h"

/* ---- on workers ---- */

static int tunnel_ensure(struct dp_kernel_tunnel *t, void *thread)
{
	int r = 0;

	pthread_mutex_lock(&t->lock);
	if (!t->created) {
		r = t->d->a.ops->tunnel_up(thread, &t->k);
		t->created = r == 0;
	}
	pthread_mutex_unlock(&t->lock);
	return r;
}

static void undo_steps(struct session *s, void *thread)
{
	while (s->done)
		s->d->a.ops->steps[--s->done].down(thread, &s->k);
}

static void turn(const struct kernel_ops *ops, bool *held, bool want)
{
	if (want && !*held)
		ops->enter();
	if (!want && *held)
		ops->leave();
	*held = want;
}

static int dp_kernel_run_up(struct dp_jobs_session *js, void *thread)
{
	struct session *s = dp_kernel_session(js);
	const struct kernel_ops *ops = s->d->a.ops;
	const struct kernel_step *step = ops->steps;
	int r = tunnel_ensure(s->tunnel, thread);
	bool held = false;

	s->failed = "l2tp-tunnel";
	while (r == 0 && s->done < KERNEL_STEPS_MAX && step[s->done].name) {
		s->failed = step[s->done].name;
		turn(ops, &held, step[s->done].in_turn);
		r = atomic_load(&s->cancel) ? -ECANCELED : step[s->done].up(thread, &s->k);
		if (r == 0)
			s->done++;
	}
	turn(ops, &held, false);
	if (r < 0)
		undo_steps(s, thread);
	return r;
}

/* ending: the session is removed, and with it what is with_session. */
static void undo_shape(struct session *s, bool ending, void *thread)
{
	while (s->shaped) {
		const struct kernel_shape_step *step = &s->d->a.ops->shape_steps[--s->shaped];

		if (!ending || !step->with_session)
			step->down(thread, &s->k);
	}
}

/* Steps that are up are replaced. After a failure all steps are undone. */
static int dp_kernel_run_shape(struct dp_jobs_session *js, struct dp_jobs_request *rq, void *thread)
{
	struct session *s = dp_kernel_session(js);
	const struct kernel_shape_step *step = s->d->a.ops->shape_steps;
	int r = 0;

	for (size_t i = 0; r == 0 && i < KERNEL_STEPS_MAX && step[i].name; i++) {
		rq->step = step[i].name;
		r = step[i].up(thread, &s->k, &rq->plan);
		if (r == 0 && i >= s->shaped)
			s->shaped = i + 1;
	}
	if (r < 0)
		undo_shape(s, false, thread);
	return r;
}

/* Passes or drops the family's packets, as want says. */
static void settle_pass(struct session *s, struct family *f, bool want, void *thread)
{
	int r;

	if (!f->done || want == f->passes)
		return;
	r = s->d->a.ops->pass(thread, &s->k, f->f.family, want);
	if (r < 0)
		s->open_result = r;
	else
		f->passes = want;
}

static void dp_kernel_undo_family(struct session *s, struct family *f, bool ending, void *thread)
{
	if (!ending) /* otherwise the interface is removed */
		settle_pass(s, f, false, thread);
	s->k.other_up = s->families[!f->f.family].done > 0;
	while (f->done) {
		const struct kernel_family_step *step = &s->d->a.ops->family_steps[--f->done];

		if (!ending || !step->with_session)
			step->down(thread, &s->k, &f->f);
	}
}

static int dp_kernel_run_family_up(struct dp_jobs_session *js, struct dp_jobs_request *rq,
				   void *thread)
{
	struct session *s = dp_kernel_session(js);
	struct family *f = &s->families[rq->family.family];
	const struct kernel_family_step *step = s->d->a.ops->family_steps;
	int r = 0;

	s->d->a.ops->enter();
	dp_kernel_undo_family(s, f, false, thread);
	f->f = rq->family;
	while (r == 0 && f->done < KERNEL_STEPS_MAX && step[f->done].name) {
		rq->step = step[f->done].name;
		r = step[f->done].up(thread, &s->k, &f->f);
		if (r == 0)
			f->done++;
	}
	if (r < 0)
		dp_kernel_undo_family(s, f, false, thread);
	else
		dp_kernel_routes_again(s, rq->family.family, thread);
	settle_pass(s, f, atomic_load(&f->wanted), thread);
	s->d->a.ops->leave();
	return r;
}

static void run_open(struct kjob *j, void *thread)
{
	struct session *s = ze_container_of(j, struct session, open_job);

	s->d->a.ops->enter();
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		settle_pass(s, &s->families[f], atomic_load(&s->families[f].wanted), thread);
	s->d->a.ops->leave();
}

static void dp_kernel_run_family_down(struct dp_jobs_session *js, enum ppp_family family,
				      void *thread)
{
	struct session *s = dp_kernel_session(js);

	dp_kernel_routes_down(s, family, thread);
	dp_kernel_undo_family(s, &s->families[family], false, thread);
}

static void dp_kernel_run_down(struct dp_jobs_session *js, void *thread)
{
	struct session *s = dp_kernel_session(js);

	for (unsigned f = PPP_FAM__COUNT; f-- > 0;) {
		dp_kernel_routes_down(s, (enum ppp_family)f, thread);
		dp_kernel_undo_family(s, &s->families[f], true, thread);
	}
	undo_shape(s, true, thread);
	s->counted = s->k.ifindex && s->d->a.ops->final(thread, &s->k, &s->final) == 0;
	undo_steps(s, thread);
}

static void run_delete(struct kjob *j, void *thread)
{
	struct dp_kernel_tunnel *t = ze_container_of(j, struct dp_kernel_tunnel, delete_job);

	if (t->created)
		t->d->a.ops->tunnel_down(thread, &t->k);
	t->created = false;
}

/* ---- tunnels ---- */

/* Ids of tunnels are ours, so that no peer can make them collide. */
static struct dp_kernel_tunnel *tunnel_find(const struct dp_kernel *d, uint16_t tid)
{
	struct htab_node *n = htab_find(&d->tunnels, tid);

	return n ? ze_container_of(n, struct dp_kernel_tunnel, in_tunnels) : NULL;
}

/* Iterates over all tunnels in no particular order: the one after t, or the first when t is
 * NULL. */
static struct dp_kernel_tunnel *tunnel_next(const struct dp_kernel *d,
					    const struct dp_kernel_tunnel *t)
{
	struct htab_node *n = htab_next(&d->tunnels, t ? &t->in_tunnels : NULL);

	return n ? ze_container_of(n, struct dp_kernel_tunnel, in_tunnels) : NULL;
}

static void tunnel_free(struct dp_kernel_tunnel *t)
{
	htab_del(&t->d->tunnels, &t->in_tunnels);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static bool same_path(const struct net_path *a, const struct net_path *b)
{
	return ze_addr_eq(&a->local, &b->local) && ze_addr_eq(&a->peer, &b->peer);
}

/* Limits the log lines: every session of a peer may fail in the same way. */
static bool dp_kernel_may_log(struct dp_kernel *d, uint32_t *ret_suppressed)
{
	return log_limit_pass(&d->lines, loop_clock_ns(), ret_suppressed);
}

/* True when another tunnel uses the path, on a kernel that cannot have two on one. */
static bool path_taken(struct dp_kernel *d, const struct dp_tunnel *want)
{
	struct dp_kernel_tunnel *t = NULL;

	while (d->a.paths == KERNEL_PATHS_ONE && (t = tunnel_next(d, t))) {
		char peer[ZE_ADDR_TEXT];
		uint32_t suppressed;

		if (t->tid == want->tid || t->state == TUNNEL_CLOSED ||
		    !same_path(&t->k.t.path, &want->path))
			continue;
		if (!dp_kernel_may_log(d, &suppressed))
			return true;
		log_kv(LOG_DP, LOG_WARN, "tunnel-path-taken", KV_U64("tid", want->tid),
		       KV_U64("held-by-tid", t->tid),
		       KV_STR("peer", ze_addr_text(&want->path.peer, peer)),
		       KV_STR("why",
			      "Linux before 6.11 cannot distinguish two tunnels with the same "
			      "addresses and ports"),
		       KV_STR("cure", "configure l2tp { bpf { uplink } }"),
		       KV_SUPPRESSED(suppressed));
		return true;
	}
	return false;
}

static int tunnel_open(struct dp_kernel_tunnel *t, const struct dp_tunnel *what)
{
	struct dp_kernel *d = t->d;
	int fd, r = path_taken(d, what) ? -EADDRINUSE : d->a.ops->socket(&what->path, &fd);

	if (r < 0)
		return r;
	t->watch = d->a.io->tunnel_watch(d->a.io_self, fd, &what->path);
	if (!t->watch) {
		d->a.ops->close(fd);
		return -ENOMEM;
	}
	t->k = (struct kernel_tunnel){ .t = *what, .fd = fd };
	t->state = TUNNEL_OPEN;
	return 0;
}

static void session_build(struct session *s);
static void tunnel_unref(struct dp_kernel_tunnel *t);

/* The kernel tunnel is deleted: closes its socket, and builds the sessions that waited for that. */
static void delete_done(struct kjob *j)
{
	struct dp_kernel_tunnel *t = ze_container_of(j, struct dp_kernel_tunnel, delete_job);
	int r = 0;

	/* The socket's queue is passed to the engine, which may create sessions: they wait, too. */
	t->refs++;
	t->d->a.io->tunnel_unwatch(t->watch);
	t->d->a.ops->close(t->k.fd);
	t->state = TUNNEL_CLOSED;
	if (!list_empty(&t->waiting))
		r = tunnel_open(t, &list_entry(t->waiting.next, struct session, link)->k.s.tunnel);
	while (!list_empty(&t->waiting)) {
		struct session *s = list_entry(t->waiting.next, struct session, link);

		list_del(&s->link);
		if (r < 0)
			dp_jobs_fail(&s->jobs, r);
		else
			session_build(s);
	}
	tunnel_unref(t);
}

static void tunnel_unref(struct dp_kernel_tunnel *t)
{
	if (--t->refs)
		return;
	if (t->state == TUNNEL_CLOSED) {
		tunnel_free(t);
	} else if (t->state == TUNNEL_OPEN) {
		t->state = TUNNEL_DELETING;
		t->delete_job.run = run_delete;
		t->delete_job.done = delete_done;
		kworker_submit(t->d->jobs.worker, &t->seq, &t->delete_job);
	}
}

static struct dp_kernel_tunnel *dp_kernel_tunnel_new(struct dp_kernel *d,
						     const struct dp_tunnel *what)
{
	struct dp_kernel_tunnel *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->d = d;
	t->tid = what->tid;
	t->k.t.path = what->path;
	list_init(&t->waiting);
	kworker_seq_init(&t->seq);
	if (htab_add(&d->tunnels, &t->in_tunnels, t->tid) < 0) {
		free(t);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	return t;
}

/* Finds or creates the kernel tunnel of a session. With labels it is the one of the path, with the
 * tunnel id of its first session: while it exists, another tunnel with that id is refused with
 * -EADDRINUSE. */
static int tunnel_for(struct dp_kernel *d, const struct dp_tunnel *what,
		      struct dp_kernel_tunnel **ret)
{
	struct dp_kernel_tunnel *t = tunnel_find(d, what->tid);

	if (d->a.paths == KERNEL_PATHS_LABELLED) {
		const struct dp_kernel_tunnel *same_id = t;

		for (t = tunnel_next(d, NULL); t && !same_path(&t->k.t.path, &what->path);)
			t = tunnel_next(d, t);
		if (!t && same_id)
			return -EADDRINUSE;
	}
	if (!t)
		t = dp_kernel_tunnel_new(d, what);
	*ret = t;
	return t ? 0 : -ENOMEM;
}

/* Peers never assign tunnel id 0: the label program recognizes our packets by it. */
static void put_label(struct kernel_session *k, uint16_t kernel_tid)
{
	k->labelled = true;
	k->label_tid = k->s.tunnel.peer_tid;
	k->label_sid = k->s.peer_sid;
	k->s.tunnel.tid = kernel_tid;
	k->s.tunnel.peer_tid = 0;
	k->s.peer_sid = k->s.sid;
}

/* ---- sessions ---- */

static struct session *dp_kernel_find_up(struct dp_kernel *d, uint16_t sid)
{
	struct dp_jobs_session *s = dp_jobs_find_up(&d->jobs, sid);

	return s ? dp_kernel_session(s) : NULL;
}

static void session_build(struct session *s)
{
	s->k.tunnel_fd = s->tunnel->k.fd;
	dp_jobs_start(&s->jobs);
}

static int session_new(struct dp_kernel *d, const struct dp_session *what, struct session **ret)
{
	struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->d = d;
	s->k = (struct kernel_session){
		.s = *what, .tunnel_fd = -1, .pppox = -1, .chan = -1, .unit = -1
	};
	s->frames.self = d->a.io_self;
	s->frames.sid = what->sid;
	list_init(&s->link);
	list_init(&s->in_suspects);
	r = tunnel_for(d, &what->tunnel, &s->tunnel);
	if (r < 0) {
		free(s);
		return r;
	}
	if (d->a.paths == KERNEL_PATHS_LABELLED)
		put_label(&s->k, s->tunnel->tid);
	s->tunnel->refs++;
	r = dp_jobs_add(&d->jobs, &s->jobs, what->sid);
	if (r < 0) {
		tunnel_unref(s->tunnel);
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

static int dp_kernel_session_up(void *self, const struct dp_session *what)
{
	struct dp_kernel *d = self;
	struct session *s;
	int r;

	if (dp_jobs_find(&d->jobs, what->sid))
		return -EEXIST;
	r = session_new(d, what, &s);
	if (r < 0)
		return r;
	if (s->tunnel->state == TUNNEL_DELETING) {
		list_add_tail(&s->tunnel->waiting, &s->link);
		return 0;
	}
	if (s->tunnel->state == TUNNEL_CLOSED)
		r = tunnel_open(s->tunnel, &s->k.s.tunnel);
	if (r < 0)
		dp_jobs_drop(&s->jobs);
	else
		session_build(s);
	return r;
}

static void dp_kernel_session_free(struct dp_jobs_session *js)
{
	struct session *s = dp_kernel_session(js);
	struct dp_kernel_tunnel *t = s->tunnel;

	free(s->routes);
	free(s);
	tunnel_unref(t);
}

static void dp_kernel_closing(struct dp_jobs_session *js)
{
	struct session *s = dp_kernel_session(js);
	struct dp_kernel *d = s->d;

	if (js->state == SESSION_UP) {
		d->a.io->frames_unwatch(&s->frames);
		if (s->indexed)
			htab_del(&d->by_ifindex, &s->in_ifindex);
	}
	list_del(&s->in_suspects);
	list_del(&s->link); /* from tunnel.waiting */
	atomic_store(&s->cancel, true);
}

/* ---- answers ---- */

static void log_step(const struct session *s, const char *step, int result)
{
	uint32_t suppressed;

	if (!dp_kernel_may_log(s->d, &suppressed))
		return;
	log_kv(LOG_DP, LOG_WARN, "kernel-step-failed", KV_U64("tid", s->tunnel->tid),
	       KV_U64("sid", s->jobs.sid), KV_STR("step", step), KV_ERRNO(result),
	       KV_SUPPRESSED(suppressed));
}

static void dp_kernel_up_done(struct session *s, struct dp_event *ev)
{
	/* If the allocation fails, the session is checked only when all are. */
	s->indexed = htab_add(&s->d->by_ifindex, &s->in_ifindex, dp_kernel_hash(s->k.ifindex)) == 0;
	memcpy(ev->ifname, s->k.ifname, sizeof(ev->ifname));
	s->frames.chan = s->k.chan;
	s->frames.unit = s->k.unit;
	s->d->a.io->frames_watch(&s->frames);
}

static void dp_kernel_down_done(const struct session *s, struct dp_event *ev)
{
	const struct dp_stats *last = counts_find(&s->d->counts, s->jobs.sid, s->k.ifindex);

	ev->counted = s->counted || last;
	if (s->counted)
		ev->final = s->final;
	else if (last) /* another program removed the interface */
		ev->final = *last;
}

static void dp_kernel_answer(struct dp_jobs_session *js, const struct dp_jobs_request *rq,
			     struct dp_event *ev)
{
	struct session *s = dp_kernel_session(js);

	if (ev->result < 0)
		log_step(s, rq ? rq->step : s->failed, ev->result);
	else if (ev->kind == DP_EV_SESSION_UP)
		dp_kernel_up_done(s, ev);
	else if (ev->kind == DP_EV_GONE)
		dp_kernel_down_done(s, ev);
}

static void dp_kernel_emit(struct dp_jobs *jobs, const struct dp_event *ev)
{
	const struct dp_kernel *d = ze_container_of(jobs, struct dp_kernel, jobs);

	d->a.io->emit(d->a.io_self, ev);
}

/* ---- families ---- */

static void open_done(struct kjob *j);

static void open_submit(struct session *s)
{
	s->opening = true;
	s->open_again = false;
	s->open_result = 0;
	s->open_job.run = run_open;
	s->open_job.done = open_done;
	kworker_submit(s->d->jobs.worker, &s->jobs.seq, &s->open_job);
}

static void open_done(struct kjob *j)
{
	struct session *s = ze_container_of(j, struct session, open_job);

	s->opening = false;
	if (s->open_result < 0)
		log_step(s, "np-mode", s->open_result);
	if (s->open_again && s->jobs.state == SESSION_UP)
		open_submit(s);
}

/* One embedded job applies all changes made before it runs, so that none has to be allocated. */
static void dp_kernel_family_open(void *self, uint16_t sid, enum ppp_family family, bool open)
{
	struct session *s = dp_kernel_find_up(self, sid);

	if (!s)
		return;
	atomic_store(&s->families[family].wanted, open);
	if (s->opening)
		s->open_again = true;
	else
		open_submit(s);
}

static void dp_kernel_family_closing(struct dp_jobs_session *js, enum ppp_family family)
{
	atomic_store(&dp_kernel_session(js)->families[family].wanted, false);
}

static const struct dp_jobs_ops dp_kernel_jobs = {
	.up = dp_kernel_run_up,
	.shape = dp_kernel_run_shape,
	.family_up = dp_kernel_run_family_up,
	.route = dp_kernel_run_route,
	.family_down = dp_kernel_run_family_down,
	.down = dp_kernel_run_down,
	.family_closing = dp_kernel_family_closing,
	.closing = dp_kernel_closing,
	.answer = dp_kernel_answer,
	.free = dp_kernel_session_free,
	.emit = dp_kernel_emit,
};

/* ---- frames, counters ---- */

/* LCP and authentication are sent on the channel, network control protocols on the unit; /dev/ppp
 * adds FF 03. */
static int dp_kernel_ppp_send(void *self, uint16_t sid, struct span frame)
{
	struct session *s = dp_kernel_find_up(self, sid);
	struct rd r = rd_span(frame);
	uint16_t proto;

	if (!s)
		return -ENOTCONN;
	rd_u16(&r);
	proto = rd_u16(&r);
	if (r.bad || proto < 0x8000)
		return -EINVAL;
	return pppox_write(proto >= 0xc000 ? s->k.chan : s->k.unit,
			   (struct span){ frame.p + 2, frame.len - 2 });
}

static size_t list_counts(void *self, struct counts_row *rows, size_t max)
{
	struct dp_kernel *d = self;
	size_t n = 0;

	for (struct dp_jobs_session *s = dp_jobs_next(&d->jobs, NULL); s && n < max;
	     s = dp_jobs_next(&d->jobs, s))
		if (s->state == SESSION_UP)
			rows[n++] =
				(struct counts_row){ .sid = s->sid,
						     .ifindex = dp_kernel_session(s)->k.ifindex };
	return n;
}

static int read_counts(void *self, void *thread, struct counts_reading *r)
{
	struct dp_kernel *d = self;

	return d->a.ops->stats(thread, r->rows, r->n);
}

static const struct counts_source counts_source = { .list = list_counts, .read = read_counts };

static int dp_kernel_stats(void *self, uint16_t sid, ze_ns now, struct dp_stats *ret,
			   ze_ns *ret_as_of)
{
	struct dp_kernel *d = self;
	struct session *s = dp_kernel_find_up(d, sid);
	const struct dp_stats *st;

	if (!s)
		return -ENOTCONN;
	counts_refresh(&d->counts, d->jobs.sessions.n, now);
	st = counts_find(&d->counts, sid, s->k.ifindex);
	if (!st)
		return -EAGAIN;
	*ret = *st;
	*ret_as_of = d->counts.last.totals.as_of;
	return 0;
}

static struct dp_totals dp_kernel_totals(void *self, ze_ns now)
{
	struct dp_kernel *d = self;

	return counts_totals(&d->counts, d->jobs.sessions.n, now);
}

static void set_pools(void *self, const struct dp_pool *v, size_t n)
{
	struct dp_kernel *d = self;

	pool_keeper_set(&d->pool, v, n);
}

static void dp_kernel_show(void *self, struct json *j)
{
	struct dp_kernel *d = self;

	d->a.io->show(d->a.io_self, j);
}

_Static_assert(offsetof(struct dp_kernel, jobs) == 0, "see dp_jobs.h");

const struct dataplane_ops dp_kernel_ops = {
	.name = "kernel",
	.session_up = dp_kernel_session_up,
	.shape = dp_jobs_shape,
	.family_up = dp_jobs_family_up,
	.family_open = dp_kernel_family_open,
	.route = dp_jobs_route,
	.family_down = dp_jobs_family_down,
	.session_down = dp_jobs_session_down,
	.ppp_send = dp_kernel_ppp_send,
	.stats = dp_kernel_stats,
	.totals = dp_kernel_totals,
	.pools = set_pools,
	.show = dp_kernel_show,
};
/* ---- create and free ---- */

static int dp_kernel_worker_new(void *self, void **ret_thread)
{
	struct dp_kernel *d = self;

	return d->a.ops->thread_new(d->a.shared, ret_thread);
}

static void dp_kernel_worker_free(void *self, void *thread)
{
	struct dp_kernel *d = self;

	d->a.ops->thread_free(thread);
}

static void dp_kernel_worker_notify(void *self)
{
	struct dp_kernel *d = self;

	d->a.io->notify(d->a.io_self);
}

int dp_kernel_start(const struct dp_kernel_seams *a, struct dp_kernel **ret)
{
	struct dp_kernel *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->jobs.ops = &dp_kernel_jobs;
	d->a = *a;
	d->lines = (struct log_limit){ .every = ZE_MS(100), .burst = 100 };
	r = kworker_new(&(struct kworker_args){ .threads = a->threads,
						.thread_new = dp_kernel_worker_new,
						.thread_free = dp_kernel_worker_free,
						.notify = dp_kernel_worker_notify,
						.self = d },
			&d->jobs.worker);
	if (r < 0) {
		free(d);
		return r;
	}
	kworker_seq_init(&d->pool.seq);
	list_init(&d->suspects);
	d->pool.worker = d->jobs.worker;
	d->pool.sync = a->ops->pool;
	counts_init(&d->counts, &counts_source, d->jobs.worker, d);
	*ret = d;
	return 0;
}

void dp_kernel_stop(struct dp_kernel *d)
{
	if (!d)
		return;
	dp_jobs_down_all(&d->jobs);
	set_pools(d, NULL, 0);
	kworker_free(d->jobs.worker);
	pool_keeper_done(&d->pool);
	counts_done(&d->counts);
	free(d);
}

void dp_kernel_reap(struct dp_kernel *d)
{
	kworker_reap(d->jobs.worker);
}

void *dp_kernel_io_self(const struct dp_kernel *d)
{
	return d->a.io_self;
}
