/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accounting of sessions (RFC 2866): when a Start, an Interim-Update and a Stop are sent, and what
 * makes sure that each Start is followed by its Stop. This unit has no socket, no file and no clock:
 * events and the time go in, records and writes go out through struct acct_ops.
 *
 * A store on disk has one row per session, from before its Start is sent until its Stop has been
 * acknowledged. The row has everything that a record says: the attributes of the session, encoded
 * once, and the counters that were known last. Every record is sent from a row that was read back
 * from the store, so what is sent is on disk, and a Stop needs neither the session nor the instance
 * of ze in which the session was up.
 *
 * The life of a row:
 *   acct_start()   is written (ACCT_WRITE_NEW), is read back, and its Start is sent
 *   acknowledged   is marked (ACCT_WRITE_ACKED)
 *   acct_expire()  an Interim-Update is due: the new counters are written (ACCT_WRITE_COUNTS), the
 *                  row is read back and sent. An Interim-Update without an answer is not repeated,
 *                  because the next one says the same and more
 *   acct_stop()    the final counters and the cause are written, the row is read back; the Start, if
 *                  it was not acknowledged yet, and then the Stop are sent
 *   acknowledged   is deleted (ACCT_WRITE_DELETE)
 *
 * Delivery. A record is delivered at least once: twice only when ze was killed between the answer of
 * a server and the next write. Both have the same Acct-Session-Id. While no server answers, one
 * record at a time is tried, at intervals that grow to ACCT_RETRY_MAX, and the others wait in the
 * store.
 *
 * Places. What is to be sent has a place in the order of sending: a number that counts up. The store
 * is asked for the rows after the place that was read last; a row's place moves on when it has
 * something newer to say.
 *
 * Memory. A session that is up takes sizeof(struct acct_session), 120 octets. Of what is to be sent,
 * at most ACCT_WINDOW rows are in memory.
 *
 * Restart. acct_recover() is called with each row of the previous instance, then acct_continue()
 * with each session that is still up, then acct_recovered(). The other sessions get a Stop with the
 * counters that were known last, the time at which they were known, and cause NAS-Reboot.
 *
 * Not thread-safe. Functions of this unit must not be called from struct acct_ops.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/rng.h"
#include "daemon/base/wire.h"

#define ACCT_WINDOW    2048	  /* rows in memory that are to be sent, or are being sent */
#define ACCT_ROWS_MAX  (1U << 20) /* rows in the store; then new sessions are not accounted */
#define ACCT_RETRY_MIN ZE_SEC(1)
#define ACCT_RETRY_MAX ZE_SEC(60)
#define ACCT_SAVE_S    300 /* between writes of the counters of a session without interims */
/* acct_expire() handles at most so many sessions, so that a turn stays short. */
#define ACCT_EXPIRE_MAX 64

enum acct_status { /* Acct-Status-Type */
	ACCT_START = 1,
	ACCT_STOP = 2,
	ACCT_INTERIM = 3,
	ACCT_ON = 7,
	ACCT_OFF = 8
};

#define ACCT_CAUSE_NAS_REBOOT 11 /* Acct-Terminate-Cause, RFC 2866 5.10 */

struct acct_time {
	ze_ns now;
	uint64_t wall; /* seconds since 1970 */
};

struct acct_counts { /* in: from the subscriber (RFC 2866 5.3) */
	uint64_t octets_in, octets_out, packets_in, packets_out;
};

struct acct_row {
	uint64_t id;	 /* of the session: Acct-Session-Id; never used twice, never 0 */
	uint64_t place;	 /* 0: there is nothing to send */
	uint64_t up;	 /* when the session was up, seconds since 1970 */
	uint64_t seen;	 /* when `counts` were read, or the session ended; seconds since 1970 */
	uint32_t time_s; /* Acct-Session-Time then */
	uint8_t cause;	 /* Acct-Terminate-Cause; 0: the session has not ended */
	bool start_acked;
	struct acct_counts counts;
	struct span attrs; /* the attributes of every record, encoded; at most 4096 octets */
};

enum acct_write_kind {
	ACCT_WRITE_NEW,	   /* the whole row */
	ACCT_WRITE_COUNTS, /* place, seen, time_s, cause, counts */
	ACCT_WRITE_ATTRS,  /* attrs */
	ACCT_WRITE_ACKED,  /* start_acked becomes true; place becomes 0 if it is still row->place */
	ACCT_WRITE_DELETE
};

