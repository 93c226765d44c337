/* SPDX-License-Identifier: BSD-2-Clause */
/* Accounting-Requests: the attributes of a session, and the requests that are made from its row. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_acct.h"
#include "aaa/radius_profile.h"
#include "daemon/base/compiler.h"
#include "selftests/lib/radius_kit.h"

static const struct radius_nas nas = { .identifier = { (const uint8_t *)"lns1", 4 } };
static const struct radius_acct_time then = { .at = 0x60000000, .wall = 0x60000000 + 7 };

static uint8_t attrs_buf[RADIUS_ACCT_ATTRS_MAX], buf[RADIUS_REQ_MAX];
static struct ze_addr local, peer;
static struct profile *profile;

static int setup(void **st)
{
	(void)st;
	assert_int_equal(ze_addr_parse("192.0.2.1", 1701, &local), 0);
	assert_int_equal(ze_addr_parse("198.51.100.7", 5000, &peer), 0);
	profile = NULL;
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	profile_free(profile);
	return 0;
}

/* The profile that an Access-Accept with these attributes gives alice. */
static const struct profile *accepted(const char *attrs)
{
	struct profile *base = profile_new(span_str("alice"));
	struct radius_report rep;

	profile_free(profile);
	assert_int_equal(radius_profile_accept(rk_attrs(attrs), base, &profile, &rep), REASON_NONE);
	assert_int_equal(rep.unusable, 0);
	profile_free(base);
	return profile;
}

static struct radius_acct_who session(void)
{
	return (struct radius_acct_who){ .session = { .id = 0x123456789abcdef0,
						      .nas_port = 4711,
						      .port_id = span_str("lns1:12/4711"),
						      .calling_number = span_str("0301234"),
						      .called_number = span_str("0800555"),
						      .peer_host = span_str("lac1"),
						      .local = &local,
						      .peer = &peer,
						      .tx_bps = 100000000,
						      .rx_bps = 40000000 },
					 .user = span_str("alice@isp"),
					 .ip4 = 0x0a000102,
					 .mtu = 1492,
					 .by_radius = true };
}

static struct span attrs_of(const struct radius_acct_who *s)
{
	struct wr w = wr_init(attrs_buf, sizeof(attrs_buf));

	assert_int_equal(radius_acct_attrs(&w, &nas, s), REASON_NONE);
	return wr_done(&w);
}

/* The attributes of the record. */
static struct span record(const struct radius_nas *n, enum acct_status status,
			  const struct acct_row *row)
{
	struct radius_req q;

	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, buf, sizeof(buf));
	assert_int_equal(radius_acct_request(&q, n, status, row, &then), REASON_NONE);
	assert_int_equal(radius_req_fault(&q), REASON_NONE);
	return wr_done(&q.w);
}

static bool has(struct span attrs, uint8_t type)
{
	struct span v;

	return radius_attr_find(attrs, RADIUS_VENDOR_NONE, type, &v);
}

static uint32_t number(struct span attrs, uint8_t type)
{
	struct span v;
	uint32_t n = 0;

	assert_true(radius_attr_find(attrs, RADIUS_VENDOR_NONE, type, &v));
	assert_true(radius_attr_u32(v, &n));
	return n;
}

/* S-AAA-55, R-026, R-030: everything that a session can have. */
static void everything(void **st)
{
	static const char *const want[] = {
		"1 alice@isp",
		"89 c-1",
		"25 one",
		"25 000100",
		"25 three",
		"6 00000002",
		"7 00000001",
		"32 lns1",
		"61 00000005",
		"5 00001267",
		"87 lns1:12/4711",
		"30 0800555",
		"31 0301234",
		"44 123456789abcdef0",
		"77 100000000/40000000",
		"64 00000003",
		"65 00000001",
		"66 198.51.100.7",
		"67 192.0.2.1",
		"90 lac1",
		"45 00000001",
		"8 0a000102",
		"96 021122fffe334455",
		"97 004020010db800010000",
		"123 003820010db8000200",
		"12 000005d4",
		"11 gold",
	};
	struct radius_acct_who s = session();

	(void)st;
	s.peer_ifid = 0x021122fffe334455;
	s.profile =
		accepted("1 t alice@isp; 89 t c-1; 25 t one; 25 x 000100; 25 t three; 11 t gold;"
			 "97 x 004020010db800010000; 123 x 003820010db8000200");
	rk_assert_attrs(attrs_of(&s), want, ZE_ARRAY_SIZE(want));
}

