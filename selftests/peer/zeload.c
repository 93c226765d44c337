/* SPDX-License-Identifier: BSD-2-Clause */
/* zeload: a LAC with many PPP clients, for load and for cases that xl2tpd cannot produce. N
 * tunnels of M sessions each; a session is established when both ends have acknowledged each
 * other in LCP, authentication and every requested NCP. It shares no code with the daemon on
 * purpose: a mistake in one of two independent implementations is found, a mistake in a shared
 * file is not. RFC 2661 (incoming calls, LAC side), 1661, 1334, 1994, 2759, 1332, 1877, 5072. No
 * hidden AVPs, and no congestion window beyond the peer's receive window. */
#include <errno.h>
#include <linux/udp.h>
#include <netdb.h>
#include <nettle/md5.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "selftests/peer/zeload.h"

struct world world = { .tun = -1 };

static volatile sig_atomic_t interrupted;

int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void say(const char *fmt, ...)
{
	va_list ap;

	if (!opt.verbose)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("zeload: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

void md5_3(uint8_t id, const char *secret, const uint8_t *tail, size_t tail_len, uint8_t ret[16])
{
	struct md5_ctx c;

	md5_init(&c);
	md5_update(&c, 1, &id);
	md5_update(&c, strlen(secret), (const uint8_t *)secret);
	md5_update(&c, tail_len, tail);
	md5_digest(&c, 16, ret);
}

void session_fail(struct session *s, const char *why)
{
	if (s->state == S_FAILED || s->state == S_ENDED)
		return;
	if (s->state == S_UP) {
		s->state = S_ENDED;
		world.ended_count++;
		say("session %u ended: %s", s->sid, why);
		return;
	}
	if (s->state != S_IDLE)
		world.in_progress--;
	else
		world.started++;
	s->state = S_FAILED;
	world.failed_count++;
	fprintf(stderr, "zeload: session %u of tunnel %u failed: %s\n", s->sid, s->t->tid, why);
}

void session_up(struct session *s)
{
	s->state = S_UP;
	s->up = now_us();
	world.in_progress--;
	world.up_count++;
	if (opt.tun)
		tun_session(s);
}

/* ---------------------------------------------------------------- the loop */

/* zeload runs PPP itself, also for an established session: its peer may renegotiate. */
static bool talks_ppp(const struct session *s)
{
	return s->state == S_PPP || (s->state == S_UP && !s->pppd);
}

static void session_timer(struct session *s, int64_t now)
{
	if ((s->state == S_CALL || s->state == S_PPP) &&
	    now - s->started > (int64_t)opt.timeout_s * 1000000)
		session_fail(s, s->state == S_CALL ? "no ICRP" : "PPP timeout");
	else if (talks_ppp(s) && now >= s->retry_at)
		ppp_retry(s, now);
}

static void reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (int i = 0; i < world.session_count; i++)
			if (world.sessions[i].pppd == pid) {
				world.sessions[i].pppd = 0;
				session_fail(&world.sessions[i], "pppd ended");
			}
}

/* Begins calls while the window, the rate and the tunnels permit. A tunnel without room is
 * skipped, and world.next stays at the first session that waits. */
static void start_sessions(int64_t begin, int64_t now)
{
	bool passed = false;

	for (int i = world.next; i < world.session_count; i++) {
		struct session *s = &world.sessions[i];

		if (world.in_progress >= opt.window ||
		    (opt.rate && world.started >= (now - begin) * opt.rate / 1000000 + 1))
			return;
		if (s->state == S_IDLE && s->t->state == T_UP && send_icrq(s)) {
			s->state = S_CALL;
			s->started = now;
			world.started++;
			world.in_progress++;
		}
		passed = passed || s->state == S_IDLE;
		if (!passed)
			world.next = i + 1;
		else if (i - world.next > 2 * MAX_TUNNELS)
			return;
	}
}

static bool all_settled(void)
{
	return world.up_count + world.failed_count >= world.session_count;
}

static void timers(int64_t begin, int64_t now)
{
	static int64_t swept;

	for (int i = 0; i < opt.tunnels; i++)
		tunnel_timer(&world.tunnels[i], now);
	start_sessions(begin, now);
	echo_timer(now);
	progress(now);
	if (now - swept < 100000)
		return;
	swept = now;
	for (int i = 0; i < world.session_count; i++)
		session_timer(&world.sessions[i], now);
	reap();
}

static void turn(int64_t begin, struct pollfd *fds, nfds_t nfds, bool flow)
{
	if (poll(fds, nfds, flow ? 1 : 20) < 0)
		nfds = 0;
	for (nfds_t i = 0; i < nfds; i++) {
		if (fds[i].revents && fds[i].fd == world.tun)
			tun_input();
		else if (fds[i].revents)
			receive(fds[i].fd, on_datagram);
	}
	timers(begin, now_us());
	if (flow)
		flow_turn(now_us());
	for (int i = 0; i < opt.tunnels; i++)
		outbox_flush(world.tunnels[i].out);
}

/* ---------------------------------------------------------------- set-up */

/* The n-th text between commas, starting again after the last. */
static void nth_of(const char *list, int n, char *ret, size_t size)
{
	int count = 1;

	for (const char *p = list; *p; p++)
		count += *p == ',';
	for (n %= count; n > 0; n--)
		list = strchr(list, ',') + 1;
	snprintf(ret, size, "%.*s", (int)strcspn(list, ","), list);
}

static void bind_source(int fd, int n)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST }, *ai;
	char host[64];
	int r;

	nth_of(opt.source, n, host, sizeof(host));
	r = getaddrinfo(host, NULL, &hints, &ai);
	if (r)
		die("--source %s: %s", host, gai_strerror(r));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		die("--source %s: %s", host, strerror(errno));
	freeaddrinfo(ai);
}

