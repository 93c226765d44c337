/* SPDX-License-Identifier: BSD-2-Clause */
/* `ze l2tp decode`: what it prints, parsed back by jansson. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/decode.h"
#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/l2tp/hdr.h"
#include "daemon/l2tp/msg.h"
#include "selftests/lib/l2tp_sample.h"

#define HEADER "c802 %04x 0000 0000 0001 0002 "

static json_t *decode_bytes(struct span bytes, int want)
{
	struct strbuf out;
	struct json j;
	json_t *v;

	sb_init(&out);
	json_init(&j, &out);
	assert_int_equal(decode_l2tp(bytes, &j), want);
	assert_true(json_ok(&j));
	v = json_loadb(out.s, out.len, JSON_ALLOW_NUL, NULL);
	assert_non_null(v);
	sb_done(&out);
	return v;
}

static json_t *decode(const char *hex, int want)
{
	struct decode_hex_error bad;
	uint8_t buf[512];
	int n = decode_hex(hex, strlen(hex), buf, &bad);

	assert_true(n >= 0);
	return decode_bytes(span_of(buf, (size_t)n), want);
}

/* One control message with these AVPs; returns the last AVP, and in its argument the document
 * that the caller frees. */
static json_t *last_avp(const char *avps, int want, json_t **ret_all)
{
	struct decode_hex_error bad;
	char hex[512];
	uint8_t buf[256];
	int n = decode_hex(avps, strlen(avps), buf, &bad);
	json_t *list;

	assert_true(n >= 0);
	snprintf(hex, sizeof(hex), HEADER "%s", n + 12, avps);
	*ret_all = decode(hex, want);
	list = json_object_get(*ret_all, "avps");
	return json_array_get(list, json_array_size(list) - 1);
}

static void assert_json(json_t *v, const char *want)
{
	json_t *w = json_loads(want, JSON_DECODE_ANY, NULL);

	assert_non_null(w);
	if (!json_equal(v, w))
		fail_msg("got %s, want %s", v ? json_dumps(v, JSON_ENCODE_ANY) : "nothing", want);
	json_decref(w);
}

static void header_and_avps(void **st)
{
	json_t *v = decode("c802002200000000 0001 0002 80080000 00000001 80080000 00091234"
			   "8006 0009 0063",
			   0);

	(void)st;
	assert_json(v, "{\"header\":{\"is-control\":true,\"has-length\":true,\"has-sequence\":true,"
		       "\"has-offset\":false,\"priority\":false,\"version\":2,\"length\":34,"
		       "\"tunnel-id\":0,\"session-id\":0,\"ns\":1,\"nr\":2},\"avps\":["
		       "{\"vendor-id\":0,\"type\":0,\"name\":\"message-type\",\"mandatory\":true,"
		       "\"hidden\":false,\"value\":\"0001\",\"decoded\":\"SCCRQ\"},"
		       "{\"vendor-id\":0,\"type\":9,\"name\":\"assigned-tunnel-id\","
		       "\"mandatory\":true,\"hidden\":false,\"value\":\"1234\",\"decoded\":4660},"
		       "{\"vendor-id\":9,\"type\":99,\"name\":\"unknown-99\",\"mandatory\":true,"
		       "\"hidden\":false,\"value\":\"\"}]}");
	json_decref(v);
}

static void data_message(void **st)
{
	json_t *v = decode("0b020007 0008 0009 0000 0002 ffff ff03c021", 0);

	(void)st;
	assert_json(json_object_get(v, "ppp"), "\"ff03c021\"");
	assert_null(json_object_get(v, "avps"));
	assert_json(json_object_get(v, "header"),
		    "{\"is-control\":false,\"has-length\":false,\"has-sequence\":true,"
		    "\"has-offset\":true,\"priority\":true,\"version\":2,\"length\":18,"
		    "\"tunnel-id\":7,\"session-id\":8,\"ns\":9,\"nr\":0}");
	json_decref(v);
}

