# SPDX-License-Identifier: BSD-2-Clause
"""Namespaces lac, lns and core with ze in the middle, on the kernel of this machine, with the BPF plane."""
import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

ZE, ZECTL, ZELOAD = (os.environ.get(v, '') for v in ('ZE_BIN', 'ZECTL_BIN', 'ZELOAD'))
HERE = os.path.dirname(os.path.abspath(__file__))
PINS = '/sys/fs/bpf/ze'
N = 100
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
SLOW = 5 if 'ZE_VM' in os.environ else 1    # in emulation


def run(*argv, check=True, timeout=60 * SLOW):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8',
                       timeout=timeout, check=False)
    assert p.returncode == 0 or not check, '%s: %s' % (' '.join(argv), p.stdout)
    return p.stdout


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds * SLOW
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError('not within %s s: %s' % (seconds * SLOW, what.__doc__ or what))


def until(check, seconds=10):
    """Within the time limit the assertions of check() hold."""
    end = time.monotonic() + seconds * SLOW
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def ethtool(dev, cmd, value):
    """Sets a boolean ethtool option of a device in the current namespace."""
    arg = ctypes.create_string_buffer(struct.pack('II', cmd, value))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8946, struct.pack('16sP', dev.encode(), ctypes.addressof(arg)).ljust(40, b'\0'))


SET_TX_CHECKSUM, SET_GRO = 0x17, 0x2c
SWITCHES = 'import sys; sys.path.insert(0, %r); import nslab as t; ' \
           't.ethtool(%%r, t.SET_GRO, 1); t.ethtool(%%r, t.SET_TX_CHECKSUM, 0)' % HERE


