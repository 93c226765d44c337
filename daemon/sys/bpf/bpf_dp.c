/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_dp.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_guard.h"
#include "daemon/sys/bpf/bpf_hot.h"
#include "daemon/sys/bpf/bpf_link.h"
#include "daemon/sys/bpf/bpf_names.h"
#include "daemon/sys/bpf/bpf_ours.h"
#include "daemon/sys/bpf/bpf_redirect.h"
#include "daemon/sys/bpf/bpf_show.h"
#include "daemon/sys/bpf/bpf_try.h"
#include "daemon/sys/bpf/bpf_vlan.h"
#include "daemon/sys/net/news.h"
#include "daemon/sys/net/port_check.h"
#include "daemon/sys/net/repair.h"
#include "ze_xdp.skel.h"

struct bpf_dp {
	struct ze_xdp_bpf *skel;
	struct bpf_common c;
	struct bpf_guard *guard;
	struct bpf_redirect *redirect; /* NULL: lost redirects are not counted */
	struct bpf_hot hot;
	/* Numbers of map entries. The worker counts, any thread reads. */
	unsigned n_sessions, n_hosts4, n_links6, n_vlans;
	bool by_rules, outer_df; /* only for the reactor */
	bool links;		 /* set once by bpf_dp_serve_links(), read by any thread */
};

/* ---- set-up and removal ---- */

static int map_fd(const struct bpf_map *m)
{
	return bpf_map__fd(m);
}

void bpf_dp_repin(const char *pins, const struct bpf_dp_port *ports, size_t n)
{
	struct ze_xdp_bpf *skel = ze_xdp_bpf__open(); /* for the names of the maps */

	if (skel)
		bpf_names_update(pins, skel->obj);
	for (size_t i = 0; skel && i < n; i++)
		bpf_ours_repin(pins, skel->obj, ports[i].ifindex);
	ze_xdp_bpf__destroy(skel);
}

static int bpf_dp_load(struct bpf_dp *d, const struct bpf_dp_args *a)
{
	__u32 zero = 0;
	int r = 0;

	d->skel = ze_xdp_bpf__open();
	if (!d->skel)
		return -ENOMEM; /* the object is part of the binary: nothing else can fail */
	memcpy((void *)&d->skel->rodata->conf, &a->conf, sizeof(a->conf));
	d->skel->rodata->conf.abi = ZE_BPF_ABI;
	d->outer_df = a->outer_df;
	/* How many nets the maps have is known when the sessions are restored. */
	d->skel->bss->nets4 = d->skel->bss->nets6 = a->restart;
	if (a->restart)
		r = bpf_common_reuse(d->skel->obj, a->pins);
	if (r == 0)
		r = ze_xdp_bpf__load(d->skel);
	if (r == 0)
		r = bpf_try_put(map_fd(d->skel->maps.ze_about), &zero, &d->skel->rodata->conf,
				BPF_ANY);
	if (r < 0)
		return r;
	return bpf_hot_map(&d->hot, &(struct bpf_hot_fds){
					    .paths = map_fd(d->skel->maps.ze_paths),
					    .up_ids = map_fd(d->skel->maps.ze_up_ids),
					    .down_ids = map_fd(d->skel->maps.ze_down_ids),
					    .up = map_fd(d->skel->maps.ze_up),
					    .down = map_fd(d->skel->maps.ze_down),
					    .up_credits = map_fd(d->skel->maps.ze_up_credits),
					    .down_credits = map_fd(d->skel->maps.ze_down_credits),
					    .numbers = map_fd(d->skel->maps.ze_numbers),
					    .drops = map_fd(d->skel->maps.ze_drops),
					    .near4 = map_fd(d->skel->maps.ze_near4) });
}

