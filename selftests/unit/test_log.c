/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"

static struct {
	char line[4096];
	enum log_level level;
	enum log_sub sub;
	unsigned count;
} got;

static void capture(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	assert_ptr_equal(self, &got);
	assert_true(strlen(line) < sizeof(got.line));
	strcpy(got.line, line);
	got.level = level;
	got.sub = sub;
	got.count++;
}

static int setup(void **st)
{
	(void)st;
	memset(&got, 0, sizeof(got));
	log_set_level(LOG__SUBS, LOG_INFO);
	log_set_sink(capture, &got);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	log_set_sink(NULL, NULL);
	return 0;
}

static void format_of_a_line(void **st)
{
	(void)st;
	log_kv(LOG_L2TP, LOG_WARN, "tunnel-refused", KV_REASON(REASON_LIMIT_TUNNELS),
	       KV_STR("peer", "192.0.2.1:1701"), KV_U64("tid", UINT64_MAX),
	       KV_I64("delta", INT64_MIN), KV_HEX("avp", span_of("\x00\x9f\xff", 3)),
	       KV_STR("host", "my host"));
	assert_string_equal(got.line, "warn l2tp tunnel-refused reason=limit-tunnels "
				      "peer=192.0.2.1:1701 tid=18446744073709551615 "
				      "delta=-9223372036854775808 avp=009fff host=\"my host\"");
	assert_int_equal(got.level, LOG_WARN);
	assert_int_equal(got.sub, LOG_L2TP);
	log_kv(LOG_MAIN, LOG_INFO, "started", KV_U64("n", 0));
	assert_string_equal(got.line, "info main started n=0");
	log_write(LOG_DP, LOG_ERROR, "plain", NULL);
	assert_string_equal(got.line, "error dp plain");
	assert_int_equal(got.count, 3);
}

static void durations(void **st)
{
	(void)st;
	log_kv(LOG_PPP, LOG_INFO, "e", KV_MS("a", 12345000), KV_MS("b", 0), KV_MS("c", ZE_SEC(2)),
	       KV_MS("d", -1500000), KV_MS("e", ZE_NEVER), KV_MS("f", 999));
	assert_string_equal(got.line, "info ppp e a=12.345ms b=0.000ms c=2000.000ms d=-1.500ms "
				      "e=never f=0.000ms");
	log_kv(LOG_PPP, LOG_INFO, "e", KV_MS("m", INT64_MIN));
	assert_string_equal(got.line, "info ppp e m=-9223372036854.775ms");
}

/* L-029: also for names that come from a peer. */
static void values_cannot_forge_a_line(void **st)
{
	static const struct {
		const char *in, *out;
	} v[] = {
		{ "x\nerror main owned", "\"x\\x0aerror main owned\"" },
		{ "a\" state=\"up", "\"a\\\" state=\\\"up\"" },
		{ "back\\slash", "\"back\\\\slash\"" },
		{ "a=b", "\"a=b\"" },
		{ "\x1b[31m", "\"\\x1b[31m\"" },
		{ "caf\xc3\xa9\x7f\x80\xff", "\"caf\\xc3\\xa9\\x7f\\x80\\xff\"" },
		{ "", "\"\"" },
		{ "~user/@,.-", "~user/@,.-" },
	};
	char want[128];

	(void)st;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		want[0] = '\0';
		strcat(strcat(want, "info ppp auth user="), v[i].out);
		log_kv(LOG_PPP, LOG_INFO, "auth", KV_STR("user", v[i].in));
		assert_string_equal(got.line, want);
		log_kv(LOG_PPP, LOG_INFO, "auth", KV_SPAN("user", span_str(v[i].in)));
		assert_string_equal(got.line, want);
	}
	log_kv(LOG_PPP, LOG_INFO, "auth", KV_SPAN("user", span_of("a\0b", 3)),
	       KV_STR("none", NULL));
	assert_string_equal(got.line, "info ppp auth user=\"a\\x00b\" none=-");
}

