/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses that this host has or gets, and subnets of its interfaces, compared with the
 * addresses of subscribers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/base/hostip.h"
#include "selftests/lib/asking.h"
#include "selftests/lib/world.h"

#define BOBS 0x0a00004d /* 10.0.0.77 */

static struct config *cfg;
static struct world *w;
static struct lac *l;
static struct hostip_set set;
static char lines[4096]; /* the lines address-conflict, subnet-overlap and declined addresses */

static void sink(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	size_t n = strlen(lines);

	(void)self;
	(void)level;
	(void)sub;
	if (strstr(line, " address-conflict") || strstr(line, " subnet-overlap") ||
	    strstr(line, " address-declined"))
		snprintf(lines + n, sizeof(lines) - n, "%s\n", line);
}

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
	lines[0] = '\0';
	log_set_sink(sink, NULL);
	cfg = w_config();
	if (!cfg)
		return -1;
	cfg->listeners[0].addr = (struct ze_addr){ .family = 4, .port = 1701 };
	cfg->n_listeners = 1;
	return 0;
}

static int tear_down(void **st)
{
	(void)st;
	world_end(w);
	hostip_done(&set);
	log_set_sink(NULL, NULL);
	return 0;
}

static struct hostip on(const char *name, uint32_t ip, uint8_t len)
{
	struct hostip a = { .ip = ip, .subnet = ip, .len = len, .ifindex = 4, .neighbours = true };

	snprintf(a.name, sizeof(a.name), "%s", name);
	return a;
}

static void tell(void)
{
	lines[0] = '\0';
	engine_own_addresses(w->e, &set, w->now);
}

static void comes(const char *name, uint32_t ip, uint8_t len)
{
	const struct hostip a = on(name, ip, len);

	hostip_add(&set, &a);
	tell();
}

static void goes(const char *name, uint32_t ip, uint8_t len)
{
	const struct hostip a = on(name, ip, len);

	hostip_del(&set, &a);
	tell();
}

#define assert_said(x)                                                                             \
	do {                                                                                       \
		if (!strstr(lines, x))                                                             \
			fail_msg("\"%s\" does not say %s", lines, x);                              \
	} while (0)

static void assert_ended(const struct lac_call *c, const char *cause)
{
	assert_true(c->over);
	assert_int_equal(c->cdn_result, CDN_NO_FACILITIES_NOW);
	assert_string_equal(w_last_event(w, EV_SESSION_DOWN)->cause, cause);
}

/* F-B4: an address of this host is not assigned from the pool, and is assigned again once the
 * host has lost it. */
static void not_from_the_pool(void **st)
{
	struct lac_call *a, *b;

	(void)st;
	cfg->pool.start = 0x0a000002;
	cfg->pool.end = 0x0a000003;
	cfg->users[1].address = 0;
	begin();
	comes("eth9", 0x0a000002, 32);
	a = lac_call(l, "alice", "wonder");
	assert_int_equal(a->c.ip, 0x0a000003);
	b = lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(7));
	assert_ended(b, "pool-empty");
	goes("eth9", 0x0a000002, 32);
	b = lac_call(l, "alice", "wonder");
	assert_int_equal(b->c.ip, 0x0a000002);
}

/* F-B4: nor is the fixed address of a user: the reason, the counter, and a line with the
 * interface. */
static void not_a_users(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	comes("eth9", BOBS, 32);
	assert_said("address-conflict address=10.0.0.77 interface=eth9 user=bob");
	c = lac_call(l, "bob", "builder");
	w_advance(w, ZE_SEC(7));
	assert_ended(c, "own-address");
	assert_said("reason=own-address interface=eth9");
	assert_true(w->e->stats.addresses_refused > 0);
	goes("eth9", BOBS, 32);
	c = lac_call(l, "bob", "builder");
	assert_int_equal(c->c.ip, BOBS);
}

/* The value in show l2tp session; NULL: it has none. */
static const char *shown_holder(unsigned sid)
{
	struct asking a = { .w = w };
	static char holder[64];
	char words[48];
	json_t *v;

	snprintf(words, sizeof(words), "show l2tp session %u", sid);
	assert_int_equal(ask(&a, words), OP_OK);
	v = json_object_get(a.data, "assigned-addr-also-on");
	snprintf(holder, sizeof(holder), "%s", v ? json_string_value(v) : "");
	ask_done(&a);
	return v ? holder : NULL;
}

/* F-B4: the host gets an address that a session has: the session continues, one line says what
 * to do, and `show` has it. */