class Lab:
    """lac -- lns -- core; ze in lns, zeload in lac."""

    def __init__(self, folder, mode='auto', six=False, setup_rate=0):
        self.dir, self.mode, self.ze, self.lac = folder, mode, None, None
        self.ze_bin, self.zectl_bin = ZE, ZECTL     # those of another version, for a test of upgrades
        self.ns = {n: 'zb%d-%s' % (os.getpid(), n) for n in ('lac', 'lns', 'core')}
        self.peer = '2001:db8:9::1' if six else '10.9.0.1'
        self.sock = os.path.join(folder, 'sock')
        self.began = {}         # offset in each log where its last program began
        for n in self.ns.values():
            run('ip', 'netns', 'add', n)
            run('ip', '-n', n, 'link', 'set', 'lo', 'up')
        self.wire('lac', 'l0', '10.9.0.2/24', 'up0', '10.9.0.1/24')
        self.wire('core', 'c0', '198.51.100.2/24', 'core0', '198.51.100.1/24')
        self.ip('lac', 'addr', 'add', '2001:db8:9::2/64', 'dev', 'l0', 'nodad')
        self.ip('lns', 'addr', 'add', '2001:db8:9::1/64', 'dev', 'up0', 'nodad')
        self.ip('core', 'route', 'add', 'default', 'via', '198.51.100.1')
        self.sh('lns', 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
        self.conf = os.path.join(folder, 'ze.conf')
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.write('environment { l2tp { server four { ip 0.0.0.0 } server six { ip ::; port 1702 } } }\n'
                    'l2tp { dataplane bpf; setup-rate %d; max-sessions 0; lcp-echo { interval 1; failures 5 }\n'
                    ' bpf { uplink [ up0 ]; core [ core0 ]; xdp-mode %s }\n'
                    ' auth { local { user alice { password hunter2; session-limit 0 } } }\n'
                    ' pool { ipv4 { gateway 10.100.0.1; start 10.100.0.2; end 10.100.15.254 } } }\n' % (setup_rate, mode))

    def wire(self, far, a, a4, b, b4):
        run('ip', 'link', 'add', a, 'netns', self.ns[far], 'type', 'veth', 'peer', 'name', b,
            'netns', self.ns['lns'])
        for n, dev, addr in ((far, a, a4), ('lns', b, b4)):
            self.ip(n, 'addr', 'add', addr, 'dev', dev)
            self.ip(n, 'link', 'set', dev, 'up')
            # The receiver of redirected packets needs NAPI, and XDP needs finished checksums.
            self.sh(n, sys.executable, '-c', SWITCHES % (dev, dev))

    def sh(self, n, *argv, **kw):
        return run('nsenter', '--net=/run/netns/' + self.ns[n], *argv, **kw)

    @contextlib.contextmanager
    def inside(self, n):
        """Runs this thread in one of the namespaces."""
        fds = [os.open(path, os.O_RDONLY | os.O_CLOEXEC)
               for path in ('/proc/thread-self/ns/net', '/run/netns/' + self.ns[n])]
        try:
            assert LIBC.setns(fds[1], CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            yield
        finally:
            assert LIBC.setns(fds[0], CLONE_NEWNET) == 0
            for fd in fds:
                os.close(fd)

    def spawn(self, n, log, *argv):
        with open(os.path.join(self.dir, log), 'ab') as f:
            self.began[log] = f.tell()
            return subprocess.Popen(['nsenter', '--net=/run/netns/' + self.ns[n], *argv],
                                    stdout=f, stderr=f)

    def ip(self, n, *argv, **kw):
        return run('ip', '-n', self.ns[n], *argv, **kw)

    def log(self, name):
        """What the last program with this log has written, without earlier ones."""
        with open(os.path.join(self.dir, name), 'rb') as f:
            f.seek(self.began[name])
            return f.read().decode(errors='replace')

    def start_ze(self, *under, more=()):
        self.ze = self.spawn('lns', 'ze.log', *under, self.ze_bin, '-c', self.conf, '--socket', self.sock, *more)
        # The verifier takes time, and more on a busy machine.
        wait_for(lambda: self.ze.poll() is not None or self.show('dataplane', check=False), 60)
        assert self.ze.poll() is None, self.log('ze.log')

    def stop_ze(self, number=signal.SIGTERM):
        self.ze.send_signal(number)
        self.ze.wait(20)
        self.ze = None

    def start_lac(self, sessions=N, *more):
        self.lac = self.spawn('lac', 'lac.log', ZELOAD, '-s', str(sessions), '--tun', 'sub0',
                              '--hold', '600', *more, self.peer)
        # zeload allows a minute per session.
        wait_for(lambda: ' up, ' in self.log('lac.log') or self.lac.poll() is not None, 90)
        assert ' up, 0 failed' in self.log('lac.log') and self.lac.poll() is None, self.log('lac.log')
        addrs = sorted(s['assigned-addr'] for s in self.show('sessions'))
        self.ip('lac', 'link', 'set', 'sub0', 'up', 'mtu', '1450', 'txqueuelen', '10000')
        batch = os.path.join(self.dir, 'batch')
        with open(batch, 'w', encoding='utf-8') as f:
            f.writelines('addr add %s/32 dev sub0\n' % a for a in addrs + ['10.66.6.6'])
        self.ip('lac', '-batch', batch)
        for to in ('198.51.100.0/24', '10.100.0.1/32'):
            self.ip('lac', 'route', 'add', to, 'dev', 'sub0')
        return addrs

    def stop_lac(self):
        self.lac.terminate()
        self.lac.wait(20)
        self.lac = None

    def show(self, *what, check=True):
        out = run(self.zectl_bin, '--json', '--socket', self.sock, 'show', 'l2tp', *what, check=check)
        try:
            return json.loads(out)
        except ValueError:
            assert not check, out
            return None

    def zectl(self, *words):
        return run(self.zectl_bin, '--socket', self.sock, *words)

    def packets(self):
        return self.show('dataplane')['packets']

    def ping(self, n, *argv):
        """The number of replies to `count` pings."""
        out = self.sh(n, 'ping', '-n', '-i', '0.05', '-W', '1', *argv, check=False)
        return int(out.split(' received')[0].split()[-1]), out

    def traffic(self, to, sender, argv, expected):
        r = subprocess.Popen(['nsenter', '--net=/run/netns/' + self.ns[to], sys.executable,
                              os.path.join(HERE, 'traffic.py'), 'recv', '7007', str(10 * SLOW)],
                             stdout=subprocess.PIPE, encoding='utf-8')
        assert r.stdout.readline() == 'ready\n'
        self.sh(sender, sys.executable, os.path.join(HERE, 'traffic.py'), *argv)
        got = json.loads(r.stdout.readline())
        r.wait()
        assert got == {'packets': expected, 'distinct': expected, 'bad': 0, 'astray': 0}

    def close(self):
        for p in (self.lac, self.ze):
            if p and p.poll() is None:
                p.kill()
                p.wait()
        for n in self.ns.values():
            run('ip', 'netns', 'del', n, check=False)
        if os.path.isdir(PINS):
            for f in os.listdir(PINS):
                os.unlink(os.path.join(PINS, f))
            os.rmdir(PINS)


def edit(x, old, new):
    """Writes the configuration of a laboratory, for the next start or reload."""
    with open(x.conf, encoding='utf-8') as f:
        text = f.read()
    assert old in text
    with open(x.conf, 'w', encoding='utf-8') as f:
        f.write(text.replace(old, new))


@contextlib.contextmanager
def lab(tmp_path, **kw):
    x = Lab(str(tmp_path), **kw)
    try:
        yield x
    finally:
        x.close()
