/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_auth.h"

#include <string.h>

enum reason radius_auth_request(struct radius_req *q, const struct radius_nas *nas,
				const struct aaa_request *rq)
{
	const struct radius_session s = { .id = rq->session_id,
					  .nas_port = rq->nas_port,
					  .port_id = rq->nas_port_id,
					  .calling_number = rq->calling_number,
					  .called_number = rq->called_number,
					  .peer_host = rq->peer_name,
					  .local = rq->local,
					  .peer = rq->peer,
					  .tx_bps = rq->tx_speed,
					  .rx_bps = rq->rx_speed };

	radius_req_bytes(q, RADIUS_USER_NAME, rq->user);
	if (rq->method == AAA_PAP)
		radius_req_password(q, rq->password);
	else if (rq->method == AAA_CHAP_MD5)
		radius_req_chap(q, rq->id, rq->response, rq->challenge);
	else
		radius_req_mschap2(q, rq->id, rq->response, rq->challenge);
	radius_attrs_put(q, nas, &s);
	if (rq->mru)
		radius_req_u32(q, RADIUS_FRAMED_MTU, rq->mru);
	return radius_req_fault(q);
}

/* All Reply-Messages, one after the other, as they are (RFC 2865 5.18). */
static void put_reply_message(struct aaa_answer *a, struct span attrs)
{
	struct radius_walk walk = radius_walk(attrs);
	struct radius_attr attr;
	struct wr w = wr_init(a->message, AAA_MESSAGE_MAX);

	while (radius_walk_next(&walk, &attr)) {
		size_t n = wr_left(&w) < attr.value.len ? wr_left(&w) : attr.value.len;

		if (attr.vendor == RADIUS_VENDOR_NONE && attr.type == RADIUS_REPLY_MESSAGE)
			wr_bytes(&w, attr.value.p, n);
	}
	*w.p = '\0';
}

static void set_message(struct aaa_answer *a, const char *text)
{
	strncpy(a->message, text, AAA_MESSAGE_MAX);
}

static bool is_mschap(const struct radius_result *r)
{
	struct span v;

	return radius_attr_find(r->request, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_CHAP2_RESPONSE, &v);
}

/* The text of MS-CHAP2-Success, and what follows the proof as the message when there is no
 * Reply-Message. Returns false when there is none. */
static bool put_mschap_success(struct aaa_answer *a, struct span attrs)
{
	static const char before[] = " M=";
	const size_t proof = sizeof(a->mschap2) - 1, skip = proof + sizeof(before) - 1;
	struct span text;

	if (!radius_mschap2_success(attrs, &text))
		return false;
	memcpy(a->mschap2, text.p, proof);
	if (!a->message[0] && text.len > skip &&
	    memcmp(text.p + proof, before, sizeof(before) - 1) == 0)
		memcpy(a->message, text.p + skip, text.len - skip);
	return true;
}

static enum reason verdict_refuse(struct aaa_answer *a, enum reason why)
{
	*a = (struct aaa_answer){ .verdict = AAA_REJECT };
	set_message(a, "Login incorrect");
	return why;
}

static enum reason verdict_accept(const struct radius_result *r, struct aaa_answer *a,
				  struct radius_report *rep)
{
	struct span user = span_of(NULL, 0);
	struct profile *base;
	enum reason why;

	a->verdict = AAA_ACCEPT;
	put_reply_message(a, r->reply.attrs);
	if (is_mschap(r) && !put_mschap_success(a, r->reply.attrs))
		return verdict_refuse(a, REASON_ACCEPT_UNPROVEN);
	radius_attr_find(r->request, RADIUS_VENDOR_NONE, RADIUS_USER_NAME, &user);
	base = profile_new(user);
	why = base ? radius_profile_accept(r->reply.attrs, base, &a->profile, rep) :
		     REASON_NO_MEMORY;
	profile_free(base);
	if (why == REASON_NONE)
		return why;
	verdict_refuse(a, why);
	if (why == REASON_NO_MEMORY) {
		a->verdict = AAA_UNAVAILABLE;
		a->why = "No memory";
	}
	return why;
}

static enum reason verdict_reject(const struct radius_result *r, struct aaa_answer *a)
{
	struct span text;

	verdict_refuse(a, r->reason);
	if (r->reason != REASON_NONE)
		return r->reason;
	put_reply_message(a, r->reply.attrs);
	if (!a->message[0])
		set_message(a, "Login incorrect");
	if (is_mschap(r) && radius_mschap_error(r->reply.attrs, &text, &a->mschap_error)) {
		a->mschap_raw = true;
		memset(a->message, 0, sizeof(a->message));
		memcpy(a->message, text.p, text.len < AAA_MESSAGE_MAX ? text.len : AAA_MESSAGE_MAX);
	}
	return REASON_NONE;
}

enum reason radius_auth_verdict(const struct radius_result *r, struct aaa_answer *ret,
				struct radius_report *ret_report)
{
	*ret = (struct aaa_answer){ .verdict = AAA_UNAVAILABLE };
	*ret_report = (struct radius_report){ 0 };
	if (r->outcome == RADIUS_DONE_ACCEPT)
		return verdict_accept(r, ret, ret_report);
	if (r->outcome == RADIUS_DONE_REJECT)
		return verdict_reject(r, ret);
	ret->why = r->reason == REASON_NO_MEMORY ? "No memory to ask a RADIUS server" :
						   "No RADIUS server answered";
	return r->reason;
}
