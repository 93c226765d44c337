/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/radius_io.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sys/net/sockaddr.h"
#include "daemon/sys/run/loop.h"

#define BATCH	       8
#define BATCHES_MAX    32  /* of a socket in one iteration: as many as it has requests */
#define UNREAD_MAX     100 /* iterations in which replies are read before what is due is handled */
#define DATAGRAM_MAX   (RADIUS_PKT_MAX + 1) /* one that is too long is seen to be */
#define RECEIVE_BUFFER (1 << 20)	    /* octets, for the answers to 256 requests */

struct radius_sock {
	ev_io io;
	struct radius_io *owner;
	unsigned server, port;
};

struct radius_io_server {
	struct radius_sock *socks[RADIUS_PORTS_MAX];
	uint64_t icmp_errors;
	int failed; /* the last error that was logged; 0: the last datagram was sent */
};

struct radius_io {
	struct radius_io_args a; /* without the configuration */
	struct radius_client *client;
	ev_timer timer;
	ze_ns armed;	 /* when the timer fires */
	bool unread;	 /* a socket may have more replies than were read in this iteration */
	unsigned waited; /* iterations that the timer has waited for them */
	void (*idle)(void *self, struct radius_io *io);
	struct radius_io_server servers[RADIUS_SERVERS_MAX];
	uint8_t mem[BATCH][DATAGRAM_MAX];
};

/* Sets the timer when it would fire too late; one that fires early is set again then. */
static void settle(struct radius_io *io)
{
	ze_ns due = radius_client_deadline(io->client);
	struct radius_client_stats st;

	radius_client_stats(io->client, &st);
	if (io->idle && !st.pending)
		due = 0; /* now */
	if (due >= io->armed)
		return;
	loop_timer_at(io->a.loop, &io->timer, due);
	io->armed = due;
}

static void on_timer(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct radius_io *io = w->data;
	struct radius_client_stats st;

	(void)ev;
	(void)revents;
	if (io->unread && io->waited++ < UNREAD_MAX) {
		io->unread = false;
		loop_timer_at(io->a.loop, w, io->armed);
		return;
	}
	io->unread = false;
	io->waited = 0;
	io->armed = ZE_NEVER;
	radius_client_expire(io->client, loop_now(io->a.loop));
	radius_client_stats(io->client, &st);
	if (io->idle && !st.pending) {
		io->idle(io->a.self, io);
		return;
	}
	settle(io);
	loop_turn_done(io->a.loop);
}

/* Passes one batch to the client. Returns the number of datagrams, or 0 when no more are to be
 * read. */
static int read_replies(struct radius_sock *s)
{
	struct radius_io *io = s->owner;
	struct mmsghdr mm[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage from[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ io->mem[i], DATAGRAM_MAX };
		mm[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
						 .msg_namelen = sizeof(from[i]),
						 .msg_iov = &iov[i],
						 .msg_iovlen = 1 };
	}
	do
		n = recvmmsg(s->io.fd, mm, BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		if (errno != EAGAIN)
			io->servers[s->server].icmp_errors++;
		return 0;
	}
	for (int i = 0; i < n; i++) {
		struct ze_addr addr = sockaddr_to_addr(&from[i]);
		struct radius_arrival a = { .server = s->server,
					    .port = s->port,
					    .from = &addr,
					    .datagram = span_of(io->mem[i], mm[i].msg_len) };

		radius_client_input(io->client, &a, loop_now(io->a.loop));
	}
	return n;
}

static void on_replies(struct ev_loop *ev, ev_io *w, int revents)
{
	struct radius_sock *s = w->data;
	int n = BATCH;

	(void)ev;
	(void)revents;
	for (int i = 0; i < BATCHES_MAX && n == BATCH; i++) {
		n = read_replies(s);
		if (loop_turn_long(s->owner->a.loop))
			break;
	}
	s->owner->unread |= n == BATCH;
	settle(s->owner);
	loop_turn_done(s->owner->a.loop);
}

