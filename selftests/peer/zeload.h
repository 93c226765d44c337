/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of zeload share: zeload.c (options, loop, report), zeload_call.c (tunnels and calls)
 * and zeload_ppp.c (the PPP client). Nothing of the daemon is included here, on purpose.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

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

struct session;

struct msg {
	uint8_t bytes[MSG_MAX];
	size_t len;
	struct session *begins; /* its PPP, once this is on the wire */
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

struct options {
	const char *peer, *port, *secret, *user, *password, *host, *json, *pppd, *tun;
	int tunnels, sessions, window, rate, hold, timeout_s, auth;
	bool shared_socket, no_ipv4, no_ipv6, abandon, verbose;
};

struct world {
	struct tunnel *tunnels;
	struct session *sessions;
	int tun; /* -1: none */
	int session_count, started, in_progress, up_count, failed_count, ended_count;
};

extern struct options opt;
extern struct world world;

/* zeload.c */
int64_t now_us(void);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void session_fail(struct session *s, const char *why);
void session_up(struct session *s);
void md5_3(uint8_t id, const char *secret, const uint8_t *tail, size_t tail_len, uint8_t ret[16]);

/* zeload_call.c */
void send_sccrq(struct tunnel *t);
void send_stopccn(struct tunnel *t);
bool send_icrq(struct session *s);
uint16_t outstanding(const struct tunnel *t);
void tunnel_timer(struct tunnel *t, int64_t now);
void receive(int fd);

/* zeload_ppp.c */
void ppp_start(struct session *s);
void ppp_retry(struct session *s, int64_t now);
void ppp_input(struct session *s, const uint8_t *p, size_t len);

/* zeload_tun.c */
void tun_open(void);
void tun_session(struct session *s);
void tun_input(void);
void tun_output(const uint8_t *p, size_t len);

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}
