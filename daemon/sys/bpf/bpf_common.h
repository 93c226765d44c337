/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every BPF object of ours needs: a pinned folder, programs on ports, numbers of all processors
 * added up. Knows no map and no packet. Only daemon/sys/bpf_*.c call libbpf.
 *
 * XDP programs are attached by netlink, not by links: they, and the maps they hold, stay when the
 * process dies. The next life replaces them.
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
	BPF_MODE_AUTO, /* by port: native where it can be, else generic */
	BPF_MODE_NATIVE,
	BPF_MODE_GENERIC
};

struct bpf_common_port {
	unsigned ifindex;
	int prog; /* descriptor */
	/* filled in when it is attached */
	uint32_t id;		  /* of the program */
	char name[16];		  /* an interface that comes again has the same */
	int problem;		  /* 0: attached; -errno; set by the worker or a notification */
	const char *send_problem; /* its driver does not take what programs send; NULL: none */
	uint32_t other;		  /* with -EBUSY: the program that is there */
	bool native;
	bool in_vrf;		       /* the reactor's */
	char refusal[XDP_REFUSAL_WHY]; /* why it is not, where that was not asked for; "": none */
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
	bool forwards; /* programs send packets to the other ports */
	char *pins;
	ino_t folder; /* of the pins */
};

/* All of the ports, any of them. */
bool bpf_common_native(const struct bpf_common *c);
bool bpf_common_any_native(const struct bpf_common *c);
/* "native", "generic", "mixed" */
const char *bpf_common_mode(const struct bpf_common *c);
/* -EBUSY: a program that is not ours (bpf_ours.h) is on the port; -EOPNOTSUPP: it is in a VRF; which has been
 * logged. Touches nothing. */
int bpf_common_check(const char *pins, unsigned ifindex);
/* All programs of ours leave this network namespace, and the pins go. The first error, which has been
 * logged, after all has been tried. */
int bpf_common_sweep(const char *pins);
/* Maps and programs into a folder of our own, which is there (daemon/sys/state/instance.h). What a former life
 * has left in it goes. */
int bpf_common_pin(struct bpf_common *c, struct bpf_object *obj, const char *dir);
/* All of the ports or none. */
int bpf_common_attach(struct bpf_common *c, const struct bpf_common_port *ports, size_t n,
		      enum bpf_mode mode);
/* Before the object is loaded: its maps shall be those a former life has pinned. -ENOENT, -EINVAL:
 * one is not there, or is another, which has been logged. */
int bpf_common_reuse(struct bpf_object *obj, const char *dir);
/* Instead of pin and attach: the programs of a former life on the ports, and their pins, give way to
 * ours without a packet lost. The mode is the former one where the mode asked for lets it be. */
int bpf_common_take_over(struct bpf_common *c, struct bpf_object *obj,
			 const struct bpf_common_where *w);
/* A notification: true when the program of a port may be missing; ret_what: which, or NULL. On the reactor. */
bool bpf_common_heard(struct bpf_common *c, const struct news *n, const char **ret_what);
/* The port's interface, if it was removed and has come again with another index. 0 or -ENODEV. */
int bpf_common_locate(struct bpf_common *c, size_t i);
/* Attaches what is no longer attached: 0 it was, 1 it is again, -EBUSY somebody else's program is there, or
 * -errno. Blocks. */
int bpf_common_restore(struct bpf_common *c, size_t i);
struct repair_result;
/* Of that -EBUSY, for the operator. */
void bpf_common_explain(const struct bpf_common *c, size_t i, struct repair_result *res);
/* Pins of the object that somebody has removed. */
unsigned bpf_common_pins_missing(const struct bpf_common *c, const struct bpf_object *obj);
/* Those come back, from our descriptors. 0 or the first error. */
int bpf_common_pins_restore(struct bpf_common *c, const struct bpf_object *obj);
/* Detaches, unpins. */
void bpf_common_done(struct bpf_common *c);
/* Lets go of all, which stays where it is. */
void bpf_common_leave(struct bpf_common *c);
/* What libbpf has to say goes to the log: by itself it writes to stderr, and waits for it. */
void bpf_common_log(void);
/* Takes out of a map, whose keys have BPF_COMMON_KEY octets at most, what keep() does not want. How many stay. */
#define BPF_COMMON_KEY 24
typedef bool bpf_common_keep(void *self, const void *key);
unsigned bpf_common_prune(int map, bpf_common_keep *keep, void *self);
/* n numbers under a key of a map, over all processors. 0 or -errno. */
int bpf_common_sum(int map, uint32_t key, uint64_t *ret, size_t n);
