#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the lint rules: each gets a tree that it must accept and one that it must refuse. Prints TAP."""
import os
import subprocess
import sys
import tempfile

import commits
import coverage
import docs
import language
import layers
import manpages
import names
import rooms
import sizes
import symbols
import text
import unused
from lint import RULES
from tree import Tree

C = '/* SPDX-License-Identifier: BSD-2-Clause */\n'
H = C + '/* Says what the module promises here. */\n#pragma once\n'
LEAF = 'leaf speed {\n  type uint8 {\n    range "1..7";\n  }\n}\n'
ROW = '\t{ { "show", "it", "<id>" }, "help", f },\n'


CONF = 'environment {\n\tl2tp {\n\t\tserver a {\n\t\t\tip ::1%s\n\t\t}\n\t}\n}\nl2tp {\n}\n'
ERR_H = H + '#define ZE_REASONS(X) X(HDR_SHORT, "hdr-short",\\\n\t"cut off")\n'
BPF_H = H + '#define ZE_VERDICTS(X) X(DROP_IT, "drop-it") /* x */\n'
TIMERS = '\n## Timers\n| `PPP_X` | %s | waits | |\n\n## B\n'
VERDICTS = '# A\n\n## Verdicts\n\n| word | meaning |\n|---|---|\n'
ROWS = '# A\n\n## Reasons\n\n| word | meaning |\n|---|---|\n'

# The name of a file that is none: messages of commits, the oldest first.
HISTORY, WHY = 'HISTORY', 'ppp: what is done\n\nA reason.\n'


def body(lines):
    return 'int f(void)\n{\n' + '\tg();\n' * (lines - 2) + '}\n'


def covered(test='/* L-001 */', run='\tT(f);\n', name='f', part='',
            missing='- L-002, L-003: nobody built it'):
    """A tree of three cases, a test of one, and the report about them."""
    table = ('| case | | what is asked for | tests |\n|---|---|---|---|\n'
             '| L-001 | M | first | `unit/test_a.c:%s` |\n' % name)
    return {
        'selftests/conformance.txt': 'L-001 M first\nL-002 R second\nL-003 P third\n',
        'selftests/unit/test_a.c': test + '\nstatic void f(void **st)\n{\n}\n\n'
                                   'int main(void)\n{\n' + run + '}\n',
        'selftests/COVERAGE.md': '## Covered\n\n' + coverage.BEGIN + table + coverage.END +
                                 '\n## Covered in part\n\n' + part +
                                 '\n\n## Not yet\n\n' + missing + '\n',
    }


