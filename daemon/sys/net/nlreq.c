/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/nlreq.h"

#include <errno.h>
#include <fcntl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define DUMP_MAX 32768
#define TRIES	 3
#define HEAR_MAX 1000 /* reads per call */

enum {
	UNKNOWN = 1 /* no answer yet, or an unreadable one; differs from every errno */
};

int nlreq_open(int protocol, struct nl_sock **ret)
{
	struct nl_sock *sk = nl_socket_alloc();

	if (!sk)
		return -ENOMEM;
	nl_socket_disable_msg_peek(sk); /* only libnl's lookup of families reads by libnl */
	if (nl_socket_set_msg_buf_size(sk, DUMP_MAX) < 0 || nl_connect(sk, protocol) < 0) {
		int r = errno ? -errno : -EIO;

		nl_socket_free(sk);
		return r;
	}
	*ret = sk;
	return 0;
}

void nlreq_close(struct nl_sock *sk)
{
	if (sk)
		nl_socket_free(sk);
}

int nlreq_news(unsigned groups)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

void nlreq_each(const void *buf, size_t len, nlreq_heard *heard, void *self)
{
	const struct nlmsghdr *h = buf;
	int left = (int)len;

	for (; nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left))
		heard(self, h);
}

/* After an overrun the kernel delivers nothing more until the queue is empty, and reports it only
 * once. So the loss is reported when the queue is empty: what a listener reads after that is
 * current. */
void nlreq_hear(int news, bool *lost, nlreq_heard *heard, void *self)
{
	_Alignas(struct nlmsghdr) char buf[DUMP_MAX];

	for (int i = 0; i < HEAR_MAX; i++) {
		ssize_t n = recv(news, buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);

		if (n > (ssize_t)sizeof(buf) || (n < 0 && errno == ENOBUFS)) {
			*lost = true;
		} else if (n > 0) {
			nlreq_each(buf, (size_t)n, heard, self);
		} else {
			if (*lost)
				heard(self, NULL);
			*lost = false;
			return;
		}
	}
}

/* ---- a request and its answer ---- */

struct turn {
	struct nlreq *rq;
	unsigned seq;
	bool unsure;  /* an earlier attempt may have been carried out */
	bool changed; /* the dump changed while it was read and may be incomplete */
};

static int send_it(int fd, struct nl_msg *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec iov = { nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len };
	struct msghdr h = {
		.msg_name = &kernel, .msg_namelen = sizeof(kernel), .msg_iov = &iov, .msg_iovlen = 1
	};
	ssize_t n;

	do
		n = sendmsg(fd, &h, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Reads once; returns the length or -errno. A part of a dump always fits into the buffer. */
static ssize_t receive(int fd, void *buf, size_t size)
{
	struct iovec iov = { buf, size };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do
		n = recvmsg(fd, &h, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 || h.msg_flags & MSG_TRUNC ? -EIO : n;
}

static int nlreq_error_of(const struct nlmsghdr *h, int len)
{
	int e = 0; /* the end of a dump may have no error code */

	if (len >= (int)sizeof(e))
		memcpy(&e, nlmsg_data(h), sizeof(e));
	return e < 0 ? e : 0;
}

static int deliver(const struct nlreq *rq, const struct nlmsghdr *h)
{
	struct nl_msg *m;

	if (!rq->valid)
		return UNKNOWN;
	m = nlmsg_convert((struct nlmsghdr *)h);
	if (!m)
		return -ENOMEM;
	rq->valid(m, rq->self);
	nlmsg_free(m);
	return UNKNOWN;
}

/* Reads the answer to this request; answers to earlier requests, which were not awaited, are
 * skipped. */
static int read_answer(struct turn *t, const struct nlmsghdr *h, int left)
{
	int r = UNKNOWN;

	for (; r == UNKNOWN && nlmsg_ok(h, left); h = nlmsg_next((struct nlmsghdr *)h, &left)) {
		if (h->nlmsg_seq != t->seq)
			continue;
		t->changed = t->changed || h->nlmsg_flags & NLM_F_DUMP_INTR;
		if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE)
			r = nlreq_error_of(h, nlmsg_datalen(h));
		else if (h->nlmsg_type >= NLMSG_MIN_TYPE)
			r = deliver(t->rq, h);
	}
	return r;
}

/* Waits for the answer. Returns 0, -errno or UNKNOWN; then *ret_why is the error of the read. */
static int wait_answer(int fd, struct turn *t, int *ret_why)
{
	_Alignas(struct nlmsghdr) char buf[DUMP_MAX];
	int r = UNKNOWN;

	while (r == UNKNOWN) {
		ssize_t n = receive(fd, buf, sizeof(buf));

		if (n < 0) {
			*ret_why = (int)n;
			return UNKNOWN;
		}
		r = read_answer(t, (const struct nlmsghdr *)buf, (int)n);
	}
	return r;
}

/* Replaces the socket under the same descriptor, so that no earlier answer is queued. If that
 * fails, the old one remains: sequence numbers distinguish its answers. */
static void open_anew(int fd)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(int);
	int protocol, other, strict = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0)
		return;
	other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (other < 0)
		return;
	if (getsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, &len) == 0 && strict)
		setsockopt(other, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	if (bind(other, (struct sockaddr *)&any, sizeof(any)) == 0)
		dup3(other, fd, O_CLOEXEC);
	close(other);
}

/* True for errors of resources, not of the request: it may succeed a moment later. */
static bool passes(int r)
{
	return r == -ENOBUFS || r == -ENOMEM || r == -EINTR || r == -EAGAIN || r == -EIO;
}

static int try(struct nl_sock *sk, struct turn *t)
{
	int fd = nl_socket_get_fd(sk), why = 0, r;

	t->changed = false;
	t->seq = nlmsg_hdr(t->rq->m)->nlmsg_seq = nl_socket_use_seq(sk);
	r = send_it(fd, t->rq->m);
	if (r < 0)
		return r;
	r = wait_answer(fd, t, &why);
	if (r == UNKNOWN || (r < 0 && t->rq->valid))
		open_anew(fd); /* drops the rest of a dump */
	t->unsure = t->unsure || r == UNKNOWN;
	if (r == UNKNOWN)
		return why;
	if (r == 0 && t->changed && !t->rq->rough)
		return -EINTR;
	return t->unsure && r < 0 && r == t->rq->moot ? 0 : r;
}

int nlreq_run(struct nl_sock *sk, struct nlreq *rq)
{
	struct turn t = { .rq = rq };
	int r = -ENOMEM;

	if (rq->m && !rq->bad) {
		nlmsg_hdr(rq->m)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
		r = try(sk, &t);
		for (int i = 1; i < TRIES && passes(r); i++) {
			if (rq->anew)
				rq->anew(rq->self);
			r = try(sk, &t);
		}
		if (r == -EINTR && t.changed)
			r = 0; /* it changed each time: accept the last list */
	}
	nlmsg_free(rq->m);
	rq->m = NULL;
	return r;
}
