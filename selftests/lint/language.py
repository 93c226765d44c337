# SPDX-License-Identifier: BSD-2-Clause
"""Stop words: phrases that have a plain English term. They may not be used in any text of the tree.

Comments and strings of C, comments and docstrings of Python, and the whole text of other files are
checked. CONTRIBUTING.md has the rules and the glossary.
"""
import io
import re
import tokenize

# These contain the words on purpose.
EXEMPT = ('selftests/lint/language.py', 'selftests/lint/test_lint.py', 'CONTRIBUTING.md')
SUFFIXES = ('.c', '.h', '.py', '.md', '.yang', '.conf', '.service', '.bash', '.1', '.5', '.8', '.mk', '.sh', '.zt', '.txt')
# Inputs of programs, which nobody reads.
DATA = ('selftests/fuzz/corpus/', 'selftests/fuzz/dict/')

# phrase (a regular expression; a blank matches a line break, too) -> what to write instead
WORDS = {
    r'(another|former|other) li(fe|ves)': 'previous instance, next instance, restart',
    r'(goes|go|went|going) on': 'continues, restores',
    r'(begins?|began|begun|begin|negotiated|dials?) anew|anew': 'again, restart',
    r'leaves? without a word|without a word': 'without sending anything',
    r'strangers?': 'unknown source',
    r'somebody|someone': 'another program, an operator, an attacker: the one that is meant',
    r'whoever': 'the caller, the client: the one that is meant',
    r'enem(y|ies)': 'attacker',
    r'(is|are|has been|was|were) told|told': 'is sent, receives, is reported',
    r'(hear|heard) (of|from|about)|hears|nobody hears': 'receives, is notified',
    r'sp(eak|eaks|oke) for': 'claim',
    r'signs? of life': 'a message or an acknowledgement',
    r'bur(y|ied|ies)|graveyard|forgotten|forgets?': 'reap, lingering, dropped',
    r'losers?': 'reject log',
    r'(?<!->)(?<!\.)judged?s?(?!\()': 'check, evaluate',
    r'void hops?': 'flush the next-hop cache',
    r'(its|his|whose) time is over|(it|that|which|this|all) (is|are) over': 'TTL expired, has ended',
    r'so many (times|seconds|of)|so often|at most so long|so far apart': 'the number with its unit',
    r'(one|line|packet|second|message) a (line|session|subscriber|packet|second|link)': 'per',
    r'all neighbours there|whose door|what is said on the wire': 'a sentence with a subject',
    r'gone wild|good manners|bad manners|bad weather': 'broken, valid, invalid, lossy',
    r'keeps (everybody|everyone|nobody)|interrupts nobody': 'keeps sessions, does not interrupt',
    r'lets? (it )?go\b|has let go': 'release',
    r'nobody (listens|answers|answered|asks|asked|waits|decides|speaks|reads|serves|knows|has|had|wants|notices)':
        'name the state: no listener, no answer',
    r'again and again': 'repeatedly',
    r'can not': 'cannot',
    r'in force': 'in use, running',
    r"this machine's": 'of the host',
    r'what (came|becomes?|became) of': 'the result, what happens to',
    r'(is|are|has|have|was|were) gone': 'was removed, has ended',
    r'(say|says|said) of|speaks? of': 'shows, reports, describes',
    r', for (there|it|they|we|nothing|nobody) (is|are|was|were|has|have)': 'because, as',
    r'puts? back|takes? away|took away|taken away|gets? rid of': 'restores, removes',
    r'(take|takes|took) (its|their|his) time': 'is slow, answers late',
    r'(a|the|one) (peer|source|lac) at work': 'with an established tunnel',
    r'it is no (file|folder|directory|socket|port|tunnel|zlb|l2tp|ze)': 'it is not a',
    r'the far ends?': 'the peer, the other end',
    r'newcomers?': 'new tunnels, new sessions',
    r'by turns|turn by turn': 'alternately, in turn',
    r'but for (the|those|its|their|when|where)': 'except',
    r'in the name of': 'with the address of',
    r'(lies|lie|stands|stand) behind': 'follows',
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
    if name.endswith('.py') or text.startswith('#!/usr/bin/python3'):
        yield from python_text(text)
    elif name.endswith(('.c', '.h')):
        for m in C_TEXT.finditer(text):
            yield text.count('\n', 0, m.start()) + 1, m.group(0)
    else:
        yield 1, text


def check(tree):
    bad = []
    for f in tree.files:
        if f in EXEMPT or f.startswith(DATA) or not (f.endswith(SUFFIXES) or tree.is_script(f) or f == 'Makefile'):
            continue
        for line, text in pieces(f, tree.text(f)):
            for pattern, instead in PATTERNS:
                for m in pattern.finditer(text):
                    bad.append('%s:%d: "%s": write: %s' % (
                        f, line + text.count('\n', 0, m.start()), ' '.join(m.group(0).split()), instead))
    return bad
