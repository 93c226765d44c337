/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/decode.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/hdr.h"
#include "daemon/l2tp/msg.h"

#define MAX_INPUT (1024 * 1024)

/* ---- texts for the codes of RFC 2661 4.4.2 and RFC 3145 ---- */

static const char *const stop_results[] = {
	[STOP_CLEAR] = "general request to clear control connection",
	[STOP_ERROR] = "general error",
	[STOP_EXISTS] = "control channel already exists",
	[STOP_NOT_AUTHORISED] = "requester is not authorised",
	[STOP_VERSION] = "protocol version not supported",
	[STOP_SHUTDOWN] = "requester is being shut down",
	[STOP_FSM] = "finite state machine error",
};

static const char *const cdn_results[] = {
	[CDN_CARRIER_LOST] = "loss of carrier",
	[CDN_ERROR] = "general error",
	[CDN_ADMIN] = "administrative reasons",
	[CDN_NO_FACILITIES_NOW] = "no facilities available temporarily",
	[CDN_NO_FACILITIES] = "no facilities available permanently",
	[CDN_INVALID_DESTINATION] = "invalid destination",
	[CDN_NO_CARRIER] = "no carrier detected",
	[CDN_BUSY] = "busy signal",
	[CDN_NO_DIAL_TONE] = "no dial tone",
	[CDN_TIMEOUT] = "not established within the allotted time",
	[CDN_NO_FRAMING] = "no appropriate framing detected",
};

static const char *const error_codes[] = {
	[L2TP_ERR_NONE] = "no general error",
	[L2TP_ERR_NO_CONTROL] = "no control connection exists",
	[L2TP_ERR_LENGTH] = "length is wrong",
	[L2TP_ERR_VALUE] = "field value out of range or reserved field not zero",
	[L2TP_ERR_RESOURCES] = "insufficient resources",
	[L2TP_ERR_SESSION_ID] = "invalid session id",
	[L2TP_ERR_VENDOR] = "vendor-specific error",
	[L2TP_ERR_TRY_ANOTHER] = "try another LNS",
	[L2TP_ERR_UNKNOWN_AVP] = "unknown mandatory AVP",
};

static const char *const disconnect_directions[] = { "global", "at-peer", "at-local" };

static const char *word(const char *const *words, size_t n, uint16_t i)
{
	return i < n && words[i] ? words[i] : "unknown";
}

#define WORD(words, i) word(words, ZE_ARRAY_SIZE(words), i)

/* ---- one value ---- */

static void put_result(struct json *j, const struct l2tp_msg *m)
{
	json_obj(j);
	json_ku64(j, "result", m->result.code);
	if (m->type == L2TP_STOPCCN || m->type == L2TP_CDN)
		json_kstr(j, "result-text",
			  m->type == L2TP_CDN ? WORD(cdn_results, m->result.code) :
						WORD(stop_results, m->result.code));
	if (m->result.has_error) {
		json_ku64(j, "error", m->result.error);
		json_kstr(j, "error-text", WORD(error_codes, m->result.error));
		json_kspan(j, "message", m->result.text);
	}
	json_obj_end(j);
}

static void put_q931(struct json *j, const struct l2tp_q931 *q)
{
	json_obj(j);
	json_ku64(j, "cause", q->cause);
	json_ku64(j, "message", q->msg);
	json_kspan(j, "text", q->text);
	json_obj_end(j);
}

static void put_call_errors(struct json *j, const uint32_t *errors)
{
	static const char *const names[] = { "crc-errors",	  "framing-errors",
					     "hardware-overruns", "buffer-overruns",
					     "timeout-errors",	  "alignment-errors" };

	json_obj(j);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(names); i++)
		json_ku64(j, names[i], errors[i]);
	json_obj_end(j);
}

static void put_accm(struct json *j, const uint32_t *accm)
{
	json_obj(j);
	json_ku64(j, "send", accm[0]);
	json_ku64(j, "receive", accm[1]);
	json_obj_end(j);
}

