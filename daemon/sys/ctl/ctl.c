/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of the control protocol. The requests of a client are answered in order. While an answer
 * is being written, nothing is read from that client, so that a client occupies memory for at most
 * one answer and one request.
 */
#include "daemon/sys/ctl/ctl.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "daemon/ops/rights.h"
#include "daemon/sys/ctl/ctl_proto.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/run/path.h"

#define CLIENTS_MAX   64
#define OTHERS_MAX    48 /* of CLIENTS_MAX, for clients with the read-only profile */
#define IDLE_SECONDS  600.
#define CHECK_SECONDS 2.  /* between checks of the socket's file */
#define STALL_SECONDS 30. /* for which a client may not read its answer */

struct ctl {
	struct loop *loop;
	struct snapshot_history history;
	struct snapshot_radius_source radius;
	struct op_reload reload;
	struct list clients;
	unsigned n_clients, n_others; /* others: with the read-only profile */
	uint64_t dropped;	      /* connections closed to make room for others */
	struct log_limit full;
	int fd;
	int spare; /* closed to accept one connection when no descriptor is left; -1: none */
	ev_io accept;
	ev_timer check;
	dev_t dev; /* of the socket's file, with ino */
	ino_t ino;
	int lost; /* -errno: the file was removed and cannot be created again */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct client {
	struct list link;
	struct ctl *ctl;
	struct op_actor who;
	bool other; /* neither root nor our own user: read-only profile */
	int fd;
	ev_io in, out;
	ev_timer idle;
	size_t in_len;
	struct strbuf answer;
	size_t sent;
	char buf[CTL_LINE_MAX];
};

static void client_free(struct client *c)
{
	struct ev_loop *ev = loop_ev(c->ctl->loop);

	ev_io_stop(ev, &c->in);
	ev_io_stop(ev, &c->out);
	ev_timer_stop(ev, &c->idle);
	close(c->fd);
	list_del(&c->link);
	c->ctl->n_clients--;
	c->ctl->n_others -= c->other;
	sb_done(&c->answer);
	free(c);
}

static void restart_timer(struct client *c, double seconds)
{
	struct ev_loop *ev = loop_ev(c->ctl->loop);

	ev_timer_stop(ev, &c->idle);
	ev_timer_set(&c->idle, seconds, 0.);
	ev_timer_start(ev, &c->idle);
}

/* Returns true when the whole answer was sent; false when the client does not read, or was
 * disconnected and freed. */
static bool flush_answer(struct client *c)
{
	struct ev_loop *ev = loop_ev(c->ctl->loop);

	while (c->sent < c->answer.len) {
		ssize_t n = send(c->fd, c->answer.s + c->sent, c->answer.len - c->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN) {
			ev_io_stop(ev, &c->in);
			ev_io_start(ev, &c->out);
			restart_timer(c, STALL_SECONDS);
			return false;
		}
		if (n <= 0) {
			client_free(c);
			return false;
		}
		c->sent += (size_t)n;
	}
	sb_done(&c->answer);
	sb_init(&c->answer);
	c->sent = 0;
	return true;
}

static void answer_line(struct client *c, const char *line, size_t len)
{
	struct loop *l = c->ctl->loop;
	struct ctl_turn t = { .engine = loop_engine(l),
			      .who = &c->who,
			      .history = &c->ctl->history,
			      .radius = &c->ctl->radius,
			      .reload = &c->ctl->reload,
			      .clock = { loop_now(l), loop_wall_ns() } };

	ctl_proto_line(&t, line, len, &c->answer);
	loop_turn_done(l);
}

/* Answers the complete lines in the buffer. Returns false when an answer is pending or the client
 * was freed. */
static bool serve(struct client *c)
{
	char *nl;

	while ((nl = memchr(c->buf, '\n', c->in_len))) {
		size_t len = (size_t)(nl - c->buf);

		answer_line(c, c->buf, len);
		c->in_len -= len + 1;
		memmove(c->buf, nl + 1, c->in_len);
		if (c->answer.bad) {
			client_free(c);
			return false;
		}
		if (!flush_answer(c))
			return false;
	}
	if (c->in_len < sizeof(c->buf))
		return true;
	ctl_proto_too_long(&c->answer);
	if (flush_answer(c))
		client_free(c);
	return false;
}

static void on_in(struct ev_loop *ev, ev_io *w, int revents)
{
	struct client *c = w->data;
	ssize_t n = recv(c->fd, c->buf + c->in_len, sizeof(c->buf) - c->in_len, MSG_DONTWAIT);

	(void)ev;
	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	c->in_len += (size_t)n;
	list_del(&c->link); /* the list is in the order of the last input */
	list_add_tail(&c->ctl->clients, &c->link);
	restart_timer(c, IDLE_SECONDS);
	serve(c);
}

static void on_out(struct ev_loop *ev, ev_io *w, int revents)
{
	struct client *c = w->data;

	(void)revents;
	if (!flush_answer(c))
		return;
	if (c->in_len == sizeof(c->buf) && !memchr(c->buf, '\n', c->in_len)) {
		client_free(c); /* the line that is too long was answered */
		return;
	}
	ev_io_stop(ev, &c->out);
	ev_io_start(ev, &c->in);
	restart_timer(c, IDLE_SECONDS);
	serve(c);
}

static void on_idle(struct ev_loop *ev, ev_timer *w, int revents)
{
	(void)ev;
	(void)revents;
	client_free(w->data);
}

/* Reads only /etc/passwd: a name service could block the reactor. */
static bool local_name(uid_t uid, char *ret, size_t size)
{
	char buf[1024];
	struct passwd pw, *found = NULL;
	FILE *f = fopen("/etc/passwd", "re");

	if (!f)
		return false;
	while (fgetpwent_r(f, &pw, buf, sizeof(buf), &found) == 0 && found->pw_uid != uid)
		found = NULL;
	if (found)
		snprintf(ret, size, "%s", found->pw_name);
	fclose(f);
	return found;
}

/* Sets the profile: root and our own user have all rights, other users whom the mode of the socket
 * admits may only read. */
static int identify(struct client *c)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	char name[40]; /* useradd stops at 32 */

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	c->other = cred.uid != 0 && cred.uid != geteuid();
	c->who.profile = c->other ? &rights_read_only : &rights_admin;
	if (local_name(cred.uid, name, sizeof(name)))
		snprintf(c->who.name, sizeof(c->who.name), "uid %u (%s)", cred.uid, name);
	else
		snprintf(c->who.name, sizeof(c->who.name), "uid %u", cred.uid);
	return 0;
}

