/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnels and incoming calls, LAC side: RFC 2661 without hidden AVPs, with the peer's window and
 * without congestion control. Messages are kept in a ring until they are acknowledged. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* These must follow netinet/in.h of the C library. */
#include <netinet/in.h>

#include <linux/if_pppol2tp.h>
#include <linux/if_pppox.h>

#include "selftests/peer/zeload.h"

/* ---------------------------------------------------------------- control channel */

static void put_avp(struct msg *m, unsigned type, const void *value, size_t len)
{
	uint8_t *p = m->bytes + m->len;

	if (m->len + 6 + len > MSG_MAX)
		die("message too long");
	put16(p, 0x8000 | (unsigned)(6 + len));
	put16(p + 2, 0);
	put16(p + 4, type);
	if (len)
		memcpy(p + 6, value, len);
	m->len += 6 + len;
}

static void put_avp16(struct msg *m, unsigned type, unsigned v)
{
	uint8_t b[2];

	put16(b, v);
	put_avp(m, type, b, 2);
}

static void put_avp32(struct msg *m, unsigned type, uint32_t v)
{
	uint8_t b[4];

	put32(b, v);
	put_avp(m, type, b, 4);
}

static void xmit(struct tunnel *t, struct msg *m)
{
	put16(m->bytes + 10, t->nr);
	outbox_put(t->out, m->bytes, m->len);
	t->ack_due = false;
}

uint16_t outstanding(const struct tunnel *t)
{
	return (uint16_t)(t->ns - t->acked);
}

/* Begins the next message; returns NULL when the ring is full, and the caller tries again later. */
static struct msg *msg_new(struct tunnel *t, unsigned type, unsigned peer_sid)
{
	struct msg *m = &t->ring[t->ns % RING];

	if (outstanding(t) >= RING)
		return NULL;
	put16(m->bytes, 0xc802);
	put16(m->bytes + 4, t->peer_tid);
	put16(m->bytes + 6, peer_sid);
	put16(m->bytes + 8, t->ns);
	m->len = 12;
	m->begins = NULL;
	put_avp16(m, 0, type);
	return m;
}

static void begin_ppp(struct session *s);

/* Sends what the peer's window permits. */
static void push(struct tunnel *t)
{
	while (t->sent != t->ns && (uint16_t)(t->sent - t->acked) < t->window) {
		if (t->sent == t->acked) {
			t->resend_at = now_us() + RETRANSMIT_MS * 1000;
			t->tries = 0;
		}
		xmit(t, &t->ring[t->sent % RING]);
		if (t->ring[t->sent % RING].begins)
			begin_ppp(t->ring[t->sent % RING].begins);
		t->sent++;
	}
}

static void msg_send(struct tunnel *t, struct msg *m)
{
	put16(m->bytes + 2, (unsigned)m->len);
	t->ns++;
	push(t);
}

static void send_ack(struct tunnel *t)
{
	struct msg m = { .len = 12 };

	put16(m.bytes, 0xc802);
	put16(m.bytes + 2, 12);
	put16(m.bytes + 4, t->peer_tid);
	put16(m.bytes + 8, t->ns);
	xmit(t, &m);
}

void send_sccrq(struct tunnel *t)
{
	struct msg *m = msg_new(t, SCCRQ, 0);

	put_avp16(m, 2, 0x0100);
	put_avp32(m, 3, 3);
	put_avp(m, 7, opt.host, strlen(opt.host));
	put_avp16(m, 9, t->tid);
	put_avp16(m, 10, 32);
	if (opt.secret)
		put_avp(m, 11, t->challenge, sizeof(t->challenge));
	t->state = T_WAIT_REPLY;
	msg_send(t, m);
}

void send_stopccn(struct tunnel *t)
{
	struct msg *m = msg_new(t, STOPCCN, 0);

	if (!m)
		return;
	put_avp16(m, 9, t->tid);
	put_avp16(m, 1, 6); /* requester is being shut down */
	msg_send(t, m);
}

bool send_icrq(struct session *s)
{
	struct msg *m = outstanding(s->t) < RING / 2 ? msg_new(s->t, ICRQ, 0) : NULL;

	if (!m)
		return false; /* the other half of the ring is for ICCN and StopCCN */
	put_avp16(m, 14, s->sid);
	put_avp32(m, 15, (uint32_t)s->sid);
	msg_send(s->t, m);
	return true;
}

/* What the LAC has negotiated with the subscriber, and its answer when it was asked for the login:
 * RFC 2661 4.4.5. */
