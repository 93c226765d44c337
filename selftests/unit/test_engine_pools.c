/* SPDX-License-Identifier: BSD-2-Clause */
/* Pools by name: what a login gets from them, what it waits for, and what a reload of them does. The
 * profiles come from a handler that answers as RADIUS does. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "aaa/local.h"
#include "aaa/pools.h"
#include "aaa/profile.h"
#include "daemon/base/log.h"
#include "selftests/lib/config_kit.h"
#include "selftests/lib/world.h"

#define GOLD(n)	   (0x0a010000u + (n)) /* 10.1.0.n */
#define OUTSIDE(n) (0x0a630000u + (n)) /* 10.99.0.n */

static const struct grant {
	const char *user;
	uint32_t address; /* 0: none */
	bool wish;
	const char *pool; /* NULL: none */
} grants[] = {
	{ "plain", 0, false, NULL },
	{ "gold", 0, false, "gold" },
	{ "more", 0, false, "more" },
	{ "default", 0, false, "default" },
	{ "unknown", 0, false, "silver" },
	{ "fixed", OUTSIDE(7), false, NULL },
	{ "fixed-gold", OUTSIDE(8), false, "gold" },
	{ "in-gold", GOLD(2), false, NULL },
	{ "twin", OUTSIDE(7), false, NULL },
	{ "wish", 0, true, NULL },
	{ "wish-gold", 0, true, "gold" },
};

static struct config *cfg, *next;
static struct world *w;
static struct lac *l;
static char lines[4096];

static bool grant(void *self, const struct aaa_request *rq, struct aaa_answer *ret)
{
	struct profile_room room;
	struct profile *p, *q;
	const struct grant *g = grants;

	(void)self;
	while (!span_eq(rq->user, span_str(g->user)))
		g++;
	p = profile_new(rq->user);
	q = profile_edit(&room, p, span_str(NULL));
	profile_free(p);
	q->has_address = g->address;
	q->address = g->address;
	q->wish = g->wish;
	if (g->pool) {
		assert_true(profile_put(q, PROFILE_POOL, span_str(g->pool)));
		profile_set_source(q, PROFILE_POOL, PROFILE_RADIUS);
	}
	*ret = (struct aaa_answer){ .verdict = AAA_ACCEPT, .profile = profile_copy(q) };
	return true;
}

static void add_pool(struct config *c, const char *name, const char *range, const char *then)
{
	char gateway[32], start[32], end[32];

	snprintf(gateway, sizeof(gateway), "%s.254", range);
	snprintf(start, sizeof(start), "%s.1", range);
	snprintf(end, sizeof(end), "%s.2", range);
	assert_null(config_kit_add(c, "l2tp/pool/ipv4-named",
				   (const char *const[]){ "name", name, "gateway", gateway, "start",
							  start, "end", end, "dns-primary", gateway,
							  "dns-secondary", start,
							  *then ? "next" : NULL, then, NULL }));
}

/* The default pool, 10.0.0.2 to .3; gold, 10.1.0.1 to .2; and more, 10.2.0.1 to .2, whose next is
 * gold. */
static struct config *configuration(void)
{
	struct config *c = w_config();

	assert_non_null(c);
	c->pool.end = c->pool.start + 1;
	c->auth_method = PPP_AUTH_PAP;
	add_pool(c, "gold", "10.1.0", "");
	add_pool(c, "more", "10.2.0", "gold");
	return c;
}

/* Keeps the lines about addresses. */
static void sink(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	size_t n = strlen(lines);

	(void)self;
	(void)level;
	(void)sub;
	if (strstr(line, "address-"))
		snprintf(lines + n, sizeof(lines) - n, "%s\n", line);
}

#define assert_said(x)                                                                             \
	do {                                                                                       \
		if (!strstr(lines, x))                                                             \
			fail_msg("\"%s\" does not say %s", lines, x);                              \
	} while (0)

static void begin(void)
{
	static const char *const names[] = { AAA_LOCAL_NAME };
	const struct aaa_handler h = { .name = names[0], .auth = grant };

	w = world_new(cfg, 1);
	assert_non_null(w);
	memset(&w->aaa, 0, sizeof(w->aaa));
	assert_int_equal(aaa_broker_add(&w->aaa, &h), 0);
	aaa_broker_order(&w->aaa, names, 1);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	assert_true(l->up);
}

static int set_up(void **st)
{
	(void)st;
	w = NULL;
	lines[0] = '\0';
	log_set_sink(sink, NULL);
	cfg = configuration();
	next = configuration();
	return 0;
}

