/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state file: what another process needs to go on with our tunnels and sessions. It outlives the
 * process, however that ends, and nothing more: it is good within one boot, one format of records
 * and one layout of the BPF maps. No secrets are in it.
 *
 * Records lie in units of UNIT octets behind a header; none crosses a page, so that a process that is
 * killed has written it whole or not at all. Each has a checksum by a key of the file: what looks like
 * a record inside another one, because a peer wished it so, is none. The file is locked: of two
 * daemons the second does not start.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/ports.h"

struct journal;

/* Opens or makes the file and reads what is in it. 0, -EBUSY: another daemon has it, or -errno. */
int journal_open(const char *path, uint32_t abi, struct journal **ret);
/* NULL: what the last process wrote is good; else why not: "there is none", "damaged". */
const char *journal_why_not(const struct journal *j);
bool journal_found(const struct journal *j); /* a file was there, good or not */
/* What it wrote, valid until journal_read. */
const struct journal_record *journal_records(const struct journal *j, size_t *ret_n);
/* From now on it is ours. keep: with what is in it; false: with nothing. 0 or -errno. */
int journal_begin(struct journal *j, bool keep, const struct rng *rng);
/* The records are not needed any more. */
void journal_read(struct journal *j);
/* Something could not be written, which was logged: nobody can go on. */
bool journal_failed(const struct journal *j);
/* remove: nobody shall go on. */
void journal_close(struct journal *j, bool remove);
extern const struct journal_ops journal_ops; /* self is a struct journal */
