/* SPDX-License-Identifier: BSD-2-Clause */
/* The bookkeeping of the kernel plane, with steps and a reactor for this test. A trace has a word
 * for everything that happens: +x a step done, -x undone, !x failed, and the events in capitals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/sys/kernel/dp_kernel.h"
#include "daemon/sys/kernel/dp_kernel_obj.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/pool_routes.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/run/counts.h"
#include "selftests/lib/fail_alloc.h"

/* The fakes have the parameters of the real functions. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define FIRST_FD 100

static struct {
	struct dp_kernel *d;
	struct kernel_shared shared;
	char trace[2048];
	char fail;   /* the step of this name fails */
	int ifindex; /* of the sessions that follow */
	unsigned readings;
	uint32_t first_pool; /* 0: none */
	unsigned pools;
	int pool_error;
	char taken; /* the step whose check finds its object missing, and its text */
	int check_result;
	int stats_error, final_error;
	struct dp_event gone; /* the last GONE event */
	int sockets;	      /* open sockets */
	int next_fd;
	int socket_error, watch_fails;
	int watched, frames;
	bool in_turn;
	unsigned turns;
	char down_at;	/* session_down while this step runs */
	uint16_t again; /* on GONE: session_up with this sid */
	struct dp_session last;
	struct kernel_session up; /* as the last step received it */
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

static void enter(void)
{
	assert_false(w.in_turn);
	w.in_turn = true;
	w.turns++;
}

static void leave(void)
{
	assert_true(w.in_turn);
	w.in_turn = false;
}

/* Of the steps of a session, b and c are made in turn; those of a family are all made. */
static int up(char name)
{
	assert_int_equal(w.in_turn, strchr("bcxyz", name) != NULL);
	if (w.down_at == name)
		dp_kernel_ops.session_down(w.d, w.last.sid);
	note(w.fail == name ? "!%c " : "+%c ", name);
	return w.fail == name ? -ENOBUFS : 0;
}

