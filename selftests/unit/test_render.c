/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON to text for people, compared octet by octet. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/render.h"
#include "daemon/base/compiler.h"

static void shows(const char *json, const char *want)
{
	json_t *v = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	struct strbuf b;

	assert_non_null(v);
	sb_init(&b);
	render_text(v, &b);
	assert_false(b.bad);
	assert_string_equal(b.s, want);
	sb_done(&b);
	json_decref(v);
}

static void sessions(void **st)
{
	(void)st;
	shows("[{\"local-sid\":5,\"remote-sid\":77,\"tunnel-local-tid\":100,"
	      "\"state\":\"established\",\"username\":\"alice\",\"assigned-addr\":\"10.0.0.2\","
	      "\"family\":\"ipv4\",\"interface\":\"ppp0\",\"created-at\":\"T1\"},"
	      "{\"local-sid\":40000,\"remote-sid\":1,\"tunnel-local-tid\":100,"
	      "\"state\":\"starting\",\"username\":\"\",\"assigned-addr\":\"\","
	      "\"family\":\"\",\"interface\":\"\",\"created-at\":null}]",
	      "LOCAL-SID  TUNNEL-LOCAL-TID  STATE        USERNAME  ASSIGNED-ADDR  FAMILY  "
	      "INTERFACE  CREATED-AT\n"
	      "        5               100  established  alice     10.0.0.2       ipv4    "
	      "ppp0       T1\n"
	      "    40000               100  starting     -         -              -       "
	      "-          -\n");
}

static void tunnels(void **st)
{
	(void)st;
	shows("[{\"local-tid\":1,\"remote-tid\":2,\"peer\":\"192.0.2.1:1701\","
	      "\"peer-hostname\":\"lac\",\"state\":\"established\",\"session-count\":3,"
	      "\"created-at\":\"T1\",\"last-activity\":\"T2\",\"max-sessions\":1024}]",
	      "LOCAL-TID  SESSION-COUNT  REMOTE-TID  STATE        PEER            "
	      "PEER-HOSTNAME  LAST-ACTIVITY\n"
	      "        1              3           2  established  192.0.2.1:1701  "
	      "lac            T2\n");
}

static void history(void **st)
{
	(void)st;
	shows("[{\"local-sid\":5,\"tunnel-local-tid\":1,\"username\":\"a\",\"peer\":\"p\","
	      "\"interface\":\"ppp0\",\"began-at\":\"T1\",\"ended-at\":\"T2\","
	      "\"cause\":\"admin\",\"events\":[{\"at\":\"T1\",\"event\":\"x\"}]}]",
	      "ENDED-AT  CAUSE  LOCAL-SID  TUNNEL-LOCAL-TID  USERNAME  PEER  INTERFACE  "
	      "BEGAN-AT\n"
	      "T2        admin          5                 1  a         p     ppp0       T1\n");
}

static void other_tables(void **st)
{
	(void)st;
	shows("[{\"address\":\"10.0.0.1\",\"port\":1701},{\"address\":\"::\",\"port\":9}]",
	      "ADDRESS   PORT\n"
	      "10.0.0.1  1701\n"
	      "::           9\n");
	/* Rows may have different members. */
	shows("[{\"a\":\"x\"},{\"b\":true,\"c\":{\"d\":[{}]}}]", "A  B    C\n"
								 "x  -    -\n"
								 "-  yes  ...\n");
}

/* The columns that matter most, and an object of counters in one cell. */
static void radius_servers(void **st)
{
	(void)st;
	shows("{\"servers\":[{\"name\":\"a\",\"address\":\"192.0.2.1\",\"port\":1812,"
	      "\"state\":\"answers\",\"since\":null,\"times-aside\":0,\"outstanding\":1,"
	      "\"requests\":12,\"retransmits\":3,\"timeouts\":0,\"accepts\":7,\"rejects\":4,"
	      "\"rtt-ms\":0.412,\"signs\":true,"
	      "\"dropped\":{\"reply-late\":2,\"reply-id\":1}},"
	      "{\"name\":\"b\",\"address\":\"192.0.2.2\",\"port\":1812,\"state\":\"aside\","
	      "\"since\":\"T\",\"outstanding\":0,\"requests\":3,\"retransmits\":0,"
	      "\"timeouts\":3,\"accepts\":0,\"rejects\":0,\"rtt-ms\":12.5,\"dropped\":{}}],"
	      "\"client\":{\"pending\":1}}",
	      "servers:\n"
	      "  NAME  STATE    ADDRESS    PORT  SINCE  OUTSTANDING  REQUESTS  ACCEPTS  REJECTS  "
	      "TIMEOUTS  RETRANSMITS  RTT-MS  DROPPED\n"
	      "  a     answers  192.0.2.1  1812  -                1        12        7        4  "
	      "       0            3   0.412  reply-late 2, reply-id 1\n"
	      "  b     aside    192.0.2.2  1812  T                0         3        0        0  "
	      "       3            0    12.5  -\n"
	      "client:\n"
	      "  pending: 1\n");
	shows("{\"servers\":[],\"note\":\"No RADIUS.\"}", "servers: -\nnote:    No RADIUS.\n");
}

static void pools(void **st)
{
	(void)st;
	shows("[{\"name\":\"default\",\"size\":253,\"used\":1,\"free\":251,\"reserved\":1,"
	      "\"high-water\":7,\"refused\":0,\"waiting\":0,\"start\":\"10.0.0.2\","
	      "\"end\":\"10.0.0.254\",\"gateway\":\"10.0.0.1\",\"next\":\"\"}]",
	      "NAME     SIZE  USED  FREE  RESERVED  HIGH-WATER  REFUSED  WAITING  NEXT  GATEWAY\n"
	      "default   253     1   251         1           7        0        0  -     10.0.0.1\n");
}

