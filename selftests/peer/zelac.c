/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zelac: a LAC with many PPP clients behind it, for load and for cases xl2tpd cannot make.
 *
 * N tunnels of M sessions each; a session is up when its peer has acknowledged, and been
 * acknowledged, in LCP, authentication and every wanted NCP. It shares no code with the daemon on
 * purpose: a mistake made twice in different words is seen, one made once in a shared file is not.
 * RFC 2661 (incoming calls, LAC side), 1661, 1334, 1994, 1332, 1877, 5072. No hidden AVPs, no
 * sequenced data, no congestion window beyond the peer's receive window.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/if_pppol2tp.h>
#include <linux/if_pppox.h>
#include <netdb.h>
#include <nettle/md5.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_TUNNELS    256
#define MAX_SESSIONS   60000
#define RING	       64 /* unacknowledged control messages of a tunnel, at most */
#define MSG_MAX	       512
#define RETRANSMIT_MS  1000
#define RETRANSMIT_MAX 8
#define PPP_RETRY_MS   3000

enum {
	SCCRQ = 1,
	SCCRP,
	SCCCN,
	STOPCCN,
	HELLO = 6,
	ICRQ = 10,
	ICRP,
	ICCN,
	CDN = 14
};
enum {
	LCP = 0xc021,
	PAP = 0xc023,
	CHAP = 0xc223,
	IPCP = 0x8021,
	IPV6CP = 0x8057
};
enum {
	CONF_REQ = 1,
	CONF_ACK,
	CONF_NAK,
	CONF_REJ,
	TERM_REQ,
	TERM_ACK,
	PROTO_REJ = 8,
	ECHO_REQ,
	ECHO_REP
};

static struct {
	const char *peer, *port, *secret, *user, *password, *host, *json, *pppd;
	int tunnels, sessions, window, rate, hold, timeout_s, auth;
	bool shared_socket, no_ipv4, no_ipv6, abandon, verbose;
} opt = {
	.port = "1701",
	.user = "alice",
	.password = "hunter2",
	.host = "zelac",
	.tunnels = 1,
	.sessions = 1,
	.window = 32,
	.timeout_s = 60,
	.auth = CHAP,
};

struct msg {
	uint8_t bytes[MSG_MAX];
	size_t len;
};

enum tunnel_state {
	T_IDLE,
	T_WAIT_REPLY,
	T_UP,
	T_DEAD
};
struct tunnel {
	int fd, pppox;
	uint16_t tid, peer_tid, ns, nr, acked, window; /* acked: the oldest unacknowledged Ns */
	enum tunnel_state state;
	struct msg ring[RING];
	uint16_t sent; /* next Ns to put on the wire for the first time */
	bool ack_due;
	int64_t resend_at;
	int tries;
	uint8_t challenge[16];
	int waiting; /* sessions queued behind the window */
};

enum ncp {
	N_LCP,
	N_IPCP,
	N_IPV6CP,
	N_COUNT
};
struct cp {
	uint16_t proto;
	bool wanted, mine_acked, theirs_acked;
	uint8_t id, rejected; /* bit per option type that the peer rejected */
};

enum sess_state {
	S_IDLE,
	S_CALL,
	S_PPP,
	S_UP,
	S_FAILED,
	S_ENDED
};
struct session {
	struct tunnel *t;
	uint16_t sid, peer_sid, auth;
	enum sess_state state;
	struct cp cp[N_COUNT];
	bool authed;
	uint32_t magic, addr, dns[2];
	uint8_t ifid[8];
	int64_t started, up, retry_at;
	pid_t pppd;
};

static struct tunnel *tunnels;
static struct session *sessions;
static int session_count, started, in_progress, up_count, failed_count, ended_count;
static volatile sig_atomic_t interrupted;

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	va_list ap;

	if (!opt.verbose)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	fputs("zelac: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/* ---------------------------------------------------------------- bytes */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void md5_3(uint8_t id, const char *secret, const uint8_t *tail, size_t tail_len,
		  uint8_t ret[16])
{
	struct md5_ctx c;

	md5_init(&c);
	md5_update(&c, 1, &id);
	md5_update(&c, strlen(secret), (const uint8_t *)secret);
	md5_update(&c, tail_len, tail);
	md5_digest(&c, 16, ret);
}

