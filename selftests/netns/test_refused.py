# SPDX-License-Identifier: BSD-2-Clause
"""Packets from the LAC's side that must not pass: spoofed, of another tunnel or session, replayed, truncated,
malformed. Each packet is written octet by octet into the LAC's link. None is delivered, and each is
counted by its reason: no other counter of the data plane changes.
"""
import json
import os
import socket
import struct

import pytest

from nslab import ZELOAD, lab, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

CORE = '198.51.100.2'
MARK = b'not for delivery'
GOOD = b'this one is good'
PASSED = ('up-forward', 'up-stack')
L, S, O = 0x4000, 0x0800, 0x0200


def inet_sum(data):
    total = sum(struct.unpack('!%dH' % ((len(data) + 1) // 2), data + b'\0' * (len(data) % 2)))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def ip4(src, dst, payload, proto=17, ttl=64):
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 0, 0, ttl, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack('!H', inet_sum(head)) + head[12:] + payload


def ip6(src, dst, payload, proto=17):
    pair = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
    return struct.pack('!IHBB', 6 << 28, len(payload), proto, 64) + pair + payload


def udp(sport, dport, payload):
    return struct.pack('!HHHH', sport, dport, 8 + len(payload), 0) + payload


def udp6(src, dst, sport, dport, payload):
    """The checksum is required: RFC 8200 8.1."""
    pair = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
    n = 8 + len(payload)
    check = inet_sum(pair + struct.pack('!II', n, 17) + udp(sport, dport, payload))
    return struct.pack('!HHHH', sport, dport, n, check or 0xffff) + payload


def inner4(src, payload=MARK, dst=CORE):
    return ip4(src, dst, udp(5353, 5353, payload))


def inner6(src, dst='2001:db8:5::2'):
    return ip6(src, dst, udp6(src, dst, 5353, 5353, MARK))


class Wire:
    """The LAC's link, on which octets are written, and all packets that leave the LNS."""

    def __init__(self, x, *options):
        self.x, self.six = x, ':' in x.peer
        # A subscriber without a TUN device sends PPP control packets only.
        x.lac = x.spawn('lac', 'lac.log', ZELOAD, '-s', '2', '--hold', '600', *options, x.peer)
        wait_for(lambda: ' up, 0 failed' in x.log('lac.log') or x.lac.poll() is not None, 30)
        rows = [x.show('session', str(s['local-sid'])) for s in x.show('sessions')]
        self.mine, self.other = sorted(rows, key=lambda s: s['remote-sid'])
        self.port = int(self.mine['peer'].rpartition(':')[2])
        self.here = '2001:db8:9::2' if self.six else '10.9.0.2'
        self.macs = [bytes.fromhex(json.loads(x.sh(n, 'ip', '-j', 'link', 'show', d))[0]['address'].replace(':', ''))
                     for n, d in (('lns', 'up0'), ('lac', 'l0'))]
        with x.inside('lac'):
            self.out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.out.bind(('l0', 0))
        x.sh('lns', 'ping', '-n', '-c', '1', '-W', '2', CORE)           # a neighbour that the programs can use
        # Where a packet would be seen: at the host in the core, and where the stack of the LNS would receive it.
        self.seen = []
        for n, dev in (('core', 'c0'), ('lns', 'ze0')):
            with x.inside(n):
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
                s.bind((dev, 3))
                s.setblocking(False)
                self.seen.append(s)

    def frame(self, datagram, **other):
        a = {'src': self.here, 'dst': self.x.peer, 'sport': self.port, 'dport': 1702 if self.six else 1701, **other}
        if self.six:
            pkt = ip6(a['src'], a['dst'], udp6(a['src'], a['dst'], a['sport'], a['dport'], datagram))
        else:
            pkt = ip4(a['src'], a['dst'], udp(a['sport'], a['dport'], datagram))
        return b''.join(self.macs) + struct.pack('!H', 0x86dd if self.six else 0x0800) + pkt

    def data(self, inner, flags=0, ns=None, tid=None, sid=None, ppp=None, offset=0):
        """A data message of the first session, with the header fields of the flags."""
        flags |= S if ns is not None else 0
        if ppp is None:
            ppp = b'\xff\x03\0' + (b'\x57' if inner[:1] >= b'\x60' else b'\x21')
        tail = struct.pack('!HH', self.mine['tunnel-local-tid'] if tid is None else tid,
                           self.mine['local-sid'] if sid is None else sid)
        tail += struct.pack('!HH', (ns or 0) & 0xffff, 0) if flags & S else b''
        tail += struct.pack('!H', offset) + b'\xa5' * min(offset, 16) if flags & O else b''
        tail += ppp + inner
        head = struct.pack('!H', flags | 2)
        return head + (struct.pack('!H', 4 + len(tail)) if flags & L else b'') + tail

    def delivered(self):
        got = []
        for s in self.seen:
            try:
                while True:
                    p, where = s.recvfrom(2048)
                    if where[2] != socket.PACKET_OUTGOING:       # an ICMP error quotes the packet
                        got.append(p)
            except BlockingIOError:
                pass
        return got

    def counters(self):
        n = self.x.packets()
        return {k: v for k, v in n.items() if k in PASSED or (k.startswith('drop-') and k != 'drop-nobody')}

    def assert_refused(self, frames, ns=None, **reasons):
        """The good packet that follows arrives, none of these does; and only the expected counters change."""
        self.delivered()
        before = self.counters()
        for f in frames:
            self.out.send(f)
        self.out.send(self.frame(self.data(inner4(self.mine['assigned-addr'], GOOD), ns=ns)))
        got = []

        def arrived():
            got.extend(self.delivered())
            return any(GOOD in p for p in got)
        wait_for(arrived)
        moved = {k: v - before[k] for k, v in self.counters().items() if v != before[k]}
        expected = {k.replace('_', '-'): v for k, v in reasons.items() if v}
        assert moved == {**expected, 'up-forward': 1}
        assert not [p for p in got if MARK in p] and sum(GOOD in p for p in got) == 1

    def assert_stack_refuses(self, frames, **counters):
        """Packets that are not whole: the programs pass them to the kernel, which has its own counters."""
        passed, before = self.x.packets()['pass'], self.snmp()
        self.assert_refused(frames)
        now = self.snmp()
        moved = {k: now[k] - before[k] for k in counters}
        assert moved == counters
        assert self.x.packets()['pass'] - passed >= len(frames)

    def snmp(self):
        ret = {}
        with self.x.inside('lns'):
            for name in ('snmp', 'netstat'):
                with open('/proc/thread-self/net/' + name, encoding='ascii') as f:
                    lines = [line.split() for line in f]
                for names, values in zip(lines[::2], lines[1::2]):
                    ret.update({names[0][:-1] + n: int(v) for n, v in zip(names[1:], values[1:])})
        return ret


def quiet(x):
    """No echo requests: each packet that is counted here was sent by the test."""
    with open(x.conf, encoding='utf-8') as f:
        text = f.read()
    assert 'lcp-echo { interval 1; failures 5 }' in text
    with open(x.conf, 'w', encoding='utf-8') as f:
        f.write(text.replace('lcp-echo { interval 1; failures 5 }', 'lcp-echo { interval 300; failures 5 }'))


@pytest.fixture(name='wire', params=['native', 'generic', 'outer IPv6'])
def wire_(request, tmp_path):
    six = request.param == 'outer IPv6'
    with lab(tmp_path, mode='native' if six else request.param, six=six) as x:
        quiet(x)
        x.start_ze()
        yield lambda *options: Wire(x, *(('--port', '1702') if six else ()), *options)


def link_local(session):
    return 'fe80::' + session['peer-interface-id']


def test_spoofed_inner_source(wire):
    """BCP 38: the addresses of another subscriber, of the LNS, and unassigned ones; the same for IPv6, where
    applicable."""
    w = wire()
    four = [w.other['assigned-addr'], w.mine['local-addr'], '10.66.6.6', '198.51.100.2', '127.0.0.1', '0.0.0.0',
            '255.255.255.255', '224.0.0.1']
    six = [link_local(w.other), 'fe80::' + w.mine['local-interface-id'], 'fe80::66', '2001:db8:66::6', '::1', '::',
           'ff02::1', '::ffff:' + w.mine['assigned-addr']]
    frames = [w.frame(w.data(inner4(a))) for a in four] + [w.frame(w.data(inner6(a))) for a in six]
    frames += [w.frame(w.data(inner6(a, link_local(w.mine).replace(w.mine['peer-interface-id'],
                                                                  w.mine['local-interface-id'])))) for a in six[2:4]]
    # The same on the other session: the session id identifies the subscriber.
    frames.append(w.frame(w.data(inner4(w.mine['assigned-addr']), sid=w.other['local-sid'])))
    w.assert_refused(frames, drop_spoofed=len(frames))


def test_wrong_outer_peer(wire):
    """L-188: right ids from another address or port at either end; unknown ids."""
    w = wire()
    x, good = w.x, w.data(inner4(w.mine['assigned-addr']))
    stranger = '2001:db8:9::3' if w.six else '10.9.0.3'
    w.assert_refused([w.frame(good, src=stranger), w.frame(good, sport=w.port ^ 1), w.frame(good, sport=1701),
                      w.frame(good, src=stranger, sport=w.port ^ 1)], drop_peer=4)
    tid, sid = w.mine['tunnel-local-tid'], w.mine['local-sid']
    ids = [(tid ^ 1, sid), (0, sid), (tid, 0), (1, w.mine['remote-sid']),
           (tid, next(n for n in range(1, 9) if n not in (sid, w.other['local-sid'])))]
    w.assert_refused([w.frame(w.data(inner4(w.mine['assigned-addr']), tid=t, sid=s)) for t, s in ids],
                     drop_unknown=len(ids))
    # A port without a socket is left to the stack, which answers.
    before = w.snmp()['UdpNoPorts'] if not w.six else None
    w.assert_refused([w.frame(good, dport=1799)])
    assert w.six or w.snmp()['UdpNoPorts'] - before == 1
    assert x.show('dataplane')['sessions'] == 2


def test_replayed(wire):
    """RFC 2661 5.4: a packet that is not ahead is late, whatever it contains; one without a number is refused."""
    w = wire('--sequence')
    good = inner4(w.mine['assigned-addr'])
    assert w.mine['sequencing-required']
    w.assert_refused([], ns=1000)
    copy = w.frame(w.data(good, ns=1000))
    late = [999, 500, 0, 65535, 1001 - 32768]        # 1001 is expected
    w.assert_refused([copy] * 5 + [w.frame(w.data(good, ns=n)) for n in late] + [w.frame(w.data(good))],
                     ns=1001, drop_sequence=11)
    # Across the wrap: numbers are compared modulo 65536.
    for n in (30000, 60000, 65535):
        w.assert_refused([], ns=n)
    w.assert_refused([w.frame(w.data(good, ns=65535))], ns=0, drop_sequence=1)
    w.assert_refused([w.frame(w.data(good, ns=n)) for n in (0, 65535, 60000, 32769)], ns=1, drop_sequence=4)


def header_length(flags):
    return 6 + (2 if flags & L else 0) + (4 if flags & S else 0) + (2 if flags & O else 0)


def ends_in(head, ppp, n):
    """How many prefixes of a message of n octets end in which header. FF alone is a protocol number, although an
    invalid one: ppp/frame.c reads it like this, too."""
    protocol = 1 if ppp[0] == 0xff else 0
    return {'drop_short': head + len(ppp) - protocol, 'drop_protocol': protocol, 'drop_inner': n - head - len(ppp)}


def test_truncated(wire):
    """Each proper prefix of a good data message, in a datagram of that length."""
    w = wire()
    four, six = inner4(w.mine['assigned-addr']), inner6(link_local(w.mine))
    for flags in (0, S, O, S | O):
        for inner, ppp in ((four, b'\xff\x03\0\x21'), (four, b'\x21'), (six, b'\xff\x03\0\x57'), (six, b'\0\x57')):
            whole = w.data(inner, flags, ns=7 if flags & S else None, ppp=ppp)
            w.assert_refused([w.frame(whole[:cut]) for cut in range(len(whole))],
                             **ends_in(header_length(flags), ppp, len(whole)))


def test_truncated_with_length(wire):
    """The same with a Length field: one that exceeds the datagram, and one that equals it."""
    w = wire()
    for flags in (L, L | S, L | O, L | S | O):
        whole = w.data(inner4(w.mine['assigned-addr']), flags, ns=7 if flags & S else None)
        n, head = len(whole), header_length(flags)
        behind = ends_in(0, b'\xff\x03\0\x21', n - head)
        w.assert_refused([w.frame(whole[:cut]) for cut in range(n)], drop_short=head, drop_length=n - head)
        told = [whole[:2] + struct.pack('!H', cut) + whole[4:] for cut in range(n)]
        w.assert_refused([w.frame(p[:cut]) for cut, p in enumerate(told)],
                         **{**behind, 'drop_short': head + behind['drop_short']})
        # The datagram is whole, but its Length field ends it early, or one octet too late.
        w.assert_refused([w.frame(p) for p in told], drop_length=head, **behind)
        w.assert_refused([w.frame(whole[:2] + struct.pack('!H', n + 1) + whole[4:])], drop_length=1)


def test_truncated_outside(wire):
    """A frame that ends before its packet does, and a UDP length beyond the frame: refused by the kernel itself."""
    w = wire()
    whole = w.frame(w.data(inner4(w.mine['assigned-addr'])))
    ip = 40 if w.six else 20
    cut = [whole[:n] for n in range(15, len(whole))]
    if w.six:
        w.assert_stack_refuses(cut)
        return
    w.assert_stack_refuses(cut, IpInHdrErrors=ip - 1, IpExtInTruncatedPkts=len(whole) - 14 - ip)
    long = whole[:14 + ip + 4] + struct.pack('!H', len(whole) - 14 - ip + 1) + whole[14 + ip + 6:]
    w.assert_stack_refuses([long], UdpInErrors=1)


def test_malformed(wire):
    """Another version, an offset beyond the end, invalid PPP protocols, inner headers with wrong lengths."""
    w = wire()
    good = inner4(w.mine['assigned-addr'])
    message = w.data(good)
    versions = [v for v in range(16) if v != 2]
    w.assert_refused([w.frame(bytes([message[0], v]) + message[2:]) for v in versions], drop_version=len(versions))
    w.assert_refused([w.frame(w.data(good, O, offset=n)) for n in (len(good) + 64, 0x3fff, 0x4000, 0xffff)],
                     drop_offset=4)
    w.assert_refused([w.frame(w.data(good, ppp=p)) for p in (b'\xff\x04\0\x21', b'\xff\0\x21', b'\xff\x03\0\x20')],
                     drop_protocol=3)
    inner = [bytes([v << 4 | 5]) + good[1:] for v in (0, 5, 6, 15)]          # its version
    inner += [bytes([0x40 | ihl]) + good[1:] for ihl in (0, 4)]              # the length of the header
    inner += [good[:2] + struct.pack('!H', n) + good[4:] for n in (0, 19, len(good) + 1, 0xffff)]
    w.assert_refused([w.frame(w.data(p, ppp=b'\xff\x03\0\x21')) for p in inner], drop_inner=len(inner))
    six = inner6(link_local(w.mine))
    bad6 = [six[:4] + struct.pack('!H', len(six) - 39) + six[6:], b'\x45' + six[1:]]
    w.assert_refused([w.frame(w.data(p, ppp=b'\xff\x03\0\x57')) for p in bad6], drop_inner=2)


def test_family_not_open(wire):
    """Packets of a family that was never negotiated are dropped."""
    w = wire('--no-ipv6')
    w.assert_refused([w.frame(w.data(inner6('fe80::1'))), w.frame(w.data(inner6('2001:db8::1')))], drop_closed=2)
