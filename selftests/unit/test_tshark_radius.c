/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every kind of RADIUS packet that we send, as tshark reads it. It has the secret, so it decrypts
 * passwords and verifies authenticators.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aaa/radius_acct.h"
#include "aaa/radius_coa.h"
#include "aaa/radius_profile.h"
#include "aaa/radius_req.h"
#include "daemon/base/compiler.h"
#include "selftests/lib/pcap.h"
#include "selftests/lib/radius_kit.h"

#define SECRET "radsecret"

static struct pcap cap;
static uint8_t next_id;

/* Captures the request, and a reply of a server to it when there is one. */
static void send_request(const struct radius_req *q, uint16_t port, uint8_t reply_code)
{
	uint8_t out[RADIUS_PKT_MAX], auth[RADIUS_AUTH_LEN];
	struct radius_req_key key = { .secret = span_str(SECRET),
				      .id = next_id++,
				      .auth = rk_hex("0f1e2d3c4b5a69788796a5b4c3d2e1f0").p };
	struct wr w = wr_init(out, sizeof(out));

	assert_int_equal(radius_req_encode(q, &key, &w, auth), 0);
	pcap_udp(&cap, &(struct pcap_flow){ .from = 40000, .to = port }, wr_done(&w));
	pcap_udp(&cap, &(struct pcap_flow){ .from = port, .to = 40000, .reply = true },
		 rk_packet(&(struct rk_packet){ .code = reply_code,
						.id = key.id,
						.secret = key.secret,
						.auth = auth,
						.sign = true }));
}

static void common(struct radius_req *q)
{
	radius_req_bytes(q, 1, span_str("alice"));
	radius_req_u32(q, 6, 2);
	radius_req_u32(q, 7, 1);
	radius_req_u32(q, 61, 5);
	radius_req_u32(q, 5, 4711);
	radius_req_bytes(q, 32, span_str("lns1"));
	radius_req_bytes(q, 31, span_str("0301234"));
	radius_req_bytes(q, 44, span_str("5f00000000000001"));
	radius_req_tagged_u32(q, 64, 1, 3);
	radius_req_tagged(q, 66, 1, span_str("192.0.2.9"));
	radius_req_vendor(q, 3561, 1, span_str("circuit"));
}

static void requests(void)
{
	static uint8_t buf[RADIUS_REQ_MAX];
	struct radius_req q;

	radius_req_init(&q, RADIUS_ACCESS_REQUEST, buf, sizeof(buf));
	radius_req_password(&q, span_str("a password of 29 octets, long"));
	common(&q);
	send_request(&q, 1812, RADIUS_ACCESS_ACCEPT);
	radius_req_init(&q, RADIUS_ACCESS_REQUEST, buf, sizeof(buf));
	radius_req_chap(&q, 9, rk_hex("e97557c316185895f293ff6344077275"),
			rk_hex("2aee86f08d0d55969ca5978e0d3367a2"));
	common(&q);
	send_request(&q, 1812, RADIUS_ACCESS_REJECT);
	radius_req_init(&q, RADIUS_ACCESS_REQUEST, buf, sizeof(buf));
	radius_req_mschap2(&q, 9,
			   rk_hex("21402324255e262a28295f2b3a337c7e 0000000000000000"
				  "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df 00"),
			   rk_hex("5b5d7c7d7b3f2f3e3c2c602132262628"));
	common(&q);
	send_request(&q, 1812, RADIUS_ACCESS_ACCEPT);
	radius_req_init(&q, RADIUS_STATUS_SERVER, buf, sizeof(buf));
	radius_req_bytes(&q, 32, span_str("lns1"));
	send_request(&q, 1812, RADIUS_ACCESS_ACCEPT);
}

