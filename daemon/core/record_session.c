/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/record_session.h"

#include "daemon/core/facts.h"
#include "daemon/core/record_profile.h"
#include "daemon/core/record_tags.h"
#include "daemon/core/service.h"
#include "daemon/core/subscriber_priv.h"

static void put_plan(struct wr *w, const struct shape_plan *p)
{
	size_t mark;

	if (!plan_limits(p))
		return;
	mark = tlv_begin(w, RECORD_SES_PLAN);
	tlv_opt_u8(w, RECORD_PLAN_QDISC, (uint8_t)p->qdisc);
	tlv_put_u64(w, RECORD_PLAN_DOWN, p->down_bps);
	tlv_put_u64(w, RECORD_PLAN_UP, p->up_bps);
	tlv_end(w, mark);
}

/* True when the session is established and the data plane has all families that are up. */
static bool carried(const struct subscriber *s)
{
	if (s->dp != SUB_DP_UP || s->state != SUB_ESTABLISHED)
		return false;
	for (unsigned f = 0; f < PPP_FAM__COUNT; f++)
		if (s->ncp_up[f] && s->dp_family[f] != SUB_FAM_UP)
			return false;
	return true;
}

bool record_session_save(const struct call *c, struct wr *w)
{
	const struct subscriber *s = subscriber_owner(c);
	size_t link;
	bool ok;

	if (!carried(s))
		return false;
	tlv_put_u64(w, RECORD_SES_ID, s->id);
	tlv_put_u64(w, RECORD_SES_UP_AT, (uint64_t)s->up_at);
	tlv_opt_u8(w, RECORD_SES_POOLED, s->lease.pool != NULL);
	tlv_opt_span(w, RECORD_SES_USER, span_str(facts_user(s)));
	record_profile_save(w, s->profile, facts_user(s));
	put_plan(w, &s->plan);
	service_save(s, w);
	link = tlv_begin(w, RECORD_SES_LINK);
	ok = ppp_link_save(&s->link, w);
	tlv_end(w, link);
	return ok;
}
