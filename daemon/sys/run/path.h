/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explains to the operator why a file or socket could not be created or opened: which part of the
 * path refused, and the cure. errno only refers to the whole path, but mostly a folder in it is
 * missing, belongs to another user or is read-only. The path is examined after the failure.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/log.h"

#define PATH_WHY_TEXT 512

struct path_why {
	char at[PATH_WHY_TEXT];	  /* the file or folder that refused */
	const char *why;	  /* NULL: errno is all that is known */
	char cure[PATH_WHY_TEXT]; /* "" if why is NULL */
};

/* error: errno or -errno of the failed call. */
void path_why(const char *path, int error, struct path_why *ret);

struct path_failure {
	const char *event, *path, *effect;
	int error;
};
/* Logs one line with all of it. */
void path_why_log(enum log_level level, enum log_sub sub, const struct path_failure *f);
/* Creates the folder of a file if it is missing, but not the folders above it. */
void path_make_folder(const char *path);
/* True when this descriptor is still of what is at the path: it may have been removed or replaced
 * since it was opened. */
bool path_leads_to(const char *path, int fd);
/* True when every user may search all folders on the path of a file. */
bool path_is_public(const char *path);