#define STEP(x)                                                                                    \
	static int up_##x(void *thread, struct kernel_session *s)                                  \
	{                                                                                          \
		snprintf(s->ifname, sizeof(s->ifname), "ppp%u", s->s.sid);                         \
		s->ifindex = w.ifindex;                                                            \
		w.up = *s;                                                                         \
		return up(#x[0]);                                                                  \
	}                                                                                          \
	static void down_##x(void *thread, struct kernel_session *s)                               \
	{                                                                                          \
		note("-%c ", #x[0]);                                                               \
	}
STEP(a)
STEP(b)
STEP(c)
STEP(d)

static char family_name(const struct dp_family *f)
{
	return f->family == PPP_FAM_IPV4 ? '4' : '6';
}

static int fake_pass(void *thread, struct kernel_session *s, enum ppp_family family, bool pass)
{
	note("%c%s%s ", family_name(&(struct dp_family){ .family = family }),
	     w.fail == 'p' ? "!" : "", pass ? "open" : "shut");
	return w.fail == 'p' ? -EIO : 0;
}

#define FAMILY_STEP(x)                                                                             \
	static int fam_up_##x(void *thread, struct kernel_session *s, const struct dp_family *f)   \
	{                                                                                          \
		note("%c", family_name(f));                                                        \
		return up(#x[0]);                                                                  \
	}                                                                                          \
	static void fam_down_##x(void *thread, struct kernel_session *s,                           \
				 const struct dp_family *f)                                        \
	{                                                                                          \
		note("%c-%c%s%u ", family_name(f), #x[0], s->other_up ? "o" : "", f->mtu);         \
	}
FAMILY_STEP(x)
FAMILY_STEP(y)
FAMILY_STEP(z)

#define SHAPE_STEP(x)                                                                              \
	static int shape_up_##x(void *thread, struct kernel_session *s,                            \
				const struct shape_plan *p)                                        \
	{                                                                                          \
		note("%u", (unsigned)p->down_bps);                                                 \
		return up(#x[0]);                                                                  \
	}                                                                                          \
	static void shape_down_##x(void *thread, struct kernel_session *s)                         \
	{                                                                                          \
		note("-%c ", #x[0]);                                                               \
	}
SHAPE_STEP(q)
SHAPE_STEP(r)
SHAPE_STEP(s)

static int check(char name)
{
	assert_true(w.in_turn);
	note("?%c ", name);
	return w.taken == name ? w.check_result : 0;
}

static int check_a(void *thread, struct kernel_session *s)
{
	return check('a');
}

static int fam_check_x(void *thread, struct kernel_session *s, const struct dp_family *f)
{
	note("%c", family_name(f));
	return check('x');
}

static int thread_new(struct kernel_shared *shared, void **ret)
{
	assert_ptr_equal(shared, &w.shared);
	*ret = &w;
	return 0;
}

static void thread_free(void *thread)
{
	assert_ptr_equal(thread, &w);
}

static int fake_socket(const struct net_path *path, int *ret_fd)
{
	if (w.socket_error)
		return w.socket_error;
	w.sockets++;
	*ret_fd = w.next_fd++;
	note("socket ");
	return 0;
}

static void fake_close(int fd)
{
	assert_in_range(fd, FIRST_FD, w.next_fd);
	w.sockets--;
	note("close ");
}

static int tunnel_up(void *thread, const struct kernel_tunnel *t)
{
	assert_in_range(t->fd, FIRST_FD, w.next_fd);
	return up('T');
}

static void tunnel_down(void *thread, const struct kernel_tunnel *t)
{
	note("-T ");
}

static int fake_stats(void *thread, struct counts_row *rows, size_t n)
{
	w.readings++;
	for (size_t i = 0; i < n; i++) {
		rows[i].st.up_packets = (uint64_t)rows[i].sid + 1000 * w.readings;
		rows[i].have = true;
	}
	return w.stats_error;
}

static int fake_final(void *thread, const struct kernel_session *k, struct dp_stats *ret)
{
	if (!w.final_error)
		*ret = (struct dp_stats){ .up_packets = k->s.sid, .down_bytes = 9 };
	return w.final_error;
}

static int fake_pool(void *thread, const struct pool_routes *want, struct repair_result *res)
{
	(void)res;
	w.first_pool = want ? want->v[0].ip : 0;
	w.pools++;
	return w.pool_error;
}

static const struct kernel_ops ops = {
	.thread_new = thread_new,
	.thread_free = thread_free,
	.enter = enter,
	.leave = leave,
	.socket = fake_socket,
	.close = fake_close,
	.tunnel_up = tunnel_up,
	.tunnel_down = tunnel_down,
	.steps = { { "a", up_a, down_a, false, check_a },
		   { "b", up_b, down_b, true, NULL },
		   { "c", up_c, down_c, true, NULL },
		   { "d", up_d, down_d, false, NULL } },
	.shape_steps = { { "q", shape_up_q, shape_down_q, true },
			 { "r", shape_up_r, shape_down_r, false },
			 { "s", shape_up_s, shape_down_s, true } },
	.family_steps = { { "x", fam_up_x, fam_down_x, true, fam_check_x },
			  { "y", fam_up_y, fam_down_y, false, NULL },
			  { "z", fam_up_z, fam_down_z, false, NULL } },
	.pass = fake_pass,
	.pool = fake_pool,
	.stats = fake_stats,
	.final = fake_final,
};

static void notify(void *self)
{
	assert_ptr_equal(self, &w);
}

static struct dp_session session(uint16_t tid, uint16_t sid, uint8_t host)
{
	return (struct dp_session){
		.tunnel = { .tid = tid,
			    .peer_tid = (uint16_t)(tid + 1000),
			    .path = { .local = { .family = 4, .port = 1701, .ip = { 192, 0, 2, 1 } },
				      .peer = { .family = 4,
						.port = 1701,
						.ip = { 192, 0, 2, host } } } },
		.sid = sid,
		.peer_sid = (uint16_t)(sid + 1000),
	};
}

static void emit(void *self, const struct dp_event *ev)
{
	static const char *const names[] = { "UP", "FAMILY", "SHAPED", "GONE", "FRAME", "LOST" };

	assert_ptr_equal(self, &w);
	note("%s", names[ev->kind]);
	if (ev->kind == DP_EV_SESSION_UP && ev->result == 0)
		note("(%s) ", ev->ifname);
	else
		note("(%d) ", ev->kind == DP_EV_GONE ? ev->sid : ev->result);
	if (ev->kind == DP_EV_GONE)
		w.gone = *ev;
	if (ev->kind == DP_EV_GONE && w.again) {
		struct dp_session s = session(1, w.again, 2);

		w.again = 0;
		assert_int_equal(dp_kernel_ops.session_up(w.d, &s), 0);
	}
}

static struct udp_sock *tunnel_watch(void *self, int fd, const struct net_path *path)
{
	(void)fd;
	if (w.watch_fails)
		return NULL;
	w.watched++;
	return self;
}

static void tunnel_unwatch(struct udp_sock *u)
{
	assert_ptr_equal(u, &w);
	assert_true(w.sockets > 0); /* read before it is closed */
	w.watched--;
	note("unwatch ");
}

static void frames_watch(struct dp_frames *f)
{
	w.frames++;
}

static void frames_unwatch(struct dp_frames *f)
{
	w.frames--;
}

static void checked(void *self, const struct repair_result *res)
{
	assert_ptr_equal(self, &w);
	note("CHECKED(%u,%u) ", (unsigned)res->repaired, (unsigned)res->missing);
}

static const struct dp_kernel_io io = {
	.notify = notify,
	.emit = emit,
	.tunnel_watch = tunnel_watch,
	.tunnel_unwatch = tunnel_unwatch,
	.frames_watch = frames_watch,
	.frames_unwatch = frames_unwatch,
	.checked = checked,
};

static void no_log(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)level;
	(void)sub;
	(void)line;
}

static void begin(enum kernel_paths paths)
{
	hash_set_key((struct hash_key){ 1, 2 });
	log_set_sink(no_log, NULL);
	memset(&w, 0, sizeof(w));
	w.next_fd = FIRST_FD;
	assert_int_equal(dp_kernel_start(&(struct dp_kernel_seams){ .ops = &ops,
								    .shared = &w.shared,
								    .io = &io,
								    .io_self = &w,
								    .paths = paths },
					 &w.d),
			 0);
}

/* Nothing is left of any session. */
static void assert_empty(void)
{
	assert_int_equal(w.d->jobs.sessions.n, 0);
	assert_int_equal(w.d->tunnels.n, 0);
	assert_int_equal(w.sockets, 0);
	assert_int_equal(w.watched, 0);
	assert_int_equal(w.frames, 0);
}

static void end(void)
{
	dp_kernel_stop(w.d);
	assert_false(w.in_turn);
	assert_int_equal(w.sockets, 0);
	assert_int_equal(w.watched, 0);
	assert_int_equal(w.frames, 0);
}

static void expect(const char *trace)
{
	assert_string_equal(w.trace, trace);
	w.trace[0] = '\0';
}

static int ask(uint16_t tid, uint16_t sid, uint8_t host)
{
	w.last = session(tid, sid, host);
	return dp_kernel_ops.session_up(w.d, &w.last);
}

static void bring_up(uint16_t tid, uint16_t sid)
{
	assert_int_equal(ask(tid, sid, 2), 0);
	dp_kernel_reap(w.d);
	w.trace[0] = '\0';
}

static int family(uint16_t sid, enum ppp_family f, uint16_t mtu)
{
	return dp_kernel_ops.family_up(w.d, sid, &(struct dp_family){ .family = f, .mtu = mtu });
}

static int shape(uint16_t sid, uint64_t bps)
{
	return dp_kernel_ops.shape(w.d, sid,
				   &(struct shape_plan){ .down_bps = bps, .up_bps = bps });
}

static void up_and_down_in_reverse(void **st)
{
	begin(KERNEL_PATHS_FREE);
	assert_int_equal(ask(1, 7, 2), 0);
	expect("socket ");
	dp_kernel_reap(w.d);
	expect("+T +a +b +c +d UP(ppp7) ");
	assert_int_equal(w.turns, 1);
	assert_int_equal(w.frames, 1);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	expect("-d -c -b -a GONE(7) -T unwatch close ");
	assert_empty();
	dp_kernel_ops.session_down(w.d, 7); /* unknown by now: no event follows */
	dp_kernel_reap(w.d);
	expect("");
	end();
}

/* Each step in turn fails: the steps before it are undone, newest first, once. */
static void every_failing_step_undoes_the_previous(void **st)
{
	static const struct {
		char fail;
		const char *trace;
	} rows[] = {
		{ 'T', "socket !T UP(-105) unwatch close " },
		{ 'a', "socket +T !a UP(-105) -T unwatch close " },
		{ 'b', "socket +T +a !b -a UP(-105) -T unwatch close " },
		{ 'c', "socket +T +a +b !c -b -a UP(-105) -T unwatch close " },
		{ 'd', "socket +T +a +b +c !d -c -b -a UP(-105) -T unwatch close " },
	};

	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		begin(KERNEL_PATHS_FREE);
		w.fail = rows[i].fail;
		assert_int_equal(ask(1, 7, 2), 0);
		dp_kernel_reap(w.d);
		expect(rows[i].trace);
		assert_empty();
		w.fail = 0;
		bring_up(1, 7); /* and the ids can be used again */
		end();
	}
}

/* Removed while each step runs: the steps after it do not begin. */
static void down_while_it_is_built(void **st)
{
	static const struct {
		char at;
		const char *trace;
	} rows[] = {
		{ 'T', "socket +T GONE(7) -T unwatch close " },
		{ 'a', "socket +T +a -a GONE(7) -T unwatch close " },
		{ 'c', "socket +T +a +b +c -c -b -a GONE(7) -T unwatch close " },
		{ 'd', "socket +T +a +b +c +d -d -c -b -a GONE(7) -T unwatch close " },
	};

	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		begin(KERNEL_PATHS_FREE);
		w.down_at = rows[i].at;
		assert_int_equal(ask(1, 7, 2), 0);
		dp_kernel_reap(w.d);
		expect(rows[i].trace);
		assert_empty();
		end();
	}
}

static void down_before_it_is_begun(void **st)
{
	begin(KERNEL_PATHS_FREE);
	assert_int_equal(ask(1, 7, 2), 0);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	expect("socket +T GONE(7) -T unwatch close ");
	assert_empty();
	end();
}

static void tunnel_lives_from_first_to_last_session(void **st)
{
	begin(KERNEL_PATHS_ONE);
	assert_int_equal(ask(1, 7, 2), 0);
	assert_int_equal(ask(1, 8, 2), 0);
	dp_kernel_reap(w.d);
	expect("socket +T +a +b +c +d UP(ppp7) +a +b +c +d UP(ppp8) ");
	assert_int_equal(ask(1, 8, 2), -EEXIST);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	expect("-d -c -b -a GONE(7) ");
	dp_kernel_ops.session_down(w.d, 8);
	dp_kernel_reap(w.d);
	expect("-d -c -b -a GONE(8) -T unwatch close ");
	end();
}

/* A call that comes while its tunnel is being deleted gets a new tunnel. */
static void session_during_deletion_waits(void **st)
{
	begin(KERNEL_PATHS_ONE);
	bring_up(1, 7);
	w.again = 8;
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	expect("-d -c -b -a GONE(7) -T unwatch close socket +T +a +b +c +d UP(ppp8) ");
	/* no socket this time */
	w.again = 9;
	w.socket_error = -EMFILE;
	dp_kernel_ops.session_down(w.d, 8);
	dp_kernel_reap(w.d);
	expect("-d -c -b -a GONE(8) -T unwatch close UP(-24) ");
	assert_empty();
	end();
}

static void refused_at_once(void **st)
{
	begin(KERNEL_PATHS_FREE);
	w.socket_error = -EADDRNOTAVAIL;
	assert_int_equal(ask(1, 7, 2), -EADDRNOTAVAIL);
	assert_empty();
	w.socket_error = 0;
	w.watch_fails = 1;
	assert_int_equal(ask(1, 7, 2), -ENOMEM);
	assert_empty();
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), -ENOENT);
	end();
}

