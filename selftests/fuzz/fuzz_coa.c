/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The input drives the receiver of CoA and Disconnect requests: datagrams, some of which get right
 * authenticators, from clients and from others, with time passing. Checked: an answer is a packet
 * with right authenticators for its request, an ACK means that everything was done and a NAK that
 * nothing was, a repeated request gets the same octets and does nothing, and a datagram without an
 * answer does nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aaa/profile.h"
#include "aaa/radius_coa.h"
#include "daemon/base/crypto.h"
#include "selftests/fuzz/fuzz.h"

#define SECRET	 "radsecret"
#define SESSIONS 3

static const char *const users[SESSIONS] = { "alice", "alice", "bob" };

struct run {
	struct profile *profile[SESSIONS];
	unsigned found, checks, done; /* by one request */
	bool full, stuck;	      /* what check() and may_end() say about the last session */
	bool noted;
};

static struct run u;

static size_t on_find(void *self, const struct radius_who *who, uint64_t *ret_ids, size_t max)
{
	struct span user = who->text[RADIUS_WHO_USER];

	(void)self;
	u.found = 0;
	for (unsigned i = 0; i < SESSIONS && u.found < max; i++) {
		if (user.len && !span_eq(user, span_str(users[i])))
			continue;
		if (!who->has_port || who->port == i)
			ret_ids[u.found++] = i;
	}
	return u.found;
}

static const struct profile *on_profile(void *self, uint64_t id)
{
	(void)self;
	CHECK(id < SESSIONS);
	return u.profile[id];
}

static int on_check(void *self, uint64_t id, const struct profile *p)
{
	(void)self;
	CHECK(id < SESSIONS && p && !u.done);
	u.checks++;
	return u.full && id == SESSIONS - 1 ? -ENOBUFS : 0;
}

static void on_apply(void *self, uint64_t id, struct profile *p, const char *client)
{
	(void)self;
	CHECK(id < SESSIONS && *client && u.checks == u.found);
	profile_free(u.profile[id]);
	u.profile[id] = p;
	u.done++;
}

static bool on_may_end(void *self, uint64_t id)
{
	(void)self;
	CHECK(id < SESSIONS && !u.done);
	return !(u.stuck && id == SESSIONS - 1);
}

static void on_end(void *self, uint64_t id, const char *client, struct span text)
{
	(void)self;
	CHECK(id < SESSIONS && *client && text.len <= RADIUS_VALUE_MAX);
	u.done++;
}

static void on_note(void *self, const struct radius_coa_note *n)
{
	(void)self;
	CHECK(n->cause == RADIUS_CAUSE_NONE || !u.done);
	u.noted = true;
}

static const struct radius_coa_ops ops = { .find = on_find,
					   .profile = on_profile,
					   .check = on_check,
					   .apply = on_apply,
					   .may_end = on_may_end,
					   .end = on_end,
					   .note = on_note };

/* Makes the authenticators of a request right. */
static void sign(uint8_t *p, size_t len)
{
	struct radius_pkt pkt;
	uint8_t digest[RADIUS_AUTH_LEN];

	if (len < RADIUS_HEADER_LEN)
		return;
	p[0] = p[0] & 1 ? RADIUS_COA_REQUEST : RADIUS_DISCONNECT_REQUEST;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	memset(p + 4, 0, RADIUS_AUTH_LEN);
	if (radius_pkt_parse(span_of(p, len), &pkt) < 0)
		return;
	if (pkt.signature) {
		radius_pkt_sign(pkt.octets, pkt.signature, p + 4, span_of(SECRET, 9), digest);
		memcpy(p + (pkt.signature - p), digest, sizeof(digest));
	}
	crypto_md5(digest, (const struct span[]){ span_of(p, len), span_of(SECRET, 9) }, 2);
	memcpy(p + 4, digest, sizeof(digest));
}

