/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Schema and entry points. libyang stops at the first violated `must`, so each of them is evaluated
 * here, in order to report all; libyang then validates the whole tree.
 */
#include "daemon/sys/config/yang.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/crypto.h"
#include "daemon/base/hash.h"
#include "daemon/sys/config/yang_priv.h"
#include "daemon/sys/run/path.h"

#define FILE_MAX (64u << 20)

struct yang {
	struct ly_ctx *ctx;
};

static const char *const modules[] = {
	"ze-system-conf",	    "ze-l2tp-conf",	 "ze-l2tp-auth-local-conf",
	"ze-l2tp-auth-radius-conf", "ze-l2tp-pool-conf", "ze-l2tp-shaper-conf",
};

int yang_new(const char *dir, struct yang **ret, struct strbuf *errors)
{
	struct yang *y = calloc(1, sizeof(*y));
	const struct ly_err_item *e;

	if (!y)
		return -ENOMEM;
	if (!dir)
		dir = getenv("ZE_YANG_DIR");
	if (!dir)
		dir = ZE_YANG_DIR;
	ly_log_options(LY_LOSTORE_LAST);
	if (ly_ctx_new(dir, LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIR_CWD, &y->ctx)) {
		sb_printf(errors, "%s: cannot be used as the directory of YANG modules\n", dir);
		free(y);
		return -ENOENT;
	}
	for (size_t i = 0; i < ZE_ARRAY_SIZE(modules); i++) {
		if (ly_ctx_load_module(y->ctx, modules[i], NULL, NULL))
			continue;
		e = ly_err_last(y->ctx);
		sb_printf(errors, "%s: module %s: %s\n", dir, modules[i],
			  e && e->msg ? e->msg : "cannot be loaded");
		yang_free(y);
		return -ENOENT;
	}
	*ret = y;
	return 0;
}

void yang_free(struct yang *y)
{
	if (!y)
		return;
	ly_ctx_destroy(y->ctx);
	free(y);
}

/* ---- functions for the other two files ---- */

/* Adds only names of the schema. The key of a list entry is the operator's text and may be a
 * misplaced password; line and column identify the entry. */
static void add_path(struct strbuf *b, const struct lyd_node *node)
{
	if (!node)
		return;
	if (lyd_parent(node)) {
		add_path(b, lyd_parent(node));
		sb_puts(b, "/");
	}
	sb_puts(b, node->schema->name);
}

/* Returns false when there are too many errors already. */
static bool begin_error(struct yang_doc *d, struct conf_pos pos, const struct lyd_node *node)
{
	const char *name = strcmp(d->src->name, "-") == 0 ? "<stdin>" : d->src->name;

	if (++d->n_errors > YANG_ERRORS_MAX)
		return false;
	sb_printf(d->errors, "%s:%u:%u: ", name, pos.line, pos.col);
	add_path(d->errors, node);
	return true;
}

void yang_error(struct yang_doc *d, struct conf_pos pos, const struct lyd_node *node,
		const char *fmt, ...)
{
	va_list ap;

	if (!begin_error(d, pos, node))
		return;
	if (node)
		sb_puts(d->errors, ": ");
	va_start(ap, fmt);
	sb_vprintf(d->errors, fmt, ap);
	va_end(ap);
	sb_puts(d->errors, "\n");
}

void yang_error_child(struct yang_doc *d, struct conf_pos pos, const struct lyd_node *parent,
		      const char *name, const char *msg)
{
	if (begin_error(d, pos, parent))
		sb_printf(d->errors, "%s%s: %s\n", parent ? "/" : "", name, msg);
}

static uint32_t yang_hash_of(const struct lyd_node *node)
{
	return hash_bytes(&node, sizeof(node));
}

int yang_place_add(struct yang_doc *d, const struct lyd_node *node, struct conf_pos pos)
{
	struct yang_place *pl = calloc(1, sizeof(*pl));

	if (!pl)
		return -ENOMEM;
	pl->node = node;
	pl->pos = pos;
	if (htab_add(&d->places, &pl->in_places, yang_hash_of(node)) < 0) {
		free(pl);
		return -ENOMEM;
	}
	return 0;
}

void yang_places_free(struct yang_doc *d)
{
	struct htab_node *next;

	for (struct htab_node *n = htab_next(&d->places, NULL); n; n = next) {
		next = htab_next(&d->places, n);
		htab_del(&d->places, n);
		free(ze_container_of(n, struct yang_place, in_places));
	}
}

