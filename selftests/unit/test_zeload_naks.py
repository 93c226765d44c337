# SPDX-License-Identifier: BSD-2-Clause
"""zeload with an LNS that is not ze: it requests what the LNS suggests by Nak, as any client does."""
import os
import socket
import struct
import subprocess

SCCRQ, SCCRP, SCCCN, ICRQ, ICRP, ICCN = 1, 2, 3, 10, 11, 12
ASSIGNED = {SCCRQ: 9, ICRQ: 14}
LCP, IPCP = 0xc021, 0x8021
REQ, ACK, NAK = 1, 2, 3
MRU, MAGIC = 1, 5


def avp(kind, value):
    return struct.pack('>HHH', 0x8000 | 6 + len(value), 0, kind) + value


def avps(body):
    while body:
        n = struct.unpack('>H', body[:2])[0] & 0x3ff
        yield struct.unpack('>H', body[4:6])[0], body[6:n]
        body = body[n:]


def options(packet):
    body, ret = packet[4:], {}
    while body:
        ret[body[0]] = body[2:body[1]]
        body = body[body[1]:]
    return ret


class Lns:
    """One tunnel and one call without loss; LCP and IPCP are answered by nak()."""

    def __init__(self, nak):
        self.s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.s.bind(('127.0.0.1', 0))
        self.s.settimeout(0.1)
        self.port, self.nak, self.asked = self.s.getsockname()[1], nak, []
        self.tid = self.sid = self.ns = self.nr = 0

    def control(self, to, kind, *more, sid=0):
        body = avp(0, struct.pack('>H', kind)) + b''.join(more) if kind else b''
        self.s.sendto(struct.pack('>HHHHHH', 0xc802, 12 + len(body), self.tid, sid, self.ns, self.nr) + body, to)
        self.ns += bool(kind)

    def on_control(self, b, to):
        self.nr += 1
        seen = dict(avps(b[12:]))
        kind = struct.unpack('>H', seen[0])[0]
        given = struct.unpack('>H', seen[ASSIGNED[kind]])[0] if kind in ASSIGNED else 0
        if kind == SCCRQ:
            self.tid = given
            self.control(to, SCCRP, avp(2, b'\1\0'), avp(3, b'\0\0\0\3'), avp(7, b'lns'), avp(9, b'\0\7'))
        elif kind == ICRQ:
            self.sid = given
            self.control(to, ICRP, avp(14, b'\0\x09'), sid=self.sid)
        else:
            self.control(to, 0)

    def ppp(self, to, proto, code, ident, body):
        self.s.sendto(struct.pack('>HHHHHBBH', 2, self.tid, self.sid, 0xff03, proto, code, ident, 4 + len(body)) + body, to)

    def on_ppp(self, b, to):
        proto, code, ident = struct.unpack('>HBB', b[8:12])
        if code != REQ or proto not in (LCP, IPCP):
            return
        self.asked += [options(b[10:])] if proto == LCP else []
        wanted = self.nak(options(b[10:]), len(self.asked)) if proto == LCP else b''
        self.ppp(to, proto, NAK if wanted else ACK, ident, wanted or b[14:])
        if not wanted:      # and our request, which has no options
            self.ppp(to, proto, REQ, 1, b'')

    def serve(self, until):
        while until.poll() is None:
            try:
                b, to = self.s.recvfrom(4096)
            except socket.timeout:
                continue
            flags = struct.unpack('>H', b[:2])[0]
            if flags & 0x8000 and len(b) > 12:
                self.on_control(b, to)
            elif not flags & 0x8000:
                self.on_ppp(b, to)


def run(nak):
    lns = Lns(nak)
    p = subprocess.Popen([os.environ['ZELOAD'], '--port', str(lns.port), '--no-ipv6', '--timeout', '15', '127.0.0.1'],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8')
    lns.serve(p)
    text = p.communicate(timeout=30)[0]
    assert p.returncode == 0 and '1 up, 0 failed' in text, text
    return lns.asked


def test_the_mru_of_a_nak_is_asked_for():
    """F-D6: an LNS that insists on an MRU of 1400 gets it with the second request."""
    asked = run(lambda o, n: b'' if o[MRU] == b'\x05\x78' else b'\1\4\x05\x78')
    assert [o[MRU] for o in asked] == [b'\x05\xaa', b'\x05\x78']


def test_an_lns_that_always_naks():
    """F-D6: each Nak is followed, even twenty times."""
    asked = run(lambda o, n: b'' if n > 20 else struct.pack('>BBH', 1, 4, 1400 - n))
    assert [struct.unpack('>H', o[MRU])[0] for o in asked] == [1450] + [1400 - n for n in range(1, 21)]


def test_a_nak_of_the_magic_number():
    """F-D6: another magic number is requested, and not the one that the peer suggested (RFC 1661 6.4)."""
    asked = run(lambda o, n: b'' if n > 1 else b'\5\6' + bytes(4))
    assert len({o[MAGIC] for o in asked}) == 2 and asked[1][MAGIC] != bytes(4)
