/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches of datagrams between sockets and the engine. Ancillary data has the local address in both
 * directions, so that one wildcard socket serves a host with many addresses (L-200).
 */
#include "daemon/sys/net/udp.h"

#include <errno.h>
#include <ev.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/crypto.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/core/engine.h"
#include "daemon/sys/net/pktinfo.h"
#include "daemon/sys/net/sockaddr.h"
#include "daemon/sys/run/loop.h"

#define BATCH	     32
#define BATCHES_MAX  8 /* per iteration of the loop, so that other watchers are served */
#define DATAGRAM_MAX 4096
#define SEND_TRIES   3
#define ERRORS_MAX   64 /* for a socket that is read until it is empty */

struct udp_sock {
	struct list link;
	struct udp *u;
	ev_io io;
	int fd;
	bool owned;	     /* a listener, closed by del_sock() */
	struct ze_addr addr; /* bound; all-zero address: wildcard */
};

struct udp {
	struct loop *loop;
	struct list socks;
	struct net_counters n;
	bool zero_checksum;
	uint8_t mem[BATCH][DATAGRAM_MAX];
};

static bool is_wildcard(const struct ze_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

/* Passes one batch to the engine. Returns the number of datagrams, 0 when there are none, or
 * -errno; each error is reported once. */
static int read_batch(struct udp_sock *s)
{
	struct udp *u = s->u;
	struct engine *e = loop_engine(u->loop);
	struct mmsghdr mm[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	union pktinfo ctl[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ u->mem[i], DATAGRAM_MAX };
		mm[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
						 .msg_namelen = sizeof(from[i]),
						 .msg_iov = &iov[i],
						 .msg_iovlen = 1,
						 .msg_control = &ctl[i],
						 .msg_controllen = sizeof(ctl[i]) };
	}
	do
		n = recvmmsg(s->fd, mm, BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		/* ICMP errors are reported here (L-119). They can be forged and do not affect the
		 * tunnel. */
		if (errno != EAGAIN)
			u->n.rx_failed++;
		return errno == EAGAIN ? 0 : -errno;
	}
	for (int i = 0; i < n; i++) {
		struct net_path path = { .local = pktinfo_local(&mm[i].msg_hdr, &s->addr),
					 .peer = sockaddr_to_addr(&from[i]) };

		if (mm[i].msg_hdr.msg_flags & MSG_TRUNC)
			u->n.rx_truncated++;
		else if (e)
			engine_udp_input(e, &path, span_of(u->mem[i], mm[i].msg_len),
					 loop_now(u->loop));
		crypto_wipe(u->mem[i], mm[i].msg_len); /* may contain a PAP password */
	}
	return n;
}

static void on_readable(struct ev_loop *ev, ev_io *w, int revents)
{
	struct udp_sock *s = w->data;

	(void)ev;
	(void)revents;
	for (int i = 0; i < BATCHES_MAX; i++)
		if (read_batch(s) < BATCH || loop_turn_long(s->u->loop))
			break;
	loop_turn_done(s->u->loop);
}

/* Also applies to data of the kernel plane, which arrives on such sockets. Cannot fail: the kernel
 * accepts 0 and 1. */
static void set_zero_checksum(const struct udp_sock *s)
{
	int on = s->u->zero_checksum;

	if (s->addr.family == 6)
		setsockopt(s->fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, &on, sizeof(on));
}

void udp_zero_checksum(struct udp *u, bool accept)
{
	struct list *it;

	u->zero_checksum = accept;
	list_for_each(it, &u->socks)
		set_zero_checksum(list_entry(it, struct udp_sock, link));
}

static struct udp_sock *add_sock(struct udp *u, int fd, const struct ze_addr *addr, bool owned)
{
	struct udp_sock *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->u = u;
	s->fd = fd;
	s->addr = *addr;
	s->owned = owned;
	list_add_tail(&u->socks, &s->link);
	set_zero_checksum(s);
	ev_io_init(&s->io, on_readable, fd, EV_READ);
	s->io.data = s;
	ev_io_start(loop_ev(u->loop), &s->io);
	return s;
}

static void del_sock(struct udp_sock *s)
{
	ev_io_stop(loop_ev(s->u->loop), &s->io);
	list_del(&s->link);
	if (s->owned)
		close(s->fd);
	free(s);
}

static int set_on(int fd, int level, int name)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) < 0 ? -errno : 0;
}

/* ICMP messages that report a small path MTU can be forged, and the kernel would believe those that
 * quote one of our sockets. They are ignored: datagrams larger than the MTU of the device are
 * fragmented here, and IPv4 also on the path. This applies to the tunnels of the kernel plane, too,
 * which send by these sockets. */
