/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_pkt.h"

#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/base/crypto.h"

#define VENDOR_HEADER  4 /* octets of a Vendor-Specific value before the vendor's attributes */
#define SALT_LEN       2
#define BLOCK	       CRYPTO_MD5_LEN
#define MSCHAP_REFUSED 691 /* RFC 2759 6: authentication failure */
#define MSCHAP2_TEXT   42  /* octets of "S=" and 40 hex digits */

static const uint8_t no_auth[RADIUS_AUTH_LEN];

/* Reads one attribute. False when its length is wrong. */
static bool attr_read(struct rd *r, uint8_t *ret_type, struct span *ret_value)
{
	uint8_t len;

	*ret_type = rd_u8(r);
	len = rd_u8(r);
	*ret_value = rd_bytes(r, len < 2 ? SIZE_MAX : len - 2u);
	return !r->bad;
}

/* Walks all attributes, so that later walks cannot fail, and finds the signature. */
static int check_attrs(struct radius_pkt *p)
{
	struct rd r = rd_span(p->attrs);

	while (rd_left(&r)) {
		struct span value;
		uint8_t type;

		if (!attr_read(&r, &type, &value))
			return -REASON_RADIUS_ATTR_LEN;
		if (type != RADIUS_MESSAGE_AUTHENTICATOR)
			continue;
		if (value.len != RADIUS_AUTH_LEN || p->signature)
			return -REASON_RADIUS_SIGNATURE;
		p->signature = value.p;
	}
	return 0;
}

int radius_pkt_parse(struct span datagram, struct radius_pkt *ret)
{
	struct rd r = rd_span(datagram);
	struct radius_pkt p = { .code = rd_u8(&r) };
	uint16_t len;
	int err;

	p.id = rd_u8(&r);
	len = rd_u16(&r);
	p.auth = rd_bytes(&r, RADIUS_AUTH_LEN).p;
	if (r.bad)
		return -REASON_RADIUS_SHORT;
	if (len < RADIUS_HEADER_LEN || len > datagram.len || datagram.len > RADIUS_PKT_MAX)
		return -REASON_RADIUS_LENGTH;
	p.octets = span_of(datagram.p, len);
	p.attrs = rd_bytes(&r, len - (size_t)RADIUS_HEADER_LEN);
	err = check_attrs(&p);
	if (err < 0)
		return err;
	*ret = p;
	return 0;
}

void radius_pkt_sign(struct span octets, const uint8_t *signature, const uint8_t *auth,
		     struct span secret, uint8_t ret[RADIUS_AUTH_LEN])
{
	size_t at = (size_t)(signature - octets.p), after = at + RADIUS_AUTH_LEN;
	const struct span parts[] = {
		span_of(octets.p, 4),
		span_of(auth, RADIUS_AUTH_LEN),
		span_of(octets.p + RADIUS_HEADER_LEN, at - RADIUS_HEADER_LEN),
		span_of(no_auth, sizeof(no_auth)),
		span_of(octets.p + after, octets.len - after),
	};

	crypto_hmac_md5(ret, secret, parts, ZE_ARRAY_SIZE(parts));
}

static bool signed_with(const struct radius_pkt *p, const uint8_t *auth, struct span secret)
{
	uint8_t want[RADIUS_AUTH_LEN];

	radius_pkt_sign(p->octets, p->signature, auth, secret, want);
	return crypto_equal(want, p->signature, sizeof(want));
}

static bool signature_ok(const struct radius_pkt *p, const uint8_t *request_auth,
			 struct span secret)
{
	return signed_with(p, request_auth, secret) ||
	       (p->code == RADIUS_ACCOUNTING_RESPONSE && signed_with(p, no_auth, secret));
}

int radius_pkt_check(const struct radius_pkt *p, const uint8_t request_auth[RADIUS_AUTH_LEN],
		     struct span secret)
{
	const struct span parts[] = {
		span_of(p->octets.p, 4),
		span_of(request_auth, RADIUS_AUTH_LEN),
		p->attrs,
		secret,
	};
	uint8_t want[RADIUS_AUTH_LEN];

	crypto_md5(want, parts, ZE_ARRAY_SIZE(parts));
	if (!crypto_equal(want, p->auth, sizeof(want)))
		return -REASON_REPLY_AUTHENTICATOR;
	if (p->signature && !signature_ok(p, request_auth, secret))
		return -REASON_RADIUS_SIGNATURE;
	return 0;
}

struct radius_walk radius_walk(struct span attrs)
{
	return (struct radius_walk){ .packet = rd_span(attrs) };
}

/* True when the value is a vendor's number and attributes that fill the rest. */
static bool vendor_value_ok(struct span value)
{
	struct rd r = rd_span(value);
	struct span inner;
	uint8_t type;

	rd_skip(&r, VENDOR_HEADER);
	if (r.bad || !rd_left(&r))
		return false;
	while (rd_left(&r))
		if (!attr_read(&r, &type, &inner))
			return false;
	return true;
}

