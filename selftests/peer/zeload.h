/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the parts of zeload: zeload.c (start, stop and loop), zeload_opt.c (options),
 * zeload_io.c (datagrams in batches), zeload_call.c (tunnels and calls), zeload_data.c (data
 * messages), zeload_ppp.c and zeload_auth.c (the PPP client), zeload_flow.c (checked traffic),
 * zeload_reflect.c (the reflector), zeload_tun.c (traffic of other programs) and
 * zeload_report.c. No header of the daemon is included here, on purpose. Times are in
 * microseconds of CLOCK_MONOTONIC unless a name says otherwise. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_TUNNELS    256
#define MAX_SESSIONS   65535
#define RING	       256 /* maximum of unacknowledged control messages of a tunnel */
#define MSG_MAX	       512
#define RETRANSMIT_MS  1000
#define RETRANSMIT_MAX 8
#define PPP_RETRY_MS   3000
#define MRU	       1450 /* requested until the peer Naks it */
#define MTU_MAX	       2048 /* for datagrams and for packets of subscribers */

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
struct outbox;

struct msg {
	uint8_t bytes[MSG_MAX];
	size_t len;
	struct session *begins; /* PPP begins once this was sent */
};

enum tunnel_state {
	T_IDLE,
	T_WAIT_REPLY,
	T_UP,
	T_DEAD
};
struct tunnel {
	int fd, pppox;
	struct outbox *out;
	uint16_t tid, peer_tid, ns, nr, acked, window; /* acked: the oldest unacknowledged Ns */
	enum tunnel_state state;
	struct msg ring[RING];
	uint16_t sent; /* next Ns to be sent for the first time */
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
	uint8_t id, rejected; /* one bit per option type that the peer rejected */
};

enum sess_state {
	S_IDLE,
	S_CALL,
	S_PPP,
	S_UP,
	S_FAILED,
	S_ENDED
};
/* Numbered packets of one direction, as their receiver counts them. */
struct track {
	uint32_t next;	/* one above the highest number seen */
	uint64_t seen;	/* bit n: next - 1 - n was received */
	uint32_t count; /* distinct ones */
};

struct session {
	struct tunnel *t;
	uint16_t sid, peer_sid, data_ns, data_nr; /* data_nr: the next expected number */
	enum sess_state state;
	struct cp cp[N_COUNT];
	bool auth, authed; /* requested, and completed */
	bool numbered;	   /* a numbered data message was received */
	uint8_t proof[20]; /* what an MS-CHAPv2 authenticator must prove */
	uint16_t mru;	   /* the requested address */
	uint32_t magic, addr, dns[2];
	uint8_t ifid[8];
	int64_t started, up, retry_at;
	uint32_t flow_sent, far_count, far_bad;
	struct track back;
	pid_t pppd;
};

struct body { /* of a PPP packet with a code, an identifier and a length */
	uint8_t b[1500];
	size_t len;
};

struct auth_method {
	const char *name;
	uint8_t option[3]; /* as LCP requests it */
	uint8_t option_len;
	void (*start)(struct session *s); /* NULL: the authenticator begins */
	void (*input)(struct session *s, const uint8_t *p, size_t len);
	/* Writes the password, or the response to this challenge of 16 octets; returns its length. */
	size_t (*secret)(struct session *s, const uint8_t *challenge, uint8_t *ret);
};

#define SECRET_MAX 256

struct options {
	const char *peer, *port, *secret, *user, *password, *host, *json, *pppd, *tun, *source, *to;
	const struct auth_method *auth;
	int tunnels, sessions, window, rate, hold, timeout_s;
	int echo_delay_ms, echo_loss, pps, size, duration;
	int reflect; /* port; 0: not the reflector */
	bool shared_socket, no_checksum, sequence, proxy, no_ipv4, no_ipv6, abandon, verbose,
		progress;
};

struct world {
	struct tunnel *tunnels;
	struct session *sessions;
	int tun;  /* -1: none */
	int next; /* sessions below it were started */
	int session_count, started, in_progress, up_count, failed_count, ended_count;
	uint64_t echo_answered, echo_withheld;
	uint64_t unnumbered, late; /* data messages, with --sequence */
};

/* Times between a microsecond and a day, with an error of at most 6 %. */
struct hist {
	uint64_t n;
	uint32_t bucket[640];
	int64_t max;
};

/* The totals of the traffic, once it has stopped. */
struct flow_result {
	uint64_t sent, back, lost_up, lost_down, duplicated, reordered, corrupt, astray;
	double seconds;
	struct hist rtt;
};

extern struct options opt;
extern struct world world;

