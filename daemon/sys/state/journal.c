/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A place is a run of units. Free places are kept by size; one is used again only for a record of
 * the same size. A record that has outgrown its place is written to another one before the old one
 * is cleared: when the file has two records of one object, the longer one is newer.
 */
#include "daemon/sys/state/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/sys/run/path.h"

#define MAGIC	    "ze-state"
#define MAGIC_LEN   8
#define BOOT_ID	    "/proc/sys/kernel/random/boot_id"
#define BOOT_LEN    36
#define UNIT	    64u
#define PAGE_UNITS  64u	       /* 4096 octets */
#define HEADER	    PAGE_UNITS /* a page of its own */
#define HEADER_LEN  76u
#define CLEARS_ALL  1u /* cleared places are zeros to their ends */
#define PLACE_MAX   PAGE_UNITS
#define RECORD_HEAD 16u
#define UNITS_MAX   (1u << 20)
#define IDS	    65536u
#define TRIES_MAX   100

_Static_assert(RECORD_HEAD + JOURNAL_RECORD_MAX <= PLACE_MAX * UNIT, "a record fits a place");

struct place { /* units 0: no place */
	uint32_t at : 24, units : 8;
	uint32_t hash; /* of the body */
};

struct stack {
	uint32_t *v;
	size_t n, cap;
};

struct journal {
	int fd;
	char *path;
	uint32_t oldest, abi;
	struct hash_key key;
	char boot[BOOT_LEN];
	bool found;
	bool older;   /* the header has another ABI than `abi` */
	bool on;      /* the file has all records, or will have when journal_restarted() returns */
	bool foreign; /* another user owns or may access the file: unused */
	bool tells_damage;
	const char *why_not, *why_off;
	const char *blocked; /* the reason of journal_block() */
	char why_text[PATH_WHY_TEXT];
	unsigned damaged[JOURNAL__KINDS + 1]; /* the last: of unknown kind */
	uint8_t *old;			      /* the content of the file when it was opened */
	struct journal_record *records;
	size_t n_records;
	struct place *place[JOURNAL__KINDS]; /* by id */
	struct stack free[PLACE_MAX + 1];
	uint32_t end; /* the first unit behind all places; the header counts */
};

static const char zeros[PLACE_MAX * UNIT];

/* ---- places ---- */

/* When the allocation fails, the place stays unused until the next instance scans the file. */
static void give_back(struct journal *j, uint32_t at, uint32_t units)
{
	struct stack *s = &j->free[units];

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		uint32_t *v = realloc(s->v, cap * sizeof(*v));

		if (!v)
			return;
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = at;
}

/* Adds a range of empty units as free places that do not cross a page. */
static void give_back_gap(struct journal *j, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t n = PAGE_UNITS - from % PAGE_UNITS;

		n = n < to - from ? n : to - from;
		n = n < PLACE_MAX ? n : PLACE_MAX;
		give_back(j, from, n);
		from += n;
	}
}

/* Returns 0 when the file is full. */
static uint32_t journal_take(struct journal *j, uint32_t units)
{
	struct stack *s = &j->free[units];
	uint32_t at = j->end, left = PAGE_UNITS - at % PAGE_UNITS;

	if (s->n)
		return s->v[--s->n];
	if (left < units) {
		give_back_gap(j, at, at + left);
		at += left;
	}
	if (at + units > UNITS_MAX)
		return 0;
	j->end = at + units;
	return at;
}

/* ---- writing ---- */

static void set_why_off(struct journal *j, int r)
{
	struct path_why w;

	path_why(j->path, r, &w);
	if (w.why && r != -ENOSPC)
		snprintf(j->why_text, sizeof(j->why_text), "%s: %.200s: %s", log_strerror(r), w.at,
			 w.why);
	else
		snprintf(j->why_text, sizeof(j->why_text), "%s", log_strerror(r));
	j->why_off = j->why_text;
}

/* Truncates the file: an incomplete set of records must not be restored. */
static void give_up(struct journal *j, int r)
{
	if (!j->why_off)
		path_why_log(LOG_ERROR, LOG_MAIN,
			     &(struct path_failure){
				     "state-file-write-failed", j->path,
				     "until it is written again, a restart ends all sessions", r });
	j->on = false;
	set_why_off(j, r);
	if (j->fd >= 0 && ftruncate(j->fd, 0) < 0)
		unlink(j->path);
}

static int write_at(struct journal *j, uint32_t unit, const void *p, size_t len)
{
	ssize_t n = pwrite(j->fd, p, len, (off_t)unit * UNIT);

	if (n == (ssize_t)len)
		return 0;
	return n < 0 ? -errno : -ENOSPC;
}

