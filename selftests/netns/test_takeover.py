# SPDX-License-Identifier: BSD-2-Clause
"""Starts that are killed, a second daemon beside the first, and removed pins: the programs keep forwarding, and the
next start succeeds."""
import contextlib
import ctypes
import itertools
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from nslab import LIBC, PINS, ZE, ZELOAD, edit, lab, run, wait_for
from test_resume import HOST, PROGRAMS, assert_in_step, assert_nothing_left, sessions, state

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

LONG = os.environ.get('ZE_TORTURE') == '1'
CHANGING = ('rename', 'renameat2', 'unlink', 'unlinkat', 'mkdir', 'rmdir', 'mount', 'bpf', 'sendto', 'sendmsg', 'write',
            'pwrite64', 'ftruncate', 'fchmod', 'ioctl', 'bind', 'flock')
BPF = re.compile(r'BPF_(MAP_CREATE|MAP_UPDATE_ELEM|MAP_DELETE_ELEM|PROG_LOAD|OBJ_PIN|LINK_\w+|PROG_ATTACH|PROG_DETACH)')
# The unit does not give it, and without it the names of programs cannot be read.
WITHOUT_SYS_ADMIN = ('setpriv', '--bounding-set', '-sys_admin')


# ---- steps of a start ----

def child_of(p):
    with open('/proc/%d/task/%d/children' % (p.pid, p.pid), encoding='ascii') as f:
        return [int(w) for w in f.read().split()]


def kill(p):
    """Kills the daemon under strace, and strace with it."""
    for pid in child_of(p):
        os.kill(pid, signal.SIGKILL)
    p.wait(60)


def changes(name, rest):
    """The key of a call that may change something, from its arguments and result."""
    if name == 'bpf':
        return BPF.match(rest)
    if name == 'ioctl':
        return 'SIOCETHTOOL' in rest
    return not (name == 'bind' and 'AF_NETLINK' in rest or name == 'mkdir' and 'EEXIST' in rest)


def thinned(calls):
    """Of successive calls that do the same to the same object (forty sessions in one map, the options of one device,
    five programs into the kernel), the first two and the last: between two others there is nothing new."""
    runs = [list(g) for _, g in itertools.groupby(calls, lambda c: c[2])]
    return [c[:2] for r in runs for c in (r if len(r) < 4 else r[:2] + r[-1:])]


def steps(path, first=None):
    """(system call, its number) of all calls that change something, from the trace of the first thread of a process;
    three of equal ones in a row."""
    ret, count = [], {}
    with open(path, encoding='utf-8', errors='replace') as f:
        for line in f:
            m = re.match(r'(\d+) +(\w+)\((.*)', line)
            if not m or int(m.group(1)) != (first := first or int(m.group(1))):
                continue
            name = m.group(2)
            count[name] = count.get(name, 0) + 1
            if name in CHANGING and changes(name, m.group(3)):
                ret.append((name, count[name], [name] + m.group(3).split(',')[:2]))
    return thinned(ret)


