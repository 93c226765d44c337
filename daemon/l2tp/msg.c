/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control messages, RFC 2661 6.1-6.14: which AVPs each message must and may carry, and the
 * conversion from and to struct l2tp_msg. Decoding continues after a fault, because the answer
 * needs later AVPs: a StopCCN is sent to the Assigned Tunnel ID. Spans of a decoded message point
 * into the payload or into the caller's scratch buffer.
 */
#include "daemon/l2tp/msg.h"

#include <string.h>

#include "daemon/base/crypto.h"
#include "daemon/l2tp/avp.h"
#include "daemon/l2tp/hidden.h"

#define B(avp) L2TP_BIT(AVP_##avp)

struct msg_spec {
	const char *name;
	uint64_t required, optional;
	bool call;
};

/* clang-format off */
static const struct msg_spec msg_specs[L2TP_MSG__COUNT] = {
	[L2TP_SCCRQ]   = { "SCCRQ", B(PROTOCOL_VERSION) | B(FRAMING_CAPS) | B(HOST_NAME) | B(ASSIGNED_TUNNEL_ID),
			   B(BEARER_CAPS) | B(TIE_BREAKER) | B(FIRMWARE_REVISION) | B(VENDOR_NAME) |
			   B(RECEIVE_WINDOW_SIZE) | B(CHALLENGE), false },
	[L2TP_SCCRP]   = { "SCCRP", B(PROTOCOL_VERSION) | B(FRAMING_CAPS) | B(HOST_NAME) | B(ASSIGNED_TUNNEL_ID),
			   B(BEARER_CAPS) | B(FIRMWARE_REVISION) | B(VENDOR_NAME) |
			   B(RECEIVE_WINDOW_SIZE) | B(CHALLENGE) | B(CHALLENGE_RESPONSE), false },
	[L2TP_SCCCN]   = { "SCCCN", 0, B(CHALLENGE_RESPONSE), false },
	[L2TP_STOPCCN] = { "StopCCN", B(RESULT_CODE) | B(ASSIGNED_TUNNEL_ID), 0, false },
	[L2TP_HELLO]   = { "HELLO", 0, 0, false },
	[L2TP_OCRQ]    = { "OCRQ", B(ASSIGNED_SESSION_ID) | B(CALL_SERIAL) | B(MINIMUM_BPS) | B(MAXIMUM_BPS) |
			   B(BEARER_TYPE) | B(FRAMING_TYPE) | B(CALLED_NUMBER), B(SUB_ADDRESS), true },
	[L2TP_OCRP]    = { "OCRP", B(ASSIGNED_SESSION_ID), B(PHYSICAL_CHANNEL), true },
	[L2TP_OCCN]    = { "OCCN", B(FRAMING_TYPE) | B(TX_CONNECT_SPEED),
			   B(RX_CONNECT_SPEED) | B(SEQUENCING_REQUIRED), true },
	/* RFC-DEVIATION: 6.6 requires Call Serial Number, and 6.8 Framing Type and Connect Speed.
	 * Some LACs leave them out, and nothing depends on them. */
	[L2TP_ICRQ]    = { "ICRQ", B(ASSIGNED_SESSION_ID), B(CALL_SERIAL) | B(BEARER_TYPE) | B(CALLED_NUMBER) |
			   B(CALLING_NUMBER) | B(SUB_ADDRESS) | B(PHYSICAL_CHANNEL), true },
	[L2TP_ICRP]    = { "ICRP", B(ASSIGNED_SESSION_ID), 0, true },
	[L2TP_ICCN]    = { "ICCN", 0, B(FRAMING_TYPE) | B(TX_CONNECT_SPEED) | B(INITIAL_RCVD_CONFREQ) |
			   B(LAST_SENT_CONFREQ) | B(LAST_RCVD_CONFREQ) | B(PROXY_AUTHEN_TYPE) |
			   B(PROXY_AUTHEN_NAME) | B(PROXY_AUTHEN_CHALLENGE) | B(PROXY_AUTHEN_ID) |
			   B(PROXY_AUTHEN_RESPONSE) | B(PRIVATE_GROUP_ID) | B(RX_CONNECT_SPEED) |
			   B(SEQUENCING_REQUIRED), true },
	[L2TP_CDN]     = { "CDN", B(RESULT_CODE) | B(ASSIGNED_SESSION_ID), B(Q931_CAUSE) | B(PPP_DISCONNECT_CAUSE), true },
	[L2TP_WEN]     = { "WEN", B(CALL_ERRORS), 0, true },
	[L2TP_SLI]     = { "SLI", B(ACCM), 0, true },
};
/* clang-format on */

