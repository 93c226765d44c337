/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/hardening.h"

#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/base/strbuf.h"
#include "daemon/sys/run/hardening_calls.h"
#include "daemon/sys/run/hardening_caps.h"

static size_t raise_nofile(void)
{
	struct rlimit rl = { 0 }, want = { HARDENING_NOFILE, HARDENING_NOFILE };

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return 0;
	if (rl.rlim_cur >= HARDENING_NOFILE)
		return rl.rlim_cur;
	if (setrlimit(RLIMIT_NOFILE, &want) == 0)
		return HARDENING_NOFILE;
	rl.rlim_cur = rl.rlim_max; /* raising the hard limit needs CAP_SYS_RESOURCE */
	setrlimit(RLIMIT_NOFILE, &rl);
	getrlimit(RLIMIT_NOFILE, &rl);
	return rl.rlim_cur;
}

/* ---- steps ---- */

static int no_core_dumps(void)
{
	struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

static int no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int begin_caps(void)
{
	int r = hardening_caps_unbind();

	return r < 0 ? r : hardening_caps_keep(HARDENING_START);
}

static const struct {
	const char *name;
	int (*run)(void);
} steps[] = {
	{ "core dumps", no_core_dumps },
	{ "new privileges", no_new_privileges },
	{ "capabilities", begin_caps },
	{ "system calls", hardening_calls_filter },
};

static struct {
	bool on, partial;
	int refused[ZE_ARRAY_SIZE(steps)]; /* -errno */
} state;

static void log_refused(const char *name, int r)
{
	state.partial = true;
	log_kv(LOG_MAIN, LOG_WARN, "hardening-incomplete", KV_STR("step", name), KV_ERRNO(r),
	       KV_STR("effect", "ze runs without this protection"));
}

/* ---- entry points ---- */

size_t hardening_apply(bool off)
{
	size_t files = raise_nofile();

	umask(027);
	state.on = !off;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(steps) && !off; i++)
		state.refused[i] = steps[i].run();
	return files;
}

void hardening_report(void)
{
	if (!state.on)
		log_kv(LOG_MAIN, LOG_WARN, "hardening-off", KV_STR("why", "--no-hardening"),
		       KV_STR("effect", "ze keeps all its capabilities and system calls"));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(steps); i++)
		if (state.refused[i] < 0)
			log_refused(steps[i].name, state.refused[i]);
}

void hardening_missing(unsigned planes)
{
	for (size_t i = 0; i < hardening_caps_count; i++) {
		const struct hardening_cap *c = &hardening_caps_table[i];
		char name[HARDENING_CAP_NAME];

		if (hardening_caps_lacks(c, planes))
			log_kv(LOG_MAIN, LOG_WARN, "capability-missing",
			       KV_STR("capability", hardening_caps_name(c->cap, name)),
			       KV_STR("needed-for", c->why),
			       KV_STR("cure", "start ze as root or by its systemd unit"));
	}
}

void hardening_settle(unsigned planes)
{
	struct strbuf caps;
	int r;

	if (!state.on)
		return;
	r = hardening_caps_keep(planes);
	if (r < 0)
		log_refused("capabilities of a start", r);
	r = hardening_calls_settle();
	if (r < 0)
		log_refused("system calls of a start", r);
	sb_init(&caps);
	hardening_caps_text(&caps);
	log_kv(LOG_MAIN, LOG_INFO, "hardening-applied", KV_STR("state", hardening_state()),
	       KV_STR("capabilities", caps.s ? caps.s : ""));
	sb_done(&caps);
}

const char *hardening_state(void)
{
	return !state.on ? "off" : state.partial ? "partial" : "on";
}

void hardening_thread(unsigned planes)
{
	if (state.on)
		hardening_caps_keep(planes);
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
