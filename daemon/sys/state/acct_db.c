/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/state/acct_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/compiler.h"

#define COLUMNS                                                                                    \
	"id, place, up, seen, time_s, cause, start_acked, octets_in, octets_out, packets_in, "     \
	"packets_out, attrs"

enum {
	DB_NEW,
	DB_COUNTS,
	DB_ATTRS,
	DB_ACKED,
	DB_DELETE,
	DB_BEGIN,
	DB_COMMIT,
	DB_ROLLBACK,
	DB_READ,
	DB_EACH,
	DB__COUNT
};

/* Parameters are numbered as the columns are: 1 is id. */
static const char *const statements[DB__COUNT] = {
	[DB_NEW] = "INSERT OR REPLACE INTO session (" COLUMNS ") "
		   "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[DB_COUNTS] =
		"UPDATE session SET place = ?2, seen = ?4, time_s = ?5, cause = ?6, octets_in = ?8, "
		"octets_out = ?9, packets_in = ?10, packets_out = ?11 WHERE id = ?1",
	[DB_ATTRS] = "UPDATE session SET attrs = ?12 WHERE id = ?1",
	[DB_ACKED] = "UPDATE session SET start_acked = 1, "
		     "place = CASE WHEN place = ?2 THEN 0 ELSE place END WHERE id = ?1",
	[DB_DELETE] = "DELETE FROM session WHERE id = ?1",
	[DB_BEGIN] = "BEGIN IMMEDIATE",
	[DB_COMMIT] = "COMMIT",
	[DB_ROLLBACK] = "ROLLBACK",
	[DB_READ] = "SELECT " COLUMNS " FROM session WHERE place > ?1 AND place > 0 "
		    "ORDER BY place LIMIT ?2",
	[DB_EACH] = "SELECT " COLUMNS " FROM session",
};

struct acct_db {
	sqlite3 *sql;
	sqlite3_stmt *st[DB__COUNT];
};