static int guard_maps(struct bpf_dp *d)
{
	const struct ze_xdp_bpf *k = d->skel;

	return bpf_guard_new(
		&(struct bpf_guard_maps){ .tunnels = bpf_map__fd(k->maps.ze_tunnels),
					  .calls = bpf_map__fd(k->maps.ze_calls),
					  .established = bpf_map__fd(k->maps.ze_established),
					  .answered = bpf_map__fd(k->maps.ze_answered),
					  .allowed = bpf_map__fd(k->maps.ze_allowed),
					  .limits = bpf_map__fd(k->maps.ze_limits),
					  .endpoints = bpf_map__fd(k->maps.ze_endpoints),
					  .verdicts = bpf_map__fd(k->maps.ze_verdicts) },
		&d->guard);
}

/* Counts lost redirects by tracepoints; the plane works without them. */
static void count_redirects(struct bpf_dp *d)
{
	int r = bpf_redirect_open(map_fd(d->skel->maps.ze_ports), map_fd(d->skel->maps.ze_verdicts),
				  &d->redirect);

	if (r < 0)
		log_kv(LOG_DP, LOG_WARN, "redirects-not-counted", KV_ERRNO(r),
		       KV_STR("effect",
			      "packets that a driver does not accept are counted as forwarded"),
		       KV_STR("cure",
			      "use a kernel with CONFIG_BPF_EVENTS and CONFIG_DEBUG_INFO_BTF"));
}

/* Allows redirects to a port. Not called for ze0: a frame redirected to ze0p arrives on ze0, one
 * redirected to ze0 would leave it. */
static int let_send_to(struct bpf_dp *d, __u32 ifindex)
{
	int fd = map_fd(d->skel->maps.ze_ports);
	__u32 known;

	if (d->redirect && bpf_redirect_watch(d->redirect, ifindex) < 0)
		log_kv(LOG_DP, LOG_DEBUG, "redirects-not-counted", KV_U64("ifindex", ifindex));
	if (bpf_try_get(fd, &ifindex, &known) == 0)
		return 0;
	return bpf_try_put(fd, &ifindex, &ifindex, BPF_ANY);
}

static bool is_port(const void *self, unsigned ifindex)
{
	const struct bpf_dp_args *a = self;

	for (size_t i = 0; i < a->n_ports; i++)
		if (a->ports[i].ifindex == ifindex)
			return true;
	return false;
}

static bool port_stays(void *self, const void *key)
{
	__u32 ifindex;

	memcpy(&ifindex, key, sizeof(ifindex));
	return is_port(self, ifindex);
}

static int bpf_dp_attach(struct bpf_dp *d, const struct bpf_dp_args *a,
			 const struct bpf_common_port *ports)
{
	int r = 0;

	d->c.forwards = true;
	if (a->restart) { /* a port of the previous instance may no longer be one */
		bpf_ours_clear_all(a->pins, is_port, a);
		bpf_common_prune(map_fd(d->skel->maps.ze_ports), port_stays, (void *)a);
		return bpf_common_take_over(&d->c, d->skel->obj,
					    &(struct bpf_common_where){ ports, a->n_ports, a->mode,
									a->pins });
	}
	if (a->pins)
		r = bpf_common_pin(&d->c, d->skel->obj, a->pins);
	return r < 0 ? r : bpf_common_attach(&d->c, ports, a->n_ports, a->mode);
}

/* Without its row the frames of a port would all pass through the stack. */
static int add_macs(struct bpf_dp *d, const struct bpf_dp_args *a)
{
	struct bpf_port_mac *macs = calloc(a->n_ports + 1, sizeof(*macs));
	size_t n = 0;
	int r;

	if (!macs)
		return -ENOMEM;
	for (size_t i = 0; i < a->n_ports; i++)
		n += (a->ports[i].prog == BPF_DP_UPLINK || a->ports[i].prog == BPF_DP_CORE) &&
		     bpf_vlan_read_mac(a->ports[i].ifindex, &macs[n]) == 0;
	r = bpf_dp_macs(d, macs, n);
	free(macs);
	return r;
}

