/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structured log lines: a level, a subsystem, an event word and key=value pairs. One process-wide
 * sink, set by main (stderr, in journald's <N> prefix form when under systemd) and replaced in
 * tests. Values from the network are escaped. Lines a remote can trigger go through
 * log_limit: bursts are counted and summed up in the next line that passes. Never logs secrets: there is
 * no formatter for them.
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
/* A text that is left out with its key when it is empty. */
#define KV_OPT(k, x) ((struct kv){ .kind = KV__OPT, .key = (k), .v.b = (x) })
#define KV_U64(k, x) ((struct kv){ .kind = KV__U64, .key = (k), .v.u = (uint64_t)(x) })
#define KV_I64(k, x) ((struct kv){ .kind = KV__I64, .key = (k), .v.i = (int64_t)(x) })
#define KV_HEX(k, x) ((struct kv){ .kind = KV__HEX, .key = (k), .v.b = (x) })
/* x is a ze_ns, shown as milliseconds: 12.345ms */
#define KV_MS(k, x)  ((struct kv){ .kind = KV__MS, .key = (k), .v.i = (x) })
#define KV_REASON(r) KV_STR("reason", reason_name(r))
#define KV_ERRNO(e)  KV_STR("error", log_strerror(e))

/* Called for one line at a time, under a lock: must not log itself. */
typedef void log_sink(void *self, enum log_level level, enum log_sub sub, const char *line);

void log_set_sink(log_sink *fn, void *self);
/* sub LOG__SUBS sets all. */
void log_set_level(enum log_sub sub, enum log_level level);
bool log_wants(enum log_sub sub, enum log_level level);
/* "error" "warn" "info" "debug" to a level; -EINVAL otherwise. */
int log_level_parse(const char *s, enum log_level *ret_level);
const char *log_level_name(enum log_level level);
const char *log_sub_name(enum log_sub sub);
const char *log_strerror(int e); /* takes errno or -errno; thread-safe */
void log_write(enum log_sub sub, enum log_level level, const char *event, const struct kv *kv);
#define log_kv(sub, level, event, ...)                                                             \
	do {                                                                                       \
		if (log_wants(sub, level))                                                         \
			log_write(sub, level, event,                                               \
				  (const struct kv[]){ __VA_ARGS__, (struct kv){ 0 } });           \
	} while (0)

/* Token bucket for lines a remote can trigger: `burst` lines, then one each `every`. Set these two,
 * zero the rest. Not locked: it belongs to the object it is about. */
struct log_limit {
	ze_ns every, next;
	uint32_t burst, suppressed;
};
/* True when the line may be written; *ret_suppressed is how many were not since the last one. */
bool log_limit_pass(struct log_limit *l, ze_ns now, uint32_t *ret_suppressed);
/* A line that several limits are about (NULL: none) passes all, or costs none of them anything: the first that
 * has no room counts it. */
bool log_limits_pass(struct log_limit *const *l, size_t n, ze_ns now, uint32_t *ret_suppressed);
/* Lines of this process that a limit has suppressed. */
uint64_t log_suppressed(void);
/* The last pair of a line that is seldom suppressed. */
#define KV_SUPPRESSED(n) ((n) ? KV_U64("suppressed", n) : (struct kv){ .kind = KV__END })

/* Lines of this process that nobody will see: a sink had no room. */
void log_count_lost(uint64_t lines);
uint64_t log_lost(void);
/* The plain sink: stderr, and whoever logs waits for it. A self that is not NULL asks for systemd's "<6>" prefixes. */
void log_sink_stderr(void *self_with_prefix, enum log_level level, enum log_sub sub,
		     const char *line);