/* Linux before 6.11: two tunnels with the same peer address and port. */
static void second_tunnel_on_a_path(void **st)
{
	begin(KERNEL_PATHS_ONE);
	bring_up(1, 7);
	assert_int_equal(ask(2, 8, 2), -EADDRINUSE);
	assert_int_equal(ask(3, 9, 3), 0); /* another peer */
	end();
	begin(KERNEL_PATHS_FREE);
	bring_up(1, 7);
	assert_int_equal(ask(2, 8, 2), 0);
	end();
}

/* The same with labels: one socket and one kernel tunnel, as long as any of the sessions exists. */
static void tunnels_of_a_path_are_one(void **st)
{
	begin(KERNEL_PATHS_LABELLED);
	bring_up(1, 7);
	assert_int_equal(ask(2, 8, 2), 0);
	assert_int_equal(ask(3, 9, 3), 0); /* another peer */
	dp_kernel_reap(w.d);
	expect("socket +a +b +c +d UP(ppp8) +T +a +b +c +d UP(ppp9) ");
	/* Its id is the name of the other session's tunnel. */
	assert_int_equal(ask(1, 10, 4), -EADDRINUSE);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	expect("-d -c -b -a GONE(7) ");
	dp_kernel_ops.session_down(w.d, 8);
	dp_kernel_reap(w.d);
	expect("-d -c -b -a GONE(8) -T unwatch close ");
	assert_int_equal(ask(1, 10, 4), 0);
	end();
}

