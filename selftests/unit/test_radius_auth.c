/* SPDX-License-Identifier: BSD-2-Clause */
/* Access-Requests from logins, and verdicts from results. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_auth.h"
#include "daemon/base/compiler.h"
#include "selftests/lib/radius_kit.h"

static uint8_t buf[RADIUS_REQ_MAX];
static struct radius_req q;
static struct ze_addr local, peer;

static const struct radius_nas nas = { .identifier = { (const uint8_t *)"lns1", 4 } };

static int setup(void **st)
{
	(void)st;
	assert_int_equal(ze_addr_parse("192.0.2.1", 1701, &local), 0);
	assert_int_equal(ze_addr_parse("198.51.100.7", 5000, &peer), 0);
	return 0;
}

static struct aaa_request login(enum aaa_method m)
{
	static const uint8_t zeros[49];
	struct aaa_request rq = { .method = m,
				  .id = 7,
				  .user = span_str("alice"),
				  .password = span_str("hunter2"),
				  .challenge = span_str("0123456789abcdef"),
				  .response = span_of(zeros, m == AAA_MSCHAPV2 ? 49 : 16),
				  .calling_number = span_str("0301234"),
				  .called_number = span_str("0800555"),
				  .local = &local,
				  .peer = &peer,
				  .peer_name = span_str("lac1"),
				  .nas_port_id = span_str("lns1:12/4711"),
				  .session_id = 0x123456789abcdef0,
				  .nas_port = 4711,
				  .mru = 1492,
				  .tx_speed = 100000000,
				  .rx_speed = 40000000 };

	return rq;
}

static enum reason build(const struct aaa_request *rq, const struct radius_nas *n)
{
	radius_req_init(&q, RADIUS_ACCESS_REQUEST, buf, sizeof(buf));
	return radius_auth_request(&q, n, rq);
}

/* R-001, S-AAA-16...S-AAA-20: everything that a PAP login has. */
static void pap(void **st)
{
	static const char *const want[] = {
		"1 alice",     "2 hunter2",   "6 00000002",	     "7 00000001",
		"32 lns1",     "61 00000005", "5 00001267",	     "87 lns1:12/4711",
		"30 0800555",  "31 0301234",  "44 123456789abcdef0", "77 100000000/40000000",
		"64 00000003", "65 00000001", "66 198.51.100.7",     "67 192.0.2.1",
		"90 lac1",     "12 000005d4",
	};
	const struct aaa_request rq = login(AAA_PAP);

	(void)st;
	assert_int_equal(build(&rq, &nas), REASON_NONE);
	rk_assert_attrs(wr_done(&q.w), want, ZE_ARRAY_SIZE(want));
}

/* S-AAA-67: what is excluded from an Access-Request, and only that. */
static void excluded(void **st)
{
	const struct aaa_request rq = login(AAA_PAP);
	struct radius_nas n = nas;
	struct span v;

	(void)st;
	memset(&n.exclude, 0xff & ~(1u << RADIUS_KIND_ACCESS), sizeof(n.exclude));
	assert_int_equal(build(&rq, &n), REASON_NONE);
	assert_true(radius_attr_find(wr_done(&q.w), 0, RADIUS_CALLING_STATION_ID, &v));
	assert_true(radius_attr_find(wr_done(&q.w), 0, RADIUS_NAS_PORT_ID, &v));
	n.exclude.kinds[RADIUS_OPT_NAS_PORT_ID] = 1u << RADIUS_KIND_ACCESS;
	assert_int_equal(build(&rq, &n), REASON_NONE);
	assert_true(radius_attr_find(wr_done(&q.w), 0, RADIUS_CALLING_STATION_ID, &v));
	assert_false(radius_attr_find(wr_done(&q.w), 0, RADIUS_NAS_PORT_ID, &v));
	n.exclude.kinds[RADIUS_OPT_CALLING_STATION_ID] = 1u << RADIUS_KIND_ACCESS;
	assert_int_equal(build(&rq, &n), REASON_NONE);
	assert_false(radius_attr_find(wr_done(&q.w), 0, RADIUS_CALLING_STATION_ID, &v));
}

