/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Phases: IDLE; CHALLENGED, waiting for a PAP request or for a response to the challenge; DECIDING,
 * waiting for the owner's verdict; ACCEPTED and REJECTED, where the verdict is kept for repeated
 * requests. ACCEPTED returns to CHALLENGED when a re-authentication is due. Every function here
 * calls the listener last, so that a callback may stop or free the object.
 *
 * RFC 1334 2, RFC 1994 4, RFC 2759 3 to 6. The Change-Password packet (RFC 2759 7) is refused.
 */
#include "ppp/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/crypto.h"
#include "ppp/auth_priv.h"

#define CHAP_MD5_LEN	 16
#define MSCHAP2_LEN	 49
#define MSCHAP2_FLAGS_AT 48

static const char *const method_names[] = {
	[PPP_AUTH_NONE] = "none",
	[PPP_AUTH_PAP] = "pap",
	[PPP_AUTH_CHAP_MD5] = "chap-md5",
	[PPP_AUTH_MSCHAPV2] = "ms-chap-v2",
};

const char *ppp_auth_method_name(enum ppp_auth_method m)
{
	return (unsigned)m < PPP_AUTH__COUNT ? method_names[m] : "unknown";
}

void auth_init(struct auth *a, const struct auth_cfg *cfg, const struct rng *rng)
{
	memset(a, 0, sizeof(*a));
	a->cfg = cfg;
	a->rng = rng;
	a->retransmit_at = a->phase_deadline = a->reauth_at = ZE_NEVER;
	/* The LAC may have challenged the peer before, so start with a random id (RFC 1994 4.1). */
	if (rng_fill(rng, &a->id, sizeof(a->id)) < 0)
		a->id = 0; /* sending the challenge will fail for the same reason */
}

static uint16_t auth_proto(const struct auth *a)
{
	return a->method == PPP_AUTH_PAP ? PPP_PAP : PPP_CHAP;
}

static struct span kept(const struct auth_keep *k)
{
	return span_of(k->p, k->len);
}

static void keep_wipe(struct auth_keep *k)
{
	if (k->p)
		crypto_wipe(k->p, k->len);
	free(k->p);
	*k = (struct auth_keep){ NULL, 0 };
}

/* Returns false when out of memory; then nothing is kept. */
static bool auth_keep_span(struct auth_keep *k, struct span s)
{
	keep_wipe(k);
	k->p = malloc(s.len ? s.len : 1);
	if (!k->p)
		return false;
	k->len = (uint16_t)s.len;
	if (s.len)
		memcpy(k->p, s.p, s.len);
	return true;
}

void auth_stop(struct auth *a)
{
	a->phase = AUTH_IDLE;
	a->retransmit_at = a->phase_deadline = a->reauth_at = ZE_NEVER;
	a->retry = false;
	a->proxied = AUTH_PROXIED_NO;
	keep_wipe(&a->secret);
	keep_wipe(&a->reply);
	crypto_wipe(a->challenge, sizeof(a->challenge));
	if (!a->known)
		keep_wipe(&a->user);
}

void auth_done(struct auth *a)
{
	a->known = false;
	auth_stop(a);
}

static void send_challenge(struct auth *a, ze_ns now, struct ppp_fx *fx)
{
	struct wr w = ppp_fx_cp(fx, PPP_CHAP, CHAP_CHALLENGE, a->id);

	wr_u8(&w, sizeof(a->challenge));
	wr_bytes(&w, a->challenge, sizeof(a->challenge));
	wr_bytes(&w, a->cfg->name, strnlen(a->cfg->name, sizeof(a->cfg->name)));
	ppp_fx_cp_end(fx, &w);
	a->tries++;
	a->retransmit_at = now + a->cfg->retransmit;
}

/* The link stays as it is until the next re-authentication. */
static void auth_postpone(struct auth *a, ze_ns now)
{
	a->phase = AUTH_ACCEPTED;
	a->postponed = true;
	a->phase_deadline = ZE_NEVER;
	a->reauth_at = now + a->cfg->reauth_interval;
}