static void labels(void **st)
{
	const struct kernel_session *k = &w.up;

	begin(KERNEL_PATHS_LABELLED);
	bring_up(1, 7);
	bring_up(2, 8);
	assert_true(k->labelled);
	assert_int_equal(k->label_tid, w.last.tunnel.peer_tid);
	assert_int_equal(k->label_sid, w.last.peer_sid);
	assert_int_equal(k->s.tunnel.tid, 1);
	assert_int_equal(k->s.tunnel.peer_tid, 0);
	assert_int_equal(k->s.sid, 8);
	assert_int_equal(k->s.peer_sid, 8);
	end();
	begin(KERNEL_PATHS_FREE);
	bring_up(2, 8);
	assert_false(k->labelled);
	assert_int_equal(k->s.peer_sid, w.last.peer_sid);
	end();
}

static void families_come_and_go(void **st)
{
	begin(KERNEL_PATHS_FREE);
	bring_up(1, 7);
	dp_kernel_ops.family_down(w.d, 7, PPP_FAM_IPV4); /* never was */
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	assert_int_equal(family(7, PPP_FAM_IPV6, 1400), 0);
	dp_kernel_reap(w.d);
	expect("4+x 4+y 4+z FAMILY(0) 6+x 6+y 6+z FAMILY(0) ");
	/* new values: the old ones are undone first */
	assert_int_equal(family(7, PPP_FAM_IPV4, 1300), 0);
	dp_kernel_reap(w.d);
	expect("4-zo1400 4-yo1400 4-xo1400 4+x 4+y 4+z FAMILY(0) ");
	dp_kernel_ops.family_down(w.d, 7, PPP_FAM_IPV6);
	dp_kernel_ops.family_down(w.d, 7, PPP_FAM_IPV6);
	dp_kernel_reap(w.d);
	expect("6-zo1400 6-yo1400 6-xo1400 ");
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	expect("4-z1300 4-y1300 -d -c -b -a GONE(7) -T unwatch close ");
	end();
}

