/* SPDX-License-Identifier: BSD-2-Clause */
/* The privileges that the process drops: the tables, and the filter of system calls in a child
 * process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/strbuf.h"
#include "daemon/sys/run/hardening_calls.h"
#include "daemon/sys/run/hardening_caps.h"

#define BIT(cap) (UINT64_C(1) << (cap))

/* ---- capabilities ---- */

/* F-B12: the capabilities that each data plane needs, and those that only the start may use. */
static void capabilities_by_plane(void **st)
{
	uint64_t bpf = hardening_caps_mask(HARDENING_BPF);
	uint64_t kernel = hardening_caps_mask(HARDENING_KERNEL);
	uint64_t all = hardening_caps_mask(HARDENING_PLANES | HARDENING_START | HARDENING_WORKER);

	(void)st;
	assert_true(bpf == (BIT(CAP_NET_ADMIN) | BIT(CAP_BPF) | BIT(CAP_PERFMON) |
			    BIT(CAP_NET_RAW) | BIT(CAP_NET_BIND_SERVICE)));
	assert_true(kernel == (bpf & ~BIT(CAP_NET_RAW)));
	assert_true(hardening_caps_mask(HARDENING_NULL) == BIT(CAP_NET_BIND_SERVICE));
	assert_true(hardening_caps_mask(0) == 0);
	/* A worker has no capability that the reactor lacks. */
	assert_true((hardening_caps_mask(HARDENING_WORKER) & ~kernel) == 0);
	/* Nothing is dropped before the data plane is chosen. */
	assert_true(((bpf | kernel) & ~hardening_caps_mask(HARDENING_START)) == 0);
	assert_true((all & ~bpf) == (BIT(CAP_SYS_ADMIN) | BIT(CAP_DAC_READ_SEARCH)));
}

/* F-B12: each capability once, with its reason; those of the start are not requested afterwards. */
static void capabilities_have_reasons(void **st)
{
	(void)st;
	for (size_t i = 0; i < hardening_caps_count; i++) {
		const struct hardening_cap *c = &hardening_caps_table[i];
		char name[HARDENING_CAP_NAME];

		assert_true(c->why && *c->why);
		assert_true(c->for_any & HARDENING_PLANES || c->optional);
		assert_int_equal(strncmp(hardening_caps_name(c->cap, name), "cap_", 4), 0);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(hardening_caps_table[k].cap, c->cap);
	}
}

/* ---- system calls ---- */

static bool in_table(const char *name)
{
	for (size_t i = 0; i < hardening_calls_count; i++)
		if (strcmp(hardening_calls_table[i], name) == 0)
			return true;
	return false;
}

/* F-B12: no name is misspelt or occurs twice. */
static void calls_are_known(void **st)
{
	(void)st;
	for (size_t i = 0; i < hardening_calls_count; i++) {
		const char *name = hardening_calls_table[i];

		if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
			fail_msg("libseccomp knows no \"%s\"", name);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(hardening_calls_table[k], name);
	}
}

/* None of these is needed by any part of ze. */
static const char *const refused[] = {
	"execve",
	"execveat",
	"fork",
	"vfork",
	"unshare",
	"setns",
	"init_module",
	"finit_module",
	"delete_module",
	"kexec_load",
	"reboot",
	"swapon",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"fsopen",
	"setuid",
	"setgid",
	"keyctl",
	"add_key",
	"perf_event_open",
	"userfaultfd",
	"io_uring_setup",
	"process_vm_writev",
	"personality",
	"settimeofday",
	"clock_settime",
	"sethostname",
	"open_by_handle_at",
	"syslog",
	"acct",
	"quotactl",
	"iopl",
	"ioperm",
	"mknod",
	"mknodat",
	"pidfd_getfd",
	"kcmp",
	"memfd_secret",
	"pkey_mprotect",
	"shmat",
	"ptrace",
	"kill",
};

/* In the child: each system call is tried, and its number alone is enough for the filter to
 * refuse it. Returns 0, or the line of the check that failed. */
