/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/test_rng.h"

#include <errno.h>

static int fill(void *self, void *buf, size_t len)
{
	struct test_rng *r = self;
	uint8_t *p = buf;

	if (r->fail_after == 0)
		return -EIO;
	if (r->fail_after > 0)
		r->fail_after--;
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)test_rng_u32(r);
	return 0;
}

void test_rng_init(struct test_rng *r, uint64_t seed)
{
	*r = (struct test_rng){ .state = seed, .fail_after = -1, .rng = { fill, r } };
}

/* splitmix64 */
uint32_t test_rng_u32(struct test_rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) >> 16);
}

uint32_t test_rng_below(struct test_rng *r, uint32_t n)
{
	return test_rng_u32(r) % n;
}