/* F-C2: a prepared family passes packets only while it is open; one job does the last request. */
static void families_open_and_shut(void **st)
{
	begin(KERNEL_PATHS_FREE);
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV4, true); /* no such session */
	bring_up(1, 7);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	assert_int_equal(family(7, PPP_FAM_IPV6, 1400), 0);
	dp_kernel_reap(w.d);
	expect("4+x 4+y 4+z FAMILY(0) 6+x 6+y 6+z FAMILY(0) ");
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV4, true);
	dp_kernel_reap(w.d);
	expect("4open ");
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV4, false);
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV6, true);
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV6, false);
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV6, true);
	dp_kernel_reap(w.d);
	expect("4shut 6open ");
	/* new values while it is open: shut in between */
	assert_int_equal(family(7, PPP_FAM_IPV6, 1300), 0);
	dp_kernel_reap(w.d);
	expect("6shut 6-zo1400 6-yo1400 6-xo1400 6+x 6+y 6+z 6open FAMILY(0) ");
	dp_kernel_ops.family_down(w.d, 7, PPP_FAM_IPV6);
	dp_kernel_reap(w.d);
	expect("6shut 6-zo1300 6-yo1300 6-xo1300 ");
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV4, true);
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV4, false);
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV4, true);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_ops.family_open(w.d, 7, PPP_FAM_IPV4, true);
	dp_kernel_reap(w.d);
	expect("4open 4-z1400 4-y1400 -d -c -b -a GONE(7) -T unwatch close ");
	end();
}