/* Starts a round with a new identifier and challenge (RFC 1994 4.1). Without random octets the
 * round is given up. */
static void begin_round(struct auth *a, bool reauth, ze_ns now, struct ppp_fx *fx)
{
	a->phase = AUTH_CHALLENGED;
	a->reauth = reauth;
	a->retry = false;
	a->proxied = AUTH_PROXIED_NO;
	a->retries_left = a->cfg->retries;
	keep_wipe(&a->reply);
	a->tries = 0;
	a->retransmit_at = a->reauth_at = ZE_NEVER;
	a->phase_deadline = now + a->cfg->timeout;
	if (a->method == PPP_AUTH_PAP)
		return;
	a->id++;
	if (rng_fill(a->rng, a->challenge, sizeof(a->challenge)) == 0) {
		send_challenge(a, now, fx);
	} else if (reauth) {
		auth_postpone(a, now);
	} else {
		auth_stop(a);
		a->listener->on_timeout(a, fx);
	}
}

void auth_start(struct auth *a, enum ppp_auth_method method, ze_ns now, struct ppp_fx *fx)
{
	auth_stop(a);
	a->method = method;
	begin_round(a, false, now, fx);
}

/* ------------------------------------------------------------- verdicts */

static void send_reply(const struct auth *a, struct span reply, struct ppp_fx *fx)
{
	struct wr w = ppp_fx_frame(fx, auth_proto(a));

	wr_span(&w, reply);
	ppp_fx_frame_end(fx, &w);
}

static struct span cut(struct span s, size_t max)
{
	return span_of(s.p, s.len < max ? s.len : max);
}

/* Begins a verdict packet. Its text follows, then end_reply(). */
static struct wr begin_reply(const struct auth *a, uint8_t code, uint8_t buf[static AUTH_REPLY_MAX])
{
	struct wr w = wr_init(buf, AUTH_REPLY_MAX);

	wr_u8(&w, code);
	wr_u8(&w, a->asked_id);
	wr_u16(&w, 0);
	return w;
}

static void end_reply(struct auth *a, struct wr *w, struct ppp_fx *fx)
{
	wr_patch_u16(w, 2, (uint16_t)wr_len(w));
	send_reply(a, wr_done(w), fx);
	auth_keep_span(&a->reply,
		       wr_done(w)); /* when out of memory, the reply cannot be repeated */
}

static void pap_reply(struct auth *a, uint8_t code, struct span message, struct ppp_fx *fx)
{
	uint8_t buf[AUTH_REPLY_MAX];
	struct wr w = begin_reply(a, code, buf);

	message = cut(message, AUTH_MESSAGE_MAX);
	wr_u8(&w, (uint8_t)message.len);
	wr_span(&w, message);
	end_reply(a, &w, fx);
}

static void chap_reply(struct auth *a, uint8_t code, struct span message, struct ppp_fx *fx)
{
	uint8_t buf[AUTH_REPLY_MAX];
	struct wr w = begin_reply(a, code, buf);

	wr_span(&w, cut(message, AUTH_MESSAGE_MAX));
	end_reply(a, &w, fx);
}

static void mschap_success(struct auth *a, const struct ppp_auth_answer *v, struct ppp_fx *fx)
{
	uint8_t buf[AUTH_REPLY_MAX];
	struct wr w = begin_reply(a, CHAP_SUCCESS, buf);

	wr_span(&w, cut(v->mschap2, AUTH_MESSAGE_MAX));
	if (v->message.len && v->mschap2.len == MSCHAP_AUTHENTICATOR_LEN) {
		wr_bytes(&w, " M=", 3);
		wr_span(&w, cut(v->message, AUTH_MESSAGE_MAX));
	}
	end_reply(a, &w, fx);
}

/* RFC 2759 6. For a second attempt the peer answers the challenge in C= with a new identifier, and
 * no Challenge packet is sent. Returns true when the peer may try again. */