static int bpf_dp_add_ports(struct bpf_dp *d, const struct bpf_dp_args *a)
{
	struct bpf_common_port *ports = calloc(a->n_ports + 1, sizeof(*ports));
	int r = ports ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < a->n_ports; i++) {
		ports[i].ifindex = a->ports[i].ifindex;
		ports[i].prog = bpf_dp_prog_fd(d, a->ports[i].prog);
		if (a->ports[i].prog != BPF_DP_ACCEPT)
			r = let_send_to(d, a->ports[i].ifindex);
	}
	if (r == 0)
		r = add_macs(d, a);
	if (r == 0)
		r = bpf_dp_attach(d, a, ports);
	free(ports);
	return r;
}

/* Checks once whether the ports accept redirects, because they would drop them without a
 * message. */
static void check_ports(struct bpf_dp *d)
{
	int accept = bpf_dp_prog_fd(d, BPF_DP_ACCEPT);
	struct port_facts f;

	for (size_t i = 0; i < d->c.n_ports; i++) {
		struct bpf_common_port *p = &d->c.ports[i];
		struct port_problem bad;
		char name[IF_NAMESIZE];

		if (p->prog == accept || port_check_ask(p->ifindex, &f) < 0)
			continue;
		bad = port_check(&f, bpf_common_any_native(&d->c));
		p->send_problem = bad.what;
		if (bad.what)
			log_kv(LOG_DP, LOG_WARN, "port-redirects-lost",
			       KV_STR("interface", if_indextoname(p->ifindex, name)),
			       KV_STR("driver", f.driver), KV_STR("why", bad.what),
			       KV_STR("cure", bad.cure));
	}
}

int bpf_dp_open(const struct bpf_dp_args *a, struct bpf_dp **ret)
{
	struct bpf_dp *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	r = bpf_dp_load(d, a);
	if (r == 0)
		r = guard_maps(d);
	if (r == 0)
		count_redirects(d);
	if (r == 0 && a->restart)
		r = bpf_guard_restart(d->guard);
	if (r == 0)
		r = bpf_guard_listen(d->guard, a->listeners, a->n_listeners);
	if (r == 0)
		r = bpf_dp_add_ports(d, a);
	if (r < 0) {
		bpf_dp_close(d);
		return r;
	}
	check_ports(d);
	*ret = d;
	return 0;
}

static void bpf_dp_done(struct bpf_dp *d)
{
	bpf_redirect_close(d->redirect);
	bpf_guard_free(d->guard);
	bpf_hot_unmap(&d->hot);
	ze_xdp_bpf__destroy(d->skel);
	free(d);
}

void bpf_dp_close(struct bpf_dp *d)
{
	if (!d)
		return;
	bpf_common_done(&d->c);
	bpf_dp_done(d);
}

void bpf_dp_handover(struct bpf_dp *d)
{
	if (!d)
		return;
	bpf_common_handover(&d->c);
	bpf_dp_done(d);
}

