# SPDX-License-Identifier: BSD-2-Clause
"""Rates on the BPF plane: the configured rate passes, in both directions, whatever is offered."""
import contextlib
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from nslab import HERE, lab, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
CORE = '198.51.100.2'
TOLERANCE = 0.05


# ---------------------------------------------------------------- offering more than the rate

def ipv4(src, dst, payload, proto=17):
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 0, 0, 64, proto, 0, socket.inet_aton(src),
                       socket.inet_aton(dst))
    total = sum(struct.unpack('!10H', head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack('!H', ~(total + (total >> 16)) & 0xffff) + head[12:] + payload


def udp(sport, dport, payload):
    return struct.pack('!HHHH', sport, dport, 8 + len(payload), 0) + payload


class Message(ctypes.Structure):
    """struct mmsghdr."""
    _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_uint), ('iov', ctypes.c_void_p),
                ('iovlen', ctypes.c_size_t), ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t),
                ('flags', ctypes.c_int), ('len', ctypes.c_uint)]


def offer(dev, frame):
    """Sends the same frame as fast as possible, until killed."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.setsockopt(263, 20, 1)                            # SOL_PACKET, PACKET_QDISC_BYPASS
    s.bind((dev, 0))
    frame = bytes.fromhex(frame)
    text = ctypes.create_string_buffer(frame, len(frame))
    iov = (ctypes.c_size_t * 2)(ctypes.addressof(text), len(frame))
    many = (Message * 64)(*[Message(iov=ctypes.addressof(iov), iovlen=1)] * 64)
    libc, fd = ctypes.CDLL(None), s.fileno()
    while True:
        libc.sendmmsg(fd, many, 64, 0)                  # a full queue is enough load


@contextlib.contextmanager
def offered(x, ns, dev, frame):
    code = 'import sys; sys.path.insert(0, %r); import test_shape as t; t.offer(%r, %r)' % (
        HERE, dev, frame.hex())
    p = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns[ns], sys.executable, '-c', code])
    try:
        yield
    finally:
        p.kill()
        p.wait()


def mac(x, ns, dev):
    text = x.ip(ns, '-o', 'link', 'show', 'dev', dev)
    return bytes.fromhex(text.split('link/ether ')[1].split()[0].replace(':', ''))


def frame_up(x, s, size):
    """A data packet of the session, as its LAC sends it; size octets of IP."""
    inner = ipv4(s['assigned-addr'], CORE, udp(9, 9, bytes(size - 28)))
    addr, port = s['peer'].rsplit(':', 1)
    data = struct.pack('!HHHBBH', 2, s['tunnel-local-tid'], s['local-sid'], 0xff, 3, 0x21) + inner
    return mac(x, 'lns', 'up0') + mac(x, 'lac', 'l0') + b'\x08\0' + ipv4(addr, x.peer, udp(int(port), 1701, data))


def frame_down(x, s, size):
    return mac(x, 'lns', 'core0') + mac(x, 'core', 'c0') + b'\x08\0' + ipv4(
        CORE, s['assigned-addr'], udp(9, 9, bytes(size - 28)))


# ---------------------------------------------------------------- measuring

class Watch:
    """The counters of the plane for one direction, through the control socket, as a process for each reading would take
    too long."""

    def __init__(self, x, s, direction):
        self.sid, self.direction = str(s['local-sid']), direction
        self.s = socket.socket(socket.AF_UNIX)
        self.s.connect(x.sock)
        self.f = self.s.makefile('rw', encoding='utf-8')

    def ask(self, *words):
        self.f.write(json.dumps({'command': ['show', 'l2tp', *words]}) + '\n')
        self.f.flush()
        return json.loads(self.f.readline())['data']

    def drops(self):
        return self.ask('dataplane')['packets']['drop-%s-rate' % self.direction]

    def sample(self):
        """When, octets that passed, packets that were dropped."""
        began = time.monotonic()
        octets = self.ask('session', self.sid)['traffic'][self.direction + '-bytes']
        return (began + time.monotonic()) / 2, octets, self.drops()

    def close(self):
        self.f.close()
        self.s.close()


def busy_line(w, octets):
    """The rate in bit/s between two readings without any credit, with so many octets between them; and the longest time
    without a drop: a queue that saves no more than it can hold loses nothing of its rate."""
    def drop():
        before = w.drops()
        wait_for(lambda: w.drops() > before, 3)
        return w.sample()

    first = last = drop()
    gap, since = 0, first
    while last[1] - first[1] < octets or last[2] == since[2]:
        if last[2] > since[2]:
            since = last
        time.sleep(0.01)
        last = w.sample()
        gap = max(gap, last[0] - since[0])
        assert last[0] - first[0] < 15, 'nothing passes'
    return (last[1] - first[1]) * 8 / (last[0] - first[0]), gap


def measure(x, s, direction, rate, size):
    up = direction == 'up'
    frame = frame_up(x, s, size) if up else frame_down(x, s, size)
    w = Watch(x, s, direction)
    try:
        with offered(x, *(('lac', 'l0') if up else ('core', 'c0')), frame):
            return busy_line(w, max(rate / 8 * 1.2, 100 * size))
    except AssertionError:
        return 0, 1
    finally:
        w.close()


def configure(x, down, up):
    """The rates of later sessions; x.plain is the configuration without rates."""
    if not hasattr(x, 'plain'):
        with open(x.conf, encoding='utf-8') as f:
            x.plain = f.read()
    with open(x.conf, 'w', encoding='utf-8') as f:
        f.write(x.plain.replace('l2tp { dataplane', 'l2tp { shaper { default-rate %s; upload-rate %s } dataplane'
                                % (down, up)))
    if x.ze:
        x.ze.send_signal(signal.SIGHUP)
        want = {'qdisc-type': 'tbf', 'default-rate': down, 'upload-rate': up}
        wait_for(lambda: x.show('config').get('shaper') == want)


@contextlib.contextmanager
def lac(x):
    """One subscriber; returns its session as the daemon shows it."""
    x.start_lac(1)
    try:
        yield x.show('session', str(x.show('sessions')[0]['local-sid']))
    finally:
        x.stop_lac()
        wait_for(lambda: x.show('dataplane')['sessions'] == 0)
        x.ip('lac', 'link', 'del', 'sub0', check=False)


def within(x, s, direction, rate, size):
    """A line that is idle for long shows nothing about its rate: the measurement is repeated."""
    for _ in range(4):
        got, gap = measure(x, s, direction, rate, size)
        print('%-4s %8.3f of %8.3f Mbit/s: %+.2f %%, at most %d ms without a drop' % (
            direction, got / 1e6, rate / 1e6, (got / rate - 1) * 100, gap * 1000))
        if gap < 0.2:
            assert abs(got / rate - 1) <= TOLERANCE
            return
    assert rate == 1e9, 'this machine does not keep %d bit/s busy' % rate
    pytest.skip("this machine can't send more than 1 Gbit/s now")


def bps(text):
    return float(text[:-4]) * {'k': 1e3, 'm': 1e6, 'g': 1e9}[text[-4]]


def test_rates(tmp_path):
    """More is offered than may pass. Each rate is set by a reload and applies to the next session."""
    with lab(tmp_path) as x:
        x.start_ze()
        for down, up, size in (('256kbit', '10mbit', 256), ('10mbit', '256kbit', 256), ('100mbit', '100mbit', 1400)):
            configure(x, down, up)
            with lac(x) as s:
                assert (s['shaping'], s['download-rate'], s['upload-rate']) == ('applied', down, up)
                within(x, s, 'down', bps(down), size)
                within(x, s, 'up', bps(up), size)


@pytest.mark.parametrize('direction', ['up', 'down'])
def test_one_gigabit(tmp_path, direction):
    with lab(tmp_path) as x:
        configure(x, '1gbit', '1gbit')
        x.start_ze()
        with lac(x) as s:
            within(x, s, direction, 1e9, 1400)


def transfer(x, sender, receiver, to, octets, seconds=20):
    """TCP between two namespaces: bit/s of payload."""
    code = """import socket, sys, time
