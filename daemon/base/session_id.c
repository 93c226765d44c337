/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/base/session_id.h"

#include <inttypes.h>
#include <stdio.h>

const char *session_id_text(uint64_t id, char buf[static SESSION_ID_TEXT])
{
	snprintf(buf, SESSION_ID_TEXT, "%016" PRIx64, id);
	return buf;
}