static const struct msg_spec *msg_spec_find(uint16_t type)
{
	if (type >= L2TP_MSG__COUNT || !msg_specs[type].name)
		return NULL;
	return &msg_specs[type];
}

const char *l2tp_msg_name(uint16_t type)
{
	const struct msg_spec *s = msg_spec_find(type);

	return s ? s->name : "unknown";
}

bool l2tp_msg_is_call(uint16_t type)
{
	const struct msg_spec *s = msg_spec_find(type);

	return s && s->call;
}

/* ---- one value ---- */

/* RFC-DEVIATION: 4.4.4 says 4 octets; the Cisco AS5300 sends ASCII digits.
 * Covered by selftests/vectors/l2tp_msg.txt. */
static int get_speed(struct span v, uint32_t *ret)
{
	struct rd r = rd_span(v);
	uint64_t bps = 0;

	if (v.len == 4) {
		*ret = rd_u32(&r);
		return 0;
	}
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return -REASON_AVP_VALUE_LEN;
		bps = bps * 10 + (uint64_t)(v.p[i] - '0');
	}
	if (bps > UINT32_MAX)
		return -REASON_AVP_VALUE;
	*ret = (uint32_t)bps;
	return 0;
}

static int get_result(struct rd *r, struct l2tp_result *ret)
{
	struct l2tp_result v = { .code = rd_u16(r), .has_error = rd_left(r) > 0 };

	if (v.has_error)
		v.error = rd_u16(r);
	v.text = rd_rest(r);
	if (r->bad)
		return -REASON_AVP_VALUE_LEN;
	*ret = v;
	return 0;
}

/* Decodes a value of several fields; the caller has checked its length. */
static void get_struct(enum avp_kind kind, struct rd *r, struct l2tp_msg *m)
{
	if (kind == AVP_K_Q931) {
		m->q931.cause = rd_u16(r);
		m->q931.msg = rd_u8(r);
		m->q931.text = rd_rest(r);
	} else if (kind == AVP_K_CALL_ERRORS) {
		rd_skip(r, 2);
		for (size_t i = 0; i < 6; i++)
			m->call_errors[i] = rd_u32(r);
	} else if (kind == AVP_K_ACCM) {
		rd_skip(r, 2);
		m->accm[0] = rd_u32(r);
		m->accm[1] = rd_u32(r);
	} else {
		m->disconnect.code = rd_u16(r);
		m->disconnect.proto = rd_u16(r);
		m->disconnect.direction = rd_u8(r);
		m->disconnect.text = rd_rest(r);
	}
}

static int get_u16(const struct avp_spec *s, uint16_t v, void *ret)
{
	if (s->nonzero && v == 0)
		return -REASON_AVP_VALUE;
	memcpy(ret, &v, sizeof(v));
	return 0;
}

int l2tp_msg_field(const struct avp_spec *s, struct span value, struct l2tp_msg *m)
{
	struct rd r = rd_span(value);
	void *field = (uint8_t *)m + s->offset;
	uint32_t u32;
	uint64_t u64;

	if (value.len < s->min || value.len > s->max)
		return -REASON_AVP_VALUE_LEN;
	switch (s->kind) {
	case AVP_K_EMPTY:
		break;
	case AVP_K_U16:
		return get_u16(s, rd_u16(&r), field);
	case AVP_K_U32:
		u32 = rd_u32(&r);
		memcpy(field, &u32, sizeof(u32));
		break;
	case AVP_K_U64:
		u64 = rd_u64(&r);
		memcpy(field, &u64, sizeof(u64));
		break;
	case AVP_K_SPEED:
		return get_speed(value, field);
	case AVP_K_TEXT:
	case AVP_K_BYTES:
		memcpy(field, &value, sizeof(value));
		break;
	case AVP_K_RESULT:
		return get_result(&r, field);
	case AVP_K_Q931:
	case AVP_K_CALL_ERRORS:
	case AVP_K_ACCM:
	case AVP_K_DISCONNECT:
		get_struct(s->kind, &r, m);
		break;
	}
	return 0;
}

