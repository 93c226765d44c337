/* SPDX-License-Identifier: BSD-2-Clause */
/* Traffic of which every packet is accounted for. Each subscriber in turn sends numbered UDP
 * packets to the reflector, which returns them with the number of packets that it has received
 * from that subscriber. So losses are known per direction, and a packet that comes back on
 * another subscriber's session is detected by the session number that it contains. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "selftests/peer/zeload.h"

#define IP_LEN	  20
#define UDP_LEN	  8
#define FROM_PORT 40000
#define QUIET_US  500000  /* after the last packet came back */
#define GRACE_US  3000000 /* after the last was sent, whatever arrives */
#define TURN_MAX  256	  /* packets sent before the sockets are read again */

static struct flow_result result;
static uint32_t to_addr, run;
static uint16_t to_port;
static int64_t began, last_back, sent_all;
volatile sig_atomic_t flow_enough;
static int turn_of;

void flow_open(void)
{
	char host[64];
	const char *colon = strchr(opt.to, ':');
	struct in_addr a;
	char *end = NULL;
	long port = colon ? strtol(colon + 1, &end, 10) : 7;
	size_t len = colon ? (size_t)(colon - opt.to) : strlen(opt.to);

	if (len >= sizeof(host) || port < 1 || port > 65535 || (end && *end))
		die("--to %s: not an IPv4 address and port", opt.to);
	memcpy(host, opt.to, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &a) != 1)
		die("--to %s: not an IPv4 address and port", opt.to);
	to_addr = ntohl(a.s_addr);
	to_port = (uint16_t)port;
	/* Different from that of any earlier zeload: the reflector distinguishes them by it. */
	if (getrandom(&run, sizeof(run), 0) != sizeof(run))
		die("no random numbers");
}

const struct flow_result *flow_result(void)
{
	return &result;
}

/* ---------------------------------------------------------------- numbers and sums */

bool track_note(struct track *t, uint32_t number, bool *late)
{
	uint32_t back = t->next - 1 - number;

	*late = t->count && number < t->next;
	if (!*late) {
		uint32_t ahead = t->count ? number + 1 - t->next : 1;

		t->seen = ahead < 64 ? t->seen << ahead | 1 : 1;
		t->next = number + 1;
		t->count++;
		return true;
	}
	if (back < 64) { /* an older one may be a duplicate, and counts as one */
		if (t->seen & 1ull << back)
			return false;
		t->seen |= 1ull << back;
		t->count++;
		return true;
	}
	return false;
}

/* FNV-1a by words: finds what UDP's own checksum misses, such as swapped octets. */
uint32_t flow_sum(const uint8_t *p, size_t len)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (size_t i = FLOW_AT_SESSION; i + 4 <= len; i += i == FLOW_AT_NUMBER ? 12 : 4)
		if (i != FLOW_AT_SUM)
			h = (h ^ get32(p + i)) * 0x100000001b3ull;
	for (size_t i = len & ~(size_t)3; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3ull;
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t add_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; p += 2, len -= 2)
		sum += get16(p);
	return len ? sum + (uint32_t)(*p << 8) : sum;
}