/* ---------------------------------------------------------------- control channel */

static void put_avp(struct msg *m, unsigned type, const void *value, size_t len)
{
	uint8_t *p = m->bytes + m->len;

	if (m->len + 6 + len > MSG_MAX)
		die("message too long");
	put16(p, 0x8000 | (unsigned)(6 + len));
	put16(p + 2, 0);
	put16(p + 4, type);
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
	if (send(t->fd, m->bytes, m->len, 0) < 0 && errno != EAGAIN && errno != ECONNREFUSED)
		say("send: %s", strerror(errno));
	t->ack_due = false;
}

static uint16_t outstanding(const struct tunnel *t)
{
	return (uint16_t)(t->ns - t->acked);
}

/* Start the next message; NULL when the ring is full, the caller comes again later. */
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
	put_avp16(m, 0, type);
	return m;
}

/* Put on the wire what the peer's window allows. */
static void push(struct tunnel *t)
{
	while (t->sent != t->ns && (uint16_t)(t->sent - t->acked) < t->window) {
		if (t->sent == t->acked) {
			t->resend_at = now_us() + RETRANSMIT_MS * 1000;
			t->tries = 0;
		}
		xmit(t, &t->ring[t->sent % RING]);
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

static void send_sccrq(struct tunnel *t)
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

static void send_stopccn(struct tunnel *t)
{
	struct msg *m = msg_new(t, STOPCCN, 0);

	if (!m)
		return;
	put_avp16(m, 9, t->tid);
	put_avp16(m, 1, 6); /* requester is being shut down */
	msg_send(t, m);
}

static bool send_icrq(struct session *s)
{
	struct msg *m = outstanding(s->t) < RING / 2 ? msg_new(s->t, ICRQ, 0) : NULL;

	if (!m)
		return false; /* the other half of the ring is for ICCN and StopCCN */
	put_avp16(m, 14, s->sid);
	put_avp32(m, 15, (uint32_t)s->sid);
	msg_send(s->t, m);
	return true;
}

static void send_iccn(struct session *s)
{
	struct msg *m = msg_new(s->t, ICCN, s->peer_sid);

	if (!m)
		return; /* the call then times out */
	put_avp32(m, 24, 100000000);
	put_avp32(m, 19, 1);
	msg_send(s->t, m);
}

/* ---------------------------------------------------------------- sessions */

static void session_fail(struct session *s, const char *why)
{
	if (s->state == S_FAILED || s->state == S_ENDED)
		return;
	if (s->state == S_UP) {
		s->state = S_ENDED;
		ended_count++;
		say("session %u ended: %s", s->sid, why);
		return;
	}
	if (s->state != S_IDLE)
		in_progress--;
	else
		started++;
	s->state = S_FAILED;
	failed_count++;
	fprintf(stderr, "zelac: session %u of tunnel %u failed: %s\n", s->sid, s->t->tid, why);
}

static void tunnel_fail(struct tunnel *t, const char *why)
{
	if (t->state == T_DEAD)
		return;
	fprintf(stderr, "zelac: tunnel %u ended: %s\n", t->tid, why);
	t->state = T_DEAD;
	t->acked = t->sent = t->ns;
	for (int i = 0; i < session_count; i++)
		if (sessions[i].t == t)
			session_fail(&sessions[i], why);
}

static void session_up(struct session *s)
{
	s->state = S_UP;
	s->up = now_us();
	in_progress--;
	up_count++;
}

static void check_up(struct session *s)
{
	for (int i = 0; i < N_COUNT; i++)
		if (s->cp[i].wanted && !(s->cp[i].mine_acked && s->cp[i].theirs_acked))
			return;
	if (s->state == S_PPP && s->authed)
		session_up(s);
}

/* ---------------------------------------------------------------- PPP */

static void send_ppp(struct session *s, unsigned proto, const uint8_t *body, size_t len)
{
	uint8_t b[1600];

	put16(b, 0x0002);
	put16(b + 2, s->t->peer_tid);
	put16(b + 4, s->peer_sid);
	put16(b + 6, 0xff03);
	put16(b + 8, proto);
	memcpy(b + 10, body, len);
	if (send(s->t->fd, b, 10 + len, 0) < 0 && errno != EAGAIN && errno != ECONNREFUSED)
		say("send: %s", strerror(errno));
}

struct body {
	uint8_t b[1500];
	size_t len;
};

static void put_opt(struct body *o, unsigned type, const void *value, size_t len)
{
	o->b[o->len] = (uint8_t)type;
	o->b[o->len + 1] = (uint8_t)(len + 2);
	memcpy(o->b + o->len + 2, value, len);
	o->len += len + 2;
}

static void send_code(struct session *s, unsigned proto, const uint8_t head[2],
		      const struct body *o)
{
	uint8_t b[1504] = { head[0], head[1] };

	put16(b + 2, (unsigned)(4 + o->len));
	memcpy(b + 4, o->b, o->len);
	send_ppp(s, proto, b, 4 + o->len);
}

static bool rejected(const struct cp *c, unsigned slot)
{
	return c->rejected & 1u << slot;
}

/* Option types to a bit number: LCP 1, 5 and IPCP 3, 129, 131 and IPv6CP 1 stay apart. */
static unsigned slot_of(unsigned type)
{
	return type == 129 ? 6 : type == 131 ? 7 : type < 6 ? type : 0;
}

static void send_conf_req(struct session *s, enum ncp n)
{
	struct cp *c = &s->cp[n];
	struct body o = { .len = 0 };
	uint8_t v[4];

	c->id++;
	if (n == N_LCP) {
		put16(v, 1450);
		if (!rejected(c, 1))
			put_opt(&o, 1, v, 2);
		put32(v, s->magic);
		if (!rejected(c, 5))
			put_opt(&o, 5, v, 4);
	} else if (n == N_IPCP) {
		put32(v, s->addr);
		put_opt(&o, 3, v, 4);
		for (int i = 0; i < 2; i++) {
			put32(v, s->dns[i]);
			if (!rejected(c, 6 + (unsigned)i))
				put_opt(&o, i ? 131 : 129, v, 4);
		}
	} else {
		put_opt(&o, 1, s->ifid, 8);
	}
	send_code(s, c->proto, (const uint8_t[]){ CONF_REQ, c->id }, &o);
}

static void send_pap(struct session *s)
{
	struct body o = { .len = 0 };
	size_t u = strlen(opt.user), p = strlen(opt.password);

	o.b[0] = (uint8_t)u;
	memcpy(o.b + 1, opt.user, u);
	o.b[1 + u] = (uint8_t)p;
	memcpy(o.b + 2 + u, opt.password, p);
	o.len = 2 + u + p;
	send_code(s, PAP, (const uint8_t[]){ 1, 1 }, &o);
}

static void start_ncps(struct session *s)
{
	s->authed = true;
	for (int i = N_IPCP; i < N_COUNT; i++)
		if (s->cp[i].wanted)
			send_conf_req(s, (enum ncp)i);
	check_up(s);
}

static void lcp_maybe_open(struct session *s)
{
	const struct cp *c = &s->cp[N_LCP];

	if (!c->mine_acked || !c->theirs_acked || s->authed)
		return;
	if (s->auth == PAP)
		send_pap(s);
	else if (s->auth == 0)
		start_ncps(s);
}

/* What we say to one option the peer asks for: CONF_ACK, CONF_NAK or CONF_REJ. */
static unsigned judge(struct session *s, enum ncp n, const uint8_t *o)
{
	if (n == N_IPCP)
		return o[0] == 3 && o[1] == 6 ? CONF_ACK : CONF_REJ;
	if (n == N_IPV6CP)
		return o[0] == 1 && o[1] == 10 ? CONF_ACK : CONF_REJ;
	switch (o[0]) {
	case 1: /* MRU */
	case 2: /* ACCM */
	case 5: /* magic number */
		return CONF_ACK;
	case 3:
		if (o[1] >= 4 && get16(o + 2) == opt.auth && (opt.auth == PAP || o[4] == 5)) {
			s->auth = (uint16_t)opt.auth;
			return CONF_ACK;
		}
		return CONF_NAK;
	default:
		return CONF_REJ;
	}
}

static void on_conf_req(struct session *s, enum ncp n, const uint8_t *p, size_t len)
{
	static const uint8_t want_chap[] = { CHAP >> 8, CHAP & 0xff, 5 };
	struct body answer[CONF_REJ + 1] = { 0 };
	unsigned worst = CONF_ACK;

	for (size_t i = 4; i < len; i += p[i + 1]) {
		if (i + 2 > len || p[i + 1] < 2 || i + p[i + 1] > len)
			return;
		unsigned v = judge(s, n, p + i);

		if (v == CONF_NAK)
			put_opt(&answer[v], 3,
				opt.auth == CHAP ? want_chap : (const uint8_t[]){ 0xc0, 0x23 },
				opt.auth == CHAP ? 3 : 2);
		else
			put_opt(&answer[v], p[i], p + i + 2, p[i + 1] - 2u);
		worst = v > worst ? v : worst;
	}
	send_code(s, s->cp[n].proto, (const uint8_t[]){ (uint8_t)worst, p[1] }, &answer[worst]);
	s->cp[n].theirs_acked = worst == CONF_ACK;
}

static void take_nak(struct session *s, enum ncp n, const uint8_t *o)
{
	if (n == N_IPCP && o[1] == 6) {
		if (o[0] == 3)
			s->addr = get32(o + 2);
		else if (o[0] == 129 || o[0] == 131)
			s->dns[o[0] == 131] = get32(o + 2);
	} else if (n == N_IPV6CP && o[0] == 1 && o[1] == 10) {
		memcpy(s->ifid, o + 2, 8);
	}
}

static void on_nak_or_rej(struct session *s, enum ncp n, const uint8_t *p, size_t len)
{
	for (size_t i = 4; i + 2 <= len && p[i + 1] >= 2 && i + p[i + 1] <= len; i += p[i + 1]) {
		if (p[0] == CONF_NAK)
			take_nak(s, n, p + i);
		else
			s->cp[n].rejected |= (uint8_t)(1u << slot_of(p[i]));
	}
	send_conf_req(s, n);
}

static void on_echo(struct session *s, const uint8_t *p, size_t len)
{
	struct body o = { .len = len - 4 };

	if (len < 8)
		return;
	memcpy(o.b, p + 4, o.len);
	put32(o.b, s->magic);
	send_code(s, LCP, (const uint8_t[]){ ECHO_REP, p[1] }, &o);
}

static void on_cp(struct session *s, enum ncp n, const uint8_t *p, size_t len)
{
	struct cp *c = &s->cp[n];

	switch (p[0]) {
	case CONF_REQ:
		on_conf_req(s, n, p, len);
		break;
	case CONF_ACK:
		c->mine_acked = c->mine_acked || p[1] == c->id;
		break;
	case CONF_NAK:
	case CONF_REJ:
		if (p[1] == c->id)
			on_nak_or_rej(s, n, p, len);
		break;
	case TERM_REQ:
		send_code(s, c->proto, (const uint8_t[]){ TERM_ACK, p[1] }, &(struct body){ 0 });
		if (n == N_LCP)
			session_fail(s, "LCP terminated by the peer");
		break;
	case PROTO_REJ:
		session_fail(s, "Protocol-Reject");
		break;
	case ECHO_REQ:
		if (n == N_LCP)
			on_echo(s, p, len);
		break;
	default:
		break;
	}
	if (n == N_LCP)
		lcp_maybe_open(s);
	check_up(s);
}

static void on_chap(struct session *s, const uint8_t *p, size_t len)
{
	struct body o = { .len = 17 };

	if (p[0] == 1 && len >= 5 && 5u + p[4] <= len) {
		o.b[0] = 16;
		md5_3(p[1], opt.password, p + 5, p[4], o.b + 1);
		memcpy(o.b + 17, opt.user, strlen(opt.user));
		o.len += strlen(opt.user);
		send_code(s, CHAP, (const uint8_t[]){ 2, p[1] }, &o);
	} else if (p[0] == 3 && !s->authed) {
		start_ncps(s);
	} else if (p[0] == 4) {
		session_fail(s, "CHAP failure");
	}
}

static void on_pap(struct session *s, const uint8_t *p)
{
	if (p[0] == 2 && !s->authed)
		start_ncps(s);
	else if (p[0] == 3)
		session_fail(s, "PAP nak");
}

static void on_ppp(struct session *s, const uint8_t *p, size_t len)
{
	struct body o = { .len = len };
	unsigned proto;

	if (len >= 2 && get16(p) == 0xff03)
		p += 2, len -= 2;
	if (len < 6)
		return;
	proto = get16(p);
	p += 2, len -= 2;
	if (get16(p + 2) < 4 || get16(p + 2) > len)
		return;
	len = get16(p + 2); /* RFC 1661 5: octets beyond Length are padding */
	for (int i = 0; i < N_COUNT; i++)
		if (s->cp[i].proto == proto && s->cp[i].wanted) {
			on_cp(s, (enum ncp)i, p, len);
			return;
		}
	if (proto == CHAP) {
		on_chap(s, p, len);
	} else if (proto == PAP) {
		on_pap(s, p);
	} else if (proto >= 0x8000) { /* not a data protocol: RFC 1661 5.7 */
		put16(o.b, proto);
		memcpy(o.b + 2, p, len);
		o.len = 2 + len;
		send_code(s, LCP, (const uint8_t[]){ PROTO_REJ, ++s->cp[N_LCP].id }, &o);
	}
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

	if (s->t->pppox < 0)
		s->t->pppox = pppox_connect(s->t, 0, 0);
	fd = pppox_connect(s->t, s->sid, s->peer_sid);
	s->pppd = fork();
	if (s->pppd == 0) {
		snprintf(fd_text, sizeof(fd_text), "%d", fd);
		snprintf(log, sizeof(log), "/run/zelac-%u-%u.log", s->t->tid, s->sid);
		execlp("pppd", "pppd", "plugin", "pppol2tp.so", "pppol2tp", fd_text, "nodetach",
		       "logfile", log, "file", opt.pppd, NULL);
		_exit(127);
	}
	close(fd);
	session_up(s);
}

static void reap(void)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (int i = 0; i < session_count; i++)
			if (sessions[i].pppd == pid) {
				sessions[i].pppd = 0;
				session_fail(&sessions[i], "pppd ended");
			}
}

/* ---------------------------------------------------------------- received control messages */

struct avps { /* values of the AVPs we care for, NULL when absent */
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

static struct session *session_by_sid(const struct tunnel *t, uint16_t sid)
{
	/* Ids are given out in one run, so the id is the index. */
	if (sid < 1 || sid > session_count || sessions[sid - 1].t != t)
		return NULL;
	return &sessions[sid - 1];
}

static void on_icrp(struct session *s, const struct avps *a)
{
	if (s->state != S_CALL || !a->v[14])
		return;
	s->peer_sid = get16(a->v[14]);
	send_iccn(s);
	s->state = S_PPP;
	if (opt.pppd) {
		start_pppd(s);
		return;
	}
	send_conf_req(s, N_LCP);
	s->retry_at = now_us() + PPP_RETRY_MS * 1000;
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
	default: /* HELLO wants no more than its acknowledgement */
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
		return; /* a duplicate, or one from beyond a gap: it comes again */
	t->nr++;
	on_message(t, get16(p + 6), p + 12, len - 12);
}

static void on_data(struct tunnel *t, const uint8_t *p, size_t len)
{
	unsigned flags = get16(p);
	size_t off = 2 + (flags & 0x4000 ? 2 : 0);
	struct session *s;

	if (off + 4 > len)
		return;
	s = session_by_sid(t, get16(p + off + 2));
	off += 4 + (flags & 0x0800 ? 4 : 0);
	if (flags & 0x0200 && off + 2 <= len)
		off += 2u + get16(p + off);
	if (s && off < len && (s->state == S_PPP || s->state == S_UP))
		on_ppp(s, p + off, len - off);
}

static void receive(int fd)
{
	uint8_t b[2048];
	ssize_t n;

	while ((n = recv(fd, b, sizeof(b), MSG_DONTWAIT)) >= 0) {
		size_t tid_at = 2 + (get16(b) & 0x4000 ? 2 : 0);
		uint16_t tid;

		if (n < 6 || (get16(b) & 0xf) != 2 || (size_t)n < tid_at + 2)
			continue;
		tid = get16(b + tid_at);
		if (tid < 1 || tid > opt.tunnels)
			continue;
		if (get16(b) & 0x8000)
			on_control(&tunnels[tid - 1], b, (size_t)n);
		else
			on_data(&tunnels[tid - 1], b, (size_t)n);
	}
	if (errno == ECONNREFUSED)
		say("connection refused");
}

/* ---------------------------------------------------------------- timers and the loop */

static void tunnel_timer(struct tunnel *t, int64_t now)
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

static void session_timer(struct session *s, int64_t now)
{
	if (s->state == S_CALL || s->state == S_PPP) {
		if (now - s->started > (int64_t)opt.timeout_s * 1000000) {
			session_fail(s, s->state == S_CALL ? "no ICRP" : "PPP timeout");
			return;
		}
	}
	if (s->state != S_PPP || now < s->retry_at)
		return;
	s->retry_at = now + PPP_RETRY_MS * 1000;
	if (!s->cp[N_LCP].mine_acked)
		send_conf_req(s, N_LCP);
	else if (!s->authed && s->auth == PAP)
		send_pap(s);
	for (int i = N_IPCP; s->authed && i < N_COUNT; i++)
		if (s->cp[i].wanted && !s->cp[i].mine_acked)
			send_conf_req(s, (enum ncp)i);
}

/* Begin calls while the window, the rate and the tunnels allow. */
static void start_sessions(int64_t begin, int64_t now)
{
	for (int i = 0; i < session_count && started < session_count; i++) {
		struct session *s = &sessions[i];

		if (in_progress >= opt.window ||
		    (opt.rate && started >= (now - begin) * opt.rate / 1000000 + 1))
			return;
		if (s->state != S_IDLE || s->t->state != T_UP || !send_icrq(s))
			continue;
		s->state = S_CALL;
		s->started = now;
		started++;
		in_progress++;
	}
}

static bool all_settled(void)
{
	return up_count + failed_count >= session_count;
}

static void turn(int64_t begin, struct pollfd *fds, nfds_t nfds)
{
	static int64_t swept;
	int64_t now;

	if (poll(fds, nfds, 20) > 0)
		for (nfds_t i = 0; i < nfds; i++)
			if (fds[i].revents)
				receive(fds[i].fd);
	now = now_us();
	for (int i = 0; i < opt.tunnels; i++)
		tunnel_timer(&tunnels[i], now);
	start_sessions(begin, now);
	if (now - swept < 100000)
		return;
	swept = now;
	for (int i = 0; i < session_count; i++)
		session_timer(&sessions[i], now);
	reap();
}

/* ---------------------------------------------------------------- report */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int by_addr(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int distinct_addresses(void)
{
	uint32_t *addrs = calloc((size_t)session_count, sizeof(*addrs));
	int n = 0, distinct = 0;

	for (int i = 0; i < session_count; i++)
		if (sessions[i].addr)
			addrs[n++] = sessions[i].addr;
	qsort(addrs, (size_t)n, sizeof(*addrs), by_addr);
	for (int i = 0; i < n; i++)
		distinct += i == 0 || addrs[i] != addrs[i - 1];
	free(addrs);
	return distinct;
}

static void report(double seconds)
{
	double *ms = calloc((size_t)session_count + 1, sizeof(*ms));
	double rate = seconds > 0 ? up_count / seconds : 0;
	int n = 0, addrs = distinct_addresses();
	FILE *f;

	for (int i = 0; i < session_count; i++)
		if (sessions[i].up)
			ms[n++] = (double)(sessions[i].up - sessions[i].started) / 1000;
	qsort(ms, (size_t)n, sizeof(*ms), by_value);
#define PCT(p) (n ? ms[(n - 1) * (p) / 100] : 0)
	printf("%d sessions in %d tunnels: %d up, %d failed, %d addresses, %.2f s, %.1f a second\n",
	       session_count, opt.tunnels, up_count, failed_count, addrs, seconds, rate);
	printf("set-up time ms: p50 %.1f  p90 %.1f  p99 %.1f  max %.1f\n", PCT(50), PCT(90),
	       PCT(99), PCT(100));
	fflush(stdout);
	f = opt.json ? fopen(opt.json, "w") : NULL;
	if (opt.json && !f)
		die("%s: %s", opt.json, strerror(errno));
	if (f) {
		fprintf(f,
			"{\"sessions\":%d,\"tunnels\":%d,\"up\":%d,\"failed\":%d,\"addresses\":%d,"
			"\"seconds\":%.3f,\"rate\":%.2f,\"latency-ms\":{\"p50\":%.1f,\"p90\":%.1f,"
			"\"p99\":%.1f,\"max\":%.1f}}\n",
			session_count, opt.tunnels, up_count, failed_count, addrs, seconds, rate,
			PCT(50), PCT(90), PCT(99), PCT(100));
		fclose(f);
	}
	free(ms);
}

/* ---------------------------------------------------------------- set-up */

static int udp_socket(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM }, *ai;
	int size = 4 << 20, fd, r;

	r = getaddrinfo(opt.peer, opt.port, &hints, &ai);
	if (r)
		die("%s: %s", opt.peer, gai_strerror(r));
	fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		die("%s: %s", opt.peer, strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	freeaddrinfo(ai);
	return fd;
}

static void fill_random(void *p, size_t len)
{
	if (getrandom(p, len, 0) != (ssize_t)len)
		die("getrandom: %s", strerror(errno));
}

static void create(void)
{
	tunnels = calloc((size_t)opt.tunnels, sizeof(*tunnels));
	session_count = opt.tunnels * opt.sessions;
	sessions = calloc((size_t)session_count, sizeof(*sessions));
	if (!tunnels || !sessions)
		die("out of memory");
	for (int i = 0; i < opt.tunnels; i++) {
		struct tunnel *t = &tunnels[i];

		t->fd = i && opt.shared_socket ? tunnels[0].fd : udp_socket();
		t->pppox = -1;
		t->tid = (uint16_t)(i + 1);
		t->window = 4; /* RFC 2661 4.4.3: until told otherwise */
		fill_random(t->challenge, sizeof(t->challenge));
		send_sccrq(t);
	}
	for (int i = 0; i < session_count; i++) {
		struct session *s = &sessions[i];

		s->t = &tunnels[i % opt.tunnels];
		s->sid = (uint16_t)(i + 1);
		s->cp[N_LCP] = (struct cp){ .proto = LCP, .wanted = true };
		s->cp[N_IPCP] = (struct cp){ .proto = IPCP, .wanted = !opt.no_ipv4 };
		s->cp[N_IPV6CP] = (struct cp){ .proto = IPV6CP, .wanted = !opt.no_ipv6 };
		fill_random(&s->magic, sizeof(s->magic));
		fill_random(s->ifid, sizeof(s->ifid));
	}
}

static void on_signal(int number)
{
	interrupted = number;
}

__attribute__((noreturn)) static void usage(FILE *f, int rc)
{
	fputs("usage: zelac [options] PEER\n"
	      "  -t, --tunnels N         tunnels (1)\n"
	      "  -s, --sessions M        sessions in each tunnel (1)\n"
	      "  -w, --window W          sessions being set up at once (32)\n"
	      "  -r, --rate R            sessions started a second (0: as the window allows)\n"
	      "  -S, --secret TEXT       tunnel secret: challenge the peer and answer it\n"
	      "  -u, --user NAME, -p, --password TEXT\n"
	      "  -a, --auth pap|chap     the method we accept (chap)\n"
	      "      --no-ipv4, --no-ipv6   leave IPCP or IPv6CP out\n"
	      "      --shared-socket     all tunnels from one address and port\n"
	      "      --pppd FILE         kernel data plane and pppd with these options (root)\n"
	      "      --hold SECS         stay up after the report\n"
	      "      --abandon           end without StopCCN, as if killed\n"
	      "      --timeout SECS      for one session (60)\n"
	      "      --port P, --host NAME, --json FILE, -v\n"
	      "Exit code 0 when every session came up and stayed up.\n",
	      f);
	exit(rc);
}

enum {
	O_NO4 = 256,
	O_NO6,
	O_SHARED,
	O_PPPD,
	O_HOLD,
	O_ABANDON,
	O_TIMEOUT,
	O_PORT,
	O_HOST,
	O_JSON
};
static const struct option longopts[] = {
	{ "tunnels", 1, 0, 't' },
	{ "sessions", 1, 0, 's' },
	{ "window", 1, 0, 'w' },
	{ "rate", 1, 0, 'r' },
	{ "secret", 1, 0, 'S' },
	{ "user", 1, 0, 'u' },
	{ "password", 1, 0, 'p' },
	{ "auth", 1, 0, 'a' },
	{ "no-ipv4", 0, 0, O_NO4 },
	{ "no-ipv6", 0, 0, O_NO6 },
	{ "pppd", 1, 0, O_PPPD },
	{ "hold", 1, 0, O_HOLD },
	{ "shared-socket", 0, 0, O_SHARED },
	{ "abandon", 0, 0, O_ABANDON },
	{ "port", 1, 0, O_PORT },
	{ "timeout", 1, 0, O_TIMEOUT },
	{ "host", 1, 0, O_HOST },
	{ "json", 1, 0, O_JSON },
	{ "help", 0, 0, 'h' },
	{ 0 },
};

static int number(const char *text, int max)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (*end || end == text || v < 0 || v > max)
		die("%s: not a number from 0 to %d", text, max);
	return (int)v;
}

static void long_option(int c)
{
	switch (c) {
	case O_NO4:
		opt.no_ipv4 = true;
		break;
	case O_NO6:
		opt.no_ipv6 = true;
		break;
	case O_SHARED:
		opt.shared_socket = true;
		break;
	case O_PPPD:
		opt.pppd = optarg;
		break;
	case O_HOLD:
		opt.hold = number(optarg, 1000000);
		break;
	case O_ABANDON:
		opt.abandon = true;
		break;
	case O_TIMEOUT:
		opt.timeout_s = number(optarg, 100000);
		break;
	case O_PORT:
		opt.port = optarg;
		break;
	case O_HOST:
		opt.host = optarg;
		break;
	case O_JSON:
		opt.json = optarg;
		break;
	default:
		usage(stderr, 2);
	}
}

static void arguments(int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "t:s:w:r:S:u:p:a:vh", longopts, NULL)) != -1)
		switch (c) {
		case 't':
			opt.tunnels = number(optarg, MAX_TUNNELS);
			break;
		case 's':
			opt.sessions = number(optarg, MAX_SESSIONS);
			break;
		case 'w':
			opt.window = number(optarg, MAX_SESSIONS);
			break;
		case 'r':
			opt.rate = number(optarg, 1000000);
			break;
		case 'S':
			opt.secret = optarg;
			break;
		case 'u':
			opt.user = optarg;
			break;
		case 'p':
			opt.password = optarg;
			break;
		case 'a':
			opt.auth = strcmp(optarg, "pap") == 0 ? PAP : CHAP;
			break;
		case 'v':
			opt.verbose = true;
			break;
		case 'h':
			usage(stdout, 0);
		default:
			long_option(c);
		}
	if (optind + 1 != argc || opt.tunnels < 1 || opt.tunnels * opt.sessions > MAX_SESSIONS ||
	    opt.window < 1 || strlen(opt.user) > 255 || strlen(opt.password) > 255)
		usage(stderr, 2);
	opt.peer = argv[optind];
}

