/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cppcheck must know of headers it does not read and of the C it does not know. Promises the
 * shape of these macros, not their meaning; no compiler ever sees this file.
 */
#pragma once

#define __VA_OPT__(...)		      ,
#define HASH_ITER(hh, head, el, tmp)  for (el = tmp = head; el; el = tmp)
#define LY_LIST_FOR(start, el)	      for (el = start; el; el = el->next)
#define LY_ARRAY_FOR(array, i)	      for (i = 0; array; i++)
#define LYD_TREE_DFS_BEGIN(start, el) for (el = start; el; el = el->next) {
#define LYD_TREE_DFS_END(start, el)   }
#define LIBBPF_OPTS(type, name, ...)  struct type name = { .sz = sizeof(struct type), __VA_ARGS__ }