/* ---- decoding ---- */

struct decoder {
	const struct l2tp_dec *dec;
	struct l2tp_msg *msg;
	struct l2tp_fault fault; /* the first fault */
	struct wr scratch;
};

static uint16_t msg_error_of(enum reason r)
{
	if (r == REASON_AVP_SHORT || r == REASON_AVP_LEN || r == REASON_AVP_VALUE_LEN ||
	    r == REASON_HIDDEN_LEN)
		return L2TP_ERR_LENGTH;
	if (r == REASON_AVP_UNKNOWN || r == REASON_AVP_RESERVED ||
	    r == REASON_MSG_UNKNOWN_MANDATORY)
		return L2TP_ERR_UNKNOWN_AVP;
	if (r == REASON_AVP_MISSING)
		return L2TP_ERR_VENDOR;
	return L2TP_ERR_VALUE;
}

static void set_fault(struct decoder *c, enum reason r, uint16_t vendor, uint16_t attr)
{
	if (c->fault.reason == REASON_NONE)
		c->fault = (struct l2tp_fault){
			.reason = r, .error = msg_error_of(r), .vendor = vendor, .attr = attr
		};
}

/* The rest of the message cannot be parsed, which is not recoverable whatever the M bit says (7.1).
 * `last` is the AVP before the malformed one, or NULL when the first one is malformed. */
static void set_walk_fault(struct decoder *c, int err, struct rd at, const struct avp *last)
{
	uint16_t vendor, attr;

	if (c->fault.reason != REASON_NONE)
		return;
	rd_skip(&at, 2);
	vendor = rd_u16(&at);
	attr = rd_u16(&at);
	if (!at.bad) {
		set_fault(c, (enum reason) - err, vendor, attr);
		return;
	}
	set_fault(c, (enum reason) - err, last ? last->vendor : 0, last ? last->type : 0);
	c->fault.where = last ? L2TP_FAULT_AFTER : L2TP_FAULT_MSG;
}

static int reveal(struct decoder *c, const struct avp *a, struct span *ret)
{
	const struct l2tp_dec *d = c->dec;
	struct wr *s = &c->scratch;
	struct avp_key key;
	int err;

	if (d->secret.len == 0)
		return -REASON_HIDDEN_NO_SECRET;
	if (!L2TP_HAS(c->msg, AVP_RANDOM_VECTOR))
		return -REASON_HIDDEN_NO_VECTOR;
	if (wr_left(s) < a->value.len)
		return -REASON_NO_MEMORY;
	key = (struct avp_key){ a->type, d->secret, c->msg->random_vector };
	err = avp_reveal(&key, a->value, s->p, ret);
	if (err == 0)
		s->p += a->value.len;
	return err;
}

/* Returns 0 when the AVP was stored in the message. -REASON_AVP_DUPLICATE and -REASON_AVP_LENIENT:
 * the AVP is known but is ignored. With any other reason the message is refused if the M bit is
 * set. */
static int take_avp(struct decoder *c, const struct avp *a, const struct msg_spec *ms)
{
	const struct avp_spec *s = avp_spec_find(a->vendor, a->type);
	uint64_t bit = s ? L2TP_BIT(a->type) : 0;
	struct span value = a->value;
	int err = 0;

	if (a->flags & AVP_F_RESERVED) /* 4.1: treated as unrecognised */
		return -REASON_AVP_RESERVED;
	if (!s)
		return -REASON_AVP_UNKNOWN;
	if ((a->flags & AVP_F_HIDDEN) && !s->may_hide)
		return -REASON_HIDDEN_FORBIDDEN;
	/* 4.3: the last Random Vector before a hidden AVP applies, so there may be several. */
	if (a->type != AVP_RANDOM_VECTOR) {
		if (c->msg->have & bit)
			return -REASON_AVP_DUPLICATE;
		/* mpd5 sends such AVPs in SCCCN. They are recognised, so 4.1 does not refuse
		 * them. */
		if (!((ms->required | ms->optional) & bit))
			return -REASON_AVP_LENIENT;
	}
	if (a->flags & AVP_F_HIDDEN)
		err = reveal(c, a, &value);
	if (err == 0)
		err = l2tp_msg_field(s, value, c->msg);
	if (err == 0)
		c->msg->have |= bit;
	return err;
}

