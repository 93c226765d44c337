/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The id of a session as text: the same in the log, in zectl, and as Acct-Session-Id for a RADIUS
 * server, so that they can be joined.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/wire.h"

#define SESSION_ID_TEXT 17

/* Writes 16 hexadecimal digits. Returns buf. */
const char *session_id_text(uint64_t id, char buf[static SESSION_ID_TEXT]);
/* Reads what session_id_text() writes, and nothing else. */
bool session_id_parse(struct span text, uint64_t *ret);
