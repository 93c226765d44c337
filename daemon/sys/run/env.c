/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/env.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/base/compiler.h"

static const char *env_get_as(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

const char *env_get(const char *dotted)
{
	char name[128];
	const char *v = env_get_as(dotted);
	size_t n = strlen(dotted);

	if (v || n >= sizeof(name))
		return v;
	for (size_t i = 0; i <= n; i++)
		name[i] = dotted[i] == '.' || dotted[i] == '-' ? '_' : dotted[i];
	v = env_get_as(name);
	if (v)
		return v;
	for (size_t i = 0; i < n; i++)
		name[i] = (char)toupper((unsigned char)name[i]);
	return env_get_as(name);
}

/* Reads one number with its unit. Returns what follows it, or NULL. */
static const char *one_duration(const char *s, ze_ns max, ze_ns *ret)
{
	static const struct {
		const char *name;
		ze_ns ns;
	} units[] = {
		{ "ms", ZE_MS(1) }, { "s", ZE_SEC(1) }, { "m", ZE_SEC(60) }, { "h", ZE_SEC(3600) }
	};
	size_t digits = strspn(s, "0123456789"), unit = strspn(s + digits, "hms");
	ze_ns n = 0;

	for (size_t i = 0; i < digits && n <= max; i++)
		n = n * 10 + (s[i] - '0');
	if (!digits || n > max)
		return NULL;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(units); i++)
		if (strlen(units[i].name) == unit && memcmp(s + digits, units[i].name, unit) == 0) {
			*ret = n > max / units[i].ns ? max + 1 : n * units[i].ns;
			return s + digits + unit;
		}
	*ret = n > max / ZE_SEC(1) ? max + 1 : n * ZE_SEC(1);
	return s[digits] ? NULL : s + digits;
}

int env_duration(const char *dotted, ze_ns min, ze_ns max, ze_ns *ret)
{
	const char *s = env_get(dotted);
	ze_ns sum = 0, one;

	if (!s)
		return 0;
	while (*s && sum <= max) {
		s = one_duration(s, max, &one);
		if (!s)
			return -EINVAL;
		sum += one;
	}
	if (sum < min || sum > max)
		return -EINVAL;
	*ret = sum;
	return 0;
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