static bool mschap_failure(struct auth *a, const struct ppp_auth_answer *v, struct ppp_fx *fx)
{
	struct mschap_failure f = { .error = v->mschap_error ? v->mschap_error : MSCHAP_E_FAILURE };
	uint8_t buf[AUTH_REPLY_MAX];
	struct wr w = begin_reply(a, CHAP_FAILURE, buf);

	f.raw = cut(v->mschap_raw, wr_left(&w));
	f.message = cut(v->message, AUTH_MESSAGE_MAX);
	/* C= is always present; its value does not matter when there is no second attempt. */
	f.retry = rng_fill(a->rng, f.challenge, sizeof(f.challenge)) == 0 && a->retries_left > 0 &&
		  !a->known;
	mschap_failure_put(&w, &f);
	end_reply(a, &w, fx);
	if (!f.retry)
		return false;
	memcpy(a->challenge, f.challenge, sizeof(a->challenge));
	a->retries_left--;
	a->retry = true;
	a->proxied = AUTH_PROXIED_NO; /* the second attempt is made here */
	a->phase = AUTH_CHALLENGED;
	return true;
}

static void accept(struct auth *a, const struct ppp_auth_answer *v, ze_ns now, struct ppp_fx *fx)
{
	if (a->method == PPP_AUTH_MSCHAPV2)
		mschap_success(a, v, fx);
	else if (a->method == PPP_AUTH_CHAP_MD5)
		chap_reply(a, CHAP_SUCCESS, v->message, fx);
	else if (a->proxied != AUTH_PROXIED_TEXT)
		pap_reply(a, PAP_ACK, v->message, fx);
	a->phase = AUTH_ACCEPTED;
	a->known = true;
	a->postponed = false;
	a->phase_deadline = ZE_NEVER;
	if (a->method != PPP_AUTH_PAP && a->cfg->reauth_interval)
		a->reauth_at = now + a->cfg->reauth_interval;
	a->listener->on_done(a, true, fx);
}

static void auth_reject(struct auth *a, const struct ppp_auth_answer *v, struct ppp_fx *fx)
{
	if (a->method == PPP_AUTH_MSCHAPV2 && mschap_failure(a, v, fx))
		return;
	if (a->method == PPP_AUTH_CHAP_MD5)
		chap_reply(a, CHAP_FAILURE, v->message, fx);
	else if (a->method == PPP_AUTH_PAP && a->proxied != AUTH_PROXIED_TEXT)
		pap_reply(a, PAP_NAK, v->message, fx);
	a->phase = AUTH_REJECTED;
	a->phase_deadline = ZE_NEVER;
	a->listener->on_done(a, false, fx);
}

/* A Success of MS-CHAPv2 needs the user's password (RFC 2759 5), so there is none. */
static void auth_undecided(struct auth *a, ze_ns now, struct ppp_fx *fx)
{
	if (a->method == PPP_AUTH_CHAP_MD5)
		chap_reply(a, CHAP_SUCCESS, span_of(NULL, 0), fx);
	auth_postpone(a, now);
}

void auth_answer(struct auth *a, const struct ppp_auth_answer *v, ze_ns now, struct ppp_fx *fx)
{
	const struct ppp_auth_answer unproven = { .accept = false };

	if (a->phase != AUTH_DECIDING)
		return;
	keep_wipe(&a->secret);
	if (!v->accept && v->undecided && a->reauth)
		auth_undecided(a, now, fx);
	else if (!v->accept)
		auth_reject(a, v, fx);
	else if (a->method == PPP_AUTH_MSCHAPV2 && !mschap_authenticator_ok(v->mschap2))
		/* The peer verifies the authenticator response (RFC 2759 5) and would refuse a
		 * Success without it. */
		auth_reject(a, &unproven, fx);
	else
		accept(a, v, now, fx);
}

/* ------------------------------------------------------------- requests */

struct credentials {
	uint8_t id;
	struct span user, secret;
};

static bool same_user(const struct auth *a, const struct credentials *c)
{
	return span_eq(c->user, kept(&a->user));
}