/* L-145: Result Codes as text, by message. */
static void values_are_decoded(void **st)
{
	static const struct {
		const char *avps, *decoded;
	} rows[] = {
		{ "8008 0000 0000 0004 800c 0000 0001 0002 0008 6162",
		  "{\"result\":2,\"result-text\":\"general error\",\"error\":8,"
		  "\"error-text\":\"unknown mandatory AVP\",\"message\":\"ab\"}" },
		{ "8008 0000 0000 000e 8008 0000 0001 0003",
		  "{\"result\":3,\"result-text\":\"administrative reasons\"}" },
		{ "8008 0000 0000 000e 800a 0000 0001 0063 0063",
		  "{\"result\":99,\"result-text\":\"unknown\",\"error\":99,"
		  "\"error-text\":\"unknown\",\"message\":\"\"}" },
		{ "8008 0000 0000 0001 8008 0000 0001 0000", "{\"result\":0}" },
		{ "8008 0000 0000 0004 8008 0000 0001 0000",
		  "{\"result\":0,\"result-text\":\"unknown\"}" },
		{ "8008 0000 0002 0100", "\"1.0\"" },
		{ "800a 0000 0003 00000003", "3" },
		{ "800a 0000 0018 016e3600", "24000000" },
		{ "800b 0000 0018 3438303030", "48000" },
		{ "000a 0000 0026 000f4240", "1000000" },
		{ "8006 0000 0027", "true" },
		{ "8009 0000 0007 6c0073", "\"l\\u0000s\"" },
		{ "800b 0000 000c 0010 45 6f6b", "{\"cause\":16,\"message\":69,\"text\":\"ok\"}" },
		{ "000b 0000 002e 0003 c021 01",
		  "{\"code\":3,\"control-protocol\":49185,\"direction\":\"at-peer\",\"text\":\"\"}" },
		{ "8010 0000 0023 0000 ffffffff 000a0000",
		  "{\"send\":4294967295,\"receive\":655360}" },
		{ "8020 0000 0022 0000 00000001 00000002 00000003 00000004 00000005 00000006",
		  "{\"crc-errors\":1,\"framing-errors\":2,\"hardware-overruns\":3,"
		  "\"buffer-overruns\":4,\"timeout-errors\":5,\"alignment-errors\":6}" },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		json_t *v, *a = last_avp(rows[i].avps, 0, &v), *want;

		want = json_loads(rows[i].decoded, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		if (!json_equal(json_object_get(a, "decoded"), want))
			fail_msg("row %zu: %s", i, json_dumps(a, 0));
		json_decref(want);
		json_decref(v);
	}
}

/* Opaque, hidden and secret values, and those of other vendors, are printed in hex. */
static void values_that_stay_hex(void **st)
{
	static const char *const avps[] = {
		"800a 0000 000b 01020304",	   /* Challenge */
		"000e 0000 0005 0102030405060708", /* Tie Breaker */
		"000d 0000 0021 68756e74657232",   /* Proxy Authen Response: a password */
		"c00a 0000 0009 151bc010",	   /* hidden Assigned Tunnel ID */
		"800a 0009 0003 00000003",	   /* vendor 9 */
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(avps); i++) {
		json_t *v, *a = last_avp(avps[i], 0, &v);

		assert_non_null(json_object_get(a, "value"));
		assert_null(json_object_get(a, "decoded"));
		assert_json(json_object_get(a, "hidden"), i == 3 ? "true" : "false");
		json_decref(v);
	}
}

static void assert_error(json_t *v, const char *reason, int offset)
{
	json_t *e = json_object_get(v, "error");

	assert_non_null(e);
	assert_string_equal(json_string_value(json_object_get(e, "reason")), reason);
	assert_true(json_string_length(json_object_get(e, "text")) > 0);
	assert_int_equal(json_integer_value(json_object_get(e, "offset")), offset);
	json_decref(v);
}

/* L-001, L-002, L-008, L-010: the part that could be read, and the reason why it ends there. */
static void malformed_headers(void **st)
{
	static const struct {
		const char *hex;
		enum reason reason;
		const char *name;
		int offset;
		bool flags;
	} rows[] = {
		{ "", REASON_HDR_SHORT, "hdr-short", 0, false },
		{ "c8", REASON_HDR_SHORT, "hdr-short", 1, false },
		{ "c802 000c 0000", REASON_HDR_SHORT, "hdr-short", 6, true },
		{ "c803 000c 0000 0000 0000 0000", REASON_HDR_VERSION, "hdr-version", 0, true },
		{ "8802 000c 0000 0000 0000 0000", REASON_HDR_CTL_NO_LENGTH, "hdr-ctl-no-length", 0,
		  true },
		{ "c802 000d 0000 0000 0000 0000", REASON_HDR_LENGTH, "hdr-length", 2, true },
		{ "0202 0001 0002 0001", REASON_HDR_OFFSET, "hdr-offset", 6, true },
		{ "4a02 000e 0001 0002 0000 0000 0001", REASON_HDR_OFFSET, "hdr-offset", 12, true },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		json_t *v = decode(rows[i].hex, -(int)rows[i].reason);
		json_t *h = json_object_get(v, "header");

		assert_int_equal(json_object_get(h, "is-control") != NULL, rows[i].flags);
		assert_null(json_object_get(h, "tunnel-id"));
		assert_error(v, rows[i].name, rows[i].offset);
	}
}

/* L-057, L-058, L-094: the AVPs before the fault, and those after it where they can be found,
 * are shown. */
static void malformed_avps(void **st)
{
	static const struct {
		const char *avps;
		enum reason reason;
		const char *name;
		int offset;
		size_t shown;
	} rows[] = {
		{ "8008 0000 0000 0006 8005 0000", REASON_AVP_SHORT, "avp-short", 20, 1 },
		{ "8008 0000 0000 0006 8005 0000 0007", REASON_AVP_LEN, "avp-len", 20, 1 },
		{ "8008 0000 0000 0006 83ff 0000 0007", REASON_AVP_LEN, "avp-len", 20, 1 },
		{ "8007 0000 0009 01 8008 0000 000a 0004", REASON_AVP_VALUE_LEN, "avp-value-len",
		  12, 2 },
		{ "8008 0000 0009 0000 8007 0000 0009 01", REASON_AVP_VALUE, "avp-value", 12, 2 },
		{ "8408 0000 0009 0001 8005 0000", REASON_AVP_RESERVED, "avp-reserved", 12, 1 },
		{ "c008 0000 0007 0001", REASON_HIDDEN_FORBIDDEN, "hidden-forbidden", 12, 1 },
	};

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		json_t *v;

		last_avp(rows[i].avps, -(int)rows[i].reason, &v);
		assert_int_equal(json_array_size(json_object_get(v, "avps")), rows[i].shown);
		assert_error(v, rows[i].name, rows[i].offset);
	}
}

