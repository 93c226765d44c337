/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/env.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/base/compiler.h"

static const char *get(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

const char *env_get(const char *dotted)
{
	char name[128];
	const char *v = get(dotted);
	size_t n = strlen(dotted);

	if (v || n >= sizeof(name))
		return v;
	for (size_t i = 0; i <= n; i++)
		name[i] = dotted[i] == '.' || dotted[i] == '-' ? '_' : dotted[i];
	v = get(name);
	if (v)
		return v;
	for (size_t i = 0; i < n; i++)
		name[i] = (char)toupper((unsigned char)name[i]);
	return get(name);
}

bool env_true(const char *dotted)
{
	static const char *const yes[] = { "true", "1", "yes", "on" };
	const char *v = env_get(dotted);

	for (size_t i = 0; v && i < ZE_ARRAY_SIZE(yes); i++)
		if (strcasecmp(v, yes[i]) == 0)
			return true;
	return false;
}