/* Returns the client without input for the longest time; others: only of those with the read-only
 * profile. */
static struct client *idlest(const struct ctl *ctl, bool others)
{
	struct list *l;

	list_for_each(l, &ctl->clients) {
		struct client *c = list_entry(l, struct client, link);

		if (!others || c->other)
			return c;
	}
	return NULL;
}

static void ctl_drop(struct client *c, const struct client *by)
{
	struct ctl *ctl = c->ctl;
	uint32_t suppressed;

	ctl->dropped++;
	if (log_limit_pass(&ctl->full, loop_now(ctl->loop), &suppressed))
		log_kv(LOG_CTL, LOG_WARN, "client-dropped", KV_STR("why", "too many clients"),
		       KV_STR("actor", c->who.name), KV_STR("new-actor", by->who.name),
		       KV_U64("dropped", ctl->dropped), KV_SUPPRESSED(suppressed));
	client_free(c);
}

/* Disconnects the client without input for the longest time, so that idle connections cannot lock
 * out new ones. Read-only clients displace only each other; root displaces them first. Returns
 * false when no client can be displaced. */
static bool make_room(struct ctl *ctl, const struct client *by)
{
	bool full = ctl->n_clients >= CLIENTS_MAX;
	struct client *c;

	if (!full && !(by->other && ctl->n_others >= OTHERS_MAX))
		return true;
	c = idlest(ctl, by->other || ctl->n_others);
	if (c)
		ctl_drop(c, by);
	return c != NULL;
}

static void client_new(struct ctl *ctl, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c)
		c->fd = fd;
	if (!c || identify(c) < 0 || !make_room(ctl, c)) {
		free(c);
		close(fd);
		return;
	}
	c->ctl = ctl;
	sb_init(&c->answer);
	list_add_tail(&ctl->clients, &c->link);
	ctl->n_clients++;
	ctl->n_others += c->other;
	ev_io_init(&c->in, on_in, fd, EV_READ);
	ev_io_init(&c->out, on_out, fd, EV_WRITE);
	ev_timer_init(&c->idle, on_idle, IDLE_SECONDS, 0.);
	c->in.data = c->out.data = c->idle.data = c;
	ev_io_start(loop_ev(ctl->loop), &c->in);
	ev_timer_start(loop_ev(ctl->loop), &c->idle);
	log_kv(LOG_CTL, LOG_DEBUG, "client-connected", KV_STR("actor", c->who.name),
	       KV_STR("profile", c->who.profile->name));
}

/* Accepts and closes a connection with the spare descriptor: otherwise the pending connection would
 * wake the reactor repeatedly. */
