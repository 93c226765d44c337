/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/run/path.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/compiler.h"

ZE_PRINTF(4, 5)
static void path_say(struct path_why *w, const char *at, const char *why, const char *cure, ...)
{
	va_list args;

	snprintf(w->at, sizeof(w->at), "%s", at);
	w->why = why;
	va_start(args, cure);
	vsnprintf(w->cure, sizeof(w->cure), cure, args);
	va_end(args);
}

/* Writes the next folder of the path after the one in buf, which is a prefix of it, to buf. Returns
 * false after the last one. */
static bool next_folder(const char *path, char buf[static PATH_MAX])
{
	size_t n = strlen(buf);
	const char *slash = n < strlen(path) ? strchr(path + n + (path[n] == '/'), '/') : NULL;

	if (!n && *path == '/')
		slash = path;
	if (!slash || slash - path >= PATH_MAX)
		return false;
	n = slash == path ? 1 : (size_t)(slash - path);
	memcpy(buf, path, n);
	buf[n] = '\0';
	return true;
}

static void say_owner(struct path_why *w, const char *at, const struct stat *st)
{
	path_say(w, at, "its owner is another user, or its mode denies access to ze",
		 "its owner is %u, its mode %04o, and ze runs as user %u without the capability to "
		 "override them: chown %u %s, or use another path",
		 st->st_uid, st->st_mode & 07777u, geteuid(), geteuid(), at);
}

/* Returns true, with the reason in w, when a folder of the path is missing, is not a folder, or may
 * not be searched. */
static bool bad_folder(struct path_why *w, const char *path, char folder[static PATH_MAX])
{
	struct stat st;

	for (folder[0] = '\0'; next_folder(path, folder);) {
		if (stat(folder, &st) < 0 && errno == ENOENT)
			path_say(w, folder, "the directory does not exist", "mkdir -p %.*s",
				 (int)(strrchr(path, '/') - path), path);
		else if (stat(folder, &st) < 0)
			return false; /* the folder above it is the reason */
		else if (!S_ISDIR(st.st_mode))
			path_say(w, folder, "it is not a directory",
				 "remove it, or use another path");
		else if (access(folder, X_OK) < 0)
			say_owner(w, folder, &st);
		else
			continue;
		return true;
	}
	return false;
}

static void read_only(struct path_why *w, const char *folder)
{
	path_say(w, folder, "its file system is read-only, or read-only for ze's unit",
		 "mount -o remount,rw, or ReadWritePaths=%s in the unit, or use another path",
		 folder);
}

/* Permission is denied: by the file if it exists, else by the folder. */
static void no_right(struct path_why *w, const char *path, const char *folder)
{
	struct stat st;

	if (lstat(path, &st) == 0 && st.st_uid != geteuid() && access(folder, W_OK) == 0)
		path_say(w, path, "its owner is another user",
			 "its owner is %u, and ze runs as user %u: remove it, or use another path",
			 st.st_uid, geteuid());
	else if (stat(folder, &st) == 0)
		say_owner(w, folder, &st);
}

static void wrong_kind(struct path_why *w, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0 || S_ISREG(st.st_mode))
		return;
	path_say(w, path,
		 S_ISLNK(st.st_mode)  ? "it is a symbolic link" :
		 S_ISDIR(st.st_mode)  ? "it is a directory" :
		 S_ISSOCK(st.st_mode) ? "it is a socket" :
					"it is not a regular file",
		 "remove it, or use another path");
}

void path_why(const char *path, int error, struct path_why *ret)
{
	char folder[PATH_MAX];
	struct path_why w = { .why = NULL };

	snprintf(w.at, sizeof(w.at), "%s", path);
	error = error < 0 ? -error : error;
	if (error == ENAMETOOLONG) {
		path_say(&w, path, "the path of a socket has at most 107 octets",
			 "use a shorter path");
	} else if (error == ENOTSOCK) {
		path_say(&w, path, "it is not a socket", "remove it, or use another path");
	} else if (error == ENOSPC || error == EDQUOT) {
		path_say(&w, path, "the file system is full",
			 "make room there, or use another path");
	} else if (!bad_folder(&w, path, folder)) {
		if (!folder[0])
			strcpy(folder, ".");
		if (error == EROFS)
			read_only(&w, folder);
		else if (error == EACCES || error == EPERM)
			no_right(&w, path, folder);
		if (!w.why)
			wrong_kind(&w, path);
	}
	*ret = w;
}

void path_why_log(enum log_level level, enum log_sub sub, const struct path_failure *f)
{
	struct kv kv[8] = { KV_STR("file", f->path), KV_ERRNO(f->error) };
	struct path_why w;
	size_t n = 2;

	path_why(f->path, f->error, &w);
	if (w.why && strcmp(w.at, f->path) != 0)
		kv[n++] = KV_STR("at", w.at);
	if (w.why)
		kv[n++] = KV_STR("why", w.why);
	kv[n++] = KV_STR("effect", f->effect);
	if (w.why)
		kv[n++] = KV_STR("cure", w.cure);
	if (log_wants(sub, level))
		log_write(sub, level, f->event, kv);
}

void path_make_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash && slash > path ? strndup(path, (size_t)(slash - path)) : NULL;

	if (folder && mkdir(folder, 0755) == 0)
		chmod(folder, 0755); /* regardless of the umask */
	free(folder);
}

bool path_is_public(const char *path)
{
	char folder[PATH_MAX] = "", whole[PATH_MAX];
	struct stat st;

	if (realpath(path, whole))
		path = whole;
	while (next_folder(path, folder))
		if (stat(folder, &st) < 0 || !(st.st_mode & S_IXOTH))
			return false;
	return true;
}

bool path_leads_to(const char *path, int fd)
{
	struct stat st, now;

	return fstat(fd, &st) == 0 && stat(path, &now) == 0 && st.st_dev == now.st_dev &&
	       st.st_ino == now.st_ino;
}
