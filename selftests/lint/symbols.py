# SPDX-License-Identifier: BSD-2-Clause
"""Checks the objects: the pure layers call no clock and no I/O and have no mutable state, the others
few variables without an owner, and every exported symbol is declared in one header and has the prefix of its module."""
import os
import re

from tree import run, without_comments

NEEDS_OBJECTS = {'pure-calls', 'pure-state', 'owned-state', 'declared-once', 'prefix', 'bpf-try', 'unused-functions'}
PURE = ['daemon/base', 'daemon/l2tp', 'ppp', 'aaa']
NOT_PURE = {'daemon/base/log'}      # formats lines; its sink is a callback

# Names as in libc: a leading `__` and a trailing `_chk` are removed first.
IMPURE = re.compile(r'^(time|times|gettimeofday|clock|clock_\w+|timespec_get|ftime|nanosleep|sleep|usleep'
                    r'|localtime\w*|gmtime\w*|mktime|rand\w*|srand\w*|random\w*|srandom\w*|[dlm]rand48'
                    r'|getrandom|getentropy|arc4random\w*'
                    r'|socket\w*|bind|listen|accept4?|connect|shutdown|[gs]etsockopt|send\w*|recv\w*'
                    r'|read|readv|pread\w*|write|writev|pwrite\w*|open\w*|close|dup\d?|pipe2?|ioctl|fcntl\w*'
                    r'|poll|ppoll|select|pselect|epoll_\w+|eventfd|timerfd_\w+|signalfd|mmap\w*'
                    r'|fopen\w*|fdopen|fclose|fread|fwrite|fgets|fputs|fputc|fflush|getline|stat|fstat|lstat'
                    r'|v?f?printf|vfprintf|v?dprintf|puts|putchar|putc|perror|v?syslog|scanf|fscanf'
                    r'|getenv|secure_getenv|setenv|system|fork|vfork|exec\w*|posix_spawn\w*|kill|raise'
                    r'|signal|sigaction|exit|_exit|strtok|strerror|setlocale|getaddrinfo|gethostby\w+'
                    r'|pthread_\w+|ev_\w+|nl_\w+|nla_\w+|nlmsg_\w+|genl\w+|rtnl_\w+|ly_\w+|lyd_\w+|lys_\w+'
                    r'|bpf_\w+|MHD_\w+|json_(load|dump)\w*|el_\w+)$')

# State that a pure layer may have, with the reason.
STATE = {
    ('daemon/base/hash', 'process_key'),    # set once at start: hash flooding needs a secret
}
# Variables of the whole process in the other layers, and why no structure can own them. All other state hangs on the
# structure that begins and ends with it.
PROCESS = {
    'daemon/base/log': ('sink sink_self sink_lock levels lost suppressed_all', 'any function of any thread may log'),
    'daemon/sys/run/logger': ('q', 'its thread may be in a write until the process ends, longer than any owner'),
    'daemon/sys/run/hardening': ('state', 'rights belong to the process, and each new thread asks what it keeps'),
    'daemon/sys/net/rtnl': ('turn', 'stands for the lock of the kernel, of which there is one for all sockets'),
    'daemon/sys/bpf/xdp_refusal': ('listening before', 'the callback of libbpf for messages has no argument for an owner'),
    'daemon/sys/bpf/bpf_ours': ('list_file', 'programs are recognised before there is a data plane, and after it'),
}

# Prefixes other than the name of the unit, its first word or its layer.
EXTRA = {
    'daemon/base/wire': ['rd_', 'wr_', 'span_'],
    'daemon/base/strbuf': ['sb_'],
    'daemon/base/err': ['reason_'],
    'daemon/base/pool': ['res_'],
    'daemon/base/json': ['js_', 'jw_'],
    'daemon/core/ports': ['dp_'],
    'daemon/l2tp/hidden': ['avp_'],
    'ppp/frame': ['cp_'],
}
# A map call that fails may succeed when it is repeated; one unit knows for which errors.
TRIED = re.compile(r'^bpf_map_((lookup|update|delete)_elem|get_next_key)$')
TRIES = 'daemon/sys/bpf/bpf_try'
IGNORED = re.compile(r'^(__|_GLOBAL_|_DYNAMIC|\.|asan\.|\$|main$|LLVMFuzzer)')





def objects(tree):
    """(unit, path of its object) for each object of the daemon, the tools and the layers."""
    top = os.path.join(tree.out, 'obj') if tree.out else ''
    for d, _, files in os.walk(top):
        for f in sorted(files):
            unit = os.path.relpath(os.path.join(d, f), top)[:-2]
            if f.endswith('.o') and unit + '.c' in tree.files and \
                    not unit.startswith(('selftests/', 'vmtest/')):
                yield unit, os.path.join(d, f)


