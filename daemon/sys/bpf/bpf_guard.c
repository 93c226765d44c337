/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/bpf_guard.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/core/config.h"
#include "daemon/sys/bpf/bpf_ours.h"
#include "daemon/sys/bpf/bpf_show.h"
#include "daemon/sys/bpf/bpf_try.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/run/loop.h"
#include "ze_guard.skel.h"

struct bpf_guard {
	struct bpf_guard_maps m;
	struct log_limit lines; /* about failed updates */
	unsigned n_tunnels, n_established, n_allowed;
	uint32_t list;	 /* number of the newest allow-from: the value of its prefixes */
	uint32_t life;	 /* number of this instance: the value of endpoints and peers */
	uint64_t *known; /* a bit per tunnel that the engine set, while sessions are restored */
	uint64_t *known_calls; /* the same per session */
	uint64_t *calls;       /* by session id, mapped into memory */
	/* only with a program of its own */
	struct ze_guard_bpf *skel;
	struct bpf_common c;
};

static struct bpf_guard *bpf_guard_alloc(void)
{
	struct bpf_guard *g = calloc(1, sizeof(*g));

	if (g)
		g->lines = (struct log_limit){ .every = ZE_MS(100), .burst = 100 };
	return g;
}

static struct ze_addr_key bpf_guard_key_of(const struct ze_addr *a, uint16_t port)
{
	struct ze_addr_key k = { .port = port, .family = a->family };

	memcpy(k.ip, a->ip, sizeof(k.ip));
	return k;
}

/* ---- calls of the engine ---- */

static bool bpf_guard_put(struct bpf_guard *g, const char *map, int fd, const void *key,
			  const void *value)
{
	int r = bpf_try_put(fd, key, value, BPF_ANY);
	uint32_t suppressed;

	/* It may fail in the same way for each tunnel and session. */
	if (r < 0 && log_limit_pass(&g->lines, loop_clock_ns(), &suppressed))
		log_kv(LOG_DP, LOG_ERROR, "guard-map-failed", KV_STR("map", map), KV_ERRNO(r),
		       KV_SUPPRESSED(suppressed));
	return r == 0;
}

static bool put_allowed(struct bpf_guard *g, const struct guard_limits *l)
{
	bool all = true;

	for (size_t i = 0; all && i < l->n_allow; i++) {
		const struct ze_prefix *p = &l->allow[i];
		struct ze_allow k = { .prefixlen = ZE_ALLOW_BITS + p->len,
				      .family = p->addr.family };

		memcpy(k.ip, p->addr.ip, sizeof(k.ip));
		all = bpf_guard_put(g, "allowed", g->m.allowed, &k, &g->list);
	}
	return all;
}

static bool is_listed(void *self, const void *key)
{
	const struct bpf_guard *g = self;
	uint32_t list;

	return bpf_try_get(g->m.allowed, key, &list) == 0 && list == g->list;
}

/* The new list is complete before the programs use it, and the old one is removed afterwards: no
 * allowed source is denied in between. If the list cannot be stored, the programs use none and only
 * the engine denies. */
static void bpf_guard_limits(void *self, const struct guard_limits *l)
{
	struct bpf_guard *g = self;
	struct ze_limits v = { .source_cost_ns = ZE_SEC(1) / l->source_rate,
			       .known_cost_ns = ZE_SEC(1) / l->known_rate };
	__u32 zero = 0;

	g->list++;
	v.listed = l->n_allow && put_allowed(g, l);
	v.zero_checksum = l->zero_checksum;
	v.frame_cost = (__u32)(ZE_SEC(1) / l->frame_rate >> ZE_CALL_UNIT);
	v.frame_burst = v.frame_cost * (l->frame_burst - 1);
	v.control_cost_ns = ZE_SEC(1) / l->control_rate;
	v.control_burst_ns = v.control_cost_ns * (l->control_burst - 1);
	v.known_burst_ns = v.known_cost_ns * (l->known_burst - 1);

	/* GCRA: after the first message of a burst, burst - 1 may be ahead of their time. */
	v.source_burst_ns = v.source_cost_ns * (l->source_burst - 1);
	if (l->setup_rate) {
		v.total_cost_ns = ZE_SEC(1) / l->setup_rate;
		v.total_burst_ns = v.total_cost_ns * (l->setup_rate - 1);
	}
	if (bpf_guard_put(g, "limits", g->m.limits, &zero, &v))
		g->n_allowed = bpf_common_prune(g->m.allowed, is_listed, g);
}

