/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every BPF object of ours needs: a folder of pins, XDP programs on ports, and sums of per-CPU
 * counters. It knows no map by name and no packet format. Only the sources in daemon/sys/bpf call libbpf.
 *
 * XDP programs are attached by netlink and not by BPF links. They, and the maps that they use, stay
 * when the process dies; the next instance replaces them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BPF_PINS "/sys/fs/bpf/ze"

#include "daemon/sys/bpf/xdp_refusal.h"

struct bpf_map;
struct bpf_object;
struct news;

enum bpf_mode {
	BPF_MODE_AUTO, /* for each port: native where the driver allows it, otherwise generic */
	BPF_MODE_NATIVE,
	BPF_MODE_GENERIC
};

struct bpf_common_port {
	unsigned ifindex;
	int prog; /* descriptor of the program; not owned */
	/* set when it is attached */
	uint32_t id;		  /* of the program, given by the kernel */
	char name[16];		  /* a new interface of this name replaces a removed one */
	int problem;		  /* 0: attached; -errno; set by the worker or a notification */
	const char *send_problem; /* why redirects there are lost, or NULL */
	uint32_t other;		  /* with problem -EBUSY: the id of the program that is attached */
	bool native;
	bool in_vrf;		       /* only for the reactor */
	char refusal[XDP_REFUSAL_WHY]; /* why it is in generic mode; "": no reason */
};

struct bpf_common_where {
	const struct bpf_common_port *ports;
	size_t n;
	enum bpf_mode mode;
	const char *pins;
};

struct bpf_common {
	struct bpf_common_port *ports;
	size_t n_ports, n_attached;
	bool forwards; /* the programs redirect packets to the other ports */
	char *pins;
	ino_t folder; /* inode of the folder of pins */
};

/* Any port is in native mode. */
bool bpf_common_any_native(const struct bpf_common *c);
/* "native", "generic", "mixed" */
const char *bpf_common_mode(const struct bpf_common *c);
/* Checks whether ze may use an interface; changes nothing. Returns 0; -EBUSY when a program that is
 * not ours (bpf_ours.h) is attached; -EOPNOTSUPP when the interface is in a VRF; or another -errno.
 * -EBUSY and -EOPNOTSUPP have been logged. */
int bpf_common_check(const char *pins, unsigned ifindex);
/* Detaches all programs of ours in this network namespace and removes the pins. Continues after an
 * error; returns the first one, which has been logged. */
int bpf_common_sweep(const char *pins);
/* Pins maps and programs in a folder of our own, which exists (daemon/sys/state/instance.h). Pins
 * of a previous instance are removed. Returns 0 or -errno. */
int bpf_common_pin(struct bpf_common *c, struct bpf_object *obj, const char *dir);
/* Attaches to all ports or to none. ports is copied. Returns 0 or -errno; -EBUSY when another
 * program is attached. */
int bpf_common_attach(struct bpf_common *c, const struct bpf_common_port *ports, size_t n,
		      enum bpf_mode mode);
/* Call before the object is loaded: it uses the pinned maps of the previous instance instead of new
 * ones. Returns 0; -ENOENT when a map is missing that all versions have, -EINVAL when its
 * layout differs, or -errno; logged. */
int bpf_common_reuse(struct bpf_object *obj, const char *dir);
/* Instead of bpf_common_pin() and bpf_common_attach(): replaces the attached programs of a previous
 * instance and their pins by ours, without losing a packet. In BPF_MODE_AUTO each port keeps its
 * mode. Returns 0 or -errno. */
int bpf_common_take_over(struct bpf_common *c, struct bpf_object *obj,
			 const struct bpf_common_where *w);
/* Takes a notification, on the reactor. Returns true when the program of a port may be missing.
 * ret_what is set to the name of the port that lost it, or to NULL. */
bool bpf_common_heard(struct bpf_common *c, const struct news *n, const char **ret_what);
/* Looks up the interface of port i by name if it was removed and created again with another index.
 * Returns 0 or -ENODEV. */
int bpf_common_locate(struct bpf_common *c, size_t i);
/* Attaches the program of port i if it is missing. Returns 0: it was attached; 1: it is again;
 * -EBUSY: the program of another owner is attached; or -errno. Blocks; on the worker. */
int bpf_common_restore(struct bpf_common *c, size_t i);
struct repair_result;
/* Describes the cause and the cure of that -EBUSY for the operator. */
void bpf_common_explain(const struct bpf_common *c, size_t i, struct repair_result *res);
/* The number of pins of the object that were removed. */
unsigned bpf_common_pins_missing(const struct bpf_common *c, const struct bpf_object *obj);
/* Creates them again from our descriptors. Returns 0 or the first error. */
int bpf_common_pins_restore(struct bpf_common *c, const struct bpf_object *obj);
/* Detaches the programs, removes the pins and frees the memory. */
void bpf_common_done(struct bpf_common *c);
/* Frees the memory only. Programs and pins stay for the next instance. */
void bpf_common_handover(struct bpf_common *c);
/* Sends libbpf's messages to the log. By default libbpf writes to stderr, and blocks there. */
void bpf_common_log(void);
/* Deletes the entries of a map for which keep() returns false. Keys have at most BPF_COMMON_KEY
 * octets. Returns the number of entries left. */
#define BPF_COMMON_KEY 24
typedef bool bpf_common_keep(void *self, const void *key);
unsigned bpf_common_prune(int map, bpf_common_keep *keep, void *self);
/* Sums n 64-bit counters, the value of key in a per-CPU map, over all CPUs. Returns 0 or -errno. */
int bpf_common_sum(int map, uint32_t key, uint64_t *ret, size_t n);
