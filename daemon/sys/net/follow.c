/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/follow.h"

#include <errno.h>
#include <ev.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/sockaddr.h"
#include "daemon/sys/run/loop.h"

#define BUFFER (8 << 20) /* octets: some ten thousand notifications */

struct follow {
	int fd;
	bool lost; /* some were lost, and the listeners were not called for that yet */
	ev_io io;
	struct ev_loop *loop;
	struct follow_listener *first;
};

static void follow_heard(void *self, const struct nlmsghdr *h)
{
	struct follow *f = self;

	for (struct follow_listener *l = f->first; l; l = l->next)
		l->heard(l->self, h);
}

static void on_news(struct ev_loop *loop, ev_io *w, int revents)
{
	struct follow *f = w->data;

	(void)loop;
	(void)revents;
	nlreq_hear(f->fd, &f->lost, follow_heard, f);
	for (struct follow_listener *l = f->first; l; l = l->next)
		if (l->end)
			l->end(l->self);
}

int follow_new(struct loop *l, unsigned groups, struct follow **ret)
{
	struct follow *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return -ENOMEM;
	f->loop = loop_ev(l);
	f->fd = nlreq_news(groups);
	if (f->fd < 0) {
		r = f->fd;
		free(f);
		return r;
	}
	sockaddr_receive_buffer(f->fd, BUFFER);
	ev_io_init(&f->io, on_news, f->fd, EV_READ);
	f->io.data = f;
	ev_io_start(f->loop, &f->io);
	*ret = f;
	return 0;
}

void follow_free(struct follow *f)
{
	if (!f)
		return;
	ev_io_stop(f->loop, &f->io);
	close(f->fd);
	free(f);
}

void follow_add(struct follow *f, struct follow_listener *l)
{
	l->next = f->first;
	f->first = l;
}

void follow_del(struct follow *f, struct follow_listener *l)
{
	struct follow_listener **at = &f->first;

	while (*at && *at != l)
		at = &(*at)->next;
	if (*at)
		*at = l->next;
}
