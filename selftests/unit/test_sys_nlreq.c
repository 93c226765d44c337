/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests to a simulated kernel whose system calls fail in turn: no failure affects another
 * request, and afterwards the state is the requested one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/rtnl.h"

#define ROUTES	 8
#define ANSWERS	 32
#define OTHER_FD 4000
#define IFINDEX	 12

static struct {
	uint32_t routes[ROUTES];
	unsigned n_routes;
	struct {
		_Alignas(struct nlmsghdr) uint8_t b[256];
		size_t len;
	} answers[ANSWERS]; /* in flight to the socket */
	unsigned first, n_answers;
	int calls, fail_at, also_at,
		error;	/* the calls with these numbers fail, and more of them */
	bool lost;	/* the call with that number was executed */
	bool exclusive; /* creating an existing object is an error */
	unsigned sockets;
	int changes; /* dumps during which the list has changed */
	unsigned dumps;
	int strict, strict_set; /* of the socket; of the socket that replaces it */
	const int *news;	/* the results of recv in order; then 0: nothing to read */
} w;

static bool fails(void)
{
	int n = w.calls++;

	if (n != w.fail_at && n != w.also_at)
		return false;
	w.lost = true;
	errno = w.error;
	return true;
}

/* ---- the simulated kernel ---- */

static struct nlmsghdr *answer(unsigned seq, int type, size_t len)
{
	unsigned i = (w.first + w.n_answers++) % ANSWERS;
	struct nlmsghdr *h = (void *)w.answers[i].b;

	assert_true(w.n_answers <= ANSWERS);
	memset(h, 0, sizeof(w.answers[i].b));
	h->nlmsg_seq = seq;
	h->nlmsg_type = (uint16_t)type;
	h->nlmsg_len = NLMSG_LENGTH(len);
	w.answers[i].len = NLMSG_ALIGN(h->nlmsg_len);
	return h;
}

static unsigned place(uint32_t dst)
{
	unsigned i = 0;

	while (i < w.n_routes && w.routes[i] != dst)
		i++;
	return i;
}

static int change(const struct nlmsghdr *h)
{
	uint32_t dst =
		nla_get_u32(nlmsg_find_attr((struct nlmsghdr *)h, sizeof(struct rtmsg), RTA_DST));
	unsigned i = place(dst);

	if (h->nlmsg_type == RTM_NEWROUTE) {
		if (i < w.n_routes)
			return w.exclusive ? -EEXIST : 0;
		assert_true(i < ROUTES);
		w.routes[w.n_routes++] = dst;
		return 0;
	}
	if (i == w.n_routes)
		return -ESRCH;
	w.routes[i] = w.routes[--w.n_routes];
	return 0;
}