static int tear_down(void **st)
{
	(void)st;
	config_unref(next);
	w->dp_hold = false;
	world_end(w);
	log_set_sink(NULL, NULL);
	return 0;
}

static struct lac_call *call(const char *user)
{
	return lac_call(l, user, "x");
}

/* A client that requests this address. */
static struct lac_call *call_wishing(const char *user, uint32_t ip)
{
	struct lac_call *c;

	l->no_iccn = true;
	c = call(user);
	l->no_iccn = false;
	c->c.ip = ip;
	lac_iccn(c);
	client_open(c);
	w_deliver(w);
	return c;
}

static void assert_ended(const struct lac_call *c, const char *cause)
{
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_NO_FACILITIES_NOW);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, cause);
}

static struct pool *pool(const char *name)
{
	return pools_find(w->e->pools, span_str(name));
}

/* ---- which pool ---- */

/* S-AAA-37: gateway, DNS servers and address of the pool that Framed-Pool names. */
static void named_by_the_profile(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = call("gold");
	assert_true(c->c.v4_up && c->c.ip == GOLD(1) && c->c.gateway == GOLD(254));
	assert_true(c->c.dns[0] == GOLD(254));
	c = call("plain");
	assert_true(c->c.v4_up && c->c.ip == 0x0a000002 && c->c.gateway == 0x0a000001);
	assert_true(call("default")->c.ip == 0x0a000003);
	assert_int_equal(addrpool_used(pool("gold")->addrs), 1);
}

/* S-AAA-37: an unknown name refuses IPCP, which is logged, counted, and the cause in the history. */
static void unknown_name(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = call("unknown");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "pool-unknown");
	assert_said("user=unknown family=ipv4 reason=pool-unknown pool=silver");
	assert_int_equal(w->e->stats.pools_unknown, 1);
}

/* The same where IPv4 is wanted only: the session continues with IPv6, and gets IPv4 when a reload has
 * added the pool. */
static void unknown_name_and_ipv4_is_wanted(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->need_ipv4 = next->need_ipv4 = CONFIG_NEED_WANTED;
	begin();
	c = call("unknown");
	w_advance(w, ZE_SEC(1));
	assert_true(!c->over && c->c.v6_up && !c->c.v4_up);
	add_pool(next, "silver", "10.3.0", "");
	assert_int_equal(w_reload(w, next, NULL), 0);
	w_advance(w, ZE_SEC(4));
	assert_true(c->c.v4_up && c->c.ip == 0x0a030001);
}

/* Without a default pool, only logins that name a pool get IPv4. */
static void no_default_pool(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->has_pool = false;
	begin();
	assert_true(call("gold")->c.v4_up);
	c = call("plain");
	w_advance(w, ZE_SEC(1));
	assert_true(!c->c.v4_up && c->c.v6_up && !c->over);
	c = call("fixed");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "no-pool");
	assert_true(call("in-gold")->c.v4_up);
}

/* The pool of a local user. */
static void of_a_local_user(void **st)
{
	struct lac_call *c;

	(void)st;
	cfg->users[0].pool = strdup("gold");
	w = world_new(cfg, 1);
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	c = lac_call(l, "alice", "wonder");
	assert_true(c->c.v4_up && c->c.ip == GOLD(1));
}

/* ---- full pools ---- */

static void goes_on_with_the_next(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	assert_int_equal(call("more")->c.ip, 0x0a020001);
	assert_int_equal(call("more")->c.ip, 0x0a020002);
	c = call("more");
	assert_true(c->c.ip == GOLD(1) && c->c.gateway == GOLD(254));
	assert_int_equal(call("gold")->c.ip, GOLD(2));
	c = call("more");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "pool-empty");
	assert_int_equal(pool("more")->refused, 1);
	assert_int_equal(pool("gold")->refused, 0);
	assert_int_equal(addrpool_peak(pool("gold")->addrs), 2);
}

/* Logins that wait for an address of a pool get one of that pool, and those of a pool before it. */
static void each_waits_for_its_pool(void **st)
{
	struct lac_call *a[2], *b[2], *d[2], *more, *plain;

	(void)st;
	begin();
	for (int i = 0; i < 2; i++) {
		a[i] = call("gold");
		b[i] = call("plain");
		d[i] = call("more");
	}
	w->dp_hold = true;
	lac_cdn(a[0]);
	lac_cdn(b[0]);
	more = call("more");
	plain = call("plain");
	assert_false(more->c.v4_up || plain->c.v4_up || more->over || plain->over);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(4));
	assert_true(more->c.v4_up && more->c.ip == GOLD(1));
	assert_true(plain->c.v4_up && plain->c.ip == 0x0a000002);
	assert_int_equal(pool("more")->refused, 0);
	assert_true(a[1]->c.v4_up && b[1]->c.v4_up && d[1]->c.v4_up);
}

