/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format of a line is `level subsystem event key=value key="quoted value"`. A value that is not
 * a plain word is quoted, with \", \\ and \xNN for control characters and for everything that is
 * not ASCII, so that no value can end the line, end its quotes, or send escapes to a terminal. A
 * line longer than the buffer is cut between two escapes and ends with ` truncated=yes`.
 */
#include "daemon/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_SIZE 1024
#define CUT_MARK  " truncated=yes"
/* What the text may use: the closing quote, the mark and the NUL always fit. */
#define LINE_ROOM (LINE_SIZE - 1 - sizeof(CUT_MARK))

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static const char *const sub_names[LOG__SUBS] = {
	[LOG_MAIN] = "main", [LOG_CONFIG] = "config", [LOG_L2TP] = "l2tp", [LOG_PPP] = "ppp",
	[LOG_AAA] = "aaa",   [LOG_DP] = "dp",	      [LOG_CTL] = "ctl",
};

static atomic_uint levels[LOG__SUBS] = { [0 ... LOG__SUBS - 1] = LOG_INFO };
static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static log_sink *sink;
static void *sink_self;

void log_set_sink(log_sink *fn, void *self)
{
	pthread_mutex_lock(&sink_lock);
	sink = fn;
	sink_self = self;
	pthread_mutex_unlock(&sink_lock);
}

void log_set_level(enum log_sub sub, enum log_level level)
{
	for (unsigned i = 0; i < LOG__SUBS; i++)
		if (sub == LOG__SUBS || i == (unsigned)sub)
			atomic_store_explicit(&levels[i], (unsigned)level, memory_order_relaxed);
}

bool log_wants(enum log_sub sub, enum log_level level)
{
	return (unsigned)sub < LOG__SUBS &&
	       (unsigned)level <= atomic_load_explicit(&levels[sub], memory_order_relaxed);
}

int log_level_parse(const char *s, enum log_level *ret_level)
{
	for (unsigned i = 0; i < ZE_ARRAY_SIZE(level_names); i++) {
		if (strcmp(s, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return (unsigned)level < ZE_ARRAY_SIZE(level_names) ? level_names[level] : "unknown";
}

const char *log_sub_name(enum log_sub sub)
{
	return (unsigned)sub < LOG__SUBS ? sub_names[sub] : "unknown";
}

const char *log_strerror(int e)
{
	const char *s = e == INT_MIN ? NULL : strerrordesc_np(e < 0 ? -e : e);

	return s ? s : "unknown error";
}

struct line {
	char buf[LINE_SIZE];
	size_t len;
	bool cut;
};

/* Appends all n octets or nothing. After the first text that did not fit, nothing more is
 * appended. */
static void log_put(struct line *l, const char *s, size_t n)
{
	if (l->cut || n > LINE_ROOM - l->len) {
		l->cut = true;
		return;
	}
	memcpy(l->buf + l->len, s, n);
	l->len += n;
}

static void put_str(struct line *l, const char *s)
{
	log_put(l, s, strlen(s));
}

static void put_reserved(struct line *l, const char *s)
{
	memcpy(l->buf + l->len, s, strlen(s) + 1);
	l->len += strlen(s);
}

static bool log_is_plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"\\=", s.p[i]))
			return false;
	return s.len > 0;
}

static void put_hex_byte(struct line *l, const char *before, uint8_t b)
{
	char text[8];
	int n = snprintf(text, sizeof(text), "%s%02x", before, b);

	log_put(l, text, (size_t)n);
}

static void log_put_quoted(struct line *l, struct span s)
{
	put_str(l, "\"");
	if (l->cut)
		return;
	for (size_t i = 0; i < s.len && !l->cut; i++) {
		char text[2] = { '\\', (char)s.p[i] };

		if (s.p[i] < ' ' || s.p[i] > '~')
			put_hex_byte(l, "\\x", s.p[i]);
		else if (s.p[i] == '"' || s.p[i] == '\\')
			log_put(l, text, 2);
		else
			log_put(l, text + 1, 1);
	}
	put_str(l, "\"");
	if (l->cut)
		put_reserved(l, "\"");
}

static void log_put_text(struct line *l, struct span s)
{
	if (log_is_plain(s) && s.len <= LINE_ROOM - l->len)
		log_put(l, (const char *)s.p, s.len);
	else
		log_put_quoted(l, s);
}

static void put_ms(struct line *l, ze_ns ns)
{
	char text[40];
	uint64_t us = (ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns) / 1000;
	int n = snprintf(text, sizeof(text), "%s%" PRIu64 ".%03ums", ns < 0 ? "-" : "", us / 1000,
			 (unsigned)(us % 1000));

	if (ns == ZE_NEVER)
		put_str(l, "never");
	else
		log_put(l, text, (size_t)n);
}

