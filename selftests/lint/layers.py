# SPDX-License-Identifier: BSD-2-Clause
"""Which files may include which. A new row or entry is a design change.

Rows are tried in order; the first one whose pattern matches the including file is used. A folder may
always include its own headers. GROUND is daemon/base without log.h, because pure layers do not log.
"""
import fnmatch
import os
import re

GROUND = ['daemon/base/*', '!daemon/base/log.h']
LOGGED = ['daemon/base/*']
PORTS = ['daemon/core/ports.h']
SYS = LOGGED + PORTS + ['daemon/core/engine.h', 'daemon/core/config.h']
RUN, NET = ['daemon/sys/run/*'], ['daemon/sys/net/*']
L2TP_CODECS = ['daemon/l2tp/' + u + '.h' for u in ('proto', 'hdr', 'avp', 'hidden', 'msg')]

NETTLE, EV, NL, YANG = 'nettle/', 'ev.h', 'netlink/', 'libyang/'
BPF, JANSSON, EDIT, RADCLI, MHD, SECCOMP, CAP, SQLITE = 'bpf/', 'jansson.h', 'histedit.h', 'radcli/', \
    'microhttpd.h', 'seccomp.h', 'sys/capability.h', 'sqlite3.h'
LIBRARIES = [NETTLE, EV, NL, YANG, BPF, JANSSON, EDIT, RADCLI, MHD, SECCOMP, CAP, SQLITE]

#        including file        may include (besides its own folder)             libraries
TABLE = [
    ('daemon/base/log.*',      LOGGED,                                           []),
    ('daemon/base/*',          GROUND,                                           [NETTLE]),
    ('daemon/l2tp/*',          GROUND,                                           []),
    ('ppp/*',                  GROUND,                                           []),
    ('aaa/broker.*',           GROUND + PORTS,                                   []),
    ('aaa/acct.*',             GROUND + PORTS,                                   []),
    ('aaa/radius_pkt.*',       GROUND,                                           [RADCLI]),
    ('aaa/radius_rate.*',      GROUND + ['shaping/rate.h'],                      []),
    ('aaa/*',                  GROUND,                                           []),
    ('shaping/plan.*',         GROUND,                                           []),
    ('shaping/rate.*',         GROUND,                                           []),
    ('shaping/tc.*',           LOGGED + PORTS,                                   [NL]),
    ('shaping/edt.*',          LOGGED + PORTS + ['bpf/*'],                       [BPF]),
    ('shaping/*',              GROUND + PORTS,                                   []),
    ('daemon/core/*',          LOGGED + ['daemon/l2tp/*', 'ppp/*', 'aaa/*', 'shaping/plan.h',
                               'shaping/rate.h'],
                                                                                 []),
    # Formatters may run in any thread: they see snapshots and nothing that is live.
    ('daemon/view/*',          GROUND + ['daemon/core/snapshot.h'],              []),
    ('daemon/ops/rights.*',    GROUND,                                           []),
    ('daemon/ops/*',           LOGGED + ['daemon/core/*', 'daemon/view/*', 'daemon/l2tp/*', 'ppp/*',
                               'aaa/*', 'shaping/plan.h'],                       []),
    # The rooms of daemon/sys: each may include those before it that are named.
    # The loop serves the timers of observers.
    ('daemon/sys/run/*',       SYS + ['daemon/core/bus.h'],                      [EV, SECCOMP, CAP]),
    ('daemon/sys/net/radius_accounting.*', SYS + RUN + ['aaa/*', 'daemon/core/snapshot.h', 'daemon/core/bus.h',
                               'daemon/observe/accounting.h', 'daemon/sys/state/acct_store.h'],  [EV]),
    ('daemon/sys/net/radius_*', SYS + RUN + ['aaa/*', 'daemon/core/change.h', 'daemon/core/snapshot.h'],
                                                                                 [EV]),
    ('daemon/sys/net/*',       SYS + RUN,                                        [EV, NL]),
    ('daemon/sys/bpf/*',       SYS + RUN + NET + ['bpf/*'],                      [EV, NL, BPF]),
    ('daemon/sys/kernel/*',    SYS + RUN + NET + ['daemon/sys/bpf/*', 'shaping/*'],
                                                                                 [EV, NL]),
    ('daemon/sys/config/*',    LOGGED + ['daemon/core/config.h', 'daemon/sys/run/path.h'],
                                                                                 [YANG]),
    ('daemon/sys/ctl/*',       SYS + RUN + ['daemon/core/snapshot.h', 'daemon/ops/ops.h',
                               'daemon/ops/rights.h', 'daemon/view/view.h'],     [EV, JANSSON]),
    ('daemon/sys/state/acct_*', LOGGED + RUN + ['aaa/acct.h'],                   [EV, SQLITE]),
    ('daemon/sys/state/*',     SYS + RUN + ['daemon/sys/net/netns_lock.h'],      [EV]),
    ('daemon/sys/plane/*',     SYS + RUN + ['daemon/core/dp_null.h', 'daemon/core/guard_null.h', 'daemon/sys/bpf/*',
                               'daemon/sys/kernel/*', 'daemon/sys/state/*'],     [EV]),
    ('daemon/observe/accounting.*', LOGGED + PORTS + ['daemon/core/event.h', 'daemon/core/bus.h', 'aaa/*',
                               'daemon/core/session_facts.h'],                   []),
    ('daemon/observe/*',       LOGGED + ['daemon/core/event.h', 'daemon/core/bus.h',
                               'daemon/core/session_facts.h', 'daemon/core/snapshot.h'],                        []),
    ('daemon/*.[ch]',          ['*'],                                            LIBRARIES),
    ('cli/decode.*',           LOGGED + L2TP_CODECS + ['ppp/*'],                 [JANSSON]),
    ('cli/*',                  LOGGED,                                           [JANSSON, EDIT]),
    ('web/*',                  LOGGED + ['daemon/core/snapshot.h', 'daemon/view/view.h',
                               'daemon/ops/ops.h', 'daemon/observe/*'],          [JANSSON, MHD]),
    ('bpf/*',                  [],                                               [BPF]),
    ('selftests/*',            ['*'],                                            LIBRARIES),
    ('vmtest/*',               ['*'],                                            LIBRARIES),
]

