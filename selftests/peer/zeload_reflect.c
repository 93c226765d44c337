/* SPDX-License-Identifier: BSD-2-Clause */
/* The reflector: returns each packet to its sender, with the number of distinct packets that it
 * has received from that subscriber in this run. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "selftests/peer/zeload.h"

#define BATCH 64

struct seen {
	uint32_t run, bad;
	struct track track;
};
static struct seen seen[65536]; /* by session; one zeload at a time */

/* The rest of the payload is not used before its checksum was verified; the session number may
 * be. */
static bool answer(uint8_t *p, size_t len)
{
	struct seen *s;
	bool late;

	if (len < FLOW_HEAD || get32(p + FLOW_AT_MAGIC) != FLOW_MAGIC)
		return false;
	s = &seen[get32(p + FLOW_AT_SESSION) & 0xffff];
	if (s->run != get32(p + FLOW_AT_RUN))
		*s = (struct seen){ .run = get32(p + FLOW_AT_RUN) };
	if (flow_sum(p, len) != get32(p + FLOW_AT_SUM)) {
		s->bad++;
		return false;
	}
	track_note(&s->track, get32(p + FLOW_AT_NUMBER), &late);
	put32(p + FLOW_AT_FAR, s->track.count);
	put32(p + FLOW_AT_FAR_BAD, s->bad);
	return true;
}

static int open_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)opt.reflect) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = 8 << 20;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("UDP port %d: %s", opt.reflect, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void send_all(int fd, struct mmsghdr *msgs, int n)
{
	for (int sent = 0; sent < n;) {
		int r = sendmmsg(fd, msgs + sent, (unsigned)(n - sent), 0);

		if (r < 0 && errno != EAGAIN)
			say("send: %s", strerror(errno));
		sent += r > 0 ? r : 1;
	}
}

__attribute__((noreturn)) void reflect(void)
{
	static uint8_t bytes[BATCH][MTU_MAX];
	static struct sockaddr_in from[BATCH];
	struct mmsghdr in[BATCH] = { 0 }, out[BATCH];
	struct iovec iov[BATCH];
	int fd = open_port();

	if (write(STDOUT_FILENO, "ready\n", 6) < 0)
		die("%s", strerror(errno));
	for (;;) {
		int n, m = 0;

		for (int i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ .iov_base = bytes[i], .iov_len = MTU_MAX };
			in[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
							 .msg_iovlen = 1,
							 .msg_name = &from[i],
							 .msg_namelen = sizeof(from[i]) };
		}
		n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
		if (n < 0 && errno != EINTR)
			die("receive: %s", strerror(errno));
		for (int i = 0; i < n; i++) {
			if (!answer(bytes[i], in[i].msg_len))
				continue;
			iov[i].iov_len = in[i].msg_len;
			out[m++] = in[i];
		}
		send_all(fd, out, m);
	}
}
