/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a RADIUS client knows of one server: its secret and identifiers, whether it answers, how
 * fast, and its counters. The client (radius_client.c) sends, and reports here what happened.
 *
 * When a server is set aside. A request that had no answer for RADIUS_MISS_AFTER after it was sent,
 * while no other answer came either, is a miss; an authentic answer sets the misses to 0, and after
 * that a retransmission can become one. The server is set aside
 *  - after RADIUS_MISSES misses, when nothing came from it for RADIUS_SILENT_AFTER, or when one of
 *    these requests has had its whole time there;
 *  - after RADIUS_MANY_MISSES misses at once, so that a burst of logins does not wait longer.
 * RADIUS_SILENT_AFTER is longer than the second for which FreeRADIUS delays an Access-Reject by
 * default: a few wrong passwords in a quiet hour are no reason for suspicion.
 *
 * How it comes back. By any authentic answer. It is asked by Status-Server after `hold`, which
 * doubles from hold_min to hold_max; a server that is set aside again within RADIUS_STABLE
 * continues with the longer wait. When a Status-Server has not been answered, each later one comes
 * with a trial: one login may ask this server first, and moves on after RADIUS_TRIAL. A server whose
 * answers must be signed and are not is not brought back by its answer to Status-Server: that
 * permits a trial.
 */
#pragma once

#include "aaa/radius_client.h"
#include "aaa/radius_ids.h"
#include "daemon/base/list.h"

#define RADIUS_MISS_AFTER   ZE_MS(700)
#define RADIUS_SILENT_AFTER ZE_MS(1500)
#define RADIUS_MANY_MISSES  10
#define RADIUS_STABLE	    ZE_SEC(300)
#define RADIUS_TRIAL	    ZE_MS(300)

struct radius_server {
	struct radius_server_stats st; /* st.outstanding, st.ports: only in a copy for the caller */
	struct radius_ids ids;
	struct list waiting; /* requests whose answer is awaited from this server now */
	uint8_t *secret;
	size_t secret_len;
	enum radius_signing signing;
	size_t outstanding; /* busy identifiers of requests */
	unsigned misses;
	ze_ns heard;	      /* last authentic answer; -1: never */
	ze_ns silent_since;   /* first request sent after that; ZE_NEVER: none */
	ze_ns hold, probe_at; /* aside: wait before the next probe, and its time */
	struct radius_id probe;
	bool probing; /* the answer to `probe` is awaited */
	bool mute;    /* a Status-Server was not answered since the server was set aside */
	bool trial;   /* a login may try this server */
	bool noted_unsigned, noted_dropped;
	bool unsigned_last; /* its last answer to a request was dropped, because it is not signed */
};

/* Copies the configuration. Returns 0, or -ENOMEM; radius_server_done() is needed in both cases. */
int radius_server_init(struct radius_server *s, const struct radius_server_cfg *cfg,
		       unsigned ports);
/* Wipes and frees what the server holds; allowed for one that is all zero. */
void radius_server_done(struct radius_server *s);
/* True when both have the same address and secret. */
bool radius_server_same(const struct radius_server *a, const struct radius_server *b);
/* Takes over the state and the counters of another instance of the same server. When it is set
 * aside, a probe is due at once. */
void radius_server_inherit(struct radius_server *s, const struct radius_server *old, ze_ns now);
struct span radius_server_secret(const struct radius_server *s);

/* A request was sent, for the first time or again. */
void radius_server_asked(struct radius_server *s, bool again, ze_ns now);
/* A request that was sent at `sent` had no answer for RADIUS_MISS_AFTER, or less when it moves
 * on. *missed is when that request was counted, so that it counts once; initially
 * RADIUS_NOT_MISSED. */
#define RADIUS_NOT_MISSED INT64_MIN
void radius_server_missed(struct radius_server *s, ze_ns sent, ze_ns *missed, ze_ns now);
/* True when the server is to be set aside. `spent`: a request had its whole time there. */
bool radius_server_suspect(const struct radius_server *s, bool spent, ze_ns now);
/* Sets it aside; the first probe is due after hold_min or more. */
void radius_server_set_aside(struct radius_server *s, const struct radius_client_cfg *cfg,
			     ze_ns now);
/* A probe is due: doubles the wait, and sets the time of the next one. */
void radius_server_next_probe(struct radius_server *s, const struct radius_client_cfg *cfg,
			      ze_ns now);
/* An authentic answer came. Returns true when the server was aside and is back. */
bool radius_server_heard(struct radius_server *s, ze_ns now);
/* An answer to a request that was sent once took so long (RFC 6298 2). */
void radius_server_rtt(struct radius_server *s, ze_ns took);