#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%d: %s (errno %d)\n", __LINE__, #what, errno);            \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static int calls_refused(void)
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(refused); i++) {
		int nr = seccomp_syscall_resolve_name(refused[i]);
		long r;

		/* The sanitizers' build has a few more; others do not exist on this
		 * architecture. */
		if (in_table(refused[i]) || nr < 0)
			continue;
		errno = 0;
		r = syscall(nr, -1L, -1L, -1L, -1L, -1L, -1L);
		if (r != -1 || errno != EPERM) {
			fprintf(stderr, "%s: %ld, errno %d\n", refused[i], r, errno);
			return 1;
		}
	}
	return 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static int arguments_refused(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	CHECK(mprotect(p, page, PROT_READ) == 0);
	CHECK(mprotect(p, page, PROT_READ | PROT_EXEC) < 0 && errno == EPERM);
	CHECK(mmap(NULL, page, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		      MAP_FAILED &&
	      errno == EPERM);
	munmap(p, page);
	CHECK(socket(AF_BLUETOOTH, SOCK_RAW, 0) < 0 && errno == EPERM);
	CHECK(socket(AF_ALG, SOCK_SEQPACKET, 0) < 0 && errno == EPERM);
	CHECK(in_table("clone") ||
	      (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == -1 && errno == EPERM));
	CHECK(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	return 0;
}

static int rest_works(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pthread_t t;

	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(pthread_create(&t, NULL, nothing, NULL) == 0 && pthread_join(t, NULL) == 0);
	CHECK(access("/", R_OK) == 0);
	return 0;
}

static void *try_mount(void *arg)
{
	pthread_barrier_t *b = arg;
	long before, after;

	/* NULL: EFAULT when the filter permits it, or EPERM without CAP_SYS_ADMIN, which is
	 * checked later. */
	errno = 0;
	before = syscall(SYS_mount, NULL, NULL, NULL, 0, NULL) < 0 ? errno : 0;
	pthread_barrier_wait(b);
	pthread_barrier_wait(b);
	errno = 0;
	after = syscall(SYS_mount, NULL, NULL, NULL, 0, NULL) < 0 ? errno : 0;
	return (void *)(intptr_t)(before != EPERM && after == EPERM);
}

/* The privileges of the start are dropped in threads that were already running, too. */
static int settles(void)
{
	pthread_barrier_t b;
	pthread_t t;
	void *done;

	pthread_barrier_init(&b, NULL, 2);
	CHECK(pthread_create(&t, NULL, try_mount, &b) == 0);
	pthread_barrier_wait(&b);
	CHECK(hardening_calls_settle() == 0);
	pthread_barrier_wait(&b);
	CHECK(pthread_join(t, &done) == 0 && done);
	return 0;
}

static int under_the_filter(void)
{
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	CHECK(hardening_calls_filter() == 0);
	return calls_refused() || arguments_refused() || rest_works() || settles() ||
	       calls_refused() || rest_works();
}

/* F-B12: system calls that ze does not use are refused with EPERM; those that it uses still
 * work. */
static void filter_refuses(void **st)
{
	int status = -1;
	pid_t pid = fork();

	(void)st;
	if (pid == 0)
		_exit(under_the_filter());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void *keep_nothing(void *arg)
{
	struct strbuf *b = arg;

	assert_int_equal(hardening_caps_keep(0), 0);
	hardening_caps_text(b);
	return NULL;
}

/* F-B12: a thread drops its own privileges, and not those of other threads. */
static void threads_give_up_alone(void **st)
{
	struct strbuf before, after, thread;
	pthread_t t;

	(void)st;
	sb_init(&before);
	sb_init(&after);
	sb_init(&thread);
	hardening_caps_text(&before);
	assert_int_equal(pthread_create(&t, NULL, keep_nothing, &thread), 0);
	assert_int_equal(pthread_join(t, NULL), 0);
	hardening_caps_text(&after);
	assert_string_equal(thread.s, "none");
	assert_string_equal(before.s, after.s);
	sb_done(&before);
	sb_done(&after);
	sb_done(&thread);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_by_plane),
		cmocka_unit_test(capabilities_have_reasons),
		cmocka_unit_test(calls_are_known),
		cmocka_unit_test(filter_refuses),
		cmocka_unit_test(threads_give_up_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