/* S-AAA-22, S-AAA-55: what is not there is left out. An address is there only when IPv4 is up, and
 * IPv6 prefixes when IPv6 is. */
static void nothing(void **st)
{
	static const char *const want[] = {
		"6 00000002",	   "7 00000001",	  "32 lns1",	 "61 00000005",
		"5 00000001",	   "44 0000000000000002", "64 00000003", "65 00000001",
		"66 198.51.100.7", "67 192.0.2.1",	  "45 00000002",
	};
	struct radius_acct_who s = {
		.session = { .id = 2, .nas_port = 1, .local = &local, .peer = &peer }
	};

	(void)st;
	rk_assert_attrs(attrs_of(&s), want, ZE_ARRAY_SIZE(want));
	s.user = span_str("bob");
	assert_true(has(attrs_of(&s), RADIUS_USER_NAME));
	s.profile = accepted("97 x 004020010db800010000");
	assert_false(has(attrs_of(&s), RADIUS_FRAMED_IPV6_PREFIX));
	assert_false(has(attrs_of(&s), RADIUS_FRAMED_INTERFACE_ID));
	assert_false(has(attrs_of(&s), RADIUS_FRAMED_IP_ADDRESS));
}

static struct acct_row row_of(const struct radius_acct_who *s)
{
	return (struct acct_row){ .id = s->session.id,
				  .time_s = 3600,
				  .cause = 5,
				  .counts = { .octets_in = 1000,
					      .octets_out = UINT64_C(0x200000005),
					      .packets_in = 10,
					      .packets_out = UINT64_C(0x100000003) },
				  .attrs = attrs_of(s) };
}

/* S-AAA-56, S-AAA-57, S-AAA-59, R-032: what each kind of record adds. */
static void records(void **st)
{
	const struct radius_acct_who s = session();
	const struct acct_row row = row_of(&s);
	struct span a;

	(void)st;
	a = record(&nas, ACCT_START, &row);
	assert_int_equal(number(a, RADIUS_ACCT_STATUS_TYPE), 1);
	assert_int_equal(number(a, RADIUS_EVENT_TIMESTAMP), 0x60000000);
	assert_int_equal(number(a, RADIUS_ACCT_DELAY_TIME), 7);
	assert_int_equal(a.len, 3 * 6 + row.attrs.len);
	assert_memory_equal(a.p + 3 * 6, row.attrs.p, row.attrs.len);

	a = record(&nas, ACCT_INTERIM, &row);
	assert_int_equal(number(a, RADIUS_ACCT_STATUS_TYPE), 3);
	assert_int_equal(number(a, RADIUS_ACCT_SESSION_TIME), 3600);
	assert_int_equal(number(a, RADIUS_ACCT_INPUT_OCTETS), 1000);
	assert_false(has(a, RADIUS_ACCT_INPUT_GIGAWORDS));
	assert_int_equal(number(a, RADIUS_ACCT_OUTPUT_OCTETS), 5);
	assert_int_equal(number(a, RADIUS_ACCT_OUTPUT_GIGAWORDS), 2);
	assert_int_equal(number(a, RADIUS_ACCT_INPUT_PACKETS), 10);
	assert_int_equal(number(a, RADIUS_ACCT_OUTPUT_PACKETS), 3);
	assert_false(has(a, RADIUS_ACCT_TERMINATE_CAUSE));
	assert_memory_equal(a.p + 3 * 6, row.attrs.p, row.attrs.len);

	a = record(&nas, ACCT_STOP, &row);
	assert_int_equal(number(a, RADIUS_ACCT_STATUS_TYPE), 2);
	assert_int_equal(number(a, RADIUS_ACCT_SESSION_TIME), 3600);
	assert_int_equal(number(a, RADIUS_ACCT_OUTPUT_GIGAWORDS), 2);
	assert_int_equal(number(a, RADIUS_ACCT_TERMINATE_CAUSE), 5);
}

