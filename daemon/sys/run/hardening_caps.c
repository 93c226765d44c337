/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/hardening_caps.h"

#include <errno.h>
#include <stdio.h>
#include <sys/capability.h>

#include "daemon/base/compiler.h"
#include "daemon/base/strbuf.h"

#define EVERYWHERE (HARDENING_BPF | HARDENING_KERNEL | HARDENING_WORKER | HARDENING_START)

const struct hardening_cap hardening_caps_table[] = {
	{ CAP_NET_ADMIN, EVERYWHERE, false, "interfaces, routes and XDP programs; /dev/ppp" },
	{ CAP_BPF, EVERYWHERE, false, "BPF programs and maps" },
	{ CAP_PERFMON, EVERYWHERE, false,
	  "BPF programs that compare packet pointers or count at tracepoints" },
	{ CAP_NET_RAW, HARDENING_BPF | HARDENING_START, false, "the raw socket behind ze0" },
	{ CAP_NET_BIND_SERVICE, HARDENING_PLANES | HARDENING_START, true,
	  "listeners on a port below 1024" },
	/* The unit grants none of these. Without them the pins of the previous instance must be
	 * where it left them. */
	{ CAP_SYS_ADMIN, HARDENING_START, true,
	  "mounting /sys/fs/bpf, finding programs whose pins were removed" },
	{ CAP_DAC_READ_SEARCH, HARDENING_START, true,
	  "a configuration or YANG modules in a directory of another user" },
};
const size_t hardening_caps_count = ZE_ARRAY_SIZE(hardening_caps_table);

static uint64_t bit(int cap)
{
	return UINT64_C(1) << cap;
}

uint64_t hardening_caps_mask(unsigned wanted)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < hardening_caps_count; i++)
		if (hardening_caps_table[i].for_any & wanted)
			mask |= bit(hardening_caps_table[i].cap);
	return mask;
}

/* ---- the calling thread ---- */

static bool is_permitted(cap_t caps, int cap)
{
	cap_flag_value_t v = CAP_CLEAR;

	return cap_get_flag(caps, cap, CAP_PERMITTED, &v) == 0 && v == CAP_SET;
}

static uint64_t permitted(void)
{
	cap_t caps = cap_get_proc();
	uint64_t mask = 0;

	for (int cap = 0; caps && cap < cap_max_bits(); cap++)
		if (is_permitted(caps, cap))
			mask |= bit(cap);
	cap_free(caps);
	return mask;
}

/* Clearing the inheritable capabilities clears the ambient ones. */
int hardening_caps_keep(unsigned wanted)
{
	uint64_t mask = permitted() & hardening_caps_mask(wanted);
	cap_t caps = cap_init();
	int r = caps ? 0 : -1;

	for (int cap = 0; r == 0 && cap < cap_max_bits(); cap++) {
		cap_value_t v = cap;

		if (mask & bit(cap) && (cap_set_flag(caps, CAP_PERMITTED, 1, &v, CAP_SET) < 0 ||
					cap_set_flag(caps, CAP_EFFECTIVE, 1, &v, CAP_SET) < 0))
			r = -1;
	}
	if (r == 0)
		r = cap_set_proc(caps);
	r = r < 0 ? -errno : 0;
	cap_free(caps);
	return r;
}

int hardening_caps_unbind(void)
{
	if (!(permitted() & bit(CAP_SETPCAP)))
		return 0;
	for (int cap = 0; cap < cap_max_bits(); cap++)
		if (cap_get_bound(cap) == 1 && cap_drop_bound(cap) < 0)
			return -errno;
	return 0;
}

/* ---- texts ---- */

bool hardening_caps_lacks(const struct hardening_cap *c, unsigned planes)
{
	return c->for_any & planes && !c->optional && !(permitted() & bit(c->cap));
}

const char *hardening_caps_name(int cap, char name[static HARDENING_CAP_NAME])
{
	char *s = cap_to_name(cap);

	snprintf(name, HARDENING_CAP_NAME, "%s", s ? s : "?");
	cap_free(s);
	return name;
}

void hardening_caps_text(struct strbuf *out)
{
	uint64_t mask = permitted();
	char name[HARDENING_CAP_NAME];
	const char *sep = "";

	for (int cap = 0; cap < cap_max_bits(); cap++)
		if (mask & bit(cap)) {
			sb_printf(out, "%s%s", sep, hardening_caps_name(cap, name));
			sep = ",";
		}
	if (!mask)
		sb_puts(out, "none");
}
