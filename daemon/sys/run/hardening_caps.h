/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The capabilities of the process. One table says which are needed, for which data plane and for what; the
 * unit's CapabilityBoundingSet is the same list (selftests/unit/test_unit_file.py compares them). Capabilities belong to threads: a
 * thread has those of the thread that created it, and gives up by itself what it does not need. Never gains one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* Who needs a capability: a set of these. */
enum hardening_for {
	HARDENING_NULL = 1,   /* no data plane */
	HARDENING_KERNEL = 2, /* l2tp_ppp */
	HARDENING_BPF = 4,
	HARDENING_PLANES = HARDENING_NULL | HARDENING_KERNEL | HARDENING_BPF,
	HARDENING_START = 8,  /* whatever the plane, until the data plane is open */
	HARDENING_WORKER = 16 /* a thread that does the data plane's slow calls */
};

struct hardening_cap {
	int cap;	  /* CAP_NET_ADMIN */
	unsigned for_any; /* of enum hardening_for: it is kept while one of them holds */
	bool optional;	  /* nothing that every configuration needs */
	const char *why;
};

extern const struct hardening_cap hardening_caps_table[];
extern const size_t hardening_caps_count;

/* What `wanted` needs, as a mask: bit 12 is CAP_NET_ADMIN. */
uint64_t hardening_caps_mask(unsigned wanted);
/* The calling thread keeps what it has of that, and no inheritable or ambient ones. 0 or -errno. */
int hardening_caps_keep(unsigned wanted);
/* The bounding set of the calling thread is empty from now on: no program that is executed gains anything. Without
 * CAP_SETPCAP it stays, and that is no error. 0 or -errno. */
int hardening_caps_unbind(void);
/* What is needed and not there. */
bool hardening_caps_lacks(const struct hardening_cap *c, unsigned planes);
/* "cap_net_admin", in static storage: of the calling thread until the next call. */
const char *hardening_caps_name(int cap);
/* Those of the calling thread: "cap_net_admin,cap_bpf", or "none". */
void hardening_caps_text(struct strbuf *out);