/* at 2^32 octets, Octets wraps and Gigawords appears. */
static void wrap(void **st)
{
	const struct radius_acct_who s = session();
	struct acct_row row = row_of(&s);
	struct span a;

	(void)st;
	row.counts.octets_in = UINT32_MAX;
	a = record(&nas, ACCT_INTERIM, &row);
	assert_int_equal(number(a, RADIUS_ACCT_INPUT_OCTETS), UINT32_MAX);
	assert_false(has(a, RADIUS_ACCT_INPUT_GIGAWORDS));
	row.counts.octets_in++;
	a = record(&nas, ACCT_INTERIM, &row);
	assert_int_equal(number(a, RADIUS_ACCT_INPUT_OCTETS), 0);
	assert_int_equal(number(a, RADIUS_ACCT_INPUT_GIGAWORDS), 1);
}

/* S-AAA-62: the NAS, and nothing of a session. */
static void system_records(void **st)
{
	static const char *const on[] = { "40 00000007", "55 60000000", "41 00000007",
					  "32 lns1",	 "4 c0000201",	"44 0000000000000000" };
	static const char *const off[] = { "40 00000008", "55 60000000", "41 00000007",
					   "32 lns1",	  "4 c0000201",	 "44 0000000000000000" };
	struct radius_nas n = nas;

	(void)st;
	n.address = local;
	rk_assert_attrs(record(&n, ACCT_ON, NULL), on, ZE_ARRAY_SIZE(on));
	rk_assert_attrs(record(&n, ACCT_OFF, NULL), off, ZE_ARRAY_SIZE(off));
}

/* The delay grows from the event, and a clock that was set back gives none. */
static void delay(void **st)
{
	static const struct {
		struct radius_acct_time t;
		uint32_t want;
	} rows[] = { { { 100, 100 }, 0 },
		     { { 100, 700 }, 600 },
		     { { 700, 100 }, 0 },
		     { { 0, UINT64_C(1) << 40 }, UINT32_MAX } };
	struct radius_req q;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, buf, sizeof(buf));
		assert_int_equal(radius_acct_request(&q, &nas, ACCT_ON, NULL, &rows[i].t),
				 REASON_NONE);
		assert_int_equal(number(wr_done(&q.w), RADIUS_ACCT_DELAY_TIME), rows[i].want);
	}
}

/* S-AAA-67: an attribute is left out of the kinds of records that are named, and only of those; the
 * row keeps it. */
static void excluded(void **st)
{
	static const uint8_t types[RADIUS_OPT__COUNT] = {
		RADIUS_CALLING_STATION_ID, RADIUS_NAS_PORT_ID,	   RADIUS_FRAMED_IP_ADDRESS,
		RADIUS_EVENT_TIMESTAMP,	   RADIUS_ACCT_DELAY_TIME, RADIUS_ACCT_TERMINATE_CAUSE
	};
	const struct radius_acct_who s = session();
	const struct acct_row row = row_of(&s);

	(void)st;
	for (unsigned i = 0; i < RADIUS_OPT__COUNT; i++) {
		struct radius_nas n = nas;
		struct span full, a;

		n.exclude.kinds[i] = 1u << RADIUS_KIND_STOP;
		full = record(&nas, ACCT_STOP, &row);
		assert_true(has(full, types[i]));
		a = record(&n, ACCT_STOP, &row);
		assert_false(has(a, types[i]));
		a = record(&n, ACCT_INTERIM, &row);
		assert_int_equal(has(a, types[i]), i != RADIUS_OPT_ACCT_TERMINATE_CAUSE);
		n.exclude.kinds[i] = 1u << RADIUS_KIND_ON;
		a = record(&n, ACCT_OFF, NULL);
		assert_int_equal(has(a, types[i]), i == RADIUS_OPT_EVENT_TIMESTAMP ||
							   i == RADIUS_OPT_ACCT_DELAY_TIME);
		a = record(&n, ACCT_ON, NULL);
		assert_false(has(a, types[i]));
	}
}

