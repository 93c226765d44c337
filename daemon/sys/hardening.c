/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/hardening.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

static size_t raise_nofile(void)
{
	struct rlimit rl = { 0 }, want = { HARDENING_NOFILE, HARDENING_NOFILE };

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return 0;
	if (rl.rlim_cur >= HARDENING_NOFILE)
		return rl.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &want) == 0)
		return HARDENING_NOFILE;
	rl.rlim_cur = rl.rlim_max; /* raising the hard limit takes CAP_SYS_RESOURCE */
	setrlimit(RLIMIT_NOFILE, &rl);
	getrlimit(RLIMIT_NOFILE, &rl);
	return rl.rlim_cur;
}

size_t hardening_apply(void)
{
	struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	umask(027);
	return raise_nofile();
}

int hardening_random(void *self, void *buf, size_t len)
{
	uint8_t *p = buf;

	(void)self;
	while (len) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}
