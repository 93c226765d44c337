/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_req.h"

#include <errno.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/crypto.h"

#define ATTR_HEADER   2
#define VENDOR_HEADER 6 /* the vendor's number, and type and length of its attribute */
#define BLOCK	      CRYPTO_MD5_LEN
#define MSCHAP2_LEN   49 /* value of a Response, RFC 2759 4 */
#define U24_MAX	      0xffffffu

void radius_req_init(struct radius_req *q, uint8_t code, void *buf, size_t size)
{
	*q = (struct radius_req){
		.w = wr_init(buf, size < RADIUS_REQ_MAX ? size : RADIUS_REQ_MAX),
		.code = code,
		.password_at = RADIUS_NOWHERE,
		.delay_at = RADIUS_NOWHERE,
	};
}

enum reason radius_req_fault(const struct radius_req *q)
{
	if (q->fault != REASON_NONE)
		return q->fault;
	return q->w.bad ? REASON_RADIUS_REQUEST : REASON_NONE;
}

static void req_fail(struct radius_req *q, enum reason why)
{
	if (q->fault == REASON_NONE)
		q->fault = why;
}

/* Begins an attribute whose value has this length. Returns false when it is not written. */
static bool attr_head(struct radius_req *q, uint8_t type, size_t len)
{
	if (len > RADIUS_VALUE_MAX)
		req_fail(q, REASON_RADIUS_REQUEST);
	if (radius_req_fault(q) != REASON_NONE)
		return false;
	wr_u8(&q->w, type);
	wr_u8(&q->w, (uint8_t)(ATTR_HEADER + len));
	return true;
}

/* The same for an attribute that has no function of its own. */
static bool attr_begin(struct radius_req *q, uint8_t type, size_t len)
{
	if (type == RADIUS_USER_PASSWORD || type == RADIUS_ACCT_DELAY_TIME ||
	    type == RADIUS_MESSAGE_AUTHENTICATOR)
		req_fail(q, REASON_RADIUS_REQUEST);
	return attr_head(q, type, len);
}

void radius_req_bytes(struct radius_req *q, uint8_t type, struct span value)
{
	if (value.len && attr_begin(q, type, value.len))
		wr_span(&q->w, value);
}

void radius_req_u32(struct radius_req *q, uint8_t type, uint32_t value)
{
	if (attr_begin(q, type, 4))
		wr_u32(&q->w, value);
}

void radius_req_vendor(struct radius_req *q, uint32_t vendor, uint8_t type, struct span value)
{
	if (!value.len || !attr_begin(q, RADIUS_VENDOR_SPECIFIC, VENDOR_HEADER + value.len))
		return;
	wr_u32(&q->w, vendor);
	wr_u8(&q->w, type);
	wr_u8(&q->w, (uint8_t)(ATTR_HEADER + value.len));
	wr_span(&q->w, value);
}

void radius_req_tagged(struct radius_req *q, uint8_t type, uint8_t tag, struct span text)
{
	if (tag > RADIUS_TAG_MAX)
		req_fail(q, REASON_RADIUS_REQUEST);
	if (!text.len || !attr_begin(q, type, text.len + (tag != 0)))
		return;
	if (tag)
		wr_u8(&q->w, tag);
	wr_span(&q->w, text);
}

void radius_req_tagged_u32(struct radius_req *q, uint8_t type, uint8_t tag, uint32_t value)
{
	if (tag > RADIUS_TAG_MAX || value > U24_MAX)
		req_fail(q, REASON_RADIUS_REQUEST);
	radius_req_u32(q, type, (uint32_t)tag << 24 | value);
}

void radius_req_password(struct radius_req *q, struct span password)
{
	size_t at = wr_len(&q->w);

	if (password.len > RADIUS_PASSWORD_MAX)
		req_fail(q, REASON_RADIUS_PASSWORD);
	if (q->password_at != RADIUS_NOWHERE)
		req_fail(q, REASON_RADIUS_REQUEST);
	if (!attr_head(q, RADIUS_USER_PASSWORD, password.len))
		return;
	wr_span(&q->w, password);
	q->password_at = (uint16_t)at;
}

void radius_req_chap(struct radius_req *q, uint8_t id, struct span response, struct span challenge)
{
	if (response.len != CRYPTO_MD5_LEN || !challenge.len)
		req_fail(q, REASON_RADIUS_REQUEST);
	if (attr_begin(q, RADIUS_CHAP_PASSWORD, 1 + response.len)) {
		wr_u8(&q->w, id);
		wr_span(&q->w, response);
	}
	radius_req_bytes(q, RADIUS_CHAP_CHALLENGE, challenge);
}

void radius_req_mschap2(struct radius_req *q, uint8_t id, struct span response,
			struct span challenge)
{
	uint8_t value[1 + MSCHAP2_LEN] = { id }; /* and Flags, which are 0 */

