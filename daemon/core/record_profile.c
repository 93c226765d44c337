/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/record_profile.h"

#include <string.h>

#include "aaa/profile.h"
#include "daemon/core/record_tags.h"
#include "shaping/rate.h"

#define BOTH_FAMILIES (RECORD_FAMILY_IPV4 | RECORD_FAMILY_IPV6)

static void save_sessions(struct wr *w, const struct profile_sessions *n)
{
	if (n->set)
		tlv_put_u32(w, RECORD_PROF_SESSIONS, n->limit);
	tlv_opt_u8(w, RECORD_PROF_OVER_LIMIT, (uint8_t)n->over);
}

void record_profile_save(struct wr *w, const struct profile *p, const char *user)
{
	uint8_t families;
	struct span list;
	size_t mark;

	if (!p)
		return;
	families =
		(uint8_t)((p->ipv4 ? RECORD_FAMILY_IPV4 : 0) | (p->ipv6 ? RECORD_FAMILY_IPV6 : 0));
	list = profile_list(p);
	mark = tlv_begin(w, RECORD_SES_PROFILE);
	if (families != BOTH_FAMILIES)
		tlv_put_u8(w, RECORD_PROF_FAMILIES, families);
	if (p->has_address)
		tlv_put_u32(w, RECORD_PROF_ADDRESS, p->address);
	tlv_opt_u32(w, RECORD_PROF_DNS1, p->dns[0]);
	tlv_opt_u32(w, RECORD_PROF_DNS2, p->dns[1]);
	if (strcmp(p->user, user) != 0)
		tlv_put_span(w, RECORD_PROF_USER, span_str(p->user));
	tlv_opt_u8(w, RECORD_PROF_WISH, p->wish);
	save_sessions(w, &p->sessions);
	tlv_opt_u64(w, RECORD_PROF_DOWN, p->down_bps);
	tlv_opt_u64(w, RECORD_PROF_UP, p->up_bps);
	tlv_opt_u32(w, RECORD_PROF_SESSION_TIMEOUT, p->session_timeout_s);
	tlv_opt_u32(w, RECORD_PROF_IDLE_TIMEOUT, p->idle_timeout_s);
	tlv_opt_u16(w, RECORD_PROF_INTERIM, p->interim_s);
	tlv_opt_u16(w, RECORD_PROF_MTU, p->mtu);
	tlv_opt_u8(w, RECORD_PROF_NETMASK, p->netmask);
	tlv_opt_u64(w, RECORD_PROF_SOURCES, p->sources);
	if (list.len <= RECORD_LIST_MAX)
		tlv_opt_span(w, RECORD_PROF_LIST, list);
	tlv_end(w, mark);
}

/* 0: no limit */
static bool record_profile_is_rate(uint64_t bps)
{
	return !bps || (bps >= RATE_MIN && bps <= RATE_MAX);
}

static bool record_profile_numbers(struct profile *p, const struct span *f)
{
	uint8_t families = tlv_u8(f[RECORD_PROF_FAMILIES], BOTH_FAMILIES);
	uint8_t over = tlv_u8(f[RECORD_PROF_OVER_LIMIT], PROFILE_OVER_AUTO);

	p->ipv4 = families & RECORD_FAMILY_IPV4;
	p->ipv6 = families & RECORD_FAMILY_IPV6;
	p->has_address = f[RECORD_PROF_ADDRESS].p != NULL;
	p->address = tlv_u32(f[RECORD_PROF_ADDRESS], 0);
	p->dns[0] = tlv_u32(f[RECORD_PROF_DNS1], 0);
	p->dns[1] = tlv_u32(f[RECORD_PROF_DNS2], 0);
	p->wish = tlv_u8(f[RECORD_PROF_WISH], 0);
	p->sessions.set = f[RECORD_PROF_SESSIONS].p != NULL;
	p->sessions.limit = tlv_u32(f[RECORD_PROF_SESSIONS], 0);
	p->sessions.over = (enum profile_over_limit)over;
	p->down_bps = tlv_u64(f[RECORD_PROF_DOWN], 0);
	p->up_bps = tlv_u64(f[RECORD_PROF_UP], 0);
	p->session_timeout_s = tlv_u32(f[RECORD_PROF_SESSION_TIMEOUT], 0);
	p->idle_timeout_s = tlv_u32(f[RECORD_PROF_IDLE_TIMEOUT], 0);
	p->interim_s = tlv_u16(f[RECORD_PROF_INTERIM], 0);
	p->mtu = tlv_u16(f[RECORD_PROF_MTU], 0);
	p->netmask = tlv_u8(f[RECORD_PROF_NETMASK], 0);
	p->sources = tlv_u64(f[RECORD_PROF_SOURCES], 0);
	return over <= PROFILE_OVER_DENY && p->netmask <= 32 &&
	       record_profile_is_rate(p->down_bps) && record_profile_is_rate(p->up_bps);
}

enum reason record_profile_restore(struct span user, struct span saved, struct profile **ret)
{
	struct span f[RECORD_PROF__COUNT], name;
	enum reason why = tlv_read(&record_profile_tags, saved, f);
	struct profile_room room;
	struct profile *base, *p;

	*ret = NULL;
	if (!saved.p || why != REASON_NONE)
		return why;
	name = f[RECORD_PROF_USER].p ? f[RECORD_PROF_USER] : user;
	if (name.len && memchr(name.p, 0, name.len))
		return REASON_RESUME_RECORD;
	base = profile_new(name);
	if (!base)
		return REASON_NO_MEMORY;
	if (!record_profile_numbers(base, f)) {
		profile_free(base);
		return REASON_RESUME_RECORD;
	}
	*ret = base;
	if (!f[RECORD_PROF_LIST].len)
		return REASON_NONE;
	p = profile_edit(&room, base, (struct span){ 0 });
	why = profile_put_list(p, f[RECORD_PROF_LIST]) ? REASON_NONE : REASON_RESUME_RECORD;
	*ret = why == REASON_NONE ? profile_copy(p) : NULL;
	profile_free(base);
	return why == REASON_NONE && !*ret ? REASON_NO_MEMORY : why;
}