/* ---- addresses of their own ---- */

/* S-AAA-33: outside the pools none is touched, and nothing is freed into one at the end. */
static void fixed_outside(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = call("fixed-gold");
	assert_true(c->c.ip == OUTSIDE(8) && c->c.gateway == GOLD(254) && c->c.dns[0] == GOLD(254));
	assert_int_equal(pools_used(w->e->pools), 0);
	lac_cdn(c);
	w_deliver(w);
	assert_int_equal(call("gold")->c.ip, GOLD(1));
	assert_int_equal(call("gold")->c.ip, GOLD(2));
	c = call("gold");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "pool-empty");
}

static void fixed_inside(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = call("in-gold");
	assert_true(c->c.ip == GOLD(2) && c->c.gateway == GOLD(254));
	assert_int_equal(addrpool_used(pool("gold")->addrs), 1);
	assert_int_equal(call("gold")->c.ip, GOLD(1));
	c = call("gold");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "pool-empty");
}

/* S-AAA-36, R-018: the address of another session ends that one, or the login has no IPv4. */
static void duplicates(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	begin();
	a = call("fixed");
	b = call("twin");
	w_advance(w, ZE_SEC(4));
	assert_true(a->over && b->c.v4_up && b->c.ip == OUTSIDE(7));
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, "replaced");
	next->duplicate = CONFIG_DUPLICATE_REFUSE;
	assert_int_equal(w_reload(w, next, NULL), 0);
	a = call("fixed");
	w_advance(w, ZE_SEC(7));
	assert_ended(a, "address-in-use");
	assert_true(b->c.v4_up && !b->over);
	assert_int_equal(w->e->stats.addresses_refused, 1);
	/* The user itself still replaces its session. */
	a = call("twin");
	w_advance(w, ZE_SEC(4));
	assert_true(a->c.v4_up && b->over && a->c.ip == OUTSIDE(7));
}

/* S-AAA-34, R-018: 255.255.255.255 is the client's choice, if it is free and in no pool. */
static void wishes(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = call_wishing("wish", OUTSIDE(42));
	assert_true(c->c.v4_up && c->c.ip == OUTSIDE(42) && c->c.gateway == 0x0a000001);
	assert_int_equal(pools_used(w->e->pools), 0);
	c = call_wishing("wish-gold", OUTSIDE(42)); /* in use */
	assert_true(c->c.v4_up && c->c.ip == GOLD(1));
	c = call_wishing("wish", GOLD(2)); /* of a pool */
	assert_true(c->c.v4_up && c->c.ip == 0x0a000002);
	c = call_wishing("wish-gold", OUTSIDE(43));
	assert_true(c->c.v4_up && c->c.ip == OUTSIDE(43) && c->c.gateway == GOLD(254));
	c = call_wishing("wish", 0); /* none */
	assert_true(c->c.v4_up && c->c.ip == 0x0a000003);
	c = call_wishing("wish", 0x7f000001);
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "pool-empty");
	/* A login without that attribute value has no choice. */
	c = call_wishing("gold", OUTSIDE(44));
	assert_true(c->c.v4_up && c->c.ip == GOLD(2));
}

/* S-AAA-34: a client cannot choose an address that ze needs itself: of a RADIUS server, of a
 * neighbour of the host, or of a LAC that may come. */
static void wishes_for_what_ze_needs(void **st)
{
	const struct hostip core = { .ip = OUTSIDE(65),
				     .subnet = OUTSIDE(64),
				     .len = 28,
				     .ifindex = 4,
				     .neighbours = true };
	struct hostip_set own = { 0 };
	struct lac_call *c;

	(void)st;
	cfg->radius.n_servers = 1;
	cfg->radius.servers[0].addr = (struct ze_addr){ .family = 4, .ip = { 10, 99, 0, 42 } };
	begin();
	hostip_add(&own, &core);
	engine_own_addresses(w->e, &own, w->now);
	hostip_done(&own);
	c = call_wishing("wish", OUTSIDE(42));
	assert_true(c->c.v4_up && c->c.ip == 0x0a000002);
	c = call_wishing("wish-gold", OUTSIDE(66));
	assert_true(c->c.v4_up && c->c.ip == GOLD(1));
}

/* ---- reload ---- */

