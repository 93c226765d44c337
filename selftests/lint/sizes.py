# SPDX-License-Identifier: BSD-2-Clause
"""Lengths, nesting and parameters.

The tree is kernel formatted (another rule checks it), so a function body is the text between a
`{` and a `}` in column one, tables never look like that, and depth is the number of leading tabs.
"""
import re

from tree import without_comments

FUNCTION_MAX, FUNCTION_P90, FILE_MAX, NESTING_MAX, PARAMETERS_MAX = 100, 50, 1000, 3, 5
CONTROL = re.compile(r'^(\t+)(?:\} )?(if|for|while|do|switch|else|list_for_each\w*)\b')


class Function:
    def __init__(self, name, line, length, parameters, body):
        self.name, self.line, self.length = name, line, length
        self.parameters, self.body = parameters, body   # body: (line number, text)


def signature(lines, brace):
    """Name and parameter text of the function whose `{` is at this index."""
    start = brace
    while start > 0 and lines[start - 1].strip() and lines[start - 1][0] not in '}#{' and \
            not lines[start - 1].rstrip().endswith(';'):
        start -= 1
    text = ' '.join(lines[start:brace])
    m = re.search(r'(\w+)\s*\(', re.sub(r'__attribute__\s*\(\(.*?\)\)', '', text))
    if not m:
        return '?', ''
    rest = text[text.index(m.group(1)):]
    return m.group(1), rest[rest.index('(') + 1:rest.rindex(')')] if ')' in rest else ''


def count_parameters(text):
    if text.strip() in ('', 'void'):
        return 0
    depth, n, parts = 0, 1, text
    for ch in parts:
        depth += (ch in '([{') - (ch in ')]}')
        n += ch == ',' and depth == 0
    return n - 1 if text.rstrip().endswith('...') else n


def functions(text):
    lines = without_comments(text).split('\n')
    ret, brace = [], None
    for i, line in enumerate(lines):
        if line.rstrip() == '{' and brace is None:
            brace = i
        elif line.startswith('}') and brace is not None:
            name, params = signature(lines, brace)
            body = list(enumerate(lines[brace + 1:i], brace + 2))
            ret.append(Function(name, brace + 1, i - brace + 1, count_parameters(params), body))
            brace = None
    return ret


def each(tree):
    for f in tree.c_files():
        for fn in functions(tree.text(f)):
            yield f, fn


def check_function_length(tree):
    return ['%s:%d: %s() has %d lines, at most %d' % (f, fn.line, fn.name, fn.length, FUNCTION_MAX)
            for f, fn in each(tree) if fn.length > FUNCTION_MAX]


def check_function_p90(tree):
    lengths = sorted(fn.length for f, fn in each(tree)
                     if not f.startswith(('selftests/', 'vmtest/')))
    if not lengths:
        return []
    p90 = lengths[min(len(lengths) - 1, len(lengths) * 9 // 10)]
    if p90 <= FUNCTION_P90:
        return []
    return ['%d functions, p90 is %d lines, at most %d' % (len(lengths), p90, FUNCTION_P90)]


def check_file_length(tree):
    own = [f for f in tree.files if f.endswith(('.c', '.h', '.py', '.sh'))]
    return ['%s: %d lines, at most %d' % (f, len(tree.lines(f)), FILE_MAX)
            for f in own if len(tree.lines(f)) > FILE_MAX + 1]


def check_nesting(tree):
    bad = []
    for f, fn in each(tree):
        for n, line in fn.body:
            m = CONTROL.match(line)
            if m and len(m.group(1)) > NESTING_MAX:
                bad.append('%s:%d: %s() nests deeper than %d' % (f, n, fn.name, NESTING_MAX))
                break
    return bad


def check_parameters(tree):
    return ['%s:%d: %s() takes %d parameters, at most %d'
            % (f, fn.line, fn.name, fn.parameters, PARAMETERS_MAX)
            for f, fn in each(tree) if fn.parameters > PARAMETERS_MAX]