static int decode_type(struct decoder *c, struct rd *r)
{
	struct rd at = *r;
	struct avp a = { 0 };
	int n = avp_next(r, &a);

	if (n < 0) {
		set_walk_fault(c, n, at, NULL);
		return n;
	}
	if (n == 0 || a.vendor != 0 || a.type != AVP_MSG_TYPE)
		n = -REASON_AVP_FIRST;
	else if (a.flags & AVP_F_RESERVED)
		n = -REASON_AVP_RESERVED;
	else if (a.flags & AVP_F_HIDDEN)
		n = -REASON_HIDDEN_FORBIDDEN;
	else
		n = l2tp_msg_field(avp_spec_find(0, AVP_MSG_TYPE), a.value, c->msg);
	if (n < 0) {
		set_fault(c, (enum reason) - n, a.vendor, a.type);
		return n;
	}
	c->msg->type_mandatory = a.flags & AVP_F_MANDATORY;
	c->msg->have |= B(MSG_TYPE);
	return 0;
}

static void decode_avps(struct decoder *c, struct rd *r, const struct msg_spec *ms)
{
	struct avp a, last = { .type = AVP_MSG_TYPE };
	struct rd at = *r;
	uint64_t missing;
	int n, err;

	while ((n = avp_next(r, &a)) > 0) {
		err = take_avp(c, &a, ms);
		if (err < 0) {
			if (err == -REASON_AVP_DUPLICATE || err == -REASON_AVP_LENIENT ||
			    !(a.flags & AVP_F_MANDATORY))
				c->msg->ignored++;
			else
				set_fault(c, (enum reason) - err, a.vendor, a.type);
		}
		at = *r;
		last = a;
	}
	if (n < 0)
		set_walk_fault(c, n, at, &last);
	missing = ms->required & ~c->msg->have;
	if (missing)
		set_fault(c, REASON_AVP_MISSING, 0, (uint16_t)__builtin_ctzll(missing));
}

int l2tp_msg_decode(struct span payload, const struct l2tp_dec *d, struct l2tp_msg *ret,
		    struct l2tp_fault *ret_fault)
{
	struct decoder c = { .dec = d,
			     .msg = ret,
			     .scratch = wr_init(d->scratch, d->scratch_size) };
	struct rd r = rd_span(payload);
	const struct msg_spec *ms;

	*ret = (struct l2tp_msg){ 0 };
	if (decode_type(&c, &r) == 0) {
		ms = msg_spec_find(ret->type);
		if (ms)
			decode_avps(&c, &r, ms);
		else if (ret->type_mandatory) /* 4.4.1: without the M bit the message is ignored */
			set_fault(&c, REASON_MSG_UNKNOWN_MANDATORY, 0, AVP_MSG_TYPE);
	}
	if (c.fault.reason == REASON_NONE)
		return 0;
	*ret_fault = c.fault;
	return -(int)c.fault.reason;
}

uint16_t l2tp_msg_peek_type(struct span payload)
{
	struct rd r = rd_span(payload);
	struct avp a;

	if (avp_next(&r, &a) != 1 || a.vendor || a.type != AVP_MSG_TYPE || a.value.len != 2 ||
	    a.flags & AVP_F_HIDDEN)
		return 0;
	return (uint16_t)(a.value.p[0] << 8 | a.value.p[1]);
}

struct span l2tp_msg_peek_host_name(struct span payload)
{
	const struct avp_spec *s = avp_spec_find(0, AVP_HOST_NAME);
	struct rd r = rd_span(payload);
	struct avp a;

	while (avp_next(&r, &a) > 0) {
		if (a.vendor == 0 && a.type == AVP_HOST_NAME && a.value.len >= s->min &&
		    !(a.flags & (AVP_F_HIDDEN | AVP_F_RESERVED)))
			return a.value;
	}
	return (struct span){ 0 };
}

/* ---- encoding ---- */

