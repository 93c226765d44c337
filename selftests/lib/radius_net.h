/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A RADIUS client between servers that a test controls, in virtual time. The servers read and write
 * packets with code of their own (only MD5 is shared with the product), check every request that
 * arrives, and answer after a delay, or not at all. Everything sent, every result and every note is
 * kept for the test. Several instances may exist at a time.
 */
#pragma once

#include "aaa/radius_client.h"
#include "selftests/lib/test_rng.h"

#define RNET_SERVERS 8
#define RNET_LOG     32768

struct rnet_server {
	const char *secret;
	struct ze_addr addr;
	bool up;
	bool no_status;	 /* does not answer Status-Server */
	unsigned ignore; /* requests that are not answered from now on, each copy counts */
	ze_ns delay;
	uint8_t code;	/* of answers; 0: Accept or Accounting-Response */
	bool signs;	/* answers carry a Message-Authenticator */
	int send_error; /* what sending to it returns */
	/* what arrived */
	unsigned requests, status;
	char password[129]; /* User-Password of the last request, decrypted */
};

struct rnet_sent {
	ze_ns at;
	unsigned server, port;
	uint8_t code, id;
	uint8_t auth[16];
	uint32_t sum; /* of all octets */
};

struct rnet_result {
	ze_ns at;
	uint64_t cookie;
	enum radius_outcome outcome;
	enum reason reason;
	int server; /* -1: none */
	ze_ns took;
};

struct rnet_reply;

struct rnet {
	ze_ns now;
	struct test_rng rng;
	struct radius_client *c;
	size_t n;
	struct rnet_server servers[RNET_SERVERS];
	struct rnet_sent sent[RNET_LOG]; /* the last RNET_LOG of them */
	size_t n_sent;
	struct rnet_result results[RNET_LOG];
	size_t n_results;
	struct {
		ze_ns at;
		enum radius_note_kind kind;
		int server;
		ze_ns aside;
		unsigned misses;
	} notes[RNET_LOG];
	size_t n_notes;
	struct rnet_reply *replies; /* on their way */
	size_t n_replies, cap_replies;
	size_t done_cookies; /* in done(): make this many requests again, with new cookies */
	uint64_t next_cookie;
	bool accounting;
	enum reason last_input; /* of radius_client_input() */
	unsigned expires;	/* calls of radius_client_expire() */
};

/* Defaults: servers up, they sign, answer after 1 ms; timeout 3 s, 3 sends, 16 ports, holds 2 s and
 * 30 s. */
struct radius_client_cfg rnet_cfg(void);
/* Makes a client with n servers; cfg may be NULL. cfg->servers is ignored unless it is set. NULL
 * when the client could not be made. */
struct rnet *rnet_new(size_t n, const struct radius_client_cfg *cfg);
void rnet_free(struct rnet *w);
/* A login of alice with a PAP password, or an accounting request; `patience` is the time to the
 * deadline. */
int rnet_ask(struct rnet *w, uint64_t cookie, ze_ns patience);
int rnet_ask_password(struct rnet *w, uint64_t cookie, ze_ns patience, const char *password);
/* Lets time pass; everything that is due happens at its time. */
void rnet_run(struct rnet *w, ze_ns d);
/* Lets time pass until n results are there; fails when they are not after `most`. */
void rnet_run_until(struct rnet *w, size_t n, ze_ns most);
const struct rnet_result *rnet_result(const struct rnet *w, uint64_t cookie); /* or NULL */
const struct rnet_sent *rnet_last_sent(const struct rnet *w);
/* How often a cookie has ended. */
size_t rnet_ends(const struct rnet *w, uint64_t cookie);
struct radius_server_stats rnet_stats(const struct rnet *w, size_t i);

/* A reply as the server builds it, to a request that was sent. */
struct rnet_answer {
	uint8_t code;
	const char *secret; /* NULL: the server's */
	bool sign, bad_sign;
	const char *attrs; /* more attributes, as octets */
	size_t attrs_len;
	int id; /* -1: of the request */
};
size_t rnet_build(const struct rnet *w, const struct rnet_sent *to, const struct rnet_answer *a,
		  uint8_t ret[4200]);
/* Gives octets to the client as if they came from this address. */
enum reason rnet_inject(struct rnet *w, const struct rnet_sent *to, const struct ze_addr *from,
			const void *octets, size_t len);
/* Builds and injects an answer from the right address. */
enum reason rnet_answer(struct rnet *w, const struct rnet_sent *to, const struct rnet_answer *a);
