/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls of a LAC that has negotiated LCP and asked for the login: from the AVPs of its ICCN to an
 * established session, with local users. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "daemon/core/subscriber.h"
#include "selftests/lib/asking.h"
#include "selftests/lib/world.h"

enum {
	TEXT = 1,
	CHAP,
	PAP,
	NONE
};

static struct config *cfg;
static struct world *w;
static struct lac *l;

static void begin(uint16_t type)
{
	w = world_new(cfg, 1);
	assert_non_null(w);
	l = lac_new(w, 1, 1701);
	l->proxy = type;
	lac_connect(l);
	assert_true(l->up);
}

static int set_up(void **st)
{
	(void)st;
	w = NULL;
	cfg = w_config();
	if (!cfg)
		return -1;
	cfg->proxy_lcp = PPP_PROXY_ON_MISMATCH;
	cfg->n_listeners = 1;
	return ze_addr_parse("0.0.0.0", 1701, &cfg->listeners[0].addr);
}

static int tear_down(void **st)
{
	(void)st;
	world_end(w);
	return 0;
}

static uint64_t count(enum reason r)
{
	return w->e->stats.reasons[r];
}

static void assert_proxied(const struct lac_call *c, bool lcp, bool auth)
{
	struct asking a = { .w = w };
	char words[64];

	snprintf(words, sizeof(words), "show l2tp session %u", c->peer_sid);
	assert_int_equal(ask(&a, words), OP_OK);
	assert_int_equal(json_is_true(ask_member(a.data, "lcp-proxied")), lcp);
	assert_int_equal(json_is_true(ask_member(a.data, "auth-proxied")), auth);
	ask_done(&a);
}

/* The session is established, and nothing of what the LAC has reported is left. */
static void assert_up(const struct lac_call *c)
{
	const struct subscriber *s = call_sub(c);

	assert_true(c->c.auth_ok && c->c.v4_up && c->c.v6_up && !c->over);
	assert_int_equal(s->state, SUB_ESTABLISHED);
	assert_null(s->call.l2tp.proxy);
	assert_null(s->link.auth.secret.p);
}

static void assert_ended(const struct lac_call *c, const char *cause)
{
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_ADMIN);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, cause);
}

/* P-090 P-099: no Configure-Request; the user is known, and the options are the LAC's. */
static void chap(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(CHAP);
	c = lac_call(l, "alice", "wonder");
	assert_up(c);
	assert_int_equal(c->lcp_requests, 0);
	assert_proxied(c, true, true);
	assert_string_equal(facts_user(call_sub(c)), "alice");
	assert_int_equal(call_sub(c)->link.lcp.magic, 0x22220000u + c->sid);
	assert_int_equal(call_sub(c)->link.lcp.peer_magic, c->c.magic);
	assert_int_equal(call_sub(c)->link.lcp.peer_mru, 1492);
	w_advance(w, ZE_SEC(60)); /* echoes with these numbers */
	assert_true(c->c.echoes > 3 && !c->over);
	assert_int_equal(count(REASON_ECHO_MAGIC) + count(REASON_ECHO_LOOP), 0);
}

/* P-091 */
static void chap_rejected(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(CHAP);
	c = lac_call(l, "alice", "wrong");
	w_advance(w, ZE_SEC(7));
	assert_true(c->c.auth_bad && c->c.terminated);
	assert_ended(c, "auth-failed");
	assert_int_equal(w->e->stats.auth_rejects, 1);
}

/* P-092 */
static void pap(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(PAP);
	c = lac_call(l, "bob", "builder");
	assert_up(c);
	assert_int_equal(c->c.ip, 0x0a00004d);
	assert_int_equal(c->lcp_requests, 0);
	assert_proxied(c, true, true);
	c = lac_call(l, "bob", "wrong");
	w_advance(w, ZE_SEC(7));
	assert_true(c->c.auth_bad);
	assert_ended(c, "auth-failed");
}

/* P-092, L-087: the same with hidden AVPs. */
static void hidden(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(PAP);
	l->hide = true;
	c = lac_call(l, "alice", "wonder");
	assert_up(c);
	assert_proxied(c, true, true);
	l->proxy = CHAP;
	assert_up(lac_call(l, "alice", "wonder"));
}

/* P-092: a login outside PPP gets no answer; the client has continued by then. */
static void text(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(TEXT);
	c = lac_call(l, "alice", "wonder");
	c->c.auth_ok = true;
	w_advance(w, ZE_SEC(4));
	assert_up(c);
	assert_proxied(c, true, true);
	c = lac_call(l, "alice", "wrong");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "auth-failed");
}

/* P-093: the LAC has asked for nothing, whatever else it reports. */
static void no_authentication(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(NONE);
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(4));
	assert_up(c);
	assert_true(c->lcp_requests > 0);
	assert_proxied(c, false, false);
	assert_int_equal(count(REASON_PROXY_AUTH), 1);
	c = lac_call(l, "alice", "wrong");
	w_advance(w, ZE_SEC(20));
	assert_ended(c, "auth-failed");
}

