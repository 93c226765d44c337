/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/netns_lock.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sys/net/nlreq.h"

#define NAME	 "ze-dataplane" /* after a zero octet */
#define NAME_LEN (sizeof(NAME) - 1)
#define QUEUE	 128 /* connections that ask for our credentials and are never accepted */

struct owner { /* a socket with our name */
	bool found;
	struct sockaddr_un a;
	socklen_t len;
	uid_t uid;
};

struct search {
	uint32_t own;		   /* inode of our socket */
	struct owner ours, others; /* first socket of root or our user; first of another user */
};

/* ---- names ---- */

static socklen_t put_name(struct sockaddr_un *a, const char *name, size_t n)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a->sun_path + 1, name, n);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

static int bind_to(const char *name, int *ret_fd)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;
	struct sockaddr_un a;
	socklen_t len = put_name(&a, name, strlen(name));

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, len) < 0 || listen(fd, QUEUE) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* A random name, which no other socket has and no other program can predict. */
static int bind_random(int *ret_fd)
{
	char name[NAME_LEN + 20];
	uint64_t n;

	if (getrandom(&n, sizeof(n), 0) != sizeof(n))
		return -errno;
	snprintf(name, sizeof(name), NAME "-%016" PRIx64, n);
	return bind_to(name, ret_fd);
}

/* ---- owners ---- */

/* Only a socket of root or of our own user can be an instance of ze. */
static void take_owner(struct search *s, const struct sockaddr_un *a, socklen_t len, uid_t uid)
{
	struct owner *o = uid == 0 || uid == geteuid() ? &s->ours : &s->others;

	if (!o->found)
		*o = (struct owner){ .found = true, .a = *a, .len = len, .uid = uid };
}

static void on_socket(struct nl_msg *m, void *self)
{
	const struct unix_diag_msg *d = nlmsg_data(nlmsg_hdr(m));
	struct nlattr *name, *uid;
	struct search *s = self;
	struct sockaddr_un a;

	if (!nlmsg_valid_hdr(nlmsg_hdr(m), sizeof(*d)) || d->udiag_ino == s->own)
		return;
	name = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*d), UNIX_DIAG_NAME);
	uid = nlmsg_find_attr(nlmsg_hdr(m), sizeof(*d), UNIX_DIAG_UID);
	if (!name || !uid || nla_len(uid) < 4 || nla_len(name) < (int)NAME_LEN + 1 ||
	    nla_len(name) > (int)sizeof(a.sun_path) ||
	    memcmp(nla_data(name), "\0" NAME, NAME_LEN + 1) != 0)
		return;
	take_owner(s, &a, put_name(&a, (const char *)nla_data(name) + 1, (size_t)nla_len(name) - 1),
		   nla_get_u32(uid));
}

/* Finds all sockets of the namespace whose name is ours or begins with it. Returns -errno when the
 * kernel has no sock_diag. */
static int ask_kernel(struct search *s)
{
	struct unix_diag_req q = { .sdiag_family = AF_UNIX,
				   .udiag_states = 1u << TCP_LISTEN | 1u << TCP_CLOSE,
				   .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_UID };
	struct nl_sock *sk;
	struct nl_msg *m;
	int r = nlreq_open(NETLINK_SOCK_DIAG, &sk);
	bool bad;

	if (r < 0)
		return r;
	m = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	bad = !m || nlmsg_append(m, &q, sizeof(q), NLMSG_ALIGNTO) < 0;
	r = nlreq_run(sk, &(struct nlreq){ .m = m, .bad = bad, .valid = on_socket, .self = s });
	nlreq_close(sk);
	return r;
}

/* Returns the credentials of the listener; pid 0: there is none, or its queue is full. */
static struct ucred ask_listener(const struct sockaddr_un *a, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t size = sizeof(who);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)a, len) == 0 &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
		who = (struct ucred){ .uid = (uid_t)-1 };
	if (fd >= 0)
		close(fd);
	return who;
}

/* Without sock_diag, asks only the listener of the usual name. An instance of ze always listens. */
static void ask_holder(struct search *s)
{
	struct sockaddr_un a;
	socklen_t len = put_name(&a, NAME, NAME_LEN);
	struct ucred who = ask_listener(&a, len);

	take_owner(s, &a, len, who.uid);
}

/* ---- the lock ---- */

static void log_foreign(const struct owner *o)
{
	struct ucred who = ask_listener(&o->a, o->len);
	char pid[16] = "", uid[16] = "", cure[64] = "ss -xlp | grep " NAME;

	if (who.pid) {
		snprintf(pid, sizeof(pid), "%d", who.pid);
		snprintf(cure, sizeof(cure), "kill %d", who.pid);
	}
	if (o->uid != (uid_t)-1)
		snprintf(uid, sizeof(uid), "%u", o->uid);
	log_kv(LOG_MAIN, LOG_WARN, "lock-taken", KV_STR("socket", "@" NAME), KV_STR("pid", pid),
	       KV_STR("uid", uid),
	       KV_STR("why", "a program of another user has bound the name of ze's lock"),
	       KV_STR("effect", "none: ze uses another name"), KV_STR("cure", cure));
}

static int judge(const struct search *s, pid_t *ret_pid)
{
	if (s->ours.found) {
		*ret_pid = ask_listener(&s->ours.a, s->ours.len).pid;
		return -EBUSY;
	}
	if (s->others.found)
		log_foreign(&s->others);
	return 0;
}

/* Binds before it searches for others: of two instances that start at the same time, at least one
 * finds the other. */
int netns_lock_take(int *ret_fd, pid_t *ret_pid)
{
	struct search s = { 0 };
	struct stat st = { 0 };
	int fd, r = bind_to(NAME, &fd);
	bool usual = r == 0;

	if (r == -EADDRINUSE)
		r = bind_random(&fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) == 0)
		s.own = (uint32_t)st.st_ino;
	r = ask_kernel(&s);
	if (r < 0) {
		log_kv(LOG_MAIN, LOG_DEBUG, "sockets-not-listed", KV_ERRNO(r));
		s = (struct search){ 0 };
	}
	if (r < 0 && !usual)
		ask_holder(&s);
	r = judge(&s, ret_pid);
	if (r < 0)
		close(fd);
	else
		*ret_fd = fd;
	return r;
}
