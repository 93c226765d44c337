# SPDX-License-Identifier: BSD-2-Clause
"""Checks the documents: examples validate, reasons are explained, named files and links exist.

An example is a fence marked `ze-conf` in a .md file, contrib/ze.conf, or a literal block of a manual
page that begins like a configuration.
"""
import os
import re

from tree import run, without_comments

FENCE = re.compile(r'^```ze-conf\n(.*?)^```$', re.M | re.S)
LITERAL = re.compile(r'^\.Bd -literal[^\n]*\n(.*?)^\.Ed$', re.M | re.S)
EXAMPLE = 'contrib/ze.conf'
REASONS = ('daemon/base/err.h', 'docs/troubleshooting.md')
VERDICTS = ('bpf/ze_bpf.h', 'docs/troubleshooting.md')
PICTURE = 'docs/architecture.md'
TIMER = re.compile(r'(?m)^#define (\w+)\s+ZE_(SEC|MS)\((\d+)\)')
SUFFIX = r'(?:[ch]|\[ch\]|md|yang|py|mk|sh|conf|service|bash)'


def documents(tree):
    return [f for f in tree.files if f.endswith('.md') and (f.startswith('docs/') or '/' not in f)]


def unroff(block):
    """The text of a literal block without requests and escapes."""
    lines = [l for l in block.split('\n') if not l.startswith(('.', "'"))]
    return re.sub(r'\\(.)', lambda m: {'e': '\\', '&': ''}.get(m.group(1), m.group(1)),
                  '\n'.join(lines))


def examples(tree):
    """(file, line, text) of each complete configuration in the documents."""
    for f in documents(tree):
        for m in FENCE.finditer(tree.text(f)):
            yield f, tree.text(f).count('\n', 0, m.start(1)), m.group(1)
    for f in [f for f in tree.files if re.match(r'docs/man/.*\.[158]$', f)]:
        for m in LITERAL.finditer(tree.text(f)):
            if re.match(r'\s*(environment|l2tp)\s*\{', m.group(1)):
                yield f, tree.text(f).count('\n', 0, m.start(1)), unroff(m.group(1))
    if EXAMPLE in tree.files:
        yield EXAMPLE, 0, tree.text(EXAMPLE)


def check_examples(tree):
    ze = os.environ.get('ZE_BIN', '')
    if not os.access(ze, os.X_OK):
        return None
    bad = []
    for f, before, text in examples(tree):
        rc, out, err = run([ze, 'config', 'validate', '-'], tree.root, text)
        if rc == 0:
            continue
        said = [l for l in (out + err).split('\n') if l]
        for line in said or ['exit code %d' % rc]:
            m = re.match(r'[^:]*:(\d+):(\d+: .*)', line)
            bad.append('%s:%d:%s' % (f, before + int(m.group(1)), m.group(2)) if m else
                       '%s:%d: %s' % (f, before + 1, line))
    return bad


def check_reasons(tree):
    """One row for each word of enum reason, with its sentence, and none for others."""
    header, doc = REASONS
    if header not in tree.files:
        return []
    want = dict(re.findall(r'\bX\(\w+,[\s\\]*"([^"]+)",[\s\\]*"([^"]+)"\)', tree.text(header)))
    if doc not in tree.files:
        return ['%s: is not there, it explains the reasons of %s' % (doc, header)]
    section = re.split(r'(?m)^## ', tree.text(doc).split('\n## Reasons\n')[-1])[0]
    have = dict(re.findall(r'(?m)^\| `([^`]+)` \| ([^|]*) \|', section))
    return ['%s: reason "%s" is not explained' % (doc, w) for w in want if w not in have] + \
        ['%s: reason "%s" does not exist' % (doc, w) for w in have if w not in want] + \
        ['%s: "%s" is "%s" in %s' % (doc, w, want[w], header) for w in have
         if w in want and have[w] != want[w]]