/* L-029: any octets give valid JSON. */
static void every_sample_gives_json(void **st)
{
	uint8_t buf[L2TP_MSG_MAX + L2TP_CTL_HDR_LEN];
	struct l2tp_msg m;

	(void)st;
	for (uint16_t t = 0; t < L2TP_MSG__COUNT; t++) {
		struct wr w = wr_init(buf, sizeof(buf));
		size_t mark = l2tp_hdr_begin_ctl(&w, 1, 2, 3, 4);

		if (!l2tp_sample_msg(t, &m))
			continue;
		m.host_name = span_of("\0\x1b\r\n\xff\xc0\"\\", 8);
		assert_int_equal(l2tp_msg_encode(&m, NULL, &w), 0);
		l2tp_hdr_end_ctl(&w, mark);
		json_decref(decode_bytes(wr_done(&w), 0));
	}
}

/* ---- hex ---- */

static void hex_with_separators(void **st)
{
	static const char *const same[] = {
		"c802ff00",	  "C802FF00",	" c8 02\tff\r\n00 ",
		"c8:02:ff:00",	  "0xc802ff00", "0xc8 0x02 0XFF 0x00",
		"c802\n\nff00\n",
	};
	struct decode_hex_error bad;
	uint8_t buf[16];

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(same); i++) {
		assert_int_equal(decode_hex(same[i], strlen(same[i]), buf, &bad), 4);
		assert_memory_equal(buf, "\xc8\x02\xff\x00", 4);
	}
	assert_int_equal(decode_hex("", 0, buf, &bad), 0);
}

static void hex_errors_name_the_place(void **st)
{
	static const struct {
		const char *text;
		size_t len, line, column;
		char digit;
	} rows[] = {
		{ "c8g2", 4, 1, 3, 'g' }, { "c802\n ff/0", 10, 2, 4, '/' },
		{ "c80", 3, 1, 3, 0 },	  { "x0", 2, 1, 1, 'x' },
		{ "c0x1", 4, 1, 3, 'x' }, { "0x1 0x2", 7, 1, 6, 'x' },
		{ "c8\0", 3, 1, 3, '?' }, { "1xff", 4, 1, 2, 'x' },
		{ "@`G", 3, 1, 1, '@' },
	};
	struct decode_hex_error bad;
	uint8_t buf[16];

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		assert_int_equal(decode_hex(rows[i].text, rows[i].len, buf, &bad), -EINVAL);
		assert_int_equal(bad.line, rows[i].line);
		assert_int_equal(bad.column, rows[i].column);
		assert_int_equal(bad.digit, rows[i].digit);
	}
}

/* ---- the command ---- */

struct io {
	char out[4096], err[1024];
	int status;
};

