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

/* Opens or makes the file and reads what is in it. 0, -EBUSY: another daemon has it, or -ENOMEM. With a
 * file that can't be used there is a journal too: it is off, which has been logged. */
int journal_open(const char *path, uint32_t abi, struct journal **ret);
/* NULL: what the last process wrote is good; else why not: "there is none", "damaged". */
const char *journal_why_not(const struct journal *j);
bool journal_found(const struct journal *j); /* a file was there, good or not */
/* What it wrote, valid until journal_read. */
const struct journal_record *journal_records(const struct journal *j, size_t *ret_n);
/* Records that had been there and can't be read, by kind; the last: of a kind that can't be read either. */
const unsigned *journal_damaged(const struct journal *j);
/* From now on it is ours. keep: with what is in it; false: with nothing. A file of another owner, or one
 * that others may write to, is never used: it is replaced where nobody else may write to its folder. When
 * it can't be written it is off, which is logged. */
void journal_begin(struct journal *j, bool keep, const struct rng *rng);
/* The records are not needed any more. */
void journal_read(struct journal *j);
/* Off: something could not be written: nobody can go on from what is there. */
bool journal_on(const struct journal *j);
/* One that is off begins once more, in a new file if it has to: everything is to be put again, and
 * journal_restarted says whether all is written. 0 or -errno, not logged. */
int journal_restart(struct journal *j, const struct rng *rng);
bool journal_restarted(struct journal *j);
/* Somebody may have removed or replaced the file: then it is off, which is logged. Is it on? */
bool journal_check(struct journal *j);
/* Something else that the next process needs is missing: why, for why_off, kept by the caller. NULL: no more. */
void journal_block(struct journal *j, const char *why);
/* remove: nobody shall go on. */
void journal_close(struct journal *j, bool remove);
extern const struct journal_ops journal_ops; /* self is a struct journal */