static void failing_family_step_undoes_the_previous(void **st)
{
	static const struct {
		char fail;
		const char *trace;
	} rows[] = {
		{ 'x', "4!x FAMILY(-105) " },
		{ 'y', "4+x 4!y 4-x1400 FAMILY(-105) " },
		{ 'z', "4+x 4+y 4!z 4-y1400 4-x1400 FAMILY(-105) " },
	};

	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		begin(KERNEL_PATHS_FREE);
		bring_up(1, 7);
		w.fail = rows[i].fail;
		assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
		dp_kernel_reap(w.d);
		expect(rows[i].trace);
		dp_kernel_ops.session_down(w.d, 7);
		dp_kernel_reap(w.d);
		expect("-d -c -b -a GONE(7) -T unwatch close ");
		end();
	}
}

static void rates_before_families(void **st)
{
	begin(KERNEL_PATHS_FREE);
	assert_int_equal(shape(7, 1), -ENOENT);
	bring_up(1, 7);
	assert_int_equal(shape(7, 1), 0);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	dp_kernel_reap(w.d);
	expect("1+q 1+r 1+s SHAPED(0) 4+x 4+y 4+z FAMILY(0) ");
	/* other rates: they replace the first ones */
	assert_int_equal(shape(7, 2), 0);
	dp_kernel_reap(w.d);
	expect("2+q 2+r 2+s SHAPED(0) ");
	dp_kernel_ops.session_down(w.d, 7);
	assert_int_equal(shape(7, 3), -ENOENT);
	dp_kernel_reap(w.d);
	expect("4-z1400 4-y1400 -r -d -c -b -a GONE(7) -T unwatch close ");
	end();
}

/* A failing step for the first rates undoes the steps before it; for new rates, all steps. */
static void failing_rate_step_leaves_none(void **st)
{
	static const struct {
		char fail;
		const char *first, *again;
	} rows[] = {
		{ 'q', "1!q SHAPED(-105) ", "2!q -s -r -q SHAPED(-105) " },
		{ 'r', "1+q 1!r -q SHAPED(-105) ", "2+q 2!r -s -r -q SHAPED(-105) " },
		{ 's', "1+q 1+r 1!s -r -q SHAPED(-105) ", "2+q 2+r 2!s -s -r -q SHAPED(-105) " },
	};

	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		begin(KERNEL_PATHS_FREE);
		bring_up(1, 7);
		w.fail = rows[i].fail;
		assert_int_equal(shape(7, 1), 0);
		dp_kernel_reap(w.d);
		expect(rows[i].first);
		w.fail = 0;
		assert_int_equal(shape(7, 1), 0);
		dp_kernel_reap(w.d);
		expect("1+q 1+r 1+s SHAPED(0) ");
		w.fail = rows[i].fail;
		assert_int_equal(shape(7, 2), 0);
		dp_kernel_reap(w.d);
		expect(rows[i].again);
		dp_kernel_ops.session_down(w.d, 7);
		dp_kernel_reap(w.d);
		expect("-d -c -b -a GONE(7) -T unwatch close ");
		end();
	}
}

static void rates_then_down(void **st)
{
	begin(KERNEL_PATHS_FREE);
	bring_up(1, 7);
	assert_int_equal(shape(7, 1), 0);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	expect("1+q 1+r 1+s -r -d -c -b -a GONE(7) -T unwatch close ");
	end();
}

/* A family requested just before the end: GONE is the only answer. */
static void family_then_down(void **st)
{
	begin(KERNEL_PATHS_FREE);
	bring_up(1, 7);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	dp_kernel_ops.session_down(w.d, 7);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), -ENOENT);
	dp_kernel_reap(w.d);
	expect("4+x 4+y 4+z 4-z1400 4-y1400 -d -c -b -a GONE(7) -T unwatch close ");
	end();
}

static void checks(const char *trace)
{
	dp_kernel_check(w.d);
	dp_kernel_reap(w.d);
	expect(trace);
}

/* F-A4: objects of established families are checked, in order with the session's own jobs; those
 * of removed families are not. */
