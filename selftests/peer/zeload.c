/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zeload: a LAC with many PPP clients behind it, for load and for cases xl2tpd cannot make.
 *
 * N tunnels of M sessions each; a session is up when its peer has acknowledged, and been
 * acknowledged, in LCP, authentication and every wanted NCP. It shares no code with the daemon on
 * purpose: a mistake made twice in different words is seen, one made once in a shared file is not.
 * RFC 2661 (incoming calls, LAC side), 1661, 1334, 1994, 1332, 1877, 5072. No hidden AVPs, no
 * sequenced data, no congestion window beyond the peer's receive window.
 */
#include <errno.h>
#include <getopt.h>
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

struct options opt = {
	.port = "1701",
	.user = "alice",
	.password = "hunter2",
	.host = "zeload",
	.tunnels = 1,
	.sessions = 1,
	.window = 32,
	.timeout_s = 60,
	.auth = CHAP,
};

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

static void session_timer(struct session *s, int64_t now)
{
	if ((s->state == S_CALL || s->state == S_PPP) &&
	    now - s->started > (int64_t)opt.timeout_s * 1000000)
		session_fail(s, s->state == S_CALL ? "no ICRP" : "PPP timeout");
	else if (s->state == S_PPP && now >= s->retry_at)
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

/* Begin calls while the window, the rate and the tunnels allow. */
static void start_sessions(int64_t begin, int64_t now)
{
	for (int i = 0; i < world.session_count && world.started < world.session_count; i++) {
		struct session *s = &world.sessions[i];

		if (world.in_progress >= opt.window ||
		    (opt.rate && world.started >= (now - begin) * opt.rate / 1000000 + 1))
			return;
		if (s->state != S_IDLE || s->t->state != T_UP || !send_icrq(s))
			continue;
		s->state = S_CALL;
		s->started = now;
		world.started++;
		world.in_progress++;
	}
}

static bool all_settled(void)
{
	return world.up_count + world.failed_count >= world.session_count;
}

static void turn(int64_t begin, struct pollfd *fds, nfds_t nfds)
{
	static int64_t swept;
	int64_t now;

	if (poll(fds, nfds, 20) < 0)
		nfds = 0;
	for (nfds_t i = 0; i < nfds; i++) {
		if (fds[i].revents && fds[i].fd == world.tun)
			tun_input();
		else if (fds[i].revents)
			receive(fds[i].fd);
	}
	now = now_us();
	for (int i = 0; i < opt.tunnels; i++)
		tunnel_timer(&world.tunnels[i], now);
	start_sessions(begin, now);
	if (now - swept < 100000)
		return;
	swept = now;
	for (int i = 0; i < world.session_count; i++)
		session_timer(&world.sessions[i], now);
	reap();
}

/* ---------------------------------------------------------------- report */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int by_addr(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int distinct_addresses(void)
{
	uint32_t *addrs = calloc((size_t)world.session_count, sizeof(*addrs));
	int n = 0, distinct = 0;

	for (int i = 0; i < world.session_count; i++)
		if (world.sessions[i].addr)
			addrs[n++] = world.sessions[i].addr;
	qsort(addrs, (size_t)n, sizeof(*addrs), by_addr);
	for (int i = 0; i < n; i++)
		distinct += i == 0 || addrs[i] != addrs[i - 1];
	free(addrs);
	return distinct;
}

static void report(double seconds)
{
	double *ms = calloc((size_t)world.session_count + 1, sizeof(*ms));
	double rate = seconds > 0 ? world.up_count / seconds : 0;
	int n = 0, addrs = distinct_addresses();
	FILE *f;

	for (int i = 0; i < world.session_count; i++)
		if (world.sessions[i].up)
			ms[n++] = (double)(world.sessions[i].up - world.sessions[i].started) / 1000;
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
#define PCT(p) (n ? ms[(n - 1) * (p) / 100] : 0)
	printf("%d sessions in %d tunnels: %d up, %d failed, %d addresses, %.2f s, %.1f a second\n",
	       world.session_count, opt.tunnels, world.up_count, world.failed_count, addrs, seconds,
	       rate);
	printf("set-up time ms: p50 %.1f  p90 %.1f  p99 %.1f  max %.1f\n", PCT(50), PCT(90),
	       PCT(99), PCT(100));
	fflush(stdout);
	f = opt.json ? fopen(opt.json, "w") : NULL;
	if (opt.json && !f)
		die("%s: %s", opt.json, strerror(errno));
	if (f) {
		fprintf(f,
			"{\"sessions\":%d,\"tunnels\":%d,\"up\":%d,\"failed\":%d,\"addresses\":%d,"
			"\"seconds\":%.3f,\"rate\":%.2f,\"latency-ms\":{\"p50\":%.1f,\"p90\":%.1f,"
			"\"p99\":%.1f,\"max\":%.1f}}\n",
			world.session_count, opt.tunnels, world.up_count, world.failed_count, addrs,
			seconds, rate, PCT(50), PCT(90), PCT(99), PCT(100));
		fclose(f);
	}
	free(ms);
}

/* ---------------------------------------------------------------- set-up */

static int udp_socket(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *ai;
	int size = 4 << 20, fd, r;

	r = getaddrinfo(opt.peer, opt.port, &hints, &ai);
	if (r)
		die("%s: %s", opt.peer, gai_strerror(r));
	fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		die("%s: %s", opt.peer, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	freeaddrinfo(ai);
	return fd;
}

static void fill_random(void *p, size_t len)
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

		t->fd = i && opt.shared_socket ? world.tunnels[0].fd : udp_socket();
		t->pppox = -1;
		t->tid = (uint16_t)(i + 1);
		t->window = 4; /* RFC 2661 4.4.3: until told otherwise */
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
		fill_random(&s->magic, sizeof(s->magic));
		fill_random(s->ifid, sizeof(s->ifid));
	}
}

static void on_signal(int number)
{
	interrupted = number;
}

__attribute__((noreturn)) static void usage(FILE *f, int rc)
{
	fputs("usage: zeload [options] PEER\n"
	      "  -t, --tunnels N         tunnels (1)\n"
	      "  -s, --sessions M        sessions in each tunnel (1)\n"
	      "  -w, --window W          sessions being set up at once (32)\n"
	      "  -r, --rate R            sessions started a second (0: as the window allows)\n"
	      "  -S, --secret TEXT       tunnel secret: challenge the peer and answer it\n"
	      "  -u, --user NAME, -p, --password TEXT\n"
	      "  -a, --auth pap|chap     the method we accept (chap)\n"
	      "      --no-ipv4, --no-ipv6   leave IPCP or IPv6CP out\n"
	      "      --shared-socket     all tunnels from one address and port\n"
	      "      --pppd FILE         kernel data plane and pppd with these options (root)\n"
	      "      --tun NAME          subscribers' packets by this TUN device (root)\n"
	      "      --hold SECS         stay up after the report\n"
	      "      --abandon           end without StopCCN, as if killed\n"
	      "      --timeout SECS      for one session (60)\n"
	      "      --port P, --host NAME, --json FILE, -v\n"
	      "Exit code 0 when every session came up and stayed up.\n",
	      f);
	exit(rc);
}

enum {
	O_NO4 = 256,
	O_NO6,
	O_SHARED,
	O_PPPD,
	O_HOLD,
	O_TUN,
	O_ABANDON,
	O_TIMEOUT,
	O_PORT,
	O_HOST,
	O_JSON
};
static const struct option longopts[] = {
	{ "tunnels", 1, 0, 't' },
	{ "sessions", 1, 0, 's' },
	{ "window", 1, 0, 'w' },
	{ "rate", 1, 0, 'r' },
	{ "secret", 1, 0, 'S' },
	{ "user", 1, 0, 'u' },
	{ "password", 1, 0, 'p' },
	{ "auth", 1, 0, 'a' },
	{ "no-ipv4", 0, 0, O_NO4 },
	{ "no-ipv6", 0, 0, O_NO6 },
	{ "pppd", 1, 0, O_PPPD },
	{ "hold", 1, 0, O_HOLD },
	{ "tun", 1, 0, O_TUN },
	{ "shared-socket", 0, 0, O_SHARED },
	{ "abandon", 0, 0, O_ABANDON },
	{ "port", 1, 0, O_PORT },
	{ "timeout", 1, 0, O_TIMEOUT },
	{ "host", 1, 0, O_HOST },
	{ "json", 1, 0, O_JSON },
	{ "help", 0, 0, 'h' },
	{ 0 },
};

static int number(const char *text, int max)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (*end || end == text || v < 0 || v > max)
		die("%s: not a number from 0 to %d", text, max);
	return (int)v;
}

