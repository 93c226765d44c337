/* SPDX-License-Identifier: BSD-2-Clause */
/* The profile of a session for snapshot.h: each value as a text, with its source. A value that the
 * profile does not have, and that the configuration gives to every session, is shown as default. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_profile.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/snapshot_priv.h"
#include "daemon/core/subscriber_priv.h"

#define VALUE_MAX 80 /* octets of the text of a value that is not a name */

const char *snapshot_rate(uint64_t bps, char buf[static RATE_TEXT])
{
	if (!bps)
		snprintf(buf, RATE_TEXT, "unlimited");
	return bps ? rate_text(bps, buf) : buf;
}

struct draft {
	struct snapshot_profile *sp;
	const struct profile *p; /* NULL: no authentication */
	char *at;
};

static void snapshot_profile_add(struct draft *d, enum profile_key key, const char *value,
				 bool applied)
{
	struct snapshot_value *v = &d->sp->v[d->sp->n++];

	v->name = profile_key_name(key);
	v->source = profile_source_name(d->p ? profile_source(d->p, key) : PROFILE_DEFAULT);
	v->applied = applied;
	v->value = snapshot_text(&d->at, value, strlen(value));
}

/* A value that may be that of the configuration. */
static void add_field(struct draft *d, enum profile_key key, const char *value)
{
	snapshot_profile_add(d, key, value, profile_key_applied(key));
}

static void add_number(struct draft *d, enum profile_key key, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	add_field(d, key, text);
}

static void add_ip(struct draft *d, enum profile_key key, uint32_t ip)
{
	char text[ZE_ADDR_TEXT];

	if (ip)
		add_field(d, key, ze_ip4_text(ip, text));
}

static void add_rate(struct draft *d, enum profile_key key, uint64_t bps)
{
	char text[RATE_TEXT];

	add_field(d, key, snapshot_rate(bps, text));
}

/* A value that only a profile has. */
static void add_given(struct draft *d, enum profile_key key, uint64_t n)
{
	if (d->p && profile_source(d->p, key) != PROFILE_DEFAULT)
		add_number(d, key, n);
}

static void add_fields(struct draft *d, const struct subscriber *s)
{
	const struct profile *p = d->p;
	const struct sub_timers *t = s->timers;

	if (p)
		add_field(d, PROFILE_USER, p->user);
	add_ip(d, PROFILE_ADDRESS, s->lease.ip4);
	add_given(d, PROFILE_NETMASK, p ? p->netmask : 0);
	add_ip(d, PROFILE_DNS1, s->lease.dns4[0]);
	add_ip(d, PROFILE_DNS2, s->lease.dns4[1]);
	add_rate(d, PROFILE_DOWN, s->plan.down_bps);
	add_rate(d, PROFILE_UP, s->plan.up_bps);
	add_number(d, PROFILE_SESSION_TIMEOUT, t ? t->session_s : 0);
	add_number(d, PROFILE_IDLE_TIMEOUT, t ? t->idle_s : 0);
	add_given(d, PROFILE_INTERIM, p ? p->interim_s : 0);
	add_given(d, PROFILE_MTU, p ? p->mtu : 0);
	add_given(d, PROFILE_SESSIONS, p ? p->sessions.limit : 0);
}

static bool snapshot_profile_is_text(struct span v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.p[i] < ' ' || v.p[i] > '~')
			return false;
	return true;
}

/* A name, or octets in hexadecimal. */
static void octets_text(struct span v, char text[2 * UINT8_MAX + 3])
{
	if (snapshot_profile_is_text(v)) {
		memcpy(text, v.p, v.len);
		text[v.len] = '\0';
		return;
	}
	memcpy(text, "0x", 3);
	for (size_t i = 0; i < v.len; i++)
		snprintf(text + 2 + 2 * i, 3, "%02x", v.p[i]);
}

static void prefix_text(const struct ze_prefix *p, char text[2 * UINT8_MAX + 3])
{
	char ip[ZE_ADDR_TEXT];

	ze_ip_text(&p->addr, ip);
	if (p->addr.family == 6 && p->len == 128)
		snprintf(text, VALUE_MAX, "%s", ip);
	else
		snprintf(text, VALUE_MAX, "%s/%u", ip, p->len);
}

static bool snapshot_profile_is_route(enum profile_key key)
{
	return key == PROFILE_ROUTE || key == PROFILE_ROUTE6;
}

static bool snapshot_profile_is_prefix(enum profile_key key)
{
	return key == PROFILE_PREFIX6 || key == PROFILE_DELEGATED6 || key == PROFILE_ADDRESS6 ||
	       key == PROFILE_DNS6;
}

static void value_text(const struct profile *p, enum profile_key key, unsigned n, struct span v,
		       char text[2 * UINT8_MAX + 3])
{
	struct profile_route route;
	struct ze_prefix prefix;

	if (snapshot_profile_is_route(key) && profile_get_route(p, key, n, &route)) {
		prefix_text(&route.dst, text);
		if (route.metric)
			snprintf(text + strlen(text), 24, " metric %" PRIu32, route.metric);
	} else if (snapshot_profile_is_prefix(key) && profile_get_prefix6(p, key, n, &prefix)) {
		prefix_text(&prefix, text);
	} else {
		octets_text(v, text);
	}
}

static void add_list(struct draft *d, enum profile_key key)
{
	char text[2 * UINT8_MAX + 3];
	struct span v;

	for (unsigned n = 0; profile_get(d->p, key, n, &v); n++) {
		value_text(d->p, key, n, v, text);
		snapshot_profile_add(d, key, text, radius_profile_applied(d->p, key, n));
	}
}

struct snapshot_profile *snapshot_profile_take(const struct subscriber *s)
{
	const struct profile *p = s->profile;
	size_t list = p ? profile_list(p).len : 0, n = PROFILE_KEY__COUNT + list / 3;
	struct snapshot_profile *sp;
	struct draft d;

	sp = malloc(sizeof(*sp) + n * (sizeof(*sp->v) + VALUE_MAX) + 2 * list + AAA_USER_MAX + 1);
	if (!sp)
		return NULL;
	sp->n = 0;
	d = (struct draft){ .sp = sp, .p = p, .at = (char *)(sp->v + n) };
	add_fields(&d, s);
	for (unsigned k = 0; p && k < PROFILE_KEY__COUNT; k++)
		add_list(&d, (enum profile_key)k);
	return sp;
}