/* Clears the whole place: when a file is scanned, octets that are not zero are a record or a
 * damaged one. */
static void journal_clear(struct journal *j, struct place *p)
{
	int r = write_at(j, p->at, zeros, p->units * UNIT);

	if (r < 0)
		give_up(j, r);
	give_back(j, p->at, p->units);
	*p = (struct place){ 0 };
}

static size_t build(const struct journal *j, uint8_t *buf, uint8_t units,
		    const struct journal_record *rec)
{
	struct wr w = wr_init(buf, PLACE_MAX * UNIT);

	wr_u64(&w, 0);
	wr_u8(&w, (uint8_t)(rec->kind + 1));
	wr_u8(&w, units);
	wr_u16(&w, rec->id);
	wr_u16(&w, (uint16_t)rec->body.len);
	wr_u16(&w, 0);
	wr_span(&w, rec->body);
	w.p = w.start;
	wr_u64(&w, hash_sip(&j->key, buf + 8, RECORD_HEAD - 8 + rec->body.len));
	return RECORD_HEAD + rec->body.len;
}

static void journal_put_record(void *self, enum journal_kind kind, uint16_t id, struct span b)
{
	struct journal *j = self;
	struct place *p = &j->place[kind][id], old = *p;
	uint32_t need = (uint32_t)((RECORD_HEAD + b.len + UNIT - 1) / UNIT);
	uint32_t hash = (uint32_t)hash_sip(&j->key, b.p, b.len);
	uint8_t buf[PLACE_MAX * UNIT];
	size_t len;
	int r;

	if (!j->on || (p->units && p->hash == hash))
		return;
	if (need > p->units)
		*p = (struct place){ .at = journal_take(j, need) & 0xffffff, .units = need & 0xff };
	p->hash = hash;
	len = build(j, buf, p->units, &(struct journal_record){ kind, id, b });
	r = p->at ? write_at(j, p->at, buf, len) : -ENOSPC;
	if (r < 0)
		give_up(j, r);
	else if (old.units && old.at != p->at)
		journal_clear(j, &old);
}

static void journal_drop_record(void *self, enum journal_kind kind, uint16_t id)
{
	struct journal *j = self;
	struct place *p = &j->place[kind][id];

	if (j->on && p->units)
		journal_clear(j, p);
}

static const char *why_off(const void *self)
{
	const struct journal *j = self;

	return j->why_off ? j->why_off : j->blocked;
}

const struct journal_ops journal_ops = { .put = journal_put_record,
					 .drop = journal_drop_record,
					 .why_off = why_off };

/* ---- the header ---- */

static void build_header(const struct journal *j, uint8_t buf[static HEADER_LEN + 8])
{
	struct wr w = wr_init(buf, HEADER_LEN + 8);

	wr_bytes(&w, MAGIC, MAGIC_LEN);
	wr_u32(&w, JOURNAL_FORMAT);
	wr_u32(&w, j->abi);
	wr_u32(&w, CLEARS_ALL);
	wr_u64(&w, j->key.k0);
	wr_u64(&w, j->key.k1);
	wr_bytes(&w, j->boot, BOOT_LEN);
	wr_zero(&w, 4);
	wr_u64(&w, hash_sip(&j->key, buf, HEADER_LEN));
}

/* Returns NULL when the header is valid and was written by this format, an ABI from `oldest` to
 * `abi`, and this boot, else why it was not. */
static const char *read_header(struct journal *j, struct rd *r)
{
	struct span magic = rd_bytes(r, MAGIC_LEN), boot;
	const uint8_t *start = magic.p;
	uint32_t format, abi;

	format = rd_u32(r);
	abi = rd_u32(r);
	j->tells_damage = rd_u32(r) & CLEARS_ALL;
	j->key.k0 = rd_u64(r);
	j->key.k1 = rd_u64(r);
	boot = rd_bytes(r, BOOT_LEN);
	rd_skip(r, 4);
	if (r->bad || !span_eq(magic, span_of(MAGIC, MAGIC_LEN)))
		return "the state file is damaged";
	if (rd_u64(r) != hash_sip(&j->key, start, HEADER_LEN))
		return "the state file is damaged";
	if (format != JOURNAL_FORMAT)
		return "the state file has another format";
	j->older = abi != j->abi;
	if (abi < j->oldest || abi > j->abi)
		return "the state file is for another layout of the BPF maps";
	return span_eq(boot, span_of(j->boot, BOOT_LEN)) ? NULL :
							   "the state file is of another boot";
}

/* ---- reading ---- */

