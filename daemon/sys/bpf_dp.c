/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * XDP programs are attached by netlink, not by links: they, and the maps they hold, stay when the
 * process dies, and established subscribers keep forwarding. The next life replaces them.
 */
#include "daemon/sys/bpf_dp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "ze_xdp.skel.h"

#define BPFFS	   "/sys/fs/bpf"
#define STATE_SIZE (ZE_SIDS * sizeof(struct ze_state))

struct bpf_dp {
	struct ze_xdp_bpf *skel;
	struct bpf_dp_port *ports;
	size_t n_ports, n_attached;
	bool native;
	char *pins;
	struct ze_state *state;
	int cpus;
};

/* ---- pins ---- */

/* Everything in the folder is ours: a former life's, or what we have just made. */
static void unpin(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	rmdir(dir);
}

static int mount_bpffs(void)
{
	struct statfs fs;

	if (statfs(BPFFS, &fs) < 0)
		return -errno;
	if (fs.f_type == BPF_FS_MAGIC)
		return 0;
	return mount("bpf", BPFFS, "bpf", 0, "mode=0700") < 0 ? -errno : 0;
}

static int pin(struct bpf_dp *d, const char *dir)
{
	int r = strncmp(dir, BPFFS, strlen(BPFFS)) == 0 ? mount_bpffs() : 0;

	if (r < 0)
		return r;
	unpin(dir);
	if (mkdir(dir, 0700) < 0)
		return -errno;
	d->pins = strdup(dir);
	if (!d->pins) {
		rmdir(dir);
		return -ENOMEM;
	}
	r = bpf_object__pin_maps(d->skel->obj, dir);
	return r < 0 ? r : bpf_object__pin_programs(d->skel->obj, dir);
}

/* ---- attachment ---- */

static __u32 flag(bool native)
{
	return native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
}

/* Takes the descriptor; 0: none. */
static __u32 id_of(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);
	int r = fd < 0 ? fd : bpf_obj_get_info_by_fd(fd, &info, &len);

	if (fd >= 0)
		close(fd);
	return r == 0 ? info.id : 0;
}

/* Pinned under our names by a former life. */
static bool is_ours(const char *pins, __u32 id)
{
	static const char *const names[] = { "ze_uplink", "ze_core", "ze_slow", "ze_accept" };
	char path[PATH_MAX];

	for (size_t i = 0; pins && i < ZE_ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", pins, names[i]);
		if (id_of(bpf_obj_get(path)) == id)
			return true;
	}
	return false;
}

/* A program of ours left on the port goes; -EBUSY when it is somebody else's. */
static int clear_mode(const char *pins, unsigned ifindex, __u32 id, bool native)
{
	if (!id)
		return 0;
	return is_ours(pins, id) ? bpf_xdp_detach((int)ifindex, flag(native), NULL) : -EBUSY;
}

/* A former life may have been attached the other way: a device can have one program of each. */
static int clear_port(const char *pins, unsigned ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int r = bpf_xdp_query((int)ifindex, 0, &q);

	if (r == 0)
		r = clear_mode(pins, ifindex, q.drv_prog_id, true);
	if (r == 0)
		r = clear_mode(pins, ifindex, q.skb_prog_id, false);
	return r;
}

static void detach_all(struct bpf_dp *d)
{
	while (d->n_attached > 0)
		bpf_xdp_detach((int)d->ports[--d->n_attached].ifindex, flag(d->native), NULL);
}

static int attach_all(struct bpf_dp *d, bool native)
{
	int r = 0;

	d->native = native;
	while (r == 0 && d->n_attached < d->n_ports) {
		const struct bpf_dp_port *p = &d->ports[d->n_attached];

		r = bpf_xdp_attach((int)p->ifindex, bpf_dp_prog_fd(d, p->prog),
				   flag(native) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
		if (r == 0)
			d->n_attached++;
	}
	if (r < 0)
		detach_all(d);
	return r;
}

static int add_ports(struct bpf_dp *d, const char *pins)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_ports; i++) {
		__u32 ifindex = d->ports[i].ifindex;

		r = clear_port(pins, ifindex);
		/* What is sent there arrives on ze0; what is sent to ze0 would come out of it. */
		if (r == 0 && d->ports[i].prog != BPF_DP_ACCEPT)
			r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.ports), &ifindex,
						&ifindex, BPF_ANY);
	}
	return r;
}

