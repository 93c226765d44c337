/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/radius_dynauth.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aaa/radius_coa.h"
#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/change.h"
#include "daemon/core/config.h"
#include "daemon/core/snapshot.h"
#include "daemon/sys/net/pktinfo.h"
#include "daemon/sys/net/sockaddr.h"
#include "daemon/sys/run/loop.h"

#define FAMILIES       2
#define READ_MAX       256	 /* requests in one iteration of the loop */
#define RECEIVE_BUFFER (1 << 20) /* octets: some 500 requests */
#define LINES_EVERY    ZE_SEC(1) /* log lines about requests that are dropped */
#define LINES_BURST    10

struct dynauth_sock {
	ev_io io;
	struct radius_dynauth *owner;
	struct ze_addr addr;
};

struct dynauth_set { /* of one configuration */
	struct config *cfg;
	struct change *change;		      /* NULL: no coa-port */
	struct dynauth_sock *socks[FAMILIES]; /* NULL: none */
};

struct radius_dynauth {
	struct loop *loop;
	struct dynauth_set *set, *next; /* in use; prepared */
	struct log_limit lines;
	uint64_t send_errors;
	uint8_t in[RADIUS_PKT_MAX + 1]; /* one that is too long is seen to be */
	uint8_t out[RADIUS_PKT_MAX];
};

/* ---- requests ---- */

static void log_dropped(struct radius_dynauth *d, enum reason why, const struct ze_addr *from)
{
	char text[ZE_ADDR_TEXT];
	uint32_t suppressed;

	if (log_limit_pass(&d->lines, loop_now(d->loop), &suppressed))
		log_kv(LOG_AAA, LOG_WARN, "radius-request-dropped", KV_REASON(why),
		       KV_STR("from", ze_addr_text(from, text)), KV_SUPPRESSED(suppressed));
}