/* Each length around the end of the buffer, for each kind of value that can be long. */
static void long_lines_are_cut_visibly(void **st)
{
	static const char mark[] = " truncated=yes";
	static const char fill[] = { 'a', ' ', '\n', '"' };
	static char text[2000];
	unsigned cut = 0, whole = 0;

	(void)st;
	for (size_t f = 0; f < 2 * sizeof(fill); f++) {
		memset(text, fill[f / 2], sizeof(text));
		for (size_t n = 200; n < 1100; n++) {
			struct span s = span_of(text, n);
			size_t len;

			if (f % 2)
				log_kv(LOG_L2TP, LOG_INFO, "e", KV_HEX("k", s), KV_U64("after", n));
			else
				log_kv(LOG_L2TP, LOG_INFO, "e", KV_SPAN("k", s),
				       KV_U64("after", n));
			len = strlen(got.line);
			assert_true(len < 1024);
			assert_null(strpbrk(got.line, "\n"));
			if (strcmp(got.line + len - strlen(mark), mark) != 0) {
				assert_non_null(strstr(got.line, " after="));
				whole++;
				continue;
			}
			cut++;
			assert_true(len > 980);
			got.line[len - strlen(mark)] = '\0';
			if (!strstr(got.line, " after=") && f % 2 == 0 && fill[f / 2] != 'a')
				assert_int_equal(got.line[strlen(got.line) - 1], '"');
			assert_memory_equal(got.line, "info l2tp e k=", 14);
		}
	}
	assert_true(cut > 100);
	assert_true(whole > 100);
}

static void levels_filter_by_subsystem(void **st)
{
	unsigned evaluated = 0;

	(void)st;
	log_kv(LOG_AAA, LOG_DEBUG, "e", KV_U64("n", ++evaluated));
	assert_int_equal(got.count, 0);
	assert_int_equal(evaluated, 0); /* the arguments of a suppressed line are not evaluated */
	log_set_level(LOG_AAA, LOG_DEBUG);
	assert_true(log_wants(LOG_AAA, LOG_DEBUG));
	assert_false(log_wants(LOG_PPP, LOG_DEBUG));
	log_kv(LOG_AAA, LOG_DEBUG, "e", KV_U64("n", ++evaluated));
	assert_int_equal(got.count, 1);
	log_set_level(LOG__SUBS, LOG_ERROR);
	for (unsigned s = 0; s < LOG__SUBS; s++) {
		assert_true(log_wants((enum log_sub)s, LOG_ERROR));
		assert_false(log_wants((enum log_sub)s, LOG_WARN));
	}
	assert_false(log_wants(LOG__SUBS, LOG_ERROR));
}

static void names(void **st)
{
	enum log_level level = LOG_DEBUG;

	(void)st;
	for (unsigned i = LOG_ERROR; i <= LOG_DEBUG; i++) {
		assert_int_equal(log_level_parse(log_level_name((enum log_level)i), &level), 0);
		assert_int_equal(level, i);
	}
	level = LOG_WARN;
	assert_int_equal(log_level_parse("warning", &level), -EINVAL);
	assert_int_equal(log_level_parse("", &level), -EINVAL);
	assert_int_equal(level, LOG_WARN);
	assert_string_equal(log_level_name((enum log_level)9), "unknown");
	for (unsigned i = 0; i < LOG__SUBS; i++)
		assert_string_not_equal(log_sub_name((enum log_sub)i), "unknown");
	assert_string_equal(log_sub_name(LOG__SUBS), "unknown");
}

static void errors_have_words(void **st)
{
	(void)st;
	assert_string_equal(log_strerror(ENOBUFS), "No buffer space available");
	assert_string_equal(log_strerror(-ENOBUFS), "No buffer space available");
	assert_string_equal(log_strerror(99999), "unknown error");
	assert_string_equal(log_strerror(INT_MIN), "unknown error");
	log_kv(LOG_DP, LOG_WARN, "e", KV_ERRNO(-ENOENT));
	assert_string_equal(got.line, "warn dp e error=\"No such file or directory\"");
}

static void limit_lets_a_burst_pass(void **st)
{
	struct log_limit l = { .every = ZE_SEC(1), .burst = 3 };
	uint32_t suppressed = 7;

	(void)st;
	for (int i = 0; i < 3; i++) {
		assert_true(log_limit_pass(&l, 0, &suppressed));
		assert_int_equal(suppressed, 0);
	}
	suppressed = 7;
	assert_false(log_limit_pass(&l, 0, &suppressed));
	assert_false(log_limit_pass(&l, ZE_SEC(1) - 1, &suppressed));
	assert_int_equal(suppressed, 7); /* written on success only */
	assert_true(log_limit_pass(&l, ZE_SEC(1), &suppressed));
	assert_int_equal(suppressed, 2);
	assert_false(log_limit_pass(&l, ZE_SEC(1), &suppressed));
	assert_true(log_limit_pass(&l, ZE_SEC(2), &suppressed));
	assert_int_equal(suppressed, 1);
	/* after a long pause a whole burst, and not more */
	for (int i = 0; i < 3; i++)
		assert_true(log_limit_pass(&l, ZE_SEC(1000), &suppressed));
	assert_false(log_limit_pass(&l, ZE_SEC(1000), &suppressed));
}

