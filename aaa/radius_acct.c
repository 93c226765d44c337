/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_acct.h"

#include <string.h>

#include "aaa/profile.h"
#include "daemon/base/session_id.h"

#define ATTR_HEADER 2
#define GIGAWORD    32 /* bits of a counter that have an attribute of their own */

/* ---- the attributes of a session ---- */

static void put_values(struct radius_req *q, uint8_t type, const struct profile *p,
		       enum profile_key key)
{
	struct span value;

	for (unsigned n = 0; profile_get(p, key, n, &value); n++)
		radius_req_bytes(q, type, value);
}

/* RFC 3162 2.3: reserved, bits, and as many octets as the bits need. */
static void put_prefixes(struct radius_req *q, uint8_t type, const struct profile *p,
			 enum profile_key key)
{
	struct ze_prefix prefix;

	for (unsigned n = 0; profile_get_prefix6(p, key, n, &prefix); n++) {
		uint8_t value[2 + sizeof(prefix.addr.ip)] = { 0, prefix.len };

		memcpy(value + 2, prefix.addr.ip, sizeof(prefix.addr.ip));
		radius_req_bytes(q, type, span_of(value, 2 + (prefix.len + 7u) / 8));
	}
}

static void put_filters(struct radius_req *q, const struct profile *p)
{
	struct span value;

	for (unsigned n = 0; profile_get(p, PROFILE_FILTER, n, &value); n++)
		if (ATTR_HEADER + value.len <= wr_left(&q->w))
			radius_req_bytes(q, RADIUS_FILTER_ID, value);
}

static void put_ipv6(struct radius_req *q, const struct radius_acct_who *s)
{
	uint8_t ifid[8];
	struct wr w = wr_init(ifid, sizeof(ifid));

	wr_u64(&w, s->peer_ifid);
	radius_req_bytes(q, RADIUS_FRAMED_INTERFACE_ID, wr_done(&w));
	if (!s->profile)
		return;
	put_prefixes(q, RADIUS_FRAMED_IPV6_PREFIX, s->profile, PROFILE_PREFIX6);
	put_prefixes(q, RADIUS_DELEGATED_IPV6_PREFIX, s->profile, PROFILE_DELEGATED6);
}

enum reason radius_acct_attrs(struct wr *w, const struct radius_nas *nas,
			      const struct radius_acct_who *s)
{
	size_t room = wr_left(w) < RADIUS_ACCT_ATTRS_MAX ? wr_left(w) : RADIUS_ACCT_ATTRS_MAX;
	/* That of the session: a re-authentication does not change it. */
	struct span user = s->user.len || !s->profile ? s->user : span_str(s->profile->user);
	struct radius_req q;

	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, w->p, room);
	radius_req_bytes(&q, RADIUS_USER_NAME, user);
	if (s->profile) {
		put_values(&q, RADIUS_CHARGEABLE_USER_IDENTITY, s->profile, PROFILE_CUI);
		put_values(&q, RADIUS_CLASS, s->profile, PROFILE_CLASS);
	}
	radius_attrs_put(&q, nas, &s->session);
	radius_req_u32(&q, RADIUS_ACCT_AUTHENTIC,
		       s->by_radius ? RADIUS_AUTHENTIC_RADIUS : RADIUS_AUTHENTIC_LOCAL);
	if (s->ip4)
		radius_req_u32(&q, RADIUS_FRAMED_IP_ADDRESS, s->ip4);
	if (s->peer_ifid)
		put_ipv6(&q, s);
	if (s->mtu)
		radius_req_u32(&q, RADIUS_FRAMED_MTU, s->mtu);
	if (s->profile)
		put_filters(&q, s->profile);
	if (radius_req_fault(&q) != REASON_NONE)
		return radius_req_fault(&q);
	w->p = q.w.p;
	return REASON_NONE;
}

/* ---- a record ---- */

