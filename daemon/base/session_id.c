/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/session_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *session_id_text(uint64_t id, char buf[static SESSION_ID_TEXT])
{
	snprintf(buf, SESSION_ID_TEXT, "%016" PRIx64, id);
	return buf;
}

bool session_id_parse(struct span text, uint64_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t id = 0;

	if (text.len != SESSION_ID_TEXT - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *digit = text.p[i] ? strchr(digits, text.p[i]) : NULL;

		if (!digit)
			return false;
		id = id << 4 | (uint64_t)(digit - digits);
	}
	*ret = id;
	return true;
}