	if (response.len != MSCHAP2_LEN || challenge.len != 16) {
		req_fail(q, REASON_RADIUS_REQUEST);
		return;
	}
	memcpy(value + 2, response.p, MSCHAP2_LEN - 1);
	radius_req_vendor(q, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_CHAP_CHALLENGE, challenge);
	radius_req_vendor(q, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_CHAP2_RESPONSE,
			  span_of(value, sizeof(value)));
}

void radius_req_delay(struct radius_req *q, uint32_t seconds)
{
	size_t at = wr_len(&q->w);

	if (q->delay_at != RADIUS_NOWHERE)
		req_fail(q, REASON_RADIUS_REQUEST);
	if (!attr_head(q, RADIUS_ACCT_DELAY_TIME, 4))
		return;
	wr_u32(&q->w, seconds);
	q->delay_at = (uint16_t)at;
}

/* RFC 2865 5.2: the password is padded to blocks; each is encrypted by a hash of the secret and the
 * block before it, the first by one of the authenticator. */
static void hide_password(const struct radius_req_key *key, struct span clear, struct wr *w)
{
	size_t blocks = clear.len ? (clear.len + BLOCK - 1) / BLOCK : 1;
	struct span before = span_of(key->auth, RADIUS_AUTH_LEN);
	uint8_t mask[BLOCK];

	wr_u8(w, RADIUS_USER_PASSWORD);
	wr_u8(w, (uint8_t)(ATTR_HEADER + blocks * BLOCK));
	for (size_t at = 0; at < blocks * BLOCK; at += BLOCK) {
		const struct span parts[] = { key->secret, before };

		crypto_md5(mask, parts, 2);
		for (size_t i = 0; i < BLOCK && at + i < clear.len; i++)
			mask[i] ^= clear.p[at + i];
		wr_bytes(w, mask, BLOCK);
		before = span_of(w->p - BLOCK, BLOCK);
	}
	crypto_wipe(mask, sizeof(mask));
}

/* The attributes, with the password encrypted and the delay added. */
static void encode_attrs(const struct radius_req *q, const struct radius_req_key *key, struct wr *w)
{
	struct span attrs = wr_done(&q->w);
	struct rd r = rd_span(attrs);

	while (rd_left(&r)) {
		size_t at = (size_t)(r.p - attrs.p);
		const uint8_t *from = r.p;
		uint8_t type = rd_u8(&r), len = rd_u8(&r);
		struct span value = rd_bytes(&r, len - (size_t)ATTR_HEADER);
		uint32_t seconds;

		if (at == q->password_at) {
			hide_password(key, value, w);
		} else if (at == q->delay_at && radius_attr_u32(value, &seconds)) {
			wr_u8(w, type);
			wr_u8(w, len);
			wr_u32(w, UINT32_MAX - seconds < key->delay_s ? UINT32_MAX :
									seconds + key->delay_s);
		} else {
			wr_bytes(w, from, len);
		}
	}
}

/* RFC 2866 3: a hash with zeros in place of the authenticator, which are there. */
static void set_accounting_auth(struct span octets, uint8_t *at, struct span secret)
{
	const struct span parts[] = { octets, secret };
	uint8_t auth[CRYPTO_MD5_LEN];

	crypto_md5(auth, parts, 2);
	memcpy(at, auth, sizeof(auth));
}

int radius_req_encode(const struct radius_req *q, const struct radius_req_key *key, struct wr *w,
		      uint8_t ret_auth[RADIUS_AUTH_LEN])
{
	bool accounting = q->code == RADIUS_ACCOUNTING_REQUEST;
	size_t length_at, signature_at;
	uint8_t *auth;

	if (radius_req_fault(q) != REASON_NONE || wr_left(w) < RADIUS_PKT_MAX)
		return -EINVAL;
	wr_u8(w, q->code);
	wr_u8(w, key->id);
	length_at = wr_mark_u16(w);
	auth = w->p;
	if (accounting) {
		wr_zero(w, RADIUS_AUTH_LEN);
	} else {
		wr_bytes(w, key->auth, RADIUS_AUTH_LEN);
		wr_u8(w, RADIUS_MESSAGE_AUTHENTICATOR);
		wr_u8(w, ATTR_HEADER + RADIUS_AUTH_LEN);
	}
	signature_at = wr_len(w);
	if (!accounting)
		wr_zero(w, RADIUS_AUTH_LEN);
	encode_attrs(q, key, w);
	wr_patch_u16(w, length_at, (uint16_t)wr_len(w));
	if (accounting)
		set_accounting_auth(wr_done(w), auth, key->secret);
	else
		crypto_hmac_md5(w->start + signature_at, key->secret,
				(const struct span[]){ wr_done(w) }, 1);
	memcpy(ret_auth, auth, RADIUS_AUTH_LEN);
	return 0;
}
