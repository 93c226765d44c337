/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/fail_alloc.h"

#include <stddef.h>

/* The linker's names of the wrapped functions; weak, because the flags may be missing. */
extern void *__real_malloc(size_t n) __attribute__((weak));
extern void *__real_calloc(size_t n, size_t size) __attribute__((weak));
extern void *__real_realloc(void *p, size_t n) __attribute__((weak));
extern void *__real_reallocarray(void *p, size_t n, size_t size) __attribute__((weak));
extern char *__real_strdup(const char *s) __attribute__((weak));
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);

static int left = -1;
static bool hit;

static bool fails(void)
{
	if (left < 0 || left-- > 0)
		return false;
	hit = true;
	return true;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

bool fail_alloc_works(void)
{
	return __real_malloc != NULL;
}

void fail_alloc_at(int k)
{
	left = k;
	hit = false;
}

void fail_alloc_off(void)
{
	left = -1;
}

bool fail_alloc_hit(void)
{
	return hit;
}