/* Returns false when there is no valid record at this unit. */
static bool record_at(const struct journal *j, struct rd r, uint32_t at, struct journal_record *ret,
		      struct place *ret_place)
{
	const uint8_t *start = r.p;
	uint64_t sum = rd_u64(&r);
	uint8_t kind = rd_u8(&r), units;
	uint16_t len;

	units = rd_u8(&r);
	ret->id = rd_u16(&r);
	len = rd_u16(&r);
	rd_skip(&r, 2);
	ret->body = rd_bytes(&r, len);
	if (r.bad || !kind || kind > JOURNAL__KINDS || !len || len > JOURNAL_RECORD_MAX ||
	    units > PLACE_MAX || RECORD_HEAD + len > units * UNIT ||
	    at % PAGE_UNITS + units > PAGE_UNITS)
		return false;
	if (sum != hash_sip(&j->key, start + 8, RECORD_HEAD - 8u + len))
		return false;
	ret->kind = (enum journal_kind)(kind - 1);
	*ret_place = (struct place){ .at = at & 0xffffff,
				     .units = units,
				     .hash = (uint32_t)hash_sip(&j->key, ret->body.p, len) };
	return true;
}

/* Keeps the longer one of two records of an object, which is newer. The other one is cleared: it
 * would be read as valid once this one is dropped. */
static void journal_enter(struct journal *j, const struct journal_record *rec,
			  const struct place *p)
{
	struct place *known = &j->place[rec->kind][rec->id], old = *known;

	if (known->units < p->units)
		*known = *p;
	else
		old = *p;
	if (old.units)
		journal_clear(j, &old);
}

/* Counts a damaged record and returns its length in units. The kind and the units of its head are
 * used if they are valid; otherwise the length is one unit. within: the unit directly follows a
 * damaged one. */
static uint32_t damage(struct journal *j, struct span file, uint32_t at, bool within)
{
	const uint8_t *p = file.p + (size_t)at * UNIT;
	size_t left = file.len - (size_t)at * UNIT;
	unsigned kind = left > 9 ? p[8] : 0, units = left > 9 ? p[9] : 0;

	if (kind && kind <= JOURNAL__KINDS && units && units <= PLACE_MAX &&
	    at % PAGE_UNITS + units <= PAGE_UNITS) {
		j->damaged[kind - 1]++;
		return units;
	}
	if (!within) /* otherwise the unit belongs to a record that has been counted */
		j->damaged[JOURNAL__KINDS]++;
	return 1;
}

static bool holds_something(struct span file, uint32_t at)
{
	size_t from = (size_t)at * UNIT, n = file.len - from;

	return memcmp(file.p + from, zeros, n < UNIT ? n : UNIT) != 0;
}

static void scan(struct journal *j, struct span file)
{
	uint32_t at = HEADER, units = (uint32_t)((file.len + UNIT - 1) / UNIT), gap = HEADER;
	uint32_t damaged_to = 0; /* the first unit behind the damaged record */
	struct journal_record rec;
	struct place p;

	while (at < units) {
		size_t from = (size_t)at * UNIT;

		if (!record_at(j, rd_init(file.p + from, file.len - from), at, &rec, &p)) {
			if (at >= damaged_to && j->tells_damage && holds_something(file, at))
				damaged_to = at + damage(j, file, at, at == damaged_to);
			if (at < damaged_to) /* so that the next scan does not count it again */
				write_at(j, at, zeros, UNIT);
			at++;
			continue;
		}
		give_back_gap(j, gap, at);
		journal_enter(j, &rec, &p);
		at += p.units;
		gap = at;
	}
	j->end = gap; /* the first unit behind the last record */
}

/* Builds the list of records for the engine from the known places. */
static int list(struct journal *j)
{
	size_t n = 0;

	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		for (unsigned id = 0; id < IDS; id++)
			n += j->place[k][id].units > 0;
	j->records = calloc(n + 1, sizeof(*j->records));
	if (!j->records)
		return -ENOMEM;
	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		for (unsigned id = 0; id < IDS; id++) {
			const struct place *p = &j->place[k][id];
			const uint8_t *b = j->old + (size_t)p->at * UNIT;

			if (p->units)
				j->records[j->n_records++] = (struct journal_record){
					(enum journal_kind)k, (uint16_t)id,
					span_of(b + RECORD_HEAD, (size_t)(b[12] << 8 | b[13]))
				};
		}
	return 0;
}