static void set_bit(uint64_t *bits, uint16_t n)
{
	bits[n / 64] |= UINT64_C(1) << n % 64;
}

static bool has_bit(const uint64_t *bits, uint16_t n)
{
	return bits[n / 64] >> n % 64 & 1;
}

static void bpf_guard_tunnel_known(void *self, const struct dp_tunnel *t)
{
	struct bpf_guard *g = self;
	const struct net_path *p = &t->path;
	struct ze_peer v = { 0 };

	v.path = (struct ze_tunnel){ .local_port = p->local.port,
				     .peer_port = p->peer.port,
				     .peer_tid = t->peer_tid,
				     .family = p->peer.family };

	memcpy(v.path.local, p->local.ip, sizeof(v.path.local));
	memcpy(v.path.peer, p->peer.ip, sizeof(v.path.peer));
	if (bpf_guard_put(g, "tunnels", g->m.tunnels, &t->tid, &v))
		g->n_tunnels++;
	if (g->known)
		set_bit(g->known, t->tid);
}

static void bpf_guard_tunnel_gone(void *self, uint16_t tid)
{
	struct bpf_guard *g = self;

	if (bpf_try_del(g->m.tunnels, &tid) == 0)
		g->n_tunnels--;
}

/* The session has its full burst again, because a time of 0 is always past. A program that charges
 * the bucket at this moment retries. */
static void bpf_guard_session(void *self, uint16_t tid, uint16_t sid, enum guard_session what)
{
	struct bpf_guard *g = self;
	uint64_t word = what == GUARD_SESSION_GONE ? 0 : tid;

	if (what == GUARD_SESSION_CARRIED)
		word |= ZE_CALL_CARRIED;
	__atomic_store_n(&g->calls[sid], word, __ATOMIC_RELEASE);
	if (g->known_calls)
		set_bit(g->known_calls, sid);
}

static void bpf_guard_peer_established(void *self, const struct ze_addr *peer, bool yes)
{
	struct bpf_guard *g = self;
	struct ze_addr_key k = bpf_guard_key_of(peer, 0);
	const struct ze_source fresh = { 0 };

	/* Also at the end of the tunnel: from then on the source counts as known. */
	bpf_guard_put(g, "answered", g->m.answered, &k, &fresh);
	if (yes && bpf_guard_put(g, "established", g->m.established, &k, &g->life))
		g->n_established++;
	else if (!yes && bpf_try_del(g->m.established, &k) == 0)
		g->n_established--;
}

static void bpf_guard_show(void *self, struct json *j)
{
	static const char *const names[] = {
#define X(id, name) name,
		ZE_VERDICTS(X)
#undef X
	};
	struct bpf_guard *g = self;
	uint64_t n[ZE_V__COUNT];

	if (g->skel) {
		json_kstr(j, "xdp-mode", bpf_common_mode(&g->c));
		bpf_show_programs(&g->c, NULL, j);
	}
	json_ku64(j, "tunnels", g->n_tunnels);
	json_ku64(j, "established-peers", g->n_established);
	json_ku64(j, "allowed-prefixes", g->n_allowed);
	json_key(j, "packets");
	json_obj(j);
	if (bpf_guard_verdicts(g, n) == 0)
		for (unsigned i = 0; i < ZE_V__COUNT; i++)
			json_ku64(j, names[i], n[i]);
	json_obj_end(j);
}

const struct guard_ops bpf_guard_ops = {
	.limits = bpf_guard_limits,
	.tunnel_known = bpf_guard_tunnel_known,
	.tunnel_gone = bpf_guard_tunnel_gone,
	.session = bpf_guard_session,
	.peer_established = bpf_guard_peer_established,
	.show = bpf_guard_show,
};

/* ---- maps of the previous instance ---- */