static void long_option(int c)
{
	switch (c) {
	case O_NO4:
		opt.no_ipv4 = true;
		break;
	case O_NO6:
		opt.no_ipv6 = true;
		break;
	case O_SHARED:
		opt.shared_socket = true;
		break;
	case O_PPPD:
		opt.pppd = optarg;
		break;
	case O_TUN:
		opt.tun = optarg;
		break;
	case O_HOLD:
		opt.hold = number(optarg, 1000000);
		break;
	case O_ABANDON:
		opt.abandon = true;
		break;
	case O_TIMEOUT:
		opt.timeout_s = number(optarg, 100000);
		break;
	case O_PORT:
		opt.port = optarg;
		break;
	case O_HOST:
		opt.host = optarg;
		break;
	case O_JSON:
		opt.json = optarg;
		break;
	default:
		usage(stderr, 2);
	}
}

static void arguments(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "t:s:w:r:S:u:p:a:vh", longopts, NULL)) != -1)
		switch (c) {
		case 't':
			opt.tunnels = number(optarg, MAX_TUNNELS);
			break;
		case 's':
			opt.sessions = number(optarg, MAX_SESSIONS);
			break;
		case 'w':
			opt.window = number(optarg, MAX_SESSIONS);
			break;
		case 'r':
			opt.rate = number(optarg, 1000000);
			break;
		case 'S':
			opt.secret = optarg;
			break;
		case 'u':
			opt.user = optarg;
			break;
		case 'p':
			opt.password = optarg;
			break;
		case 'a':
			opt.auth = strcmp(optarg, "pap") == 0 ? PAP : CHAP;
			break;
		case 'v':
			opt.verbose = true;
			break;
		case 'h':
			usage(stdout, 0);
		default:
			long_option(c);
		}
	if (optind + 1 != argc || opt.tunnels < 1 || opt.tunnels * opt.sessions > MAX_SESSIONS ||
	    opt.window < 1 || strlen(opt.user) > 255 || strlen(opt.password) > 255)
		usage(stderr, 2);
	opt.peer = argv[optind];
}