static int read_file(struct journal *j, size_t size)
{
	size_t have = 0;

	j->old = calloc(1, size + 1);
	if (!j->old)
		return -ENOMEM;
	while (have < size) {
		ssize_t n = pread(j->fd, j->old + have, size - have, (off_t)have);

		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return 0;
}

static int read_old(struct journal *j, const struct stat *st)
{
	char mode[8];
	struct rd r;
	int e;

	j->found = st->st_size > 0;
	j->foreign = st->st_uid != geteuid() || st->st_mode & 0077;
	if (j->foreign) {
		snprintf(mode, sizeof(mode), "%04o", st->st_mode & 07777u);
		log_kv(LOG_MAIN, LOG_WARN, "state-file-foreign", KV_STR("file", j->path),
		       KV_U64("owner", st->st_uid), KV_U64("ours", geteuid()), KV_STR("mode", mode),
		       KV_STR("effect", "it is not read"));
		j->why_not = "the state file is not ze's own";
		return 0;
	}
	if (!j->found) {
		j->why_not = "there is no state file";
		return 0;
	}
	if (st->st_size > (off_t)UNITS_MAX * UNIT + RECORD_HEAD) {
		j->why_not = "the state file is damaged";
		return 0;
	}
	e = read_file(j, (size_t)st->st_size);
	if (e < 0)
		return e;
	r = rd_init(j->old, (size_t)st->st_size);
	j->why_not = read_header(j, &r);
	if (j->why_not)
		return 0;
	scan(j, span_of(j->old, (size_t)st->st_size));
	return list(j);
}

/* ---- open and close ---- */

static int read_boot(struct journal *j)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, j->boot, BOOT_LEN);
	int r = n == BOOT_LEN ? 0 : fd < 0 || n < 0 ? -errno : -EIO;

	if (fd >= 0)
		close(fd);
	return r;
}

/* Opens, without any access right, a file that the process may not open otherwise, to learn its
 * owner. */
static int look_at_foreign(struct journal *j, const char *path, struct stat *ret)
{
	j->fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (j->fd < 0)
		return -EACCES; /* there is no file: the folder refuses */
	if (fstat(j->fd, ret) < 0)
		return -errno;
	return S_ISREG(ret->st_mode) && ret->st_uid != geteuid() ? 0 : -EACCES;
}

static int lock_file(struct journal *j, const char *path, int flags, struct stat *ret)
{
	j->fd = open(path, flags | O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (j->fd < 0)
		return errno == EACCES ? look_at_foreign(j, path, ret) : -errno;
	if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (fstat(j->fd, ret) < 0)
		return -errno;
	return S_ISREG(ret->st_mode) ? 0 : -EINVAL;
}

static int open_file(struct journal *j)
{
	struct stat st = { 0 };
	int r;

	for (int n = 0; n < TRIES_MAX; n++) {
		r = lock_file(j, j->path, 0, &st);
		if (r < 0)
			return r;
		/* It may be replaced or removed between open() and flock(). */
		if (path_leads_to(j->path, j->fd))
			return read_old(j, &st);
		close(j->fd);
	}
	j->fd = -1;
	return -EAGAIN;
}

/* True when only root and our user can replace files in the folder of path. */
static bool is_our_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = !slash	     ? strdup(".") :
		       slash == path ? strdup("/") :
				       strndup(path, (size_t)(slash - path));
	struct stat st = { 0 };
	bool ok = folder && stat(folder, &st) == 0 && !(st.st_mode & 0022) &&
		  (st.st_uid == geteuid() || st.st_uid == 0);

	free(folder);
	return ok;
}

/* Replaces a file of another user, which that user may have open, by a new one. */
static int replace_file(struct journal *j)
{
	int old = j->fd, r;
	struct stat st = { 0 };
	char *path;

	if (!is_our_folder(j->path))
		return -EPERM;
	if (asprintf(&path, "%s.new", j->path) < 0)
		return -ENOMEM;
	unlink(path);
	r = lock_file(j, path, O_EXCL, &st);
	if (r == 0 && rename(path, j->path) < 0)
		r = -errno;
	if (r == 0) {
		j->foreign = false;
		close(old);
	} else {
		if (j->fd >= 0)
			close(j->fd);
		j->fd = old;
	}
	free(path);
	return r;
}

/* The daemon starts without a state file: it works, but a restart ends all sessions. */
static void start_off(struct journal *j, int r)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
	j->why_not = log_strerror(r);
	path_why_log(LOG_WARN, LOG_MAIN,
		     &(struct path_failure){ "state-file-open-failed", j->path,
					     "until it can be written, a restart ends all sessions",
					     r });
	set_why_off(j, r);
}

