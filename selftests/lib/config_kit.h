/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Configurations by the paths of the schema, as a file would make them. Functions return NULL, or
 * what is wrong. A path that does not exist is abort().
 */
#pragma once

#include <stdint.h>

#include "daemon/core/config.h"

/* The row of a path, such as "l2tp/ncp/timeout". */
const struct config_row *config_kit_row(const char *path);
/* Sets a leaf, or adds a value to a leaf-list. */
const char *config_kit_set(struct config *c, const char *path, const char *text);
/* Adds an entry, and sets its leaves: pairs of name and value, up to a NULL. */
const char *config_kit_add(struct config *c, const char *path, const char *const *pairs);
/* address: host order; 0: none. */
const char *config_kit_user(struct config *c, const char *name, const char *password,
			    uint32_t address);
