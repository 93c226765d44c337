/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/portwatch.h"

#include <errno.h>
#include <ev.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/json.h"
#include "daemon/sys/net/follow.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/run/loop.h"

#define LINES_BURST   10
#define LINES_EVERY   ZE_SEC(10)
#define LATER_SECONDS 5.

struct portwatch {
	struct loop *loop;
	struct follow *follow;
	struct follow_listener listener;
	int fd; /* for ioctl() */
	ev_timer later;
	size_t n;
	struct portwatch_port port[];
};

static const char *const state_names[] = {
	[PORT_UP] = "up",
	[PORT_NO_CARRIER] = "no-carrier",
	[PORT_DOWN] = "down",
	[PORT_GONE] = "gone",
};

/* ---- one port ---- */

static enum port_state by_flags(bool up, bool running)
{
	if (!up)
		return PORT_DOWN;
	return running ? PORT_UP : PORT_NO_CARRIER;
}

enum port_state portwatch_state(const struct news *n)
{
	return n->gone ? PORT_GONE : by_flags(n->up, n->running);
}

static void portwatch_log_down(const struct portwatch_port *p, uint32_t suppressed)
{
	static const char *const whys[] = {
		[PORT_UP] = "",
		[PORT_NO_CARRIER] = "it has no carrier",
		[PORT_DOWN] = "it was set down",
		[PORT_GONE] = "the interface does not exist",
	};
	char cure[64] = "check the cable and the device at its other end";

	if (p->state == PORT_DOWN)
		snprintf(cure, sizeof(cure), "ip link set dev %s up", p->name);
	else if (p->state == PORT_GONE)
		snprintf(cure, sizeof(cure), "create %s again; ze attaches to it", p->name);
	log_kv(LOG_DP, LOG_WARN, "port-down", KV_STR("interface", p->name), KV_STR("role", p->role),
	       KV_STR("state", state_names[p->state]), KV_STR("why", whys[p->state]),
	       KV_STR("effect", strcmp(p->role, "core") == 0 ?
					"packets of subscribers cannot pass this port" :
					"LACs behind it cannot be reached"),
	       KV_STR("cure", cure), KV_SUPPRESSED(suppressed));
}

void portwatch_say(struct portwatch_port *p, ze_ns now)
{
	uint32_t suppressed;

	p->unsaid = !log_limit_pass(&p->limit, now, &suppressed);
	if (p->unsaid)
		return;
	if (p->state == PORT_UP)
		log_kv(LOG_DP, LOG_WARN, "port-up", KV_STR("interface", p->name),
		       KV_STR("role", p->role), KV_SUPPRESSED(suppressed));
	else
		portwatch_log_down(p, suppressed);
}

void portwatch_set(struct portwatch_port *p, enum port_state state, ze_ns now)
{
	if (p->state == state)
		return;
	p->state = state;
	portwatch_say(p, now);
}

/* ---- all ports ---- */

static bool any_unsaid(const struct portwatch *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->port[i].unsaid)
			return true;
	return false;
}

static void on_later(struct ev_loop *ev, ev_timer *t, int revents)
{
	struct portwatch *w = t->data;

	(void)revents;
	for (size_t i = 0; i < w->n; i++)
		if (w->port[i].unsaid)
			portwatch_say(&w->port[i], loop_now(w->loop));
	if (!any_unsaid(w))
		ev_timer_stop(ev, t);
}

static enum port_state portwatch_ask(const struct portwatch *w, const struct portwatch_port *p)
{
	struct ifreq q = { 0 };

	strncpy(q.ifr_name, p->name, IFNAMSIZ - 1);
	if (ioctl(w->fd, SIOCGIFFLAGS, &q) < 0)
		return errno == ENODEV || errno == ENXIO ? PORT_GONE : p->state;
	return by_flags(q.ifr_flags & IFF_UP, q.ifr_flags & IFF_RUNNING);
}

static void ask_all(struct portwatch *w)
{
	for (size_t i = 0; i < w->n; i++)
		portwatch_set(&w->port[i], portwatch_ask(w, &w->port[i]), loop_now(w->loop));
}

static void portwatch_heard(void *self, const struct nlmsghdr *h)
{
	struct portwatch *w = self;
	struct news n;

	if (!h) {
		ask_all(w);
		return;
	}
	if (!news_parse(h, &n) || n.kind != NEWS_LINK)
		return;
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->port[i].name, n.name) == 0)
			portwatch_set(&w->port[i], portwatch_state(&n), loop_now(w->loop));
	if (any_unsaid(w))
		ev_timer_start(loop_ev(w->loop), &w->later);
}

static void portwatch_add(struct portwatch *w, const char *name, const char *role)
{
	struct portwatch_port *p = &w->port[w->n];

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->port[i].name, name) == 0)
			return; /* in both lists: it is an uplink */
	snprintf(p->name, sizeof(p->name), "%s", name);
	p->role = role;
	p->limit = (struct log_limit){ .every = LINES_EVERY, .burst = LINES_BURST };
	w->n++;
}

int portwatch_new(const struct portwatch_args *a, struct portwatch **ret)
{
	struct portwatch *w =
		calloc(1, sizeof(*w) + (a->n_uplink + a->n_core) * sizeof(w->port[0]));

	if (!w)
		return -ENOMEM;
	w->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (w->fd < 0) {
		int r = -errno;

		free(w);
		return r;
	}
	w->loop = a->loop;
	w->follow = a->follow;
	for (size_t i = 0; i < a->n_uplink; i++)
		portwatch_add(w, a->uplink[i], "uplink");
	for (size_t i = 0; i < a->n_core; i++)
		portwatch_add(w, a->core[i], "core");
	w->listener = (struct follow_listener){ .heard = portwatch_heard, .self = w };
	follow_add(w->follow, &w->listener);
	ev_timer_init(&w->later, on_later, LATER_SECONDS, LATER_SECONDS);
	w->later.data = w;
	ask_all(w);
	*ret = w;
	return 0;
}

void portwatch_free(struct portwatch *w)
{
	if (!w)
		return;
	follow_del(w->follow, &w->listener);
	ev_timer_stop(loop_ev(w->loop), &w->later);
	close(w->fd);
	free(w);
}

void portwatch_show(const struct portwatch *w, struct json *j)
{
	if (!w)
		return;
	json_key(j, "ports");
	json_arr(j);
	for (size_t i = 0; i < w->n; i++) {
		json_obj(j);
		json_kstr(j, "interface", w->port[i].name);
		json_kstr(j, "role", w->port[i].role);
		json_kstr(j, "state", state_names[w->port[i].state]);
		json_obj_end(j);
	}
	json_arr_end(j);
}
