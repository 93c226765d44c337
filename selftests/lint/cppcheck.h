/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Declarations that cppcheck needs for headers it does not read and for C extensions it does not
 * know. Only the shape of these macros matters; no compiler reads this file.
 */
#pragma once

#define __VA_OPT__(...)		      ,
#define LY_LIST_FOR(start, el)	      for (el = start; el; el = el->next)
#define LY_ARRAY_FOR(array, i)	      for (i = 0; array; i++)
#define LYD_TREE_DFS_BEGIN(start, el) for (el = start; el; el = el->next) {
#define LYD_TREE_DFS_END(start, el)   }
#define LIBBPF_OPTS(type, name, ...)  struct type name = { .sz = sizeof(struct type), __VA_ARGS__ }
