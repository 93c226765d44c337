/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capabilities of the process. One table says which are needed, for which data plane, and why;
 * the unit's CapabilityBoundingSet is the same list (selftests/unit/test_unit_file.py compares
 * them). Capabilities belong to threads: a thread inherits those of its creator and drops what it
 * does not need. None is ever gained.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* What needs a capability; used as a set. */
enum hardening_for {
	HARDENING_NULL = 1,   /* no data plane */
	HARDENING_KERNEL = 2, /* l2tp_ppp */
	HARDENING_BPF = 4,
	HARDENING_PLANES = HARDENING_NULL | HARDENING_KERNEL | HARDENING_BPF,
	HARDENING_START = 8,  /* any plane, until the data plane is open */
	HARDENING_WORKER = 16 /* a thread for blocking calls of the data plane */
};

struct hardening_cap {
	int cap;	  /* CAP_NET_ADMIN */
	unsigned for_any; /* set of enum hardening_for: needed for any of them */
	bool optional;	  /* not needed by every configuration */
	const char *why;
};

extern const struct hardening_cap hardening_caps_table[];
extern const size_t hardening_caps_count;

/* Returns the mask of the capabilities for the set `wanted`: bit 12 is CAP_NET_ADMIN. */
uint64_t hardening_caps_mask(unsigned wanted);
/* Reduces the calling thread to those of its capabilities that `wanted` needs; clears the
 * inheritable and ambient ones. Returns 0 or -errno. */
int hardening_caps_keep(unsigned wanted);
/* Empties the bounding set of the calling thread, so that no program that it executes gains
 * capabilities. Without CAP_SETPCAP nothing is done and 0 is returned. Returns 0 or -errno. */
int hardening_caps_unbind(void);
/* True when c is needed for one of these planes and the thread lacks it. */
bool hardening_caps_lacks(const struct hardening_cap *c, unsigned planes);
/* Writes a name such as "cap_net_admin" to name, and returns it. */
#define HARDENING_CAP_NAME 32
const char *hardening_caps_name(int cap, char name[static HARDENING_CAP_NAME]);
/* Appends the capabilities of the calling thread: "cap_net_admin,cap_bpf", or "none". */
void hardening_caps_text(struct strbuf *out);
