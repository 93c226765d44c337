/* SPDX-License-Identifier: BSD-2-Clause */
/* The sessions of a plane and their jobs, with a plane for this test and a worker that runs its
 * jobs inside kworker_reap(). A trace records what happens: a job in lower case with the id of
 * its session, a hook on the reactor in brackets, an event in capitals with its result. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/hash.h"
#include "daemon/sys/run/dp_jobs.h"
#include "selftests/lib/fail_alloc.h"

/* The fakes have the parameters of the real functions. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

struct fake {
	struct dp_jobs_session jobs;
	unsigned magic;
};

#define MAGIC 0x5e55

static struct {
	struct dp_jobs jobs;
	char trace[2048];
	int up_result, shape_result, family_result;
	unsigned sessions;     /* not freed */
	struct dp_event last;  /* the last event */
	uint16_t down_in_up;   /* session_down for this id while a set-up runs */
	uint16_t add_on_event; /* a session with this id is added on the next event */
} w;

static void note(const char *fmt, ...) ZE_PRINTF(1, 2);

static void note(const char *fmt, ...)
{
	size_t n = strlen(w.trace);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w.trace + n, sizeof(w.trace) - n, fmt, ap);
	va_end(ap);
}

static void expect(const char *trace)
{
	assert_string_equal(w.trace, trace);
	w.trace[0] = '\0';
}

static struct fake *fake_of(struct dp_jobs_session *s)
{
	struct fake *f = ze_container_of(s, struct fake, jobs);

	assert_int_equal(f->magic, MAGIC);
	return f;
}

static struct dp_jobs_session *add(uint16_t sid)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->magic = MAGIC;
	if (dp_jobs_add(&w.jobs, &f->jobs, sid) < 0) {
		free(f);
		return NULL;
	}
	w.sessions++;
	return &f->jobs;
}

static int fake_up(struct dp_jobs_session *s, void *thread)
{
	assert_ptr_equal(thread, &w);
	note("up%u ", fake_of(s)->jobs.sid);
	if (w.down_in_up)
		dp_jobs_session_down(&w.jobs, w.down_in_up);
	return w.up_result;
}

static int fake_shape(struct dp_jobs_session *s, struct dp_jobs_request *r, void *thread)
{
	note("rate%u=%u ", fake_of(s)->jobs.sid, (unsigned)r->plan.down_bps);
	r->step = "filter";
	return w.shape_result;
}

static int fake_family_up(struct dp_jobs_session *s, struct dp_jobs_request *r, void *thread)
{
	note("family%u+%u/%u ", fake_of(s)->jobs.sid, r->family.family, r->family.mtu);
	r->step = "route";
	return w.family_result;
}

static void fake_family_down(struct dp_jobs_session *s, enum ppp_family family, void *thread)
{
	note("family%u-%u ", fake_of(s)->jobs.sid, family);
}

static void fake_down(struct dp_jobs_session *s, void *thread)
{
	note("down%u ", fake_of(s)->jobs.sid);
}

static void fake_family_closing(struct dp_jobs_session *s, enum ppp_family family)
{
	note("[shut%u-%u] ", fake_of(s)->jobs.sid, family);
}

static void fake_closing(struct dp_jobs_session *s)
{
	note("[closing%u state=%u] ", fake_of(s)->jobs.sid, s->state);
}

/* The session is still in the table. */
static void fake_answer(struct dp_jobs_session *s, const struct dp_jobs_request *r,
			struct dp_event *ev)
{
	assert_ptr_equal(dp_jobs_find(&w.jobs, ev->sid), &fake_of(s)->jobs);
	assert_true(!r == (ev->kind == DP_EV_SESSION_UP || ev->kind == DP_EV_GONE));
	if (ev->result)
		note("[%s %d] ", r ? r->step : "set-up", ev->result);
	if (ev->result > 0)
		ev->result = 0;
	if (ev->kind == DP_EV_SESSION_UP)
		snprintf(ev->ifname, sizeof(ev->ifname), "fake%u", ev->sid);
	if (ev->kind == DP_EV_GONE) {
		ev->counted = true;
		ev->final.up_packets = ev->sid;
	}
}

