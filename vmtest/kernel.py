# SPDX-License-Identifier: BSD-2-Clause
"""Debian kernels for the guest: fetched, unpacked and given an initrd, once, in a cache directory.

Nothing is installed on the host: `apt-get download` and `dpkg -x`, both without root.
"""
import contextlib
import fcntl
import gzip
import lzma
import os
import re
import shutil
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SERIES = ('6.12', '6.1')                 # the first one that is available is the default
# What the initrd needs to reach the host's root; those built into a kernel are skipped.
INITRD_MODULES = ('virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay')
BUSYBOX = '/bin/busybox'


class Error(Exception):
    """An error that the user can correct; the text says what is wrong."""


class Kernel:
    def __init__(self, folder):
        self.folder = folder
        self.modules = os.path.join(folder, 'root', 'lib', 'modules')
        self.release = os.listdir(self.modules)[0]
        self.image = os.path.join(folder, 'root', 'boot', 'vmlinuz-' + self.release)
        self.initrd = os.path.join(folder, 'initrd.gz')


def kvm_usable():
    """Whether the host has hardware virtualisation: a host that offers /dev/kvm without it (pvm) runs Linux, but not
    the code that boots Linux."""
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        if not re.search(r'^(flags|Features)\s*:.*\b(vmx|svm)\b', f.read(), re.M):
            return False
    return os.access('/dev/kvm', os.R_OK | os.W_OK)


def say(text):
    print('guest: ' + text, file=sys.stderr, flush=True)


def run(argv, **kw):
    """The command's output, or an Error with its error output."""
    try:
        p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           check=False, **kw)
    except FileNotFoundError:
        raise Error(f'{argv[0]} is missing; `make deps` installs it') from None
    if p.returncode:
        raise Error(f'{" ".join(argv)}: {p.stderr.strip() or "failed"}')
    return p.stdout


def meta_packages(series):
    return (f'linux-image-{series}-amd64', 'linux-image-amd64')


def resolve(series):
    """The package that holds the newest kernel of a series, or None. -cloud and -rt lack PPP."""
    pattern = re.compile(rf'Depends: (linux-image-{re.escape(series)}[.+-][^ ]*amd64)$', re.M)
    for meta in meta_packages(series):
        try:
            found = pattern.search(run(['apt-cache', 'depends', meta]))
        except Error:
            continue                     # this release of Debian has no such meta package
        if found:
            return found.group(1)
    return None


def fetch(series, folder):
    """Downloads and unpacks into folder/root."""
    package = resolve(series)
    if not package and os.geteuid() == 0:
        run(['apt-get', '-q', 'update'])
        package = resolve(series)
    if not package:
        raise Error(f'apt knows no Linux {series} kernel (looked for '
                    f'{", ".join(meta_packages(series))}); is `apt-get update` needed?')
    say(f'downloading {package} (100 MB)')
    opt = ['-o', 'APT::Sandbox::User=root'] if os.geteuid() == 0 else []
    try:
        run(['apt-get', '-q'] + opt + ['download', package], cwd=folder)
    except Error as e:
        raise Error(f'cannot download {package} (is there network?)\n{e}') from None
    deb = next(f for f in os.listdir(folder) if f.endswith('.deb'))
    say('unpacking')
    root = os.path.join(folder, 'root')
    run(['dpkg', '-x', os.path.join(folder, deb), root])
    os.remove(os.path.join(folder, deb))


def module_closure(modules):
    """Paths of INITRD_MODULES and all they need, in the order to insert them."""
    dep = {}
    with open(os.path.join(modules, 'modules.dep'), encoding='ascii') as f:
        for line in f:
            path, needs = line.rstrip('\n').split(':')
            dep[path] = needs.split()
    by_name = {os.path.basename(p).split('.')[0].replace('-', '_'): p for p in dep}
    with open(os.path.join(modules, 'modules.builtin'), encoding='ascii') as f:
        builtin = {os.path.basename(p).split('.')[0].replace('-', '_') for p in f}
    order = []
    for name in INITRD_MODULES:
        if name in builtin:
            continue
        if name not in by_name:
            raise Error(f'the kernel has no module {name}')
        for path in reversed([by_name[name]] + dep[by_name[name]]):
            if path not in order:
                order.append(path)
    return order


def module_bytes(path):
    with open(path, 'rb') as f:
        data = f.read()
    return lzma.decompress(data) if path.endswith('.xz') else data


class Cpio:
    """A newc archive, written here so that cpio, fakeroot and root are not needed."""

    def __init__(self):
        self.parts, self.ino = [], 0

    def add(self, name, mode, data=b'', rdev=(0, 0)):
        self.ino += 1
        fields = (self.ino, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name) + 1, 0)
        head = b'070701' + b''.join(b'%08X' % f for f in fields) + name.encode() + b'\0'
        self.parts += [head, b'\0' * (-len(head) % 4), data, b'\0' * (-len(data) % 4)]

    def bytes(self):
        self.add('TRAILER!!!', 0)
        return b''.join(self.parts)


def make_initrd(kernel):
    if not os.path.exists(BUSYBOX):
        raise Error(f'{BUSYBOX} is missing; `make deps` installs busybox-static')
    modules = os.path.join(kernel.modules, kernel.release)
    c = Cpio()
    for d in ('bin', 'dev', 'proc', 'sys', 'mod', 'lower', 'rw', 'new'):
        c.add(d, stat.S_IFDIR | 0o755)
    c.add('dev/console', stat.S_IFCHR | 0o600, rdev=(5, 1))
    with open(BUSYBOX, 'rb') as f:
        c.add('bin/busybox', stat.S_IFREG | 0o755, f.read())
    order = module_closure(modules)
    names = []
    for path in order:
        names.append(os.path.basename(path).split('.')[0])
        c.add('mod/' + names[-1], stat.S_IFREG | 0o644, module_bytes(os.path.join(modules, path)))
    c.add('mod/order', stat.S_IFREG | 0o644, '\n'.join(names + ['']).encode())
    with open(os.path.join(HERE, 'init'), 'rb') as f:
        c.add('init', stat.S_IFREG | 0o755, f.read())
    with open(kernel.initrd + '.new', 'wb') as f:
        f.write(gzip.compress(c.bytes(), 1))
    os.replace(kernel.initrd + '.new', kernel.initrd)


def stale(kernel):
    return (not os.path.exists(kernel.initrd) or
            os.path.getmtime(kernel.initrd) < max(os.path.getmtime(f) for f in
                                                  (os.path.join(HERE, 'init'), __file__, BUSYBOX)))


@contextlib.contextmanager
def locked(cache):
    with open(os.path.join(cache, 'lock'), 'w', encoding='ascii') as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def prepare_one(series, cache):
    folder = os.path.join(cache, series)
    if not os.path.exists(os.path.join(folder, 'root')):
        part = folder + '.part'
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        fetch(series, part)
        kernel = Kernel(part)
        run(['/sbin/depmod', '-b', os.path.join(part, 'root'), kernel.release])
        os.rename(part, folder)
    kernel = Kernel(folder)
    if stale(kernel):
        make_initrd(kernel)
    return kernel


def prepare(series, cache):
    """A Kernel ready to boot. Without a series: a cached one, or else the first that is available."""
    os.makedirs(cache, exist_ok=True)
    with locked(cache):
        if series:
            return prepare_one(series, cache)
        have = [s for s in SERIES if os.path.exists(os.path.join(cache, s, 'root'))]
        first = SERIES[0] if resolve(SERIES[0]) else SERIES[1]
        return prepare_one(have[0] if have and have[0] == SERIES[0] else first, cache)
