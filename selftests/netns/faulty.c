/* SPDX-License-Identifier: BSD-2-Clause */
/* Preloaded into a program: one of its calls on sockets, devices and BPF fails. The file that
 * ZE_FAULTS names is shared with the test, which selects the call and its error. Calls on local
 * sockets (zectl) are not counted. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct faults {	    /* test_faults.py: struct 'iii32s32s' */
	int32_t at; /* -1: none */
	int32_t error;
	int32_t calls; /* calls with that name since it was set to 0 */
	char what[32]; /* failed */
	char name[32]; /* only calls with this name count; empty: all */
};

static struct faults *f;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("ZE_FAULTS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd < 0 ? MAP_FAILED :
			   mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p != MAP_FAILED)
		f = p;
	if (fd >= 0)
		close(fd);
}

static bool fails(const char *what)
{
	int n;

	if (!f || __atomic_load_n(&f->at, __ATOMIC_ACQUIRE) < 0 ||
	    (f->name[0] && strcmp(f->name, what) != 0))
		return false;
	n = __atomic_fetch_add(&f->calls, 1, __ATOMIC_ACQ_REL);
	if (n != f->at)
		return false;
	strncpy(f->what, what, sizeof(f->what) - 1);
	errno = f->error;
	return true;
}

static bool is_local(int fd)
{
	socklen_t len = sizeof(int);
	int domain = 0, saved = errno;
	bool local = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;

	errno = saved;
	return local;
}

/* The function of the C library with that name. */
#define REAL(name)                                                                                 \
	static __typeof__(name) *real;                                                             \
	if (!real)                                                                                 \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

#define ON_SOCKET(result, name, params, ...)                                                       \
	result name params                                                                         \
	{                                                                                          \
		REAL(name);                                                                        \
		return !is_local(fd) && fails(#name) ? -1 : real(__VA_ARGS__);                     \
	}

ON_SOCKET(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), fd, m, flags)
ON_SOCKET(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), fd, m, flags)
ON_SOCKET(int, recvmmsg,
	  (int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *patience), fd, m, n,
	  flags, patience)
ON_SOCKET(ssize_t, send, (int fd, const void *p, size_t n, int flags), fd, p, n, flags)
ON_SOCKET(ssize_t, recv, (int fd, void *p, size_t n, int flags), fd, p, n, flags)
ON_SOCKET(ssize_t, sendto,
	  (int fd, const void *p, size_t n, int flags, const struct sockaddr *a, socklen_t len), fd,
	  p, n, flags, a, len)
ON_SOCKET(ssize_t, recvfrom,
	  (int fd, void *p, size_t n, int flags, struct sockaddr *a, socklen_t *len), fd, p, n,
	  flags, a, len)
ON_SOCKET(int, bind, (int fd, const struct sockaddr *a, socklen_t len), fd, a, len)
ON_SOCKET(int, connect, (int fd, const struct sockaddr *a, socklen_t len), fd, a, len)
ON_SOCKET(int, setsockopt, (int fd, int level, int name, const void *p, socklen_t n), fd, level,
	  name, p, n)

int socket(int domain, int type, int protocol)
{
	REAL(socket);
	return domain != AF_UNIX && fails("socket") ? -1 : real(domain, type, protocol);
}

int ioctl(int fd, unsigned long what, ...)
{
	REAL(ioctl);
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	return fails("ioctl") ? -1 : real(fd, what, arg);
}

/* libbpf calls bpf(2) through syscall(). */
long syscall(long number, ...)
{
	REAL(syscall);
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return number == SYS_bpf && fails("bpf") ? -1 :
						   real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