struct conf_pos yang_pos(const struct yang_doc *d, const struct lyd_node *node)
{
	for (; node; node = lyd_parent(node)) {
		struct htab_node *n = htab_find(&d->places, yang_hash_of(node));

		for (; n; n = htab_same(n)) {
			struct yang_place *pl = ze_container_of(n, struct yang_place, in_places);

			if (pl->node == node)
				return pl->pos;
		}
	}
	return (struct conf_pos){ 1, 1 };
}

bool yang_has_ext(const struct lysc_node *s, const char *name)
{
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(s->exts, i)
	if (strcmp(s->exts[i].def->module->name, "ze-extensions") == 0 &&
	    strcmp(s->exts[i].def->name, name) == 0)
		return true;
	return false;
}

const struct lyd_node *yang_find(const struct lyd_node *siblings, const char *path)
{
	size_t len = strcspn(path, "/");
	const struct lyd_node *c;

	LY_LIST_FOR(siblings, c) {
		const char *name = c->schema->name;

		if (strncmp(name, path, len) == 0 && !name[len])
			return path[len] ? yang_find(lyd_child(c), path + len + 1) : c;
	}
	return NULL;
}

/* ---- validation ---- */

static void check_must(struct yang_doc *d, const struct lyd_node *node)
{
	const struct lysc_must *musts = lysc_node_musts(node->schema);
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(musts, i)
	{
		ly_bool ok = 0;

		if (lyd_eval_xpath3(node, node->schema->module, lyxp_get_expr(musts[i].cond),
				    LY_VALUE_SCHEMA_RESOLVED, musts[i].prefixes, NULL, &ok))
			continue; /* libyang will report it */
		if (!ok)
			yang_error(d, yang_pos(d, node), node, "%s",
				   musts[i].emsg ? musts[i].emsg : lyxp_get_expr(musts[i].cond));
	}
}

static void check_musts(struct yang_doc *d)
{
	struct lyd_node *top, *node;

	LY_LIST_FOR(d->root, top)
		LYD_TREE_DFS_BEGIN(top, node) {
			check_must(d, node);
			LYD_TREE_DFS_END(top, node);
		}
}

static const char *yang_value(const struct lyd_node *parent, const char *name)
{
	const struct lyd_node *c = yang_find(lyd_child(parent), name);

	return c ? lyd_get_value(c) : NULL;
}

static const char *address_of(const struct lyd_node *entry, struct ze_addr *ret)
{
	const char *ip = yang_value(entry, "ip"), *port = yang_value(entry, "port");

	if (!ip || !port || ze_addr_parse(ip, (uint16_t)atoi(port), ret) < 0)
		return NULL;
	return ip;
}

static bool yang_is_any(const struct ze_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof(zero)) == 0;
}

/* Reports an endpoint of a ze:listener list that needs a scope, or that cannot be bound beside an
 * earlier one. */
static void check_listener(struct yang_doc *d, const struct lyd_node *entry)
{
	const struct lyd_node *o;
	struct ze_addr a, b;

	if (!address_of(entry, &a))
		return;
	if (ze_addr_needs_scope(&a))
		yang_error(d, yang_pos(d, entry), entry,
			   "%s is link-local: name its interface, as %s%%2, or listen on ::",
			   yang_value(entry, "ip"), yang_value(entry, "ip"));
	for (o = entry->prev; o->next; o = o->prev) {
		if (o->schema != entry->schema || !address_of(o, &b))
			continue;
		if (a.family != b.family || a.port != b.port)
			continue;
		if (ze_addr_same_ip(&a, &b) || yang_is_any(&a) || yang_is_any(&b))
			yang_error(d, yang_pos(d, entry), entry,
				   "%s port %u is already used by the %s in line %u",
				   yang_value(entry, "ip"), a.port, o->schema->name,
				   yang_pos(d, o).line);
	}
}

static void check_listeners(struct yang_doc *d)
{
	struct lyd_node *top, *node;

	LY_LIST_FOR(d->root, top)
		LYD_TREE_DFS_BEGIN(top, node) {
			if (node->schema->nodetype == LYS_LIST &&
			    yang_has_ext(node->schema, "listener"))
				check_listener(d, node);
			LYD_TREE_DFS_END(top, node);
		}
}

static void validate(struct yang_doc *d)
{
	if (lyd_new_implicit_all(&d->root, d->ctx, LYD_IMPLICIT_NO_STATE, NULL)) {
		yang_error(d, (struct conf_pos){ 1, 1 }, NULL, "out of memory");
		return;
	}
	check_musts(d);
	check_listeners(d);
	if (d->n_errors)
		return; /* libyang would stop at the first of these */
	/* libyang's messages contain values, which may be secrets */
	if (lyd_validate_all(&d->root, d->ctx, LYD_VALIDATE_NO_STATE, NULL))
		yang_error(d, (struct conf_pos){ 1, 1 }, NULL,
			   "not valid by the schema; `yanglint` shows where");
}