# rule, files it likes, files it refuses (name -> text)
CASES = [
    (layers.check, {'ppp/a.c': '#include "daemon/base/wire.h"\n#include "ppp/a.h"\n'},
     {'ppp/a.c': '#include "daemon/l2tp/hdr.h"\n'}),
    (layers.check, {'aaa/broker.c': '#include "daemon/core/ports.h"\n'},
     {'aaa/local.c': '#include "daemon/core/ports.h"\n'}),
    (layers.check, {'daemon/core/a.c': '#include "daemon/base/log.h"\n'},
     {'daemon/l2tp/a.c': '#include "daemon/base/log.h"\n'}),
    (layers.check, {'daemon/sys/run/loop.c': '#include <ev.h>\n'}, {'daemon/core/a.c': '#include <ev.h>\n'}),
    (layers.check, {'daemon/main.c': '#include "daemon/main.h"\n'},
     {'daemon/sys/run/a.c': '#include "daemon/main.h"\n'}),
    (layers.check, {'daemon/sys/kernel/a.c': '#include "daemon/sys/bpf/b.h"\n', 'daemon/sys/bpf/b.h': H},
     {'daemon/sys/net/a.c': '#include "daemon/sys/bpf/b.h"\n', 'daemon/sys/bpf/b.h': H}),
    (layers.check, {}, {'daemon/sys/a.c': C}),
    (layers.check, {'shaping/tc.c': '#include <netlink/route/tc.h>\n'},
     {'shaping/plan.c': '#include <netlink/route/tc.h>\n'}),
    (layers.check, {}, {'ppp/a.c': '#include "b.h"\n', 'ppp/b.h': H}),
    (layers.check, {}, {'attic/a.c': C}),
    (names.check_statics, {'ppp/a.c': 'static int run(void)\n{\n}\n', 'ppp/b.c': 'static int b_run(void)\n{\n}\n'},
     {'ppp/a.c': 'static int run(void)\n{\n}\n', 'ppp/b.c': 'static const char *run(int x)\n{\n}\n'}),
    (rooms.check_circles, {'daemon/sys/a.c': '#include "daemon/sys/b.h"\n', 'daemon/sys/b.h': H},
     {'daemon/sys/a.c': '#include "daemon/sys/b.h"\n', 'daemon/sys/b.c': '#include "daemon/sys/c.h"\n',
      'daemon/sys/c.h': '#include "daemon/sys/a.h"\n'}),
    (rooms.check_core, {'daemon/core/turn.c': '#include "daemon/core/registry.h"\n'},
     {'daemon/core/registry.c': '#include "daemon/core/turn.h"\n'}),
    (rooms.check_core, {}, {'daemon/core/lobby.c': C}),
    (symbols.check_pure_calls, {'ppp/a.c': 'int ppp_a(void);\nint ppp_a(void)\n{\n\treturn 0;\n}\n'},
     {'ppp/a.c': '#include <time.h>\nlong ppp_a(void);\nlong ppp_a(void)\n{\n\treturn time(0);\n}\n'}),
    (symbols.check_pure_calls, {'daemon/sys/run/a.c': '#include <stdio.h>\nvoid a(void)\n{\n\tputs("");\n}\n'},
     {'daemon/base/a.c': '#include <stdio.h>\nvoid a(void)\n{\n\tputs("");\n}\n'}),
    (symbols.check_pure_calls, {}, {'aaa/a.c': 'int socket(int, int, int);\nint a(void)\n{\n'
                                    '\treturn socket(1, 2, 0);\n}\n'}),
    (symbols.check_bpf_try, {'daemon/sys/bpf/bpf_try.c': 'int bpf_map_delete_elem(int);\nint bpf_try_del(void)\n{\n'
                                                     '\treturn bpf_map_delete_elem(0);\n}\n'},
     {'daemon/sys/bpf/bpf_dp.c': 'int bpf_map_delete_elem(int);\nint bpf_dp_x(void)\n{\n'
                             '\treturn bpf_map_delete_elem(0);\n}\n'}),
    (symbols.check_pure_state, {'ppp/a.c': 'int f(void);\nconst int ppp_a[2] = { 1, 2 };\n'
                                'int (*const ppp_b[])(void) = { f };\n'},
     {'ppp/a.c': 'int ppp_a[2] = { 1, 2 };\n'}),
    (symbols.check_pure_state, {}, {'ppp/a.c': 'int f(void)\n{\n\tstatic int n;\n\treturn n++;\n}\n'}),
    (symbols.check_owned_state,
     {'daemon/sys/net/rtnl.c': 'static int turn;\nint *rtnl_x(void)\n{\n\treturn &turn;\n}\nconst int rtnl_y = 1;\n',
      'cli/a.c': 'int cli_a;\n'},
     {'daemon/sys/net/news.c': 'static int turn;\nint *news_x(void)\n{\n\treturn &turn;\n}\n'}),
    (symbols.check_owned_state, {}, {'daemon/core/a.c': 'int f(void)\n{\n\tstatic int n;\n\treturn n++;\n}\n'}),
    (symbols.check_owned_state, {}, {'daemon/sys/net/rtnl.c': 'const int rtnl_y = 1;\n'}),
    (symbols.check_declared_once, {'ppp/a.c': 'int ppp_a(void)\n{\n\treturn 0;\n}\n',
                                   'ppp/a.h': H + 'int ppp_a(void); /* int ppp_a(void); */\n'},
     {'ppp/a.c': 'int ppp_a(void)\n{\n\treturn 0;\n}\n', 'ppp/a.h': H}),
    (symbols.check_declared_once, {'ppp/a.c': 'const int ppp_n = 1;\n',
                                   'ppp/a.h': H + 'extern const int ppp_n;\n'},
     {'ppp/a.c': 'int ppp_a(void)\n{\n\treturn 0;\n}\n', 'ppp/a.h': H + 'int ppp_a(void);\n',
      'ppp/b.h': H + 'int ppp_a(void);\n'}),
    (symbols.check_prefix, {'daemon/l2tp/chan.c': 'int l2tp_chan_x, chan_y;\n'},
     {'daemon/l2tp/chan.c': 'int tunnel_x;\n'}),
    (unused.check, {'ppp/a.c': 'int ppp_a(void)\n{\n\treturn 1;\n}\n',
                    'ppp/b.c': 'int ppp_a(void);\nstatic int f(void)\n{\n\treturn ppp_a();\n}\nint (*const main)(void) = f;\n'},
     {'ppp/a.c': 'int ppp_a(void)\n{\n\treturn 1;\n}\n'}),
    (unused.check, {'daemon/sys/run/heap.c': 'int heap_fell(void)\n{\n\treturn 1;\n}\nint main(void)\n{\n\treturn heap_fell();\n}\n'},
     {'daemon/sys/run/heap.c': 'int heap_fell(void)\n{\n\treturn 1;\n}\n'}),
    (unused.check, {}, {'ppp/a.c': 'int ppp_a(void)\n{\n\treturn 1;\n}\nint main(void)\n{\n\treturn ppp_a();\n}\n'}),
    (unused.check, {}, {'daemon/sys/run/heap.c': 'int main(void)\n{\n\treturn 1;\n}\n'}),
    (sizes.check_function_length, {'ppp/a.c': body(100)}, {'ppp/a.c': body(101)}),
    (sizes.check_function_length, {'ppp/a.c': 'const int t[] = {\n' + '\t1,\n' * 200 + '};\n'}, None),
    (sizes.check_function_p90, {'ppp/a.c': body(50)}, {'ppp/a.c': body(51)}),
    (sizes.check_file_length, {'ppp/a.c': '\n' * 1000}, {'ppp/a.c': '\n' * 1001}),
    (sizes.check_nesting,
     {'ppp/a.c': 'int f(void)\n{\n\tif (a)\n\t\tfor (;;)\n\t\t\tif (b)\n\t\t\t\tc();\n}\n'},
     {'ppp/a.c': 'int f(void)\n{\n\tif (a)\n\t\tfor (;;)\n\t\t\tif (b)\n\t\t\t\tif (c)\n'
                 '\t\t\t\t\td();\n}\n'}),
    (sizes.check_parameters, {'ppp/a.c': 'int f(int a, int b, int (*c)(int, int), int d,\n'
                                         '      int e)\n{\n}\n'},
     {'ppp/a.c': 'int f(int a, int b, int c, int d, int e,\n      int g)\n{\n}\n'}),
    (text.check_headers_alone, {'ppp/a.h': H + '#include <stdint.h>\nuint8_t ppp_a(void);\n'},
     {'ppp/a.h': H + 'uint8_t ppp_a(void);\n'}),
    (text.check_header_form, {'ppp/a.h': H}, {'ppp/a.h': C + '#pragma once\n'}),
    (text.check_header_form, {}, {'ppp/a.h': C + '/* Says what the module promises. */\n'}),
    (text.check_spdx, {'ppp/a.c': C, 'x': '#!/bin/sh\n# SPDX-License-Identifier: BSD-2-Clause\n'},
     {'ppp/a.c': 'int a;\n'}),
    (text.check_spdx, {}, {'x': '#!/bin/sh\ntrue\n'}),
    (text.check_words, {'ppp/a.c': '/* mktemp ze.XXXXXX; stubborn */\n'}, {'ppp/a.c': '/* TO' 'DO */\n'}),
    (text.check_words, {}, {'docs/a.md': 'a st' 'ub\n'}),
    (text.check_words, {}, {'docs/a.md': 'is Not Implem' 'ented\n'}),
    (text.check_words, {'x.sh': 'cd "$TMPDIR"\n'}, {'x.sh': 'cd /wo' 'rk/here\n'}),
    (text.check_words, {}, {'x.sh': 'cd /tmp/some-l' 'ab\n'}),
    (text.check_format, {'ppp/a.c': 'int f(void)\n{\n\treturn 0;\n}\n'},
     {'ppp/a.c': 'int f(void) {\n  return 0;\n}\n'}),
    (text.check_shellcheck, {'x.sh': '#!/bin/sh\necho "$1"\n'}, {'x.sh': '#!/bin/sh\necho $1\n'}),
    (text.check_systemd, {'a.service': '[Service]\nExecStart=/no/such/ze\n'},
     {'a.service': '[Service]\nExecStart=/no/such/ze\nNoSuchKey=1\n'}),
    (manpages.check_mandoc, {}, {'docs/man/a.1': '.Dd\n.Sh NAME\n.Xx\n'}),
    (manpages.check_conf, {'yang/ze-a-conf.yang': LEAF, 'docs/man/ze.conf.5': '.It Cm speed\n1 to 7\n'},
     {'yang/ze-a-conf.yang': LEAF, 'docs/man/ze.conf.5': '.It Cm speed\n1 to 8\n'}),
    (manpages.check_conf, {}, {'yang/ze-a-conf.yang': LEAF, 'docs/man/ze.conf.5': '.It Cm sped\n1 7\n'}),
    (manpages.check_commands, {'daemon/ops/ops.c': ROW, 'docs/man/zectl.1': '.It Cm show it Ar id\nx\n'},
     {'daemon/ops/ops.c': ROW, 'docs/man/zectl.1': '.It Cm show that Ar id\nx\n'}),
    (docs.check_examples, {'docs/a.md': '```ze-conf\n' + CONF % ';' + '```\n', 'contrib/ze.conf': CONF % ''},
     {'docs/a.md': 'x\n```ze-conf\n' + CONF % ';' + 'shaper { }\n```\n'}),
    (docs.check_examples, {'docs/man/a.5': '.Bd -literal\n' + CONF % '' + '.Ed\n.Bd -literal\nl2tp x\n.Ed\n'},
     {'docs/man/a.5': '.Bd -literal\n' + CONF % '%d' + '.Ed\n'}),
    (docs.check_examples, {}, {'contrib/ze.conf': 'l2tp { }\n'}),
    (docs.check_reasons, {'daemon/base/err.h': ERR_H,
                          'docs/troubleshooting.md': ROWS + '| `hdr-short` | cut off |\n\n## B\n'},
     {'daemon/base/err.h': ERR_H, 'docs/troubleshooting.md': ROWS}),
    (docs.check_reasons, {}, {'daemon/base/err.h': ERR_H,
                              'docs/troubleshooting.md': ROWS + '| `hdr-short` | cut |\n'}),
    (docs.check_reasons, {}, {'daemon/base/err.h': ERR_H, 'docs/troubleshooting.md':
                              ROWS + '| `hdr-short` | cut off |\n| `hdr-long` | too long |\n'}),
    (docs.check_verdicts, {'bpf/ze_bpf.h': BPF_H, 'docs/troubleshooting.md': VERDICTS + '| `drop-it` | x |\n\n## B\n'},
     {'bpf/ze_bpf.h': BPF_H, 'docs/troubleshooting.md': VERDICTS}),
    (docs.check_verdicts, {}, {'bpf/ze_bpf.h': BPF_H, 'docs/troubleshooting.md':
                               VERDICTS + '| `drop-it` | x |\n| `drop-all` | y |\n'}),
    (docs.check_timers, {'ppp/timers.h': '#define PPP_X ZE_MS(5)\n', 'docs/architecture.md': TIMERS % '5 ms'},
     {'ppp/timers.h': '#define PPP_X ZE_MS(5)\n', 'docs/architecture.md': TIMERS % '5 s'}),
    (docs.check_timers, {}, {'ppp/timers.h': '#define PPP_Y ZE_MS(5)\n', 'docs/architecture.md': TIMERS % '5 ms'}),
    (docs.check_paths, {'ppp/a.c': C, 'docs/architecture.md': '`ppp/a.c` ppp/a ppp/a.[ch], `ppp`\n'},
     {'ppp/a.c': C, 'docs/architecture.md': 'see ppp/b.c\n'}),
    (docs.check_paths, {}, {'docs/architecture.md': 'see `gone.h`\n'}),
    (docs.check_functions, {'ppp/a.c': 'int a(void)\n', 'docs/architecture.md': '`a()` b()\n'},
     {'ppp/a.c': 'int a(void) /* as b() did */\n', 'docs/architecture.md': '`a()` `b()`\n'}),
    (docs.check_links, {'docs/a.md': '# To and fro\n[x](b.md#so-it-is) [y](#to-and-fro) [z](http://a)\n',
                        'docs/b.md': '## So it is!\n'}, {'docs/a.md': '[x](c.md)\n'}),
    (docs.check_links, {}, {'docs/a.md': '# A\n[x](#b)\n'}),
    (language.check,
     {'ppp/a.c': C + 'int told; /* ops->judge() is called, and the verdict is sent */\n',
      'selftests/fuzz/corpus/a.txt': 'a stranger\n', 'cli/a.py': 'anew = 1  # again\n'},
     {'ppp/a.c': C + '/*\n * The link begins\n * anew.\n */\n'}),
    (language.check, {}, {'cli/a.c': C + 'const char *a = "it is told";\n'}),
    (language.check, {}, {'docs/a.md': 'A stranger has no session.\n'}),
    (language.check, {}, {'selftests/lib/a.py': '"""Whoever asks."""\n'}),
    (language.check, {'vmtest/a': '#!/usr/bin/python3\nanew = 1\n'}, {'vmtest/a': '#!/usr/bin/python3\n# It goes on.\n'}),
    (language.check, {'ppp/a.c': C + '/* There is no socket. */\n'}, {'ppp/a.c': C + '/* It is no socket. */\n'}),
    (language.check, {}, {'mk/a.mk': '# Removed, for there is no file.\n'}),
    (language.check, {}, {'Makefile': '# What became of it.\n'}),
]
# A case of a family that is being built needs no test; one that is named must exist.
CASES.append((coverage.check, dict(covered(), **{
    'selftests/conformance.txt': 'L-001 M first\nL-002 R second\nL-003 P third\nR-001 M fourth\nS-AAA-01 P fifth\n'}),
              covered(test='/* L-001, R-009 */')))
