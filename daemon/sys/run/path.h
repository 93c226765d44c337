/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths of files and sockets, for the operator: why one could not be made or opened, which part of the path
 * refused and what to do. errno alone names the file, while it is mostly a folder above it that is missing, another
 * user's or read-only. Looks at the path after the failure.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/log.h"

#define PATH_WHY_TEXT 512

struct path_why {
	char at[PATH_WHY_TEXT];	  /* the file or folder that refuses */
	const char *why;	  /* NULL: errno says it all */
	char cure[PATH_WHY_TEXT]; /* "" without why */
};

/* error: errno or -errno of the call that failed. */
void path_why(const char *path, int error, struct path_why *ret);

struct path_failure {
	const char *event, *path, *effect;
	int error;
};
/* A line with all of it. */
void path_why_log(enum log_level level, enum log_sub sub, const struct path_failure *f);
/* The folder of a file: made when nobody has made it yet. Folders above it are not. */
void path_make_folder(const char *path);
/* Every user may come as far as the folder of a file. */
bool path_is_public(const char *path);