static bool yang_has_listener(const struct config *c, uint8_t family)
{
	for (size_t i = 0; i < c->n_listeners; i++)
		if (c->listeners[i].addr.family == family)
			return true;
	return false;
}

/* True when no LAC in allow-from can reach an endpoint. */
static bool allows_nobody(const struct config *c)
{
	for (size_t i = 0; i < c->n_allow_from; i++)
		if (yang_has_listener(c, c->allow_from[i].addr.family))
			return false;
	return c->n_allow_from;
}

static void warn(const struct yang_doc *d, struct strbuf *w)
{
	const struct config *c = d->cfg;

	if (c->l2tp && allows_nobody(c))
		sb_printf(
			w,
			"%s: l2tp allow-from has only prefixes of the address family that no l2tp "
			"server has: no LAC will be answered\n",
			d->src->name);
	if (c->l2tp && c->n_users == 0 && c->radius.n_servers == 0 && !c->allow_no_auth)
		sb_printf(w, "%s: no user, no RADIUS server: every login will be rejected\n",
			  d->src->name);
	if (c->l2tp && d->n_unserved)
		sb_printf(
			w,
			"%s:%u: %u users have a fixed address and %s: ze's end of their links is the "
			"gateway of l2tp pool ipv4, which is not configured\n",
			d->src->name, d->unserved_line, d->n_unserved,
			c->need_ipv4 == CONFIG_NEED_WANTED || !config_ipcp(c) ? "will not get it" :
										"cannot log in");
	if (c->l2tp && d->n_fixed && !config_ipcp(c))
		sb_printf(
			w,
			"%s:%u: %u users have a fixed address and will not get it: ncp has ipv4 off\n",
			d->src->name, d->fixed_line, d->n_fixed);
}

int yang_parse(struct yang *y, const struct yang_source *src, struct config **ret_cfg,
	       struct strbuf *errors, struct strbuf *warnings)
{
	struct yang_doc d = { .ctx = y->ctx, .src = src, .errors = errors };

	yang_tree_read(&d);
	if (d.n_errors == 0)
		validate(&d);
	if (d.n_errors == 0)
		yang_snapshot(&d);
	if (d.n_errors == 0 && warnings)
		warn(&d, warnings);
	if (d.n_errors > YANG_ERRORS_MAX)
		sb_printf(errors, "%s: and more errors\n", src->name);
	yang_tree_done(&d);
	ly_err_clean(y->ctx, NULL);
	if (d.n_errors) {
		config_unref(d.cfg);
		return -EINVAL;
	}
	*ret_cfg = d.cfg;
	return 0;
}

/* ---- files ---- */

enum from {
	FROM_FILE,    /* only a regular file: others could block the daemon */
	FROM_ANYWHERE /* also a pipe */
};

struct file_mode {
	bool others_read, others_write;
	unsigned mode, owner;
};

struct outcome {
	struct config **cfg;
	struct strbuf *errors, *warnings;
	struct file_mode mode;
};

static int why_not(const struct stat *st, enum from from)
{
	if (S_ISREG(st->st_mode) || from == FROM_ANYWHERE)
		return 0;
	return S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
}

static const char *why_text(int r)
{
	return r == -EINVAL ? "not a regular file: ze could block on a pipe or device" :
			      strerror(-r);
}

static void say_why_not(const char *name, int r, struct strbuf *errors)
{
	struct path_why w = { .why = NULL };

	if (r != -ENOENT && r != -EINVAL && r != -EISDIR)
		path_why(name, r, &w);
	sb_printf(errors, "%s: %s", name, why_text(r));
	if (w.why && strcmp(w.at, name) != 0)
		sb_printf(errors, ": %s", w.at);
	if (w.why)
		sb_printf(errors, ": %s (%s)", w.why, w.cure);
	sb_puts(errors, "\n");
}

/* Returns a descriptor, or -errno with a line in errors. */
static int open_source(const char *name, enum from from, struct strbuf *errors)
{
	int wait = from == FROM_FILE ? O_NONBLOCK : 0;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | wait);
	struct stat st;
	int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : why_not(&st, from);

	if (r == 0)
		return fd;
	say_why_not(name, r, errors);
	if (fd >= 0)
		close(fd);
	return r;
}