static enum radius_kind kind_of(enum acct_status status)
{
	switch (status) {
	case ACCT_START:
		return RADIUS_KIND_START;
	case ACCT_INTERIM:
		return RADIUS_KIND_INTERIM;
	case ACCT_STOP:
		return RADIUS_KIND_STOP;
	case ACCT_ON:
		return RADIUS_KIND_ON;
	case ACCT_OFF:
		break;
	}
	return RADIUS_KIND_OFF;
}

/* Copies the attributes of a row. Returns false when their lengths are wrong. */
static bool copy_attrs(struct radius_req *q, const struct radius_exclude *x, enum radius_kind kind,
		       struct span attrs)
{
	struct rd r = rd_span(attrs);

	while (rd_left(&r)) {
		uint8_t type = rd_u8(&r), len = rd_u8(&r);
		struct span value = rd_bytes(&r, len - (size_t)ATTR_HEADER);

		if (!radius_attrs_excluded(x, kind, type))
			radius_req_bytes(q, type, value);
	}
	return !r.bad;
}

static void put_octets(struct radius_req *q, uint8_t type, uint8_t gigawords, uint64_t n)
{
	radius_req_u32(q, type, (uint32_t)n);
	if (n >> GIGAWORD)
		radius_req_u32(q, gigawords, (uint32_t)(n >> GIGAWORD));
}

static void put_counts(struct radius_req *q, const struct acct_row *row)
{
	const struct acct_counts *c = &row->counts;

	radius_req_u32(q, RADIUS_ACCT_SESSION_TIME, row->time_s);
	put_octets(q, RADIUS_ACCT_INPUT_OCTETS, RADIUS_ACCT_INPUT_GIGAWORDS, c->octets_in);
	put_octets(q, RADIUS_ACCT_OUTPUT_OCTETS, RADIUS_ACCT_OUTPUT_GIGAWORDS, c->octets_out);
	radius_req_u32(q, RADIUS_ACCT_INPUT_PACKETS, (uint32_t)c->packets_in);
	radius_req_u32(q, RADIUS_ACCT_OUTPUT_PACKETS, (uint32_t)c->packets_out);
}

/* 0 when the clock was set back since the event. */
static uint32_t delay_of(const struct radius_acct_time *t)
{
	uint64_t delay = t->wall > t->at ? t->wall - t->at : 0;

	return delay > UINT32_MAX ? UINT32_MAX : (uint32_t)delay;
}

enum reason radius_acct_request(struct radius_req *q, const struct radius_nas *nas,
				enum acct_status status, const struct acct_row *row,
				const struct radius_acct_time *t)
{
	const struct radius_exclude *x = &nas->exclude;
	enum radius_kind kind = kind_of(status);
	char id[SESSION_ID_TEXT];

	radius_req_u32(q, RADIUS_ACCT_STATUS_TYPE, status);
	if (!radius_attrs_excluded(x, kind, RADIUS_EVENT_TIMESTAMP))
		radius_req_u32(q, RADIUS_EVENT_TIMESTAMP, (uint32_t)t->at);
	if (!radius_attrs_excluded(x, kind, RADIUS_ACCT_DELAY_TIME))
		radius_req_delay(q, delay_of(t));
	if (!row) {
		radius_attrs_put_nas(q, nas);
		radius_req_bytes(q, RADIUS_ACCT_SESSION_ID, span_str(session_id_text(0, id)));
		return radius_req_fault(q);
	}
	if (!copy_attrs(q, x, kind, row->attrs))
		return REASON_RADIUS_REQUEST;
	if (status != ACCT_START)
		put_counts(q, row);
	if (status == ACCT_STOP && !radius_attrs_excluded(x, kind, RADIUS_ACCT_TERMINATE_CAUSE))
		radius_req_u32(q, RADIUS_ACCT_TERMINATE_CAUSE, row->cause);
	return radius_req_fault(q);
}