static void run_until(int64_t begin, int64_t end, bool (*done)(void))
{
	struct pollfd fds[MAX_TUNNELS];
	nfds_t nfds = opt.shared_socket ? 1 : (nfds_t)opt.tunnels;

	for (nfds_t i = 0; i < nfds; i++)
		fds[i] = (struct pollfd){ .fd = tunnels[i].fd, .events = POLLIN };
	while (!interrupted && now_us() < end && !(done && done()))
		turn(begin, fds, nfds);
}

static bool all_acked(void)
{
	for (int i = 0; i < opt.tunnels; i++)
		if (outstanding(&tunnels[i]))
			return false;
	return true;
}

static void stop_all(int64_t begin)
{
	for (int i = 0; i < session_count; i++)
		if (sessions[i].pppd > 0)
			kill(sessions[i].pppd, opt.abandon ? SIGKILL : SIGTERM);
	if (opt.abandon)
		return;
	for (int i = 0; i < opt.tunnels; i++)
		if (tunnels[i].state == T_UP)
			send_stopccn(&tunnels[i]);
	interrupted = 0;
	run_until(begin, now_us() + 10 * 1000000, all_acked);
}

int main(int argc, char **argv)
{
	int64_t begin;
	bool good;

	arguments(argc, argv);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	begin = now_us();
	create();
	run_until(begin, INT64_MAX, all_settled);
	report((double)(now_us() - begin) / 1e6);
	if (opt.hold)
		run_until(begin, now_us() + (int64_t)opt.hold * 1000000, NULL);
	good = failed_count == 0 && ended_count == 0 && up_count == session_count;
	if (ended_count)
		printf("%d sessions ended early\n", ended_count);
	stop_all(begin);
	return good ? 0 : 1;
}
