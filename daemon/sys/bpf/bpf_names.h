/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of the maps, and what the previous instance wrote about its own.
 *
 * A map is pinned and shown by its name in the programs, which begins with ze_. Before ZE_BPF_ABI
 * 11 the names had no such prefix, and nothing else was different, so that these maps are restored.
 * The kernel keeps the name with which a map was created, and libbpf gives it to the map of an
 * object that reuses it. So bpf_map__name() of a loaded object may lack the prefix: the name to use
 * is bpf_names_of() it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "bpf/ze_bpf.h"

#define BPF_NAMES_LEN 16 /* with the final NUL */

struct bpf_object;

/* Writes the name by which a map is pinned and shown, and returns it. name: of the map in an
 * object, or in the kernel. */
const char *bpf_names_of(char ret[static BPF_NAMES_LEN], const char *name);
/* Gives the pins of an instance before ZE_BPF_ABI 11 the names that the maps of obj have now. A
 * start that is killed here can be repeated. */
void bpf_names_update(const char *pins, const struct bpf_object *obj);
/* Reads the layout of the pinned maps and their devices. ret->abi is 0 when the row itself has
 * another size than that of this version. Returns 0, or -ENOENT when nothing is pinned. */
int bpf_names_about(const char *pins, struct ze_conf *ret);
/* The maps of an instance with this ZE_BPF_ABI can be restored. */
bool bpf_names_restorable(uint32_t abi);
