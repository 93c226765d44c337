/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A streaming JSON writer. Strings from the network are escaped and forced to valid UTF-8 (invalid
 * octets become U+FFFD, control characters \u00XX), so that the output always parses. The writer
 * adds commas and checks the nesting: a key outside an object, a value without its key, a second
 * document, or nesting deeper than JSON_DEPTH sets `bad`, and nothing more is written.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/strbuf.h"
#include "daemon/base/wire.h"

#define JSON_DEPTH 16

struct json {
	struct strbuf *out;
	uint8_t depth;
	bool bad, after_key, begun;
	uint8_t kind[JSON_DEPTH]; /* '{' or '[' */
	bool first[JSON_DEPTH];
};

/* Appends to out, which must live as long as j. */
void json_init(struct json *j, struct strbuf *out);
void json_obj(struct json *j);
void json_obj_end(struct json *j);
void json_arr(struct json *j);
void json_arr_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_str(struct json *j, const char *s); /* NULL writes null */
void json_span(struct json *j, struct span s);
void json_u64(struct json *j, uint64_t v);
/* A decimal number with three places: 1500 is 1.500. */
void json_thousandths(struct json *j, uint64_t v);
void json_bool(struct json *j, bool v);
void json_nil(struct json *j); /* writes null; jansson has a json_null() */
/* Write a key and its value. */
void json_kstr(struct json *j, const char *key, const char *s);
void json_kspan(struct json *j, const char *key, struct span s);
void json_ku64(struct json *j, const char *key, uint64_t v);
void json_kbool(struct json *j, const char *key, bool v);
/* Writes a key and the octets as a string of lower-case hexadecimal digits. */
void json_khex(struct json *j, const char *key, struct span s);
/* True when the document is complete and no error occurred. */
bool json_ok(const struct json *j);
