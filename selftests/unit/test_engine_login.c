/* SPDX-License-Identifier: BSD-2-Clause */
/* What a login leads to: an address, or an end with its reason, and a place beside the user's
 * other sessions. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/core/subscriber.h"
#include "selftests/lib/world.h"

#define BOBS 0x0a00004d

static struct config *cfg;
static struct world *w;
static struct lac *l;

/* The configuration may be changed until world_new; from here on it is in use. */
static void begin(void)
{
	w = world_new(cfg, 1);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_true(l->up);
}

static int set_up(void **st)
{
	(void)st;
	w = NULL;
	cfg = w_config();
	return cfg ? 0 : -1;
}

static int tear_down(void **st)
{
	(void)st;
	if (!w)
		return 0;
	w->dp_hold = false;
	world_end(w);
	return 0;
}

static struct lac_call *waiting_call(const char *user, const char *password)
{
	struct lac_call *c;

	l->no_iccn = true;
	c = lac_call(l, user, password);
	l->no_iccn = false;
	return c;
}

/* proxy_id: the identifier of the challenge that the LAC has sent; -1: it has sent none. */
static void connect_after_proxy(struct lac_call *c, int proxy_id)
{
	const struct l2tp_msg m = {
		.type = L2TP_ICCN,
		.have = L2TP_BIT(AVP_MSG_TYPE) | L2TP_BIT(AVP_FRAMING_TYPE) |
			L2TP_BIT(AVP_TX_CONNECT_SPEED) |
			(proxy_id < 0 ?
				 0 :
				 L2TP_BIT(AVP_PROXY_AUTHEN_TYPE) | L2TP_BIT(AVP_PROXY_AUTHEN_ID)),
		.framing_type = 1,
		.proxy_authen_type = 2,
		.proxy_authen_id = (uint16_t)(proxy_id < 0 ? 0 : proxy_id),
	};

	lac_send(c->l, c->peer_sid, &m);
	w_deliver(w);
	client_open(c);
	w_deliver(w);
}

static void assert_ended(const struct lac_call *c, uint16_t result, const char *cause)
{
	assert_true(c->over);
	assert_int_equal(c->cdn_result, result);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, cause);
}

static void connect_call(struct lac_call *c)
{
	connect_after_proxy(c, -1);
}

/* F-C6: where the LAC has challenged the client, our identifiers follow the LAC's: a late or
 * repeated answer to the LAC's challenge is not taken as an answer to ours. */
static void challenge_after_the_proxys(void **st)
{
	static const uint8_t ids[] = { 0, 1, 7, 255 };

	(void)st;
	begin();
	for (unsigned i = 0; i < sizeof(ids); i++) {
		struct lac_call *c = waiting_call("alice", "wonder");

		connect_after_proxy(c, ids[i]);
		assert_true(c->c.auth_ok);
		assert_int_equal(c->c.chap_id, (uint8_t)(ids[i] + 1));
	}
}

/* F-C5: the router of a subscriber with a fixed address loses power and dials again at once,
 * through the same LAC or another: the old session ends with its cause, and the new one gets the
 * address as soon as the data plane has removed the old one. */
static void dials_again_at_once(void **st)
{
	struct lac *m;
	struct lac_call *a, *b;

	(void)st;
	begin();
	m = lac_new(w, 2, 1701);
	lac_connect(m);
	a = lac_call(l, "bob", "builder");
	assert_true(a->c.v4_up && a->c.v6_up);
	w->dp_hold = true;
	b = lac_call(m, "bob", "builder");
	assert_true(b->c.auth_ok);
	assert_true(a->over);
	assert_int_equal(a->cdn_result, CDN_ADMIN);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "replaced");
	assert_false(b->c.v4_up);
	assert_int_equal(call_sub(b)->lease.ip4, 0);
	assert_int_equal(call_sub(b)->state, SUB_STARTING);
	w_advance(w, ZE_SEC(5)); /* the data plane answers late */
	assert_false(b->c.v4_up || b->over);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(4));
	assert_true(b->c.v4_up && b->c.v6_up);
	assert_int_equal(b->c.ip, BOBS);
	assert_int_equal(call_sub(b)->state, SUB_ESTABLISHED);
	assert_int_equal(w->e->stats.sessions_replaced, 1);
	lac_stop(m);
}

/* F-C5: repeatedly, while the data plane still has the first session: only the newest session is
 * left. */
static void dials_again_repeatedly(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	lac_call(l, "bob", "builder");
	w->dp_hold = true;
	for (unsigned i = 0; i < 4; i++)
		c = lac_call(l, "bob", "builder"); /* in the place of a call that has ended */
	assert_int_equal(w->e->n_subscribers[SUB_STARTING], 1);
	assert_int_equal(w->e->n_subscribers[SUB_FINISHING], 1);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(4));
	assert_int_equal(engine_sessions(w->e), 1);
	assert_true(c->c.v4_up);
	assert_int_equal(c->c.ip, BOBS);
}

