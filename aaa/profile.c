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
	p->ipv4 = p->ipv6 = true;
	if (len)
		memcpy(p->user, user.p, len);
	return p;
}

void profile_free(struct profile *p)
{
	free(p);
}
