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

#define BPF_PINS "/sys/fs/bpf/ze"

struct bpf_map;
struct bpf_object;

enum bpf_mode {
	BPF_MODE_AUTO, /* native where every port can, else generic */
	BPF_MODE_NATIVE,
	BPF_MODE_GENERIC
};

struct bpf_common_port {
	unsigned ifindex;
	int prog; /* descriptor */
};

struct bpf_common {
	struct bpf_common_port *ports;
	size_t n_ports, n_attached;
	bool native;
	char *pins;
};

/* A program of a former life, by its pin, leaves the port; -EBUSY when somebody else's is there. */
int bpf_common_clear(const char *pins, unsigned ifindex);
/* Maps and programs into a folder of our own, on a file system mounted when it is not. What a former
 * life has left there is replaced. */
int bpf_common_pin(struct bpf_common *c, struct bpf_object *obj, const char *dir);
/* All of the ports or none. */
int bpf_common_attach(struct bpf_common *c, const struct bpf_common_port *ports, size_t n,
		      enum bpf_mode mode);
/* Detaches, unpins. */
void bpf_common_done(struct bpf_common *c);
/* n numbers under a key of a map, over all processors. 0 or -errno. */
int bpf_common_sum(int map, uint32_t key, uint64_t *ret, size_t n);
