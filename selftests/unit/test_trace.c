/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug lines of messages: every message is there, and no secret. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "selftests/lib/world.h"

static struct strbuf said;

static void sink(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)level;
	(void)sub;
	sb_puts(&said, line);
	sb_puts(&said, "\n");
}

static struct world *w;
static struct lac *l;

static int up(void **st)
{
	(void)st;
	sb_init(&said);
	log_set_sink(sink, NULL);
	log_set_level(LOG__SUBS, LOG_DEBUG);
	w = world_new(NULL, 31);
	if (!w)
		return -1;
	l = lac_new(w, 1, 1701);
	lac_connect(l);
	return 0;
}

static int down(void **st)
{
	(void)st;
	world_end(w);
	log_set_level(LOG__SUBS, LOG_INFO);
	log_set_sink(log_sink_stderr, NULL);
	sb_done(&said);
	return 0;
}

static bool says(const char *text)
{
	return strstr(said.s, text) != NULL;
}

static void to_hex(const char *text, char *hex)
{
	for (; *text; text++, hex += 2)
		snprintf(hex, 3, "%02x", (unsigned char)*text);
}

/* Neither in clear text nor in hex. */
static void assert_unsaid(const char *secret)
{
	char hex[64];

	to_hex(secret, hex);
	assert_false(says(secret));
	assert_false(says(hex));
}

static void dialogue(void **st)
{
	static const char *const words[] = {
		"SCCRQ",	 "SCCRP",
		"SCCCN",	 "ICRQ",
		"ICRP",		 "ICCN",
		"ZLB",		 "rx message=",
		"tx message=",	 "rx protocol=",
		"tx protocol=",	 "protocol=LCP",
		"protocol=IPCP", "protocol=IPv6CP",
		"protocol=CHAP", "code=Challenge",
		"code=Response", "Configure-Request",
		"code=Success",	 "Configure-Nak",
	};

	(void)st;
	lac_call(l, "alice", "wonder");
	w_advance(w, ZE_SEC(1));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(words); i++)
		if (!says(words[i]))
			fail_msg("no line says %s", words[i]);
	assert_unsaid("wonder");
	assert_unsaid("zetest");
}

static void a_password_by_pap(void **st)
{
	struct lac *dark = lac_new(w, 2, 1701);
	struct lac_call *c;

	(void)st;
	w->cfg->auth_method = PPP_AUTH_PAP;
	assert_int_equal(w_reload(w, w->cfg, NULL), 0);
	lac_connect(dark);
	c = lac_call(dark, "alice", "wonder");
	assert_int_equal(c->c.method, PPP_PAP);
	assert_true(c->c.auth_ok);
	assert_true(says("protocol=PAP code=Authenticate-Request"));
	assert_unsaid("wonder");
	lac_stop(dark);
}

static const uint8_t pap[] = { 0xff, 0x03, 0xc0, 0x23, 1,   9,	 0,   17,  5,	'a', 'l',
			       'i',  'c',  'e',	 6,    'w', 'o', 'n', 'd', 'e', 'r', 0 };

/* PAP from a peer that was asked for CHAP. */
static void a_password_not_requested(void **st)
{
	struct lac_call *c;

	(void)st;
	c = lac_call(l, "alice", "wonder");
	said.len = 0;
	lac_data(c, span_of(pap, sizeof(pap) - 1));
	w_advance(w, ZE_MS(10));
	assert_true(says("protocol=PAP"));
	assert_unsaid("wonder");
}

/* EAP and other protocols have secrets at unknown places, and our Protocol-Reject has a copy of
 * what it rejects. */
static void other_protocols(void **st)
{
	static const uint16_t protos[] = { 0xc227, 0xc027, 0xc225, 0x80fb };
	uint8_t frame[sizeof(pap)];
	struct lac_call *c;

	(void)st;
	c = lac_call(l, "alice", "wonder");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(protos); i++) {
		memcpy(frame, pap, sizeof(pap));
		frame[2] = (uint8_t)(protos[i] >> 8);
		frame[3] = (uint8_t)protos[i];
		said.len = 0;
		lac_data(c, span_of(frame, sizeof(pap) - 1));
		w_advance(w, ZE_MS(10));
		assert_true(says("rx protocol=other"));
		assert_true(says("tx protocol=LCP code=Protocol-Reject"));
		assert_unsaid("wonder");
	}
}

static void silent_below_debug(void **st)
{
	(void)st;
	log_set_level(LOG__SUBS, LOG_INFO);
	said.len = 0;
	lac_call(l, "alice", "wonder");
	assert_false(says("rx "));
	assert_false(says("tx "));
}

/* A datagram that is not L2TP, or whose first AVP is not a Message Type, does not crash the
 * trace. */
static void unreadable(void **st)
{
	static const uint8_t no_avp[] = { 0xc8, 0x02, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0x80 };
	static const struct net_path nobody = { .local = { .family = 4, .port = 1701 },
						.peer = { .family = 4, .ip = { 9, 9, 9, 9 } } };

	(void)st;
	said.len = 0;
	w_inject(w, &nobody, span_of(no_avp, 3));
	w_inject(w, &nobody, span_of(no_avp, sizeof(no_avp)));
	w_advance(w, ZE_MS(10));
	assert_true(says("message=unreadable"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

static unsigned count(const char *text)
{
	unsigned n = 0;

	for (const char *p = said.s; (p = strstr(p, text)); p += strlen(text))
		n++;
	return n;
}

/* An attacker who guesses passwords does not fill the disk: each attempt is counted, and ten
 * lines per second and tunnel are written. */
static void rejections_are_limited(void **st)
{
	(void)st;
	for (int i = 0; i < 30; i++)
		lac_call(l, "alice", "rabbit");
	assert_int_equal(w->e->stats.auth_rejects, 30);
	assert_int_equal(count("auth-rejected"), 10);
	w_advance(w, ZE_SEC(2));
	lac_call(l, "alice", "rabbit");
	assert_int_equal(count("auth-rejected"), 11);
	assert_true(says("suppressed=20"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(dialogue),
		T(a_password_by_pap),
		T(a_password_not_requested),
		T(other_protocols),
		T(silent_below_debug),
		T(unreadable),
		T(rejections_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