static void put_struct(enum avp_kind kind, const struct l2tp_msg *m, struct wr *w)
{
	if (kind == AVP_K_RESULT) {
		/* Windows 2000 and old xl2tpd refuse the form without an Error Code. */
		wr_u16(w, m->result.code);
		wr_u16(w, m->result.error);
		wr_span(w, m->result.text);
	} else if (kind == AVP_K_Q931) {
		wr_u16(w, m->q931.cause);
		wr_u8(w, m->q931.msg);
		wr_span(w, m->q931.text);
	} else if (kind == AVP_K_CALL_ERRORS) {
		wr_u16(w, 0);
		for (size_t i = 0; i < 6; i++)
			wr_u32(w, m->call_errors[i]);
	} else if (kind == AVP_K_ACCM) {
		wr_u16(w, 0);
		wr_u32(w, m->accm[0]);
		wr_u32(w, m->accm[1]);
	} else {
		wr_u16(w, m->disconnect.code);
		wr_u16(w, m->disconnect.proto);
		wr_u8(w, m->disconnect.direction);
		wr_span(w, m->disconnect.text);
	}
}

static void msg_put_value(const struct avp_spec *s, const struct l2tp_msg *m, struct wr *w)
{
	const void *field = (const uint8_t *)m + s->offset;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	struct span bytes;

	switch (s->kind) {
	case AVP_K_EMPTY:
		break;
	case AVP_K_U16:
		memcpy(&u16, field, sizeof(u16));
		wr_u16(w, u16);
		break;
	case AVP_K_U32:
	case AVP_K_SPEED:
		memcpy(&u32, field, sizeof(u32));
		wr_u32(w, u32);
		break;
	case AVP_K_U64:
		memcpy(&u64, field, sizeof(u64));
		wr_u64(w, u64);
		break;
	case AVP_K_TEXT:
	case AVP_K_BYTES:
		memcpy(&bytes, field, sizeof(bytes));
		wr_span(w, bytes);
		break;
	case AVP_K_RESULT:
	case AVP_K_Q931:
	case AVP_K_CALL_ERRORS:
	case AVP_K_ACCM:
	case AVP_K_DISCONNECT:
		put_struct(s->kind, m, w);
		break;
	}
}

static void put_hidden(struct wr *w, uint16_t type, struct span clear, const struct l2tp_enc *e)
{
	const struct avp_key key = { type, e->secret, e->vector };
	uint16_t m = avp_spec_find(0, type)->mandatory ? AVP_F_MANDATORY : 0;
	size_t start = wr_len(w), mark = wr_mark_u16(w), len;

	wr_u16(w, 0);
	wr_u16(w, type);
	avp_hide(&key, clear, 0, w);
	len = wr_len(w) - start;
	if (len > AVP_F_LENGTH)
		w->bad = true;
	if (!w->bad)
		wr_patch_u16(w, mark, (uint16_t)(m | AVP_F_HIDDEN | len));
}

/* The AVPs of `have` to hide, as bits. */
static uint64_t to_hide(uint64_t have, const struct l2tp_enc *e)
{
	uint64_t bits = 0;

	if (!e || e->secret.len == 0 || e->vector.len == 0)
		return 0;
	for (uint16_t t = 0; t < AVP__COUNT; t++) {
		const struct avp_spec *s = avp_spec_find(0, t);

		if (s && s->may_hide)
			bits |= have & L2TP_BIT(t);
	}
	return bits;
}

int l2tp_msg_encode(const struct l2tp_msg *m, const struct l2tp_enc *e, struct wr *w)
{
	uint64_t have = m->have & ~(B(MSG_TYPE) | B(RANDOM_VECTOR)), hide = to_hide(have, e);
	uint8_t buf[AVP_MAX_VALUE];
	size_t start = wr_len(w);

	avp_put_u16(w, AVP_MSG_TYPE, m->type);
	if (hide)
		avp_put(w, AVP_RANDOM_VECTOR, e->vector);
	for (uint16_t t = 0; t < AVP__COUNT; t++) {
		const struct avp_spec *s = avp_spec_find(0, t);
		struct wr v = wr_init(buf, sizeof(buf));

		if (!s || !(have & L2TP_BIT(t)))
			continue;
		msg_put_value(s, m, &v);
		if (hide & L2TP_BIT(t))
			put_hidden(w, t, wr_done(&v), e);
		else
			avp_put(w, t, wr_done(&v));
		w->bad |= v.bad;
	}
	crypto_wipe(buf, sizeof(buf));
	/* Also set `bad`, so that a caller that ignores the result cannot send the message. */
	w->bad |= wr_len(w) - start > L2TP_MSG_MAX;
	return w->bad ? -REASON_MSG_TOO_LONG : 0;
}