/* S-AAA-17, S-AAA-22: what is not there is left out, not sent empty. */
static void nothing_known(void **st)
{
	static const char *const want[] = {
		"2 ",
		"6 00000002",
		"7 00000001",
		"95 20010db8000000000000000000000009",
		"61 00000005",
		"5 00000001",
		"44 0000000000000002",
		"64 00000003",
		"65 00000002",
		"66 2001:db8::1",
		"67 2001:db8::9",
	};
	struct radius_nas n = { 0 };
	struct aaa_request rq = { .method = AAA_PAP, .nas_port = 1, .session_id = 2 };

	(void)st;
	assert_int_equal(ze_addr_parse("2001:db8::1", 1701, &peer), 0);
	assert_int_equal(ze_addr_parse("2001:db8::9", 1701, &local), 0);
	n.address = local;
	rq.peer = &peer;
	rq.local = &local;
	assert_int_equal(build(&rq, &n), REASON_NONE);
	rk_assert_attrs(wr_done(&q.w), want, ZE_ARRAY_SIZE(want));
}

/* the credentials of CHAP and MS-CHAPv2. */
static void chap_and_mschap(void **st)
{
	struct aaa_request rq = login(AAA_CHAP_MD5);
	struct span v;

	(void)st;
	assert_int_equal(build(&rq, &nas), REASON_NONE);
	assert_true(radius_attr_find(wr_done(&q.w), 0, 3, &v));
	assert_true(v.len == 17 && v.p[0] == 7);
	assert_true(radius_attr_find(wr_done(&q.w), 0, 60, &v) && span_eq(v, rq.challenge));
	assert_false(radius_attr_find(wr_done(&q.w), 0, 2, &v));
	rq = login(AAA_MSCHAPV2);
	assert_int_equal(build(&rq, &nas), REASON_NONE);
	assert_true(radius_attr_find(wr_done(&q.w), 311, 25, &v) && v.len == 50 && v.p[0] == 7);
	assert_true(radius_attr_find(wr_done(&q.w), 311, 11, &v) && span_eq(v, rq.challenge));
}

/* S-AAA-11: 128 octets are sent, 129 are refused; and a name that does not fit an attribute. */
static void too_long(void **st)
{
	static char text[300];
	struct aaa_request rq = login(AAA_PAP);

	(void)st;
	memset(text, 'x', sizeof(text));
	rq.password = span_of(text, 128);
	assert_int_equal(build(&rq, &nas), REASON_NONE);
	rq.password = span_of(text, 129);
	assert_int_equal(build(&rq, &nas), REASON_RADIUS_PASSWORD);
	rq = login(AAA_PAP);
	rq.user = span_of(text, 254);
	assert_int_equal(build(&rq, &nas), REASON_RADIUS_REQUEST);
}

static void assert_port_id(const char *template, const char *want)
{
	const struct radius_nas n = { .identifier = span_str("lns1"), .port_id = template };
	const struct radius_session s = { .nas_port = 4711, .tunnel_id = 12 };
	uint8_t text[RADIUS_VALUE_MAX];
	struct wr w = wr_init(text, sizeof(text));

	radius_attrs_port_id(&w, &n, &s);
	assert_true(span_eq(wr_done(&w), span_str(want)));
}

/* S-AAA-19 */
static void port_id_templates(void **st)
{
	char text[300];

	(void)st;
	assert_port_id("{nas-id}:{tunnel-id}/{session-id}", "lns1:12/4711");
	assert_port_id("{session-id}{session-id}", "47114711");
	assert_port_id("l2tp", "l2tp");
	assert_null(radius_attrs_port_id_wrong("l2tp:{tunnel-id}/{session-id}", span_str(NULL)));
	assert_null(radius_attrs_port_id_wrong("{nas-id}", span_str("a")));
	assert_string_equal(radius_attrs_port_id_wrong("{nas-id}", span_str(NULL)),
			    "{nas-id} needs a nas-identifier");
	assert_non_null(radius_attrs_port_id_wrong("x{tunnel}", span_str("a")));
	assert_non_null(radius_attrs_port_id_wrong("{", span_str("a")));
	memset(text, 'x', sizeof(text));
	text[248] = '\0';
	strcat(text, "{session-id}");
	assert_null(radius_attrs_port_id_wrong(text, span_str("a")));
	strcat(text, "y");
	assert_non_null(radius_attrs_port_id_wrong(text, span_str("a")));
}

