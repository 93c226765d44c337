# SPDX-License-Identifier: BSD-2-Clause
"""A static function's name is found once: it is unique in the tree or carries its unit's prefix."""
import collections
import os
import re

from tree import without_comments

WHERE = ('daemon/', 'ppp/', 'aaa/', 'shaping/', 'cli/', 'web/')
STATIC = re.compile(r'^static (?:(?:inline|const|unsigned|struct|enum|union) )*\w+(?: \w+)*?[ *]+(\w+)\(', re.M)


def statics(tree):
    """name -> the files that define a static function of that name."""
    ret = collections.defaultdict(set)
    for f in tree.c_files(('.c',)):
        if f.startswith(WHERE):
            for m in STATIC.finditer(without_comments(tree.text(f))):
                ret[m.group(1)].add(f)
    return ret


def check_statics(tree):
    return ['%s: static %s() is in %d files: give it a name of its own, or the prefix %s_'
            % (f, name, len(files), os.path.basename(f)[:-2])
            for name, files in sorted(statics(tree).items()) if len(files) > 1
            for f in sorted(files) if not name.startswith(os.path.basename(f)[:-2] + '_')]
