/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets of a RADIUS client on the loopback device: its datagrams, the source address, many
 * ports, ICMP errors, what can't be sent, and the end of a client that is retired. The server is in
 * the same loop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/crypto.h"
#include "daemon/base/log.h"
#include "daemon/sys/net/radius_io.h"
#include "daemon/sys/net/sockaddr.h"
#include "daemon/sys/run/loop.h"
#include "selftests/lib/test_rng.h"

#define SECRET "xyzzy"

static struct loop *loop;
static struct radius_io *io;
static struct test_rng rng;
static struct {
	ev_io io;
	struct ze_addr addr, from; /* own address, and source of the last request */
	unsigned requests;
	size_t reply_len;   /* of answers; 0: none are sent */
	uint16_t ports[16]; /* source ports that were seen */
	size_t n_ports;
} server;
static struct {
	unsigned accepted, unavailable, want;
	unsigned idle;
	unsigned failed_lines; /* radius-send-failed */
	bool slow;	       /* the first result of an iteration takes all of its time */
	unsigned iteration, results, most; /* of an iteration */
} seen;

static void stop_when_done(void)
{
	if (seen.accepted + seen.unavailable >= seen.want)
		loop_stop(loop);
}

static void note_port(uint16_t port)
{
	for (size_t i = 0; i < server.n_ports; i++)
		if (server.ports[i] == port)
			return;
	assert_true(server.n_ports < 16);
	server.ports[server.n_ports++] = port;
}

static void on_request(struct ev_loop *ev, ev_io *w, int revents)
{
	static uint8_t in[4096], out[5000];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	ssize_t n;

	(void)ev;
	(void)revents;
	while ((n = recvfrom(w->fd, in, sizeof(in), MSG_DONTWAIT, (void *)&ss, &len)) > 0) {
		const struct span parts[] = { { out, server.reply_len }, span_str(SECRET) };

		server.from = sockaddr_to_addr(&ss);
		note_port(server.from.port);
		server.requests++;
		if (!server.reply_len)
			continue;
		memset(out, 0, sizeof(out));
		out[0] = 2;
		out[1] = in[1];
		out[2] = (uint8_t)(server.reply_len >> 8);
		out[3] = (uint8_t)server.reply_len;
		memcpy(out + 4, in + 4, 16);
		for (size_t at = 20; at + 4 <= server.reply_len; at += 4)
			memcpy(out + at, "\x12\x04ok", 4);
		crypto_md5(out + 4, parts, 2);
		assert_int_equal(sendto(w->fd, out, server.reply_len, 0, (void *)&ss, len),
				 server.reply_len);
	}
}

static void serve(const char *ip)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd;

	assert_int_equal(ze_addr_parse(ip, 0, &server.addr), 0);
	fd = socket(server.addr.family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	len = sockaddr_from_addr(&server.addr, &ss);
	assert_int_equal(bind(fd, (void *)&ss, len), 0);
	assert_int_equal(getsockname(fd, (void *)&ss, &len), 0);
	server.addr = sockaddr_to_addr(&ss);
	server.reply_len = 20;
	ev_io_init(&server.io, on_request, fd, EV_READ);
	ev_io_start(loop_ev(loop), &server.io);
}

static void unserve(void)
{
	if (!server.io.fd)
		return;
	ev_io_stop(loop_ev(loop), &server.io);
	close(server.io.fd);
	server.io.fd = 0;
}

static void take_long(void)
{
	unsigned now = ev_iteration(loop_ev(loop));

	seen.results = now == seen.iteration ? seen.results + 1 : 1;
	seen.iteration = now;
	if (seen.results > seen.most)
		seen.most = seen.results;
	while (!loop_turn_long(loop))
		;
}

static void done(void *self, const struct radius_result *r)
{
	(void)self;
	if (seen.slow)
		take_long();
	if (r->outcome == RADIUS_DONE_ACCEPT)
		seen.accepted++;
	else if (r->outcome == RADIUS_DONE_UNAVAILABLE)
		seen.unavailable++;
	stop_when_done();
}

static void note(void *self, const struct radius_note *n)
{
	(void)self;
	(void)n;
}

static void idle(void *self, struct radius_io *it)
{
	assert_ptr_equal(self, &seen);
	assert_ptr_equal(it, io);
	radius_io_free(it);
	io = NULL;
	seen.idle++;
	loop_stop(loop);
}

static void client(const char *source)
{
	const struct radius_server_cfg servers[] = {
		{ .name = "main", .addr = server.addr, .secret = span_str(SECRET) },
	};
	const struct radius_client_cfg cfg = { .servers = servers,
					       .n_servers = 1,
					       .timeout = ZE_SEC(1),
					       .retries = 3,
					       .ports = 8,
					       .max_pending = 10000,
					       .hold_min = ZE_SEC(2),
					       .hold_max = ZE_SEC(30) };
	struct radius_io_args a = {
		.loop = loop, .cfg = &cfg, .rng = &rng.rng, .done = done, .note = note, .self = &seen
	};

	if (source)
		assert_int_equal(ze_addr_parse(source, 0, &a.source), 0);
	assert_int_equal(radius_io_new(&a, &io), 0);
}

static void ask(uint64_t cookie, ze_ns patience)
{
	uint8_t buf[100];
	struct radius_req q;

	radius_req_init(&q, RADIUS_ACCESS_REQUEST, buf, sizeof(buf));
	radius_req_bytes(&q, RADIUS_USER_NAME, span_str("alice"));
	assert_int_equal(radius_io_request(io, &q, cookie, loop_now(loop) + patience), 0);
}

static void log_line(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)level;
	(void)sub;
	seen.failed_lines += strstr(line, "radius-send-failed") != NULL;
}