static void dump(unsigned seq)
{
	for (unsigned i = 0; i < w.n_routes; i++) {
		struct nlmsghdr *h =
			answer(seq, RTM_NEWROUTE, sizeof(struct rtmsg) + 2 * (NLA_HDRLEN + 4));
		struct rtmsg *m = nlmsg_data(h);
		struct nlattr *a = (void *)((uint8_t *)m + sizeof(*m));

		*m = (struct rtmsg){ .rtm_family = AF_INET,
				     .rtm_dst_len = 32,
				     .rtm_table = RT_TABLE_MAIN,
				     .rtm_protocol = RTNL_ROUTE_PROTO };
		a[0] = (struct nlattr){ NLA_HDRLEN + 4, RTA_DST };
		memcpy(&a[1], &w.routes[i], 4);
		a[2] = (struct nlattr){ NLA_HDRLEN + 4, RTA_OIF };
		memcpy(&a[3], &(uint32_t){ IFINDEX }, 4);
	}
	w.dumps++;
	if (w.changes > 0 && w.changes--)
		answer(seq, NLMSG_DONE, sizeof(int))->nlmsg_flags = NLM_F_DUMP_INTR;
	else
		answer(seq, NLMSG_DONE, sizeof(int));
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	const struct nlmsghdr *h = m->msg_iov[0].iov_base;
	struct nlmsgerr e = { 0 };

	(void)fd;
	(void)flags;
	if (fails())
		return -1;
	assert_true(h->nlmsg_flags & NLM_F_REQUEST);
	if ((h->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
		dump(h->nlmsg_seq);
	} else {
		e.error = change(h);
		memcpy(nlmsg_data(answer(h->nlmsg_seq, NLMSG_ERROR, sizeof(e))), &e, sizeof(e));
	}
	return (ssize_t)m->msg_iov[0].iov_len;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	unsigned i = w.first;

	(void)fd;
	(void)flags;
	if (fails())
		return -1;
	assert_true(w.n_answers > 0); /* it would block for ever */
	w.first = (w.first + 1) % ANSWERS;
	w.n_answers--;
	assert_true(m->msg_iov[0].iov_len >= w.answers[i].len);
	memcpy(m->msg_iov[0].iov_base, w.answers[i].b, w.answers[i].len);
	m->msg_flags = 0;
	return (ssize_t)w.answers[i].len;
}

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	(void)fd;
	(void)len;
	if (level == SOL_NETLINK) {
		assert_int_equal(name, NETLINK_GET_STRICT_CHK);
		*(int *)value = w.strict;
		return 0;
	}
	assert_int_equal(level, SOL_SOCKET);
	assert_int_equal(name, SO_PROTOCOL);
	*(int *)value = NETLINK_ROUTE;
	return fails() ? -1 : 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	assert_int_equal(fd, OTHER_FD);
	assert_int_equal(level, SOL_NETLINK);
	assert_int_equal(name, NETLINK_GET_STRICT_CHK);
	assert_int_equal(len, sizeof(int));
	w.strict_set = *(const int *)value;
	return 0;
}

/* Above 0: a message of that length; below 0: an error. */
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t size, int flags)
{
	struct nlmsghdr h = { .nlmsg_len = sizeof(h), .nlmsg_type = RTM_NEWLINK };
	int n = *w.news;

	(void)fd;
	assert_true(flags & MSG_DONTWAIT && flags & MSG_TRUNC);
	if (n <= 0) {
		errno = n ? -n : EAGAIN;
		w.news += n != 0;
		return -1;
	}
	assert_true(size >= sizeof(h));
	memcpy(buf, &h, sizeof(h));
	w.news++;
	return n;
}

int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	assert_int_equal(family, AF_NETLINK);
	assert_true(type & SOCK_CLOEXEC);
	assert_int_equal(protocol, NETLINK_ROUTE);
	return fails() ? -1 : OTHER_FD;
}

int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *a, socklen_t len)
{
	(void)a;
	(void)len;
	assert_int_equal(fd, OTHER_FD);
	return fails() ? -1 : 0;
}

int __wrap_dup3(int from, int to, int flags);
int __wrap_dup3(int from, int to, int flags)
{
	assert_int_equal(from, OTHER_FD);
	assert_int_equal(flags, O_CLOEXEC);
	if (fails())
		return -1;
	w.sockets++;
	w.first = w.n_answers = 0;
	return to;
}

/* ---- requests ---- */

static struct nl_sock *begin(int fail_at, int error)
{
	memset(&w, 0, sizeof(w));
	w.fail_at = fail_at;
	w.also_at = -1;
	w.error = error;
	return nl_socket_alloc();
}

static int route(struct nl_sock *sk, uint32_t host, bool add)
{
	const struct dp_family f = { .family = PPP_FAM_IPV4,
				     .local4 = 0x0a640001,
				     .peer4 = 0x0a640000 + host };

	return rtnl_route(sk, IFINDEX, &f, add);
}

struct seen {
	unsigned n;
	uint32_t sum;
};

