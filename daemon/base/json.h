/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Streaming JSON emitter. Strings from the network are escaped and forced to valid UTF-8 (bad
 * octets become U+FFFD, controls \u00XX), so that the output always parses. Commas and nesting are
 * its business: a key given outside an object, a value without its key, a second document, or
 * nesting beyond JSON_DEPTH sets bad, and nothing more is written.
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

void json_init(struct json *j, struct strbuf *out);
void json_obj(struct json *j);
void json_obj_end(struct json *j);
void json_arr(struct json *j);
void json_arr_end(struct json *j);
void json_key(struct json *j, const char *key);
void json_str(struct json *j, const char *s); /* NULL writes null */
void json_span(struct json *j, struct span s);
void json_u64(struct json *j, uint64_t v);
void json_i64(struct json *j, int64_t v);
void json_bool(struct json *j, bool v);
void json_nil(struct json *j); /* null; jansson owns the other name */
/* Already encoded JSON. */
void json_raw(struct json *j, const char *s);
/* key and value in one call */
void json_kstr(struct json *j, const char *key, const char *s);
void json_kspan(struct json *j, const char *key, struct span s);
void json_ku64(struct json *j, const char *key, uint64_t v);
void json_kbool(struct json *j, const char *key, bool v);
/* Lower-case hex of bytes as a string. */
void json_khex(struct json *j, const char *key, struct span s);
/* True when complete and nothing went wrong. */
bool json_ok(const struct json *j);