/* ---- verdicts ---- */

static uint8_t reply[1000];
static struct wr rw;

static void reply_begin(void)
{
	rw = wr_init(reply, sizeof(reply));
}

static void put(uint8_t type, const char *text, size_t len)
{
	wr_u8(&rw, type);
	wr_u8(&rw, (uint8_t)(2 + len));
	wr_bytes(&rw, text, len);
}

static void put_ms(uint8_t type, const char *text)
{
	wr_u8(&rw, 26);
	wr_u8(&rw, (uint8_t)(9 + strlen(text)));
	wr_u32(&rw, 311);
	wr_u8(&rw, type);
	wr_u8(&rw, (uint8_t)(3 + strlen(text)));
	wr_u8(&rw, 7);
	wr_bytes(&rw, text, strlen(text));
}

static struct aaa_answer verdict(enum aaa_method m, enum radius_outcome o, enum reason why,
				 enum reason want)
{
	struct radius_result r = { .outcome = o, .reason = why, .server = "main" };
	const struct aaa_request rq = login(m);
	struct radius_report rep;
	struct aaa_answer a;

	setup(NULL);
	assert_int_equal(build(&rq, &nas), REASON_NONE);
	r.request = wr_done(&q.w);
	if (o != RADIUS_DONE_UNAVAILABLE)
		r.reply.attrs = wr_done(&rw);
	memset(&a, 0xa5, sizeof(a));
	assert_string_equal(reason_name(radius_auth_verdict(&r, &a, &rep)), reason_name(want));
	assert_int_equal(a.verdict == AAA_ACCEPT, a.profile != NULL);
	return a;
}

static struct aaa_answer accepted(enum aaa_method m, enum reason want)
{
	return verdict(m, RADIUS_DONE_ACCEPT, REASON_NONE, want);
}

/* S-AAA-49: Reply-Messages are joined, and cut after 253 octets. */
static void accept_with_message(void **st)
{
	static char text[253];
	struct aaa_answer a;

	(void)st;
	memset(text, 'm', sizeof(text));
	reply_begin();
	a = accepted(AAA_PAP, REASON_NONE);
	assert_int_equal(a.verdict, AAA_ACCEPT);
	assert_string_equal(a.message, "");
	assert_string_equal(a.profile->user, "alice");
	profile_free(a.profile);
	put(18, "hello ", 6);
	put(1, "alice@isp", 9);
	put(18, text, sizeof(text));
	a = accepted(AAA_CHAP_MD5, REASON_NONE);
	assert_int_equal(strlen(a.message), 253);
	assert_memory_equal(a.message, "hello mmm", 9);
	assert_string_equal(a.profile->user, "alice@isp");
	profile_free(a.profile);
}

#define PROOF "S=0123456789ABCDEF0123456789ABCDEF01234567"

/* S-AAA-13, S-AAA-14 */
static void mschap_success(void **st)
{
	struct aaa_answer a;

	(void)st;
	reply_begin();
	a = accepted(AAA_MSCHAPV2, REASON_ACCEPT_UNPROVEN);
	assert_int_equal(a.verdict, AAA_REJECT);
	put_ms(26, "S=0123");
	a = accepted(AAA_MSCHAPV2, REASON_ACCEPT_UNPROVEN);
	assert_int_equal(a.verdict, AAA_REJECT);
	reply_begin();
	put_ms(26, PROOF " M=Welcome");
	a = accepted(AAA_MSCHAPV2, REASON_NONE);
	assert_string_equal(a.mschap2, PROOF);
	assert_string_equal(a.message, "Welcome");
	profile_free(a.profile);
	put(18, "Hello", 5);
	a = accepted(AAA_MSCHAPV2, REASON_NONE);
	assert_string_equal(a.message, "Hello");
	profile_free(a.profile);
	/* It means nothing for another method. */
	a = accepted(AAA_PAP, REASON_NONE);
	assert_string_equal(a.mschap2, "");
	profile_free(a.profile);
}

