/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/profile.h"

#include <stdlib.h>
#include <string.h>

struct profile *profile_new(struct span user)
{
	size_t len = user.len < AAA_USER_MAX ? user.len : AAA_USER_MAX;
	struct profile *p = calloc(1, sizeof(*p) + len + 1);

	if (!p)
		return NULL;
	p->refs = 1;
	p->ipv4 = p->ipv6 = true;
	if (len)
		memcpy(p->user, user.p, len);
	return p;
}

struct profile *profile_ref(struct profile *p)
{
	p->refs++;
	return p;
}

void profile_unref(struct profile *p)
{
	if (p && --p->refs == 0)
		free(p);
}