int journal_open(const char *path, uint32_t oldest, uint32_t abi, struct journal **ret)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r = 0;

	if (!j)
		return -ENOMEM;
	j->fd = -1;
	j->oldest = oldest;
	j->abi = abi;
	j->end = HEADER;
	j->path = strdup(path);
	for (unsigned k = 0; k < JOURNAL__KINDS; k++) {
		j->place[k] = calloc(IDS, sizeof(*j->place[k]));
		r = j->place[k] ? r : -ENOMEM;
	}
	if (!j->path)
		r = -ENOMEM;
	if (r == 0)
		r = read_boot(j);
	if (r == 0)
		r = open_file(j);
	if (r < 0 && r != -EBUSY && r != -ENOMEM) {
		start_off(j, r);
		r = 0;
	}
	if (r < 0)
		journal_close(j, false);
	else
		*ret = j;
	return r;
}

const char *journal_why_not(const struct journal *j)
{
	return j->why_not;
}

bool journal_found(const struct journal *j)
{
	return j->found;
}

const struct journal_record *journal_records(const struct journal *j, size_t *ret_n)
{
	*ret_n = j->n_records;
	return j->records;
}

const unsigned *journal_damaged(const struct journal *j)
{
	return j->damaged;
}

static void journal_forget(struct journal *j)
{
	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		memset(j->place[k], 0, IDS * sizeof(*j->place[k]));
	for (unsigned i = 0; i <= PLACE_MAX; i++)
		j->free[i].n = 0;
	j->end = HEADER;
	journal_read(j);
}

/* Empties the file, or replaces one of another user, and takes a new key. */
static int begin_anew(struct journal *j, const struct rng *rng)
{
	int r;

	journal_forget(j);
	if (j->foreign) {
		r = replace_file(j);
		if (r < 0)
			return r;
	}
	if (ftruncate(j->fd, 0) < 0)
		return -errno;
	return rng_fill(rng, &j->key, sizeof(j->key));
}

static int write_header(struct journal *j)
{
	uint8_t buf[HEADER_LEN + 8];

	build_header(j, buf);
	return write_at(j, 0, buf, sizeof(buf));
}

static void cannot_replace(const struct journal *j, int r)
{
	log_kv(LOG_MAIN, LOG_ERROR, "state-file-refused", KV_STR("file", j->path), KV_ERRNO(r),
	       KV_STR("effect", "a restart ends all sessions"),
	       KV_STR("cure", "remove the file, and let only ze's user write to its directory"));
}

void journal_begin(struct journal *j, bool keep, const struct rng *rng)
{
	int r = 0;

	if (j->fd < 0 || j->why_off)
		return;
	if (!keep || j->why_not) {
		r = begin_anew(j, rng);
		if (r < 0 && j->foreign) {
			cannot_replace(j, r);
			j->why_off = "the state file is not ze's own";
		}
	}
	if (r == 0 && (!keep || j->why_not || j->older))
		r = write_header(j);
	if (r < 0 && !j->foreign)
		give_up(j, r);
	else if (r == 0)
		j->on = true;
}

/* ---- restart ---- */

int journal_restart(struct journal *j, const struct rng *rng)
{
	int r = 0;

	if (j->fd < 0) {
		r = open_file(j);
		if (r < 0 && j->fd >= 0) {
			close(j->fd);
			j->fd = -1;
		}
	}
	if (r == 0)
		r = begin_anew(j, rng);
	j->on = r == 0;
	if (r < 0 && !j->foreign)
		set_why_off(j, r);
	return r;
}

/* The header is written last: if the process is killed before that, the next instance finds no
 * valid file. */
bool journal_restarted(struct journal *j)
{
	int r = j->on ? write_header(j) : 0;

	if (r < 0)
		give_up(j, r);
	if (j->on)
		j->why_off = NULL;
	return j->on;
}

bool journal_check(struct journal *j)
{
	if (!j->on || path_leads_to(j->path, j->fd))
		return j->on;
	give_up(j, -ENOENT);
	close(j->fd);
	j->fd = -1;
	return false;
}

bool journal_on(const struct journal *j)
{
	return j->on;
}

void journal_block(struct journal *j, const char *why)
{
	j->blocked = why;
}

void journal_read(struct journal *j)
{
	free(j->records);
	free(j->old);
	j->records = NULL;
	j->old = NULL;
	j->n_records = 0;
}

void journal_close(struct journal *j, bool remove)
{
	if (!j)
		return;
	if (remove && j->fd >= 0 && !j->foreign)
		unlink(j->path);
	if (j->fd >= 0)
		close(j->fd);
	journal_read(j);
	for (unsigned k = 0; k < JOURNAL__KINDS; k++)
		free(j->place[k]);
	for (unsigned i = 0; i <= PLACE_MAX; i++)
		free(j->free[i].v);
	free(j->path);
	free(j);
}