static void on_route(void *self, uint32_t ip)
{
	struct seen *s = self;

	s->n++;
	s->sum += ip & 0xff;
}

static void on_addr(void *self, uint8_t family, const uint8_t ip[16])
{
	(void)self;
	(void)family;
	(void)ip;
}

static bool has(uint32_t host)
{
	return place(htonl(0x0a640000 + host)) < w.n_routes;
}

/* A scenario: routes are added, listed, and deleted. */
static void live(struct nl_sock *sk)
{
	struct seen s = { 0 };
	int r;

	assert_int_equal(route(sk, 2, true), 0);
	assert_int_equal(route(sk, 3, true), 0);
	assert_int_equal(
		rtnl_find(sk, IFINDEX,
			  &(struct rtnl_found){ .route4 = on_route, .addr = on_addr, .self = &s }),
		0);
	assert_in_range(s.n, 2, 8); /* an interrupted dump is repeated */
	r = route(sk, 2, false);
	assert_true(r == 0 || r == -ESRCH); /* its first copy was executed */
	assert_int_equal(route(sk, 4, true), 0);
	assert_false(has(2));
	assert_true(has(3) && has(4));
	assert_int_equal(w.n_routes, 2);
	assert_int_equal(w.n_answers, 0); /* no answer is left for the next request */
}

static const int errors[] = { ENOBUFS, ENOMEM, EINTR };

/* F-A6 */
static void each_call_fails_once(void **st)
{
	(void)st;
	for (size_t e = 0; e < ZE_ARRAY_SIZE(errors); e++) {
		int k = 0;

		do {
			struct nl_sock *sk = begin(k++, errors[e]);

			live(sk);
			nl_socket_free(sk);
		} while (w.lost);
		assert_in_range(k, 10, 200);
	}
}

/* F-A6: the answer is lost, and then the socket is replaced: a late answer on the old socket is
 * recognised as late. */
static void two_calls_fail(void **st)
{
	bool past = false;

	(void)st;
	for (int k = 0; !past; k++) {
		for (int apart = 1; apart < 6; apart++) {
			struct nl_sock *sk = begin(k, ENOBUFS);

			w.also_at = k + apart;
			route(sk, 2, true);
			route(sk, 3, true);
			past = !w.lost;
			w.fail_at = w.also_at = -1;
			assert_int_equal(route(sk, 4, true), 0);
			route(sk, 2, false);
			route(sk, 3, false);
			assert_true(has(4));
			assert_int_equal(w.n_routes, 1);
			nl_socket_free(sk);
		}
	}
}

/* An object that exists when a request is repeated was created by its first copy, and only then
 * is that a success. */
static void a_repeated_request_creates_once(void **st)
{
	struct nl_sock *sk = begin(1, ENOBUFS); /* the answer */
	const struct dp_family f = { .family = PPP_FAM_IPV4, .peer4 = 5 };

	(void)st;
	w.exclusive = true;
#define MAKE()                                                                                     \
	nlreq_run(sk, &(struct nlreq){ .m = rtnl_build_route(IFINDEX, &f, true), .moot = -EEXIST })
	assert_int_equal(MAKE(), 0);
	assert_int_equal(w.sockets, 1);
	assert_int_equal(w.n_routes, 1);
	assert_int_equal(MAKE(), -EEXIST);
#undef MAKE
	nl_socket_free(sk);
}

/* A refusal is an answer: the request is not repeated. */
static void a_refusal_is_final(void **st)
{
	struct nl_sock *sk = begin(-1, 0);

	(void)st;
	assert_int_equal(route(sk, 9, false), -ESRCH);
	assert_int_equal(w.calls, 2);
	assert_int_equal(nlreq_run(sk, &(struct nlreq){ .m = NULL }), -ENOMEM);
	assert_int_equal(w.calls, 2);
	nl_socket_free(sk);
}

/* F-A4: a list that changed during the dump is read again; when it changes each time, the last
 * reading is used. */
