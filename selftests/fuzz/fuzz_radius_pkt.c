/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input is a datagram of a server, and then a program that builds a request. Checked: what the
 * parser accepts has its limits, a walk over it ends and agrees with a search, no reply is authentic
 * for a secret that did not make it, a decrypted password stays inside its value. A profile made of
 * the attributes, and changed by them, has values that a subscriber can have. A request without
 * a fault is a packet that the parser takes, signed by us, the same for the same key; one with a
 * fault gives no octet.
 */
#include <stdlib.h>
#include <string.h>

#include "aaa/radius_pkt.h"
#include "aaa/radius_profile.h"
#include "aaa/radius_rate.h"
#include "aaa/radius_req.h"
#include "selftests/fuzz/fuzz.h"

#define SECRET "radsecret"

static const uint8_t req_auth[RADIUS_AUTH_LEN] = { 0, 1, 2,  3,	 4,  5,	 6,  7,
						   8, 9, 10, 11, 12, 13, 14, 15 };

static bool within(struct span inner, struct span outer)
{
	return !inner.len || (inner.p >= outer.p && inner.p + inner.len <= outer.p + outer.len);
}

static void read_value(struct span value)
{
	const struct radius_seal seal = { .secret = span_of(SECRET, 9), .auth = req_auth };
	uint8_t buf[RADIUS_VALUE_MAX], tag;
	struct span got;
	uint32_t n;

	CHECK(radius_attr_u32(value, &n) == (value.len == 4));
	if (radius_tagged_u32(value, &tag, &n))
		CHECK(tag <= RADIUS_TAG_MAX && n <= 0xffffff);
	radius_tagged_text(value, &tag, &got);
	CHECK(tag <= RADIUS_TAG_MAX && within(got, value));
	if (radius_tunnel_password(&seal, value, buf, &tag, &got))
		CHECK(tag <= RADIUS_TAG_MAX && within(got, span_of(buf, value.len - 3)));
}

static void read_attrs(struct span attrs)
{
	struct radius_walk w = radius_walk(attrs);
	struct radius_attr a;
	struct span v;
	uint16_t error;
	size_t n = 0;

	while (radius_walk_next(&w, &a)) {
		CHECK(n++ < RADIUS_PKT_MAX / 2);
		CHECK(a.value.len <= RADIUS_VALUE_MAX && within(a.value, attrs));
		CHECK(radius_attr_find(attrs, a.vendor, a.type, &v) && within(v, attrs));
		read_value(a.value);
	}
	CHECK(w.skipped <= attrs.len / 2);
	if (radius_mschap2_success(attrs, &v))
		CHECK(v.len >= 42 && within(v, attrs));
	if (radius_mschap_error(attrs, &v, &error))
		CHECK(error && v.len && within(v, attrs));
}

static bool rate_ok(uint64_t bps)
{
	return !bps || bps >= RADIUS_RATE_MIN;
}

static void check_profile(const struct profile *p)
{
	CHECK(!p->has_address || !ze_ip4_no_host(p->address, p->address));
	CHECK(!p->mtu || p->mtu >= RADIUS_MTU_MIN);
	CHECK(!p->interim_s || p->interim_s >= RADIUS_INTERIM_MIN);
	CHECK(p->interim_s <= RADIUS_INTERIM_MAX && p->netmask <= 32);
	CHECK(rate_ok(p->down_bps) && rate_ok(p->up_bps) && *p->user);
	for (unsigned key = 0; key < PROFILE_KEY__COUNT; key++) {
		struct profile_route route;
		struct span v;
		unsigned n = 0;

		for (; profile_get(p, key, n, &v); n++) {
			CHECK(v.len && v.len <= RADIUS_VALUE_MAX);
			if (key == PROFILE_ROUTE || key == PROFILE_ROUTE6)
				CHECK(profile_get_route(p, key, n, &route) && route.dst.len);
		}
		CHECK(n <= 64 && (!n || profile_source(p, key) != PROFILE_DEFAULT));
	}
}

static void read_profile(struct span attrs)
{
	struct profile *base = profile_new(span_of("alice", 5)), *p, *changed;
	struct radius_report rep;
	struct radius_finding finding;

	if (radius_profile_accept(attrs, base, &p, &rep) == REASON_NONE) {
		check_profile(p);
		if (radius_profile_change(attrs, p, &changed, &finding) == REASON_NONE) {
			check_profile(changed);
			profile_free(changed);
		} else {
			CHECK(finding.name);
		}
		profile_free(p);
	}
	CHECK(rep.n_findings <= RADIUS_FINDINGS && rep.n_findings <= rep.unusable + rep.unapplied);
	profile_free(base);
}