static void fake_free(struct dp_jobs_session *s)
{
	struct fake *f = fake_of(s);

	w.sessions--;
	f->magic = 0;
	free(f);
}

static void fake_emit(struct dp_jobs *jobs, const struct dp_event *ev)
{
	static const char *const names[] = { "UP", "FAMILY", "SHAPED", "GONE", "FRAME", "LOST" };
	uint16_t sid = w.add_on_event;

	assert_ptr_equal(jobs, &w.jobs);
	/* Nothing is left when the event says so, and the id can be used again. */
	assert_true(!dp_jobs_find(jobs, ev->sid) ==
		    (ev->kind == DP_EV_GONE || (ev->kind == DP_EV_SESSION_UP && ev->result < 0)));
	note("%s%u(%d) ", names[ev->kind], ev->sid, ev->result);
	w.last = *ev;
	w.add_on_event = 0;
	if (sid)
		dp_jobs_start(add(sid));
}

static const struct dp_jobs_ops ops = {
	.up = fake_up,
	.shape = fake_shape,
	.family_up = fake_family_up,
	.family_down = fake_family_down,
	.down = fake_down,
	.family_closing = fake_family_closing,
	.closing = fake_closing,
	.answer = fake_answer,
	.free = fake_free,
	.emit = fake_emit,
};

static int thread_new(void *self, void **ret)
{
	*ret = self;
	return 0;
}

static void thread_free(void *self, void *thread)
{
	assert_ptr_equal(thread, self);
}

static void notify(void *self)
{
	assert_ptr_equal(self, &w);
}

static int begin(void **st)
{
	hash_set_key((struct hash_key){ 1, 2 });
	memset(&w, 0, sizeof(w));
	w.jobs.ops = &ops;
	return kworker_new(&(struct kworker_args){ .thread_new = thread_new,
						   .thread_free = thread_free,
						   .notify = notify,
						   .self = &w },
			   &w.jobs.worker);
}

static int end(void **st)
{
	dp_jobs_down_all(&w.jobs);
	kworker_free(w.jobs.worker);
	return w.sessions || w.jobs.sessions.n ? -1 : 0;
}

static void reap(const char *trace)
{
	kworker_reap(w.jobs.worker);
	expect(trace);
}

static struct dp_jobs_session *bring_up(uint16_t sid)
{
	struct dp_jobs_session *s = add(sid);

	dp_jobs_start(s);
	kworker_reap(w.jobs.worker);
	assert_int_equal(s->state, SESSION_UP);
	w.trace[0] = '\0';
	return s;
}

static int shape(uint16_t sid, uint64_t bps)
{
	return dp_jobs_shape(&w.jobs, sid, &(struct shape_plan){ .down_bps = bps });
}

static int family(uint16_t sid, enum ppp_family f, uint16_t mtu)
{
	return dp_jobs_family_up(&w.jobs, sid, &(struct dp_family){ .family = f, .mtu = mtu });
}

static void set_up_and_removed(void **st)
{
	struct dp_jobs_session *s = add(7);

	assert_ptr_equal(dp_jobs_find(&w.jobs, 7), s);
	assert_null(dp_jobs_find(&w.jobs, 8));
	assert_int_equal(s->state, SESSION_WAITING);
	dp_jobs_start(s);
	assert_int_equal(s->state, SESSION_STARTING);
	assert_null(dp_jobs_find_up(&w.jobs, 7));
	reap("up7 UP7(0) ");
	assert_string_equal(w.last.ifname, "fake7");
	assert_ptr_equal(dp_jobs_find_up(&w.jobs, 7), s);
	dp_jobs_session_down(&w.jobs, 7);
	dp_jobs_session_down(&w.jobs, 7); /* the first request is answered, once */
	assert_null(dp_jobs_find_up(&w.jobs, 7));
	assert_ptr_equal(dp_jobs_find(&w.jobs, 7), s);
	reap("[closing7 state=2] down7 GONE7(0) ");
	dp_jobs_session_down(&w.jobs, 7); /* unknown */
	reap("");
}