/* An answer that cannot be sent is lost; the client repeats its request. */
static void dynauth_send(struct dynauth_sock *s, const struct ze_addr *from,
			 const struct ze_addr *to, struct span answer)
{
	struct sockaddr_storage ss;
	struct iovec iov = { (void *)(uintptr_t)answer.p, answer.len };
	struct msghdr m = { .msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1 };
	union pktinfo room;
	ssize_t n;

	m.msg_namelen = sockaddr_from_addr(to, &ss);
	pktinfo_set(&m, &room, from);
	do
		n = sendmsg(s->io.fd, &m, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	s->owner->send_errors += n < 0;
}

/* Reads and answers one request. Returns false when there is none. */
static bool dynauth_serve(struct dynauth_sock *s)
{
	struct radius_dynauth *d = s->owner;
	struct sockaddr_storage ss;
	struct iovec iov = { d->in, sizeof(d->in) };
	union pktinfo room;
	struct msghdr m = { .msg_name = &ss,
			    .msg_namelen = sizeof(ss),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &room,
			    .msg_controllen = sizeof(room) };
	struct wr w = wr_init(d->out, sizeof(d->out));
	struct radius_coa_arrival a;
	struct ze_addr from, to;
	enum reason why;
	ssize_t n;

	do
		n = recvmsg(s->io.fd, &m, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	from = sockaddr_to_addr(&ss);
	to = pktinfo_local(&m, &s->addr);
	a = (struct radius_coa_arrival){ .from = &from,
					 .to = &to,
					 .datagram = span_of(d->in, (size_t)n),
					 .now = loop_now(d->loop),
					 .wall = (uint64_t)(loop_wall_ns() / ZE_SEC(1)) };
	why = change_input(d->set->change, loop_engine(d->loop), &a, &w);
	if (why == REASON_NONE)
		dynauth_send(s, &to, &from, wr_done(&w));
	else
		log_dropped(d, why, &from);
	return true;
}

static void dynauth_read(struct dynauth_sock *s)
{
	for (int n = 0; n < READ_MAX && dynauth_serve(s); n++)
		if (loop_turn_long(s->owner->loop))
			break;
}

static void on_requests(struct ev_loop *ev, ev_io *w, int revents)
{
	struct dynauth_sock *s = w->data;

	(void)ev;
	(void)revents;
	dynauth_read(s);
	loop_turn_done(s->owner->loop);
}

/* ---- sockets ---- */

/* IP_FREEBIND: an address that comes later, such as that of a link that is not up yet, can be bound.
 * SO_REUSEADDR: another address can be bound to the port while the socket of the configuration
 * before is open. */
static int dynauth_bind(int fd, const struct ze_addr *addr, bool beside)
{
	int on = 1, v6 = addr->family == 6;
	struct sockaddr_storage ss;
	socklen_t len = sockaddr_from_addr(addr, &ss);
	int r = pktinfo_want(fd, addr->family);

	if (r < 0)
		return r;
	if (setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, &on,
		       sizeof(on)) < 0 ||
	    (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    (beside && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
	    bind(fd, (struct sockaddr *)&ss, len) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}

static int dynauth_open(const struct ze_addr *addr, bool beside)
{
	int fd = socket(addr->family == 4 ? AF_INET : AF_INET6,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	int r;

	if (fd < 0)
		return -errno;
	sockaddr_receive_buffer(fd, RECEIVE_BUFFER);
	r = dynauth_bind(fd, addr, beside);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int dynauth_sock_new(struct radius_dynauth *d, const struct ze_addr *addr, bool beside,
			    struct dynauth_sock **ret)
{
	struct dynauth_sock *s = calloc(1, sizeof(*s));
	int fd;

	if (!s)
		return -ENOMEM;
	fd = dynauth_open(addr, beside);
	if (fd < 0) {
		free(s);
		return fd;
	}
	s->owner = d;
	s->addr = *addr;
	ev_io_init(&s->io, on_requests, fd, EV_READ);
	s->io.data = s;
	*ret = s;
	return 0;
}

static void dynauth_sock_free(struct dynauth_sock *s)
{
	if (!s)
		return;
	ev_io_stop(loop_ev(s->owner->loop), &s->io);
	close(s->io.fd);
	free(s);
}

/* ---- one configuration ---- */

static struct change *change_of(const struct config *cfg)
{
	const struct config_radius *r = &cfg->radius;
	const struct radius_nas nas = config_radius_nas(cfg);
	struct radius_coa_client clients[RADIUS_SERVERS_MAX];
	struct radius_coa_cfg coa = { .clients = clients,
				      .n_clients = r->n_servers,
				      .nas_identifier = nas.identifier,
				      .require_timestamp = r->coa_timestamp,
				      .require_signature = r->coa_signature };

	for (size_t i = 0; i < r->n_servers; i++)
		clients[i] = (struct radius_coa_client){ .name = r->servers[i].name,
							 .addr = r->servers[i].addr,
							 .secret = span_str(r->servers[i].secret) };
	if (nas.address.family == 4)
		coa.nas_ip = ze_addr_ip4(&nas.address);
	else
		coa.nas_ip6 = nas.address;
	return change_new(&coa);
}

/* The address of the socket for this family. Returns false when the configuration needs none. */
static bool dynauth_address(const struct config_radius *r, uint8_t family, struct ze_addr *ret)
{
	bool servers = false;

	for (size_t i = 0; i < r->n_servers; i++)
		servers = servers || r->servers[i].addr.family == family;
	*ret = r->source.family == family ? r->source : (struct ze_addr){ .family = family };
	ret->port = r->coa_port;
	return servers && r->coa_port;
}

static void dynauth_set_free(struct dynauth_set *set)
{
	if (!set)
		return;
	change_free(set->change);
	config_unref(set->cfg);
	free(set);
}

/* Frees the sockets that `other` does not have. */
static void dynauth_set_close(struct dynauth_set *set, const struct dynauth_set *other)
{
	for (size_t i = 0; set && i < FAMILIES; i++)
		if (!other || set->socks[i] != other->socks[i])
			dynauth_sock_free(set->socks[i]);
}

static struct dynauth_set *dynauth_set_new(struct config *cfg)
{
	struct dynauth_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->cfg = config_ref(cfg);
	set->change = cfg->radius.coa_port ? change_of(cfg) : NULL;
	if (set->change || !cfg->radius.coa_port)
		return set;
	dynauth_set_free(set);
	return NULL;
}

/* Opens the sockets of the set; one that `old`, which may be NULL, has with the same address is taken
 * from there. Returns 0, or -errno with the address that failed. */
static int dynauth_set_open(struct radius_dynauth *d, struct dynauth_set *set,
			    const struct dynauth_set *old, struct ze_addr *ret_addr)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < FAMILIES; i++) {
		struct dynauth_sock *was = old ? old->socks[i] : NULL;

		if (!dynauth_address(&set->cfg->radius, i ? 6 : 4, ret_addr))
			continue;
		if (was && ze_addr_eq(&was->addr, ret_addr))
			set->socks[i] = was;
		else
			r = dynauth_sock_new(d, ret_addr, was != NULL, &set->socks[i]);
	}
	return r;
}

static void dynauth_set_start(struct radius_dynauth *d, const struct dynauth_set *set)
{
	char text[ZE_ADDR_TEXT];

	for (size_t i = 0; i < FAMILIES; i++) {
		struct dynauth_sock *s = set->socks[i];

		if (!s || ev_is_active(&s->io))
			continue;
		ev_io_start(loop_ev(d->loop), &s->io);
		log_kv(LOG_AAA, LOG_INFO, "radius-coa-listening",
		       KV_STR("address", ze_addr_text(&s->addr, text)));
	}
}

/* ---- start, stop, reload ---- */

int radius_dynauth_new(struct loop *loop, struct config *cfg, struct radius_dynauth **ret)
{
	struct radius_dynauth *d = calloc(1, sizeof(*d));
	char text[ZE_ADDR_TEXT];
	struct ze_addr addr;
	int r;

	if (!d)
		return -ENOMEM;
	d->loop = loop;
	d->lines = (struct log_limit){ .every = LINES_EVERY, .burst = LINES_BURST };
	d->set = dynauth_set_new(cfg);
	if (!d->set) {
		free(d);
		return -ENOMEM;
	}
	r = dynauth_set_open(d, d->set, NULL, &addr);
	if (r < 0)
		log_kv(LOG_AAA, LOG_ERROR, "radius-coa-listen-failed",
		       KV_STR("address", ze_addr_text(&addr, text)), KV_ERRNO(r),
		       KV_STR("effect", "CoA and Disconnect requests are not received there"),
		       KV_STR("cure", "stop what uses the port, see ss -ulpn, or another coa-port; "
				      "then reload"));
	dynauth_set_start(d, d->set);
	*ret = d;
	return 0;
}

void radius_dynauth_free(struct radius_dynauth *d)
{
	if (!d)
		return;
	radius_dynauth_cancel(d);
	dynauth_set_close(d->set, NULL);
	dynauth_set_free(d->set);
	free(d);
}

int radius_dynauth_prepare(struct radius_dynauth *d, struct config *next, struct strbuf *errors)
{
	char text[ZE_ADDR_TEXT];
	struct ze_addr addr;
	int r;

	d->next = dynauth_set_new(next);
	if (!d->next) {
		sb_puts(errors, "l2tp auth radius coa-port: out of memory\n");
		return -ENOMEM;
	}
	r = dynauth_set_open(d, d->next, d->set, &addr);
	if (r == 0)
		return 0;
	sb_printf(errors, "l2tp auth radius coa-port: %s: %s\n", ze_addr_text(&addr, text),
		  strerror(-r));
	radius_dynauth_cancel(d);
	return r;
}

void radius_dynauth_cancel(struct radius_dynauth *d)
{
	dynauth_set_close(d->next, d->set);
	dynauth_set_free(d->next);
	d->next = NULL;
}

void radius_dynauth_apply(struct radius_dynauth *d)
{
	struct dynauth_set *old = d->set;

	/* What was sent to an address that is given up is answered by the old configuration. */
	for (size_t i = 0; i < FAMILIES; i++)
		if (old->socks[i] && old->socks[i] != d->next->socks[i])
			dynauth_read(old->socks[i]);
	d->set = d->next;
	d->next = NULL;
	if (d->set->change && old->change)
		change_inherit(d->set->change, old->change);
	dynauth_set_close(old, d->set);
	dynauth_set_free(old);
	dynauth_set_start(d, d->set);
}

/* ---- statistics ---- */

void radius_dynauth_snapshot(const struct radius_dynauth *d, struct snapshot_radius_coa *ret)
{
	const struct dynauth_set *set = d->set;
	const struct config_radius *r = &set->cfg->radius;

	*ret = (struct snapshot_radius_coa){ .port = r->coa_port, .send_errors = d->send_errors };
	for (size_t i = 0; i < FAMILIES; i++)
		if (set->socks[i])
			ret->listening[i] = set->socks[i]->addr;
	if (!set->change)
		return;
	ret->n = r->n_servers;
	for (size_t i = 0; i <= ret->n; i++) {
		struct snapshot_radius_coa_client *v = &ret->v[i];

		change_stats(set->change, i, &v->st);
		v->st.name = NULL;
		if (i == ret->n)
			continue;
		snprintf(v->name, sizeof(v->name), "%s", r->servers[i].name);
		v->addr = r->servers[i].addr;
	}
}