static int attach(struct bpf_dp *d, enum bpf_dp_mode mode)
{
	int r = attach_all(d, mode != BPF_DP_GENERIC);
	return r < 0 && mode == BPF_DP_AUTO ? attach_all(d, false) : r;
}

/* ---- life ---- */

static int load(struct bpf_dp *d, const struct ze_conf *conf)
{
	int r;

	d->skel = ze_xdp_bpf__open();
	if (!d->skel)
		return -ENOMEM; /* the object is compiled in: nothing else can fail */
	memcpy((void *)&d->skel->rodata->conf, conf, sizeof(*conf));
	d->skel->rodata->conf.abi = ZE_BPF_ABI;
	r = ze_xdp_bpf__load(d->skel);
	if (r < 0)
		return r;
	d->state = mmap(NULL, STATE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(d->skel->maps.state), 0);
	if (d->state == MAP_FAILED) {
		d->state = NULL;
		return -errno;
	}
	d->cpus = libbpf_num_possible_cpus();
	return d->cpus < 0 ? d->cpus : 0;
}

int bpf_dp_open(const struct bpf_dp_args *a, struct bpf_dp **ret)
{
	struct bpf_dp *d = calloc(1, sizeof(*d));
	int r = 0;

	if (!d)
		return -ENOMEM;
	d->ports = calloc(a->n_ports + 1, sizeof(*d->ports));
	if (d->ports)
		memcpy(d->ports, a->ports, a->n_ports * sizeof(*d->ports));
	else
		r = -ENOMEM;
	d->n_ports = a->n_ports;
	if (r == 0)
		r = load(d, &a->conf);
	if (r == 0)
		r = add_ports(d, a->pins);
	if (r == 0 && a->pins)
		r = pin(d, a->pins);
	if (r == 0)
		r = attach(d, a->mode);
	if (r < 0) {
		bpf_dp_close(d);
		return r;
	}
	*ret = d;
	return 0;
}

void bpf_dp_close(struct bpf_dp *d)
{
	if (!d)
		return;
	detach_all(d);
	if (d->pins)
		unpin(d->pins);
	if (d->state)
		munmap(d->state, STATE_SIZE);
	ze_xdp_bpf__destroy(d->skel);
	free(d->pins);
	free(d->ports);
	free(d);
}

bool bpf_dp_native(const struct bpf_dp *d)
{
	return d->native;
}

int bpf_dp_prog_fd(const struct bpf_dp *d, enum bpf_dp_prog p)
{
	const struct bpf_program *const progs[BPF_DP__PROGS] = {
		[BPF_DP_UPLINK] = d->skel->progs.ze_uplink,
		[BPF_DP_CORE] = d->skel->progs.ze_core,
		[BPF_DP_SLOW] = d->skel->progs.ze_slow,
		[BPF_DP_ACCEPT] = d->skel->progs.ze_accept,
		[BPF_DP_INJECT] = d->skel->progs.ze_inject,
	};

	return bpf_program__fd(progs[p]);
}

/* ---- sessions ---- */

static const uint8_t none[16];

static struct ze_lpm6 lpm(const struct ze_net6 *n)
{
	struct ze_lpm6 k = { .prefixlen = (__u32)__builtin_popcountll(n->mask) };

	memcpy(k.ip, &n->prefix, sizeof(n->prefix));
	return k;
}

/* Another session may have taken the key over. */
static void drop_owned(struct bpf_map *m, const void *key, const struct ze_sess_key *k)
{
	struct ze_sess_key owner;
	int fd = bpf_map__fd(m);

	if (bpf_map_lookup_elem(fd, key, &owner) == 0 && memcmp(&owner, k, sizeof(owner)) == 0)
		bpf_map_delete_elem(fd, key);
}

static void drop_ways(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s)
{
	if (memcmp(s->ip4, none, sizeof(s->ip4)) != 0)
		drop_owned(d->skel->maps.hosts4, s->ip4, k);
	if (memcmp(s->ifid, none, sizeof(s->ifid)) != 0)
		drop_owned(d->skel->maps.links6, s->ifid, k);
	for (int i = 0; i < ZE_NET6S; i++) {
		struct ze_lpm6 key = lpm(&s->net6[i]);

		if (s->net6[i].mask)
			drop_owned(d->skel->maps.prefixes6, &key, k);
	}
}

