/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/crypto.h"

int radius_server_init(struct radius_server *s, const struct radius_server_cfg *cfg, unsigned ports)
{
	*s = (struct radius_server){
		.st = { .addr = cfg->addr, .name = strdup(cfg->name) },
		.secret = malloc(cfg->secret.len),
		.signing = cfg->signing,
		.heard = -1,
		.silent_since = ZE_NEVER,
		.probe_at = ZE_NEVER,
	};
	radius_ids_init(&s->ids, ports);
	list_init(&s->waiting);
	if (!s->st.name || !s->secret)
		return -ENOMEM;
	memcpy(s->secret, cfg->secret.p, cfg->secret.len);
	s->secret_len = cfg->secret.len;
	return 0;
}

void radius_server_done(struct radius_server *s)
{
	if (s->secret)
		crypto_wipe(s->secret, s->secret_len);
	free(s->secret);
	free((char *)s->st.name);
	radius_ids_done(&s->ids);
}

struct span radius_server_secret(const struct radius_server *s)
{
	return span_of(s->secret, s->secret_len);
}

bool radius_server_same(const struct radius_server *a, const struct radius_server *b)
{
	return ze_addr_eq(&a->st.addr, &b->st.addr) &&
	       span_eq(radius_server_secret(a), radius_server_secret(b));
}

void radius_server_inherit(struct radius_server *s, const struct radius_server *old, ze_ns now)
{
	const char *name = s->st.name;

	s->st = old->st;
	s->st.name = name;
	s->misses = old->misses;
	s->heard = old->heard;
	s->hold = old->hold;
	s->probe_at = old->st.aside ? now : ZE_NEVER;
	s->mute = old->mute;
	s->noted_unsigned = old->noted_unsigned;
	s->noted_dropped = old->noted_dropped;
	s->unsigned_last = old->unsigned_last;
}

void radius_server_asked(struct radius_server *s, bool again, ze_ns now)
{
	if (again)
		s->st.retransmits++;
	else
		s->st.requests++;
	s->silent_since = ze_min_ns(s->silent_since, now);
}

void radius_server_missed(struct radius_server *s, ze_ns sent, ze_ns *missed, ze_ns now)
{
	if (s->heard >= sent || *missed > s->heard)
		return;
	s->misses++;
	*missed = now;
}

bool radius_server_suspect(const struct radius_server *s, bool spent, ze_ns now)
{
	if (s->st.aside || s->misses < RADIUS_MISSES)
		return false;
	return spent || s->misses >= RADIUS_MANY_MISSES ||
	       now - s->silent_since >= RADIUS_SILENT_AFTER;
}

void radius_server_set_aside(struct radius_server *s, const struct radius_client_cfg *cfg,
			     ze_ns now)
{
	if (!s->hold || now - s->st.since > RADIUS_STABLE)
		s->hold = cfg->hold_min;
	s->st.aside = true;
	s->st.since = now;
	s->st.set_aside++;
	s->mute = s->trial = false;
	s->probe_at = now + s->hold;
}

void radius_server_next_probe(struct radius_server *s, const struct radius_client_cfg *cfg,
			      ze_ns now)
{
	s->hold = ze_min_ns(2 * s->hold, cfg->hold_max);
	s->probe_at = now + s->hold;
}

bool radius_server_heard(struct radius_server *s, ze_ns now)
{
	s->heard = now;
	s->misses = 0;
	s->silent_since = ZE_NEVER;
	if (!s->st.aside)
		return false;
	s->st.aside = s->mute = s->trial = false;
	s->st.since = now;
	s->probe_at = ZE_NEVER;
	return true;
}

void radius_server_rtt(struct radius_server *s, ze_ns took)
{
	struct radius_server_stats *st = &s->st;

	if (took < 1)
		took = 1; /* 0 means none */
	st->rtt = st->rtt ? st->rtt - st->rtt / 8 + took / 8 : took;
	if (!st->rtt_min || took < st->rtt_min)
		st->rtt_min = took;
	if (took > st->rtt_max)
		st->rtt_max = took;
}