def pure_objects(tree):
    return [(u, o) for u, o in objects(tree)
            if os.path.dirname(u) in PURE and u not in NOT_PURE]


def bare(symbol):
    s = re.sub(r'@.*', '', symbol)
    s = re.sub(r'_chk$', '', s)
    s = re.sub(r'^_*(isoc\d+_)?', '', s) if s.startswith('__') else s
    return re.sub(r'(?<=[a-z])(64|_2)$', '', s)


def check_pure_calls(tree):
    bad = []
    for unit, obj in pure_objects(tree):
        for line in run(['nm', '-u', obj], tree.root)[1].split('\n'):
            name = line.split()[-1] if line.split() else ''
            # clang and gcc insert calls of the sanitizers, which are ignored
            if name and not name.startswith(('__asan', '__ubsan', '__sanitizer', '__gcov', '__llvm')) \
                    and IMPURE.match(bare(name)):
                bad.append('%s.c: calls %s(), and its layer is pure' % (unit, name))
    return bad


def check_bpf_try(tree):
    return ['%s.c: calls %s() itself, which fails for good where bpf_try would not' % (unit, line.split()[-1])
            for unit, obj in objects(tree) if unit != TRIES
            for line in run(['nm', '-u', obj], tree.root)[1].split('\n')
            if line.split() and TRIED.match(line.split()[-1])]


def mutable(tree, obj):
    """The names of an object's variables that are not constant. A local one has a number: `lines.0`."""
    for line in run(['objdump', '-t', obj], tree.root)[1].split('\n'):
        m = re.match(r'^[0-9a-f]{8,} .{7} (\S+)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$', line)
        if m and int(m.group(2), 16) and not IGNORED.match(m.group(3)) and \
                re.match(r'^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)(?!\.rel\.ro)', m.group(1)):
            yield m.group(3)


def check_pure_state(tree):
    return ['%s.c: %s is mutable, and its layer has no state' % (unit, name)
            for unit, obj in pure_objects(tree) for name in mutable(tree, obj) if (unit, name) not in STATE]


def check_owned_state(tree):
    pure, bad = {u for u, _ in pure_objects(tree)}, []
    for unit, obj in objects(tree):
        if unit in pure or not unit.startswith('daemon/'):
            continue
        have, may = set(mutable(tree, obj)), set(PROCESS.get(unit, ('', ''))[0].split())
        bad += ['%s.c: %s belongs to the process: hang it on the structure that owns it' % (unit, n)
                for n in sorted(have - may)]
        bad += ['symbols.py: %s.c has no variable %s' % (unit, n) for n in sorted(may - have)]
    return bad


def exported(tree):
    for unit, obj in objects(tree):
        for line in run(['nm', '-g', '--defined-only', obj], tree.root)[1].split('\n'):
            parts = line.split()
            if len(parts) == 3 and not IGNORED.match(parts[2]):
                yield unit, parts[2]


def declarations(tree):
    """name -> set of the headers that declare it. Only lines that start in column one count."""
    ret = {}
    for f in tree.c_files(('.h',)):
        for line in without_comments(tree.text(f)).split('\n'):
            if not line or line[0] in ' \t#{}':
                continue
            if line.startswith('extern'):
                m = re.match(r'extern [^;(]*?(\w+)\s*(?:\[[^\]]*\])*\s*;', line)
            else:
                m = re.match(r'(?:[\w*\s]|\(\w+\))*?[\s*](\w+)\s*\(', line)
            if m:
                ret.setdefault(m.group(1), set()).add(f)
    return ret


def check_declared_once(tree):
    known, bad = declarations(tree), []
    for unit, name in exported(tree):
        n = len(known.get(name, ()))
        if n != 1:
            where = ', '.join(sorted(known.get(name, ()))) or 'none'
            bad.append('%s.c: %s is declared in %d headers (%s), want 1' % (unit, name, n, where))
    return bad


def prefixes(unit):
    folder, name = os.path.split(unit)
    heads = {name, name.split('_')[0], os.path.basename(folder), 'ze'}
    return sorted(h + '_' for h in heads) + EXTRA.get(unit, [])


def check_prefix(tree):
    bad = []
    for unit, name in exported(tree):
        want = prefixes(unit)
        if not name.startswith(tuple(want)) and name + '_' not in want:
            bad.append('%s.c: %s has none of the prefixes %s' % (unit, name, ' '.join(want)))
    return bad