# No other file may include these: main and modules are the top.
TOP = re.compile(r'^daemon/[^/]+\.h$')


def row_of(name):
    for pattern, may, libs in TABLE:
        # `daemon/*.[ch]` is the folder itself, not what is below it.
        if fnmatch.fnmatchcase(name, pattern) and \
                (pattern != 'daemon/*.[ch]' or os.path.dirname(name) == 'daemon'):
            return may, libs
    return None


def allowed(name, target, may):
    if any(p[0] == '!' and fnmatch.fnmatchcase(target, p[1:]) for p in may):
        return False
    if os.path.dirname(name) == os.path.dirname(target):
        return True
    if TOP.match(target) and os.path.dirname(name) != 'daemon' and '*' not in may:
        return False
    return any(fnmatch.fnmatchcase(target, p) for p in may if p[0] != '!')


def check(tree):
    bad = []
    for f in tree.c_files():
        row = row_of(f)
        if row is None:
            bad.append('%s: folder is not in the layer table' % f)
            continue
        for n, line in enumerate(tree.lines(f), 1):
            m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if m:
                why = judge(tree, f, m.group(1), m.group(2), row)
                if why:
                    bad.append('%s:%d: %s' % (f, n, why))
    return bad


def judge(tree, name, kind, target, row):
    may, libs = row
    if kind == '<':
        lib = next((l for l in LIBRARIES if target.startswith(l)), None)
        return 'may not use the library <%s>' % target if lib and lib not in libs else ''
    if target.endswith('.skel.h'):
        return '' if BPF in libs else 'may not use BPF skeletons'
    if '/' not in target and os.path.join(os.path.dirname(name), target) in tree.files:
        if not name.startswith('bpf/'):
            return '"%s": write the path from the top of the tree' % target
        return ''
    return '' if allowed(name, target, may) else 'may not include "%s"' % target
