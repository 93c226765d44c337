/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sessions from which another program may have removed something. Each is checked by a job in its
 * own sequence, so that the check never runs beside other jobs of the session, and does not restore
 * what ze itself has removed.
 */
#include "daemon/sys/kernel/dp_kernel_obj.h"
#include "daemon/sys/kernel/dp_kernel_route.h"

#define CHECKS_MAX 64 /* sessions checked at the same time */

uint32_t dp_kernel_hash(int ifindex)
{
	return hash_bytes(&ifindex, sizeof(ifindex));
}

static void noted(struct session *s, int r)
{
	if (r)
		repair_note(&s->check_result, r < 0 ? r : 0, s->k.ifname);
}

static void check_family(struct session *s, struct family *f, void *thread)
{
	const struct kernel_family_step *step = s->d->a.ops->family_steps;

	for (size_t i = 0; i < f->done; i++)
		if (step[i].check)
			noted(s, step[i].check(thread, &s->k, &f->f));
}

static void run_check(struct kjob *j, void *thread)
{
	struct session *s = ze_container_of(j, struct session, check_job);
	const struct kernel_ops *ops = s->d->a.ops;

	s->check_result = (struct repair_result){ 0 };
	if (atomic_load(&s->cancel))
		return;
	ops->enter();
	for (size_t i = 0; i < s->done; i++)
		if (ops->steps[i].check)
			noted(s, ops->steps[i].check(thread, &s->k));
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		check_family(s, &s->families[f], thread);
	dp_kernel_routes_check(s, thread);
	ops->leave();
}

static void check_done(struct kjob *j);

/* Limits the jobs, so that a new subscriber does not wait for thousands of checks. */
static void check_more(struct dp_kernel *d)
{
	while (d->n_checking < CHECKS_MAX && !list_empty(&d->suspects)) {
		struct session *s = list_entry(d->suspects.next, struct session, in_suspects);

		list_del(&s->in_suspects);
		s->checking = true;
		d->n_checking++;
		s->check_job.run = run_check;
		s->check_job.done = check_done;
		kworker_submit(d->jobs.worker, &s->jobs.seq, &s->check_job);
	}
	if (!d->check || d->n_checking)
		return;
	d->check = false;
	d->a.io->checked(d->a.io_self, &d->checked);
}

static void check_done(struct kjob *j)
{
	struct session *s = ze_container_of(j, struct session, check_job);
	struct dp_kernel *d = s->d;

	s->checking = false;
	d->n_checking--;
	repair_add(&d->checked, &s->check_result);
	if (s->check_again && s->jobs.state == SESSION_UP)
		list_add_tail(&d->suspects, &s->in_suspects);
	s->check_again = false;
	check_more(d);
}

static void dp_kernel_check_suspect(struct session *s)
{
	if (s->jobs.state != SESSION_UP || !list_empty(&s->in_suspects))
		return;
	s->check_again = s->checking;
	if (!s->checking)
		list_add_tail(&s->d->suspects, &s->in_suspects);
}

bool dp_kernel_suspect(struct dp_kernel *d, int ifindex)
{
	struct htab_node *n = htab_find(&d->by_ifindex, dp_kernel_hash(ifindex));

	for (; n; n = htab_same(n)) {
		struct session *s = ze_container_of(n, struct session, in_ifindex);

		if (s->k.ifindex != ifindex)
			continue;
		dp_kernel_check_suspect(s);
		return true;
	}
	return false;
}

void dp_kernel_suspect_all(struct dp_kernel *d)
{
	for (struct dp_jobs_session *s = dp_jobs_next(&d->jobs, NULL); s;
	     s = dp_jobs_next(&d->jobs, s))
		dp_kernel_check_suspect(dp_kernel_session(s));
}

void dp_kernel_check(struct dp_kernel *d)
{
	d->check = true;
	d->checked = (struct repair_result){ 0 };
	check_more(d);
}

void dp_kernel_submit(struct dp_kernel *d, struct kjob *j)
{
	kworker_submit(d->jobs.worker, &d->pool.seq, j);
}

void dp_kernel_pool_restore(struct dp_kernel *d, void *thread, struct repair_result *res)
{
	d->a.ops->pool(thread, d->pool.now, res);
}

void dp_kernel_wait(struct dp_kernel *d)
{
	kworker_wait(d->jobs.worker);
}
