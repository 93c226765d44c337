# SPDX-License-Identifier: BSD-2-Clause
"""Each commit since BASE has a subject `area: what` of at most 72 columns, and a body that says why."""
import os
import re
import shutil

from tree import run

# The last commit before the rule.
BASE = 'a939ace6e3f6567ff154c59808e5fd2c3628a505'
SUBJECT = re.compile(r'[a-z0-9_][\w.,/ -]*: \S')
COLUMNS = 72
TRAILER = re.compile(r'[A-Z][\w-]*-[Bb]y: ')


def messages(root):
    """[short id, subject, other lines] of each commit since BASE without merges. A clone that does not have BASE is a
    shallow one: it has only newer commits."""
    git = ['git', '-c', 'safe.directory=*']
    known = run(git + ['cat-file', '-e', BASE + '^{commit}'], root)[0] == 0
    _, out, _ = run(git + ['log', '-z', '--no-merges', '--format=%h%n%B', 'HEAD'] + ['^' + BASE] * known, root)
    for m in filter(None, out.split('\0')):
        commit, subject, *rest = m.split('\n')
        yield commit, subject, rest


def check(tree):
    if not os.path.exists(os.path.join(tree.root, '.git')) or not shutil.which('git'):
        return None
    bad = []
    for commit, subject, rest in messages(tree.root):
        if not SUBJECT.match(subject):
            bad.append('commit %s: the subject is not "area: what": %s' % (commit, subject))
        if len(subject) > COLUMNS:
            bad.append('commit %s: the subject has %d columns, %d are allowed: %s'
                       % (commit, len(subject), COLUMNS, subject))
        if rest and rest[0]:
            bad.append('commit %s: no empty line after the subject: %s' % (commit, subject))
        if not any(line.strip() and not TRAILER.match(line) for line in rest):
            bad.append('commit %s: no body that says why: %s' % (commit, subject))
    return bad