/* R-014, S-AAA-48 and an address that no host can have. */
static void accept_refused(void **st)
{
	struct aaa_answer a;

	(void)st;
	reply_begin();
	put(6, "\0\0\0\1", 4);
	a = accepted(AAA_PAP, REASON_ACCEPT_SERVICE);
	assert_int_equal(a.verdict, AAA_REJECT);
	assert_string_equal(a.message, "Login incorrect");
	reply_begin();
	put(8, "\340\0\0\1", 4);
	assert_int_equal(accepted(AAA_PAP, REASON_ACCEPT_ADDRESS).verdict, AAA_REJECT);
}

/* S-AAA-15, R-027 */
static void rejects(void **st)
{
	struct aaa_answer a;

	(void)st;
	reply_begin();
	a = verdict(AAA_PAP, RADIUS_DONE_REJECT, REASON_NONE, REASON_NONE);
	assert_int_equal(a.verdict, AAA_REJECT);
	assert_string_equal(a.message, "Login incorrect");
	put(18, "Pay your bill", 13);
	a = verdict(AAA_CHAP_MD5, RADIUS_DONE_REJECT, REASON_NONE, REASON_NONE);
	assert_string_equal(a.message, "Pay your bill");
	assert_false(a.mschap_raw);
	a = verdict(AAA_MSCHAPV2, RADIUS_DONE_REJECT, REASON_NONE, REASON_NONE);
	assert_string_equal(a.message, "Pay your bill");
	assert_false(a.mschap_raw);
	put_ms(2, "E=648 R=0 C=00 V=3 M=Expired");
	a = verdict(AAA_MSCHAPV2, RADIUS_DONE_REJECT, REASON_NONE, REASON_NONE);
	assert_string_equal(a.message, "E=648 R=0 C=00 V=3 M=Expired");
	assert_true(a.mschap_raw);
	assert_int_equal(a.mschap_error, 648);
	a = verdict(AAA_PAP, RADIUS_DONE_REJECT, REASON_NONE, REASON_NONE);
	assert_string_equal(a.message, "Pay your bill");
}

/* R-013, S-AAA-30: nothing of a challenge or of another code is passed on. */
static void other_codes(void **st)
{
	struct aaa_answer a;

	(void)st;
	reply_begin();
	put(18, "Enter the code", 14);
	a = verdict(AAA_PAP, RADIUS_DONE_REJECT, REASON_REPLY_CHALLENGE, REASON_REPLY_CHALLENGE);
	assert_int_equal(a.verdict, AAA_REJECT);
	assert_string_equal(a.message, "Login incorrect");
	a = verdict(AAA_PAP, RADIUS_DONE_REJECT, REASON_REPLY_CODE, REASON_REPLY_CODE);
	assert_int_equal(a.verdict, AAA_REJECT);
}

/* S-AAA-24: the reason is for the operator, and another handler may be asked. */
static void unavailable(void **st)
{
	struct aaa_answer a;

	(void)st;
	a = verdict(AAA_PAP, RADIUS_DONE_UNAVAILABLE, REASON_REPLY_NONE, REASON_REPLY_NONE);
	assert_int_equal(a.verdict, AAA_UNAVAILABLE);
	assert_string_equal(a.why, "No RADIUS server answered");
	a = verdict(AAA_PAP, RADIUS_DONE_UNAVAILABLE, REASON_NO_MEMORY, REASON_NO_MEMORY);
	assert_int_equal(a.verdict, AAA_UNAVAILABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(pap, setup),
		cmocka_unit_test_setup(nothing_known, setup),
		cmocka_unit_test_setup(excluded, setup),
		cmocka_unit_test_setup(chap_and_mschap, setup),
		cmocka_unit_test_setup(too_long, setup),
		cmocka_unit_test(port_id_templates),
		cmocka_unit_test(accept_with_message),
		cmocka_unit_test(mschap_success),
		cmocka_unit_test(accept_refused),
		cmocka_unit_test(rejects),
		cmocka_unit_test(other_codes),
		cmocka_unit_test(unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
