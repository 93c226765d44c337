/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf_dp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/compiler.h"
#include "daemon/sys/bpf_guard.h"
#include "daemon/sys/bpf_hot.h"
#include "ze_xdp.skel.h"

struct bpf_dp {
	struct ze_xdp_bpf *skel;
	struct bpf_common c;
	struct bpf_guard *guard;
	struct bpf_hot hot;
};

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
	return bpf_hot_map(&d->hot,
			   &(struct bpf_hot_fds){ .up = bpf_map__fd(d->skel->maps.up),
						  .down = bpf_map__fd(d->skel->maps.down),
						  .drops = bpf_map__fd(d->skel->maps.drops),
						  .near4 = bpf_map__fd(d->skel->maps.near4) });
}

static int guard_maps(struct bpf_dp *d)
{
	const struct ze_xdp_bpf *k = d->skel;

	return bpf_guard_new(&(struct bpf_guard_maps){ .tunnels = bpf_map__fd(k->maps.tunnels),
						       .established =
							       bpf_map__fd(k->maps.established),
						       .limits = bpf_map__fd(k->maps.limits),
						       .endpoints = bpf_map__fd(k->maps.endpoints),
						       .verdicts = bpf_map__fd(k->maps.verdicts) },
			     &d->guard);
}

/* A port becomes one where packets may be sent to. */
static int add_port(struct bpf_dp *d, const struct bpf_dp_port *p, const char *pins)
{
	__u32 ifindex = p->ifindex;
	int r = bpf_common_clear(pins, ifindex);

	/* What is sent there arrives on ze0; what is sent to ze0 would come out of it. */
	if (r == 0 && p->prog != BPF_DP_ACCEPT)
		r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.ports), &ifindex, &ifindex,
					BPF_ANY);
	return r;
}

static int add_ports(struct bpf_dp *d, const struct bpf_dp_args *a)
{
	struct bpf_common_port *ports = calloc(a->n_ports + 1, sizeof(*ports));
	int r = ports ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < a->n_ports; i++) {
		ports[i].ifindex = a->ports[i].ifindex;
		ports[i].prog = bpf_dp_prog_fd(d, a->ports[i].prog);
		r = add_port(d, &a->ports[i], a->pins);
	}
	if (r == 0 && a->pins)
		r = bpf_common_pin(&d->c, d->skel->obj, a->pins);
	if (r == 0)
		r = bpf_common_attach(&d->c, ports, a->n_ports, a->mode);
	free(ports);
	return r;
}

int bpf_dp_open(const struct bpf_dp_args *a, struct bpf_dp **ret)
{
	struct bpf_dp *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	r = load(d, &a->conf);
	if (r == 0)
		r = guard_maps(d);
	if (r == 0)
		r = bpf_guard_listen(d->guard, a->listeners, a->n_listeners);
	if (r == 0)
		r = add_ports(d, a);
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
	bpf_common_done(&d->c);
	bpf_guard_free(d->guard);
	bpf_hot_unmap(&d->hot);
	ze_xdp_bpf__destroy(d->skel);
	free(d);
}

bool bpf_dp_native(const struct bpf_dp *d)
{
	return d->c.native;
}

struct bpf_guard *bpf_dp_guard(const struct bpf_dp *d)
{
	return d->guard;
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
	if (memcmp(s->ip4, none, sizeof(s->ip4)) != 0) {
		bpf_hot_far(&d->hot, s->ip4, k->sid);
		drop_owned(d->skel->maps.hosts4, s->ip4, k);
	}
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

	if (memcmp(s->ip4, none, sizeof(s->ip4)) != 0) {
		r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.hosts4), s->ip4, k, BPF_ANY);
		bpf_hot_near(&d->hot, s->ip4, k->sid);
	}
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
	if (r < 0)
		return r;
	bpf_hot_put(&d->hot, k, s);
	return put_ways(d, k, s);
}

int bpf_dp_session_change(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s)
{
	int r = bpf_map_update_elem(bpf_map__fd(d->skel->maps.sessions), k, s, BPF_EXIST);

	if (r == 0)
		bpf_hot_put(&d->hot, k, s);
	return r;
}

void bpf_dp_session_drop(struct bpf_dp *d, const struct ze_sess_key *k,
			 const struct ze_session *was)
{
	bpf_hot_drop(&d->hot, k);
	drop_ways(d, k, was);
	bpf_map_delete_elem(bpf_map__fd(d->skel->maps.sessions), k);
}

bool bpf_dp_host4_taken(struct bpf_dp *d, uint32_t ip4)
{
	struct ze_sess_key owner;

	return bpf_map_lookup_elem(bpf_map__fd(d->skel->maps.hosts4), &ip4, &owner) == 0;
}

/* ---- numbers ---- */

uint16_t bpf_dp_number(struct bpf_dp *d, uint16_t sid)
{
	return bpf_hot_number(&d->hot, sid);
}

void bpf_dp_reset(struct bpf_dp *d, uint16_t sid)
{
	bpf_hot_reset(&d->hot, sid);
}

struct bpf_hot_counters bpf_dp_counters(const struct bpf_dp *d, uint16_t sid)
{
	return bpf_hot_counters(&d->hot, sid);
}

int bpf_dp_rules(struct bpf_dp *d, bool any)
{
	const struct ze_routing v = { .by_rules = any };
	__u32 zero = 0;

	return bpf_map_update_elem(bpf_map__fd(d->skel->maps.routing), &zero, &v, BPF_ANY);
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