static size_t deliver(struct radius_coa *c, const struct radius_coa_arrival *a, uint8_t *out)
{
	struct wr w = wr_init(out, RADIUS_PKT_MAX);
	enum reason why;

	u.found = u.checks = u.done = 0;
	u.noted = false;
	why = radius_coa_input(c, a, &w);
	CHECK(why < REASON__COUNT && !w.bad && (why == REASON_NONE) == (wr_len(&w) > 0));
	CHECK(why == REASON_NONE || !(u.done + u.checks + u.noted));
	return wr_len(&w);
}

static void check_answer(struct span request, struct span reply)
{
	bool coa = request.p[0] == RADIUS_COA_REQUEST;
	struct radius_pkt p;
	struct span v;
	uint32_t cause;

	CHECK(radius_pkt_parse(reply, &p) == 0 && p.octets.len == reply.len);
	CHECK(radius_pkt_check(&p, request.p + 4, span_of(SECRET, 9)) == 0);
	CHECK(p.id == request.p[1]);
	if (p.code == (coa ? RADIUS_COA_ACK : RADIUS_DISCONNECT_ACK)) {
		CHECK(!radius_attr_find(p.attrs, 0, 101, &v));
		CHECK(!u.noted || u.done == u.found || (coa && !u.done && !u.checks));
		return;
	}
	CHECK(p.code == (coa ? RADIUS_COA_NAK : RADIUS_DISCONNECT_NAK) && !u.done);
	CHECK(radius_attr_find(p.attrs, 0, 101, &v) && radius_attr_u32(v, &cause));
	CHECK(cause >= 401 && cause <= 508);
}

static void step(struct radius_coa *c, struct rd *r, ze_ns *now)
{
	static uint8_t request[RADIUS_PKT_MAX], one[RADIUS_PKT_MAX], two[RADIUS_PKT_MAX];
	uint8_t how = rd_u8(r);
	struct span body = rd_bytes(r, rd_u8(r) + (how & 1 ? 256u * rd_u8(r) : 0));
	struct ze_addr from = { .family = 4, .port = 4000, .ip = { 192, 0, 2, how & 2 ? 11 : 10 } };
	struct radius_coa_arrival a = { .from = &from, .wall = 1700000000 };
	size_t len, again;

	if (body.len > sizeof(request))
		body.len = sizeof(request);
	if (body.len)
		memcpy(request, body.p, body.len);
	if (how & 4)
		sign(request, body.len);
	u.full = how & 8;
	u.stuck = how & 16;
	*now += ZE_SEC(how >> 5) * 20;
	a.now = *now;
	a.datagram = span_of(request, body.len);
	len = deliver(c, &a, one);
	if (!len)
		return;
	CHECK(!(how & 2));
	check_answer(a.datagram, span_of(one, len));
	again = deliver(c, &a, two);
	CHECK(again == len && memcmp(one, two, len) == 0);
	CHECK(!u.done && !u.checks && !u.noted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct radius_coa_client client = { .name = "one",
					    .addr = { .family = 4, .ip = { 192, 0, 2, 10 } },
					    .secret = span_of(SECRET, 9) };
	struct radius_coa_cfg cfg = { .clients = &client,
				      .n_clients = 1,
				      .nas_identifier = span_of("lns1", 4) };
	struct rd r = rd_init(data, size);
	uint8_t flags = rd_u8(&r);
	struct radius_coa *c;
	ze_ns now = 0;

	cfg.require_timestamp = flags & 1;
	cfg.require_signature = flags & 2;
	memset(&u, 0, sizeof(u));
	for (unsigned i = 0; i < SESSIONS; i++)
		u.profile[i] = profile_new(span_str(users[i]));
	c = radius_coa_new(&cfg, &ops, NULL);
	CHECK(c);
	while (rd_left(&r))
		step(c, &r, &now);
	radius_coa_free(c);
	for (unsigned i = 0; i < SESSIONS; i++)
		profile_free(u.profile[i]);
	return 0;
}