static void put_disconnect(struct json *j, const struct l2tp_disconnect *d)
{
	json_obj(j);
	json_ku64(j, "code", d->code);
	json_ku64(j, "control-protocol", d->proto);
	json_kstr(j, "direction", WORD(disconnect_directions, d->direction));
	json_kspan(j, "text", d->text);
	json_obj_end(j);
}

static void decode_put_number(struct json *j, uint16_t type, const struct avp_spec *s,
			      struct span value)
{
	struct rd r = rd_span(value);
	uint32_t v = s->kind == AVP_K_U16 ? rd_u16(&r) : rd_u32(&r);
	char text[8];

	if (type == AVP_MSG_TYPE) {
		json_str(j, l2tp_msg_name((uint16_t)v));
	} else if (type == AVP_PROTOCOL_VERSION) {
		snprintf(text, sizeof(text), "%u.%u", v >> 8 & 0xff, v & 0xff);
		json_str(j, text);
	} else {
		json_u64(j, v);
	}
}

/* Writes `decoded` from a member that l2tp_msg_field() has set. */
static void put_decoded(struct json *j, const struct avp *a, const struct avp_spec *s,
			const struct l2tp_msg *m)
{
	if (s->kind == AVP_K_BYTES || s->kind == AVP_K_U64)
		return; /* the hex is enough; a u64 does not fit a JSON number */
	json_key(j, "decoded");
	switch (s->kind) {
	case AVP_K_EMPTY:
	case AVP_K_U64:
	case AVP_K_BYTES:
		json_bool(j, true);
		break;
	case AVP_K_U16:
	case AVP_K_U32:
		decode_put_number(j, a->type, s, a->value);
		break;
	case AVP_K_SPEED:
		json_u64(j, a->type == AVP_TX_CONNECT_SPEED ? m->tx_speed_bps : m->rx_speed_bps);
		break;
	case AVP_K_TEXT:
		json_span(j, a->value);
		break;
	case AVP_K_RESULT:
		put_result(j, m);
		break;
	case AVP_K_Q931:
		put_q931(j, &m->q931);
		break;
	case AVP_K_CALL_ERRORS:
		put_call_errors(j, m->call_errors);
		break;
	case AVP_K_ACCM:
		put_accm(j, m->accm);
		break;
	case AVP_K_DISCONNECT:
		put_disconnect(j, &m->disconnect);
		break;
	}
}

static int check_avp(const struct avp *a, const struct avp_spec *s, struct l2tp_msg *m)
{
	if (a->flags & AVP_F_RESERVED)
		return -REASON_AVP_RESERVED;
	if (!s)
		return 0;
	if (a->flags & AVP_F_HIDDEN)
		return s->may_hide ? 0 : -REASON_HIDDEN_FORBIDDEN;
	return l2tp_msg_field(s, a->value, m);
}

static int put_avp(struct json *j, const struct avp *a, struct l2tp_msg *m)
{
	const struct avp_spec *s = avp_spec_find(a->vendor, a->type);
	int r = check_avp(a, s, m);
	char unknown[16];

	snprintf(unknown, sizeof(unknown), "unknown-%u", a->type);
	json_obj(j);
	json_ku64(j, "vendor-id", a->vendor);
	json_ku64(j, "type", a->type);
	json_kstr(j, "name", s ? s->key : unknown);
	json_kbool(j, "mandatory", a->flags & AVP_F_MANDATORY);
	json_kbool(j, "hidden", a->flags & AVP_F_HIDDEN);
	json_khex(j, "value", a->value);
	if (r == 0 && s && !s->secret && !(a->flags & AVP_F_HIDDEN))
		put_decoded(j, a, s, m);
	json_obj_end(j);
	return r;
}

/* ---- the datagram ---- */

/* The first error, and its offset. */
struct fault {
	int err;
	size_t offset;
};