bool auth_response_fits(enum ppp_auth_method m, struct span response)
{
	if (m == PPP_AUTH_MSCHAPV2)
		return response.len == MSCHAP2_LEN && response.p[MSCHAP2_FLAGS_AT] == 0;
	return m == PPP_AUTH_CHAP_MD5 && response.len == CHAP_MD5_LEN;
}

static size_t response_len(enum ppp_auth_method m)
{
	return m == PPP_AUTH_CHAP_MD5 ? CHAP_MD5_LEN : MSCHAP2_LEN;
}

bool auth_pending(const struct auth *a, struct ppp_auth_request *ret)
{
	if (a->phase != AUTH_DECIDING)
		return false;
	*ret = (struct ppp_auth_request){
		.method = a->method,
		.id = a->asked_id,
		.user = kept(&a->user),
	};
	if (a->method == PPP_AUTH_PAP) {
		ret->password = kept(&a->secret);
	} else if (a->proxied) {
		size_t at = response_len(a->method);

		ret->response = span_of(a->secret.p, at);
		ret->challenge = span_of(a->secret.p + at, a->secret.len - at);
	} else {
		ret->challenge = span_of(a->challenge, sizeof(a->challenge));
		ret->response = kept(&a->secret);
	}
	return true;
}

static void auth_ask(struct auth *a, const struct credentials *c, struct ppp_fx *fx)
{
	const struct ppp_auth_answer stranger = { .accept = false };
	struct ppp_effect *e;

	bool stray = a->known && !same_user(a, c);

	if (!stray &&
	    (!auth_keep_span(&a->user, c->user) || !auth_keep_span(&a->secret, c->secret))) {
		ppp_fx_refuse(fx, REASON_NO_MEMORY, auth_proto(a), 0); /* the peer retransmits */
		return;
	}
	a->asked_id = c->id;
	a->retransmit_at = ZE_NEVER;
	a->retry = false;
	keep_wipe(&a->reply); /* of the previous attempt */
	if (stray) {
		ppp_fx_refuse(fx, REASON_CP_MISMATCH, auth_proto(a), 0);
		auth_reject(a, &stranger, fx);
		return;
	}
	a->phase = AUTH_DECIDING;
	e = ppp_fx_add(fx, PPP_FX_AUTH_REQUEST);
	if (e) /* otherwise there will be no verdict, so the phase times out */
		auth_pending(a, &e->auth);
}

void auth_adopt(struct auth *a, const struct auth_proxy *p, ze_ns now, struct ppp_fx *fx)
{
	uint8_t both[MSCHAP2_LEN + AUTH_CHALLENGE_MAX];
	struct wr w = wr_init(both, sizeof(both));
	struct credentials c = { .id = p->id, .user = p->user, .secret = p->secret };

	auth_stop(a);
	a->method = p->method;
	a->phase = AUTH_CHALLENGED;
	a->reauth = false;
	a->retries_left = a->cfg->retries;
	a->phase_deadline = now + a->cfg->timeout;
	a->id = p->id; /* a challenge of ours has the next one */
	a->proxied = p->text ? AUTH_PROXIED_TEXT : AUTH_PROXIED_PPP;
	if (p->method != PPP_AUTH_PAP) {
		wr_span(&w, p->secret);
		wr_span(&w, p->challenge);
		c.secret = wr_done(&w);
	}
	auth_ask(a, &c, fx);
	crypto_wipe(both, sizeof(both));
	if (a->phase == AUTH_CHALLENGED) /* no memory: the peer is asked for a new packet */
		begin_round(a, false, now, fx);
}

/* RFC 1334 2.2.1: each repetition may have a new identifier and is answered. */
static void pap_repeated(struct auth *a, const struct credentials *c, struct ppp_fx *fx)
{
	bool same = same_user(a, c);

	if (a->phase == AUTH_DECIDING)
		same = same && c->secret.len == a->secret.len &&
		       crypto_equal(c->secret.p, a->secret.p, a->secret.len);
	if (!same) {
		ppp_fx_refuse(fx, REASON_CP_MISMATCH, PPP_PAP, PAP_REQUEST);
		return;
	}
	a->asked_id = c->id;
	if (a->phase == AUTH_DECIDING)
		return;
	if (!a->reply.p) {
		ppp_fx_refuse(fx, REASON_NO_MEMORY, PPP_PAP, PAP_REQUEST);
		return;
	}
	a->reply.p[1] = c->id;
	send_reply(a, kept(&a->reply), fx);
}

