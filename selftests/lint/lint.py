#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The rules of the tree that a compiler does not check, each one a test. Prints TAP.

usage: lint.py [rule...]      ZE_OUT is the build folder, for the rules about objects
"""
import os
import sys

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
from tree import Tree

RULES = [
    ('layers', layers.check),
    ('circles', rooms.check_circles),
    ('core-order', rooms.check_core),
    ('pure-calls', symbols.check_pure_calls),
    ('pure-state', symbols.check_pure_state),
    ('owned-state', symbols.check_owned_state),
    ('bpf-try', symbols.check_bpf_try),
    ('declared-once', symbols.check_declared_once),
    ('prefix', symbols.check_prefix),
    ('unused-functions', unused.check),
    ('static-names', names.check_statics),
    ('function-length', sizes.check_function_length),
    ('function-p90', sizes.check_function_p90),
    ('file-length', sizes.check_file_length),
    ('nesting', sizes.check_nesting),
    ('parameters', sizes.check_parameters),
    ('headers-alone', text.check_headers_alone),
    ('header-form', text.check_header_form),
    ('spdx', text.check_spdx),
    ('coverage', coverage.check),
    ('words', text.check_words),
    ('language', language.check),
    ('clang-format', text.check_format),
    ('shellcheck', text.check_shellcheck),
    ('systemd-unit', text.check_systemd),
    ('man-pages', manpages.check_mandoc),
    ('man-leaves', manpages.check_conf),
    ('man-commands', manpages.check_commands),
    ('docs-examples', docs.check_examples),
    ('docs-reasons', docs.check_reasons),
    ('docs-verdicts', docs.check_verdicts),
    ('docs-timers', docs.check_timers),
    ('docs-paths', docs.check_paths),
    ('docs-functions', docs.check_functions),
    ('docs-links', docs.check_links),
    ('commits', commits.check),
]


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    tree = Tree(os.environ.get('ZE_SRC', root), os.environ.get('ZE_OUT'))
    rules = [r for r in RULES if not sys.argv[1:] or r[0] in sys.argv[1:]]
    failed = 0
    for name, check in rules:
        bad = check(tree)
        if bad is None:
            print('ok - %s # SKIP its tool is not here' % name)
            continue
        if name in symbols.NEEDS_OBJECTS and not any(symbols.objects(tree)):
            bad = ['no objects under ZE_OUT=%s: build first' % tree.out]
        print('%s - %s' % ('not ok' if bad else 'ok', name))
        for line in bad:
            print('# ' + line)
        sys.stdout.flush()
        failed += bool(bad)
    print('1..%d' % len(rules))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