/* Of two subscribers that chose the same interface identifier, the first is found by it. */
static int put_ways(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s)
{
	int r = 0;

	if (memcmp(s->ip4, none, sizeof(s->ip4)) != 0)
		r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.hosts4), s->ip4, k, BPF_ANY);
	if (r == 0 && memcmp(s->ifid, none, sizeof(s->ifid)) != 0) {
		r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.links6), s->ifid, k, BPF_NOEXIST);
		if (r == -EEXIST)
			r = 0;
	}
	for (int i = 0; r == 0 && i < ZE_NET6S; i++) {
		struct ze_lpm6 key = lpm(&s->net6[i]);

		if (s->net6[i].mask)
			r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.prefixes6), &key, k,
						BPF_ANY);
	}
	return r;
}

int bpf_dp_session_put(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *was,
		       const struct ze_session *s)
{
	int r;

	if (was)
		drop_ways(d, k, was);
	r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.sessions), k, s, BPF_ANY);
	if (r == 0)
		r = put_ways(d, k, s);
	return r;
}

int bpf_dp_session_change(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s)
{
	return bpf_map_update_elem(bpf_map__fd(d->skel->maps.sessions), k, s, BPF_EXIST);
}

void bpf_dp_session_drop(struct bpf_dp *d, const struct ze_sess_key *k,
			 const struct ze_session *was)
{
	drop_ways(d, k, was);
	bpf_map_delete_elem(bpf_map__fd(d->skel->maps.sessions), k);
}

bool bpf_dp_host4_taken(struct bpf_dp *d, uint32_t ip4)
{
	struct ze_sess_key owner;

	return bpf_map_lookup_elem(bpf_map__fd(d->skel->maps.hosts4), &ip4, &owner) == 0;
}

int bpf_dp_endpoint_add(struct bpf_dp *d, const struct ze_addr_key *k)
{
	__u32 one = 1;

	return bpf_map_update_elem(bpf_map__fd(d->skel->maps.endpoints), k, &one, BPF_ANY);
}

/* ---- numbers ---- */

struct ze_state *bpf_dp_state(struct bpf_dp *d, uint16_t sid)
{
	return &d->state[sid];
}

int bpf_dp_reset(struct bpf_dp *d, uint16_t sid)
{
	struct ze_counters *zero = calloc((size_t)d->cpus, sizeof(*zero));
	__u32 i = sid;
	int r;

	if (!zero)
		return -ENOMEM;
	r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.counters), &i, zero, BPF_ANY);
	free(zero);
	d->state[sid] = (struct ze_state){ .nr = UINT32_MAX };
	return r;
}

/* Adds up the rows of all processors, each of n numbers. */
static int sum(struct bpf_dp *d, struct bpf_map *m, __u32 key, uint64_t *ret, size_t n)
{
	uint64_t *rows = calloc((size_t)d->cpus * n, sizeof(*rows));
	int r = rows ? bpf_map_lookup_elem(bpf_map__fd(m), &key, rows) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++) {
		ret[i] = 0;
		for (int c = 0; c < d->cpus; c++)
			ret[i] += rows[(size_t)c * n + i];
	}
	free(rows);
	return r;
}

int bpf_dp_counters(struct bpf_dp *d, uint16_t sid, struct ze_counters *ret)
{
	uint64_t v[sizeof(*ret) / sizeof(uint64_t)];
	int r = sum(d, d->skel->maps.counters, sid, v, ZE_ARRAY_SIZE(v));

	if (r == 0)
		memcpy(ret, v, sizeof(*ret));
	return r;
}

int bpf_dp_verdicts(struct bpf_dp *d, uint64_t ret[static ZE_V__COUNT])
{
	uint64_t v[ZE_V__COUNT];
	int r = 0;

	for (__u32 i = 0; r == 0 && i < ZE_V__COUNT; i++)
		r = sum(d, d->skel->maps.verdicts, i, &v[i], 1);
	if (r == 0)
		memcpy(ret, v, sizeof(v));
	return r;
}

int bpf_dp_inject(struct bpf_dp *d, uint8_t *frame, size_t size, size_t *len)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = (__u32)*len,
		    .data_out = frame, .data_size_out = (__u32)size);
	int r = bpf_prog_test_run_opts(bpf_dp_prog_fd(d, BPF_DP_INJECT), &o);

	if (r < 0)
		return r;
	if (o.retval != XDP_REDIRECT)
		return -EPERM;
	*len = o.data_size_out;
	return 0;
}