/* F-C5: the waiting session ends first, or the data plane never removes the old one: nothing is
 * left of the waiting session, and its end has the cause. */
static void address_is_never_released(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	begin();
	a = lac_call(l, "bob", "builder");
	w->dp_hold = true;
	b = lac_call(l, "bob", "builder");
	assert_true(a->over);
	lac_cdn(b);
	assert_null(call_sub(b));
	b = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(40));
	assert_ended(b, CDN_NO_FACILITIES_NOW, "no-address");
	w->dp_hold = false;
	w_deliver(w);
	b = lac_call(l, "bob", "builder");
	assert_true(b->c.v4_up);
}

/* F-C5: an empty pool ends the call with its reason; it is never established with IPv6 alone,
 * and the next one gets the address that was released. */
static void pool_is_empty(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	cfg->pool.end = cfg->pool.start;
	begin();
	a = lac_call(l, "alice", "wonder");
	assert_true(a->c.v4_up && a->c.v6_up);
	b = lac_call(l, "alice", "wonder");
	assert_int_not_equal(call_sub(b) ? call_sub(b)->state : SUB_STARTING, SUB_ESTABLISHED);
	w_advance(w, ZE_SEC(7));
	assert_ended(b, CDN_NO_FACILITIES_NOW, "pool-empty");
	assert_int_equal(b->cdn_error, L2TP_ERR_RESOURCES);
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 1);
	/* A login that comes while the data plane is removing the holder waits for it. */
	w->dp_hold = true;
	lac_cdn(a);
	b = lac_call(l, "alice", "wonder");
	assert_false(b->over || b->c.v4_up);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(4));
	assert_true(b->c.v4_up && b->c.v6_up);
}

/* F-C5: with `ncp { ipv4 wanted }` the session continues with IPv6 alone, and gets IPv4 by the
 * peer's next request once there is an address. */
static void wanted_ipv4_is_requested_again(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	cfg->need_ipv4 = CONFIG_NEED_WANTED;
	cfg->pool.end = cfg->pool.start;
	begin();
	a = lac_call(l, "alice", "wonder");
	b = lac_call(l, "alice", "wonder");
	assert_true(a->c.v4_up);
	assert_true(!b->c.v4_up && b->c.v6_up);
	assert_int_equal(call_sub(b)->state, SUB_ESTABLISHED);
	lac_cdn(a);
	w_advance(w, ZE_SEC(8));
	assert_true(b->c.v4_up && !b->over);
	assert_int_equal(w_count_events(w, EV_ROUTE_ADD), 2);
}

/* F-C5: without a pool IPv4 is `wanted` by default; `required` ends the call, and so does a
 * fixed address. */
static void no_pool(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->has_pool = false;
	begin();
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(40));
	assert_true(!c->c.v4_up && c->c.v6_up && !c->over);
	c = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, CDN_NO_FACILITIES_NOW, "no-pool");
	cfg->need_ipv4 = CONFIG_NEED_REQUIRED;
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, CDN_NO_FACILITIES_NOW, "no-pool");
}

/* F-C5: a client that insists on another address, and one that requests none: the session ends
 * with that cause. */
static void insists_on_another_address(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = waiting_call("alice", "wonder");
	c->c.ip = 0x01020304;
	c->c.insists = true;
	connect_call(c);
	w_advance(w, ZE_SEC(15));
	assert_ended(c, CDN_ADMIN, "address-refused");
	assert_int_equal(c->cdn_cause, 19);
	c = waiting_call("alice", "wonder");
	c->c.no_address = true;
	connect_call(c);
	w_advance(w, ZE_SEC(15));
	assert_false(c->c.v4_up);
	assert_ended(c, CDN_ADMIN, "address-refused");
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 0);
}

/* F-C5: a client without IPv4 is not established by IPv6 alone where IPv4 is required; where it
 * is wanted, it is. */
static void client_without_ipv4(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = waiting_call("alice", "wonder");
	c->c.no_ipv4 = true;
	connect_call(c);
	w_advance(w, ZE_SEC(4)); /* the data plane was held back for both families */
	assert_true(c->c.v6_up);
	assert_int_equal(call_sub(c)->state, SUB_STARTING);
	w_advance(w, ZE_SEC(25));
	assert_false(c->over);
	w_advance(w, ZE_SEC(8));
	assert_ended(c, CDN_ADMIN, "no-ipv4");
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 0);
	cfg->need_ipv4 = CONFIG_NEED_WANTED;
	c = waiting_call("alice", "wonder");
	c->c.no_ipv4 = true;
	connect_call(c);
	w_advance(w, ZE_SEC(60));
	assert_false(c->over);
	assert_int_equal(call_sub(c)->state, SUB_ESTABLISHED);
}