static void read_datagram(struct span datagram)
{
	struct radius_pkt p = { .id = 77 };
	int err = radius_pkt_parse(datagram, &p);

	if (err < 0) {
		CHECK(-err < REASON__COUNT && p.id == 77);
		return;
	}
	CHECK(p.octets.p == datagram.p && p.octets.len <= datagram.len);
	CHECK(p.octets.len >= RADIUS_HEADER_LEN && p.octets.len <= RADIUS_PKT_MAX);
	CHECK(p.attrs.len == p.octets.len - RADIUS_HEADER_LEN);
	CHECK(!p.signature || within(span_of(p.signature, RADIUS_AUTH_LEN), p.attrs));
	CHECK(radius_pkt_check(&p, p.auth, span_of("never used to sign", 18)) < 0);
	(void)radius_pkt_check(&p, req_auth, span_of(SECRET, 9));
	read_attrs(p.attrs);
	read_profile(p.attrs);
}

static void build(struct radius_req *q, struct rd *r)
{
	uint8_t what = rd_u8(r), type = rd_u8(r);
	struct span value = rd_bytes(r, rd_u8(r));

	switch (what % 9) {
	case 0:
		radius_req_u32(q, type, (uint32_t)value.len << 24 | what);
		break;
	case 1:
		radius_req_vendor(q, what * 0x01010101u, type, value);
		break;
	case 2:
		radius_req_tagged(q, type, what & 0x3f, value);
		break;
	case 3:
		radius_req_tagged_u32(q, type, what & 0x3f, (uint32_t)value.len << 17);
		break;
	case 4:
		radius_req_password(q, value);
		break;
	case 5:
		radius_req_chap(q, type, span_of(value.p, value.len < 16 ? value.len : 16), value);
		break;
	case 6:
		radius_req_mschap2(q, type, value, span_of(req_auth, 16));
		break;
	case 7:
		radius_req_delay(q, (uint32_t)type << 24);
		break;
	default:
		radius_req_bytes(q, type, value);
		break;
	}
}

static size_t encode(const struct radius_req *q, uint8_t *out, uint8_t *ret_auth)
{
	const struct radius_req_key key = {
		.secret = span_of(SECRET, 9), .id = 7, .auth = req_auth, .delay_s = 1000
	};
	struct wr w = wr_init(out, RADIUS_PKT_MAX);

	CHECK((radius_req_encode(q, &key, &w, ret_auth) == 0) ==
	      (radius_req_fault(q) == REASON_NONE));
	CHECK(!w.bad);
	return wr_len(&w);
}

static void check_request(const struct radius_req *q)
{
	static uint8_t one[RADIUS_PKT_MAX], two[RADIUS_PKT_MAX];
	uint8_t auth[RADIUS_AUTH_LEN], mac[RADIUS_AUTH_LEN];
	size_t len = encode(q, one, auth);
	struct radius_pkt p;

	if (radius_req_fault(q) != REASON_NONE) {
		CHECK(!len);
		return;
	}
	CHECK(encode(q, two, auth) == len && memcmp(one, two, len) == 0);
	CHECK(radius_pkt_parse(span_of(one, len), &p) == 0 && p.octets.len == len);
	CHECK(memcmp(p.auth, auth, sizeof(auth)) == 0);
	CHECK((p.signature == NULL) == (q->code == RADIUS_ACCOUNTING_REQUEST));
	if (p.signature) {
		CHECK(p.signature == p.attrs.p + 2);
		radius_pkt_sign(p.octets, p.signature, p.auth, span_of(SECRET, 9), mac);
		CHECK(memcmp(mac, p.signature, sizeof(mac)) == 0);
	}
	read_attrs(p.attrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t codes[] = { RADIUS_ACCESS_REQUEST, RADIUS_ACCOUNTING_REQUEST,
					 RADIUS_STATUS_SERVER };
	static uint8_t buf[RADIUS_REQ_MAX];
	struct rd r = rd_init(data, size);
	struct radius_req q;

	read_datagram(span_of(data, size));
	rd_skip(&r, size >= RADIUS_HEADER_LEN ? RADIUS_HEADER_LEN : 0);
	radius_req_init(&q, codes[rd_u8(&r) % 3], buf, sizeof(buf));
	while (rd_left(&r))
		build(&q, &r);
	check_request(&q);
	return 0;
}
