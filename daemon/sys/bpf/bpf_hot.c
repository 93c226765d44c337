/* SPDX-License-Identifier: BSD-2-Clause */
/* A session exists while its tid is set: it is written last and cleared first. The other fields may
 * change while a packet is processed, which then sees some old and some new values, as if it had
 * arrived a moment earlier or later. */
#include "daemon/sys/bpf/bpf_hot.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

#include "bpf/meter.h"

#define TABLES(X)                                                                                  \
	X(paths, 65536)                                                                            \
	X(up_ids, ZE_SIDS)                                                                         \
	X(down_ids, ZE_SIDS)                                                                       \
	X(up, ZE_SIDS)                                                                             \
	X(down, ZE_SIDS)                                                                           \
	X(up_credits, ZE_SIDS / ZE_CREDITS)                                                        \
	X(down_credits, ZE_SIDS / ZE_CREDITS)                                                      \
	X(numbers, ZE_SIDS)                                                                        \
	X(drops, ZE_SIDS)                                                                          \
	X(near4, 65536 / ZE_NEAR)

/* *r is the first error; does nothing after it. */
static void *map(int fd, size_t size, int *r)
{
	void *p;

	if (*r < 0)
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		return p;
	*r = -errno;
	return NULL;
}

static void unmap(void *p, size_t size)
{
	if (p)
		munmap(p, size);
}

int bpf_hot_map(struct bpf_hot *h, const struct bpf_hot_fds *fds)
{
	int r = 0;

#define X(table, n) h->table = map(fds->table, (n) * sizeof(*h->table), &r);
	TABLES(X)
#undef X
	if (r < 0)
		bpf_hot_unmap(h);
	return r;
}

void bpf_hot_unmap(struct bpf_hot *h)
{
#define X(table, n) unmap(h->table, (n) * sizeof(*h->table));
	TABLES(X)
#undef X
	memset(h, 0, sizeof(*h));
}

static struct ze_credit *credit(struct ze_credits *rows, uint16_t sid)
{
	return &rows[sid / ZE_CREDITS].of[sid % ZE_CREDITS];
}

/* Clears the credit first: a reader must never subtract it from a byte counter of 0. `changes` is
 * kept, because it belongs to no session. */
static void bpf_hot_clear(struct ze_meter *m, struct ze_credit *c)
{
	__atomic_store_n(ze_credit_word(c), 0, __ATOMIC_RELEASE);
	__atomic_store_n(&m->bytes, 0, __ATOMIC_RELEASE);
	m->tat = m->packets = 0;
}

void bpf_hot_reset(struct bpf_hot *h, uint16_t sid)
{
	bpf_hot_clear(&h->up[sid], credit(h->up_credits, sid));
	bpf_hot_clear(&h->down[sid], credit(h->down_credits, sid));
	h->numbers[sid] = (struct ze_numbers){ .nr = UINT32_MAX };
	h->drops[sid] = (struct ze_drops){ 0 };
	bpf_hot_open(h, sid, false, false);
	bpf_hot_open(h, sid, true, false);
}

/* Packets of its sessions may be reading it: it is written only if it differs. */
void bpf_hot_path(struct bpf_hot *h, uint16_t tid, const struct ze_tunnel *t)
{
	if (memcmp(&h->paths[tid], t, sizeof(*t)) != 0)
		h->paths[tid] = *t;
}

/* Sets the bits of `mask` to `bits`, atomically: the reactor opens families while a worker changes
 * other bits. */
