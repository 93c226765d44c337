/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/json.h"

#define ANSWER_MAX (256u << 20) /* octets; more than 65535 sessions with their histories need */

struct client client_default(void)
{
	const char *path = getenv("ZE_SOCKET");

	return (struct client){ .path = path && path[0] ? path : CLIENT_SOCKET,
				.timeout_s = CLIENT_TIMEOUT_S };
}

void client_request(enum client_kind kind, const char *const *words, size_t n, struct strbuf *line)
{
	struct json j;

	json_init(&j, line);
	json_obj(&j);
	json_key(&j, kind == CLIENT_COMMAND ? "command" : "complete");
	json_arr(&j);
	for (size_t i = 0; i < n; i++)
		json_str(&j, words[i]);
	json_arr_end(&j);
	json_obj_end(&j);
	sb_puts(line, "\n");
}

json_t *client_answer(const char *line, size_t len)
{
	json_t *v = json_loadb(line, len, JSON_ALLOW_NUL, NULL);

	if (json_is_string(json_object_get(v, "status")))
		return v;
	json_decref(v);
	return NULL;
}

/* ---- the socket ---- */

static ze_ns monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ZE_SEC(ts.tv_sec) + ts.tv_nsec;
}

/* Returns 0 when fd is ready for `what`, or -ETIMEDOUT at the deadline. */
static int client_wait_for(int fd, short what, ze_ns deadline)
{
	struct pollfd p = { .fd = fd, .events = what };
	ze_ns left = deadline - monotonic();
	int n;

	if (left <= 0)
		return -ETIMEDOUT;
	n = poll(&p, 1, (int)(left / ZE_MS(1)) + 1);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

/* EAGAIN means that the daemon's backlog is full; it empties soon, so try again until the
 * deadline. */
static int connect_in_time(int fd, const struct sockaddr_un *sa, ze_ns deadline)
{
	while (connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) < 0) {
		if (errno != EAGAIN || monotonic() >= deadline)
			return -errno;
		poll(NULL, 0, 20);
	}
	return 0;
}

static int connect_to(const char *path, ze_ns deadline, int *ret_fd)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect_in_time(fd, &sa, deadline);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int send_all(int fd, const struct strbuf *b, ze_ns deadline)
{
	for (size_t done = 0; done < b->len;) {
		int r = client_wait_for(fd, POLLOUT, deadline);
		ssize_t n;

		if (r < 0)
			return r;
		n = send(fd, b->s + done, b->len - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Reads up to the newline, which is left out. */
static int receive_line(int fd, struct strbuf *line, ze_ns deadline)
{
	char buf[65536];

	for (;;) {
		int r = client_wait_for(fd, POLLIN, deadline);
		ssize_t n;
		char *nl;

		if (r < 0)
			return r;
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		nl = memchr(buf, '\n', (size_t)n);
		sb_add(line, buf, nl ? (size_t)(nl - buf) : (size_t)n);
		if (line->bad)
			return -ENOMEM;
		if (nl)
			return 0;
		if (line->len > ANSWER_MAX)
			return -EPROTO;
	}
}

static int exchange(const struct client *c, const struct strbuf *request, struct strbuf *answer)
{
	ze_ns deadline = monotonic() + ZE_SEC(c->timeout_s);
	int fd = -1, r;

	if (request->bad)
		return -ENOMEM;
	r = connect_to(c->path, deadline, &fd);
	if (r < 0)
		return r;
	r = send_all(fd, request, deadline);
	/* A daemon that closes the connection may have sent the reason before. */
	if (r == 0 || r == -EPIPE || r == -ECONNRESET)
		r = receive_line(fd, answer, deadline);
	close(fd);
	return r;
}

int client_ask(const struct client *c, enum client_kind kind, const char *const *words, size_t n,
	       json_t **ret)
{
	struct strbuf request, answer;
	json_t *v = NULL;
	int r;

	sb_init(&request);
	sb_init(&answer);
	client_request(kind, words, n, &request);
	r = exchange(c, &request, &answer);
	if (r == 0) {
		v = client_answer(answer.s, answer.len);
		r = v ? 0 : -EPROTO;
	}
	sb_done(&request);
	sb_done(&answer);
	if (r == 0)
		*ret = v;
	return r;
}

void client_failure(const struct client *c, int err, struct strbuf *text)
{
	sb_printf(text, "cannot ask the daemon at %s: ", c->path);
	switch (-err) {
	case ENOENT:
		sb_puts(text, "the socket does not exist. Is ze running (systemctl status ze), "
			      "and with this socket (--socket, ZE_SOCKET)?");
		return;
	case ECONNREFUSED:
		sb_puts(text, "connection refused. ze has stopped and left the socket behind "
			      "(systemctl status ze).");
		return;
	case EACCES:
	case EPERM:
		sb_puts(text, "permission denied. Run this as root, or as a member of the group "
			      "that owns the socket.");
		return;
	case EAGAIN:
		sb_puts(text, "too many clients are waiting. Try again.");
		return;
	case ETIMEDOUT:
		sb_printf(text, "no answer within %u seconds (--timeout).", c->timeout_s);
		return;
	case ECONNRESET:
	case EPIPE:
		sb_puts(text, "the connection was closed without an answer. ze is stopping, or "
			      "has too many clients.");
		return;
	case EPROTO:
		sb_puts(text, "the answer is not from ze. Is this the right socket?");
		return;
	default:
		sb_puts(text, strerror(-err));
	}
}