/* The highest value in endpoints, established or allowed. */
static uint32_t newest_life(int fd)
{
	uint8_t k[BPF_COMMON_KEY];
	uint32_t newest = 0, life;

	for (bool more = bpf_try_next(fd, NULL, k) == 0; more; more = bpf_try_next(fd, k, k) == 0)
		if (bpf_try_get(fd, k, &life) == 0 && life > newest)
			newest = life;
	return newest;
}

struct lives { /* entries of endpoints or established */
	int map;
	uint32_t ours;
};

_Static_assert(sizeof(struct ze_addr_key) <= BPF_COMMON_KEY, "pruned");

static bool is_of_ours(void *self, const void *key)
{
	const struct lives *l = self;
	uint32_t life;

	return bpf_try_get(l->map, key, &life) < 0 || life == l->ours;
}

static void prune_lives(int fd, uint32_t ours)
{
	struct lives l = { fd, ours };

	bpf_common_prune(fd, is_of_ours, &l);
}

static bool bpf_guard_is_known(void *self, const void *key)
{
	const struct bpf_guard *g = self;
	uint16_t tid;

	memcpy(&tid, key, sizeof(tid));
	return has_bit(g->known, tid);
}

int bpf_guard_restart(struct bpf_guard *g)
{
	uint32_t e = newest_life(g->m.endpoints), p = newest_life(g->m.established);

	g->known = calloc(65536 / 64, sizeof(*g->known));
	g->known_calls = calloc(ZE_SIDS / 64, sizeof(*g->known_calls));
	if (!g->known || !g->known_calls)
		return -ENOMEM;
	g->life = 1 + (e > p ? e : p);
	g->list = newest_life(g->m.allowed);
	return 0;
}

void bpf_guard_prune(struct bpf_guard *g)
{
	if (g->known)
		bpf_common_prune(g->m.tunnels, bpf_guard_is_known, g);
	for (uint32_t sid = 0; g->known_calls && sid < ZE_SIDS; sid++)
		if (!has_bit(g->known_calls, (uint16_t)sid))
			g->calls[sid] = 0;
	prune_lives(g->m.endpoints, g->life);
	prune_lives(g->m.established, g->life);
	free(g->known);
	free(g->known_calls);
	g->known = g->known_calls = NULL;
}

/* ---- set-up and removal ---- */

int bpf_guard_listen(struct bpf_guard *g, const struct config_listener *l, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct ze_addr_key k = bpf_guard_key_of(&l[i].addr, l[i].addr.port);

		r = bpf_try_put(g->m.endpoints, &k, &g->life, BPF_ANY);
	}
	return r;
}

#define CALLS_SIZE (ZE_SIDS * sizeof(uint64_t))

static int map_calls(struct bpf_guard *g)
{
	void *p = mmap(NULL, CALLS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, g->m.calls, 0);

	if (p == MAP_FAILED)
		return -errno;
	g->calls = p;
	return 0;
}

int bpf_guard_new(const struct bpf_guard_maps *m, struct bpf_guard **ret)
{
	struct bpf_guard *g = bpf_guard_alloc();
	int r;

	if (!g)
		return -ENOMEM;
	g->m = *m;
	g->life = 1;
	r = map_calls(g);
	if (r < 0) {
		bpf_guard_free(g);
		return r;
	}
	*ret = g;
	return 0;
}

static int bpf_guard_load(struct bpf_guard *g)
{
	int r;

	g->skel = ze_guard_bpf__open();
	if (!g->skel)
		return -ENOMEM; /* the object is part of the binary: nothing else can fail */
	r = ze_guard_bpf__load(g->skel);
	if (r < 0)
		return r;
	g->m = (struct bpf_guard_maps){ .tunnels = bpf_map__fd(g->skel->maps.ze_tunnels),
					.calls = bpf_map__fd(g->skel->maps.ze_calls),
					.established = bpf_map__fd(g->skel->maps.ze_established),
					.answered = bpf_map__fd(g->skel->maps.ze_answered),
					.allowed = bpf_map__fd(g->skel->maps.ze_allowed),
					.limits = bpf_map__fd(g->skel->maps.ze_limits),
					.endpoints = bpf_map__fd(g->skel->maps.ze_endpoints),
					.verdicts = bpf_map__fd(g->skel->maps.ze_verdicts) };
	return map_calls(g);
}

