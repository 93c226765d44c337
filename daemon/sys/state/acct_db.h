/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of accounting (aaa/acct.h) in a SQLite file, so that an operator can read them with
 * sqlite3(1). The file has a write-ahead log, and acct_db_commit() returns when the disk has
 * everything: neither the end of the process nor a loss of power takes a committed row.
 *
 * All calls may block for a disk. One thread at a time. Functions return 0 or -errno; of an error
 * of the database acct_db_error() has the text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "aaa/acct.h"

#define ACCT_DB_VERSION 1 /* user_version of the file */

struct acct_db;

/* Opens or creates the file, with mode 0600. path NULL: rows are only in memory. Returns
 * -EBADMSG: the file is damaged or not a database; -EPROTONOSUPPORT: a newer version of ze has
 * written it; or another -errno. */
int acct_db_open(const char *path, struct acct_db **ret);
void acct_db_close(struct acct_db *db); /* NULL is allowed */
const char *acct_db_error(const struct acct_db *db);

/* Writes are done between begin and commit. After an error, acct_db_rollback() undoes all since
 * begin. A write to a row that does not exist does nothing. */
int acct_db_begin(struct acct_db *db);
int acct_db_write(struct acct_db *db, enum acct_write_kind kind, const struct acct_row *row);
int acct_db_commit(struct acct_db *db);
void acct_db_rollback(struct acct_db *db);

/* Calls fn with each row whose place is above `after`, in the order of places, at most n; the row is
 * valid during the call. When fn returns a negative value, that is the result. */
typedef int acct_db_fn(void *arg, const struct acct_row *row);
int acct_db_read(struct acct_db *db, uint64_t after, size_t n, acct_db_fn *fn, void *arg);
/* Calls fn with every row, in no particular order. */
int acct_db_each(struct acct_db *db, acct_db_fn *fn, void *arg);