static void a_list_that_changes_is_read_again(void **st)
{
	static const struct {
		int changes;
		unsigned dumps;
	} rows[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 100, 3 } };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct seen s = { 0 };
		const struct rtnl_found f = { .route4 = on_route, .addr = on_addr, .self = &s };
		struct nl_sock *sk = begin(-1, 0);

		route(sk, 2, true);
		w.changes = rows[i].changes;
		assert_int_equal(rtnl_find_routes(sk, IFINDEX, &f), 0);
		assert_int_equal(w.dumps, rows[i].dumps);
		assert_int_equal(s.n, rows[i].dumps);
		assert_int_equal(w.n_answers, 0);
		nl_socket_free(sk);
	}
}

/* F-A4: a replacement socket has strict checking as well. */
static void strictness_is_kept(void **st)
{
	(void)st;
	for (int strict = 0; strict < 2; strict++) {
		struct nl_sock *sk = begin(1, ENOBUFS);

		w.strict = strict;
		assert_int_equal(route(sk, 2, true), 0);
		assert_int_equal(w.sockets, 1);
		assert_int_equal(w.strict_set, strict);
		nl_socket_free(sk);
	}
}

struct news_heard {
	unsigned n, lost;
	bool lost_last; /* the loss was reported last */
};

static void on_news(void *self, const struct nlmsghdr *h)
{
	struct news_heard *n = self;

	n->n += h != NULL;
	n->lost += h == NULL;
	n->lost_last = !h;
}

/* F-A4: after an overrun the kernel delivers nothing until the queue is empty, and reports it
 * once: a repair before that would miss later losses. A message that does not fit is lost as
 * well. */
static void a_loss_is_reported_when_the_queue_is_empty(void **st)
{
	static const int overrun[] = { 16, -ENOBUFS, 16, 16, 0 }, long_one[] = { 40000, 16, 0 };
	static const int none[] = { 16, 0 };
	static const struct {
		const int *news;
		unsigned n, lost;
	} rows[] = { { overrun, 3, 1 }, { long_one, 1, 1 }, { none, 1, 0 } };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct news_heard n = { 0 };
		bool lost = false;

		w.news = rows[i].news;
		nlreq_hear(3, &lost, on_news, &n);
		assert_int_equal(n.n, rows[i].n);
		assert_int_equal(n.lost, rows[i].lost);
		assert_int_equal(n.lost_last, rows[i].lost > 0);
		assert_false(lost);
	}
}

/* F-A4: a program that changes routes without end does not keep the daemon busy. */
static void many_notifications_end(void **st)
{
	static int flood[5000];
	struct news_heard n = { 0 };
	bool lost = false;
	unsigned calls = 0;

	(void)st;
	for (size_t i = 0; i + 1 < ZE_ARRAY_SIZE(flood); i++)
		flood[i] = i == 10 ? -ENOBUFS : 16;
	w.news = flood;
	nlreq_hear(3, &lost, on_news, &n);
	assert_in_range(n.n, 100, 2000);
	assert_true(lost && !n.lost);
	for (; *w.news; calls++)
		nlreq_hear(3, &lost, on_news, &n);
	nlreq_hear(3, &lost, on_news, &n);
	assert_in_range(calls, 1, 50);
	assert_int_equal(n.n, ZE_ARRAY_SIZE(flood) - 2);
	assert_int_equal(n.lost, 1);
	assert_true(n.lost_last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_fails_once),
		cmocka_unit_test(two_calls_fail),
		cmocka_unit_test(a_repeated_request_creates_once),
		cmocka_unit_test(a_refusal_is_final),
		cmocka_unit_test(a_list_that_changes_is_read_again),
		cmocka_unit_test(strictness_is_kept),
		cmocka_unit_test(a_loss_is_reported_when_the_queue_is_empty),
		cmocka_unit_test(many_notifications_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