static void put_avps(struct json *j, struct span bytes, struct span payload, struct fault *f)
{
	struct rd r = rd_span(payload);
	struct l2tp_msg m = { 0 };
	struct avp a;

	json_key(j, "avps");
	json_arr(j);
	for (int n = 1; n > 0;) {
		size_t offset = (size_t)(r.p - bytes.p);

		n = avp_next(&r, &a);
		if (n > 0) {
			int err = put_avp(j, &a, &m);

			n = 1;
			if (err < 0 && f->err == 0)
				*f = (struct fault){ .err = err, .offset = offset };
		} else if (n < 0 && f->err == 0) {
			*f = (struct fault){ .err = n, .offset = offset };
		}
	}
	json_arr_end(j);
}

static void put_flags(struct json *j, uint16_t flags)
{
	json_kbool(j, "is-control", flags & L2TP_F_TYPE);
	json_kbool(j, "has-length", flags & L2TP_F_LEN);
	json_kbool(j, "has-sequence", flags & L2TP_F_SEQ);
	json_kbool(j, "has-offset", flags & L2TP_F_OFFSET);
	json_kbool(j, "priority", flags & L2TP_F_PRIO);
	json_ku64(j, "version", flags & L2TP_F_VER);
}

/* The offset of the octet at which a refused header is wrong. */
static size_t header_fault_offset(int err, struct span bytes)
{
	if (err == -REASON_HDR_SHORT)
		return bytes.len;
	if (err == -REASON_HDR_LENGTH)
		return 2;
	if (err == -REASON_HDR_OFFSET)
		return 6u + (bytes.p[0] & L2TP_F_LEN >> 8 ? 2u : 0u) +
		       (bytes.p[0] & L2TP_F_SEQ >> 8 ? 4u : 0u);
	return 0;
}

static void decode_put_header(struct json *j, struct span bytes, const struct l2tp_hdr *h)
{
	struct rd r = rd_span(bytes);
	uint16_t flags = rd_u16(&r);

	json_key(j, "header");
	json_obj(j);
	if (!r.bad)
		put_flags(j, flags);
	if (h) {
		json_ku64(j, "length", h->length);
		json_ku64(j, "tunnel-id", h->tid);
		json_ku64(j, "session-id", h->sid);
		json_ku64(j, "ns", h->ns);
		json_ku64(j, "nr", h->nr);
	}
	json_obj_end(j);
}

static void put_error(struct json *j, const struct fault *f)
{
	json_key(j, "error");
	json_obj(j);
	json_kstr(j, "reason", reason_name((enum reason) - f->err));
	json_kstr(j, "text", reason_text((enum reason) - f->err));
	json_ku64(j, "offset", f->offset);
	json_obj_end(j);
}

int decode_l2tp(struct span bytes, struct json *j)
{
	struct fault f = { 0 };
	struct l2tp_hdr h;

	f.err = l2tp_hdr_parse(bytes.p, bytes.len, &h);
	json_obj(j);
	decode_put_header(j, bytes, f.err == 0 ? &h : NULL);
	if (f.err < 0)
		f.offset = header_fault_offset(f.err, bytes);
	else if (l2tp_hdr_is_control(&h))
		put_avps(j, bytes, h.payload, &f);
	else
		json_khex(j, "ppp", h.payload);
	if (f.err < 0)
		put_error(j, &f);
	json_obj_end(j);
	return f.err;
}

/* ---- hex ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int decode_hex(const char *text, size_t len, uint8_t *buf, struct decode_hex_error *ret_err)
{
	struct decode_hex_error at = { .line = 1 };
	size_t digits = 0;

	for (size_t i = 0; i < len; i++) {
		int v = hex_digit(text[i]);

		at.column++;
		if (v >= 0) {
			buf[digits / 2] = (uint8_t)(digits & 1 ? buf[digits / 2] << 4 | v : v);
			digits++;
		} else if (text[i] == '\n') {
			at.line++;
			at.column = 0;
		} else if ((text[i] == 'x' || text[i] == 'X') && (digits & 1) &&
			   text[i - 1] == '0') {
			digits--; /* the 0 before it was part of 0x */
		} else if (!strchr(" \t\r:", text[i]) || text[i] == '\0') {
			at.digit = text[i] ? text[i] : '?';
			*ret_err = at;
			return -EINVAL;
		}
	}
	if (digits & 1) {
		*ret_err = at;
		return -EINVAL;
	}
	return (int)(digits / 2);
}

