/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/end_cause.h"

#include "daemon/l2tp/proto.h"
#include "daemon/l2tp/session.h"
#include "daemon/l2tp/tunnel.h"
#include "ppp/proto.h"

static const struct end_row {
	const char *word, *sentence;
	uint8_t acct;
} rows[END__COUNT] = {
#define X(id, word, result, error, code, dir, acct, sentence)                                      \
	[END_##id] = { word, sentence, ACCT_##acct },
	END_CAUSES_PPP(X)
#undef X
#define X(id, word, acct, sentence) [END_##id] = { word, sentence, ACCT_##acct },
		END_CAUSES_L2TP(X)
#undef X
};

/* Only causes of PPP have a row: end_cause_of_ppp() returns no others. */
static const struct end_cdn {
	uint8_t result, error, code, direction;
} cdns[] = {
#define X(id, word, result, error, code, dir, acct, sentence)                                      \
	[END_##id] = { CDN_##result, L2TP_ERR_##error, code, dir },
	END_CAUSES_PPP(X)
#undef X
};

enum end_cause end_cause_of_down(enum l2tp_down d)
{
	static const uint8_t of[L2TP_DOWN__COUNT] = {
		[L2TP_DOWN_PEER] = END_PEER,
		[L2TP_DOWN_ADMIN] = END_ADMIN,
		[L2TP_DOWN_SHUTDOWN] = END_SHUTDOWN,
		[L2TP_DOWN_KEEPALIVE] = END_KEEPALIVE,
		[L2TP_DOWN_TRANSPORT] = END_TRANSPORT,
		[L2TP_DOWN_AUTH] = END_TUNNEL_AUTH,
		[L2TP_DOWN_PROTOCOL] = END_PROTOCOL,
		[L2TP_DOWN_TIMEOUT] = END_SETUP_TIMEOUT,
		[L2TP_DOWN_PPP] = END_PPP,
		[L2TP_DOWN_TUNNEL] = END_TUNNEL,
		[L2TP_DOWN_REPLACED] = END_TUNNEL_REPLACED,
	};

	return (unsigned)d < L2TP_DOWN__COUNT ? (enum end_cause)of[d] : END_NONE;
}

#define DISCONNECT_BY_USER 3 /* RFC 3145 3: the link was terminated normally */

enum end_cause end_cause_of_call(const struct l2tp_fx_down *d)
{
	if (d->cause == L2TP_DOWN_PEER && d->disconnect_code == DISCONNECT_BY_USER)
		return END_PEER_USER;
	if (d->cause == L2TP_DOWN_PEER && d->result == CDN_ADMIN)
		return END_PEER_ADMIN;
	return end_cause_of_down(d->cause);
}

enum end_cause end_cause_of_ppp(enum ppp_end e)
{
	static const uint8_t of[PPP_END__COUNT] = {
		[PPP_END_NONE] = END_NONE,
		[PPP_END_ADMIN] = END_ADMIN,
		[PPP_END_PEER] = END_USER,
		[PPP_END_AUTH_FAILED] = END_AUTH_FAILED,
		[PPP_END_AUTH_TIMEOUT] = END_AUTH_TIMEOUT,
		[PPP_END_AUTH_REFUSED] = END_AUTH_REFUSED,
		[PPP_END_LCP_TIMEOUT] = END_LCP_TIMEOUT,
		[PPP_END_NCP_TIMEOUT] = END_NCP_TIMEOUT,
		[PPP_END_LOGIN_TIMEOUT] = END_LOGIN_TIMEOUT,
		[PPP_END_ECHO] = END_ECHO,
		[PPP_END_LOOP] = END_LOOP,
		[PPP_END_REJECTED] = END_REJECTED,
		[PPP_END_NO_IPV4] = END_NO_IPV4,
		[PPP_END_NO_IPV6] = END_NO_IPV6,
		[PPP_END_ADDRESS_REFUSED] = END_ADDRESS_REFUSED,
		[PPP_END_PLANE] = END_PLANE,
		[PPP_END_PROXY] = END_PROXY,
		[PPP_END_NO_ADDRESS] = END_NO_ADDRESS,
		[PPP_END_NO_POOL] = END_NO_POOL,
		[PPP_END_POOL_EMPTY] = END_POOL_EMPTY,
		[PPP_END_POOL_UNKNOWN] = END_POOL_UNKNOWN,
		[PPP_END_ADDRESS_IN_USE] = END_ADDRESS_IN_USE,
		[PPP_END_ADDRESS_OURS] = END_OWN_ADDRESS,
		[PPP_END_AUTH_UNAVAILABLE] = END_AUTH_UNAVAILABLE,
		[PPP_END_SESSION_LIMIT] = END_SESSION_LIMIT,
		[PPP_END_REPLACED] = END_REPLACED,
		[PPP_END_SESSION_TIMEOUT] = END_SESSION_TIMEOUT,
		[PPP_END_IDLE] = END_IDLE,
		[PPP_END_UNACCOUNTED] = END_UNACCOUNTED,
	};

	return (unsigned)e < PPP_END__COUNT ? (enum end_cause)of[e] : END_NONE;
}

static const struct end_row *row(enum end_cause c)
{
	return &rows[(unsigned)c < END__COUNT ? c : END_NONE];
}

const char *end_cause_word(enum end_cause c)
{
	return row(c)->word;
}

const char *end_cause_sentence(enum end_cause c)
{
	return row(c)->sentence;
}

enum acct_cause end_cause_acct(enum end_cause c)
{
	return (enum acct_cause)row(c)->acct;
}

void end_cause_cdn(enum ppp_end e, struct l2tp_cdn_args *ret)
{
	enum end_cause c = end_cause_of_ppp(e);
	const struct end_cdn *r = &cdns[c];

	*ret = (struct l2tp_cdn_args){ .cause = L2TP_DOWN_PPP,
				       .result = r->result,
				       .error = r->error,
				       .text = end_cause_word(c),
				       .disconnect_code = r->code,
				       .disconnect_direction = r->direction };
	if (r->code)
		ret->disconnect_proto = c == END_ADDRESS_REFUSED ? PPP_IPCP : PPP_LCP;
}

void end_cause_stop(enum end_cause c, const char *text, struct l2tp_stop_args *ret)
{
	*ret = (struct l2tp_stop_args){ .cause = c == END_SHUTDOWN ? L2TP_DOWN_SHUTDOWN :
								     L2TP_DOWN_ADMIN,
					.result = STOP_SHUTDOWN,
					.text = text };
}
