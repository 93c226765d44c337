/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/crypto.h"
#include "ppp/auth.h"

/* The defaults of yang/ze-l2tp-conf.yang. */
struct config *config_new(void)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->refs = 1;
	for (unsigned i = 0; i < LOG__SUBS; i++)
		c->log_level[i] = LOG_INFO;
	strcpy(c->host_name, "ze");
	c->auth_method = PPP_AUTH_CHAP_MD5;
	c->hello_interval_s = 60;
	c->hello_retries = 2;
	c->max_tunnels = 1024;
	c->max_sessions = 1024;
	c->max_tunnels_peer = 256;
	c->max_sessions_peer = 32768;
	c->path_mtu = 1500;
	c->setup_rate = 200;
	c->auth_timeout_s = 30;
	c->reject_interval_s = 2;
	c->reject_rate_peer = 50;
	c->enable_ipcp = c->enable_ipv6cp = true;
	c->sessions = (struct profile_sessions){ .set = true, .limit = 16 };
	c->ncp_timeout_s = 30;
	c->echo_interval_s = 10;
	c->echo_failures = 3;
	c->drain_timeout_s = 5;
	c->pool_blackhole = true;
	return c;
}

struct config *config_ref(struct config *c)
{
	__atomic_add_fetch(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

static void user_done(struct config_user *u)
{
	if (u->password)
		crypto_wipe(u->password, strlen(u->password));
	free(u->password);
	free(u->name);
}

void config_unref(struct config *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < c->n_users; i++)
		user_done(&c->users[i]);
	for (size_t i = 0; i < c->n_allow_host_name; i++)
		free(c->allow_host_name[i]);
	free(c->users);
	free(c->allow_host_name);
	free(c->allow_from);
	crypto_wipe(c->secret, sizeof(c->secret));
	free(c);
}

/* Makes room for one more user. The array grows by doubling: n_users is 0 or a power of two when it
 * is full. */
static int reserve_user(struct config *c)
{
	size_t cap = c->n_users ? c->n_users * 2 : 1;
	struct config_user *v;

	if (c->n_users & (c->n_users - 1))
		return 0;
	v = reallocarray(c->users, cap, sizeof(*v));
	if (!v)
		return -ENOMEM;
	c->users = v;
	return 0;
}

int config_add_user(struct config *c, const char *name, const char *password, uint32_t address)
{
	struct config_user u = { .name = strdup(name), .password = strdup(password) };

	if (!u.name || !u.password || reserve_user(c) < 0) {
		user_done(&u);
		return -ENOMEM;
	}
	u.address = address;
	c->users[c->n_users++] = u;
	return 0;
}

struct config_user *config_last_user(struct config *c)
{
	return c->n_users ? &c->users[c->n_users - 1] : NULL;
}

int config_auth_method(const char *word, enum ppp_auth_method *ret)
{
	return ppp_auth_method_parse(word, ret);
}