static void run(unsigned want)
{
	seen.want = want;
	loop_run(loop);
	assert_int_equal(seen.accepted + seen.unavailable, want);
}

static int setup(void **st)
{
	(void)st;
	memset(&seen, 0, sizeof(seen));
	memset(&server, 0, sizeof(server));
	test_rng_init(&rng, 1);
	log_set_sink(log_line, NULL);
	return loop_new(&loop);
}

static int teardown(void **st)
{
	(void)st;
	unserve();
	radius_io_free(io);
	io = NULL;
	loop_free(loop);
	return 0;
}

static void both_families(void **st)
{
	static const char *const rows[][2] = { { "127.0.0.1", NULL },
					       { "127.0.0.1", "127.0.0.9" },
					       { "127.0.0.1", "::1" }, /* of the other family */
					       { "::1", NULL },
					       { "::1", "::1" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ze_addr want;

		serve(rows[i][0]);
		client(rows[i][1]);
		ask(1, ZE_SEC(60));
		run(1);
		assert_int_equal(seen.accepted, 1);
		assert_int_equal(ze_addr_parse(i == 1 ? rows[i][1] : rows[i][0], 0, &want), 0);
		assert_true(ze_addr_same_ip(&server.from, &want));
		teardown(st);
		setup(st);
	}
}

/* S-AAA-27: each 256 requests have a socket of their own. */
static void many_ports(void **st)
{
	struct radius_server_stats s;

	(void)st;
	serve("127.0.0.1");
	client(NULL);
	for (uint64_t i = 0; i < 700; i++)
		ask(i, ZE_SEC(60));
	run(700);
	assert_int_equal(seen.accepted, 700);
	assert_int_equal(server.n_ports, 3);
	radius_client_server_stats(radius_io_client(io), 0, &s);
	assert_int_equal(s.ports, 3);
	assert_int_equal(s.requests, 700);
}

/* Nothing listens: the ICMP errors are counted, and each datagram is still sent. */
static void icmp_errors(void **st)
{
	struct radius_server_stats s;

	(void)st;
	serve("127.0.0.1");
	unserve();
	client(NULL);
	ask(1, ZE_MS(1600));
	run(1);
	assert_int_equal(seen.unavailable, 1);
	assert_true(radius_io_icmp_errors(io, 0) >= 2);
	radius_client_server_stats(radius_io_client(io), 0, &s);
	assert_int_equal(s.retransmits, 1);
	assert_int_equal(s.send_errors, 0);
	assert_int_equal(seen.failed_lines, 0);
}

/* The source address is on no interface: a line, once, and a login that ends in time. */
static void foreign_source(void **st)
{
	struct radius_server_stats s;

	(void)st;
	serve("127.0.0.1");
	client("192.0.2.77");
	ask(1, ZE_MS(100));
	ask(2, ZE_MS(100));
	run(2);
	assert_int_equal(seen.unavailable, 2);
	assert_int_equal(seen.failed_lines, 1);
	radius_client_server_stats(radius_io_client(io), 0, &s);
	assert_int_equal(s.send_errors, 2);
}

/* The longest reply is read, one that is longer is dropped. */
static void longest_reply(void **st)
{
	struct radius_server_stats s;

	(void)st;
	serve("127.0.0.1");
	client(NULL);
	server.reply_len = 4096;
	ask(1, ZE_SEC(60));
	run(1);
	assert_int_equal(seen.accepted, 1);
	server.reply_len = 4100;
	ask(2, ZE_MS(200));
	run(2);
	assert_int_equal(seen.unavailable, 1);
	radius_client_server_stats(radius_io_client(io), 0, &s);
	assert_int_equal(s.dropped[REASON_RADIUS_LENGTH], 1);
}

/* Replies that take long are not all read in one iteration, and requests whose time ends meanwhile wait for
 * those that are in the socket. */
static void long_turns(void **st)
{
	const unsigned n = 200;

	(void)st;
	serve("127.0.0.1");
	client(NULL);
	for (uint64_t i = 0; i < n; i++)
		ask(i, ZE_MS(1));
	on_request(loop_ev(loop), &server.io, EV_READ);
	while (loop_clock_ns() < loop_now(loop) + ZE_MS(2))
		;
	seen.slow = true;
	run(n);
	assert_int_equal(seen.accepted, n);
	assert_int_equal(seen.unavailable, 0);
	assert_in_range(seen.most, 1, 16);
}

static void on_cancel(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev;
	(void)w;
	(void)revents;
	assert_true(radius_io_cancel(io, 1));
}

/* A retired client finishes its requests; the end of the last one may be a cancel. */
static void retire(void **st)
{
	ev_timer t;

	(void)st;
	serve("127.0.0.1");
	client(NULL);
	ask(1, ZE_SEC(60));
	radius_io_retire(io, idle);
	loop_run(loop); /* done() does not stop it: */
	if (!seen.idle)
		loop_run(loop);
	assert_int_equal(seen.accepted, 1);
	assert_int_equal(seen.idle, 1);

	server.reply_len = 0;
	client(NULL);
	ask(1, ZE_SEC(60));
	radius_io_retire(io, idle);
	ev_timer_init(&t, on_cancel, 0.05, 0.);
	ev_timer_start(loop_ev(loop), &t);
	loop_run(loop);
	assert_int_equal(seen.idle, 2);

	client(NULL);
	radius_io_retire(io, idle); /* nothing to wait for */
	assert_int_equal(seen.idle, 2);
	loop_run(loop);
	assert_int_equal(seen.idle, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(both_families), T(many_ports), T(icmp_errors), T(foreign_source),
		T(longest_reply), T(long_turns), T(retire),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
