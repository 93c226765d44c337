/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A slow RADIUS server: passes UDP on to a server and its answers back, each answer after a delay.
 *
 *     relay LISTEN-ADDRESS PORT SERVER-PORT MILLISECONDS
 *
 * The server is on the same address. Each port of the client has a socket of its own towards the
 * server, so that identifiers do not collide. The server has WINDOW requests at a time: more might
 * overflow its socket, and the loss would be the relay's. Runs until it is killed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORTS	 1024
#define WINDOW	 64
#define LOST_NS	 INT64_C(1000000000) /* without an answer, the server has lost what it had */
#define WAITING	 65536		     /* answers; a power of two */
#define DATAGRAM 1024
#define BUFFER	 (8 << 20)

struct answer {
	int64_t due;
	unsigned port; /* index */
	size_t len;
	uint8_t octets[DATAGRAM];
};

static struct sockaddr_in clients[PORTS];
static struct pollfd polled[PORTS + 1]; /* the last: where clients send to */
static unsigned n_ports;
static struct answer *waiting;
static unsigned head, tail;
static unsigned asked; /* requests that the server has not answered */
static int64_t heard;  /* when it last answered, or had none to answer */

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int udp_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), size = BUFFER;

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

/* The index of the socket of this client's port. */
static unsigned port_of(const struct sockaddr_in *client, const struct sockaddr_in *server)
{
	unsigned i = 0;

	while (i < n_ports && clients[i].sin_port != client->sin_port)
		i++;
	if (i < n_ports)
		return i;
	if (n_ports == PORTS) {
		fprintf(stderr, "relay: more than %d ports\n", PORTS);
		exit(1);
	}
	clients[i] = *client;
	polled[i] = (struct pollfd){ .fd = udp_socket(), .events = POLLIN };
	if (connect(polled[i].fd, (const struct sockaddr *)server, sizeof(*server)) < 0)
		die("connect");
	n_ports++;
	return i;
}

/* The rest waits in the socket. */
static void pass_requests(int fd, const struct sockaddr_in *server)
{
	uint8_t octets[DATAGRAM];

	if (!asked || now_ns() > heard + LOST_NS) {
		asked = 0;
		heard = now_ns();
	}
	while (asked < WINDOW) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(fd, octets, sizeof(octets), 0, (struct sockaddr *)&from, &len);

		if (n < 0)
			return;
		asked++;
		if (send(polled[port_of(&from, server)].fd, octets, (size_t)n, 0) < 0 &&
		    errno != ECONNREFUSED)
			die("send");
	}
}

static void keep_answers(unsigned port, int64_t delay)
{
	for (;;) {
		struct answer *a = &waiting[tail % WAITING];
		ssize_t n = recv(polled[port].fd, a->octets, sizeof(a->octets), 0);

		if (n < 0)
			return;
		a->len = (size_t)n;
		a->port = port;
		heard = now_ns();
		a->due = heard + delay;
		asked -= asked > 0;
		if (++tail - head == WAITING) {
			fprintf(stderr, "relay: %d answers wait\n", WAITING);
			exit(1);
		}
	}
}

static void send_due(int fd)
{
	while (head != tail && waiting[head % WAITING].due <= now_ns()) {
		const struct answer *a = &waiting[head++ % WAITING];
		const struct sockaddr_in *to = &clients[a->port];

		sendto(fd, a->octets, a->len, 0, (const struct sockaddr *)to, sizeof(*to));
	}
}

static int wait_ms(void)
{
	int64_t left;

	if (head == tail)
		return 1000;
	left = waiting[head % WAITING].due - now_ns();
	return left > 0 ? (int)(left / 1000000 + 1) : 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET }, server;
	int fd = udp_socket();
	int64_t delay;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &here.sin_addr) != 1)
		return 2;
	server = here;
	here.sin_port = htons((uint16_t)atoi(argv[2]));
	server.sin_port = htons((uint16_t)atoi(argv[3]));
	delay = (int64_t)atoi(argv[4]) * 1000000;
	waiting = calloc(WAITING, sizeof(*waiting));
	if (!waiting || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		die("relay");
	for (;;) {
		polled[n_ports] =
			(struct pollfd){ .fd = fd, .events = asked < WINDOW ? POLLIN : 0 };
		if (poll(polled, n_ports + 1, wait_ms()) < 0 && errno != EINTR)
			die("poll");
		/* An index that pass_requests() adds was not polled, and has no events. */
		for (unsigned i = 0, n = n_ports; i < n; i++)
			if (polled[i].revents)
				keep_answers(i, delay);
		pass_requests(fd, &server);
		send_due(fd);
	}
}