def sample(all_steps):
    """The long form uses all of them, in an order that leaves equal gaps when the time is used up. The short form uses
    each call that creates or removes a name, and others at equal distances; the first ones as long as there is time."""
    if LONG:
        return [s for first in range(7) for s in all_steps[first::7]]
    names = [s for s in all_steps if s[0].startswith('rename')] + [s for s in all_steps if s[0].startswith('unlink')]
    rest = [s for s in all_steps if s not in names]
    return names[:5] + rest[::max(1, len(rest) // 8)]


class Steps:
    """Starts of ze under strace."""

    def __init__(self, x):
        self.x = x

    def spawn(self, *options):
        x = self.x
        return x.spawn('lns', 'ze.log', 'strace', '-f', *options, ZE, '-c', x.conf, '--socket', x.sock)

    def trace(self):
        """What a start does from here on."""
        path = os.path.join(self.x.dir, 'trace')
        p = self.spawn('-o', path)
        wait_for(lambda: self.x.show('dataplane', check=False), 60)
        kill(p)
        return steps(path)

    def killed(self, name, number):
        """A start that is killed before this call. Returns False when it never came to it, and was killed later."""
        p = self.spawn('-o', os.path.join(self.x.dir, 'killed'), '-e', 'trace=' + name, '-e',
                       'inject=%s:signal=KILL:when=%d' % (name, number))
        wait_for(lambda: p.poll() is not None or self.x.show('dataplane', check=False), 60)
        early = p.poll() is not None
        if not early:
            kill(p)
        return early


def within(seconds, points):
    """The first four, and more while there is time, of which the long form has 24 times as much: more than it needs on
    a quiet machine. Prints how far it came."""
    end = time.monotonic() + seconds * (24 if LONG else 1)
    for n, point in enumerate(points):
        if n >= 4 and time.monotonic() > end:
            print('killed at %d of %d steps' % (n, len(points)))
            return
        yield point
    print('killed at each of %d steps' % len(points))


@contextlib.contextmanager
def traffic(x):
    """Twenty subscribers; at the end every packet must have come back."""
    far = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['core'], ZELOAD, '--reflect', '7'],
                           stdout=subprocess.PIPE, encoding='utf-8')
    assert far.stdout.readline() == 'ready\n'
    z = x.spawn('lac', 'lac.log', ZELOAD, '--json', '-', '-t', '2', '-s', '10', '-u', 'alice', '--to', HOST + ':7',
                '--pps', '500', '--duration', '100000', '--size', '300', x.peer)
    try:
        wait_for(lambda: len(x.show('sessions')) == 20 and x.packets()['up-forward'] > 200, 30)
        yield z
        z.send_signal(signal.SIGUSR1)
        assert z.wait(60) == 0, x.log('lac.log')
    finally:
        for p in (z, far):
            if p.poll() is None:
                p.kill()
            p.wait()
    got = json.loads(x.log('lac.log').splitlines()[-1])
    t = got['traffic']
    assert got['up'] == 20 and got['failed'] == got['ended-early'] == 0
    assert t['sent'] == t['returned'] > 200, got
    assert not any(t[k] for k in ('lost-up', 'lost-down', 'duplicated', 'corrupt', 'mis-delivered')), got