static void blocks(void **st)
{
	(void)st;
	shows("{\"name\":\"x\",\"long-key\":7,\"no\":false,\"nil\":null,\"empty\":\"\","
	      "\"inner\":{\"a\":1,\"bcd\":{\"e\":2}},\"none\":[],\"nothing\":{}}",
	      "name:     x\n"
	      "long-key: 7\n"
	      "no:       no\n"
	      "nil:      -\n"
	      "empty:    -\n"
	      "inner:\n"
	      "  a: 1\n"
	      "  bcd:\n"
	      "    e: 2\n"
	      "none:     -\n"
	      "nothing:  -\n");
}

/* Of a long list of counters, only those that are 0 are left out. */
static void counters(void **st)
{
	char text[512] = "{", want[512];
	char *p = text + 1, *w = want;

	(void)st;
	for (int i = 0; i < 16; i++)
		p += sprintf(p, "\"c%02d\":%d,", i, i == 3 || i == 15 ? i : 0);
	strcpy(p - 1, "}");
	shows(text, "c03: 3\nc15: 15\n(14 that are 0 left out)\n");
	for (int i = 0; i < 16; i++)
		w += sprintf(w, "c%02d:  %d\n", i, i == 3 || i == 15 ? i : 0);
	strcpy(w, "word: x\n");
	strcpy(p - 1, ",\"word\":\"x\"}");
	shows(text, want);
	shows("{\"a\":0,\"b\":1}", "a: 0\nb: 1\n");
}

static void lists(void **st)
{
	(void)st;
	shows("{\"ids\":[1,2,3],\"lines\":[\"a b\",\"c d\"],"
	      "\"events\":[{\"at\":\"T\",\"event\":\"up\"}]}",
	      "ids: 1, 2, 3\n"
	      "lines:\n"
	      "  a b\n"
	      "  c d\n"
	      "events:\n"
	      "  AT  EVENT\n"
	      "  T   up\n");
	shows("[]", "none\n");
	shows("{}", "none\n");
	shows("[1,\"x\"]", "1\nx\n");
	shows("\"word\"", "word\n");
}

/* A subscriber's name must not move the cursor, colour the screen, or hide the next column. */
static void nothing_reaches_the_terminal_raw(void **st)
{
	(void)st;
	shows("{\"username\":\"a\\u001b[2Jb\\r\\n\\u0007\\u007f\"}",
	      "username: a\\u001b[2Jb\\u000d\\u000a\\u0007\\u007f\n");
	shows("{\"c1\":\"\\u009b31m\"}", "c1: \\u009b31m\n");
	shows("{\"bidi\":\"\\u202eevil\\u2066\\u200f\"}", "bidi: \\u202eevil\\u2066\\u200f\n");
	shows("{\"tag\":\"\\udb40\\udc01\"}", "tag: \\U000e0001\n");
	shows("{\"nul\":\"a\\u0000b\"}", "nul: a\\u0000b\n");
	shows("{\"key\\u001b\":1}", "key\\u001b: 1\n");
	shows("[{\"k\\u001b\":\"\\u001b\"}]", "K?\n\\u001b\n");
	shows("{\"good\":\"J\\u00fcrgen \\u65e5\"}", "good: J\xc3\xbcrgen \xe6\x97\xa5\n");
}

static void octets_that_are_no_text(void **st)
{
	static const char *const in[] = { "\xff", "\xc3", "\xe6\x97", "\xf0\x90", "a\x80z", "" };
	static const char *const out[] = { "\xef\xbf\xbd", "\xef\xbf\xbd",   "\xef\xbf\xbd",
					   "\xef\xbf\xbd", "a\xef\xbf\xbdz", "" };

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(in); i++) {
		struct strbuf b;

		sb_init(&b);
		render_safe(in[i], &b);
		assert_string_equal(b.s ? b.s : "", out[i]);
		sb_done(&b);
	}
}

static void columns_of_other_alphabets(void **st)
{
	(void)st;
	shows("[{\"n\":\"J\\u00fc\",\"x\":\"1\"},{\"n\":\"abc\",\"x\":\"2\"}]",
	      "N    X\nJ\xc3\xbc   1\nabc  2\n");
}

static void json(void **st)
{
	json_t *v = json_loads("{\"b\":[1,\"x\\u001b\\u009b\"],\"a\":{}}", 0, NULL);
	struct strbuf b;

	(void)st;
	sb_init(&b);
	render_json(v, RENDER_LINE, &b);
	assert_string_equal(b.s, "{\"b\":[1,\"x\\u001B\xc2\x9b\"],\"a\":{}}\n");
	sb_reset(&b);
	render_json(v, RENDER_PRETTY, &b);
	assert_string_equal(b.s, "{\n  \"b\": [\n    1,\n    \"x\\u001B\\u009b\"\n  ],\n"
				 "  \"a\": {}\n}\n");
	sb_done(&b);
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(history),
		cmocka_unit_test(other_tables),
		cmocka_unit_test(radius_servers),
		cmocka_unit_test(pools),
		cmocka_unit_test(blocks),
		cmocka_unit_test(counters),
		cmocka_unit_test(lists),
		cmocka_unit_test(nothing_reaches_the_terminal_raw),
		cmocka_unit_test(octets_that_are_no_text),
		cmocka_unit_test(columns_of_other_alphabets),
		cmocka_unit_test(json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
