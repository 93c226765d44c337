# SPDX-License-Identifier: BSD-2-Clause
"""ze on real sockets of the loopback interface, without a kernel data plane, and a LAC of a few lines: what only
sockets show, such as the address and port of an answer, ICMP errors, and IPv6."""
import json
import os
import socket
import struct
import subprocess
import time

import pytest

SRC = os.environ['ZE_SRC']
SCCRQ, SCCRP, SCCCN, STOPCCN, HELLO, ICRQ, ICRP = 1, 2, 3, 4, 6, 10, 11
CONFIG = '''environment {
	log { level info; }
	l2tp { server four { ip 0.0.0.0; port %(port)d; } server six { ip ::1; port %(port)d; } }
}
l2tp { hello-interval 2; hello-retries 10; max-tunnels 16; drain-timeout 1; }
'''


def free_port():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.bind(('::', 0))
        return s.getsockname()[1]


@pytest.fixture
def ze(tmp_path):
    """A running daemon; .port is the port it listens on, .tunnels() what `show` has."""
    class Ze:
        port = free_port()

        def show(self, what):
            argv = [os.environ['ZECTL_BIN'], '--socket', str(tmp_path / 's'), '--json',
                    'show', 'l2tp', what]
            return json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)

        def tunnels(self):
            rows = self.show('tunnels')
            return [t for t in (rows if isinstance(rows, list) else rows['tunnels'])
                    if t['state'] == 'established']

    conf = tmp_path / 'ze.conf'
    conf.write_text(CONFIG % {'port': Ze.port})
    env = dict(os.environ, ZE_YANG_DIR=SRC + '/yang', NOTIFY_SOCKET=str(tmp_path / 'notify'))
    env['ze.l2tp.skip-kernel-probe'] = 'true'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, \
            open(tmp_path / 'log', 'wb') as log:
        notify.bind(str(tmp_path / 'notify'))
        notify.settimeout(20)
        p = subprocess.Popen([os.environ['ZE_BIN'], '-c', str(conf), '--socket',
                              str(tmp_path / 's')], env=env, stderr=log)
        try:
            assert b'READY=1' in notify.recv(4096)
            yield Ze()
        finally:
            p.terminate()
            try:
                rc = p.wait(15)
            except subprocess.TimeoutExpired:
                p.kill()
                rc = 'killed'
    text = (tmp_path / 'log').read_text(errors='replace')
    assert rc == 0 and 'Sanitizer' not in text and 'runtime error' not in text, text[-3000:]


def avp(kind, value):
    return struct.pack('>HHH', 0x8000 | 6 + len(value), 0, kind) + value


class Lac:
    """One tunnel, built by hand: without retransmission, as the loopback loses nothing."""

    def __init__(self, address, port, tid=77):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.s = socket.socket(family, socket.SOCK_DGRAM)
        self.s.settimeout(5)
        self.to, self.tid = (address, port), tid
        self.peer = self.ns = self.nr = 0

    def send(self, kind, *avps, sid=0):
        body = avp(0, struct.pack('>H', kind)) + b''.join(avps) if kind else b''
        self.s.sendto(struct.pack('>HHHHHH', 0xc802, 12 + len(body), self.peer, sid, self.ns,
                                  self.nr) + body, self.to)
        self.ns += bool(kind)

    def receive(self):
        """(type, payload, from) of the next message that is not a ZLB; it is acknowledged."""
        while True:
            b, source = self.s.recvfrom(4096)
            flags, length, tid, _, ns, _ = struct.unpack('>HHHHHH', b[:12])
            assert flags == 0xc802 and length == len(b) and tid == self.tid
            if len(b) > 12:
                assert ns == self.nr
                self.nr += 1
                return struct.unpack('>H', b[18:20])[0], b[12:], source[:2]

    def connect(self):
        self.send(SCCRQ, avp(2, b'\1\0'), avp(3, b'\0\0\0\3'), avp(7, b'lac'),
                  avp(9, struct.pack('>H', self.tid)))
        kind, payload, source = self.receive()
        assert kind == SCCRP
        at = payload.index(struct.pack('>HHH', 0x8008, 0, 9)) + 6
        self.peer = struct.unpack('>H', payload[at:at + 2])[0]
        self.send(SCCCN)
        return source


def wait_for(what, secs):
    end = time.monotonic() + secs
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


# L-200: the answer comes from the address that was used. L-201: it is sent to the port of the request.
@pytest.mark.parametrize('address', ['127.0.0.1', '127.0.0.2', '127.1.2.3'])
def test_answer_comes_from_the_address_asked(ze, address):
    lac = Lac(address, ze.port)
    assert lac.connect() == (address, ze.port)
    wait_for(ze.tunnels, 5)
    assert ze.tunnels()[0]['peer'] == '127.0.0.1:%d' % lac.s.getsockname()[1]


def test_over_ipv6(ze):
    """L-203: a tunnel and a call over IPv6; its data is not tested here."""
    lac = Lac('::1', ze.port)
    assert lac.connect() == ('::1', ze.port)
    lac.send(ICRQ, avp(14, b'\0\5'), avp(15, b'\0\0\0\1'))
    kind, _, _ = lac.receive()
    assert kind == ICRP
    wait_for(ze.tunnels, 5)


def test_datagrams_that_are_cut_off_are_counted(ze):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for n in (4096, 4097, 9000):
            s.sendto(b'\xc8\x02' + bytes(n - 2), ('127.0.0.1', ze.port))
    wait_for(lambda: ze.show('statistics')['datagrams-truncated'] == 2, 5)
    assert ze.show('statistics')['datagrams-received'] == 1


def icmp_errors():
    """The number of ICMP port unreachables that this host has sent."""
    with open('/proc/net/snmp', encoding='ascii') as f:
        names, values = [line.split() for line in f if line.startswith('Icmp:')]
    return int(values[names.index('OutDestUnreachs')])


def test_port_unreachable_does_not_end_a_tunnel(ze):
    """L-119: HELLOs to a LAC whose socket was closed are answered with ICMP; the tunnel stays until its own timers end
    it, and another LAC is not disturbed."""
    lac, other = Lac('127.0.0.1', ze.port), Lac('127.0.0.1', ze.port, tid=78)
    lac.connect()
    other.connect()
    wait_for(lambda: len(ze.tunnels()) == 2, 5)
    before = icmp_errors()
    lac.s.close()
    wait_for(lambda: icmp_errors() >= before + 2, 10)    # a HELLO and its retransmission
    assert len(ze.tunnels()) == 2
    assert other.receive()[0] == HELLO