/* S-REL-15: sessions keep addresses that have left their pool; nobody else gets them before they are
 * free. */
static void shrinks(void **st)
{
	struct lac_call *a, *b, *c;

	(void)st;
	begin();
	a = call("gold");
	b = call("gold");
	next->named_pools[0].range.end = GOLD(1);
	assert_int_equal(w_reload(w, next, NULL), 0);
	assert_true(a->c.v4_up && b->c.v4_up);
	assert_int_equal(addrpool_size(pool("gold")->addrs), 1);
	assert_int_equal(addrpool_used(pool("gold")->addrs), 1);
	lac_cdn(b);
	w_deliver(w);
	c = call("gold");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "pool-empty");
	lac_cdn(a);
	w_deliver(w);
	assert_int_equal(call("gold")->c.ip, GOLD(1));
}

/* S-REL-15: pools that go, come back and grow; an address is never given twice. */
static void goes_and_comes(void **st)
{
	struct config *back = configuration();
	struct lac_call *a, *b;

	(void)st;
	begin();
	a = call("gold");
	next->n_named_pools = 0;
	assert_int_equal(w_reload(w, next, NULL), 0);
	next->n_named_pools = 2;
	b = call("gold");
	w_advance(w, ZE_SEC(7));
	assert_ended(b, "pool-unknown");
	assert_true(a->c.v4_up && !a->over && !call_sub(a)->lease.pool);
	back->named_pools[0].range.end = GOLD(3);
	assert_int_equal(w_reload(w, back, NULL), 0);
	assert_ptr_equal(call_sub(a)->lease.pool, pool("gold"));
	assert_int_equal(call("gold")->c.ip, GOLD(2));
	assert_int_equal(call("gold")->c.ip, GOLD(3));
	lac_cdn(a);
	w_deliver(w);
	assert_int_equal(call("gold")->c.ip, GOLD(1));
	config_unref(back);
}

/* S-REL-15: a login that waits gets an address when its pool grows. */
static void grows_for_one_that_waits(void **st)
{
	struct lac_call *a, *c;

	(void)st;
	begin();
	a = call("gold");
	call("gold");
	w->dp_hold = true;
	lac_cdn(a);
	c = call("gold");
	assert_false(c->c.v4_up || c->over);
	next->named_pools[0].range.end = GOLD(3);
	assert_int_equal(w_reload(w, next, NULL), 0);
	w->dp_hold = false;
	w_advance(w, ZE_SEC(4));
	assert_true(c->c.v4_up && c->c.ip == GOLD(3));
}

/* New logins get the new gateway, those before keep theirs, and one whose address became a gateway
 * is reported. */
static void other_gateway(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	begin();
	a = call("gold");
	next->named_pools[0].range.gateway = GOLD(1);
	assert_int_equal(w_reload(w, next, NULL), 0);
	assert_said("address-conflict address=10.1.0.1");
	assert_true(a->c.v4_up && !a->over);
	b = call("gold");
	assert_true(b->c.ip == GOLD(2) && b->c.gateway == GOLD(1));
	b = call("gold");
	w_advance(w, ZE_SEC(7));
	assert_ended(b, "pool-empty");
}

/* A configuration without changes of the pools leaves the set alone. */
static void nothing_changes(void **st)
{
	const struct pools *was;
	unsigned n;

	(void)st;
	begin();
	was = w->e->pools;
	n = w->n_pools;
	next->hello_retries = 7;
	assert_int_equal(w_reload(w, next, NULL), 0);
	assert_ptr_equal(w->e->pools, was);
	assert_int_equal(w->n_pools, n);
}

/* The data plane drops packets to unused addresses of all pools that want it. */
static void blackholes(void **st)
{
	(void)st;
	begin();
	assert_int_equal(w->pool.start, 0x0a000002);
	assert_int_equal(w->last_pool.end, 0x0a020002);
	next->named_pools[1].blackhole = false;
	assert_int_equal(w_reload(w, next, NULL), 0);
	assert_int_equal(w->last_pool.end, GOLD(2));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(named_by_the_profile),
		T(unknown_name),
		T(unknown_name_and_ipv4_is_wanted),
		T(no_default_pool),
		T(of_a_local_user),
		T(goes_on_with_the_next),
		T(each_waits_for_its_pool),
		T(fixed_outside),
		T(fixed_inside),
		T(duplicates),
		T(wishes),
		T(wishes_for_what_ze_needs),
		T(shrinks),
		T(goes_and_comes),
		T(grows_for_one_that_waits),
		T(other_gateway),
		T(nothing_changes),
		T(blackholes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