static void send_record(enum acct_status status, const struct acct_row *row)
{
	static const struct radius_nas nas = { .identifier = { (const uint8_t *)"lns1", 4 },
					       .address = { .family = 4, .ip = { 192, 0, 2, 1 } } };
	static uint8_t buf[RADIUS_REQ_MAX];
	struct radius_req q;

	radius_req_init(&q, RADIUS_ACCOUNTING_REQUEST, buf, sizeof(buf));
	assert_int_equal(radius_acct_request(&q, &nas, status, row,
					     &(struct radius_acct_time){ .at = 1600000000,
									 .wall = 1600000077 }),
			 REASON_NONE);
	send_request(&q, 1813, RADIUS_ACCOUNTING_RESPONSE);
}

static void records(void)
{
	static const struct radius_nas nas = { 0 };
	struct ze_addr peer = { .family = 6, .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 9 } };
	struct ze_addr local = { .family = 6, .ip = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct radius_acct_who s = { .session = { .id = 1,
						  .nas_port = 4711,
						  .port_id = span_str("l2tp:12/4711"),
						  .calling_number = span_str("0301234"),
						  .local = &local,
						  .peer = &peer },
				     .ip4 = 0x0a000102,
				     .peer_ifid = 0x021122fffe334455,
				     .mtu = 1492 };
	struct acct_row row = {
		.id = 1, .cause = 6, .time_s = 3600, .counts = { .octets_in = UINT64_C(5000000000) }
	};
	struct profile *base = profile_new(span_str("alice")), *p = NULL;
	struct radius_report rep;
	uint8_t attrs[RADIUS_ACCT_ATTRS_MAX];
	struct wr w = wr_init(attrs, sizeof(attrs));

	assert_int_equal(radius_profile_accept(rk_attrs("25 x 0001ff; 89 t cui-1; 11 t gold;"
							"97 x 004020010db800010000;"
							"123 x 003820010db8000200"),
					       base, &p, &rep),
			 REASON_NONE);
	s.profile = p;
	assert_int_equal(radius_acct_attrs(&w, &nas, &s), REASON_NONE);
	row.attrs = wr_done(&w);
	send_record(ACCT_ON, NULL);
	send_record(ACCT_START, &row);
	send_record(ACCT_INTERIM, &row);
	send_record(ACCT_STOP, &row);
	send_record(ACCT_OFF, NULL);
	profile_free(base);
	profile_free(p);
}

static size_t find_alice(void *self, const struct radius_who *who, uint64_t *ret_ids, size_t max)
{
	(void)self;
	(void)max;
	*ret_ids = 1;
	return span_eq(who->text[RADIUS_WHO_USER], span_str("alice"));
}

static bool may_end_all(void *self, uint64_t id)
{
	(void)self;
	return id == 1;
}

static void end_one(void *self, uint64_t id, const char *client, struct span text)
{
	(void)self;
	(void)client;
	(void)text;
	assert_int_equal(id, 1);
}

static void no_note(void *self, const struct radius_coa_note *n)
{
	(void)self;
	(void)n;
}

static void ask_coa(struct radius_coa *c, uint8_t code, struct span attrs)
{
	struct ze_addr from = { .family = 4, .port = 40001, .ip = { 192, 0, 2, 1 } };
	struct span req = rk_packet(&(struct rk_packet){ .code = code,
							 .id = next_id++,
							 .attrs = attrs,
							 .secret = span_str(SECRET),
							 .sign = true });
	uint8_t out[RADIUS_PKT_MAX];
	struct wr w = wr_init(out, sizeof(out));
	struct radius_coa_arrival a = { .from = &from, .datagram = req };

	assert_int_equal(radius_coa_input(c, &a, &w), REASON_NONE);
	pcap_udp(&cap, &(struct pcap_flow){ .from = 40001, .to = 3799 }, req);
	pcap_udp(&cap, &(struct pcap_flow){ .from = 3799, .to = 40001, .reply = true },
		 wr_done(&w));
}