static void while_a_session_has_it(void **st)
{
	struct lac_call *c;
	char want[120];

	(void)st;
	begin();
	c = lac_call(l, "bob", "builder");
	assert_null(shown_holder(c->peer_sid));
	comes("eth9", BOBS, 32);
	assert_string_equal(shown_holder(c->peer_sid), "eth9");
	snprintf(want, sizeof(want), "address=10.0.0.77 interface=eth9 sid=%u user=bob",
		 c->peer_sid);
	assert_said(want);
	snprintf(want, sizeof(want), "zectl clear l2tp session teardown %u", c->peer_sid);
	assert_said(want);
	assert_null(strchr(strchr(lines, '\n') + 1, '\n'));
	tell(); /* nothing new */
	assert_string_equal(lines, "");
	w_advance(w, ZE_SEC(60));
	assert_false(c->over);
	assert_true(c->c.v4_up);
}

/* F-B4: the same at a restart: a session whose address the host or a LAC has now is not
 * restored. */
static void not_restored(void **st)
{
	struct lac_call *c;

	(void)st;
	begin();
	c = lac_call(l, "bob", "builder");
	assert_int_equal(c->c.ip, BOBS);
	hostip_add(&set, &(struct hostip){ .ip = BOBS, .subnet = BOBS, .len = 32, .ifindex = 4 });
	w->own = &set;
	w_restart(w);
	w_advance(w, ZE_SEC(5));
	assert_true(c->over);
	assert_int_equal(w->e->stats.reasons[REASON_RESUME_ADDRESS], 1);
}

/* F-B4 */
static void not_restored_beside_a_lac(void **st)
{
	struct lac *m;
	struct lac_call *c;

	(void)st;
	cfg->users[1].address = 0x0a090002;
	begin();
	c = lac_call(l, "bob", "builder");
	assert_int_equal(c->c.ip, 0x0a090002);
	m = lac_new(w, 2, 1701); /* this LAC has the same address */
	lac_connect(m);
	assert_true(m->up);
	w_restart(w);
	w_advance(w, ZE_SEC(5));
	assert_true(c->over);
	assert_int_equal(w->e->stats.reasons[REASON_RESUME_ADDRESS], 1);
	lac_stop(m);
}

/* F-B4: a subnet with neighbours that contains addresses of the pool or of users: reported when
 * it appears, and after a reload, with both prefixes and the interface. */
static void subnet_of_an_interface(void **st)
{
	(void)st;
	begin();
	comes("up0", 0x0a000101, 24);
	assert_string_equal(lines, "");
	assert_int_equal(w->pool.end, 0x0a0000fe);
	comes("up0", 0x0a0000fe, 25);
	assert_said(
		"subnet-overlap interface=up0 subnet=10.0.0.128/25 pool=default range=10.0.0.2-10.0.0.254");
	assert_null(strstr(lines, "user="));
	assert_int_equal(w->pool.end, 0); /* the blackhole routes would cut off the whole subnet */
	comes("core0", 0x0a00007e, 26);
	assert_said("subnet-overlap interface=core0 subnet=10.0.0.64/26 pool=");
	assert_said("subnet-overlap interface=core0 subnet=10.0.0.64/26 user=bob users=1");
	assert_null(strstr(lines, "up0"));
	comes("up0", 0x0a000105, 32);
	assert_string_equal(lines, "");
	cfg->users[0].address = 0x0a000109;
	assert_int_equal(w_reload(w, cfg, NULL), 0);
	assert_said("subnet-overlap interface=up0 subnet=10.0.1.0/24 user=alice users=1");
	assert_said("subnet-overlap interface=up0 subnet=10.0.0.128/25 pool=");
}

/* F-B4: the same for any number of addresses. */
static void lines_are_bounded(void **st)
{
	unsigned n = 0;

	(void)st;
	begin();
	for (uint32_t i = 2; i < 250; i++) {
		const struct hostip a = on("up0", 0x0a000000 + i, 24);

		hostip_add(&set, &a);
	}
	tell();
	for (const char *p = lines; (p = strchr(p, '\n')); p++)
		n++;
	assert_true(n > 0 && n <= 33);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(not_from_the_pool),	      T(not_a_users),
		T(while_a_session_has_it),    T(not_restored),
		T(not_restored_beside_a_lac), T(subnet_of_an_interface),
		T(lines_are_bounded),
	};
#undef T

	return cmocka_run_group_tests(tests, NULL, NULL);
}
