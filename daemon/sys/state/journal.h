/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state file: one record per tunnel and per session, from which the next instance of the daemon
 * restores them after a restart or a crash. To the peer nothing has changed: tunnel and session
 * ids, Ns and Nr (RFC 2661 5.8) continue. The engine therefore restores the objects before the
 * first datagram is received.
 *
 * File. Octets 0 to 4095 hold the header: magic, JOURNAL_FORMAT, the ABI number of the BPF maps,
 * flags, the key of the checksums, and the boot id of the kernel. Records follow in units of 64
 * octets (UNIT). A record has a head of 16 octets (checksum, kind, units, id, length) and a body of
 * 1 to JOURNAL_RECORD_MAX octets. No record crosses a page of 4096 octets, so that a write is
 * complete or absent when the process is killed. The checksum is SipHash with the key of the file:
 * octets inside a body that were chosen by a peer cannot pass for a record. The file contains no
 * secrets.
 *
 * Validity. The file can be used within one boot, for one JOURNAL_FORMAT, and for the ABIs of BPF
 * maps that can be restored; journal_why_not() gives the reason when it cannot. A file of an older
 * ABI gets the present one when its records are kept. It is never synced to disk, since it
 * need not survive the kernel. A file that belongs to another user, or that others can read or
 * write, is neither read nor written. The file is locked: a second daemon does not start.
 *
 * Structures. struct journal exists from journal_open() to journal_close() and owns the descriptor,
 * the lock (flock), the place of each record by kind and id, and the free places by size. The
 * records of the previous instance (struct journal_record) point into a copy of the file and are
 * valid until journal_read(), journal_restart(), or a journal_begin() that empties the file.
 *
 * States. On: the file has the records of all objects, or is being filled (journal_restart()). Off:
 * a record could not be written, so the file is truncated, and a restart would end all sessions;
 * persist.h turns it on again. A journal that is on may be blocked: the file is complete, but
 * something else that the next instance needs is missing, for example the pins.
 *
 * Order of calls:
 *
 *   journal_open(), journal_records(), journal_begin(), journal_read()           at start
 *   journal_ops.put, journal_ops.drop                                            per change
 *   journal_check(); journal_restart(), all objects put, journal_restarted()     persist.h
 *   journal_close()
 *
 * Threads and timers: none. All calls belong to the reactor's thread.
 *
 * Left out: the format of the bodies (daemon/core/record_tags.h), and the state of the data plane,
 * which is pinned in bpffs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/ports.h"

struct journal;

/* Opens or creates the file, locks it and reads the records in it. abi: ZE_BPF_ABI; a file of an
 * instance with ZE_BPF_ABI_OLDEST or newer can be used, too. Returns 0, -EBUSY when another daemon
 * holds the lock, or -ENOMEM. When the file cannot be opened it returns 0, too: the journal is then
 * off, which has been logged. journal_close() frees the result. */
int journal_open(const char *path, uint32_t oldest, uint32_t abi, struct journal **ret);
/* NULL when the previous instance's records can be used; otherwise the reason, for example "there
 * is none" or "damaged". */
const char *journal_why_not(const struct journal *j);
bool journal_found(const struct journal *j); /* the file existed and was not empty, usable or not */
/* The records of the previous instance; they and their bodies are valid until journal_read(). */
const struct journal_record *journal_records(const struct journal *j, size_t *ret_n);
/* The number of damaged records, by kind; the last element counts those whose kind is
 * unreadable. */
const unsigned *journal_damaged(const struct journal *j);
/* Starts writing. keep: the records of the previous instance stay in the file; otherwise it is
 * emptied. A file of another owner, or one that others can access, is replaced by a new one, if
 * only root and our user can write to its folder. When the file cannot be written, the journal is
 * off, which is logged. */
void journal_begin(struct journal *j, bool keep, const struct rng *rng);
/* Frees the records of the previous instance. */
void journal_read(struct journal *j);
/* False when a record could not be written: a restart would end all sessions. */
bool journal_on(const struct journal *j);
/* Turns a journal on that is off, with an emptied file, or a new one when the old one was removed.
 * The caller then puts all records again and calls journal_restarted(), which writes the header and
 * returns whether all of it was written. Returns 0 or -errno, which is not logged. */
int journal_restart(struct journal *j, const struct rng *rng);
bool journal_restarted(struct journal *j);
/* Turns the journal off, which is logged, when another program has removed or replaced the file.
 * Returns whether it is on. */
bool journal_check(struct journal *j);
/* Sets the reason why a restart would end all sessions although the file is complete; NULL clears
 * it. why must stay valid until then; journal_ops.why_off returns it. */
void journal_block(struct journal *j, const char *why);
/* remove: deletes the file, so that no instance restores from it. NULL is allowed. */
void journal_close(struct journal *j, bool remove);
extern const struct journal_ops journal_ops; /* self is a struct journal */
