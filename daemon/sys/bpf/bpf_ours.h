/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which XDP programs in the kernel are ours: a former life's, which may be replaced and taken down.
 *
 * A program is ours by its type and its name, which is one of five; or because one of the pins in our
 * folder leads to it, whatever its name; or because its id is in the list that each process adds its own
 * to before it attaches them (daemon/sys/bpf/id_list.h). The kernel keeps the name with the program, so that it
 * is known when pins are lost, half written or of another release; but reading it takes CAP_SYS_ADMIN, which
 * the unit does not give, and ze started by root has only until the data plane is open. Anybody else's program is never touched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct ze_conf;

/* The list of ids is in this file from now on. NULL: there is none. */
void bpf_ours_use_list(const char *file);
/* These programs will be attached. 0 or -errno. */
int bpf_ours_note(const struct bpf_object *obj);
/* A descriptor of the program; -ENOENT: it is not ours, or not to be had without CAP_SYS_ADMIN. pins may be
 * NULL. */
int bpf_ours_open(const char *pins, uint32_t id);
bool bpf_ours(const char *pins, uint32_t id);
/* For a program that is not ours and stands in our way: says on which interface it is, and the cure. */
void bpf_ours_foreign(unsigned ifindex, uint32_t id, bool native);
/* The program's name, where we may look (CAP_SYS_ADMIN): else "unknown". */
#define BPF_OURS_NAME 16
void bpf_ours_name(uint32_t id, char ret[BPF_OURS_NAME]);
/* All programs of ours leave the devices of this network namespace, but those that `stays` names, which
 * may be NULL. 0 or the first error, which has been logged, after all have been tried. */
typedef bool bpf_ours_stays(const void *self, unsigned ifindex);
int bpf_ours_clear_all(const char *pins, bpf_ours_stays *stays, const void *self);
/* Pins that are lost come back: maps are found by the programs of ours on this device, which keep them.
 * What the programs were loaded for is written to `about`, which they do not keep. Logs what it did. */
void bpf_ours_repin(const char *pins, const struct bpf_object *obj, unsigned ifindex);