static uint16_t folded(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint16_t udp_sum(const uint8_t *ip, size_t udp_len)
{
	return folded(
		add_words(add_words(17 + (uint32_t)udp_len, ip + 12, 8), ip + IP_LEN, udp_len));
}

/* ---------------------------------------------------------------- there */

static void fill_payload(uint8_t *p, size_t len, const struct session *s, int64_t now)
{
	put32(p + FLOW_AT_MAGIC, FLOW_MAGIC);
	put32(p + FLOW_AT_RUN, run);
	put32(p + FLOW_AT_SESSION, s->sid);
	put32(p + FLOW_AT_NUMBER, s->flow_sent);
	put32(p + FLOW_AT_FAR, 0);
	put32(p + FLOW_AT_FAR_BAD, 0);
	put32(p + FLOW_AT_TIME, (uint32_t)((uint64_t)now >> 32));
	put32(p + FLOW_AT_TIME + 4, (uint32_t)now);
	for (size_t i = FLOW_HEAD; i < len; i++)
		p[i] = (uint8_t)(i + s->flow_sent);
	put32(p + FLOW_AT_SUM, flow_sum(p, len));
}

static void send_one(struct session *s, int64_t now)
{
	uint8_t *p = outbox_room(s->t->out), *proto = data_head(s, p);
	uint8_t *ip = proto + 2, *udp = ip + IP_LEN;
	size_t len = (size_t)opt.size, udp_len = len - IP_LEN;
	uint16_t sum;

	put16(proto, 0x0021);
	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	ip[8] = 64;
	ip[9] = 17;
	put16(ip + 2, (unsigned)len);
	put32(ip + 12, s->addr);
	put32(ip + 16, to_addr);
	put16(ip + 10, folded(add_words(0, ip, IP_LEN)));
	put16(udp, FROM_PORT);
	put16(udp + 2, to_port);
	put16(udp + 4, (unsigned)udp_len);
	put16(udp + 6, 0);
	fill_payload(udp + UDP_LEN, udp_len - UDP_LEN, s, now);
	sum = udp_sum(ip, udp_len);
	put16(udp + 6, sum ? sum : 0xffff);
	outbox_put(s->t->out, p, (size_t)(ip - p) + len);
	s->flow_sent++;
	result.sent++;
}

static struct session *next_sender(void)
{
	for (int i = 0; i < world.session_count; i++) {
		struct session *s = &world.sessions[turn_of++ % world.session_count];

		if (s->state == S_UP && s->addr)
			return s;
	}
	return NULL;
}

void flow_turn(int64_t now)
{
	int64_t due;

	if (!began)
		began = now;
	if (flow_enough || now - began >= (int64_t)opt.duration * 1000000) {
		if (!sent_all)
			sent_all = now;
		return;
	}
	due = (now - began) * opt.pps / 1000000 + 1 - (int64_t)result.sent;
	for (int i = 0; i < due && i < TURN_MAX; i++) {
		struct session *s = next_sender();

		if (!s)
			return;
		send_one(s, now);
	}
}

/* ---------------------------------------------------------------- and back */

static bool intact(const uint8_t *ip, size_t len)
{
	return get16(ip + 2) == len && folded(add_words(0, ip, IP_LEN)) == 0 &&
	       get16(ip + IP_LEN + 4) == len - IP_LEN && udp_sum(ip, len - IP_LEN) == 0 &&
	       flow_sum(ip + IP_LEN + UDP_LEN, len - IP_LEN - UDP_LEN) ==
		       get32(ip + IP_LEN + UDP_LEN + FLOW_AT_SUM);
}

static bool is_flow(const uint8_t *ip, size_t len)
{
	return len >= IP_LEN + UDP_LEN + FLOW_HEAD && ip[0] == 0x45 && ip[9] == 17 &&
	       get32(ip + 12) == to_addr && get16(ip + IP_LEN) == to_port;
}

static void accept_one(struct session *s, const uint8_t *p, int64_t now)
{
	int64_t then =
		(int64_t)((uint64_t)get32(p + FLOW_AT_TIME) << 32 | get32(p + FLOW_AT_TIME + 4));
	bool late;

	last_back = now;
	if (get32(p + FLOW_AT_NUMBER) >= s->flow_sent) {
		result.corrupt++;
		return;
	}
	if (!track_note(&s->back, get32(p + FLOW_AT_NUMBER), &late)) {
		result.duplicated++;
		return;
	}
	result.back++;
	result.reordered += late;
	hist_add(&result.rtt, now - then);
	if (get32(p + FLOW_AT_FAR) > s->far_count)
		s->far_count = get32(p + FLOW_AT_FAR);
	if (get32(p + FLOW_AT_FAR_BAD) > s->far_bad)
		s->far_bad = get32(p + FLOW_AT_FAR_BAD);
}

bool flow_input(struct session *s, const uint8_t *ip, size_t len)
{
	const uint8_t *p = ip + IP_LEN + UDP_LEN;

	if (!is_flow(ip, len))
		return false;
	if (!intact(ip, len) || get32(p + FLOW_AT_MAGIC) != FLOW_MAGIC)
		result.corrupt++;
	else if (get32(p + FLOW_AT_RUN) != run)
		say("a packet of another run");
	else if (get32(p + FLOW_AT_SESSION) != s->sid || get32(ip + 16) != s->addr)
		result.astray++;
	else
		accept_one(s, p, now_us());
	return true;
}

/* Packets that did not come back, and what the reflector had received of them. Its last reports
 * may be among the lost: then the end of a burst counts as lost upstream. */
static void settle(void)
{
	result.seconds = (double)(sent_all - began) / 1e6;
	for (int i = 0; i < world.session_count; i++) {
		const struct session *s = &world.sessions[i];
		uint32_t there = s->far_count + s->far_bad;

		result.corrupt += s->far_bad;
		result.lost_up += s->flow_sent > there ? s->flow_sent - there : 0;
		result.lost_down += s->far_count > s->back.count ? s->far_count - s->back.count : 0;
	}
}

bool flow_over(void)
{
	int64_t now = now_us(), quiet_since = last_back > sent_all ? last_back : sent_all;

	if (!sent_all)
		return false;
	if (result.back < result.sent && now - quiet_since < QUIET_US && now - sent_all < GRACE_US)
		return false;
	settle();
	return true;
}