/* Records whether other users may read the file, which has all passwords, or write to it. */
static void check_mode(const char *name, int fd, struct file_mode *m)
{
	struct stat st;

	*m = (struct file_mode){ 0 };
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !path_is_public(name))
		return;
	m->others_read = st.st_mode & S_IROTH;
	m->others_write = st.st_mode & S_IWOTH;
	m->mode = st.st_mode & 07777;
	m->owner = st.st_uid;
}

static void warn_mode(const char *name, const struct file_mode *m, const struct config *c,
		      struct strbuf *w)
{
	bool secrets = c->secret || c->n_users;

	if (m->others_write)
		sb_printf(w, "%s: mode %04o, owner %u: every user of the host may change it", name,
			  m->mode, m->owner);
	else if (m->others_read && secrets)
		sb_printf(w,
			  "%s: mode %04o, owner %u: every user of the host may read the "
			  "passwords and secrets in it",
			  name, m->mode, m->owner);
	else
		return;
	sb_printf(w, " (chmod 600 %s)\n", name);
}

static int yang_read_all(const char *name, enum from from, struct strbuf *ret, struct outcome *o)
{
	struct strbuf *errors = o->errors;
	bool standard = strcmp(name, "-") == 0;
	char buf[16384];
	size_t n;
	int r = 0;
	int fd = standard ? STDIN_FILENO : open_source(name, from, errors);
	FILE *f = standard ? stdin : fd < 0 ? NULL : fdopen(fd, "r");

	if (fd < 0)
		return fd;
	if (!f) {
		close(fd);
		sb_printf(errors, "%s: out of memory\n", name);
		return -ENOMEM;
	}
	check_mode(name, fd, &o->mode);
	setvbuf(f, NULL, _IONBF, 0); /* the buffer of stdio could not be wiped */
	errno = 0;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0 && ret->len <= FILE_MAX)
		sb_add(ret, buf, n);
	if (ferror(f))
		r = errno ? -errno : -EIO;
	else if (ret->len > FILE_MAX)
		r = -EFBIG;
	else if (ret->bad)
		r = -ENOMEM;
	crypto_wipe(buf, sizeof(buf));
	if (f != stdin)
		fclose(f);
	if (r < 0)
		sb_printf(errors, "%s: %s\n", name, strerror(-r));
	return r;
}

static int read_from(struct yang *y, const char *name, enum from from, struct outcome *o)
{
	struct strbuf text;
	int r;

	sb_init(&text);
	r = yang_read_all(name, from, &text, o);
	if (r == 0)
		r = yang_parse(y, &(struct yang_source){ name, text.s ? text.s : "", text.len },
			       o->cfg, o->errors, o->warnings);
	if (r == 0 && o->warnings)
		warn_mode(name, &o->mode, *o->cfg, o->warnings);
	if (text.s)
		crypto_wipe(text.s, text.cap);
	sb_done(&text);
	return r;
}

int yang_read_file(struct yang *y, const char *name, struct config **ret_cfg, struct strbuf *errors,
		   struct strbuf *warnings)
{
	return read_from(y, name, FROM_FILE, &(struct outcome){ ret_cfg, errors, warnings, { 0 } });
}

/* ---- ze config validate ---- */

static const char usage[] =
	"usage: ze config validate FILE\n"
	"\n"
	"Checks a configuration without a running daemon. FILE may be - for standard input.\n"
	"Prints \"configuration valid\", or each error as file:line:col: path: message.\n"
	"Exit status: 0 valid, 1 not valid, 2 usage, or the file cannot be read.\n";

int yang_validate_main(int argc, char **argv)
{
	struct strbuf errors, warnings;
	struct config *cfg = NULL;
	struct yang *y = NULL;
	int r;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc != 2) {
		fputs(usage, stderr);
		return 2;
	}
	sb_init(&errors);
	sb_init(&warnings);
	r = yang_new(NULL, &y, &errors);
	if (r == 0)
		r = read_from(y, argv[1], FROM_ANYWHERE,
			      &(struct outcome){ &cfg, &errors, &warnings, { 0 } });
	if (r == 0 && (puts("configuration valid") == EOF || fflush(stdout) == EOF)) {
		r = -errno;
		sb_printf(&errors, "ze config validate: %s\n", strerror(-r));
	}
	if (warnings.s)
		fputs(warnings.s, stderr);
	if (errors.s)
		fputs(errors.s, stderr);
	config_unref(cfg);
	yang_free(y);
	sb_done(&errors);
	sb_done(&warnings);
	if (r == 0)
		return 0;
	return r == -EINVAL ? 1 : 2;
}