static void gone_has_the_final_counters(void **st)
{
	bring_up(7);
	dp_jobs_session_down(&w.jobs, 7);
	reap("[closing7 state=2] down7 GONE7(0) ");
	assert_true(w.last.counted);
	assert_int_equal(w.last.final.up_packets, 7);
}

/* The event may be followed at once by a session with the same id. */
static void a_failing_set_up_leaves_nothing(void **st)
{
	w.up_result = -ENOBUFS;
	w.add_on_event = 7;
	dp_jobs_start(add(7));
	reap("up7 [set-up -105] UP7(-105) up7 [set-up -105] UP7(-105) ");
	assert_int_equal(w.sessions, 0);
}

static void removed_before_the_set_up_is_done(void **st)
{
	w.down_in_up = 7;
	dp_jobs_start(add(7));
	reap("up7 [closing7 state=1] down7 GONE7(0) ");
	w.down_in_up = 0;
	w.up_result = -ENOBUFS; /* from here on GONE is the only answer */
	dp_jobs_start(add(8));
	dp_jobs_session_down(&w.jobs, 8);
	reap("[closing8 state=1] up8 down8 GONE8(0) ");
	add(9); /* its set-up never began */
	dp_jobs_session_down(&w.jobs, 9);
	reap("[closing9 state=0] down9 GONE9(0) ");
}

static void sessions_without_jobs_end_at_once(void **st)
{
	dp_jobs_fail(add(7), -EMFILE);
	expect("UP7(-24) ");
	dp_jobs_drop(add(8));
	expect("");
	assert_int_equal(w.sessions, 0);
}

static void requests_need_a_session_that_is_up(void **st)
{
	assert_int_equal(shape(7, 1), -ENOENT);
	dp_jobs_start(add(7));
	assert_int_equal(shape(7, 1), -ENOENT);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), -ENOENT);
	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4);
	kworker_reap(w.jobs.worker);
	dp_jobs_session_down(&w.jobs, 7);
	w.trace[0] = '\0';
	assert_int_equal(shape(7, 1), -ENOENT);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), -ENOENT);
	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4);
	reap("down7 GONE7(0) ");
}

static void requests_run_in_order(void **st)
{
	bring_up(7);
	assert_int_equal(shape(7, 1), 0);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	assert_int_equal(shape(7, 2), 0);
	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1300), 0);
	reap("[shut7-0] rate7=1 SHAPED7(0) family7+0/1400 FAMILY7(0) rate7=2 SHAPED7(0) family7-0 "
	     "family7+0/1300 FAMILY7(0) ");
}

/* The plane logs the failure, with the step; the session is unchanged. */
static void failures_are_answered(void **st)
{
	bring_up(7);
	w.shape_result = -EPERM;
	w.family_result = -ENOBUFS;
	assert_int_equal(shape(7, 1), 0);
	reap("rate7=1 [filter -1] SHAPED7(-1) ");
	assert_int_equal(family(7, PPP_FAM_IPV6, 1400), 0);
	reap("family7+1/1400 [route -105] FAMILY7(-105) ");
	assert_int_equal(w.last.family, PPP_FAM_IPV6);
	assert_non_null(dp_jobs_find_up(&w.jobs, 7));
}

static void a_plane_may_succeed_with_a_remark(void **st)
{
	bring_up(7);
	w.family_result = 1;
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	reap("family7+0/1400 [route 1] FAMILY7(0) ");
}