def test_killed_in_a_takeover(tmp_path):
    """F-A1: killed before each call that changes something (three of equal ones in a row). The next start restores all
    sessions, and no packet is lost. Every third time two starts in a row are killed."""
    with lab(tmp_path) as x:
        s, tried = Steps(x), 0
        x.start_ze()
        with traffic(x):
            before = sessions(x)
            x.stop_ze(signal.SIGKILL)
            points = sample(s.trace())
            assert len([p for p in points if p[0] == 'rename']) >= 3
            for n, point in enumerate(within(12, points)):
                tried += s.killed(*point)
                if n % 3 == 2:
                    s.killed(*points[n // 2])
                x.start_ze(*(WITHOUT_SYS_ADMIN if n % 2 else ()))
                assert sessions(x) == before, point
                x.stop_ze(signal.SIGKILL)
            x.start_ze()
            assert_in_step(x)
        assert tried >= 4
        x.ze.send_signal(signal.SIGTERM)
        x.stop_ze()
        assert_nothing_left(x)


def test_killed_in_a_clean_start(tmp_path):
    """F-A1: the same when nothing can be restored, because the state file was removed. ze starts, and the next login
    works."""
    with lab(tmp_path) as x:
        s = Steps(x)
        x.start_ze()
        x.start_lac(3)
        x.stop_ze(signal.SIGKILL)
        os.unlink(state(x))
        for point in within(8, sample(s.trace())):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(state(x))
            s.killed(*point)
            x.start_ze()
            assert x.show('sessions') == [], point
            x.stop_ze(signal.SIGKILL)
        assert_works(x)


def stop_under_strace(x, *options):
    """The daemon after a SIGTERM; the file `trace` has its calls from then on."""
    p = x.spawn('lns', 'strace.log', 'strace', '-f', '-o', os.path.join(x.dir, 'trace'), *options, '-p', str(x.ze.pid))
    wait_for(lambda: 'attached' in x.log('strace.log'))
    x.ze.send_signal(signal.SIGTERM)
    x.ze.wait(60)
    p.wait(60)
    z, x.ze = x.ze, None
    return z


def test_killed_in_a_stop(tmp_path):
    """F-A1: a stop removes its objects one by one, and is killed before each."""
    with lab(tmp_path) as x:
        tried = 0
        x.start_ze()
        first = stop_under_strace(x)
        assert first.returncode == 0
        assert_nothing_left(x)
        path = os.path.join(x.dir, 'trace')
        for point in within(6, sample([p for p in steps(path, first.pid) if p[0] != 'write'])):
            x.start_ze()
            z = stop_under_strace(x, '-e', 'trace=' + point[0], '-e', 'inject=%s:signal=KILL:when=%d' % point)
            tried += z.returncode == -signal.SIGKILL
            x.start_ze()
            x.stop_ze(signal.SIGKILL)
        assert tried >= 3
        assert_works(x)


def test_asked_again_in_a_stop(tmp_path):
    """F-A1: another SIGTERM and other signals during a stop change nothing: it runs to its end."""
    with lab(tmp_path) as x:
        for name in ('TERM', 'INT', 'HUP', 'USR2'):
            x.start_ze()
            z = stop_under_strace(x, '-e', 'trace=unlink', '-e', 'inject=unlink:signal=%s:when=1' % name)
            with open(os.path.join(x.dir, 'trace'), encoding='utf-8') as f:
                assert '--- SIG' not in f.read().split('unlink(', 1)[1]
            assert z.returncode == 0, name
            assert_nothing_left(x)
            assert not os.path.isdir(PINS)


def assert_works(x):
    """A start here, a login, a ping, and a stop that leaves nothing."""
    if x.lac:
        x.lac.kill()
        x.lac.wait()
    x.start_ze()
    a = x.start_lac(3)[0]
    assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
    x.stop_ze()
    assert_nothing_left(x)


# ---- removed pins ----

def remove_pins(_x):
    for name in os.listdir(PINS):
        os.unlink(os.path.join(PINS, name))
    os.rmdir(PINS)


@pytest.mark.parametrize('how', [
    remove_pins,
    lambda x: run('umount', '/sys/fs/bpf'),
    lambda x: os.unlink(PINS + '/ze_hosts4'),
    lambda x: [os.unlink(PINS + '/' + n) for n in PROGRAMS],
], ids=['all', 'unmounted', 'a-map', 'programs'])
def test_pins_lost(tmp_path, how):
    """F-A3: the attached programs are known without their pins, and have the maps: all sessions stay."""
    with lab(tmp_path) as x:
        x.start_ze()
        with traffic(x):
            before = sessions(x)
            x.stop_ze(signal.SIGKILL)
            how(x)
            x.start_ze()
            assert sessions(x) == before
            assert_in_step(x)
            log = x.log('ze.log')
            assert how is not remove_pins or 'pins-restored folder=/sys/fs/bpf/ze maps=' in log and 'interface=up0' in log
        x.ze.send_signal(signal.SIGTERM)
        x.stop_ze()
        assert_nothing_left(x)


@pytest.mark.parametrize('under', [(), WITHOUT_SYS_ADMIN], ids=['root', 'as-in-the-unit'])
def test_pins_and_state_lost(tmp_path, under):
    """F-A3: ze's programs are attached, and nothing else is known, or only their ids. A clean start replaces them."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3)
        x.stop_ze(signal.SIGKILL)
        remove_pins(x)
        os.unlink(state(x))
        edit(x, '; core [ core0 ]; ', '; ')       # a port that is no longer configured
        x.start_ze(*under)
        assert x.show('sessions') == [] and 'xdp' not in x.ip('lns', 'link', 'show', 'core0')
        x.stop_ze(signal.SIGKILL)
        remove_pins(x)
        edit(x, 'uplink [ up0 ]; ', 'uplink [ up0 ]; core [ core0 ]; ')
        x.start_ze(*under)
        x.stop_ze()
        assert_works(x)


def foreign_program(path, name):
    """Pins an XDP program of another owner at the path; it passes everything."""
    code = ctypes.create_string_buffer(struct.pack('<QQ', 0x2000000b7, 0x95))    # r0 = XDP_PASS; exit
    words = [ctypes.create_string_buffer(w) for w in (b'GPL', path.encode())]
    load = struct.pack('<IIQQIIQII16s', 6, 2, ctypes.addressof(code), ctypes.addressof(words[0]), 0, 0, 0, 0, 0, name.encode())
    fd = LIBC.syscall(321, 5, load, len(load))                                   # x86-64: bpf(BPF_PROG_LOAD)
    assert fd >= 0, os.strerror(ctypes.get_errno())
    pin = struct.pack('<QII', ctypes.addressof(words[1]), fd, 0)
    assert LIBC.syscall(321, 6, pin, len(pin)) == 0, os.strerror(ctypes.get_errno())
    os.close(fd)


@pytest.mark.parametrize('mode', ['xdp', 'xdpgeneric'])
def test_foreign_program(tmp_path, mode):
    """F-A3: another owner's program is refused with the interface, its name, its id and the cure, and the attached
    programs keep forwarding."""
    with lab(tmp_path) as x:
        other = '/sys/fs/bpf/other%s%d' % (mode, os.getpid())
        x.start_ze()
        a = x.start_lac(2)[0]
        before = sessions(x)
        x.ip('lns', 'link', 'add', 'x0', 'type', 'veth', 'peer', 'name', 'x1')
        foreign_program(other, 'xdp_filter')
        x.sh('lns', 'ip', 'link', 'set', 'dev', 'x0', mode, 'pinned', other)
        x.stop_ze(signal.SIGKILL)
        edit(x, 'core [ core0 ]', 'core [ core0 x0 ]')
        out = x.sh('lns', ZE, '-c', x.conf, '--socket', x.sock, check=False)
        number = json.loads(run('bpftool', '-j', 'prog', 'show', 'pinned', other))['id']
        assert 'interface-refused interface=x0' in out and 'program=xdp_filter id=%d' % number in out
        cure = re.search('cure="(ip link set dev x0 .* off)"', out).group(1)
        assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
        x.sh('lns', *cure.split())
        os.unlink(other)
        x.start_ze()
        assert sessions(x) == before


# ---- two daemons ----

def second(x, *options, netns='lns', under=()):
    p = x.spawn(netns, 'second.log', *under, ZE, '-c', x.conf, *options)
    assert p.wait(60) == 1, x.log('second.log')
    return x.log('second.log')


@pytest.mark.parametrize('plane', ['dataplane bpf', 'dataplane kernel'])
def test_second_daemon(tmp_path, plane):
    """F-A2: with another socket, state file and configuration, or in another network namespace: the second daemon does
    not start, names the first and the cure, and changes nothing."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.ip('core', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'core0')
        with traffic(x):
            before = sessions(x)
            pins = sorted(os.listdir(PINS))
            edit(x, 'dataplane bpf', plane)
            for netns, more in (('lns', ()), ('lns', ('--state', x.sock + '2.state')), ('core', ())):
                log = second(x, '--socket', x.sock + '2', *more, netns=netns)
                assert 'another ze is running' in log and 'pid=%d ' % x.ze.pid in log and 'cure=' in log
            log = second(x, '--socket', x.sock, netns='core')
            assert 'another ze is running' in log and 'pid=%d ' % x.ze.pid in log
            assert sessions(x) == before and sorted(os.listdir(PINS)) == pins
        assert 'ze0' not in x.ip('core', 'link')


def test_second_daemon_with_other_paths(tmp_path):
    """F-A2: an address to listen on is in use: nothing has been changed when the start detects it."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        before = sessions(x)
        x.stop_ze(signal.SIGKILL)
        with x.inside('lns'):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind(('0.0.0.0', 1701))
        assert 'listen-failed' in second(x, '--socket', x.sock)
        s.close()
        with socket.socket(socket.AF_UNIX) as c:
            os.unlink(x.sock)
            c.bind(x.sock)
            c.listen()
            log = second(x, '--socket', x.sock)
            assert 'another ze is running' in log and 'pid=%d ' % os.getpid() in log
        assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
        x.start_ze()
        assert sessions(x) == before
        assert_in_step(x)


SQUAT = """import os, socket, sys, time
os.setuid(65534)
s, c = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
s.bind("\\0ze-dataplane")
if sys.argv[1] != "bound":
    s.listen(0)
if sys.argv[1] == "full":
    c.connect("\\0ze-dataplane")
print("ready", flush=True)
time.sleep(600)"""
OWN_BPFFS = ('unshare', '-m', '--propagation', 'private', 'sh', '-c', 'mount -t bpf bpf /sys/fs/bpf; exec "$@"', 'sh')


@pytest.mark.parametrize('how', ['listening', 'bound', 'full'])
def test_lock_name_is_taken(tmp_path, how):
    """F-A2: a program of another user has bound the name of the lock, and need not listen or answer: a warning that
    names it, a start, and a second ze, with pins of its own, still finds the first."""
    with lab(tmp_path) as x:
        p = x.spawn('lns', 'squat.log', sys.executable, '-c', SQUAT, how)
        try:
            wait_for(lambda: 'ready' in x.log('squat.log'))
            x.start_ze()
            assert 'lock-taken' in x.log('ze.log') and ' uid=65534 ' in x.log('ze.log')
            assert how != 'listening' or ' pid=%d ' % p.pid in x.log('ze.log')
            log = second(x, '--socket', x.sock + '2', under=OWN_BPFFS)
            assert 'another ze is running' in log and 'pid=%d ' % x.ze.pid in log and 'network namespace' in log
        finally:
            p.kill()
            p.wait()


# ---- the state file ----

def handover(x):
    top = x.show()
    return top['handover'], top.get('handover-off-because')


def test_no_space_for_the_state_file(tmp_path):
    """F-A7: a full file system turns the handover off, which is logged and shown; when there is space, it is on again,
    and the next instance restores all sessions."""
    with lab(tmp_path) as x:
        small = os.path.join(x.dir, 'small')
        os.mkdir(small, 0o700)
        run('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', small)
        try:
            fill = os.path.join(small, 'fill')
            where = ('--state', os.path.join(small, 'state'))
            x.start_ze(more=where)
            assert handover(x) == ('on', None)
            fd = os.open(fill, os.O_WRONLY | os.O_CREAT)
            with contextlib.suppress(OSError):
                while os.write(fd, bytes(1024)):
                    pass
            os.close(fd)
            x.start_lac(20)
            assert handover(x) == ('off', 'No space left on device') and 'state-file-write-failed' in x.log('ze.log')
            x.ze.send_signal(signal.SIGHUP)     # a reload does not change this
            os.unlink(fill)
            wait_for(lambda: handover(x) == ('on', None), 60)
            assert 'state-file-restored' in x.log('ze.log')
            before = sessions(x)
            os.unlink(where[1])
            wait_for(lambda: handover(x)[0] == 'off' or os.path.exists(where[1]), 60)
            wait_for(lambda: handover(x) == ('on', None), 60)
            x.stop_ze(signal.SIGKILL)
            x.start_ze(more=where)
            assert sessions(x) == before and len(before) == 20
            x.stop_ze(signal.SIGKILL)
        finally:
            run('umount', '-l', small)


def test_pins_removed_by_hand(tmp_path):
    """F-A7: with the privileges of the unit: removed pins, or their whole directory, are created again within seconds,
    and the next instance restores all sessions. Where they cannot be created, a restart would end all sessions, which
    is logged and shown."""
    with lab(tmp_path) as x:
        x.start_ze(*WITHOUT_SYS_ADMIN)
        x.start_lac(5)
        before = sessions(x)
        names = sorted(os.listdir(PINS))
        for n in names[::2]:
            os.unlink(os.path.join(PINS, n))
        wait_for(lambda: 'pins-restored' in x.log('ze.log'), 20)
        shutil.rmtree(PINS)
        wait_for(lambda: x.log('ze.log').count('pins-restored') == 2, 20)
        assert sorted(os.listdir(PINS)) == names and handover(x) == ('on', None)
        log = second(x, '--socket', x.sock + '2')
        assert 'another ze is running' in log       # the new directory is locked, too
        os.unlink(os.path.join(PINS, 'ze_sessions'))
        os.chown(PINS, 65534, 65534)
        wait_for(lambda: handover(x)[0] == 'off', 20)
        assert PINS in handover(x)[1] and 'Permission denied' in handover(x)[1]
        line = next(w for w in x.log('ze.log').split('\n') if 'pins-lost' in w)
        assert 'at=%s' % PINS in line and 'owner is 65534' in line and 'a restart ends all sessions' in line
        os.chown(PINS, 0, 0)
        wait_for(lambda: handover(x) == ('on', None), 20)
        x.stop_ze(signal.SIGKILL)
        x.start_ze(*WITHOUT_SYS_ADMIN)
        assert sessions(x) == before and len(before) == 5


def test_directory_of_the_state_file_removed(tmp_path):
    """F-A7: with the state file and the control socket in it: both are created again within seconds; a directory that
    cannot be created is shown as missing, and retried as often."""
    with lab(tmp_path) as x:
        top = os.path.join(x.dir, 'top')
        os.mkdir(top)
        run_dir = os.path.join(top, 'ze')
        x.sock = os.path.join(run_dir, 'ze.sock')
        x.start_ze()
        x.start_lac(3)
        before = sessions(x)
        shutil.rmtree(run_dir)
        wait_for(lambda: x.show(check=False) and handover(x) == ('on', None), 30)
        wait_for(lambda: 'control-socket-restored' in x.log('ze.log') and 'state-file-restored' in x.log('ze.log'), 10)
        shutil.rmtree(top)
        wait_for(lambda: 'control-socket-lost' in x.log('ze.log') and x.log('ze.log').count('state-file-write-failed') == 2, 30)
        for event in ('control-socket-lost', 'state-file-write-failed'):
            line = [w for w in x.log('ze.log').split('\n') if event in w][-1]
            assert 'at=%s ' % top in line and 'does not exist' in line and 'mkdir -p %s' % run_dir in line
        os.mkdir(top)
        wait_for(lambda: x.show(check=False) and handover(x) == ('on', None), 30)
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        assert sessions(x) == before and len(before) == 3


def test_paths_that_refuse(tmp_path):
    """F-A7: the log line about a file or socket that cannot be created names what refused: a directory that is missing
    or another user's; another file in the place of the socket, which is not changed."""
    with lab(tmp_path) as x:
        os.chmod(x.dir, 0o755)
        foreign, plain = os.path.join(x.dir, 'foreign'), os.path.join(x.dir, 'plain')
        os.mkdir(foreign, 0o700)
        os.chown(foreign, 65534, 65534)
        with open(plain, 'w', encoding='utf-8') as f:
            f.write('mine')
        for path, said in ((x.dir + '/no/where/s', ('at=%s/no ' % x.dir, 'mkdir -p %s/no/where' % x.dir)),
                           (foreign + '/s', ('at=%s ' % foreign, 'owner is 65534', 'chown 0 ' + foreign)),
                           (plain, ('it is not a socket', 'remove it'))):
            log = second(x, '--socket', path)
            line = next(w for w in log.split('\n') if 'control-socket-failed' in w)
            assert all(w in line for w in said), line
        with open(plain, encoding='utf-8') as f:
            assert f.read() == 'mine'
        x.start_ze(more=('--state', foreign + '/s'))
        line = next(w for w in x.log('ze.log').split('\n') if 'state-file-open-failed' in w)
        assert 'Permission denied' in line and 'at=%s ' % foreign in line and 'owner is 65534' in line, line
        assert handover(x)[0] == 'off' and foreign + ':' in handover(x)[1]


def test_state_file_of_another(tmp_path):
    """F-A7: not read, logged with its owner, and replaced: the start after the next one keeps all sessions."""
    with lab(tmp_path) as x:
        os.chmod(x.dir, 0o755)
        x.start_ze()
        x.stop_ze(signal.SIGKILL)
        os.chown(state(x), 65534, 65534)
        x.start_ze()
        assert 'state-file-foreign' in x.log('ze.log') and 'owner=65534' in x.log('ze.log')
        assert os.stat(state(x)).st_uid == 0
        x.start_lac(3)
        before = sessions(x)
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        assert sessions(x) == before and 'restart-clean' not in x.log('ze.log')


def test_damaged_record(tmp_path):
    """F-A7: one line has the number, the kind, and the effect."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3)
        x.stop_ze(signal.SIGKILL)
        with open(state(x), 'r+b') as f:
            data = f.read()
            units = [n for n in range(4096, len(data), 64) if data[n + 8:n + 9] == b'\x02' and any(data[n:n + 8])]
            f.seek(units[0] + 40)
            f.write(b'\xff\xff\xff\xff')
        x.start_ze()
        assert 'state-file-damaged' in x.log('ze.log') and ' tunnels=0 sessions=1 ' in x.log('ze.log')
        assert len(x.show('sessions')) == 2
        assert_in_step(x)