static void pap_input(struct auth *a, const struct cp_pkt *p, struct ppp_fx *fx)
{
	struct credentials c = { .id = p->id };
	struct rd r = rd_span(p->data);

	if (p->code != PAP_REQUEST) {
		ppp_fx_refuse(fx, REASON_CP_CODE, PPP_PAP, p->code);
		return;
	}
	c.user = rd_bytes(&r, rd_u8(&r));
	c.secret = rd_bytes(&r, rd_u8(&r));
	if (r.bad || c.user.len > AUTH_USER_MAX)
		ppp_fx_refuse(fx, REASON_PAP_LEN, PPP_PAP, p->code);
	else if (a->phase == AUTH_CHALLENGED)
		auth_ask(a, &c, fx);
	else
		pap_repeated(a, &c, fx);
}

/* A response with a wrong length or wrong flags. MS-CHAPv2 rejects it, and the peer may continue
 * with another version. CHAP-MD5 waits for a valid one until max_tries challenges were sent. */
static void chap_misshapen(struct auth *a, const struct credentials *c, struct ppp_fx *fx)
{
	const struct ppp_auth_answer no = { .accept = false };

	ppp_fx_refuse(fx, REASON_CHAP_VALUE_LEN, PPP_CHAP, CHAP_RESPONSE);
	if (a->method != PPP_AUTH_MSCHAPV2)
		return;
	a->asked_id = c->id;
	a->retransmit_at = ZE_NEVER;
	a->retries_left = 0;
	auth_reject(a, &no, fx);
}

static void chap_response(struct auth *a, const struct credentials *c, struct ppp_fx *fx)
{
	bool shaped = auth_response_fits(a->method, c->secret);

	if (shaped)
		auth_ask(a, c, fx);
	else
		chap_misshapen(a, c, fx);
}

static void chap_input(struct auth *a, const struct cp_pkt *p, struct ppp_fx *fx)
{
	struct credentials c = { .id = p->id };
	struct rd r = rd_span(p->data);

	if (p->code != CHAP_RESPONSE) {
		ppp_fx_refuse(fx, REASON_CP_CODE, PPP_CHAP, p->code);
		return;
	}
	c.secret = rd_bytes(&r, rd_u8(&r));
	c.user = rd_rest(&r);
	if (r.bad || c.user.len > AUTH_USER_MAX)
		ppp_fx_refuse(fx, REASON_CHAP_LEN, PPP_CHAP, p->code);
	else if (a->reply.len && p->id == a->asked_id)
		send_reply(a, kept(&a->reply), fx); /* RFC 1994 4.2 */
	else if ((a->phase == AUTH_DECIDING || (a->phase == AUTH_ACCEPTED && a->postponed)) &&
		 p->id == a->asked_id)
		return; /* the verdict for this request is pending, or there was none */
	else if (a->phase != AUTH_CHALLENGED || (!a->retry && p->id != a->id))
		ppp_fx_refuse(fx, REASON_CHAP_ID, PPP_CHAP, p->code);
	else
		chap_response(a, &c, fx);
}

void auth_input(struct auth *a, uint16_t proto, struct span info, ze_ns now, struct ppp_fx *fx)
{
	struct cp_pkt p;
	int r;

	(void)now;
	if (a->phase == AUTH_IDLE || proto != auth_proto(a)) {
		ppp_fx_refuse(fx, REASON_PPP_PHASE, proto, 0);
		return;
	}
	r = cp_pkt_parse(info, &p);
	if (r < 0)
		ppp_fx_refuse(fx, (enum reason) - r, proto, 0);
	else if (proto == PPP_PAP)
		pap_input(a, &p, fx);
	else
		chap_input(a, &p, fx);
}