/* The index of the i-th interface, which must have no program of another owner. */
static int find_port(const struct bpf_guard_args *a, size_t i, unsigned *ret_ifindex)
{
	unsigned ifindex = if_nametoindex(a->uplink[i]);
	int r = ifindex ? bpf_common_check(a->pins, ifindex) : -ENODEV;

	if (r < 0 && r != -EBUSY)
		log_kv(LOG_DP, LOG_ERROR, "interface-refused", KV_STR("interface", a->uplink[i]),
		       KV_STR("why", !ifindex ? "it does not exist" : log_strerror(r)));
	else if (r == 0)
		*ret_ifindex = ifindex;
	return r;
}

static int bpf_guard_attach(struct bpf_guard *g, const struct bpf_guard_args *a)
{
	struct bpf_common_port *ports = calloc(a->n_uplink + 1, sizeof(*ports));
	int r = ports ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < a->n_uplink; i++) {
		ports[i].prog = bpf_guard_prog_fd(g);
		r = find_port(a, i, &ports[i].ifindex);
	}
	/* A program of the previous instance may be on an interface that is no longer an uplink. */
	if (r == 0 && a->pins)
		r = bpf_ours_clear_all(a->pins, NULL, NULL);
	if (r == 0 && a->pins)
		r = bpf_common_pin(&g->c, g->skel->obj, a->pins);
	if (r == 0)
		r = bpf_common_attach(&g->c, ports, a->n_uplink, a->mode);
	free(ports);
	return r;
}

int bpf_guard_open(const struct bpf_guard_args *a, struct bpf_guard **ret)
{
	struct bpf_guard *g = bpf_guard_alloc();
	int r;

	if (!g)
		return -ENOMEM;
	g->life = 1;
	r = bpf_guard_load(g);
	if (r == 0)
		r = bpf_guard_listen(g, a->listeners, a->n_listeners);
	if (r == 0)
		r = bpf_guard_attach(g, a);
	if (r < 0) {
		bpf_guard_free(g);
		return r;
	}
	*ret = g;
	return 0;
}

void bpf_guard_free(struct bpf_guard *g)
{
	if (!g)
		return;
	bpf_common_done(&g->c);
	if (g->skel)
		ze_guard_bpf__destroy(g->skel);
	if (g->calls)
		munmap(g->calls, CALLS_SIZE);
	free(g->known);
	free(g->known_calls);
	free(g);
}

bool bpf_guard_heard(struct bpf_guard *g, const struct news *n, const char **ret_what)
{
	return bpf_common_heard(&g->c, n, ret_what);
}

void bpf_guard_restore(struct bpf_guard *g, struct repair_result *res)
{
	for (size_t i = 0; i < g->c.n_attached; i++) {
		int r = bpf_common_locate(&g->c, i);

		if (r == 0)
			r = bpf_common_restore(&g->c, i);
		if (r)
			repair_note(res, r < 0 ? r : 0, g->c.ports[i].name);
		if (r == -EBUSY)
			bpf_common_explain(&g->c, i, res);
		if (r < 0 && r != -ENODEV && r != -EBUSY)
			res->wait = false;
	}
}

unsigned bpf_guard_tunnels(const struct bpf_guard *g)
{
	return g->n_tunnels;
}

unsigned bpf_guard_established(const struct bpf_guard *g)
{
	return g->n_established;
}

unsigned bpf_guard_allowed(const struct bpf_guard *g)
{
	return g->n_allowed;
}

int bpf_guard_prog_fd(const struct bpf_guard *g)
{
	return bpf_program__fd(g->skel->progs.ze_guard);
}

int bpf_guard_verdicts(const struct bpf_guard *g, uint64_t ret[static ZE_V__COUNT])
{
	uint64_t v[ZE_V__COUNT];
	int r = 0;

	for (__u32 i = 0; r == 0 && i < ZE_V__COUNT; i++)
		r = bpf_common_sum(g->m.verdicts, i, &v[i], 1);
	if (r == 0)
		memcpy(ret, v, sizeof(v));
	return r;
}