static int ignore_path_mtu(int fd, uint8_t family)
{
	int v4 = IP_PMTUDISC_OMIT, v6 = IPV6_PMTUDISC_OMIT;
	int r = family == 4 ? setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4)) :
			      setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));

	return r < 0 ? -errno : 0;
}

static int open_socket(uint8_t family, int *ret_fd)
{
	int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			IPPROTO_UDP);
	int r;

	if (fd < 0)
		return -errno;
	r = pktinfo_want(fd, family);
	if (r == 0 && family == 6)
		r = set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (r == 0)
		r = ignore_path_mtu(fd, family);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static void grow_buffers(int fd)
{
	int want = 4 << 20;

	sockaddr_receive_buffer(fd, want);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &want, sizeof(want)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &want, sizeof(want));
}

int udp_listen(struct udp *u, const struct ze_addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_from_addr(a, &ss);
	int fd, r = open_socket(a->family, &fd);

	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&ss, len) < 0)
		r = -errno;
	else
		r = set_on(fd, SOL_SOCKET, SO_REUSEADDR);
	grow_buffers(fd);
	if (r == 0 && !add_sock(u, fd, a, true))
		r = -ENOMEM;
	if (r < 0)
		close(fd);
	return r;
}

int udp_connected_socket(const struct net_path *path, int *ret_fd)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd, r = open_socket(path->local.family, &fd);

	if (r < 0)
		return r;
	r = set_on(fd, SOL_SOCKET, SO_REUSEADDR);
	grow_buffers(fd);
	len = sockaddr_from_addr(&path->local, &ss);
	if (r == 0 && bind(fd, (struct sockaddr *)&ss, len) < 0)
		r = -errno;
	len = sockaddr_from_addr(&path->peer, &ss);
	if (r == 0 && connect(fd, (struct sockaddr *)&ss, len) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

struct udp_sock *udp_watch(struct udp *u, int fd, const struct net_path *path)
{
	return add_sock(u, fd, &path->local, false);
}

void udp_unwatch(struct udp_sock *s)
{
	int n = 1;

	if (!s)
		return;
	/* An error does not mean that the queue is empty. */
	for (int errors = 0; n != 0 && errors < ERRORS_MAX; errors += n < 0)
		n = read_batch(s);
	del_sock(s);
}

/* The listener of a local address: an exact match is preferred to a wildcard. */
static struct udp_sock *sock_for(struct udp *u, const struct ze_addr *local)
{
	struct udp_sock *best = NULL;
	struct list *it;

	list_for_each(it, &u->socks) {
		struct udp_sock *s = list_entry(it, struct udp_sock, link);

		if (!s->owned || s->addr.family != local->family || s->addr.port != local->port)
			continue;
		if (ze_addr_same_ip(&s->addr, local))
			return s;
		if (is_wildcard(&s->addr))
			best = s;
	}
	return best;
}

/* A local error, and a retry may succeed. The datagram may be one that is sent only once, such as a
 * CHAP Success. */
static bool udp_again(int tries)
{
	return (errno == EINTR || errno == ENOBUFS || errno == ENOMEM) && tries < SEND_TRIES;
}

static int udp_send(void *self, const struct net_path *path, struct span datagram)
{
	struct udp *u = self;
	struct udp_sock *s = sock_for(u, &path->local);
	struct sockaddr_storage to;
	struct iovec iov = { (void *)(uintptr_t)datagram.p, datagram.len };
	struct msghdr m = { .msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1 };
	union pktinfo ctl;
	int tries = 0;
	ssize_t n;

	if (!s)
		return -EADDRNOTAVAIL;
	m.msg_namelen = sockaddr_from_addr(&path->peer, &to);
	pktinfo_set(&m, &ctl, &path->local);
	do
		n = sendmsg(s->fd, &m, MSG_DONTWAIT);
	while (n < 0 && udp_again(++tries));
	return n < 0 ? -errno : 0;
}

static struct net_counters udp_counters(void *self)
{
	const struct udp *u = self;

	return u->n;
}

const struct net_ops udp_net_ops = { .send = udp_send, .counters = udp_counters };

int udp_new(struct loop *l, struct udp **ret)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->loop = l;
	list_init(&u->socks);
	*ret = u;
	return 0;
}

void udp_free(struct udp *u)
{
	if (!u)
		return;
	while (!list_empty(&u->socks))
		del_sock(list_entry(u->socks.next, struct udp_sock, link));
	free(u);
}