static void log_put_value(struct line *l, const struct kv *kv)
{
	char text[24];

	switch (kv->kind) {
	case KV__END:
		break;
	case KV__STR:
		log_put_text(l, span_str(kv->v.s ? kv->v.s : "-"));
		break;
	case KV__SPAN:
	case KV__OPT:
		log_put_text(l, kv->v.b);
		break;
	case KV__U64:
		log_put(l, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, kv->v.u));
		break;
	case KV__I64:
		log_put(l, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, kv->v.i));
		break;
	case KV__MS:
		put_ms(l, kv->v.i);
		break;
	case KV__HEX:
		for (size_t i = 0; i < kv->v.b.len && !l->cut; i++)
			put_hex_byte(l, "", kv->v.b.p[i]);
		break;
	}
}

/* When not even the first octet of the value fits, the whole pair is left out. */
static void log_put_pair(struct line *l, const struct kv *kv)
{
	size_t before = l->len, value;

	if (kv->kind == KV__OPT && !kv->v.b.len)
		return;
	put_str(l, " ");
	put_str(l, kv->key);
	put_str(l, "=");
	value = l->len;
	log_put_value(l, kv);
	if (l->cut && l->len <= value)
		l->len = before;
}

void log_write(enum log_sub sub, enum log_level level, const char *event, const struct kv *kv)
{
	struct line l;

	l.len = 0;
	l.cut = false;
	put_str(&l, log_level_name(level));
	put_str(&l, " ");
	put_str(&l, log_sub_name(sub));
	put_str(&l, " ");
	put_str(&l, event);
	for (; kv && kv->kind != KV__END && !l.cut; kv++)
		log_put_pair(&l, kv);
	put_reserved(&l, l.cut ? CUT_MARK : "");

	pthread_mutex_lock(&sink_lock);
	if (sink)
		sink(sink_self, level, sub, l.buf);
	pthread_mutex_unlock(&sink_lock);
}

/* The generic cell rate algorithm: `next` is the time at which the bucket will be full again. A
 * zeroed limit is a full bucket at any time, also at time 0. */
static ze_ns ahead_of(const struct log_limit *l, ze_ns now)
{
	return l->next > now ? l->next - now : 0;
}

static atomic_ullong suppressed_all;

uint64_t log_suppressed(void)
{
	return atomic_load_explicit(&suppressed_all, memory_order_relaxed);
}

static bool log_has_room(const struct log_limit *l, ze_ns now)
{
	return ahead_of(l, now) <= (l->burst ? l->burst - 1 : 0) * l->every;
}

bool log_limits_pass(struct log_limit *const *l, size_t n, ze_ns now, uint32_t *ret_suppressed)
{
	uint32_t suppressed = 0;

	for (size_t i = 0; i < n; i++) {
		if (!l[i] || log_has_room(l[i], now))
			continue;
		if (l[i]->suppressed < UINT32_MAX)
			l[i]->suppressed++;
		atomic_fetch_add_explicit(&suppressed_all, 1, memory_order_relaxed);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if (!l[i])
			continue;
		l[i]->next = now + ahead_of(l[i], now) + l[i]->every;
		suppressed = l[i]->suppressed > UINT32_MAX - suppressed ?
				     UINT32_MAX :
				     suppressed + l[i]->suppressed;
		l[i]->suppressed = 0;
	}
	*ret_suppressed = suppressed;
	return true;
}

bool log_limit_pass(struct log_limit *l, ze_ns now, uint32_t *ret_suppressed)
{
	return log_limits_pass(&l, 1, now, ret_suppressed);
}

static atomic_ullong lost;

void log_count_lost(uint64_t lines)
{
	atomic_fetch_add_explicit(&lost, lines, memory_order_relaxed);
}

uint64_t log_lost(void)
{
	return atomic_load_explicit(&lost, memory_order_relaxed);
}

void log_sink_stderr(void *self_with_prefix, enum log_level level, enum log_sub sub,
		     const char *line)
{
	static const char *const prefix[] = {
		[LOG_ERROR] = "<3>",
		[LOG_WARN] = "<4>",
		[LOG_INFO] = "<6>",
		[LOG_DEBUG] = "<7>",
	};
	struct iovec iov[] = {
		{ .iov_base = (void *)(uintptr_t)prefix[level],
		  .iov_len = self_with_prefix ? 3 : 0 },
		{ .iov_base = (void *)(uintptr_t)line, .iov_len = strlen(line) },
		{ .iov_base = (void *)(uintptr_t) "\n", .iov_len = 1 },
	};
	int saved = errno;
	ssize_t n;

	(void)sub;
	/* One system call per line, so that lines of several processes do not mix. A failure cannot
	 * be reported anywhere. */
	do
		n = writev(STDERR_FILENO, iov, ZE_ARRAY_SIZE(iov));
	while (n < 0 && errno == EINTR);
	errno = saved;
}
