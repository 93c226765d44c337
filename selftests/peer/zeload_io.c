/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams in batches: a system call costs more than zeload's processing of a datagram. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "selftests/peer/zeload.h"

#define BATCH 32

struct outbox {
	int fd;
	unsigned n;
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	uint8_t bytes[BATCH][MTU_MAX];
};

struct outbox *outbox_new(int fd)
{
	struct outbox *o = calloc(1, sizeof(*o));

	if (!o)
		die("out of memory");
	o->fd = fd;
	for (int i = 0; i < BATCH; i++) {
		o->msgs[i].msg_hdr.msg_iov = &o->iov[i];
		o->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	return o;
}

/* An error concerns one datagram, and the following ones are still sent. */
void outbox_flush(struct outbox *o)
{
	unsigned sent = 0;

	while (sent < o->n) {
		int r = sendmmsg(o->fd, o->msgs + sent, o->n - sent, 0);

		if (r < 0 && errno != EAGAIN && errno != ECONNREFUSED)
			say("send: %s", strerror(errno));
		sent += r > 0 ? (unsigned)r : 1;
	}
	o->n = 0;
}

uint8_t *outbox_room(struct outbox *o)
{
	if (o->n == BATCH)
		outbox_flush(o);
	return o->bytes[o->n];
}

void outbox_put(struct outbox *o, const uint8_t *p, size_t len)
{
	uint8_t *room = outbox_room(o);

	if (p < room || p >= room + MTU_MAX) {
		memcpy(room, p, len);
		p = room;
	}
	o->iov[o->n++] = (struct iovec){ .iov_base = (void *)(uintptr_t)p, .iov_len = len };
}

void receive(int fd, void (*take)(uint8_t *p, size_t len))
{
	static uint8_t bytes[BATCH][MTU_MAX];
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	int n;

	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ .iov_base = bytes[i], .iov_len = MTU_MAX };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	do {
		n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++)
			take(bytes[i], msgs[i].msg_len);
	} while (n == BATCH);
	if (n < 0 && errno == ECONNREFUSED)
		say("connection refused");
}
