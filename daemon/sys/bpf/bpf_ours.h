/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which XDP programs in the kernel are ours: those of a previous instance, which may be replaced
 * and detached. The program of another owner is never touched.
 *
 * A program is ours if its type is XDP and its name is one of five; or if a pin in our folder leads
 * to it, whatever its name; or if its id is in the list to which each process adds its own before
 * it attaches them (daemon/sys/bpf/id_list.h). The kernel keeps the name with the program, so that
 * it is known when pins are lost, half written or of another release. Reading it takes
 * CAP_SYS_ADMIN, which the unit does not give; ze started by root has it only until the data plane
 * is open.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct ze_conf;

/* Sets the file of the list of ids; NULL: no list. The text is not copied. */
void bpf_ours_use_list(const char *file);
/* Adds the ids of the object's programs, before they are attached. Returns 0 or -errno. */
int bpf_ours_note(const struct bpf_object *obj);
/* Returns a descriptor of the program, which the caller closes; or -ENOENT: it is not ours, or
 * cannot be opened without CAP_SYS_ADMIN. pins may be NULL. */
int bpf_ours_open(const char *pins, uint32_t id);
bool bpf_ours(const char *pins, uint32_t id);
/* Logs that a program of another owner is on an interface, and the cure. */
void bpf_ours_foreign(unsigned ifindex, uint32_t id, bool native);
/* Writes the name of a program; "unknown" without CAP_SYS_ADMIN. */
#define BPF_OURS_NAME 16
void bpf_ours_name(uint32_t id, char ret[BPF_OURS_NAME]);
/* Detaches all programs of ours in this network namespace, except from interfaces for which stays()
 * is true; stays may be NULL. Tries all; returns 0 or the first error, which has been logged. */
typedef bool bpf_ours_stays(const void *self, unsigned ifindex);
int bpf_ours_clear_all(const char *pins, bpf_ours_stays *stays, const void *self);
/* Pins maps again whose pins were lost: they are found by our programs on this interface, which
 * hold them. The constants that the programs were loaded with are written to `about`, which they do
 * not hold. Logs what it did. */
void bpf_ours_repin(const char *pins, const struct bpf_object *obj, unsigned ifindex);
