/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structured log lines: a level, a subsystem, an event word and key=value pairs. The process has
 * one sink. main() sets it to stderr (with journald's <N> prefixes under systemd); tests replace
 * it. Values from the network are escaped. Lines that a peer can trigger are rate-limited by
 * log_limit; the next line that passes says how many were suppressed. Secrets are never logged:
 * there is no formatter for them.
 *
 *	log_kv(LOG_L2TP, LOG_WARN, "tunnel-refused", KV_REASON(r), KV_STR("peer", text), KV_U64("tid", t));
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/compiler.h"
#include "daemon/base/err.h"
#include "daemon/base/wire.h"

enum log_level {
	LOG_ERROR,
	LOG_WARN,
	LOG_INFO,
	LOG_DEBUG
};
enum log_sub {
	LOG_MAIN,
	LOG_CONFIG,
	LOG_L2TP,
	LOG_PPP,
	LOG_AAA,
	LOG_DP,
	LOG_CTL,
	LOG__SUBS
};

enum kv_kind {
	KV__END,
	KV__STR,
	KV__SPAN,
	KV__OPT,
	KV__U64,
	KV__I64,
	KV__MS,
	KV__HEX
};

struct kv {
	enum kv_kind kind;
	const char *key;
	union {
		const char *s;
		struct span b;
		uint64_t u;
		int64_t i;
	} v;
};

#define KV_STR(k, x)  ((struct kv){ .kind = KV__STR, .key = (k), .v.s = (x) })
#define KV_SPAN(k, x) ((struct kv){ .kind = KV__SPAN, .key = (k), .v.b = (x) })
/* A text; when it is empty, the pair is left out. */
#define KV_OPT(k, x) ((struct kv){ .kind = KV__OPT, .key = (k), .v.b = (x) })
#define KV_U64(k, x) ((struct kv){ .kind = KV__U64, .key = (k), .v.u = (uint64_t)(x) })
#define KV_I64(k, x) ((struct kv){ .kind = KV__I64, .key = (k), .v.i = (int64_t)(x) })
#define KV_HEX(k, x) ((struct kv){ .kind = KV__HEX, .key = (k), .v.b = (x) })
/* x is a ze_ns, written in milliseconds: 12.345ms */
#define KV_MS(k, x)  ((struct kv){ .kind = KV__MS, .key = (k), .v.i = (x) })
#define KV_REASON(r) KV_STR("reason", reason_name(r))
#define KV_ERRNO(e)  KV_STR("error", log_strerror(e))

/* Called for one line at a time while a lock is held, so it must not log. */
typedef void log_sink(void *self, enum log_level level, enum log_sub sub, const char *line);

void log_set_sink(log_sink *fn, void *self);
/* Sets the level of one subsystem, or of all when sub is LOG__SUBS. */
void log_set_level(enum log_sub sub, enum log_level level);
bool log_wants(enum log_sub sub, enum log_level level);
/* Parses "error", "warn", "info" or "debug". Returns 0 or -EINVAL. */
int log_level_parse(const char *s, enum log_level *ret_level);
const char *log_level_name(enum log_level level);
const char *log_sub_name(enum log_sub sub);
const char *log_strerror(int e); /* accepts errno or -errno; thread-safe */
void log_write(enum log_sub sub, enum log_level level, const char *event, const struct kv *kv);
#define log_kv(sub, level, event, ...)                                                             \
	do {                                                                                       \
		if (log_wants(sub, level))                                                         \
			log_write(sub, level, event,                                               \
				  (const struct kv[]){ __VA_ARGS__, (struct kv){ 0 } });           \
	} while (0)

/* A token bucket for lines that a peer can trigger: `burst` lines at once, then one per `every`
 * nanoseconds. Set these two members and zero the others. It has no lock: it belongs to one
 * object. */
struct log_limit {
	ze_ns every, next;
	uint32_t burst, suppressed;
};
/* Returns true when the line may be written; *ret_suppressed is then the number of lines suppressed
 * since the last one that passed. */
bool log_limit_pass(struct log_limit *l, ze_ns now, uint32_t *ret_suppressed);
/* For a line that several limits apply to (NULL entries are skipped). It passes only when all have
 * room; otherwise no token is taken, and the first limit without room counts the line. */
bool log_limits_pass(struct log_limit *const *l, size_t n, ze_ns now, uint32_t *ret_suppressed);
/* How many lines rate limits have suppressed in this process. */
uint64_t log_suppressed(void);
/* The last pair of a rate-limited line; left out when n is 0. */
#define KV_SUPPRESSED(n) ((n) ? KV_U64("suppressed", n) : (struct kv){ .kind = KV__END })

/* Counts lines that were lost because a sink had no room. */
void log_count_lost(uint64_t lines);
uint64_t log_lost(void);
/* Writes to stderr and blocks the caller. When self is not NULL, lines begin with systemd's "<6>"
 * prefixes. */
void log_sink_stderr(void *self_with_prefix, enum log_level level, enum log_sub sub,
		     const char *line);