def check_verdicts(tree):
    """One row for each word of enum ze_verdict, and none for others."""
    header, doc = VERDICTS
    if header not in tree.files:
        return []
    want = re.findall(r'\bX\(\w+,[\s\\]*"([^"]+)"\)', tree.text(header))
    if doc not in tree.files:
        return ['%s: is not there, it explains the verdicts of %s' % (doc, header)]
    section = re.split(r'(?m)^## ', tree.text(doc).split('\n## Verdicts\n')[-1])[0]
    have = re.findall(r'(?m)^\| `([^`]+)` \|', section)
    return ['%s: verdict "%s" is not explained' % (doc, w) for w in want if w not in have] + \
        ['%s: verdict "%s" does not exist' % (doc, w) for w in have if w not in want]


def check_timers(tree):
    """One row in the architecture page for each constant of a timers.h, with its value, and none for others."""
    if PICTURE not in tree.files:
        return []
    want = {m.group(1): '%s %s' % (m.group(3), {'SEC': 's', 'MS': 'ms'}[m.group(2)])
            for f in tree.files if f.endswith('/timers.h') for m in TIMER.finditer(tree.text(f))}
    section = re.split(r'(?m)^## ', tree.text(PICTURE).split('\n## Timers\n')[-1])[0] if want else ''
    have = dict(re.findall(r'(?m)^\| `(\w+)` \| ([^|]*) \|', section))
    return ['%s: timer %s is not in the table' % (PICTURE, t) for t in want if t not in have] + \
        ['%s: there is no timer %s' % (PICTURE, t) for t in have if t not in want] + \
        ['%s: %s is %s, not %s' % (PICTURE, t, want[t], have[t]) for t in have if t in want and have[t] != want[t]]


def check_paths(tree):
    """Every path in the architecture page is a file or folder of the tree; x.[ch] is either or both."""
    if PICTURE not in tree.files:
        return []
    folders = {os.path.dirname(f) for f in tree.files}
    folders |= {d.rsplit('/', n)[0] for d in set(folders) for n in range(1, d.count('/') + 1)}
    top = '|'.join(sorted(re.escape(d) for d in folders if d and '/' not in d))
    bad = []
    for n, line in enumerate(tree.lines(PICTURE), 1):
        found = re.findall(r'(?<![\w./-])((?:%s)/[\w./\[\]-]*\w[\]\w]*)' % top, line) if top else []
        found += re.findall(r'`([\w-]+\.%s)`' % SUFFIX, line)
        for path in found:
            names = [path[:-4] + s for s in 'ch'] if path.endswith('[ch]') else [path]
            units = [path + s for s in ('.c', '.h')]
            if not any(p in tree.files or p.rstrip('/') in folders for p in names + units):
                bad.append('%s:%d: "%s" is not in the tree' % (PICTURE, n, path))
    return bad


def check_functions(tree):
    """Every `name()` in the architecture page is a function of the tree."""
    if PICTURE not in tree.files:
        return []
    there = set(re.findall(r'\b(\w+)\(', ' '.join(without_comments(tree.text(f)) for f in tree.c_files())))
    return ['%s:%d: there is no function %s()' % (PICTURE, n, name)
            for n, line in enumerate(tree.lines(PICTURE), 1)
            for name in re.findall(r'`(\w+)\(\)`', line) if name not in there]


def anchors(text):
    """The anchors of the headings, as GitHub and GitLab create them."""
    heads = re.findall(r'(?m)^#+ (.+)$', re.sub(r'(?ms)^```.*?^```$', '', text))
    return {re.sub(r'[^\w -]', '', h.lower()).replace(' ', '-') for h in heads}


def check_links(tree):
    """Links inside the tree refer to existing files and headings."""
    bad = []
    for f in documents(tree):
        for n, line in enumerate(tree.lines(f), 1):
            for link in re.findall(r'\]\(([^)\s]+)\)', line):
                if re.match(r'[a-z]+:', link):
                    continue
                path, _, anchor = link.partition('#')
                to = os.path.normpath(os.path.join(os.path.dirname(f), path)) if path else f
                if not os.path.exists(os.path.join(tree.root, to)):
                    bad.append('%s:%d: no %s' % (f, n, to))
                elif anchor and to.endswith('.md') and anchor not in anchors(tree.text(to)):
                    bad.append('%s:%d: no heading #%s in %s' % (f, n, anchor, to))
    return bad