static int db_errno(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return -EACCES;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

const char *acct_db_error(const struct acct_db *db)
{
	return sqlite3_errmsg(db->sql);
}

/* ---- opening ---- */

static int first_int(void *ret, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	*(int *)ret = values[0] ? atoi(values[0]) : 0;
	return 0;
}

static int first_is_ok(void *ret, int n, char **values, char **names)
{
	(void)n;
	(void)names;
	*(int *)ret = values[0] && values[0][0] == 'o' && values[0][1] == 'k';
	return 0;
}

static int execute(struct acct_db *db, const char *text)
{
	return db_errno(sqlite3_exec(db->sql, text, NULL, NULL, NULL));
}

static int create(struct acct_db *db)
{
	return execute(db, "BEGIN;"
			   "CREATE TABLE session (id INTEGER PRIMARY KEY, place INTEGER NOT NULL, "
			   "up INTEGER NOT NULL, seen INTEGER NOT NULL, time_s INTEGER NOT NULL, "
			   "cause INTEGER NOT NULL, start_acked INTEGER NOT NULL, "
			   "octets_in INTEGER NOT NULL, octets_out INTEGER NOT NULL, "
			   "packets_in INTEGER NOT NULL, packets_out INTEGER NOT NULL, "
			   "attrs BLOB NOT NULL);"
			   "CREATE INDEX session_place ON session (place) WHERE place > 0;"
			   "PRAGMA user_version = 1;"
			   "COMMIT");
}

static int check_version(struct acct_db *db)
{
	int version = 0, ok = 0;
	int r = db_errno(sqlite3_exec(db->sql, "PRAGMA user_version", first_int, &version, NULL));

	if (r < 0)
		return r;
	if (version > ACCT_DB_VERSION)
		return -EPROTONOSUPPORT;
	if (version == 0)
		return create(db); /* fails when another program has made tables in it */
	r = db_errno(sqlite3_exec(db->sql, "PRAGMA quick_check(1)", first_is_ok, &ok, NULL));
	return r == 0 && !ok ? -EBADMSG : r;
}

static int acct_db_prepare(struct acct_db *db)
{
	int rc = SQLITE_OK;

	for (int i = 0; i < DB__COUNT && rc == SQLITE_OK; i++)
		rc = sqlite3_prepare_v3(db->sql, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
					&db->st[i], NULL);
	return db_errno(rc);
}

/* SQLite gives the files beside it the mode of the database. */
static int create_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int acct_db_open(const char *path, struct acct_db **ret)
{
	struct acct_db *db;
	int r = path ? create_private(path) : 0;

	if (r < 0)
		return r;
	db = calloc(1, sizeof(*db));
	if (!db)
		return -ENOMEM;
	r = db_errno(sqlite3_open_v2(
		path ? path : ":memory:", &db->sql,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
	if (r == 0)
		sqlite3_busy_timeout(db->sql, 1000); /* while an operator reads it */
	if (r == 0)
		r = execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				"PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY");
	if (r == 0)
		r = check_version(db);
	if (r == 0)
		r = acct_db_prepare(db);
	if (r < 0) {
		acct_db_close(db);
		return r;
	}
	*ret = db;
	return 0;
}

void acct_db_close(struct acct_db *db)
{
	if (!db)
		return;
	for (int i = 0; i < DB__COUNT; i++)
		sqlite3_finalize(db->st[i]);
	sqlite3_close(db->sql);
	free(db);
}

/* ---- writing ---- */

static int db_run(struct acct_db *db, int which)
{
	int rc = sqlite3_step(db->st[which]);

	sqlite3_reset(db->st[which]);
	return db_errno(rc);
}

int acct_db_begin(struct acct_db *db)
{
	return db_run(db, DB_BEGIN);
}

int acct_db_commit(struct acct_db *db)
{
	return db_run(db, DB_COMMIT);
}

void acct_db_rollback(struct acct_db *db)
{
	db_run(db, DB_ROLLBACK); /* an error of the database may have done it already */
}

int acct_db_write(struct acct_db *db, enum acct_write_kind kind, const struct acct_row *row)
{
	static const int which[] = {
		[ACCT_WRITE_NEW] = DB_NEW,	 [ACCT_WRITE_COUNTS] = DB_COUNTS,
		[ACCT_WRITE_ATTRS] = DB_ATTRS,	 [ACCT_WRITE_ACKED] = DB_ACKED,
		[ACCT_WRITE_DELETE] = DB_DELETE,
	};
	const uint64_t values[] = { row->id,
				    row->place,
				    row->up,
				    row->seen,
				    row->time_s,
				    row->cause,
				    row->start_acked,
				    row->counts.octets_in,
				    row->counts.octets_out,
				    row->counts.packets_in,
				    row->counts.packets_out };
	sqlite3_stmt *st = db->st[which[kind]];
	int n = sqlite3_bind_parameter_count(st); /* the highest number */

	for (int i = 0; i < n && i < (int)ZE_ARRAY_SIZE(values); i++)
		sqlite3_bind_int64(st, i + 1, (sqlite3_int64)values[i]);
	if (n > (int)ZE_ARRAY_SIZE(values))
		sqlite3_bind_blob(st, n, row->attrs.len ? (const void *)row->attrs.p : "",
				  (int)row->attrs.len, SQLITE_STATIC);
	return db_run(db, which[kind]);
}

/* ---- reading ---- */

static uint64_t column(sqlite3_stmt *st, int i)
{
	return (uint64_t)sqlite3_column_int64(st, i);
}

static struct acct_row acct_db_row(sqlite3_stmt *st)
{
	return (struct acct_row){
		.id = column(st, 0),
		.place = column(st, 1),
		.up = column(st, 2),
		.seen = column(st, 3),
		.time_s = (uint32_t)column(st, 4),
		.cause = (uint8_t)column(st, 5),
		.start_acked = column(st, 6) != 0,
		.counts = { column(st, 7), column(st, 8), column(st, 9), column(st, 10) },
		.attrs = span_of(sqlite3_column_blob(st, 11), (size_t)sqlite3_column_bytes(st, 11)),
	};
}

static int read_rows(sqlite3_stmt *st, acct_db_fn *fn, void *arg)
{
	int rc = sqlite3_step(st), r = 0;

	while (rc == SQLITE_ROW && r >= 0) {
		const struct acct_row row = acct_db_row(st);

		r = fn(arg, &row);
		rc = sqlite3_step(st);
	}
	sqlite3_reset(st);
	return r < 0 ? r : db_errno(rc);
}

int acct_db_read(struct acct_db *db, uint64_t after, size_t n, acct_db_fn *fn, void *arg)
{
	sqlite3_bind_int64(db->st[DB_READ], 1, (sqlite3_int64)after);
	sqlite3_bind_int64(db->st[DB_READ], 2, (sqlite3_int64)n);
	return read_rows(db->st[DB_READ], fn, arg);
}

int acct_db_each(struct acct_db *db, acct_db_fn *fn, void *arg)
{
	return read_rows(db->st[DB_EACH], fn, arg);
}