struct acct_ops {
	/* Writes the row, or the fields that the kind names. It need not be on disk when this
	 * returns; the store keeps the order of all calls. The row and its span are valid during the
	 * call. A failure is the store's to report. */
	void (*write)(void *self, enum acct_write_kind kind, const struct acct_row *row);
	/* Reads at most n rows whose place is above `after`, in the order of places, when all writes
	 * before this call are on disk. It calls acct_load() with each, and then acct_loaded(), after
	 * this function has returned. */
	void (*load)(void *self, uint64_t after, size_t n);
	/* Sends a record; acct_answered() follows with this cookie, after this function has returned.
	 * row is NULL for ACCT_ON and ACCT_OFF. The time of the event is `at`, seconds since 1970.
	 * Returns 0 or -errno; then no answer follows, and it is tried again in ACCT_RETRY_MIN. With
	 * -EBADMSG the record of a row can never be sent: it is dropped. */
	int (*send)(void *self, uint64_t cookie, enum acct_status status,
		    const struct acct_row *row, uint64_t at);
	/* Ends a request without an answer. */
	void (*cancel)(void *self, uint64_t cookie);
	/* Reads the counters of a session that is up. Returns false when they are not known now. */
	bool (*counts)(void *self, uint32_t handle, struct acct_counts *ret);
	/* For the log: no server answers (false), or one does again (true). */
	void (*reachable)(void *self, bool yes);
	/* No server has acknowledged the Start of this session that is up, and none answers. Once
	 * per session. */
	void (*unstarted)(void *self, uint64_t id, uint32_t handle);
};

struct acct;

/* Returns NULL when out of memory. ops, self and rng must outlive it. */
struct acct *acct_new(const struct acct_ops *ops, void *self, const struct rng *rng);
/* Cancels what is under way. Rows stay in the store. NULL is allowed. */
void acct_free(struct acct *a);

/* Restart, see above. Returns 0 or -ENOMEM; then the row stays in the store and is not used before
 * the next start. */
int acct_recover(struct acct *a, const struct acct_row *row);
struct acct_session_up {
	uint64_t id;
	struct span attrs; /* the attributes of all its records */
	/* Seconds between Interim-Updates; 0: none. The first one comes after half an interval to
	 * one and a half, at random, so that those of many sessions are spread. */
	uint32_t interim_s;
	uint32_t handle; /* the caller's, for struct acct_ops and acct_handle() */
};

/* The session is still up since `up` of the row; at `t` it has lasted time_s seconds. The attributes
 * of its row are kept. Returns false when it has no row: then acct_start() is called for it. */
bool acct_continue(struct acct *a, const struct acct_session_up *up, uint32_t time_s,
		   const struct acct_time *t);
void acct_recovered(struct acct *a, const struct acct_time *t);

/* A session is up. Returns 0; -EEXIST; -ENOMEM; -ENOSPC: ACCT_ROWS_MAX. After an error the session
 * is not accounted. */
int acct_start(struct acct *a, const struct acct_session_up *up, const struct acct_time *t);
/* The attributes of a session that is up, its interval or its handle have changed. An unknown id is
 * ignored, here and below. */
void acct_change(struct acct *a, const struct acct_session_up *up, const struct acct_time *t);
/* Returns false when there is no session that is up with this id. */
bool acct_handle(const struct acct *a, uint64_t id, uint32_t *ret);
/* The session has ended, and its final counters will follow: its time stands still, and it has no
 * further Interim-Update. */
void acct_down(struct acct *a, uint64_t id, const struct acct_time *t);
/* The session has ended, now or at acct_down(), with its final counters; NULL: they are not known,
 * the last ones are used. cause is an Acct-Terminate-Cause, not 0. */
void acct_stop(struct acct *a, uint64_t id, uint8_t cause, const struct acct_counts *counts,
	       const struct acct_time *t);
/* Sends ACCT_ON before everything else, or ACCT_OFF when everything else has been acknowledged. */
void acct_system(struct acct *a, enum acct_status status, const struct acct_time *t);
/* True when there is nothing to send and nothing to wait for. */
bool acct_idle(const struct acct *a);

/* Answers of the store, see struct acct_ops. acct_load() returns 0, or -ENOMEM: the row is read
 * again later. */
int acct_load(struct acct *a, const struct acct_row *row);
void acct_loaded(struct acct *a, const struct acct_time *t);
/* A server has acknowledged the record, or none has (acked is false). */
void acct_answered(struct acct *a, uint64_t cookie, bool acked, const struct acct_time *t);
/* A server that was set aside answers again: what waits is tried at once. */
void acct_server_back(struct acct *a, const struct acct_time *t);

/* When acct_expire() must be called; ZE_NEVER: not at all. */
ze_ns acct_deadline(const struct acct *a);
void acct_expire(struct acct *a, const struct acct_time *t);

struct acct_stats {
	size_t sessions;    /* up */
	size_t rows;	    /* in the store */
	size_t unsent;	    /* rows whose Start or Stop has not been acknowledged */
	size_t in_flight;   /* records that are being sent */
	uint64_t oldest_at; /* of the records in memory; seconds since 1970, 0: none */
	bool reachable;
	uint64_t starts, interims, stops; /* acknowledged */
	uint64_t interims_lost;		  /* sent without an answer */
	uint64_t retries;		  /* of Starts and Stops */
	uint64_t recovered;		  /* Stops for sessions of a previous instance */
	uint64_t refused;  /* sessions that are not accounted: ACCT_ROWS_MAX, memory */
	uint64_t unusable; /* records that were dropped because they can never be sent */
	uint64_t last_id;  /* the highest of all sessions, also of a previous instance */
};
void acct_stats(const struct acct *a, struct acct_stats *ret);