/* The jobs run, the plane sees their results, and the only event is DP_EV_GONE. */
static void requests_before_a_removal_are_not_answered(void **st)
{
	bring_up(7);
	w.shape_result = -EPERM;
	w.family_result = 1;
	assert_int_equal(shape(7, 1), 0);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4);
	dp_jobs_session_down(&w.jobs, 7);
	reap("[shut7-0] [closing7 state=2] rate7=1 [filter -1] family7+0/1400 [route 1] family7-0 "
	     "down7 GONE7(0) ");
}

static void a_family_is_removed_once(void **st)
{
	struct dp_jobs_session *s = bring_up(7);

	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4); /* it was never up */
	reap("");
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4);
	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4);
	reap("[shut7-0] family7+0/1400 FAMILY7(0) family7-0 ");
	/* A session of a previous instance has families without a request. */
	assert_int_equal(dp_jobs_reserve(s, PPP_FAM_IPV6), 0);
	dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV6);
	reap("[shut7-1] family7-1 ");
}

static void all_are_removed_in_any_state(void **st)
{
	bring_up(7);
	dp_jobs_start(add(8));
	add(9);
	bring_up(10);
	dp_jobs_session_down(&w.jobs, 10);
	dp_jobs_down_all(&w.jobs);
	kworker_reap(w.jobs.worker);
	assert_int_equal(w.sessions, 0);
	for (unsigned sid = 7; sid <= 10; sid++) {
		char gone[16];

		snprintf(gone, sizeof(gone), "GONE%u(0)", sid);
		assert_non_null(strstr(w.trace, gone));
	}
}

static void many_sessions_are_found(void **st)
{
	enum {
		N = 300
	};
	bool seen[N] = { false };

	for (unsigned i = 0; i < N; i++)
		add((uint16_t)(200 * i));
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(dp_jobs_find(&w.jobs, (uint16_t)(200 * i))->sid, 200 * i);
	assert_null(dp_jobs_find(&w.jobs, 1));
	for (struct dp_jobs_session *s = NULL; (s = dp_jobs_next(&w.jobs, s));) {
		assert_false(seen[s->sid / 200]);
		seen[s->sid / 200] = true;
	}
	for (unsigned i = 0; i < N; i++)
		assert_true(seen[i]);
}

/* Requests may be refused for lack of memory; removing what was accepted never needs memory. */
static void removal_needs_no_memory(void **st)
{
	bool hit = true;

	if (!fail_alloc_works())
		skip();
	for (int k = 0; hit; k++) {
		int rate, up;

		bring_up(7);
		fail_alloc_at(k);
		rate = shape(7, 1);
		up = family(7, PPP_FAM_IPV4, 1400);
		assert_true((rate == 0 || rate == -ENOMEM) && (up == 0 || up == -ENOMEM));
		hit = fail_alloc_hit();
		fail_alloc_off();
		kworker_reap(w.jobs.worker);
		w.trace[0] = '\0';
		fail_alloc_at(0);
		dp_jobs_family_down(&w.jobs, 7, PPP_FAM_IPV4);
		dp_jobs_session_down(&w.jobs, 7);
		kworker_reap(w.jobs.worker);
		assert_false(fail_alloc_hit());
		fail_alloc_off();
		assert_non_null(strstr(w.trace, "GONE7(0)"));
		assert_true(up < 0 || strstr(w.trace, "family7-0"));
		w.trace[0] = '\0';
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_up_and_removed),
		TEST(gone_has_the_final_counters),
		TEST(a_failing_set_up_leaves_nothing),
		TEST(removed_before_the_set_up_is_done),
		TEST(sessions_without_jobs_end_at_once),
		TEST(requests_need_a_session_that_is_up),
		TEST(requests_run_in_order),
		TEST(failures_are_answered),
		TEST(a_plane_may_succeed_with_a_remark),
		TEST(requests_before_a_removal_are_not_answered),
		TEST(a_family_is_removed_once),
		TEST(all_are_removed_in_any_state),
		TEST(many_sessions_are_found),
		TEST(removal_needs_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