static void removed_by_other_programs(void **st)
{
	begin(KERNEL_PATHS_FREE);
	w.ifindex = 40;
	bring_up(1, 7);
	assert_false(dp_kernel_suspect(w.d, 41));
	assert_true(dp_kernel_suspect(w.d, 40));
	checks("?a CHECKED(0,0) ");
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	w.taken = 'x';
	w.check_result = 1;
	dp_kernel_suspect_all(w.d);
	checks("4+x 4+y 4+z FAMILY(0) ?a 4?x CHECKED(1,0) ");
	w.check_result = -ENOBUFS;
	dp_kernel_suspect(w.d, 40);
	checks("?a 4?x CHECKED(0,1) ");
	dp_kernel_suspect(w.d, 40);
	dp_kernel_ops.session_down(w.d, 7);
	assert_false(dp_kernel_suspect(w.d, 40));
	dp_kernel_suspect_all(w.d);
	checks("CHECKED(0,0) 4-z1400 4-y1400 -d -c -b -a GONE(7) -T unwatch close ");
	end();
}

static void counters_only_while_established(void **st)
{
	static const uint8_t ip[] = { 0xff, 0x03, 0x00, 0x21, 0x45 };
	struct dp_stats s;
	ze_ns as_of;

	begin(KERNEL_PATHS_FREE);
	assert_int_equal(dp_kernel_ops.stats(w.d, 7, ZE_SEC(9), &s, &as_of), -ENOTCONN);
	assert_int_equal(dp_kernel_ops.ppp_send(w.d, 7, span_of(ip, sizeof(ip))), -ENOTCONN);
	bring_up(1, 7);
	assert_int_equal(dp_kernel_ops.stats(w.d, 7, ZE_SEC(9), &s, &as_of), -EAGAIN);
	dp_kernel_reap(w.d);
	assert_int_equal(dp_kernel_ops.stats(w.d, 7, ZE_SEC(9), &s, &as_of), 0);
	assert_int_equal(s.up_packets, 1007);
	assert_int_equal(as_of, ZE_SEC(9));
	assert_int_equal(dp_kernel_ops.ppp_send(w.d, 7, span_of(ip, sizeof(ip))), -EINVAL);
	assert_int_equal(dp_kernel_ops.ppp_send(w.d, 7, span_of(ip, 3)), -EINVAL);
	end();
}

static void take_down(uint16_t sid)
{
	dp_kernel_ops.session_down(w.d, sid);
	dp_kernel_reap(w.d);
	assert_int_equal(w.gone.sid, sid);
}

/* The counters are read while the session has its interface; if another program removed it, the
 * last reading is used, or none. */
static void gone_with_its_counters(void **st)
{
	struct dp_stats s;
	ze_ns as_of;

	begin(KERNEL_PATHS_FREE);
	w.ifindex = 40;
	bring_up(1, 7);
	take_down(7);
	assert_true(w.gone.counted && w.gone.final.up_packets == 7 && w.gone.final.down_bytes == 9);
	w.final_error = -ENODEV;
	bring_up(1, 8);
	take_down(8);
	assert_false(w.gone.counted);
	bring_up(1, 9);
	dp_kernel_ops.stats(w.d, 9, ZE_SEC(9), &s, &as_of);
	dp_kernel_reap(w.d);
	take_down(9);
	assert_true(w.gone.counted && w.gone.final.up_packets == 1009);
	end();
}

static uint64_t sum_at(ze_ns now, ze_ns *ret_as_of)
{
	struct dp_totals t = dp_kernel_ops.totals(w.d, now);

	*ret_as_of = t.as_of;
	assert_int_equal(t.sessions, t.as_of ? w.d->jobs.sessions.n : 0);
	return t.st.up_packets;
}

/* A query returns the last reading, and starts one new reading when that is a second old. */
static void all_counters_are_read_by_a_worker(void **st)
{
	ze_ns as_of;

	begin(KERNEL_PATHS_FREE);
	bring_up(1, 9);
	bring_up(2, 7);
	assert_int_equal(sum_at(ZE_SEC(5), &as_of), 0);
	assert_int_equal(as_of, 0);
	sum_at(ZE_SEC(7), &as_of);
	dp_kernel_reap(w.d);
	assert_int_equal(w.readings, 1);
	assert_int_equal(sum_at(ZE_SEC(6) - 1, &as_of), 2016);
	assert_int_equal(as_of, ZE_SEC(5));
	dp_kernel_reap(w.d);
	assert_int_equal(w.readings, 1);
	assert_int_equal(sum_at(ZE_SEC(6), &as_of), 2016);
	dp_kernel_reap(w.d);
	assert_int_equal(sum_at(ZE_SEC(6), &as_of), 4016);
	assert_int_equal(as_of, ZE_SEC(6));
	end();
}