static void send_away(struct ctl *ctl)
{
	int fd;

	close(ctl->spare);
	fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	ctl->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	log_kv(LOG_CTL, LOG_WARN, "client-refused", KV_STR("why", "too many open files"));
}

static void on_accept(struct ev_loop *ev, ev_io *w, int revents)
{
	struct ctl *ctl = w->data;
	int fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ev;
	(void)revents;
	if (fd < 0) {
		if ((errno == EMFILE || errno == ENFILE) && ctl->spare >= 0)
			send_away(ctl);
		return;
	}
	client_new(ctl, fd);
}

/* Removes the socket file of a daemon that was killed: no process listens there. */
static int clear_stale(const struct sockaddr_un *sa, pid_t *ret_pid)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred who = { .pid = 0 };
	socklen_t len = sizeof(who);
	struct stat st;
	int r = 0;

	if (fd < 0)
		return -errno;
	if (lstat(sa->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
		r = -ENOTSOCK; /* a file of another program */
	else if (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 || errno == EAGAIN) {
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len);
		*ret_pid = who.pid;
		r = -EADDRINUSE;
	} else if (errno == ECONNREFUSED && unlink(sa->sun_path) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int listen_on(const char *path, int *ret_fd, pid_t *ret_pid)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, r = 0;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	r = clear_stale(&sa, ret_pid);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	old = umask(0117); /* the mode is 0660 from its creation */
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		r = -errno;
	umask(old);
	if (r == 0 && listen(fd, CLIENTS_MAX) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* ---- the socket's file ---- */

static void note_file(struct ctl *c)
{
	struct stat st = { 0 };

	if (stat(c->path, &st) < 0)
		st.st_ino = 0;
	c->dev = st.st_dev;
	c->ino = st.st_ino;
}

static bool has_file(const struct ctl *c)
{
	struct stat st;

	return stat(c->path, &st) == 0 && st.st_dev == c->dev && st.st_ino == c->ino;
}

static void cannot_listen(struct ctl *c, int r)
{
	if (!c->lost)
		path_why_log(LOG_ERROR, LOG_CTL,
			     &(struct path_failure){ "control-socket-lost", c->path,
						     "zectl cannot reach ze", r });
	c->lost = r;
}

/* Creates the socket again when its file, or the folder, was removed: without it no client can
 * connect. */
static void on_check(struct ev_loop *ev, ev_timer *w, int revents)
{
	struct ctl *c = w->data;
	pid_t pid;
	int fd, r;

	(void)revents;
	if (has_file(c))
		return;
	path_make_folder(c->path);
	r = listen_on(c->path, &fd, &pid);
	if (r < 0) {
		cannot_listen(c, r);
		return;
	}
	ev_io_stop(ev, &c->accept);
	close(c->fd);
	c->fd = fd;
	c->lost = 0;
	note_file(c);
	ev_io_set(&c->accept, fd, EV_READ);
	ev_io_start(ev, &c->accept);
	log_kv(LOG_CTL, LOG_WARN, "control-socket-restored", KV_STR("file", c->path),
	       KV_STR("why", "it had been removed"));
}

int ctl_new(const struct ctl_args *a, struct ctl **ret, pid_t *ret_pid)
{
	struct ctl *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	r = listen_on(a->path, &c->fd, ret_pid);
	if (r < 0) {
		free(c);
		return r;
	}
	c->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	strcpy(c->path, a->path);
	note_file(c);
	c->loop = a->loop;
	c->history = a->history;
	c->radius = a->radius;
	c->reload = a->reload;
	list_init(&c->clients);
	c->full = (struct log_limit){ .every = ZE_SEC(1), .burst = 10 };
	ev_io_init(&c->accept, on_accept, c->fd, EV_READ);
	ev_timer_init(&c->check, on_check, CHECK_SECONDS, CHECK_SECONDS);
	c->accept.data = c->check.data = c;
	*ret = c;
	return 0;
}

void ctl_serve(struct ctl *c)
{
	ev_io_start(loop_ev(c->loop), &c->accept);
	ev_timer_start(loop_ev(c->loop), &c->check);
}

void ctl_free(struct ctl *c)
{
	if (!c)
		return;
	while (!list_empty(&c->clients))
		client_free(list_entry(c->clients.next, struct client, link));
	ev_io_stop(loop_ev(c->loop), &c->accept);
	ev_timer_stop(loop_ev(c->loop), &c->check);
	close(c->fd);
	if (c->spare >= 0)
		close(c->spare);
	if (has_file(c))
		unlink(c->path);
	free(c);
}