const char *bpf_dp_mode(const struct bpf_dp *d)
{
	return bpf_common_mode(&d->c);
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

/* ---- repair ---- */

bool bpf_dp_heard(struct bpf_dp *d, const struct news *n, const char **ret_what)
{
	return bpf_common_heard(&d->c, n, ret_what);
}

/* Redirects to a port need its entry in the map; the kernel removes that with the interface. */
static int restore_port(struct bpf_dp *d, size_t i)
{
	int r = bpf_common_locate(&d->c, i);
	const struct bpf_common_port *p = &d->c.ports[i];

	if (r == 0 && p->prog != bpf_dp_prog_fd(d, BPF_DP_ACCEPT))
		r = let_send_to(d, p->ifindex);
	return r < 0 ? r : bpf_common_restore(&d->c, i);
}

static void restore_link(const struct bpf_dp *d, struct repair_result *res)
{
	int r;

	if (!__atomic_load_n(&d->links, __ATOMIC_RELAXED))
		return;
	r = bpf_link_attach(bpf_program__fd(d->skel->progs.ze_link), d->skel->rodata->conf.ze0);
	if (r)
		repair_note(res, r < 0 ? r : 0, "ze0");
	if (r == -EBUSY)
		repair_explain(res, "another program's tc filter is in the place of ze's",
			       "tc filter show dev ze0 ingress, then tc filter del");
	if (r < 0 && r != -EBUSY)
		res->wait = false;
}

void bpf_dp_restore(struct bpf_dp *d, struct repair_result *res)
{
	res->wait = true;
	for (size_t i = 0; i < d->c.n_attached; i++) {
		int r = restore_port(d, i);

		if (r)
			repair_note(res, r < 0 ? r : 0, d->c.ports[i].name);
		if (r == -EBUSY)
			bpf_common_explain(&d->c, i, res);
		if (r < 0 && r != -ENODEV && r != -EBUSY)
			res->wait = false;
	}
	restore_link(d, res);
}

int bpf_dp_serve_links(struct bpf_dp *d)
{
	int r;

	if (__atomic_load_n(&d->links, __ATOMIC_RELAXED))
		return 0;
	r = bpf_link_attach(bpf_program__fd(d->skel->progs.ze_link), d->skel->rodata->conf.ze0);
	if (r >= 0)
		__atomic_store_n(&d->links, true, __ATOMIC_RELAXED);
	else
		log_kv(LOG_DP, LOG_ERROR, "link-local-failed", KV_STR("interface", "ze0"),
		       KV_ERRNO(r),
		       KV_STR("effect", "LACs with link-local addresses are not served"),
		       KV_STR("cure",
			      "use a kernel with CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS"));
	return r < 0 ? r : 0;
}

bool bpf_dp_heard_link(const struct bpf_dp *d, const struct news *n)
{
	return __atomic_load_n(&d->links, __ATOMIC_RELAXED) && n->kind == NEWS_FILTER &&
	       n->ifindex == d->skel->rodata->conf.ze0;
}

unsigned bpf_dp_pins_missing(const struct bpf_dp *d)
{
	return bpf_common_pins_missing(&d->c, d->skel->obj);
}

int bpf_dp_pins_restore(struct bpf_dp *d)
{
	return bpf_common_pins_restore(&d->c, d->skel->obj);
}

size_t bpf_dp_ports(const struct bpf_dp *d, unsigned *ret, size_t max)
{
	int uplink = bpf_dp_prog_fd(d, BPF_DP_UPLINK), core = bpf_dp_prog_fd(d, BPF_DP_CORE);
	size_t n = 0;

	for (size_t i = 0; i < d->c.n_ports && n < max; i++)
		if (d->c.ports[i].prog == uplink || d->c.ports[i].prog == core)
			ret[n++] = __atomic_load_n(&d->c.ports[i].ifindex, __ATOMIC_RELAXED);
	return n;
}

/* ---- sessions ---- */

static const uint8_t none[16];

static struct ze_lpm6 lpm(const struct ze_net6 *n)
{
	struct ze_lpm6 k = { .prefixlen = (__u32)__builtin_popcountll(n->mask) };

	memcpy(k.ip, &n->prefix, sizeof(n->prefix));
	return k;
}

static int put_in(struct bpf_map *m, const void *key, const void *value, unsigned *n)
{
	int r = bpf_try_put(bpf_map__fd(m), key, value, BPF_NOEXIST);

	if (r == 0)
		__atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
	return r;
}

/* Inserts or replaces an entry; n counts only new ones. */
static int set_in(struct bpf_map *m, const void *key, const void *value, unsigned *n)
{
	int r = put_in(m, key, value, n);

	return r == -EEXIST ? bpf_try_put(bpf_map__fd(m), key, value, BPF_ANY) : r;
}

/* n NULL: a trie is not counted, because older kernels do not distinguish new from replaced
 * entries. */
static void take_out(int fd, const void *key, unsigned *n)
{
	if (bpf_try_del(fd, key) == 0 && n)
		__atomic_fetch_sub(n, 1, __ATOMIC_RELAXED);
}

/* Deletes an entry unless another session has taken over the key. */
static void drop_owned(struct bpf_map *m, const void *key, const struct ze_sess_key *k, unsigned *n)
{
	struct ze_sess_key owner;
	int fd = bpf_map__fd(m);

	if (bpf_try_get(fd, key, &owner) == 0 && memcmp(&owner, k, sizeof(owner)) == 0)
		take_out(fd, key, n);
}

/* has_x(s, but): s has the address or prefix, and `but` does not. `nobody` has none. */
static const struct ze_session nobody;

static bool has_ip4(const struct ze_session *s, const struct ze_session *but)
{
	return memcmp(s->ip4, none, sizeof(s->ip4)) != 0 &&
	       memcmp(s->ip4, but->ip4, sizeof(s->ip4)) != 0;
}

static bool has_net6(const struct ze_session *s, int i, const struct ze_session *but)
{
	if (!s->net6[i].mask)
		return false;
	for (int k = 0; k < ZE_NET6S; k++)
		if (memcmp(&s->net6[i], &but->net6[k], sizeof(s->net6[i])) == 0)
			return false;
	return true;
}

static void drop_ways(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s,
		      const struct ze_session *but)
{
	if (has_ip4(s, but)) {
		bpf_hot_far(&d->hot, s->ip4, k->sid);
		drop_owned(d->skel->maps.ze_hosts4, s->ip4, k, &d->n_hosts4);
	}
	for (int i = 0; i < ZE_NET6S; i++) {
		struct ze_lpm6 key = lpm(&s->net6[i]);

		if (has_net6(s, i, but))
			drop_owned(d->skel->maps.ze_prefixes6, &key, k, NULL);
	}
}

static int put_ways(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s,
		    const struct ze_session *but)
{
	int r = 0;

	if (has_ip4(s, but)) {
		r = set_in(d->skel->maps.ze_hosts4, s->ip4, k, &d->n_hosts4);
		bpf_hot_near(&d->hot, s->ip4, k->sid);
	}
	for (int i = 0; r == 0 && i < ZE_NET6S; i++) {
		struct ze_lpm6 key = lpm(&s->net6[i]);

		if (has_net6(s, i, but))
			r = bpf_try_put(bpf_map__fd(d->skel->maps.ze_prefixes6), &key, k, BPF_ANY);
	}
	return r;
}

void bpf_dp_path_put(struct bpf_dp *d, uint16_t tid, const struct ze_tunnel *t)
{
	bpf_hot_path(&d->hot, tid, t);
}

const struct ze_tunnel *bpf_dp_path(const struct bpf_dp *d, uint16_t tid)
{
	return &d->hot.paths[tid];
}

/* ---- networks behind subscribers ---- */

union net_key {
	struct ze_lpm4 v4;
	struct ze_lpm6 v6;
};

/* The map of the prefix, and its key there. */
static const struct bpf_map *bpf_dp_net_of(const struct bpf_dp *d, const struct ze_prefix *p,
					   union net_key *ret)
{
	*ret = (union net_key){ .v6.prefixlen = p->len };
	if (p->addr.family == 4) {
		memcpy(ret->v4.ip, p->addr.ip, sizeof(ret->v4.ip));
		return d->skel->maps.ze_prefixes4;
	}
	memcpy(ret->v6.ip, p->addr.ip, sizeof(ret->v6.ip));
	return d->skel->maps.ze_prefixes6;
}

int bpf_dp_net_put(struct bpf_dp *d, const struct ze_prefix *p, const struct ze_sess_key *k)
{
	union net_key key;

	return bpf_try_put(bpf_map__fd(bpf_dp_net_of(d, p, &key)), &key, k, BPF_ANY);
}

void bpf_dp_net_drop(struct bpf_dp *d, const struct ze_prefix *p, const struct ze_sess_key *k,
		     const struct ze_sess_key *next)
{
	struct ze_sess_key owner;
	union net_key key;
	int fd = bpf_map__fd(bpf_dp_net_of(d, p, &key));

	if (bpf_try_get(fd, &key, &owner) < 0 || memcmp(&owner, k, sizeof(owner)) != 0)
		return;
	if (!next || bpf_try_put(fd, &key, next, BPF_ANY) < 0)
		bpf_try_del(fd, &key);
}

void bpf_dp_nets(struct bpf_dp *d, bool v6, unsigned n)
{
	if (v6)
		d->skel->bss->nets6 = n;
	else
		d->skel->bss->nets4 = n;
}

/* Changes the entry of a session, or creates it if it was lost. */
static int change_row(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s)
{
	int r = bpf_try_put(map_fd(d->skel->maps.ze_sessions), k, s, BPF_EXIST);

	return r == -ENOENT ? put_in(d->skel->maps.ze_sessions, k, s, &d->n_sessions) : r;
}

int bpf_dp_session_put(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *was,
		       const struct ze_session *s)
{
	int r;

	if (was)
		drop_ways(d, k, was, s);
	r = was ? change_row(d, k, s) : set_in(d->skel->maps.ze_sessions, k, s, &d->n_sessions);
	/* Even after an error: a family that was removed is closed in the tables in memory. */
	bpf_hot_put(&d->hot, k, s);
	return r < 0 ? r : put_ways(d, k, s, was ? was : &nobody);
}

int bpf_dp_session_change(struct bpf_dp *d, const struct ze_sess_key *k, const struct ze_session *s)
{
	int r = bpf_try_put(bpf_map__fd(d->skel->maps.ze_sessions), k, s, BPF_EXIST);

	if (r == 0)
		bpf_hot_put(&d->hot, k, s);
	return r;
}

static void ifid_key(uint64_t ifid, uint8_t ret[static 8])
{
	for (int i = 0; i < 8; i++)
		ret[i] = (uint8_t)(ifid >> (56 - 8 * i));
}

int bpf_dp_link6_set(struct bpf_dp *d, uint64_t ifid, const struct ze_sess_key *k)
{
	uint8_t key[8];

	ifid_key(ifid, key);
	if (k)
		return set_in(d->skel->maps.ze_links6, key, k, &d->n_links6);
	take_out(bpf_map__fd(d->skel->maps.ze_links6), key, &d->n_links6);
	return 0;
}

bool bpf_dp_link6_is(struct bpf_dp *d, uint64_t ifid, const struct ze_sess_key *k)
{
	struct ze_sess_key owner;
	uint8_t key[8];

	ifid_key(ifid, key);
	if (bpf_try_get(bpf_map__fd(d->skel->maps.ze_links6), key, &owner) < 0)
		return !k;
	return k && memcmp(&owner, k, sizeof(owner)) == 0;
}

void bpf_dp_open_family(struct bpf_dp *d, uint16_t sid, bool v6, bool open)
{
	bpf_hot_open(&d->hot, sid, v6, open);
}

void bpf_dp_session_drop(struct bpf_dp *d, const struct ze_sess_key *k,
			 const struct ze_session *was)
{
	bpf_hot_drop(&d->hot, k);
	drop_ways(d, k, was, &nobody);
	take_out(bpf_map__fd(d->skel->maps.ze_sessions), k, &d->n_sessions);
}

/* ---- sessions of the previous instance ---- */

static bool bpf_dp_get(const struct bpf_dp *d, const struct ze_sess_key *k, struct ze_session *ret)
{
	return bpf_try_get(bpf_map__fd(d->skel->maps.ze_sessions), k, ret) == 0;
}

/* Writes the tables in memory in any case. */
int bpf_dp_restart_session(struct bpf_dp *d, const struct ze_sess_key *k,
			   const struct ze_session *s)
{
	struct ze_session was;
	bool there = bpf_dp_get(d, k, &was);
	int r = 0;

	if (!there)
		bpf_hot_reset(&d->hot, k->sid);
	if (!there || memcmp(&was, s, sizeof(was)) != 0)
		r = bpf_dp_session_put(d, k, there ? &was : NULL, s);
	else
		bpf_hot_put(&d->hot, k, s);
	return r < 0 ? r : put_ways(d, k, s, &nobody); /* some of its entries may have been lost */
}

_Static_assert(sizeof(struct ze_lpm6) <= BPF_COMMON_KEY, "the longest key that is pruned");

/* True when the session has the address that a key of one of the maps stands for. */
typedef bool has_way(const struct ze_session *s, const void *key);

static bool has_host4(const struct ze_session *s, const void *key)
{
	return memcmp(s->ip4, key, sizeof(s->ip4)) == 0;
}

static bool has_link6(const struct ze_session *s, const void *key)
{
	return memcmp(s->ifid, key, sizeof(s->ifid)) == 0;
}

static bool has_prefix6(const struct ze_session *s, const void *key)
{
	for (int i = 0; i < ZE_NET6S; i++) {
		struct ze_lpm6 k = lpm(&s->net6[i]);

		if (s->net6[i].mask && memcmp(&k, key, sizeof(k)) == 0)
			return true;
	}
	return false;
}

struct nets_kept {
	int map;
	bool v6;
	bpf_dp_keep_net *keep;
	void *self;
	const struct bpf_dp *d;
};

/* An entry of ze_prefixes6 may also be for a prefix of the session itself. */
static bool is_kept_net(void *self, const void *key)
{
	const struct nets_kept *w = self;
	struct ze_prefix p = { .addr.family = w->v6 ? 6 : 4 };
	struct ze_sess_key owner;
	struct ze_session s;
	__u32 len;

	memcpy(p.addr.ip, (const uint8_t *)key + sizeof(uint32_t), w->v6 ? 16 : 4);
	memcpy(&len, key, sizeof(len));
	p.len = (uint8_t)len;
	if (bpf_try_get(w->map, key, &owner) < 0 || w->keep(w->self, &p, &owner))
		return true;
	return w->v6 && bpf_dp_get(w->d, &owner, &s) && has_prefix6(&s, key);
}

void bpf_dp_nets_prune(struct bpf_dp *d, bpf_dp_keep_net *keep, void *self)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct nets_kept w = { .v6 = v6, .keep = keep, .self = self, .d = d };

		w.map = map_fd(v6 ? d->skel->maps.ze_prefixes6 : d->skel->maps.ze_prefixes4);
		bpf_common_prune(w.map, is_kept_net, &w);
	}
}

