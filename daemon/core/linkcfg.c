/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/linkcfg.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/config.h"
#include "ppp/timers.h"

static void auth_order(struct lcp_cfg *l, const struct config *c)
{
	static const enum ppp_auth_method all[] = { PPP_AUTH_CHAP_MD5, PPP_AUTH_MSCHAPV2,
						    PPP_AUTH_PAP };

	l->allow_no_auth = c->allow_no_auth;
	if (c->auth_method == PPP_AUTH_NONE && c->allow_no_auth)
		return;
	if (c->auth_method != PPP_AUTH_NONE)
		l->auth[l->n_auth++] = c->auth_method;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(all); i++)
		if (all[i] != c->auth_method)
			l->auth[l->n_auth++] = all[i];
}

static struct echo_cfg echo_of(const struct config *c)
{
	ze_ns interval = ZE_SEC(c->echo_interval_s);

	return (struct echo_cfg){ .interval = interval,
				  .timeout = interval < PPP_ECHO_REPLY_MIN ? PPP_ECHO_REPLY_MIN :
									     interval,
				  .failures = (uint8_t)c->echo_failures };
}

/* The largest packet that fits into the path MTU with all outer headers, in octets. */
static uint16_t mru_of(const struct config *c, unsigned kind)
{
	uint16_t mru = (uint16_t)(c->path_mtu - LINKCFG_OVER);

	if (kind & LINKCFG_OVER_IPV6)
		mru -= 20;
	if (kind & LINKCFG_SEQUENCED)
		mru -= 4;
	return mru;
}

static struct ppp_link_cfg one(const struct config *c, unsigned kind)
{
	struct ppp_link_cfg l = {
		.lcp = { .cp = cp_defaults,
			 .mru = mru_of(c, kind),
			 .mru_min = LINKCFG_MRU_MIN,
			 .echo = echo_of(c) },
		.auth = { .retransmit = PPP_CHALLENGE_AGAIN,
			  .max_tries = 10,
			  .timeout = ZE_SEC(c->auth_timeout_s),
			  .reauth_interval = ZE_SEC(c->reauth_interval_s) },
		.ncp = cp_defaults,
		.lcp_timeout = PPP_LCP_TIMEOUT,
		.ncp_timeout = ZE_SEC(c->ncp_timeout_s),
		.enable_ipcp = config_ipcp(c),
		.enable_ipv6cp = config_ipv6cp(c),
		.proxy_lcp = c->proxy_lcp,
		.proxy_auth = c->proxy_auth == CONFIG_PROXY_ACCEPT,
	};

	_Static_assert(sizeof(l.auth.name) == sizeof(c->host_name), "name is copied whole");
	memcpy(l.auth.name, config_host_name(c), sizeof(l.auth.name));
	auth_order(&l.lcp, c);
	return l;
}

struct linkcfg *linkcfg_new(const struct config *c)
{
	struct linkcfg *l = malloc(sizeof(*l));

	if (!l)
		return NULL;
	l->refs = 1;
	for (unsigned kind = 0; kind < LINKCFG__KINDS; kind++)
		l->of[kind] = one(c, kind);
	return l;
}

struct linkcfg *linkcfg_ref(struct linkcfg *l)
{
	l->refs++;
	return l;
}

void linkcfg_unref(struct linkcfg *l)
{
	if (l && --l->refs == 0)
		free(l);
}
