/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The daemon's JSON as text for people: an array of objects becomes a table, an object a block of
 * keys and values, what is nested is indented. Never lets a control character, or one that changes
 * the direction of text, through: names come from the network.
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
/* One string, with what a terminal must not see written as \uXXXX. */
void render_safe(const char *s, struct strbuf *out);
