/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats the daemon's JSON for people: an array of objects becomes a table, an object a block of
 * keys and values, and nested values are indented. Control characters and those that change the
 * direction of text are never printed as they are, since names come from the network.
 */
#pragma once

#include <jansson.h>

#include "daemon/base/strbuf.h"

/* Ends with a newline. */
void render_text(const json_t *data, struct strbuf *out);
enum render_json_style {
	RENDER_LINE,
	RENDER_PRETTY
};
/* The JSON itself; RENDER_PRETTY is indented and safe for a terminal. Ends with a newline. */
void render_json(const json_t *data, enum render_json_style style, struct strbuf *out);
/* Appends one string, with unsafe characters as \uXXXX. */
void render_safe(const char *s, struct strbuf *out);
void render_safe_n(const char *s, size_t n, struct strbuf *out);