static const uint8_t terminate[] = { 0xff, 3, 0x80, 0x21, CP_TERM_REQ, 9, 0, 4 };

/* F-C5: when IPCP terminates and does not open again, a call that requires it ends; when it
 * opens again in time, the call continues. */
static void ipv4_is_lost(void **st)
{
	struct lac_call *c, *d;

	(void)st;
	begin();
	c = lac_call(l, "alice", "wonder");
	d = lac_call(l, "alice", "wonder");
	lac_data(c, span_of(terminate, sizeof(terminate)));
	lac_data(d, span_of(terminate, sizeof(terminate)));
	w_deliver(w);
	c->c.no_ipv4 = true;
	d->c.v4_up = d->c.v4_acked = d->c.ack_v4 = false;
	w_advance(w, ZE_SEC(5));
	client_expire(d); /* it requests IPv4 again */
	w_deliver(w);
	w_advance(w, ZE_SEC(4));
	assert_true(d->c.v4_up);
	w_advance(w, ZE_SEC(35));
	assert_ended(c, CDN_ADMIN, "no-ipv4");
	assert_false(d->over);
}

/* F-C5: `ipv6 required` is the same for the other family: its Protocol-Reject ends the call. */
static void client_without_ipv6(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->need_ipv6 = CONFIG_NEED_REQUIRED;
	begin();
	c = waiting_call("alice", "wonder");
	c->c.no_ipv6 = true;
	connect_call(c);
	w_advance(w, ZE_SEC(4));
	assert_int_equal(w_count_events(w, EV_SESSION_UP), 0);
	assert_ended(c, CDN_ADMIN, "no-ipv6");
}

/* F-C5: the next instance knows what a session requires: a session whose required family is
 * closed at the restart ends there, too, and the sessions of a user are still counted. */
static void known_to_the_next_instance(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	cfg->n_listeners = 1;
	ze_addr_parse("0.0.0.0", 1701, &cfg->listeners[0].addr);
	begin();
	a = lac_call(l, "bob", "builder");
	assert_true(a->c.v4_up);
	w_restart(w);
	assert_true(!a->over && call_sub(a)->restored);
	b = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(4));
	assert_true(a->over);
	assert_true(b->c.v4_up);
	assert_int_equal(b->c.ip, BOBS);
	lac_data(b, span_of(terminate, sizeof(terminate)));
	b->c.no_ipv4 = true;
	w_deliver(w);
	w_restart(w);
	assert_true(!b->over && call_sub(b)->restored);
	w_advance(w, ZE_SEC(40));
	assert_ended(b, CDN_ADMIN, "no-ipv4");
}

/* F-C5 F-B10: session-limit: the next login is refused with its reason, or ends the oldest
 * session. */
static void session_limit(void **st)
{
	struct lac_call *c[4];

	(void)st;
	cfg->sessions.limit = 3;
	begin();
	for (unsigned i = 0; i < 4; i++)
		c[i] = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(7));
	for (unsigned i = 0; i < 3; i++)
		assert_true(c[i]->c.v4_up && !c[i]->over);
	assert_true(c[3]->c.auth_bad);
	assert_ended(c[3], CDN_ADMIN, "session-limit");
	assert_int_equal(w->e->stats.session_limited, 1);
	lac_cdn(c[0]);
	c[0] = lac_call(l, "alice", "wonder");
	assert_true(c[0]->c.v4_up);
	cfg->sessions.over = PROFILE_OVER_REPLACE;
	c[3] = lac_call(l, "alice", "wonder");
	assert_true(c[3]->c.v4_up && c[1]->over && !c[2]->over && !c[0]->over);
	/* A session that renegotiates does not count twice. */
	client_renegotiate(c[3]);
	w_advance(w, ZE_SEC(7));
	assert_true(c[3]->c.v4_up && !c[2]->over);
}

/* F-C5 F-B10: the limit and action of a user; `deny` also applies to a fixed address. */
static void users_own_limit(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	cfg->users[0].sessions = (struct profile_sessions){ true, 1, PROFILE_OVER_REPLACE };
	cfg->users[1].sessions = (struct profile_sessions){ true, 5, PROFILE_OVER_DENY };
	begin();
	a = lac_call(l, "alice", "wonder");
	b = lac_call(l, "alice", "wonder");
	assert_true(a->over && b->c.v4_up);
	a = lac_call(l, "bob", "builder");
	b = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(7));
	assert_true(a->c.v4_up && !a->over);
	assert_ended(b, CDN_ADMIN, "session-limit");
}

