/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RADIUS client of ze alone, on the loop of the daemon: sends Access-Requests with PAP to one
 * server, a number of them at a time, each of them the request of a login, and prints how many were
 * accepted in which time.
 *
 *     client ADDRESS PORT SECRET USER PASSWORD COUNT WINDOW
 *
 * The exit code is 0 when all were accepted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aaa/radius_auth.h"
#include "daemon/sys/net/radius_io.h"
#include "daemon/sys/run/hardening.h"
#include "daemon/sys/run/loop.h"

struct bench {
	struct loop *loop;
	struct radius_io *io;
	struct radius_nas nas;
	struct aaa_request login;
	uint64_t asked, ended, accepted, count;
};

static void ask(struct bench *b)
{
	uint8_t octets[RADIUS_REQ_MAX];
	struct radius_req q;
	int r = -1;

	b->login.cookie = b->login.session_id = ++b->asked;
	b->login.sid = (uint16_t)b->asked;
	b->login.nas_port = b->login.sid;
	radius_req_init(&q, RADIUS_ACCESS_REQUEST, octets, sizeof(octets));
	if (radius_auth_request(&q, &b->nas, &b->login) == REASON_NONE)
		r = radius_io_request(b->io, &q, b->login.cookie, loop_now(b->loop) + ZE_SEC(30));
	if (r < 0) {
		fprintf(stderr, "client: request %llu: %s\n", (unsigned long long)b->asked,
			strerror(-r));
		exit(1);
	}
}

static void on_result(void *self, const struct radius_result *r)
{
	struct bench *b = self;

	b->ended++;
	b->accepted += r->outcome == RADIUS_DONE_ACCEPT;
	if (b->asked < b->count)
		ask(b);
	else if (b->ended == b->count)
		loop_stop(b->loop);
}

static void on_news(void *self, const struct radius_note *n)
{
	(void)self;
	fprintf(stderr, "client: server %s: note %d\n", n->server, (int)n->kind);
}

static double seconds(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int measure(struct bench *b, uint64_t window)
{
	double began = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), took;

	while (b->asked < b->count && b->asked < window)
		ask(b);
	loop_run(b->loop);
	took = seconds(CLOCK_MONOTONIC) - began;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"accepted\": %llu, \"seconds\": %.6f, \"cpu-seconds\": %.6f}\n",
	       (unsigned long long)b->accepted, took, cpu);
	return b->accepted == b->count ? 0 : 1;
}

int main(int argc, char **argv)
{
	static const struct rng rng = { hardening_random, NULL };
	struct radius_server_cfg server = { .name = "main", .signing = RADIUS_SIGN_REQUIRE };
	struct radius_client_cfg cfg = { .servers = &server,
					 .n_servers = 1,
					 .timeout = ZE_SEC(3),
					 .retries = 3,
					 .ports = RADIUS_PORTS_MAX,
					 .max_pending = 65535,
					 .hold_min = ZE_SEC(2),
					 .hold_max = ZE_SEC(30) };
	struct bench b = { .nas = { .identifier = span_str("lns1"),
				    .port_id = "l2tp:{tunnel-id}/{session-id}" } };
	struct radius_io_args a = {
		.cfg = &cfg, .rng = &rng, .done = on_result, .note = on_news, .self = &b
	};
	struct ze_addr local, lac;
	int rc;

	if (argc != 8 || ze_addr_parse(argv[1], (uint16_t)atoi(argv[2]), &server.addr) < 0 ||
	    ze_addr_parse("192.0.2.1", 1701, &local) < 0 ||
	    ze_addr_parse("192.0.2.2", 1701, &lac) < 0)
		return 2;
	server.secret = span_str(argv[3]);
	b.login = (struct aaa_request){ .method = AAA_PAP,
					.user = span_str(argv[4]),
					.password = span_str(argv[5]),
					.calling_number = span_str("0301234567"),
					.called_number = span_str("0197"),
					.peer_name = span_str("lac1"),
					.local = &local,
					.peer = &lac,
					.tid = 1,
					.mru = 1492,
					.tx_speed = 100000000,
					.rx_speed = 40000000 };
	b.count = strtoull(argv[6], NULL, 10);
	if (loop_new(&b.loop) < 0)
		return 2;
	a.loop = b.loop;
	if (radius_io_new(&a, &b.io) < 0)
		return 2;
	rc = measure(&b, strtoull(argv[7], NULL, 10));
	radius_io_free(b.io);
	loop_free(b.loop);
	return rc;
}
