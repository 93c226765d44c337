# SPDX-License-Identifier: BSD-2-Clause
"""Stop words: phrases that have a plain English term, and where they may not be used any more.

Comments and strings of C, comments and docstrings of Python, and the whole text of other files are
checked. CONTRIBUTING.md has the rules and the glossary. To add a folder, rewrite its text, then add
it to DONE.
"""
import io
import re
import tokenize

# Folders and files whose text has been rewritten. The list only grows.
DONE = ('daemon/', 'bpf/', 'ppp/', 'aaa/', 'shaping/', 'cli/', 'yang/', 'docs/', 'contrib/',
        'selftests/lib/', 'selftests/lint/', 'selftests/fuzz/', 'vmtest/README.md',
        'README.md', 'CONTRIBUTING.md', 'NEWS.md')
# These contain the words on purpose.
EXEMPT = ('selftests/lint/language.py', 'selftests/lint/test_lint.py', 'CONTRIBUTING.md')
SUFFIXES = ('.c', '.h', '.py', '.md', '.yang', '.conf', '.service', '.bash', '.1', '.5', '.8')

# phrase (a regular expression; a blank matches a line break, too) -> what to write instead
WORDS = {
    r'(another|former|other) li(fe|ves)': 'previous instance, next instance, restart',
    r'(goes|go|went|going) on (with|as|without)': 'continues with, restores',
    r'(begins?|began|begun|begin|negotiated|dials?) anew|anew': 'again, restart',
    r'leaves? without a word|without a word': 'without sending anything',
    r'strangers?': 'unknown source',
    r'somebody|someone': 'another program, an operator, an attacker: the one that is meant',
    r'whoever': 'the caller, the client: the one that is meant',
    r'enem(y|ies)': 'attacker',
    r'(is|are|has been|was|were) told|told': 'is sent, receives, is reported',
    r'(hear|hears|heard) (of|from|about)|nobody hears': 'receives, is notified',
    r'sp(eak|eaks|oke) for': 'claim',
    r'signs? of life': 'a message or an acknowledgement',
    r'bur(y|ied|ies)|graveyard|forgotten': 'reap, lingering, dropped',
    r'losers?': 'reject log',
    r'(?<!->)(?<!\.)judged?s?(?!\()': 'check, evaluate',
    r'void hops?': 'flush the next-hop cache',
    r'(its|his) time is over|(it|that|which) (is|are) over': 'TTL expired, has ended',
    r'so many (times|seconds|of)|so often|at most so long|so far apart': 'the number with its unit',
    r'(one|line|packet|second|message) a (line|session|subscriber|packet|second|link)': 'per',
    r'all neighbours there|whose door|what is said on the wire': 'a sentence with a subject',
    r'gone wild|good manners|bad manners|bad weather': 'broken, valid, invalid, lossy',
    r'keeps (everybody|everyone|nobody)|interrupts nobody': 'keeps sessions, does not interrupt',
    r'lets? (it )?go\b|has let go': 'release',
    r'nobody (listens|answers|asks|waits|decides|speaks)': 'name the state: no listener, no answer',
}
PATTERNS = [(re.compile(r'\b(?:%s)\b' % p.replace(' ', r'[\s*#]+'), re.I), w) for p, w in WORDS.items()]
C_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)


def python_text(text):
    """(line, text) of comments and docstrings."""
    for t in tokenize.generate_tokens(io.StringIO(text).readline):
        if t.type == tokenize.COMMENT or t.type == tokenize.STRING and t.string.startswith('"""'):
            yield t.start[0], t.string


def pieces(name, text):
    """(line, text) of everything in a file that a reader reads."""
    if name.endswith('.py'):
        yield from python_text(text)
    elif name.endswith(('.c', '.h')):
        for m in C_TEXT.finditer(text):
            yield text.count('\n', 0, m.start()) + 1, m.group(0)
    else:
        yield 1, text


def check(tree):
    bad = []
    for f in tree.files:
        if not f.startswith(DONE) or f in EXEMPT or not f.endswith(SUFFIXES):
            continue
        for line, text in pieces(f, tree.text(f)):
            for pattern, instead in PATTERNS:
                for m in pattern.finditer(text):
                    bad.append('%s:%d: "%s": write: %s' % (
                        f, line + text.count('\n', 0, m.start()), ' '.join(m.group(0).split()), instead))
    return bad