static void put_proxy(struct msg *m, struct session *s)
{
	uint8_t mine[16] = { 3 }, theirs[16], challenge[16], secret[SECRET_MAX];
	size_t n = 2 + opt.auth->option_len, theirs_len = lcp_options(s, theirs);
	bool pap = get16(opt.auth->option) == PAP;
	char user[256];

	mine[1] = (uint8_t)n;
	memcpy(mine + 2, opt.auth->option, opt.auth->option_len);
	memcpy(mine + n, (const uint8_t[]){ 5, 6, 0x2a, 0 }, 4);
	put16(mine + n + 4, s->sid);
	put_avp(m, 26, theirs, theirs_len);
	put_avp(m, 27, mine, n + 6);
	put_avp(m, 28, theirs, theirs_len);
	put_avp16(m, 29, pap ? 3 : 2);
	put_avp(m, 30, user, user_of(s, user));
	fill_random(challenge, sizeof(challenge));
	if (!pap)
		put_avp(m, 31, challenge, sizeof(challenge));
	put_avp16(m, 32, PROXY_ID);
	put_avp(m, 33, secret, opt.auth->secret(s, challenge, secret));
}

static void send_iccn(struct session *s)
{
	struct msg *m = msg_new(s->t, ICCN, s->peer_sid);

	if (!m)
		return; /* the call then times out */
	put_avp32(m, 24, 100000000);
	put_avp32(m, 19, 1);
	if (opt.sequence)
		put_avp(m, 39, NULL, 0);
	if (opt.proxy)
		put_proxy(m, s);
	m->begins = s;
	msg_send(s->t, m);
}

static void tunnel_fail(struct tunnel *t, const char *why)
{
	if (t->state == T_DEAD)
		return;
	fprintf(stderr, "zeload: tunnel %u ended: %s\n", t->tid, why);
	t->state = T_DEAD;
	t->acked = t->sent = t->ns;
	for (int i = 0; i < world.session_count; i++)
		if (world.sessions[i].t == t)
			session_fail(&world.sessions[i], why);
}

/* ---------------------------------------------------------------- pppd instead of our own PPP */

static int pppox_connect(const struct tunnel *t, uint16_t sid, uint16_t peer_sid)
{
	struct sockaddr_pppol2tp a = { .sa_family = AF_PPPOX, .sa_protocol = PX_PROTO_OL2TP };
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int fd = socket(AF_PPPOX, SOCK_DGRAM | (sid ? 0 : SOCK_CLOEXEC), PX_PROTO_OL2TP);

	if (fd < 0)
		die("PPPoL2TP socket: %s", strerror(errno));
	a.pppol2tp.fd = t->fd;
	if (getpeername(t->fd, (struct sockaddr *)&peer, &len) < 0)
		die("getpeername: %s", strerror(errno));
	a.pppol2tp.addr = peer;
	a.pppol2tp.s_tunnel = t->tid;
	a.pppol2tp.d_tunnel = t->peer_tid;
	a.pppol2tp.s_session = sid;
	a.pppol2tp.d_session = peer_sid;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("PPPoL2TP connect: %s", strerror(errno));
	return fd;
}

static void start_pppd(struct session *s)
{
	char fd_text[16], log[64];
	int fd;

	outbox_flush(s->t->out);
	if (s->t->pppox < 0)
		s->t->pppox = pppox_connect(s->t, 0, 0);
	fd = pppox_connect(s->t, s->sid, s->peer_sid);
	s->pppd = fork();
	if (s->pppd == 0) {
		snprintf(fd_text, sizeof(fd_text), "%d", fd);
		snprintf(log, sizeof(log), "/run/zeload-%u-%u.log", s->t->tid, s->sid);
		execlp("pppd", "pppd", "plugin", "pppol2tp.so", "pppol2tp", fd_text, "nodetach",
		       "logfile", log, "file", opt.pppd, NULL);
		_exit(127);
	}
	close(fd);
	session_up(s);
}

/* Not before the ICCN, which may wait for room in the window: the LNS drops earlier frames. */
static void begin_ppp(struct session *s)
{
	if (opt.pppd)
		start_pppd(s);
	else
		ppp_start(s);
}

/* ---------------------------------------------------------------- received control messages */

struct avps { /* values of the AVPs that are used, NULL when absent */
	const uint8_t *v[40];
	size_t len[40];
};

static bool parse_avps(const uint8_t *p, size_t len, struct avps *ret)
{
	memset(ret, 0, sizeof(*ret));
	while (len >= 6) {
		size_t n = get16(p) & 0x3ff;
		unsigned type = get16(p + 4);

		if (n < 6 || n > len)
			return false;
		if (get16(p + 2) == 0 && type < 40) {
			ret->v[type] = p + 6;
			ret->len[type] = n - 6;
		}
		p += n;
		len -= n;
	}
	return len == 0;
}