CASES += [(coverage.check, covered(), covered(**change)) for change in (
    {'test': '/* L-002 */'},                        # L-001 is neither named nor listed
    {'missing': '- L-001, L-002, L-003: nobody knows'},  # named and listed
    {'test': '/* L-001, L-009 */'},                 # no such case
    {'missing': '- L-002: nobody needs it'},        # L-003 is left out
    {'missing': '- L-002, L-003: later'},           # no reason
    {'part': '- L-002: half of it only'},           # in part, but not named
    {'run': ''},                                    # a test that is not run
    {'name': 'other'},                              # an old table
)]
CASES += [(commits.check, {HISTORY: [WHY, 'ppp, aaa: ' + 62 * 'x' + '\n\nA reason.\n\nSigned-off-by: A B <a@b>\n']},
           {HISTORY: [WHY, message]}) for message in (
    'ppp: ' + 68 * 'x' + '\n\nA reason.\n',        # 73 columns
    'What is done\n\nA reason.\n',                  # no area
    'ppp:what is done\n\nA reason.\n',
    'ppp: what is done\n',                           # no body
    'ppp: what is done\nA reason.\n',                # it does not begin after an empty line
    'ppp: what is done\n\nSigned-off-by: A B <a@b>\n',
)]
OBJECT_RULES = {dict(RULES)[n] for n in symbols.NEEDS_OBJECTS}