static void set_bits(uint16_t *w, uint16_t mask, uint16_t bits)
{
	uint16_t was = __atomic_load_n(w, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(w, &was, (uint16_t)((was & ~mask) | bits), false,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

void bpf_hot_put(struct bpf_hot *h, const struct ze_sess_key *k, const struct ze_session *s)
{
	struct ze_up_id *u = &h->up_ids[k->sid];
	struct ze_down_id *d = &h->down_ids[k->sid];

	memcpy(u->ip4, s->ip4, sizeof(u->ip4));
	set_bits(&u->flags, ZE_SESS_SEQ, s->flags & ZE_SESS_SEQ);
	d->peer_sid = s->peer_sid;
	set_bits(&d->bits, ZE_DOWN_MTU | ZE_DOWN_SEQ,
		 (uint16_t)((s->mtu & ZE_DOWN_MTU) | (s->flags & ZE_SESS_SEQ ? ZE_DOWN_SEQ : 0)));
	memcpy(&d->high, s->ip4, sizeof(d->high));
	h->up[k->sid].cost = s->up_cost;
	h->down[k->sid].cost = s->down_cost;
	__atomic_store_n(&u->tid, k->tid, __ATOMIC_RELEASE);
	__atomic_store_n(&d->tid, k->tid, __ATOMIC_RELEASE);
}

void bpf_hot_open(struct bpf_hot *h, uint16_t sid, bool v6, bool open)
{
	uint16_t up = v6 ? ZE_SESS_OPEN6 : ZE_SESS_OPEN4;
	uint16_t down = v6 ? ZE_DOWN_OPEN6 : ZE_DOWN_OPEN4;

	set_bits(&h->up_ids[sid].flags, up, open ? up : 0);
	set_bits(&h->down_ids[sid].bits, down, open ? down : 0);
}

void bpf_hot_drop(struct bpf_hot *h, const struct ze_sess_key *k)
{
	if (h->up_ids[k->sid].tid != k->tid)
		return;
	__atomic_store_n(&h->up_ids[k->sid].tid, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&h->down_ids[k->sid].tid, 0, __ATOMIC_RELEASE);
}

static uint16_t *bpf_hot_place(struct bpf_hot *h, const uint8_t ip4[static 4])
{
	unsigned low = (unsigned)ip4[2] << 8 | ip4[3];

	return &h->near4[low / ZE_NEAR].sid[low % ZE_NEAR];
}

void bpf_hot_near(struct bpf_hot *h, const uint8_t ip4[static 4], uint16_t sid)
{
	__atomic_store_n(bpf_hot_place(h, ip4), sid, __ATOMIC_RELEASE);
}

void bpf_hot_far(struct bpf_hot *h, const uint8_t ip4[static 4], uint16_t sid)
{
	uint16_t *p = bpf_hot_place(h, ip4);

	if (*p == sid)
		__atomic_store_n(p, 0, __ATOMIC_RELEASE);
}

static void prune_near(struct bpf_hot *h)
{
	for (unsigned low = 0; low < 65536; low++) {
		uint8_t ip4[4] = { 0, 0, (uint8_t)(low >> 8), (uint8_t)low };
		uint16_t *p = bpf_hot_place(h, ip4);
		const struct ze_up_id *u = &h->up_ids[*p];

		if (*p && (!u->tid || memcmp(u->ip4 + 2, ip4 + 2, 2) != 0))
			__atomic_store_n(p, 0, __ATOMIC_RELEASE);
	}
}

void bpf_hot_prune(struct bpf_hot *h, bool (*keep)(void *self, const struct ze_sess_key *k),
		   void *self)
{
	for (unsigned sid = 0; sid < ZE_SIDS; sid++) {
		struct ze_sess_key up = { .tid = h->up_ids[sid].tid, .sid = (uint16_t)sid };
		struct ze_sess_key down = { .tid = h->down_ids[sid].tid, .sid = (uint16_t)sid };

		if (up.tid && !keep(self, &up))
			__atomic_store_n(&h->up_ids[sid].tid, 0, __ATOMIC_RELEASE);
		if (down.tid && !keep(self, &down))
			__atomic_store_n(&h->down_ids[sid].tid, 0, __ATOMIC_RELEASE);
	}
	prune_near(h);
}

bool bpf_hot_has(const struct bpf_hot *h, uint16_t sid)
{
	return __atomic_load_n(&h->up_ids[sid].tid, __ATOMIC_ACQUIRE) != 0;
}

/* Reads a meter and its credit, which a program changes one after the other. Retries while a change
 * is in progress: that takes no time, unless the program is interrupted. */
static void read_meter(const struct ze_meter *m, struct ze_credit *c, uint64_t *packets,
		       uint64_t *bytes)
{
	uint32_t before = 1, after = 0, w = 0;

	for (int i = 0; i < 100000 && !ze_undisturbed(before, after); i++) {
		if (i > 1000)
			sched_yield();
		before = __atomic_load_n(&m->changes, __ATOMIC_ACQUIRE);
		*packets = __atomic_load_n(&m->packets, __ATOMIC_ACQUIRE);
		*bytes = __atomic_load_n(&m->bytes, __ATOMIC_ACQUIRE);
		w = __atomic_load_n(ze_credit_word(c), __ATOMIC_ACQUIRE);
		after = __atomic_load_n(&m->changes, __ATOMIC_ACQUIRE);
	}
	*packets += w / ZE_CREDIT_PACKET;
	*bytes -= w & ZE_CREDIT_OCTETS;
}

struct bpf_hot_counters bpf_hot_counters(const struct bpf_hot *h, uint16_t sid)
{
	const struct ze_drops *n = &h->drops[sid];
	struct bpf_hot_counters ret = {
		.up_spoofed = __atomic_load_n(&n->up_spoofed, __ATOMIC_RELAXED),
		.up_refused = __atomic_load_n(&n->up_refused, __ATOMIC_RELAXED),
		.up_resyncs = __atomic_load_n(&h->numbers[sid].resyncs, __ATOMIC_RELAXED),
		.up_policed = __atomic_load_n(&n->up_policed, __ATOMIC_RELAXED),
		.down_policed = __atomic_load_n(&n->down_policed, __ATOMIC_RELAXED),
	};

	read_meter(&h->up[sid], credit(h->up_credits, sid), &ret.up_packets, &ret.up_bytes);
	read_meter(&h->down[sid], credit(h->down_credits, sid), &ret.down_packets, &ret.down_bytes);
	return ret;
}

uint16_t bpf_hot_number(struct bpf_hot *h, uint16_t sid)
{
	return (uint16_t)__atomic_fetch_add(&h->numbers[sid].ns, 1, __ATOMIC_RELAXED);
}