/* F-B4: a fixed address inside the pool is reserved for its user from the start; one that a
 * reload fixes is reserved once its holder has ended. */
static void fixed_address_is_reserved(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	cfg->pool.start = BOBS;
	cfg->pool.end = BOBS + 1;
	begin();
	a = lac_call(l, "alice", "wonder");
	assert_int_equal(a->c.ip, BOBS + 1);
	b = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(7));
	assert_ended(b, CDN_NO_FACILITIES_NOW, "pool-empty");
	b = lac_call(l, "bob", "builder");
	assert_int_equal(b->c.ip, BOBS);
	lac_cdn(b);
	cfg->users[1].address = BOBS + 1; /* alice has it */
	assert_int_equal(w_reload(w, cfg, NULL), 0);
	b = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(4));
	assert_true(a->over && b->c.v4_up);
	assert_int_equal(b->c.ip, BOBS + 1);
	a = lac_call(l, "alice", "wonder");
	assert_int_equal(a->c.ip, BOBS); /* no longer reserved */
}

/* F-B4: the address of a LAC is never assigned: skipped in the pool, refused to a user. */
static void address_of_a_lac(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->pool.start = 0x0a090001; /* 10.9.0.1 is the address of the LAC */
	cfg->pool.end = 0x0a090002;
	cfg->users[1].address = 0;
	begin();
	c = lac_call(l, "alice", "wonder");
	assert_int_equal(c->c.ip, 0x0a090002);
	c = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, CDN_NO_FACILITIES_NOW, "pool-empty");
}

/* F-B4: nor is it assigned as the fixed address of a user. */
static void fixed_address_of_a_lac(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->users[1].address = 0x0a090001;
	begin();
	c = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, CDN_NO_FACILITIES_NOW, "address-in-use");
}

/* F-B4: a single SCCRQ from a subscriber's address, which anybody can forge, does not take the
 * address away. */
static void address_in_a_forged_sccrq(void **st)
{
	struct lac *forged;
	struct lac_call *c;

	(void)st;
	cfg->users[1].address = 0x0a090002;
	begin();
	forged = lac_new(w, 2, 1701); /* 10.9.0.2 */
	forged->no_scccn = true;
	lac_connect(forged);
	assert_false(forged->up);
	c = lac_call(l, "bob", "builder");
	assert_int_equal(c->c.ip, 0x0a090002);
}

static bool no_server(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	(void)self;
	(void)rq;
	*ret = (struct aaa_answer){ .verdict = AAA_UNAVAILABLE };
	return true;
}

/* A login that nothing can check ends with its own cause and counter. It does not count as a
 * wrong password, so the line keeps its attempts. */
static void nothing_can_check_it(void **st)
{
	struct aaa_handler local;
	struct lac_call *c;

	(void)st;
	begin();
	local = w->aaa.handlers[0];
	w->aaa.handlers[0] = (struct aaa_handler){ .name = "down", .auth = no_server };
	for (unsigned i = 0; i < 20; i++) {
		c = lac_call(l, "alice", "wonder");
		assert_true(c->c.auth_bad);
		w_advance(w, ZE_SEC(7));
		assert_ended(c, CDN_NO_FACILITIES_NOW, "auth-unavailable");
	}
	assert_int_equal(w->e->stats.auth_unavailable, 20);
	assert_int_equal(w->e->stats.auth_rejects, 0);
	w->aaa.handlers[0] = local;
	c = lac_call(l, "alice", "wonder");
	assert_true(c->c.v4_up);
	assert_int_equal(w->e->stats.rejects_delayed + w->e->stats.logins_unasked, 0);
}

/* F-B10: by default one user cannot use all sessions. */
static void default_limit(void **st)
{
	struct config *d = config_new();

	(void)st;
	assert_non_null(d);
	assert_in_range(d->sessions.limit, 1, 64);
	assert_int_equal(d->sessions.over, PROFILE_OVER_AUTO);
	config_unref(d);
	config_unref(cfg);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(dials_again_at_once),
		T(dials_again_repeatedly),
		T(address_is_never_released),
		T(pool_is_empty),
		T(wanted_ipv4_is_requested_again),
		T(no_pool),
		T(insists_on_another_address),
		T(client_without_ipv4),
		T(ipv4_is_lost),
		T(client_without_ipv6),
		T(known_to_the_next_instance),
		T(session_limit),
		T(users_own_limit),
		T(fixed_address_is_reserved),
		T(address_of_a_lac),
		T(fixed_address_of_a_lac),
		T(address_in_a_forged_sccrq),
		T(nothing_can_check_it),
		T(default_limit),
		T(challenge_after_the_proxys),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
