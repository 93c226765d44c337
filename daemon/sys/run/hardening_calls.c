/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/hardening_calls.h"

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "daemon/base/compiler.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* ---- the table ---- */

/* clang-format off */
const char *const hardening_calls_table[] = {
	/* Memory. mmap, mprotect: below. */
	"brk", "madvise", "membarrier", "mremap", "munmap",
	/* Threads. clone, clone3: below. */
	"arch_prctl", "capget", "capset", "exit", "exit_group", "futex", "futex_waitv", "get_robust_list", "getcpu",
	"getegid", "geteuid", "getgid", "getpid", "getppid", "getresgid", "getresuid", "getrlimit", "getrusage",
	"gettid", "getuid", "prctl", "prlimit64", "rseq", "sched_get_priority_max", "sched_get_priority_min",
	"sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_yield", "seccomp", "set_robust_list",
	"set_tid_address", "setrlimit", "sysinfo", "times", "uname",
	/* Signals */
	 "pause", "restart_syscall", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
	"rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "tgkill", "tkill",
	/* Time, waiting */
	"clock_getres", "clock_gettime", "clock_nanosleep", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait",
	"epoll_pwait2", "epoll_wait", "eventfd", "eventfd2", "getrandom", "gettimeofday", "nanosleep", "pipe", "pipe2", "poll",
	"ppoll", "pselect6", "select", "time", "timerfd_create", "timerfd_gettime", "timerfd_settime",
	/* Files: configuration, YANG, state, pins, sysctls, devices */
	"access", "chmod", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
	"fallocate", "fchmod", "fchmodat", "fcntl", "fdatasync", "flock", "fstat", "fstatfs", "fsync",
	"ftruncate", "getcwd", "getdents64", "ioctl",
	"lseek", "lstat", "memfd_create", "mkdir", "mkdirat", "newfstatat", "open", "openat", "openat2", "pread64", "preadv",
	"pwrite64", "pwritev", "read", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir",
	 "stat", "statfs", "statx", "umask", "unlink", "unlinkat", "write", "writev",
	/* Sockets. socket: below. */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom", "recvmmsg",
	"recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
	/* Programs and maps */
	"bpf",
#if SANITIZED
	/* The leak sanitizer stops all threads from another process. */
	"clone", "getdents", "kill", "process_vm_readv", "ptrace", "wait4", "waitid",
#endif
};
/* clang-format on */
const size_t hardening_calls_count = ZE_ARRAY_SIZE(hardening_calls_table);

/* Only until the data plane is open: bpffs is mounted if it is not. */
static const char *const start_only[] = { "mount" };

static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_PPPOX };

/* ---- filters ---- */

/* Unknown names are skipped: a call that this libseccomp does not know is used by nothing that was
 * built with it. */
static int hardening_calls_add(scmp_filter_ctx f, uint32_t action, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	return nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(f, action, nr, 0);
}

static int add_all(scmp_filter_ctx f, uint32_t action, const char *const *names, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = hardening_calls_add(f, action, names[i]);
	return r;
}

/* Allows a call when the masked bits of an argument have the given value. */
static int allow_bits(scmp_filter_ctx f, const char *name, struct scmp_arg_cmp bits)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(name), 1, bits);
}

static int allow_by_argument(scmp_filter_ctx f)
{
	static const unsigned together[] = { 0, PROT_WRITE, PROT_EXEC };
	int r = allow_bits(f, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	for (size_t i = 0; i < ZE_ARRAY_SIZE(together) && r == 0; i++)
		r = allow_bits(f, "mmap",
			       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, together[i]));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(families) && r == 0; i++)
		r = allow_bits(f, "socket", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
	if (r == 0 && !SANITIZED)
		r = allow_bits(f, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	/* Its flags are in memory, which a filter cannot read. It is refused by the filter of
	 * refuse_clone3(). */
	return r == 0 ? hardening_calls_add(f, SCMP_ACT_ALLOW, "clone3") : r;
}

/* Loads and frees the filter, unless r is an error. Returns 0 or -errno. */
static int install(scmp_filter_ctx f, int r)
{
	/* Calls by another ABI are refused, too. */
	if (r == 0)
		r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r;
}

/* Without clone3 (ENOSYS) the C library uses clone. This is a separate filter, without CTL_LOG,
 * since each new thread causes a refusal. */
static int refuse_clone3(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);

	return f ? install(f, hardening_calls_add(f, SCMP_ACT_ERRNO(ENOSYS), "clone3")) : -ENOMEM;
}

int hardening_calls_filter(void)
{
	scmp_filter_ctx f;
	int r;

	/* 32-bit ABIs have other system calls. */
	if (sizeof(long) < 8)
		return -EOPNOTSUPP;
	r = refuse_clone3();
	if (r < 0)
		return r;
	f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!f)
		return -ENOMEM;
	/* Optional: old kernels have neither the log nor the optimized order. */
	seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1);
	seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	r = add_all(f, SCMP_ACT_ALLOW, hardening_calls_table, hardening_calls_count);
	if (r == 0)
		r = add_all(f, SCMP_ACT_ALLOW, start_only, ZE_ARRAY_SIZE(start_only));
	return install(f, r == 0 ? allow_by_argument(f) : r);
}

int hardening_calls_settle(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!f)
		return -ENOMEM;
	r = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	return install(f, r == 0 ? add_all(f, SCMP_ACT_ERRNO(EPERM), start_only,
					   ZE_ARRAY_SIZE(start_only)) :
				   r);
}