static void limit_counter_saturates(void **st)
{
	struct log_limit l = { .every = 10, .burst = 1, .suppressed = UINT32_MAX - 1 };
	uint32_t suppressed;

	(void)st;
	l.next = 10;
	for (int i = 0; i < 3; i++)
		assert_false(log_limit_pass(&l, 0, &suppressed));
	assert_true(log_limit_pass(&l, 10, &suppressed));
	assert_int_equal(suppressed, UINT32_MAX);
	l = (struct log_limit){ .every = 10 }; /* no burst means one line */
	assert_true(log_limit_pass(&l, 0, &suppressed));
	assert_false(log_limit_pass(&l, 9, &suppressed));
	assert_true(log_limit_pass(&l, 10, &suppressed));
}

static void *talk(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++)
		log_kv(LOG_CTL, LOG_INFO, "tick", KV_STR("text", "some words to copy"));
	return NULL;
}

static void lines_of_threads_do_not_mix(void **st)
{
	pthread_t t[4];

	(void)st;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, talk, NULL), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(t[i], NULL), 0);
	assert_int_equal(got.count, 8000);
	assert_string_equal(got.line, "info ctl tick text=\"some words to copy\"");
}

/* F-C14: a line passes all of its limits, or it uses up none of them and one of them counts it. */
static void several_limits(void **st)
{
	struct log_limit a = { .every = ZE_SEC(1), .burst = 2 },
			 b = { .every = ZE_SEC(1), .burst = 1 };
	struct log_limit *const both[] = { &a, NULL, &b }, *const first[] = { &a };
	uint64_t before = log_suppressed();
	uint32_t n = 7;

	(void)st;
	assert_true(log_limits_pass(both, 3, 0, &n));
	assert_int_equal(n, 0);
	assert_false(log_limits_pass(both, 3, 0, &n)); /* b's fault */
	assert_int_equal(a.suppressed, 0);
	assert_int_equal(b.suppressed, 1);
	assert_true(log_limits_pass(first, 1, 0, &n)); /* so that a has room again */
	assert_false(log_limits_pass(both, 3, 0, &n));
	assert_int_equal(a.suppressed, 1);
	assert_true(log_limits_pass(both, 3, ZE_SEC(1), &n));
	assert_int_equal(n, 2);
	assert_int_equal(log_suppressed() - before, 2);
}

static void stderr_sink(void **st)
{
	static const char want[] = "one\n<3>e\n<4>w\n<6>i\n<7>d\n";
	int fds[2], saved = dup(STDERR_FILENO);
	char buf[128] = { 0 }, with_prefix;

	(void)st;
	assert_int_equal(pipe(fds), 0);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	errno = EDOM;
	log_sink_stderr(NULL, LOG_ERROR, LOG_MAIN, "one");
	log_sink_stderr(&with_prefix, LOG_ERROR, LOG_MAIN, "e");
	log_sink_stderr(&with_prefix, LOG_WARN, LOG_MAIN, "w");
	log_sink_stderr(&with_prefix, LOG_INFO, LOG_MAIN, "i");
	log_sink_stderr(&with_prefix, LOG_DEBUG, LOG_MAIN, "d");
	assert_int_equal(errno, EDOM);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(read(fds[0], buf, sizeof(buf) - 1), sizeof(want) - 1);
	assert_string_equal(buf, want);
	close(fds[0]);
	close(fds[1]);
	close(saved);
}

static void no_sink_is_silence(void **st)
{
	(void)st;
	log_set_sink(NULL, NULL);
	log_write(LOG_MAIN, LOG_ERROR, "e", NULL);
	assert_int_equal(got.count, 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(format_of_a_line),
		T(durations),
		T(values_cannot_forge_a_line),
		T(long_lines_are_cut_visibly),
		T(levels_filter_by_subsystem),
		T(names),
		T(errors_have_words),
		T(limit_lets_a_burst_pass),
		T(limit_counter_saturates),
		T(lines_of_threads_do_not_mix),
		cmocka_unit_test(several_limits),
		T(stderr_sink),
		T(no_sink_is_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