struct ways {
	const struct bpf_dp *d;
	int map;
	has_way *has;
};

static bool is_way(void *self, const void *key)
{
	const struct ways *w = self;
	struct ze_sess_key owner;
	struct ze_session s;

	return bpf_try_get(w->map, key, &owner) < 0 ||
	       (bpf_dp_get(w->d, &owner, &s) && w->has(&s, key));
}

static unsigned prune_ways(struct bpf_dp *d, const struct bpf_map *m, has_way *has)
{
	struct ways w = { d, bpf_map__fd(m), has };

	return bpf_common_prune(w.map, is_way, &w);
}

struct wanted {
	bool (*keep)(void *self, const struct ze_sess_key *k);
	void *self;
};

static bool bpf_dp_is_wanted(void *self, const void *key)
{
	const struct wanted *w = self;
	struct ze_sess_key k;

	memcpy(&k, key, sizeof(k));
	return w->keep(w->self, &k);
}

void bpf_dp_prune(struct bpf_dp *d, bool (*keep)(void *self, const struct ze_sess_key *k),
		  void *self)
{
	struct wanted w = { keep, self };

	d->n_sessions = bpf_common_prune(map_fd(d->skel->maps.ze_sessions), bpf_dp_is_wanted, &w);
	bpf_hot_prune(&d->hot, keep, self);
	d->n_hosts4 = prune_ways(d, d->skel->maps.ze_hosts4, has_host4);
	d->n_links6 = prune_ways(d, d->skel->maps.ze_links6, has_link6);
	bpf_guard_prune(d->guard);
}

