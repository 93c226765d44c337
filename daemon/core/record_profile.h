/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The profile of a session in its restart record: all values with their sources. A list that is
 * longer than RECORD_LIST_MAX is left out, as one record must fit into a page of the state file;
 * that of an Access-Accept with 64 IPv4 and 64 IPv6 routes fits.
 */
#pragma once

#include "daemon/base/err.h"
#include "daemon/base/wire.h"

struct profile;

/* Writes RECORD_SES_PROFILE; nothing when p is NULL. user: that of the session, whose name is not
 * written again. */
void record_profile_save(struct wr *w, const struct profile *p, const char *user);
/* Makes the profile of a record; *ret is NULL when it has none. Values are not trusted. */
enum reason record_profile_restore(struct span user, struct span saved, struct profile **ret);
