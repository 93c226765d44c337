# SPDX-License-Identifier: BSD-2-Clause
"""Checks of the text: licence lines, header form, forbidden words, formatters."""
import concurrent.futures as cf
import os
import re
import shutil
import tempfile

from tree import binary, run

SPDX = 'SPDX-License-Identifier: BSD-2-Clause'
WORDS = [
    (re.compile(r'\b(TODO|FIXME|XXX)\b'), 'finish it or do not write it'),
    (re.compile(r'\bstub(s|bed)?\b', re.I), 'finish it or do not write it'),
    (re.compile(r'\bnot (yet )?implemented\b', re.I), 'finish it or do not offer it'),
    (re.compile(r'/work/|/tmp/[\w.-]*lab\b|/home/\w+/'), 'a path of somebody\'s machine'),
]
# These files contain the forbidden words, or list on purpose what is missing.
WORDS_EXEMPT = ('selftests/lint/', 'selftests/COVERAGE.md', 'LICENSE')
TEXT = ('.c', '.h', '.sh', '.py', '.md', '.mk', '.yang', '.conf', '.service', '.bash', '.txt', '.zt',
        '.html', '.css', '.js', '.1', '.5', '.8')



def check_spdx(tree):
    scripts = set(tree.scripts())
    return ['%s: no line with %s near the top' % (f, SPDX) for f in tree.files
            if (f.endswith(('.c', '.h', '.py', '.mk')) or f == 'Makefile' or f in scripts)
            and not f.endswith('vmlinux.h') and not any(SPDX in l for l in tree.lines(f)[:4])]


def check_header_form(tree):
    """`#pragma once`, after a first comment that says what the module promises."""
    bad = []
    for f in tree.c_files(('.h',)):
        head = tree.text(f).split('#pragma once')
        if len(head) != 2:
            bad.append('%s: wants one #pragma once' % f)
            continue
        words = re.sub(r'/\*|\*/|^\s*\*', ' ', head[0].replace(SPDX, ''), flags=re.M).split()
        if len(words) < 5:
            bad.append('%s: no comment that says what it promises before #pragma once' % f)
    return bad


def check_words(tree):
    bad = []
    for f in tree.files:
        if f.startswith(WORDS_EXEMPT) or 'third-party' in f or f.startswith('web/static/uplot'):
            continue
        if not f.endswith(TEXT) and ('.' in os.path.basename(f) or
                                     binary(os.path.join(tree.root, f))):
            continue
        for n, line in enumerate(tree.lines(f), 1):
            for word, why in WORDS:
                m = word.search(line)
                if m:
                    bad.append('%s:%d: "%s": %s' % (f, n, m.group(0), why))
    return bad


def check_headers_alone(tree):
    cflags = run(['pkg-config', '--cflags', 'libbpf', 'libnl-3.0', 'libyang', 'nettle', 'jansson', 'libedit'],
                 tree.root)[1].split()
    cc = os.environ.get('CC', 'gcc').split()

    def one(f):
        # Included twice, to check that this is possible.
        rc, _, err = run(cc + ['-std=gnu11', '-D_GNU_SOURCE', '-I.', '-Wall', '-Wextra', '-Werror',
                               '-fsyntax-only', '-x', 'c'] + cflags + ['-'], tree.root,
                         '#include "%s"\n#include "%s"\n' % (f, f))
        if rc == 0:
            return None
        first = next((l for l in err.split('\n') if 'error:' in l), 'does not compile')
        return '%s: alone: %s' % (f, first)

    headers = [f for f in tree.c_files(('.h',)) if not f.startswith(('bpf/', 'selftests/lint/'))]
    with cf.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [e for e in pool.map(one, headers) if e]


def clang_format():
    """The tree is formatted with version 14; other versions give different results."""
    for exe in ('clang-format-14', 'clang-format'):
        if shutil.which(exe) and ' version 14' in run([exe, '--version'], '/')[1]:
            return exe
    return None


def check_format(tree):
    exe = clang_format()
    if exe is None:
        return None
    files = tree.c_files()
    bad = {}

    def some(part):
        return run([exe, '--dry-run', '-Werror'] + part, tree.root)[2] if part else ''

    n = os.cpu_count() or 1
    with cf.ThreadPoolExecutor(n) as pool:
        for err in pool.map(some, [files[i::n] for i in range(n)]):
            for m in re.finditer(r'^(\S+?):(\d+):\d+: error:', err, re.M):
                bad.setdefault(m.group(1), []).append(int(m.group(2)))
    return ['%s:%d: %d places differ from .clang-format' % (f, min(l), len(l))
            for f, l in sorted(bad.items())]


def check_shellcheck(tree):
    scripts = tree.scripts()
    if not scripts:
        return []
    out = run(['shellcheck', '-e', 'SC1091', '-f', 'gcc'] + scripts, tree.root)[1]
    return [l for l in out.split('\n') if l]


def check_systemd(tree):
    """Verifies a copy of the unit with existing programs, because ze is not installed here."""
    bad = []
    for f in [f for f in tree.files if f.endswith('.service')]:
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, os.path.basename(f))
            with open(path, 'w', encoding='utf-8') as copy:
                copy.write(re.sub(r'(?m)^(Exec\w+=)(?!/bin/)\S+', r'\1/bin/true', tree.text(f)))
            rc, out, err = run(['systemd-analyze', 'verify', '--man=no', path], tree.root)
            # Other units of this machine are none of ours.
            said = [l for l in (out + err).split('\n') if l.strip() and not re.match(r'/(usr/)?lib/systemd/', l)]
            bad += ['%s: %s' % (f, l) for l in said]
            if rc and not said:
                bad.append('%s: systemd-analyze verify: exit code %d' % (f, rc))
    return bad
