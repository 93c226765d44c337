/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_names.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_try.h"

#define PREFIX	   "ze_"
#define PREFIX_LEN 3

static bool is_prefixed(const char *name)
{
	return strncmp(name, PREFIX, PREFIX_LEN) == 0;
}

const char *bpf_names_of(char ret[static BPF_NAMES_LEN], const char *name)
{
	snprintf(ret, BPF_NAMES_LEN, "%s%s", is_prefixed(name) ? "" : PREFIX, name);
	return ret;
}

static int read_about(const char *pins, const char *name, struct ze_conf *ret)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info), zero = 0;
	char path[PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "%s/%s", pins, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -ENOENT;
	*ret = (struct ze_conf){ 0 };
	r = bpf_obj_get_info_by_fd(fd, &info, &len);
	/* The kernel copies a whole row, whatever the size of *ret is. */
	if (r == 0 && info.type == BPF_MAP_TYPE_ARRAY && info.value_size == sizeof(*ret))
		r = bpf_try_get(fd, &zero, ret);
	close(fd);
	return r < 0 ? -ENOENT : 0;
}

int bpf_names_about(const char *pins, struct ze_conf *ret)
{
	return read_about(pins, "ze_about", ret) < 0 ? read_about(pins, "about", ret) : 0;
}

bool bpf_names_restorable(uint32_t abi)
{
	return abi >= ZE_BPF_ABI_OLDEST && abi <= ZE_BPF_ABI;
}

/* Returns the number of renamed pins. The missing ones are reported when the maps are restored. */
static unsigned rename_pin(const char *pins, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	snprintf(from, sizeof(from), "%s/%s", pins, name + PREFIX_LEN);
	snprintf(to, sizeof(to), "%s/%s", pins, name);
	return rename(from, to) == 0;
}

void bpf_names_update(const char *pins, const struct bpf_object *obj)
{
	const struct bpf_map *m;
	unsigned n = 0;

	bpf_object__for_each_map(m,
				 obj) if (is_prefixed(bpf_map__name(m)) && !bpf_map__is_internal(m))
		n += rename_pin(pins, bpf_map__name(m));
	if (n)
		log_kv(LOG_DP, LOG_INFO, "pins-renamed", KV_STR("folder", pins), KV_U64("maps", n),
		       KV_STR("why",
			      "the previous instance is of a version without the prefix ze_"));
}