static int udp_socket(int n)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *ai;
	int size = 8 << 20, on = 1, fd, r;

	r = getaddrinfo(opt.peer, opt.port, &hints, &ai);
	if (r)
		die("%s: %s", opt.peer, gai_strerror(r));
	fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("%s: %s", opt.peer, strerror(errno));
	if (opt.source)
		bind_source(fd, n);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		die("%s: %s", opt.peer, strerror(errno));
	if (opt.no_checksum && setsockopt(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX, &on, sizeof(on)) < 0)
		die("--no-checksum: %s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	freeaddrinfo(ai);
	return fd;
}

void fill_random(void *p, size_t len)
{
	if (getrandom(p, len, 0) != (ssize_t)len)
		die("getrandom: %s", strerror(errno));
}

static void create(void)
{
	world.tunnels = calloc((size_t)opt.tunnels, sizeof(*world.tunnels));
	world.session_count = opt.tunnels * opt.sessions;
	world.sessions = calloc((size_t)world.session_count, sizeof(*world.sessions));
	if (!world.tunnels || !world.sessions)
		die("out of memory");
	for (int i = 0; i < opt.tunnels; i++) {
		struct tunnel *t = &world.tunnels[i];

		t->fd = i && opt.shared_socket ? world.tunnels[0].fd : udp_socket(i);
		t->out = outbox_new(t->fd);
		t->pppox = -1;
		t->tid = (uint16_t)(i + 1);
		t->window = 4; /* RFC 2661 4.4.3: until the peer sends another one */
		fill_random(t->challenge, sizeof(t->challenge));
		send_sccrq(t);
	}
	for (int i = 0; i < world.session_count; i++) {
		struct session *s = &world.sessions[i];

		s->t = &world.tunnels[i % opt.tunnels];
		s->sid = (uint16_t)(i + 1);
		s->cp[N_LCP] = (struct cp){ .proto = LCP, .wanted = true };
		s->cp[N_IPCP] = (struct cp){ .proto = IPCP, .wanted = !opt.no_ipv4 };
		s->cp[N_IPV6CP] = (struct cp){ .proto = IPV6CP, .wanted = !opt.no_ipv6 };
		s->mru = MRU;
		fill_random(&s->magic, sizeof(s->magic));
		fill_random(s->ifid, sizeof(s->ifid));
	}
}

static void on_signal(int number)
{
	interrupted = number;
}

/* Nothing more is sent to the reflector; packets in flight may come back. */
static void on_enough(int number)
{
	(void)number;
	flow_enough = 1;
}

static void run_until(int64_t begin, int64_t end, bool (*done)(void), bool flow)
{
	struct pollfd fds[MAX_TUNNELS + 1];
	nfds_t nfds = opt.shared_socket ? 1 : (nfds_t)opt.tunnels;

	for (nfds_t i = 0; i < nfds; i++)
		fds[i] = (struct pollfd){ .fd = world.tunnels[i].fd, .events = POLLIN };
	if (opt.tun)
		fds[nfds++] = (struct pollfd){ .fd = world.tun, .events = POLLIN };
	while (!interrupted && now_us() < end && !(done && done()))
		turn(begin, fds, nfds, flow);
}

static bool all_acked(void)
{
	for (int i = 0; i < opt.tunnels; i++)
		if (outstanding(&world.tunnels[i]))
			return false;
	return true;
}

static void stop_all(int64_t begin)
{
	for (int i = 0; i < world.session_count; i++)
		if (world.sessions[i].pppd > 0)
			kill(world.sessions[i].pppd, opt.abandon ? SIGKILL : SIGTERM);
	if (opt.abandon)
		return;
	for (int i = 0; i < opt.tunnels; i++)
		if (world.tunnels[i].state == T_UP)
			send_stopccn(&world.tunnels[i]);
	interrupted = 0;
	run_until(begin, now_us() + 10 * 1000000, all_acked, false);
}

static bool good(void)
{
	const struct flow_result *r = flow_result();

	return world.failed_count == 0 && world.ended_count == 0 &&
	       world.up_count == world.session_count && r->back == r->sent && !r->duplicated &&
	       !r->corrupt && !r->astray && !world.unnumbered && !world.late;
}

int main(int argc, char **argv)
{
	int64_t begin;

	arguments(argc, argv);
	if (opt.reflect)
		reflect();
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_enough);
	if (opt.tun)
		tun_open();
	if (opt.to)
		flow_open();
	begin = now_us();
	create();
	run_until(begin, INT64_MAX, all_settled, false);
	report_setup((double)(now_us() - begin) / 1e6);
	if (opt.to && world.up_count) {
		run_until(begin, INT64_MAX, flow_over, true);
		report_flow();
	}
	if (opt.hold && opt.json && strcmp(opt.json, "-") != 0)
		report_json(); /* as far as it is known, for a caller that waits for it */
	if (opt.hold)
		run_until(begin, now_us() + (int64_t)opt.hold * 1000000, NULL, false);
	report_end();
	stop_all(begin);
	return good() ? 0 : 1;
}