/* ------------------------------------------------------------- restart */

static ze_ns saved_reauth_at(const struct auth *a)
{
	/* During a round, restart it at once. */
	return a->phase == AUTH_ACCEPTED || a->phase == AUTH_IDLE ? a->reauth_at : 0;
}

enum { /* tags are never used again for something else */
	SAVED_METHOD = 1,
	SAVED_ID,
	SAVED_USER,
	SAVED_REAUTH_AT,
	SAVED_PROXIED,
	SAVED__COUNT
};

static const struct tlv_field auth_fields[] = {
	[SAVED_METHOD] = TLV_OPTIONAL("method", 1, 1, "1, PAP, with a user; else 0, none"),
	[SAVED_ID] = TLV_OPTIONAL("id", 1, 1, "0"),
	[SAVED_USER] = TLV_OPTIONAL("user", 0, AUTH_USER_MAX, "never asked for"), /* as claimed */
	[SAVED_REAUTH_AT] = TLV_OPTIONAL("reauth-at", 8, 8, "an interval from now"),
	[SAVED_PROXIED] = TLV_OPTIONAL("proxied", 1, 1, "0: not by the LAC"),
};

const struct tlv_table auth_saved = { "auth", auth_fields, SAVED__COUNT };

void auth_save(const struct auth *a, struct wr *w)
{
	tlv_opt_u8(w, SAVED_METHOD, (uint8_t)a->method);
	tlv_opt_u8(w, SAVED_ID, a->id);
	if (a->known)
		tlv_put_span(w, SAVED_USER, kept(&a->user));
	if (saved_reauth_at(a) != ZE_NEVER)
		tlv_put_u64(w, SAVED_REAUTH_AT, (uint64_t)saved_reauth_at(a));
	tlv_opt_u8(w, SAVED_PROXIED, a->proxied);
}

enum reason auth_restore(struct auth *a, struct span saved, ze_ns now)
{
	struct span f[SAVED__COUNT];
	enum reason why = tlv_read(&auth_saved, saved, f);
	uint8_t method;
	ze_ns at;

	if (why != REASON_NONE)
		return why;
	a->known = f[SAVED_USER].p != NULL;
	method = tlv_u8(f[SAVED_METHOD], a->known ? PPP_AUTH_PAP : PPP_AUTH_NONE);
	at = (ze_ns)tlv_u64(f[SAVED_REAUTH_AT], (uint64_t)ZE_NEVER);
	a->id = tlv_u8(f[SAVED_ID], 0);
	if (method >= PPP_AUTH__COUNT || at < 0 ||
	    tlv_u8(f[SAVED_PROXIED], 0) > AUTH_PROXIED_TEXT ||
	    (a->known && method == PPP_AUTH_NONE))
		return REASON_RESUME_RECORD;
	a->method = (enum ppp_auth_method)method;
	if (!a->known)
		return REASON_NONE;
	if (!auth_keep_span(&a->user, f[SAVED_USER]))
		return REASON_NO_MEMORY;
	a->phase = AUTH_ACCEPTED;
	a->proxied = tlv_u8(f[SAVED_PROXIED], AUTH_PROXIED_NO);
	if (method != PPP_AUTH_PAP && a->cfg->reauth_interval)
		a->reauth_at = ze_min_ns(at, now + a->cfg->reauth_interval);
	return REASON_NONE;
}

/* ------------------------------------------------------------- time */

ze_ns auth_deadline(const struct auth *a)
{
	return ze_min_ns(a->phase_deadline, ze_min_ns(a->retransmit_at, a->reauth_at));
}

void auth_expire(struct auth *a, ze_ns now, struct ppp_fx *fx)
{
	if (now >= a->phase_deadline ||
	    (now >= a->retransmit_at && a->tries >= a->cfg->max_tries)) {
		auth_stop(a);
		a->listener->on_timeout(a, fx);
	} else if (now >= a->retransmit_at) {
		send_challenge(a, now, fx);
	} else if (now >= a->reauth_at) {
		begin_round(a, true, now, fx);
	}
}