s = socket.create_server(('', 7008)); print('ready', flush=True)
c, n, began = s.accept()[0], 0, time.monotonic()
while d := c.recv(1 << 16): n += len(d)
print(n * 8 / (time.monotonic() - began))"""
    r = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns[receiver], sys.executable, '-c', code],
                         stdout=subprocess.PIPE, encoding='utf-8')
    try:
        assert r.stdout.readline() == 'ready\n'
        x.sh(sender, sys.executable, '-c', 'import socket; s = socket.create_connection((%r, 7008), 5); '
             's.sendall(bytes(%d)); s.close()' % (to, octets), timeout=seconds)
        return float(r.communicate(timeout=seconds)[0])
    finally:
        r.kill()
        r.wait()


def test_tcp(tmp_path):
    """A burst is large enough for TCP to use the rate of a policer."""
    with lab(tmp_path) as x:
        configure(x, '10mbit', '4mbit')
        x.start_ze()
        with lac(x) as s:
            for rate, args in ((4e6, ('lac', 'core', CORE)), (10e6, ('core', 'lac', s['assigned-addr']))):
                got = transfer(x, *args, int(rate / 8 * 2))
                print('TCP %.2f of %.2f Mbit/s' % (got / 1e6, rate / 1e6))
                assert 0.85 * rate <= got <= 1.2 * rate