static void run_until(int64_t begin, int64_t end, bool (*done)(void))
{
	struct pollfd fds[MAX_TUNNELS + 1];
	nfds_t nfds = opt.shared_socket ? 1 : (nfds_t)opt.tunnels;

	for (nfds_t i = 0; i < nfds; i++)
		fds[i] = (struct pollfd){ .fd = world.tunnels[i].fd, .events = POLLIN };
	if (opt.tun)
		fds[nfds++] = (struct pollfd){ .fd = world.tun, .events = POLLIN };
	while (!interrupted && now_us() < end && !(done && done()))
		turn(begin, fds, nfds);
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
	run_until(begin, now_us() + 10 * 1000000, all_acked);
}

int main(int argc, char **argv)
{
	int64_t begin;
	bool good;

	arguments(argc, argv);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (opt.tun)
		tun_open();
	begin = now_us();
	create();
	run_until(begin, INT64_MAX, all_settled);
	report((double)(now_us() - begin) / 1e6);
	if (opt.hold)
		run_until(begin, now_us() + (int64_t)opt.hold * 1000000, NULL);
	good = world.failed_count == 0 && world.ended_count == 0 &&
	       world.up_count == world.session_count;
	if (world.ended_count)
		printf("%d sessions ended early\n", world.ended_count);
	stop_all(begin);
	return good ? 0 : 1;
}