/* An unknown owner counts as taken: a superfluous route does less harm than a missing one. */
bool bpf_dp_host4_taken(struct bpf_dp *d, uint32_t ip4, const struct ze_sess_key *but)
{
	struct ze_sess_key owner;
	int r = bpf_try_get(bpf_map__fd(d->skel->maps.ze_hosts4), &ip4, &owner);

	return r == 0 ? memcmp(&owner, but, sizeof(owner)) != 0 : r != -ENOENT;
}

/* ---- counters and routing ---- */

uint16_t bpf_dp_number(struct bpf_dp *d, uint16_t sid)
{
	return bpf_hot_number(&d->hot, sid);
}

void bpf_dp_reset(struct bpf_dp *d, uint16_t sid)
{
	bpf_hot_reset(&d->hot, sid);
}

const struct bpf_hot *bpf_dp_hot(const struct bpf_dp *d)
{
	return &d->hot;
}

/* A next hop looked up in the same tick of the coarse clock may be from before or after the change,
 * and expires, too. */
int bpf_dp_void_hops(struct bpf_dp *d)
{
	struct ze_routing v = { .by_rules = d->by_rules, .outer_df = d->outer_df };
	struct timespec t;
	__u32 zero = 0;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	v.void_ns = (__u64)t.tv_sec * 1000000000 + (__u64)t.tv_nsec + ZE_FRESH_NS;
	return bpf_try_put(bpf_map__fd(d->skel->maps.ze_routing), &zero, &v, BPF_ANY);
}

