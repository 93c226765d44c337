#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Which tests name which case of the conformance checklist, and why others are not covered.

Cases are in selftests/conformance.txt. A test names one (or a range, L-001...L-010) in a comment
directly above it or inside it; only functions that are run count. selftests/COVERAGE.md shows the
result and lists, each with its reason, what is covered in part (named) or not yet (not named).

usage: coverage.py --table       print the table of covered cases
       coverage.py --update      put that table into selftests/COVERAGE.md
"""
import os
import re
import sys

from tree import Tree

CASES = 'selftests/conformance.txt'
REPORT = 'selftests/COVERAGE.md'
ID = r'\b(?:[LPR]-\d{3}|S-AAA-\d{2}|F-(?:[A-D]\d{1,2}|E))\b'
# Families that are being built: a test may name a case of them, but none has to yet.
OPEN = ('R-', 'S-AAA-')
RANGE = re.compile(r'(%s)(?:\s*(?:\.\.\.|\u2026)\s*(%s))?' % (ID, ID))
TEST = re.compile(r'(selftests|vmtest)/(.*/)?test_[^/]*\.(c|py)$')
VECTORS = re.compile(r'selftests/vectors/.*\.txt$')
SCRIPT = re.compile(r'selftests/scripts/.*\.zt$')  # a dialogue: the whole file is one test
BEGIN, END = '<!-- table -->\n', '<!-- end of table -->\n'


def cases(tree):
    """id -> (level, statement), in the order of the file."""
    ret = {}
    for line in tree.lines(CASES):
        m = re.match(r'(%s) ([MSRQP]) (\S.*)$' % ID, line)
        if m:
            ret[m.group(1)] = m.group(2, 3)
    return ret


def spelled_out(known, first, last):
    """The ids of a range; for a single id, also when it is unknown."""
    if not last:
        return [first]
    return [i for i in known if first <= i <= last] if first in known and last in known else \
        [first, last]


def c_functions(lines):
    """(first line of the signature, last line, name) of each function, in order."""
    ret, start = [], None
    for n, line in enumerate(lines):
        if line == '{':
            head = n - 1
            while head > 0 and not re.match(r'[A-Za-z_][^;]*\(', lines[head]):
                head -= 1
            start = (head, re.search(r'(\w+)\(', lines[head]).group(1)) if head else None
        elif line == '}' and start:
            ret.append((start[0], n, start[1]))
            start = None
    return ret


def py_functions(lines):
    starts = [(n, m.group(1)) for n, m in enumerate(re.match(r'def (\w+)', i) for i in lines) if m]
    ret = []
    for n, name in starts:
        end = n
        while end + 1 < len(lines) and not re.match(r'[^\s)]', lines[end + 1]):
            end += 1
        ret.append((n, end, name))
    return ret


def vector_cases(lines):
    heads = enumerate(re.match(r'case (\S+)', i) for i in lines)
    return [(n, n, m.group(1)) for n, m in heads if m]


def owner(functions, n):
    """The function that contains this line, or the next one; None after the last."""
    return next((name for _, end, name in functions if n <= end), None)


def tests_of(name, text):
    """(all functions, the names of those that are run)"""
    lines = text.split('\n')
    if name.endswith('.c'):
        found = c_functions(lines)
        rest = {f: '\n'.join(lines[end:]) for _, end, f in found}
        return found, {f for start, _, f in found if '(void **' in lines[start] and
                       re.search(r'\b%s\b' % f, rest[f])}
    if name.endswith('.py'):
        found = py_functions(lines)
        return found, {f for _, _, f in found if f.startswith('test_')}
    found = [(0, len(lines), '')] if SCRIPT.match(name) else vector_cases(lines)
    return found, {f for _, _, f in found}


def named(tree, known):
    """id -> sorted list of file:function, and errors in the naming."""
    where, bad = {}, []
    for f in tree.files:
        if f.startswith('selftests/lint/') or not any(
                p.match(f) for p in (TEST, VECTORS, SCRIPT)):
            continue
        functions, run = tests_of(f, tree.text(f))
        for n, line in enumerate(tree.lines(f)):
            for m in RANGE.finditer(line):
                name = owner(functions, n)
                if name not in run and not f.endswith('.py'):
                    bad.append('%s:%d: %s: %s is not run as a test' % (f, n + 1, m.group(0), name))
                for i in spelled_out(known, *m.groups()) if name in run else []:
                    if i not in known:
                        bad.append('%s:%d: %s is no case of %s' % (f, n + 1, i, CASES))
                    where.setdefault(i, set()).add((f + ':' + name).rstrip(':'))
    return {i: sorted(t) for i, t in where.items()}, bad


def table(known, where):
    rows = ['| case | | what is asked for | tests |', '|---|---|---|---|']
    for i, (level, text) in known.items():
        if i in where:
            rows.append('| %s | %s | %s | %s |' % (i, level, text, '<br>'.join(
                '`%s`' % t.replace('selftests/', '', 1) for t in where[i])))
    return '\n'.join(rows) + '\n'


def listed(text, heading, bad):
    """id -> reason, from the list under that heading."""
    part = re.search(r'^## %s$(.*?)(?=^## |\Z)' % heading, text, re.M | re.S)
    ret = {}
    for m in re.finditer(r'^- ([^:]*): +(.*(?:\n  .*)*)', part.group(1) if part else '', re.M):
        for i in re.findall(ID, m.group(1)):
            if i in ret:
                bad.append('%s: %s twice under "%s"' % (REPORT, i, heading))
            ret[i] = m.group(2).strip()
            if len(ret[i].split()) < 3:
                bad.append('%s: %s: no reason' % (REPORT, i))
    return ret


def check(tree):
    bad = ['%s: missing' % f for f in (CASES, REPORT) if f not in tree.files]
    if bad:
        return bad
    known, report = cases(tree), tree.text(REPORT)
    where, bad = named(tree, known)
    part, missing = listed(report, 'Covered in part', bad), listed(report, 'Not yet', bad)
    for i in known:
        if i not in where and i not in missing and not i.startswith(OPEN):
            bad.append('%s: no test names it and %s does not list it' % (i, REPORT))
        if i in where and i in missing:
            bad.append('%s: not yet covered by %s, but named by %s' % (i, REPORT, where[i][0]))
        if i in part and i not in where:
            bad.append('%s: covered in part by %s, but no test names it' % (i, REPORT))
    bad += ['%s: %s is no case of %s' % (REPORT, i, CASES) for i in {**part, **missing}
            if i not in known]
    if BEGIN + table(known, where) + END not in report:
        bad.append('%s: its table is old: run selftests/lint/coverage.py --update' % REPORT)
    return bad


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    tree = Tree(root)
    known = cases(tree)
    new = table(known, named(tree, known)[0])
    if sys.argv[1:] == ['--table']:
        sys.stdout.write(new)
    elif sys.argv[1:] == ['--update']:
        old = tree.text(REPORT)
        head, rest = old.split(BEGIN)
        with open(os.path.join(root, REPORT), 'w', encoding='utf-8') as f:
            f.write(head + BEGIN + new + END + rest.split(END)[1])
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main()