/* A socket from the source address to the server. Returns its descriptor or -errno. */
static int open_to(const struct radius_io *io, const struct ze_addr *server)
{
	int r = 0;
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = socket(server->family == 4 ? AF_INET : AF_INET6,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);

	if (fd < 0)
		return -errno;
	sockaddr_receive_buffer(fd, RECEIVE_BUFFER);
	if (io->a.source.family == server->family) {
		len = sockaddr_from_addr(&io->a.source, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) < 0)
			r = -errno;
	}
	len = sockaddr_from_addr(server, &ss);
	if (r == 0 && connect(fd, (struct sockaddr *)&ss, len) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int open_sock(struct radius_io *io, unsigned server, unsigned port)
{
	struct radius_server_stats st;
	struct radius_sock *s;
	int fd;

	radius_client_server_stats(io->client, server, &st);
	fd = open_to(io, &st.addr);
	if (fd < 0)
		return fd;
	s = calloc(1, sizeof(*s));
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	*s = (struct radius_sock){ .owner = io, .server = server, .port = port };
	ev_io_init(&s->io, on_replies, fd, EV_READ);
	s->io.data = s;
	ev_io_start(loop_ev(io->a.loop), &s->io);
	io->servers[server].socks[port] = s;
	return 0;
}

static int send_to(struct radius_io *io, unsigned server, unsigned port, struct span d)
{
	struct radius_io_server *s = &io->servers[server];
	int r = s->socks[port] ? 0 : open_sock(io, server, port);

	/* The error of an ICMP message is reported once, in place of sending. */
	for (int tries = 0; r == 0 && tries < 3; tries++) {
		if (send(s->socks[port]->io.fd, d.p, d.len, 0) >= 0)
			return 0;
		if (errno != EINTR && errno != ECONNREFUSED)
			return -errno;
		s->icmp_errors += errno == ECONNREFUSED;
	}
	return r == 0 ? -ECONNREFUSED : r;
}

static const char *cure_of(int r, bool source)
{
	if (r == -EADDRNOTAVAIL && source)
		return "give source-address to an interface of this host, or remove it from radius";
	if (r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EADDRNOTAVAIL)
		return "a route to the server, or another address in radius server";
	return "see the error";
}

static int on_send(void *self, unsigned server, unsigned port, struct span d)
{
	struct radius_io *io = self;
	struct radius_io_server *s = &io->servers[server];
	int r = send_to(io, server, port, d);
	struct radius_server_stats st;
	char text[ZE_ADDR_TEXT];

	if (r < 0 && r != s->failed) {
		radius_client_server_stats(io->client, server, &st);
		log_kv(LOG_AAA, LOG_WARN, "radius-send-failed", KV_STR("server", st.name),
		       KV_STR("address", ze_addr_text(&st.addr, text)), KV_ERRNO(r),
		       KV_STR("effect", "the request counts as lost"),
		       KV_STR("cure", cure_of(r, io->a.source.family == st.addr.family)));
	}
	s->failed = r;
	return r;
}

static void on_done(void *self, const struct radius_result *r)
{
	struct radius_io *io = self;

	io->a.done(io->a.self, r);
}

static void on_note(void *self, const struct radius_note *n)
{
	struct radius_io *io = self;

	io->a.note(io->a.self, n);
}

static const struct radius_client_ops client_ops = { on_send, on_done, on_note };

int radius_io_new(const struct radius_io_args *a, struct radius_io **ret)
{
	struct radius_io *io = calloc(1, sizeof(*io));

	if (!io)
		return -ENOMEM;
	io->a = *a;
	io->a.cfg = NULL;
	io->a.source.port = 0;
	io->armed = ZE_NEVER;
	io->client = radius_client_new(a->cfg, &client_ops, io, a->rng);
	if (!io->client) {
		free(io);
		return -ENOMEM;
	}
	ev_timer_init(&io->timer, on_timer, 0., 0.);
	io->timer.data = io;
	ev_set_priority(&io->timer, EV_MINPRI); /* after received data */
	*ret = io;
	return 0;
}

void radius_io_free(struct radius_io *io)
{
	if (!io)
		return;
	for (size_t i = 0; i < RADIUS_SERVERS_MAX; i++) {
		for (size_t port = 0; port < RADIUS_PORTS_MAX; port++) {
			struct radius_sock *s = io->servers[i].socks[port];

			if (!s)
				continue;
			ev_io_stop(loop_ev(io->a.loop), &s->io);
			close(s->io.fd);
			free(s);
		}
	}
	ev_timer_stop(loop_ev(io->a.loop), &io->timer);
	radius_client_free(io->client);
	free(io);
}

struct radius_client *radius_io_client(struct radius_io *io)
{
	return io->client;
}

int radius_io_request(struct radius_io *io, const struct radius_req *q, uint64_t cookie,
		      ze_ns deadline)
{
	int r = radius_client_request(io->client, q, cookie, deadline, loop_now(io->a.loop));

	settle(io);
	return r;
}

bool radius_io_cancel(struct radius_io *io, uint64_t cookie)
{
	bool found = radius_client_cancel(io->client, cookie, loop_now(io->a.loop));

	settle(io);
	return found;
}

void radius_io_retire(struct radius_io *io, void (*idle)(void *self, struct radius_io *io))
{
	io->idle = idle;
	settle(io);
}

uint64_t radius_io_icmp_errors(const struct radius_io *io, size_t server)
{
	return io->servers[server].icmp_errors;
}
