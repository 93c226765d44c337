# SPDX-License-Identifier: BSD-2-Clause
"""The files of the tree, read once, and small helpers for the rules."""
import os
import re
import shutil
import subprocess


class Tree:
    def __init__(self, root, out=None):
        self.root = root
        self.out = out      # build folder with obj/ and lib/, or None
        self.files = self._list()
        self._text = {}

    def _list(self):
        """Tracked and new files without the ignored ones; a plain walk outside a git checkout."""
        names = []
        if os.path.exists(os.path.join(self.root, '.git')) and shutil.which('git'):
            names = run(['git', '-c', 'safe.directory=*', 'ls-files', '-co', '--exclude-standard'],
                        self.root)[1].split('\n')
        if len(names) < 2:
            names = [os.path.relpath(os.path.join(d, f), self.root)
                     for d, _, fs in os.walk(self.root) for f in fs]
            names = [n for n in names if not n.startswith(('build/', '.git/'))]
        return sorted(n for n in names if os.path.isfile(os.path.join(self.root, n)))

    def text(self, name):
        if name not in self._text:
            with open(os.path.join(self.root, name), encoding='utf-8', errors='replace') as f:
                self._text[name] = f.read()
        return self._text[name]

    def lines(self, name):
        return self.text(name).split('\n')

    def c_files(self, suffixes=('.c', '.h')):
        """The C files of this tree, without generated headers and third-party files."""
        return [f for f in self.files if f.endswith(suffixes) and not foreign(f)]

    def is_script(self, name):
        """True for a program in a file without a suffix: it begins with #!."""
        return '.' not in os.path.basename(name) and not binary(os.path.join(self.root, name)) and \
            self.text(name).startswith('#!')

    def scripts(self):
        """Shell scripts, by name or by first line."""
        ret = []
        for f in self.files:
            if f.endswith('.sh'):
                ret.append(f)
            elif '.' not in os.path.basename(f) and not binary(os.path.join(self.root, f)) and \
                    re.match(r'#!\s*/(usr/)?bin/(env )?(ba|da)?sh', self.text(f)):
                ret.append(f)
        return ret


def foreign(name):
    return name.endswith(('vmlinux.h', '.skel.h')) or '/third-party/' in name or \
        name.startswith('web/static/uplot')


def binary(path):
    with open(path, 'rb') as f:
        return b'\0' in f.read(4096)


def run(argv, cwd, stdin=None):
    p = subprocess.run(argv, cwd=cwd, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       encoding='utf-8', errors='replace', check=False)
    return p.returncode, p.stdout, p.stderr


def without_comments(text):
    """The same text with comments and the contents of strings blanked; lines are kept."""
    def blank(m):
        s = m.group(0)
        if s[0] in '"\'':
            return s[0] + ' ' * (len(s) - 2) + s[-1]
        return re.sub(r'[^\n]', ' ', s)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S)
