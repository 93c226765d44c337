/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * RFC 1661 5.8. Requests contain our magic number and no data. When all ECHO_OUTSTANDING slots wait
 * for a reply, the next request is not sent; a slot without a reply is not released before
 * `timeout`. When the process was stopped for a while, the requests of many links are overdue; they
 * are spread over an interval, so that the replies do not arrive at once.
 */
#include "ppp/echo.h"

#include <string.h>

#include "ppp/timers.h"

void echo_init(struct echo *e, const struct echo_cfg *cfg)
{
	memset(e, 0, sizeof(*e));
	e->cfg = cfg;
	e->next_send = ZE_NEVER;
}

void echo_start(struct echo *e, ze_ns now)
{
	echo_stop(e);
	e->rejected = false;
	e->lost_in_row = 0;
	if (e->cfg->interval > 0)
		e->next_send = now + e->cfg->interval;
}

/* Sends the next request at some time in the next interval. */
static void echo_defer(struct echo *e, uint32_t spread, ze_ns now)
{
	e->next_send = now + e->cfg->interval / 256 * (1 + spread % 256);
}

void echo_restore(struct echo *e, uint32_t spread, ze_ns now)
{
	echo_start(e, now);
	if (e->cfg->interval > 0)
		echo_defer(e, spread, now);
}

void echo_stop(struct echo *e)
{
	memset(e->out_sent, 0, sizeof(e->out_sent));
	e->next_send = ZE_NEVER;
}

void echo_reject(struct echo *e)
{
	echo_stop(e);
	e->rejected = true;
}

const char *echo_state_name(const struct echo *e)
{
	if (e->rejected)
		return "rejected-by-peer";
	return e->next_send == ZE_NEVER ? "off" : "running";
}

ze_ns echo_deadline(const struct echo *e)
{
	ze_ns d = e->next_send;

	for (size_t i = 0; i < ECHO_OUTSTANDING; i++)
		if (e->out_sent[i])
			d = ze_min_ns(d, e->out_sent[i] + e->cfg->timeout);
	return d;
}

static void echo_lose(struct echo *e, ze_ns now, struct ppp_fx *fx)
{
	for (size_t i = 0; i < ECHO_OUTSTANDING; i++) {
		if (!e->out_sent[i] || now < e->out_sent[i] + e->cfg->timeout)
			continue;
		e->out_sent[i] = 0;
		e->lost++;
		if (e->lost_in_row < UINT8_MAX)
			e->lost_in_row++;
		ppp_fx_add(fx, PPP_FX_ECHO_LOST);
	}
}

static void echo_send(struct echo *e, uint32_t magic, ze_ns now, struct ppp_fx *fx)
{
	size_t i = 0;
	struct wr w;

	e->deferred = false;
	e->next_send += e->cfg->interval;
	if (e->next_send <= now) /* late: do not catch up with a burst */
		e->next_send = now + e->cfg->interval;
	while (i < ECHO_OUTSTANDING && e->out_sent[i])
		i++;
	if (i == ECHO_OUTSTANDING)
		return;
	e->out_sent[i] = now;
	e->out_id[i] = e->next_id++;
	e->sent++;
	w = ppp_fx_cp(fx, PPP_LCP, LCP_ECHO_REQ, e->out_id[i]);
	wr_u32(&w, magic);
	ppp_fx_cp_end(fx, &w);
	ppp_fx_add(fx, PPP_FX_ECHO_SENT);
}

bool echo_expire(struct echo *e, uint32_t magic, ze_ns now, struct ppp_fx *fx)
{
	if (e->next_send == ZE_NEVER) /* stopped */
		return true;
	echo_lose(e, now, fx);
	if (e->cfg->failures && e->lost_in_row >= e->cfg->failures)
		return false;
	if (now < e->next_send)
		return true;
	/* Late, and so are the requests of other links: spread them instead of sending all at
	 * once. */
	if (now - e->next_send > PPP_ECHO_LATE && !e->deferred) {
		e->deferred = true;
		echo_defer(e, magic, now);
		return true;
	}
	echo_send(e, magic, now, fx);
	return true;
}

static enum reason echo_check(const struct cp_pkt *p, struct echo_magic m)
{
	struct rd r = rd_span(p->data);
	uint32_t magic = rd_u32(&r);

	if (r.bad)
		return REASON_CP_LEN;
	if (magic && magic == m.ours)
		return REASON_ECHO_LOOP;
	if (magic && magic != m.peer)
		return REASON_ECHO_MAGIC;
	return REASON_NONE;
}

void echo_reply(struct echo *e, const struct cp_pkt *p, struct echo_magic m, ze_ns now,
		struct ppp_fx *fx)
{
	enum reason why = echo_check(p, m);
	struct ppp_effect *fact;
	size_t i = 0;

	while (i < ECHO_OUTSTANDING && !(e->out_sent[i] && e->out_id[i] == p->id))
		i++;
	if ((why == REASON_NONE || why == REASON_ECHO_MAGIC) && i == ECHO_OUTSTANDING)
		why = REASON_ECHO_ID;
	if (why != REASON_NONE)
		ppp_fx_refuse(fx, why, PPP_LCP, p->code);
	/* A reply with a wrong magic number still shows that the peer is alive. */
	if (why != REASON_NONE && why != REASON_ECHO_MAGIC)
		return;
	e->last_rtt = now - e->out_sent[i];
	e->out_sent[i] = 0;
	e->lost_in_row = 0;
	e->min_rtt = e->replies ? ze_min_ns(e->min_rtt, e->last_rtt) : e->last_rtt;
	e->max_rtt = e->last_rtt > e->max_rtt ? e->last_rtt : e->max_rtt;
	e->replies++;
	fact = ppp_fx_add(fx, PPP_FX_ECHO_RTT);
	if (fact)
		fact->rtt = e->last_rtt;
}
