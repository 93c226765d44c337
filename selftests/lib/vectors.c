/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/vectors.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Removes the comment and the surrounding white space. */
static char *trim(char *s)
{
	size_t n;

	s[strcspn(s, "#\n")] = '\0';
	s += strspn(s, " \t");
	for (n = strlen(s); n > 0 && isspace((unsigned char)s[n - 1]); n--)
		s[n - 1] = '\0';
	return s;
}

static char *find(struct vector *v, const char *key)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->lines[i].key, key) == 0)
			return v->lines[i].value;
	return NULL;
}

static int add_line(struct vector *v, char *line)
{
	size_t n = strcspn(line, " \t");
	const char *value = line[n] ? trim(line + n) : "";
	char *to;

	line[n] = '\0';
	to = find(v, line);
	if (!to) {
		if (v->count == VECTORS_MAX_LINES || n >= sizeof(v->lines[0].key))
			return -E2BIG;
		memcpy(v->lines[v->count].key, line, n + 1);
		to = v->lines[v->count++].value;
		*to = '\0';
	}
	if (strlen(to) + strlen(value) + 2 > sizeof(v->lines[0].value))
		return -E2BIG;
	strcat(to, to[0] ? " " : "");
	strcat(to, value);
	return 0;
}

static int read_file(FILE *f, void (*each)(const struct vector *v))
{
	static struct vector v;
	char buf[1024];
	int n = 0, r = 0;

	v.count = 0;
	while (r == 0 && fgets(buf, sizeof(buf), f)) {
		char *line = buf + strspn(buf, " \t");

		if (*line == '\n' && v.count > 0) {
			each(&v);
			n++;
			v.count = 0;
		}
		line = trim(line);
		if (*line)
			r = add_line(&v, line);
	}
	if (r == 0 && v.count > 0) {
		each(&v);
		n++;
	}
	return r < 0 ? r : n;
}

int vectors_each(const char *file, void (*each)(const struct vector *v))
{
	const char *top = getenv("ZE_SRC");
	char path[PATH_MAX];
	FILE *f;
	int r;

	snprintf(path, sizeof(path), "%s/selftests/vectors/%s", top ? top : ".", file);
	f = fopen(path, "r");
	if (!f)
		return -errno;
	r = read_file(f, each);
	fclose(f);
	return r;
}

const char *vectors_get(const struct vector *v, const char *key)
{
	for (size_t i = 0; i < v->count; i++)
		if (strcmp(v->lines[i].key, key) == 0)
			return v->lines[i].value;
	return NULL;
}

struct span vectors_hex(const struct vector *v, const char *key, uint8_t *buf, size_t size)
{
	const char *s = vectors_get(v, key);
	size_t n = 0;

	while (s && *s) {
		char digits[3] = { s[0], isxdigit((unsigned char)s[0]) ? s[1] : '\0' };

		if (isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		if (n == size || !isxdigit((unsigned char)digits[0]) ||
		    !isxdigit((unsigned char)digits[1]))
			abort(); /* an error in the file */
		buf[n++] = (uint8_t)strtoul(digits, NULL, 16);
		s += 2;
	}
	return span_of(buf, n);
}
