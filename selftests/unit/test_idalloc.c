/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "daemon/base/idalloc.h"

#define IDS 65535

struct fake_rng {
	uint64_t seed;
	int fail;  /* what fill returns, unless 0 */
	int fixed; /* the id that is always requested; -1: random */
	unsigned calls;
};

static int fill(void *self, void *buf, size_t len)
{
	struct fake_rng *f = self;
	uint64_t s = f->seed;
	uint16_t id;

	f->calls++;
	if (f->fail)
		return f->fail;
	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	f->seed = s;
	id = f->fixed >= 0 ? (uint16_t)f->fixed : (uint16_t)(s >> 24);
	assert_int_equal(len, sizeof(id));
	memcpy(buf, &id, len);
	return 0;
}

static void takes_what_the_rng_says(void **st)
{
	struct fake_rng f = { .seed = 1, .fixed = 0x1234 };
	struct rng g = { fill, &f };
	struct idalloc a;
	uint16_t id = 7;

	(void)st;
	assert_int_equal(idalloc_init(&a), 0);
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 0x1234);
	assert_true(idalloc_held(&a, 0x1234));
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 0x1235);
	idalloc_put(&a, 0x1234);
	assert_false(idalloc_held(&a, 0x1234));
	assert_true(idalloc_held(&a, 0x1235));
	assert_int_equal(a.used, 1);
	idalloc_done(&a);
}

static void goes_round_and_never_gives_zero(void **st)
{
	struct fake_rng f = { .seed = 1, .fixed = 65535 };
	struct rng g = { fill, &f };
	struct idalloc a;
	uint16_t id;

	(void)st;
	assert_int_equal(idalloc_init(&a), 0);
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 65535);
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 1);
	f.fixed = 0;
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 2);
	idalloc_done(&a);
}

/* The only free id is just before the candidate, in the same 64-bit word: the search wraps
 * around. */
static void finds_the_last_free_id(void **st)
{
	struct fake_rng f = { .seed = 1, .fixed = 0 };
	struct rng g = { fill, &f };
	struct idalloc a;
	uint16_t id;

	(void)st;
	assert_int_equal(idalloc_init(&a), 0);
	for (int i = 0; i < IDS; i++)
		assert_int_equal(idalloc_take(&a, &g, &id), 0);
	for (uint32_t hole = 1; hole <= IDS; hole += 1009) {
		idalloc_put(&a, (uint16_t)hole);
		f.fixed = (int)((hole + 1) & 0xffff);
		assert_int_equal(idalloc_take(&a, &g, &id), 0);
		assert_int_equal(id, hole);
	}
	idalloc_done(&a);
}

static void all_65535_then_enospc(void **st)
{
	static uint8_t seen[IDS + 1];
	struct fake_rng f = { .seed = 88172645463325252, .fixed = -1 };
	struct rng g = { fill, &f };
	struct idalloc a;
	uint16_t id = 0;

	(void)st;
	memset(seen, 0, sizeof(seen));
	assert_int_equal(idalloc_init(&a), 0);
	for (int i = 0; i < IDS; i++) {
		assert_int_equal(idalloc_take(&a, &g, &id), 0);
		assert_int_not_equal(id, 0);
		assert_int_equal(seen[id]++, 0);
	}
	/* One draw each: an almost full space is as quick as an empty one. */
	assert_int_equal(f.calls, IDS);
	id = 7;
	assert_int_equal(idalloc_take(&a, &g, &id), -ENOSPC);
	assert_int_equal(id, 7);
	idalloc_put(&a, 4711);
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 4711);
	idalloc_done(&a);
}

static void put_of_what_is_not_held_is_harmless(void **st)
{
	struct fake_rng f = { .seed = 1, .fixed = 5 };
	struct rng g = { fill, &f };
	struct idalloc a;
	uint16_t id;

	(void)st;
	assert_int_equal(idalloc_init(&a), 0);
	idalloc_put(&a, 0);
	idalloc_put(&a, 5);
	assert_int_equal(a.used, 0);
	assert_false(idalloc_held(&a, 0));
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	idalloc_put(&a, 5);
	idalloc_put(&a, 5);
	assert_int_equal(a.used, 0);
	f.fixed = 0; /* 0 is not handed out after its put either */
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 1);
	idalloc_done(&a);
}

static void rng_failure_is_ours(void **st)
{
	struct fake_rng f = { .seed = 1, .fixed = 5, .fail = -EIO };
	struct rng g = { fill, &f };
	struct idalloc a;
	uint16_t id = 9;

	(void)st;
	assert_int_equal(idalloc_init(&a), 0);
	assert_int_equal(idalloc_take(&a, &g, &id), -EIO);
	assert_int_equal(id, 9);
	assert_int_equal(a.used, 0);
	assert_false(idalloc_held(&a, 5));
	idalloc_done(&a);
}

static void claims_a_chosen_one(void **st)
{
	struct fake_rng f = { .seed = 1, .fixed = 5 };
	struct rng g = { fill, &f };
	struct idalloc a;
	uint16_t id;

	(void)st;
	assert_int_equal(idalloc_init(&a), 0);
	assert_int_equal(idalloc_claim(&a, 0), -EINVAL);
	assert_int_equal(idalloc_claim(&a, 5), 0);
	assert_int_equal(idalloc_claim(&a, 5), -EEXIST);
	assert_int_equal(a.used, 1);
	assert_int_equal(idalloc_take(&a, &g, &id), 0);
	assert_int_equal(id, 6);
	idalloc_put(&a, 5);
	assert_int_equal(idalloc_claim(&a, 5), 0);
	idalloc_done(&a);
}

/* Random takes and puts, compared with an array of flags. */
static void agrees_with_a_naive_model(void **st)
{
	static uint8_t held[IDS + 1];
	struct fake_rng f = { .seed = 362436069, .fixed = -1 };
	struct rng g = { fill, &f };
	uint32_t used = 0;
	struct idalloc a;

	(void)st;
	memset(held, 0, sizeof(held));
	assert_int_equal(idalloc_init(&a), 0);
	for (int step = 0; step < 200000; step++) {
		uint16_t id, at;

		assert_int_equal(fill(&f, &at, sizeof(at)), 0);
		if (f.seed % 4) {
			assert_int_equal(idalloc_take(&a, &g, &id), 0);
			assert_int_equal(held[id], 0);
			held[id] = 1;
			used++;
		} else {
			idalloc_put(&a, at);
			used -= held[at];
			held[at] = 0;
		}
		assert_int_equal(a.used, used);
		assert_int_equal(idalloc_held(&a, at), held[at]);
		if (used > 65000)
			for (at = 1; at < 60000; at++, used = a.used) {
				idalloc_put(&a, at);
				held[at] = 0;
			}
	}
	idalloc_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_the_rng_says),
		cmocka_unit_test(goes_round_and_never_gives_zero),
		cmocka_unit_test(finds_the_last_free_id),
		cmocka_unit_test(all_65535_then_enospc),
		cmocka_unit_test(put_of_what_is_not_held_is_harmless),
		cmocka_unit_test(rng_failure_is_ours),
		cmocka_unit_test(claims_a_chosen_one),
		cmocka_unit_test(agrees_with_a_naive_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