static void slurp(FILE *f, char *buf, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

/* Runs decode_main with its three streams on temporary files. */
static void run(struct io *io, const char *in, char **argv)
{
	FILE *files[3];
	int saved[3], argc = 0;

	fflush(stdout);
	for (int i = 0; i < 3; i++) {
		files[i] = tmpfile();
		assert_non_null(files[i]);
		saved[i] = dup(i);
	}
	fputs(in, files[0]);
	rewind(files[0]);
	for (int i = 0; i < 3; i++)
		dup2(fileno(files[i]), i);
	clearerr(stdin);
	while (argv[argc])
		argc++;
	io->status = decode_main(argc, argv);
	fflush(stdout);
	fflush(stderr);
	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	fclose(files[0]);
	slurp(files[1], io->out, sizeof(io->out));
	slurp(files[2], io->err, sizeof(io->err));
}

#define RUN(io, in, ...) run(io, in, (char *[]){ "decode", __VA_ARGS__, NULL })
#define ZLB		 "c802000c 0007 0000 0001 0002"

static void command_reads_input_or_arguments(void **st)
{
	struct io a, b;

	(void)st;
	RUN(&a, ZLB, "-");
	assert_int_equal(a.status, 0);
	assert_non_null(strstr(a.out, "\"tunnel-id\":7"));
	assert_string_equal(a.err, "");
	run(&b, ZLB "\n", (char *[]){ "decode", NULL });
	assert_string_equal(b.out, a.out);
	RUN(&b, "", ZLB);
	assert_string_equal(b.out, a.out);
	RUN(&b, "", "c802000c", "0007", "0000", "0001", "0002");
	assert_string_equal(b.out, a.out);
}

static void command_indents(void **st)
{
	struct io a, b;
	json_t *va, *vb;

	(void)st;
	RUN(&a, "", ZLB);
	RUN(&b, "", "--pretty", ZLB);
	assert_int_equal(b.status, 0);
	assert_true(strncmp(b.out, "{\n  \"header\": {\n    \"is-control\": true,", 38) == 0);
	va = json_loads(a.out, 0, NULL);
	vb = json_loads(b.out, 0, NULL);
	assert_true(json_equal(va, vb));
	json_decref(va);
	json_decref(vb);
	/* a NUL in a text must survive jansson */
	RUN(&b, "", "-p", "c8020015 0007 0000 0001 0002 8009 0000 0007 6c0073");
	assert_int_equal(b.status, 0);
	assert_non_null(strstr(b.out, "\"l\\u0000s\""));
}

static void command_reports_errors(void **st)
{
	struct io io;

	(void)st;
	RUN(&io, "", "c802");
	assert_int_equal(io.status, 1);
	assert_non_null(strstr(io.out, "hdr-short"));
	RUN(&io, "", "c802zz");
	assert_int_equal(io.status, 2);
	assert_non_null(strstr(io.err, "line 1, column 5: 'z' is not a hex digit"));
	assert_string_equal(io.out, "");
	RUN(&io, "c8\n\x01", "-");
	assert_non_null(strstr(io.err, "line 2, column 1: '?'"));
	RUN(&io, "", "c80");
	assert_int_equal(io.status, 2);
	assert_non_null(strstr(io.err, "odd number"));
	RUN(&io, "", "-");
	assert_int_equal(io.status, 2);
	assert_non_null(strstr(io.err, "no hex digits"));
	RUN(&io, "", "--no-such-option");
	assert_int_equal(io.status, 2);
	assert_non_null(strstr(io.err, "usage: ze l2tp decode"));
	RUN(&io, "", "--help");
	assert_int_equal(io.status, 0);
	assert_non_null(strstr(io.out, "usage: ze l2tp decode"));
}

static void command_bounds_its_input(void **st)
{
	size_t n = 1024 * 1024 + 8;
	char *in = malloc(n + 1);
	struct io io;

	(void)st;
	assert_non_null(in);
	memset(in, '0', n);
	in[n] = '\0';
	RUN(&io, in, "-");
	assert_int_equal(io.status, 2);
	assert_string_not_equal(io.err, "");
	free(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_avps),
		cmocka_unit_test(data_message),
		cmocka_unit_test(values_are_decoded),
		cmocka_unit_test(values_that_stay_hex),
		cmocka_unit_test(malformed_headers),
		cmocka_unit_test(malformed_avps),
		cmocka_unit_test(every_sample_gives_json),
		cmocka_unit_test(hex_with_separators),
		cmocka_unit_test(hex_errors_name_the_place),
		cmocka_unit_test(command_reads_input_or_arguments),
		cmocka_unit_test(command_indents),
		cmocka_unit_test(command_reports_errors),
		cmocka_unit_test(command_bounds_its_input),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
