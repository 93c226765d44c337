/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/profile.h"

#include <stdlib.h>
#include <string.h>

struct profile *profile_new(struct span user)
{
	struct profile *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	p->ipv4 = p->ipv6 = true;
	if (user.len)
		memcpy(p->user, user.p, user.len < AAA_USER_MAX ? user.len : AAA_USER_MAX);
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
