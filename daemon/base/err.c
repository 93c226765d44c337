/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/err.h"

#include "daemon/base/compiler.h"

static const struct {
	const char *name, *text;
} reasons[] = { [REASON_NONE] = { "none", "no reason" },
#define X(id, word, sentence) [REASON_##id] = { word, sentence },
		ZE_REASONS(X)
#undef X
};

const char *reason_name(enum reason r)
{
	return (unsigned)r < ZE_ARRAY_SIZE(reasons) ? reasons[r].name : "unknown";
}

const char *reason_text(enum reason r)
{
	return (unsigned)r < ZE_ARRAY_SIZE(reasons) ? reasons[r].text : "unknown reason";
}