static void on_sccrp(struct tunnel *t, const struct avps *a)
{
	uint8_t digest[16];
	struct msg *m;

	if (t->state != T_WAIT_REPLY || !a->v[9])
		return;
	t->peer_tid = get16(a->v[9]);
	if (a->v[10] && get16(a->v[10]) > 0)
		t->window = get16(a->v[10]) < RING / 2 ? get16(a->v[10]) : RING / 2;
	if (opt.secret) {
		md5_3(SCCRP, opt.secret, t->challenge, sizeof(t->challenge), digest);
		if (!a->v[13] || a->len[13] != 16 || memcmp(a->v[13], digest, 16) != 0) {
			send_stopccn(t);
			tunnel_fail(t, "wrong challenge response");
			return;
		}
	}
	m = msg_new(t, SCCCN, 0);
	if (a->v[11]) {
		md5_3(SCCCN, opt.secret ? opt.secret : "", a->v[11], a->len[11], digest);
		put_avp(m, 13, digest, 16);
	}
	t->state = T_UP;
	msg_send(t, m);
}

struct session *session_by_sid(const struct tunnel *t, uint16_t sid)
{
	/* Ids are assigned consecutively, so the id is the index. */
	if (sid < 1 || sid > world.session_count || world.sessions[sid - 1].t != t)
		return NULL;
	return &world.sessions[sid - 1];
}

static void on_icrp(struct session *s, const struct avps *a)
{
	if (s->state != S_CALL || !a->v[14])
		return;
	s->peer_sid = get16(a->v[14]);
	s->state = S_PPP;
	s->retry_at = INT64_MAX;
	send_iccn(s);
}

static void on_message(struct tunnel *t, uint16_t sid, const uint8_t *p, size_t len)
{
	struct session *s = session_by_sid(t, sid);
	struct avps a;
	char why[64];
	unsigned code;

	if (!parse_avps(p, len, &a) || !a.v[0]) {
		tunnel_fail(t, "malformed message");
		return;
	}
	code = a.v[1] && a.len[1] >= 2 ? get16(a.v[1]) : 0;
	switch (get16(a.v[0])) {
	case SCCRP:
		on_sccrp(t, &a);
		break;
	case STOPCCN:
		snprintf(why, sizeof(why), "StopCCN, result %u", code);
		send_ack(t);
		tunnel_fail(t, why);
		break;
	case ICRP:
		if (s)
			on_icrp(s, &a);
		break;
	case CDN:
		snprintf(why, sizeof(why), "CDN, result %u", code);
		if (s)
			session_fail(s, why);
		break;
	default: /* a HELLO needs its acknowledgement only */
		break;
	}
}

static void on_control(struct tunnel *t, const uint8_t *p, size_t len)
{
	uint16_t ns, nr;

	if (len < 12 || get16(p + 2) < 12 || get16(p + 2) > len)
		return;
	len = get16(p + 2);
	ns = get16(p + 8);
	nr = get16(p + 10);
	if ((uint16_t)(nr - t->acked) <= (uint16_t)(t->sent - t->acked) && nr != t->acked) {
		t->acked = nr;
		t->tries = 0;
		t->resend_at = now_us() + RETRANSMIT_MS * 1000;
	}
	push(t);
	if (len == 12)
		return;
	t->ack_due = true;
	if (ns != t->nr)
		return; /* a duplicate, or a message after a gap, which is sent again */
	t->nr++;
	on_message(t, get16(p + 6), p + 12, len - 12);
}

void on_datagram(uint8_t *p, size_t len)
{
	size_t tid_at = len < 2 ? 0 : 2 + (get16(p) & 0x4000 ? 2 : 0);
	uint16_t tid;

	if (len < 6 || (get16(p) & 0xf) != 2 || len < tid_at + 2)
		return;
	tid = get16(p + tid_at);
	if (tid < 1 || tid > opt.tunnels)
		return;
	if (get16(p) & 0x8000)
		on_control(&world.tunnels[tid - 1], p, len);
	else
		on_data(&world.tunnels[tid - 1], p, len);
}

void tunnel_timer(struct tunnel *t, int64_t now)
{
	if (t->ack_due)
		send_ack(t);
	if (t->sent == t->acked || now < t->resend_at)
		return;
	if (++t->tries > RETRANSMIT_MAX) {
		tunnel_fail(t, "no answer");
		return;
	}
	t->resend_at = now + (int64_t)RETRANSMIT_MS * 1000 * (t->tries < 4 ? 1 << t->tries : 8);
	xmit(t, &t->ring[t->acked % RING]);
}