int bpf_dp_routing(struct bpf_dp *d, bool by_rules)
{
	d->by_rules = by_rules;
	return bpf_dp_void_hops(d);
}

int bpf_dp_outer_df(struct bpf_dp *d, bool on)
{
	d->outer_df = on;
	return bpf_dp_void_hops(d);
}

int bpf_dp_vlans(struct bpf_dp *d, const struct bpf_vlan *v, size_t n)
{
	int r = bpf_vlan_set(bpf_map__fd(d->skel->maps.ze_vlans), v, n);

	if (r == 0)
		r = bpf_vlan_set_macs(bpf_map__fd(d->skel->maps.ze_vlan_macs), v, n);
	if (r == 0)
		__atomic_store_n(&d->n_vlans, (unsigned)n, __ATOMIC_RELAXED);
	return r;
}

int bpf_dp_macs(struct bpf_dp *d, const struct bpf_port_mac *p, size_t n)
{
	return bpf_vlan_port_macs(bpf_map__fd(d->skel->maps.ze_macs), p, n);
}

void bpf_dp_show(const struct bpf_dp *d, struct json *j)
{
	const struct bpf_show_fill fill[] = {
		{ "ze_sessions", __atomic_load_n(&d->n_sessions, __ATOMIC_RELAXED) },
		{ "ze_hosts4", __atomic_load_n(&d->n_hosts4, __ATOMIC_RELAXED) },
		{ "ze_links6", __atomic_load_n(&d->n_links6, __ATOMIC_RELAXED) },
		{ "ze_vlans", __atomic_load_n(&d->n_vlans, __ATOMIC_RELAXED) },
		{ "tunnels", bpf_guard_tunnels(d->guard) },
		{ "established", bpf_guard_established(d->guard) },
		{ "allowed", bpf_guard_allowed(d->guard) },
	};

	bpf_show_programs(&d->c, d->redirect, j);
	bpf_show_maps(d->skel->obj, fill, ZE_ARRAY_SIZE(fill), j);
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