static void coa_answers(void)
{
	static const struct radius_coa_ops ops = {
		.find = find_alice, .may_end = may_end_all, .end = end_one, .note = no_note
	};
	struct radius_coa_client client = { .name = "one",
					    .addr = { .family = 4, .ip = { 192, 0, 2, 1 } },
					    .secret = span_str(SECRET) };
	struct radius_coa_cfg cfg = { .clients = &client, .n_clients = 1 };
	struct radius_coa *c = radius_coa_new(&cfg, &ops, NULL);

	assert_non_null(c);
	ask_coa(c, RADIUS_DISCONNECT_REQUEST, rk_attrs("1 t alice; 33 x 0102; 33 x 0304"));
	ask_coa(c, RADIUS_DISCONNECT_REQUEST, rk_attrs("1 t bob"));
	ask_coa(c, RADIUS_COA_REQUEST, rk_attrs("1 t alice"));
	ask_coa(c, RADIUS_COA_REQUEST, rk_attrs("1 t bob; 27 i 60; 24 x 00ff"));
	radius_coa_free(c);
}

static unsigned occurrences(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void tshark_reads_every_packet(void **st)
{
	static const char *const lines[] = {
		"Code: Access-Request (1)",
		"Code: Accounting-Request (4)",
		"Code: Status-Server (12)",
		"Code: Disconnect-ACK (41)",
		"Code: Disconnect-NAK (42)",
		"Code: CoA-ACK (44)",
		"Code: CoA-NAK (45)",
		"Decrypted: a password of 29 octets, long",
		"t=CHAP-Password(3) l=19",
		"t=CHAP-Challenge(60) l=18",
		"t=MS-CHAP2-Response(25) l=52",
		"t=Acct-Delay-Time(41) l=6 val=77",
		"t=Acct-Status-Type(40) l=6 val=Accounting-On(7)",
		"t=Acct-Status-Type(40) l=6 val=Start(1)",
		"t=Acct-Status-Type(40) l=6 val=Interim-Update(3)",
		"t=Acct-Status-Type(40) l=6 val=Stop(2)",
		"t=Acct-Status-Type(40) l=6 val=Accounting-Off(8)",
		"t=Acct-Input-Gigawords(52) l=6 val=1",
		"t=Acct-Terminate-Cause(49) l=6 val=Admin-Reset(6)",
		"t=Framed-Interface-Id(96) l=10 val=021122fffe334455",
		"t=Framed-IPv6-Prefix(97) l=12 val=2001:db8:1::/64",
		"t=Delegated-IPv6-Prefix(123) l=11 val=2001:db8:2::/56",
		"t=NAS-Port-Type(61) l=6 val=Virtual(5)",
		"t=Tunnel-Type(64) l=6 Tag=0x01 val=L2TP(3)",
		"Error-Cause(101) l=6 val=Session-Context-Not-Found(503)",
	};
	struct strbuf text;
	int r;

	(void)st;
	sb_init(&text);
	assert_int_equal(pcap_open(&cap), 0);
	cap.options = "-o radius.shared_secret:" SECRET " -o radius.validate_authenticator:TRUE";
	requests();
	records();
	coa_answers();
	r = pcap_tshark(&cap, &text);
	pcap_done(&cap);
	if (r == -ENOENT) {
		sb_done(&text);
		skip(); /* no tshark here */
	}
	assert_int_equal(r, 0);
	assert_null(strstr(text.s, "alformed"));
	assert_null(strstr(text.s, "Expert Info (Error"));
	assert_null(strstr(text.s, "Expert Info (Warn"));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(lines); i++)
		if (!strstr(text.s, lines[i]))
			fail_msg("tshark does not show \"%s\"", lines[i]);
	/* The Response Authenticators of the replies to our requests, and of our four answers. */
	assert_int_equal(occurrences(text.s, "[correct]"), 12);
	assert_null(strstr(text.s, "[incorrect"));
	sb_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tshark_reads_every_packet),
	};

	return cmocka_run_group_tests_name("tshark_radius", tests, NULL, NULL);
}
