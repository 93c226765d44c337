/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/nlreq.h"

#include <errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <unistd.h>

#define DUMP_MAX 32768

struct wait {
	struct nlreq *rq;
	int result; /* 1: not yet */
};

int nlreq_open(int protocol, struct nl_sock **ret)
{
	struct nl_sock *sk = nl_socket_alloc();

	if (!sk)
		return -ENOMEM;
	/* A part of a dump is no longer than this, and reading once is enough. */
	nl_socket_disable_msg_peek(sk);
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

void nlreq_hear(int news, nlreq_heard *heard, void *self)
{
	_Alignas(struct nlmsghdr) char buf[DUMP_MAX];
	ssize_t n;

	for (;;) {
		n = recv(news, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			nlreq_each(buf, (size_t)n, heard, self);
		else if (n < 0 && errno == ENOBUFS)
			heard(self, NULL);
		else
			return;
	}
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct wait *w = arg;

	(void)from;
	w->result = e->error;
	return NL_STOP;
}

static int on_ack(struct nl_msg *m, void *arg)
{
	struct wait *w = arg;

	(void)m;
	w->result = 0;
	return NL_STOP;
}

static int on_valid(struct nl_msg *m, void *arg)
{
	struct wait *w = arg;

	if (w->rq->valid)
		w->rq->valid(m, w->rq->self);
	return NL_OK;
}

static int wait_answer(struct nl_sock *sk, struct nlreq *rq)
{
	struct wait w = { .rq = rq, .result = 1 };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int r = 0;

	if (!cb)
		return -ENOMEM;
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &w);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &w);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_ack, &w); /* of a dump */
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &w);
	while (w.result > 0 && r >= 0)
		r = nl_recvmsgs(sk, cb);
	nl_cb_put(cb);
	return w.result > 0 ? -EIO : w.result;
}

int nlreq_run(struct nl_sock *sk, struct nlreq *rq)
{
	int r = -ENOMEM;

	if (rq->m && !rq->bad) {
		nlmsg_hdr(rq->m)->nlmsg_flags |= NLM_F_ACK;
		r = nl_send_auto(sk, rq->m) < 0 ? -EIO : wait_answer(sk, rq);
	}
	nlmsg_free(rq->m);
	rq->m = NULL;
	return r;
}