/* A failed reading keeps the last one, and is not repeated at once. */
static void a_reading_that_fails(void **st)
{
	ze_ns as_of;

	begin(KERNEL_PATHS_FREE);
	bring_up(1, 7);
	sum_at(ZE_SEC(5), &as_of);
	dp_kernel_reap(w.d);
	w.stats_error = -ENOBUFS;
	sum_at(ZE_SEC(6), &as_of);
	dp_kernel_reap(w.d);
	w.stats_error = 0;
	assert_int_equal(sum_at(ZE_SEC(6) + 1, &as_of), 1007);
	assert_int_equal(as_of, ZE_SEC(5));
	dp_kernel_reap(w.d);
	assert_int_equal(w.readings, 2);
	end();
}

/* The id of a removed session is used again: the last reading belonged to another device. */
static void a_new_session_has_no_counters_of_the_old(void **st)
{
	struct dp_stats s;
	ze_ns as_of;

	begin(KERNEL_PATHS_FREE);
	bring_up(1, 7);
	sum_at(ZE_SEC(5), &as_of);
	dp_kernel_reap(w.d);
	dp_kernel_ops.session_down(w.d, 7);
	dp_kernel_reap(w.d);
	w.ifindex++;
	bring_up(1, 7);
	assert_int_equal(dp_kernel_ops.stats(w.d, 7, ZE_SEC(5) + 1, &s, &as_of), -EAGAIN);
	end();
}

/* The end of the daemon removes established sessions, and those in set-up. */
static void stop_takes_everything_down(void **st)
{
	begin(KERNEL_PATHS_FREE);
	bring_up(1, 7);
	assert_int_equal(family(7, PPP_FAM_IPV4, 1400), 0);
	assert_int_equal(ask(2, 8, 3), 0);
	w.trace[0] = '\0';
	end();
	expect("4+x 4+y 4+z +T 4-z1400 4-y1400 -d -c -b -a GONE(7) GONE(8) "
	       "-T unwatch close -T unwatch close ");
}

static void out_of_memory_leaves_nothing(void **st)
{
	bool hit = true;

	if (!fail_alloc_works())
		skip();
	begin(KERNEL_PATHS_FREE);
	for (int k = 0; hit; k++) {
		int r;

		fail_alloc_at(k);
		r = ask(1, 7, 2);
		if (r == 0) {
			dp_kernel_reap(w.d);
			if (shape(7, 1) == 0)
				dp_kernel_reap(w.d);
			if (family(7, PPP_FAM_IPV4, 1400) == 0)
				dp_kernel_reap(w.d);
			dp_kernel_ops.family_down(w.d, 7, PPP_FAM_IPV4);
			dp_kernel_ops.session_down(w.d, 7);
			dp_kernel_reap(w.d);
		} else {
			assert_int_equal(r, -ENOMEM);
		}
		hit = fail_alloc_hit();
		fail_alloc_off();
		assert_empty();
		w.trace[0] = '\0';
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_and_down_in_reverse),
		cmocka_unit_test(every_failing_step_undoes_the_previous),
		cmocka_unit_test(down_while_it_is_built),
		cmocka_unit_test(down_before_it_is_begun),
		cmocka_unit_test(tunnel_lives_from_first_to_last_session),
		cmocka_unit_test(session_during_deletion_waits),
		cmocka_unit_test(refused_at_once),
		cmocka_unit_test(second_tunnel_on_a_path),
		cmocka_unit_test(tunnels_of_a_path_are_one),
		cmocka_unit_test(labels),
		cmocka_unit_test(families_come_and_go),
		cmocka_unit_test(families_open_and_shut),
		cmocka_unit_test(failing_family_step_undoes_the_previous),
		cmocka_unit_test(rates_before_families),
		cmocka_unit_test(failing_rate_step_leaves_none),
		cmocka_unit_test(rates_then_down),
		cmocka_unit_test(family_then_down),
		cmocka_unit_test(removed_by_other_programs),
		cmocka_unit_test(counters_only_while_established),
		cmocka_unit_test(gone_with_its_counters),
		cmocka_unit_test(all_counters_are_read_by_a_worker),
		cmocka_unit_test(a_reading_that_fails),
		cmocka_unit_test(a_new_session_has_no_counters_of_the_old),
		cmocka_unit_test(stop_takes_everything_down),
		cmocka_unit_test(out_of_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