/* ---- the command ---- */

static const char usage[] =
	"usage: ze l2tp decode [--pretty] [HEX... | -]\n"
	"\n"
	"Decodes one L2TPv2 datagram, given as hex in the arguments or on standard input, and\n"
	"prints it as JSON. White space, colons and 0x in the hex are ignored.\n"
	"\n"
	"  -p, --pretty   indent the output\n"
	"  -h, --help     this text\n"
	"\n"
	"Exit status: 0, 1 if the datagram is malformed (the output then has \"error\"), 2 if there is\n"
	"no datagram to decode.\n";

static int read_stdin(struct strbuf *text)
{
	char buf[4096];
	size_t n;

	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0) {
		sb_add(text, buf, n);
		if (text->len > MAX_INPUT)
			return -E2BIG;
	}
	return ferror(stdin) ? -EIO : 0;
}

static int read_input(int argc, char **argv, struct strbuf *text)
{
	if (argc == 0 || (argc == 1 && strcmp(argv[0], "-") == 0))
		return read_stdin(text);
	for (int i = 0; i < argc; i++) {
		sb_puts(text, argv[i]);
		if (i + 1 < argc)
			sb_puts(text, " ");
	}
	return 0;
}

static void decode_complain(const struct decode_hex_error *e)
{
	if (!e->digit)
		fprintf(stderr, "ze l2tp decode: odd number of hex digits\n");
	else
		fprintf(stderr, "ze l2tp decode: line %zu, column %zu: '%c' is not a hex digit\n",
			e->line, e->column, e->digit >= ' ' && e->digit < 0x7f ? e->digit : '?');
}

static int decode_print(const struct strbuf *out, bool pretty)
{
	char *text = out->s;
	int r = 0;

	if (pretty) {
		json_t *v = json_loadb(out->s, out->len, JSON_ALLOW_NUL, NULL);

		text = v ? json_dumps(v, JSON_INDENT(2)) : NULL;
		json_decref(v);
	}
	if (!text)
		return -ENOMEM;
	if (puts(text) == EOF || fflush(stdout) == EOF)
		r = -errno;
	if (text != out->s)
		free(text);
	return r;
}

/* Decodes hex and prints JSON on standard output. Returns the exit status. */
static int decode_run(const struct strbuf *text, uint8_t *buf, bool pretty)
{
	struct decode_hex_error bad;
	struct strbuf out;
	struct json j;
	int n = decode_hex(text->s, text->len, buf, &bad), r, err;

	if (n < 0) {
		decode_complain(&bad);
		return 2;
	}
	if (n == 0) {
		fprintf(stderr, "ze l2tp decode: no hex digits to decode\n");
		return 2;
	}
	sb_init(&out);
	json_init(&j, &out);
	r = decode_l2tp(span_of(buf, (size_t)n), &j) < 0;
	err = json_ok(&j) ? decode_print(&out, pretty) : -ENOMEM;
	if (err < 0) {
		fprintf(stderr, "ze l2tp decode: %s\n", strerror(-err));
		r = 2;
	}
	sb_done(&out);
	return r;
}

static int decode_input(int argc, char **argv, bool pretty)
{
	struct strbuf text;
	uint8_t *buf;
	int r;

	sb_init(&text);
	r = read_input(argc, argv, &text);
	buf = malloc(text.len / 2 + 1);
	if (r < 0 || text.bad || !buf) {
		fprintf(stderr, "ze l2tp decode: %s\n", strerror(r < 0 ? -r : ENOMEM));
		r = 2;
	} else {
		r = decode_run(&text, buf, pretty);
	}
	free(buf);
	sb_done(&text);
	return r;
}

int decode_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pretty", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool pretty = false;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "ph", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c != 'p') {
			fputs(usage, stderr);
			return 2;
		}
		pretty = true;
	}
	return decode_input(argc - optind, argv + optind, pretty);
}