def commit(top, messages):
    """Makes top a repository with commits of these messages."""
    env = {k: v for k, v in os.environ.items() if not k.startswith('GIT_')}
    env.update({'GIT_%s_%s' % (who, what): 'x' for who in ('AUTHOR', 'COMMITTER') for what in ('NAME', 'EMAIL')})
    subprocess.run(['git', 'init', '-q', top], env=env, check=True)
    for m in messages:
        subprocess.run(['git', '-C', top, 'commit', '-q', '--allow-empty', '--cleanup=verbatim', '-F', '-'], env=env, input=m,
                       encoding='utf-8', check=True)


def tree_of(top, files, objects):
    for name, content in files.items():
        if name == HISTORY:
            commit(top, content)
            continue
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(content)
        if objects and name.endswith('.c'):
            obj = os.path.join(top, 'build', 'obj', name[:-2] + '.o')
            os.makedirs(os.path.dirname(obj), exist_ok=True)
            subprocess.run(['gcc', '-w', '-I', top, '-c', '-o', obj, path], check=True)
    if '.clang-format' not in files:
        here = os.path.dirname(os.path.abspath(__file__))
        os.symlink(os.path.join(here, '../../.clang-format'), os.path.join(top, '.clang-format'))
    return Tree(top, os.path.join(top, 'build'))


def judge(check, files):
    with tempfile.TemporaryDirectory() as top:
        return check(tree_of(top, files, check in OBJECT_RULES))


def main():
    failed, tests, seen = 0, 0, set()
    for check, good, bad in CASES:
        name = check.__module__ + '.' + check.__name__
        likes = judge(check, good)
        if likes is None:
            print('ok - %s # SKIP its tool is not here' % name)
            seen.add(check)
            continue
        refuses = judge(check, bad) if bad is not None else ['not asked']
        right = not likes and refuses
        seen.add(check)
        failed += not right
        tests += 1
        print('%s - %s' % ('ok' if right else 'not ok', name))
        for line in likes:
            print('# refused what it must like: ' + line)
        if not refuses:
            print('# liked what it must refuse: %s' % sorted(bad))
    unproven = [n for n, check in RULES if check not in seen]
    print('%s - every rule is shown to fail' % ('not ok' if unproven else 'ok'))
    for n in unproven:
        print('# no case for ' + n)
    return 1 if failed or unproven else 0


if __name__ == '__main__':
    sys.exit(main())