/* zeload.c */
int64_t now_us(void);
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void session_fail(struct session *s, const char *why);
void fill_random(void *p, size_t len);
void session_up(struct session *s);
void md5_3(uint8_t id, const char *secret, const uint8_t *tail, size_t tail_len, uint8_t ret[16]);

/* zeload_opt.c */
void arguments(int argc, char **argv);
/* The name with which session s logs in, terminated by NUL: %d in --user is its number. */
size_t user_of(const struct session *s, char ret[256]);

/* zeload_io.c */
struct outbox *outbox_new(int fd);
/* Room for a datagram of MTU_MAX octets, which outbox_put() then sends, at the latest on the
 * flush. */
uint8_t *outbox_room(struct outbox *o);
void outbox_put(struct outbox *o, const uint8_t *p, size_t len);
void outbox_flush(struct outbox *o);
/* All datagrams that have arrived, as many per system call as it returns. */
void receive(int fd, void (*take)(uint8_t *p, size_t len));

/* zeload_call.c */
void send_sccrq(struct tunnel *t);
void send_stopccn(struct tunnel *t);
bool send_icrq(struct session *s);
uint16_t outstanding(const struct tunnel *t);
void tunnel_timer(struct tunnel *t, int64_t now);
void on_datagram(uint8_t *p, size_t len);
struct session *session_by_sid(const struct tunnel *t, uint16_t sid);

/* zeload_data.c: RFC 2661 3.1 and 5.4 */
/* The headers of a data message up to PPP's Protocol field; returns where that field goes. */
uint8_t *data_head(struct session *s, uint8_t *p);
void on_data(struct tunnel *t, const uint8_t *p, size_t len);

/* zeload_ppp.c */
/* Writes the options of our first LCP request; returns their length. */
size_t lcp_options(struct session *s, uint8_t ret[static 16]);
void ppp_start(struct session *s);
void send_code(struct session *s, unsigned proto, const uint8_t head[2], const struct body *o);
void start_ncps(struct session *s); /* once authenticated */
void ppp_retry(struct session *s, int64_t now);
void ppp_input(struct session *s, const uint8_t *p, size_t len);
void echo_timer(int64_t now);

/* zeload_auth.c: RFC 1334, 1994, 2759 */
const struct auth_method *auth_method(const char *name); /* NULL: no such method */
#define PROXY_ID 1 /* of the packet that answers the challenge of the LAC */
bool auth_is_ours(const uint8_t *option);
void client_auth_start(struct session *s); /* LCP is open; called again when no answer came */
void client_auth_input(struct session *s, unsigned proto, const uint8_t *p, size_t len);

/* zeload_tun.c */
void tun_open(void);
void tun_session(struct session *s);
void tun_input(void);
void tun_output(const uint8_t *p, size_t len);

/* zeload_flow.c: IPv4 UDP from each subscriber to the reflector and back, RFC 768 and 791. */
void flow_open(void);
extern volatile sig_atomic_t flow_enough; /* SIGUSR1: --duration ends now */
void flow_turn(int64_t now);
/* Sent, and back or counted as lost. */
bool flow_over(void);
/* Returns true when the packet was ours. */
bool flow_input(struct session *s, const uint8_t *ip, size_t len);
const struct flow_result *flow_result(void);
/* Records a number; returns false for a duplicate. *late: it came after a higher one. */
bool track_note(struct track *t, uint32_t number, bool *late);

#define FLOW_MAGIC 0x7a656c64u
#define FLOW_HEAD  36 /* octets of payload with a meaning */
enum flow_at {	      /* where they are, big endian */
	FLOW_AT_MAGIC = 0,
	FLOW_AT_RUN = 4, /* the id of this zeload */
	FLOW_AT_SESSION = 8,
	FLOW_AT_NUMBER = 12, /* of the session's packet, from 0 */
	/* Distinct packets that the reflector has received of the session, with this one. */
	FLOW_AT_FAR = 16,
	FLOW_AT_FAR_BAD = 20, /* and corrupt ones */
	FLOW_AT_TIME = 24,    /* when it was sent */
	/* Over the octets after FLOW_HEAD, the session, the number and the time. */
	FLOW_AT_SUM = 32
};
uint32_t flow_sum(const uint8_t *payload, size_t len);

/* zeload_reflect.c */
__attribute__((noreturn)) void reflect(void);

/* zeload_report.c */
void hist_add(struct hist *h, int64_t us);
double hist_ms(const struct hist *h, int percent);
void report_setup(double seconds);
void report_flow(void);
void report_end(void); /* echoes, ended sessions, JSON */
void report_json(void);
void progress(int64_t now);

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