bool radius_walk_next(struct radius_walk *w, struct radius_attr *ret)
{
	struct radius_attr a = { .vendor = w->vendor };

	if (rd_left(&w->vendor_attrs) && attr_read(&w->vendor_attrs, &a.type, &a.value)) {
		*ret = a;
		return true;
	}
	w->vendor = a.vendor = RADIUS_VENDOR_NONE;
	while (rd_left(&w->packet) && attr_read(&w->packet, &a.type, &a.value)) {
		if (a.type != RADIUS_VENDOR_SPECIFIC) {
			*ret = a;
			return true;
		}
		if (!vendor_value_ok(a.value)) {
			w->skipped++;
			continue;
		}
		w->vendor_attrs = rd_span(a.value);
		w->vendor = rd_u32(&w->vendor_attrs);
		return radius_walk_next(w, ret);
	}
	return false;
}

bool radius_attr_find(struct span attrs, uint32_t vendor, uint8_t type, struct span *ret)
{
	struct radius_walk w = radius_walk(attrs);
	struct radius_attr a;

	while (radius_walk_next(&w, &a)) {
		if (a.vendor == vendor && a.type == type) {
			*ret = a.value;
			return true;
		}
	}
	return false;
}

bool radius_attr_u32(struct span value, uint32_t *ret)
{
	struct rd r = rd_span(value);

	if (value.len != 4)
		return false;
	*ret = rd_u32(&r);
	return true;
}

bool radius_tagged_u32(struct span value, uint8_t *ret_tag, uint32_t *ret)
{
	uint32_t v;

	if (!radius_attr_u32(value, &v))
		return false;
	/* RFC 2868 3.1: a Tag outside 1 to 31 is ignored; it is not part of the number. */
	*ret_tag = v >> 24 <= RADIUS_TAG_MAX ? (uint8_t)(v >> 24) : 0;
	*ret = v & 0xffffff;
	return true;
}

void radius_tagged_text(struct span value, uint8_t *ret_tag, struct span *ret)
{
	bool tagged = value.len && value.p[0] <= RADIUS_TAG_MAX;

	*ret_tag = tagged ? value.p[0] : 0;
	*ret = tagged ? span_of(value.p + 1, value.len - 1) : value;
}

/* RFC 2868 3.5: each block is encrypted by a hash of the secret and the block before it, the first
 * by one of the authenticator and the salt. */
static void tunnel_decrypt(const struct radius_seal *s, struct span salt, struct span in,
			   uint8_t *out)
{
	uint8_t key[BLOCK];

	for (size_t at = 0; at < in.len; at += BLOCK) {
		const struct span first[] = { s->secret, span_of(s->auth, RADIUS_AUTH_LEN), salt };
		const struct span next[] = { s->secret,
					     span_of(in.p + at - (at ? BLOCK : 0), BLOCK) };

		crypto_md5(key, at ? next : first, at ? 2 : 3);
		for (size_t i = 0; i < BLOCK; i++)
			out[at + i] = in.p[at + i] ^ key[i];
	}
	crypto_wipe(key, sizeof(key));
}

bool radius_tunnel_password(const struct radius_seal *s, struct span value,
			    uint8_t buf[RADIUS_VALUE_MAX], uint8_t *ret_tag, struct span *ret)
{
	struct rd r = rd_span(value);
	uint8_t tag = rd_u8(&r);
	struct span salt = rd_bytes(&r, SALT_LEN), hidden = rd_rest(&r);

	if (r.bad || !hidden.len || hidden.len % BLOCK || hidden.len > RADIUS_VALUE_MAX)
		return false;
	tunnel_decrypt(s, salt, hidden, buf);
	if (buf[0] > hidden.len - 1) {
		crypto_wipe(buf, hidden.len);
		return false;
	}
	*ret_tag = tag <= RADIUS_TAG_MAX ? tag : 0;
	*ret = span_of(buf + 1, buf[0]);
	return true;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* The value of a Microsoft attribute without its first octet, Ident. */
static bool mschap_text(struct span attrs, uint8_t type, struct span *ret)
{
	struct span v;

	if (!radius_attr_find(attrs, RADIUS_VENDOR_MICROSOFT, type, &v) || v.len < 2)
		return false;
	*ret = span_of(v.p + 1, v.len - 1);
	return true;
}

bool radius_mschap2_success(struct span attrs, struct span *ret)
{
	struct span text;

	if (!mschap_text(attrs, RADIUS_MS_CHAP2_SUCCESS, &text) || text.len < MSCHAP2_TEXT ||
	    memcmp(text.p, "S=", 2) != 0)
		return false;
	for (size_t i = 2; i < MSCHAP2_TEXT; i++)
		if (!is_hex(text.p[i]))
			return false;
	*ret = text;
	return true;
}

bool radius_mschap_error(struct span attrs, struct span *ret_text, uint16_t *ret_error)
{
	struct span text;
	uint32_t n = 0;
	size_t i = 2;

	if (!mschap_text(attrs, RADIUS_MS_CHAP_ERROR, &text))
		return false;
	if (text.len > 2 && memcmp(text.p, "E=", 2) == 0)
		for (; i < text.len && i < 8 && text.p[i] >= '0' && text.p[i] <= '9'; i++)
			n = n * 10 + (text.p[i] - (uint32_t)'0');
	*ret_text = text;
	*ret_error = n && n <= UINT16_MAX ? (uint16_t)n : MSCHAP_REFUSED;
	return true;
}