/* P-096: the default. */
static void by_default(void **st)
{
	struct config *plain = config_new();
	struct lac_call *c;

	(void)st;
	cfg->proxy_lcp = plain->proxy_lcp;
	cfg->proxy_auth = plain->proxy_auth;
	config_unref(plain);
	assert_int_equal(cfg->proxy_lcp, PPP_PROXY_ALWAYS);
	begin(CHAP);
	c = lac_call(l, "alice", "wonder");
	assert_int_equal(c->lcp_requests, 1);
	w_advance(w, ZE_SEC(4));
	assert_up(c);
	assert_proxied(c, false, false);
	assert_int_equal(c->c.chap_id, 10); /* after the LAC's */
}

/* P-100: the LAC's LCP with a login of our own. */
static void again(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->proxy_auth = CONFIG_PROXY_AGAIN;
	begin(CHAP);
	c = lac_call(l, "alice", "wonder");
	assert_up(c);
	assert_int_equal(c->lcp_requests, 0);
	assert_int_equal(c->c.chap_id, 10);
	assert_proxied(c, true, false);
}

/* P-102: an MRU that the tunnel cannot carry. */
static void mru(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(CHAP);
	l->proxy_mru = 1492; /* path-mtu 1500 leaves 1460 */
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(4));
	assert_up(c);
	assert_true(c->lcp_requests > 0);
	assert_int_equal(count(REASON_PROXY_OPTION), 1);
	l->proxy_mru = 1460;
	c = lac_call(l, "alice", "wonder");
	assert_up(c);
	assert_int_equal(c->lcp_requests, 0);
}

/* P-102 P-093: LCP must not be negotiated again. A reload applies to the next call. */
static void never(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(CHAP);
	cfg->proxy_lcp = PPP_PROXY_NEVER;
	assert_int_equal(w_reload(w, cfg, NULL), 0);
	l->proxy_mru = 1492;
	c = lac_call(l, "alice", "wonder");
	assert_up(c);
	assert_int_equal(call_sub(c)->link.lcp.mru, 1492);
	assert_int_equal(ppp_link_mtu(&call_sub(c)->link), 1460);
	l->proxy = NONE;
	c = lac_call(l, "alice", "wonder");
	assert_ended(c, "proxy-mismatch");
	assert_int_equal(c->lcp_requests, 0);
	l->proxy = 0; /* nothing was negotiated yet */
	assert_up(lac_call(l, "alice", "wonder"));
}

/* P-098: the client negotiates again. */
static void negotiated_again(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(CHAP);
	c = lac_call(l, "alice", "wonder");
	client_renegotiate(c);
	w_advance(w, ZE_SEC(7));
	assert_up(c);
	assert_true(c->lcp_requests > 0);
	assert_proxied(c, false, false);
	assert_int_equal(call_sub(c)->link.lcp.mru, 1460);
}

/* A restart keeps the session as it is. */
static void survives_a_restart(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(CHAP);
	c = lac_call(l, "alice", "wonder");
	w_restart(w);
	assert_true(!c->over && call_sub(c)->restored);
	assert_proxied(c, true, true);
	w_advance(w, ZE_SEC(60));
	assert_true(c->c.echoes > 3 && !c->over);
	client_renegotiate(c);
	w_advance(w, ZE_SEC(7));
	assert_up(c);
	assert_proxied(c, false, false);
}

/* PPP begins once the data plane has the session. */
static void sequencing(void **st)
{
	struct lac_call *c;

	(void)st;
	begin(CHAP);
	l->sequencing = true;
	w->dp_hold = true;
	c = lac_call(l, "alice", "wonder");
	assert_non_null(call_sub(c)->call.l2tp.proxy);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(4));
	assert_up(c);
	assert_proxied(c, true, true);
	w->dp_hold = true;
	c = lac_call(l, "alice", "wonder");
	lac_cdn(c); /* before that: nothing is left of the AVPs (leak checker) */
	w->dp_hold = false;
}

/* Wrong passwords are charged to the line like those that are sent here. */
static void wrong_passwords_are_limited(void **st)
{
	(void)st;
	begin(PAP);
	for (unsigned i = 0; i < 8; i++)
		lac_call(l, "alice", "wrong");
	assert_true(w->e->stats.rejects_delayed > 0);
	w_advance(w, ZE_SEC(60));
	assert_int_equal(engine_sessions(w->e), 0);
}

#define T(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(chap),
		T(chap_rejected),
		T(pap),
		T(hidden),
		T(text),
		T(no_authentication),
		T(by_default),
		T(again),
		T(mru),
		T(never),
		T(negotiated_again),
		T(survives_a_restart),
		T(sequencing),
		T(wrong_passwords_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