/* A Stop of the largest session fits a packet: Filter-Ids go before anything else does. */
static void largest(void **st)
{
	static char text[254];
	struct radius_acct_who s = session();
	struct profile_room room;
	struct profile *p = profile_new(span_str("alice")), *edit;
	struct acct_row row;
	uint8_t out[RADIUS_PKT_MAX], auth[RADIUS_AUTH_LEN];
	struct wr w = wr_init(out, sizeof(out));
	struct radius_req_key key = { .secret = span_str("s"), .auth = auth };
	struct radius_req q;

	(void)st;
	memset(text, 'x', 253);
	edit = profile_edit(&room, p, span_of(NULL, 0));
	for (unsigned i = 0; i < 8; i++)
		assert_true(profile_put(edit, PROFILE_CLASS, span_str(text)));
	assert_true(profile_put(edit, PROFILE_CUI, span_str(text)));
	for (unsigned i = 0; i < 4; i++)
		assert_true(profile_put(edit, PROFILE_FILTER, span_str(text)));
	s.profile = edit;
	s.session.calling_number = s.session.called_number = s.session.peer_host = span_str(text);
	row = row_of(&s);
	row.counts.octets_in = UINT64_MAX;
	assert_true(row.attrs.len > RADIUS_ACCT_ATTRS_MAX - 255);
	assert_true(has(row.attrs, RADIUS_FILTER_ID));
	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, buf, sizeof(buf));
	assert_int_equal(radius_acct_request(&q, &nas, ACCT_STOP, &row, &then), REASON_NONE);
	assert_int_equal(radius_req_encode(&q, &key, &w, auth), 0);
	assert_in_range(wr_len(&w), RADIUS_PKT_MAX - 255, RADIUS_PKT_MAX);
	profile_free(p);
}

/* What cannot be sent is refused, and nothing is written. */
static void refused(void **st)
{
	static char text[300];
	struct radius_acct_who s = session();
	struct acct_row row = { .attrs = rk_hex("0105616c 69") }; /* longer than what is there */
	struct wr w = wr_init(attrs_buf, 64);
	struct radius_req q;

	(void)st;
	assert_int_equal(radius_acct_attrs(&w, &nas, &s), REASON_RADIUS_REQUEST);
	assert_int_equal(wr_len(&w), 0);
	memset(text, 'x', sizeof(text));
	w = wr_init(attrs_buf, sizeof(attrs_buf));
	s.session.calling_number = span_of(text, 254);
	assert_int_equal(radius_acct_attrs(&w, &nas, &s), REASON_RADIUS_REQUEST);
	assert_int_equal(wr_len(&w), 0);
	row.attrs.len = 4;
	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, buf, sizeof(buf));
	assert_int_equal(radius_acct_request(&q, &nas, ACCT_STOP, &row, &then),
			 REASON_RADIUS_REQUEST);
	row.attrs = rk_hex("0101");
	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, buf, sizeof(buf));
	assert_int_equal(radius_acct_request(&q, &nas, ACCT_STOP, &row, &then),
			 REASON_RADIUS_REQUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(records, setup, teardown),
		cmocka_unit_test_setup_teardown(wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(system_records, setup, teardown),
		cmocka_unit_test_setup_teardown(delay, setup, teardown),
		cmocka_unit_test_setup_teardown(excluded, setup, teardown),
		cmocka_unit_test_setup_teardown(largest, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
	};

	return cmocka_run_group_tests_name("radius_acct", tests, NULL, NULL);
}
