#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manual is complete: every leaf, list and container of the YANG modules has its item in
ze.conf(5) with its choices and default, every command of the daemon is in zectl(1), and
mandoc -Tlint finds nothing.

usage: manpages.py [rule...]    prints one line for each error; status 1 when there is one
"""
import os
import re
import shutil
import sys

from tree import Tree, run

CONF = 'docs/man/ze.conf.5'
ZECTL = 'docs/man/zectl.1'
OPS = 'daemon/ops/ops.c'
NODE = re.compile(r'^\s*(leaf|leaf-list|list|container)\s+([\w-]+)\s*\{')


def blocks(text):
    """(kind, name, line, body) of each node of a module; a body ends with its closing brace."""
    lines = text.split('\n')
    for n, line in enumerate(lines):
        m = NODE.match(line)
        if not m:
            continue
        depth, body = 0, []
        for inner in lines[n:]:
            depth += inner.count('{') - inner.count('}')
            body.append(inner)
            if depth <= 0:
                break
        yield m.group(1), m.group(2), n + 1, '\n'.join(body)


def items(page):
    """Word -> text of all items whose line begins with the word or has it as a name."""
    found = {}
    parts = re.split(r'(?m)^\.It ', page)[1:]
    for part in parts:
        head = part.split('\n', 1)[0]
        for word in re.findall(r'[\w-]+', head):
            found.setdefault(word, []).append(part)
    return found


def limits(body):
    """The numbers and words that the item of a leaf must contain: default, range or length, enums."""
    said = re.findall(r'(?m)^\s*default "([^"]+)"', body)
    said += re.findall(r'(?m)^\s*enum ([\w-]+)', body)
    for text in re.findall(r'(?m)^\s*(?:range|length) "([^"]+)"', body):
        said += re.findall(r'\d+', text)
    return said


def check_conf(tree):
    page = tree.text(CONF) if CONF in tree.files else ''
    known = items(page)
    bad = []
    for f in [f for f in tree.files if re.match(r'yang/ze-(.*-conf|types)\.yang$', f)]:
        for kind, name, line, body in blocks(tree.text(f)):
            where = '%s:%d: %s %s' % (f, line, kind, name)
            texts = known.get(name)
            if texts is None and re.search(r'(?m)^\.Ss %s ' % re.escape(name), page):
                continue
            if texts is None:
                bad.append('%s has no item in %s' % (where, CONF))
            elif kind.startswith('leaf'):
                missing = [w for w in limits(body)
                           if not any(re.search(r'(?<![\w-])%s(?![\w-])' % re.escape(w), t)
                                      for t in texts)]
                bad += ['%s: "%s" is not said in %s' % (where, w, CONF) for w in missing]
    return bad


def check_commands(tree):
    """The rows of the daemon's command table, in the form of items of zectl(1)."""
    page = re.sub(r'(?m)^\.(It|Xo|Xc|Op)|\b(Cm|Ar|Op|Xo)\b', ' ', tree.text(ZECTL)) \
        if ZECTL in tree.files else ''
    page = re.sub(r'[ \n]+', ' ', page)
    bad = []
    table = tree.text(OPS) if OPS in tree.files else ''
    for row in re.findall(r'\{ \{ ("show"[^}]*|"clear"[^}]*) \}', table):
        words = re.findall(r'"([^"]+)"', row)
        if words[-1] == '<why>':
            words[-1] = 'reason'
        want = ' '.join('id' if w.startswith('<') else w for w in words)
        if ' %s ' % want not in page:
            bad.append('%s: "%s" is not in %s' % (OPS, want, ZECTL))
    return bad


def check_mandoc(tree):
    """All messages of mandoc except those about the age of the system's index and its references."""
    pages = [f for f in tree.files if re.match(r'docs/man/.*\.[158]$', f)]
    if not shutil.which('mandoc'):
        return None
    names = {os.path.basename(f) for f in pages}
    bad = []
    for f in pages:
        for sect in ('NAME', 'SYNOPSIS', 'DESCRIPTION', 'FILES', 'EXAMPLES', 'SEE ALSO') + \
                (('EXIT STATUS', 'ENVIRONMENT') if not f.endswith('.5') else ()):
            if not re.search(r'(?m)^\.Sh %s$' % sect, tree.text(f)) and \
                    not (sect == 'SYNOPSIS' and f.endswith('.5')):
                bad.append('%s: no section %s' % (f, sect))
        for name, sect in re.findall(r'(?m)^\.Xr (ze\S*) (\d)', tree.text(f)):
            if '%s.%s' % (name, sect) not in names:
                bad.append('%s: refers to %s(%s), which is not here' % (f, name, sect))
    out = run(['mandoc', '-Tlint'] + pages, tree.root)[1] if pages else ''
    return bad + [l for l in out.split('\n')
                  if l and 'referenced manual not found' not in l and 'outdated mandoc.db' not in l]


RULES = [('conf', check_conf), ('commands', check_commands), ('mandoc', check_mandoc)]


def main():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    tree = Tree(root)
    bad = []
    for name, rule in RULES:
        if not sys.argv[1:] or name in sys.argv[1:]:
            bad += rule(tree) or []
    for line in bad:
        print(line)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
