# SPDX-License-Identifier: BSD-2-Clause
"""A LAC and a PPP client that do what a test says, packet by packet. By themselves they only acknowledge control
messages and answer echoes. What arrives is kept until the test asks for it.

    lac = Lac(laboratory, address)          an established tunnel
    c = lac.call('alice', 'hunter2')        LCP and PAP have succeeded; IPCP and IPv6CP have not begun
    c.ask(IPCP, options); c.expect(IPCP, ACK); c.send(...)
"""
import random
import socket
import struct
import time

LCP, PAP, IPCP, IPV6CP, IP4, IP6 = 0xc021, 0xc023, 0x8021, 0x8057, 0x0021, 0x0057
REQ, ACK, NAK, REJ, TERM_REQ, TERM_ACK, CODE_REJ, PROTO_REJ, ECHO_REQ, ECHO_REPLY = range(1, 11)
SCCRQ, SCCRP, SCCCN, STOPCCN, ICRQ, ICRP, ICCN, CDN = 1, 2, 3, 4, 10, 11, 12, 14


def avp(kind, value, flags=0x8000):
    return struct.pack('!HHH', flags | 6 + len(value), 0, kind) + value


def inet_sum(data):
    total = sum(struct.unpack('!%dH' % ((len(data) + 1) // 2), data + b'\0' * (len(data) % 2)))
    total = (total & 0xffff) + (total >> 16)
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def udp4(src, dst, port, payload):
    body = struct.pack('!HHHH', port, port, 8 + len(payload), 0) + payload
    head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0, socket.inet_aton(src),
                       socket.inet_aton(dst))
    return head[:10] + struct.pack('!H', inet_sum(head)) + head[12:] + body


def echo6(src, dst, payload):
    pair = socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst)
    body = struct.pack('!BBHHH', 128, 0, 0, 1, 1) + payload
    check = inet_sum(pair + struct.pack('!II', len(body), 58) + body)
    body = body[:2] + struct.pack('!H', check) + body[4:]
    return struct.pack('!IHBB', 6 << 28, len(body), 58, 255) + pair + body


def link_local(ifid):
    return socket.inet_ntop(socket.AF_INET6, b'\xfe\x80' + bytes(6) + ifid)


class Lac:
    def __init__(self, lab, to, ns='lac'):
        self.slow, self.calls, self.ns, self.nr = lab.slow, {}, 0, 0
        self.tid, self.peer_tid = random.randrange(1, 65536), 0
        with lab.inside(ns):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect((to, 1701))
        self.messages = []
        self.control(0, SCCRQ, avp(2, b'\1\0'), avp(3, bytes(4)), avp(7, b'odd'), avp(9, struct.pack('!H', self.tid)))
        self.peer_tid = struct.unpack('!H', self.message(SCCRP)[9])[0]
        self.control(0, SCCCN)

    def control(self, sid, kind, *avps):
        body = avp(0, struct.pack('!H', kind)) + b''.join(avps)
        self.sock.send(struct.pack('!HHHHHH', 0xc802, 12 + len(body), self.peer_tid, sid, self.ns, self.nr) + body)
        self.ns += 1

    def pump(self, until):
        """Receives one datagram; returns False when none came."""
        self.sock.settimeout(max(0.001, until - time.monotonic()))
        try:
            data = self.sock.recv(4096)
        except TimeoutError:
            return False
        flags = struct.unpack('!H', data[:2])[0]
        if not flags & 0x8000:
            at = 2 + (2 if flags & 0x4000 else 0)
            sid = struct.unpack('!H', data[at + 2:at + 4])[0]
            if sid in self.calls:
                self.calls[sid].input(data[at + 4 + (4 if flags & 0x0800 else 0):])
            return True
        sid, ns = struct.unpack('!HH', data[6:10])
        if len(data) > 12 and ns == self.nr:
            self.nr = self.nr + 1 & 0xffff
            avps, at = {}, 12
            while at < len(data):
                n, _, kind = struct.unpack('!HHH', data[at:at + 6])
                avps[kind] = data[at + 6:at + (n & 0x3ff)]
                at += n & 0x3ff
            self.messages.append((struct.unpack('!H', avps[0])[0], sid, avps))
        if len(data) > 12:
            self.sock.send(struct.pack('!HHHHHH', 0xc802, 12, self.peer_tid, 0, self.ns, self.nr))
        return True

    def wait(self, what, why):
        end = time.monotonic() + 10 * self.slow
        while (got := what()) is None:
            assert self.pump(min(end, time.monotonic() + 1)) or time.monotonic() < end, f'did not come: {why}'
        return got

    def message(self, kind, sid=None):
        def found():
            for i, (k, s, avps) in enumerate(self.messages):
                if k == kind and sid in (None, s):
                    del self.messages[i]
                    return avps
            return None
        return self.wait(found, f'message {kind}')

    def call(self, user, password):
        return Call(self, user, password)

    def close(self):
        """Sends StopCCN: the tunnel and all its calls end."""
        self.control(0, STOPCCN, avp(1, b'\0\1'), avp(9, struct.pack('!H', self.tid)))
        self.sock.close()


class Call:
    def __init__(self, lac, user, password):
        self.lac, self.sid, self.peer_sid, self.frames, self.id = lac, len(lac.calls) + 1, 0, [], 0
        self.magic = random.randbytes(4)
        self.asked, self.agreed = {}, {}        # by protocol: our newest request, and ze's request that we acknowledged
        lac.calls[self.sid] = self
        lac.control(0, ICRQ, avp(14, struct.pack('!H', self.sid)), avp(15, bytes(4)))
        self.peer_sid = struct.unpack('!H', lac.message(ICRP, self.sid)[14])[0]
        lac.control(self.peer_sid, ICCN, avp(24, bytes(4)), avp(19, bytes(4)))
        self.ask(LCP, b'\1\4' + struct.pack('!H', 1450) + b'\5\6' + self.magic)
        self.agree(LCP)
        self.expect(LCP, ACK)
        self.send(PAP, 1, bytes([len(user)]) + user.encode() + bytes([len(password)]) + password.encode())
        self.expect(PAP, 2)

    def input(self, data):
        assert data[:2] == b'\xff\x03', data.hex()
        proto = struct.unpack('!H', data[2:4])[0]
        if proto in (IP4, IP6):
            self.frames.append((proto, 0, 0, data[4:]))
            return
        code, ident, length = struct.unpack('!BBH', data[4:8])
        if (proto, code) == (LCP, ECHO_REQ):
            self.send(LCP, ECHO_REPLY, self.magic + data[12:4 + length], ident)
        else:
            self.frames.append((proto, code, ident, data[8:4 + length]))

    def raw(self, proto, data):
        self.lac.sock.send(struct.pack('!HHH', 2, self.lac.peer_tid, self.peer_sid) + b'\xff\x03' +
                           struct.pack('!H', proto) + data)

    def send(self, proto, code, data=b'', ident=None):
        if ident is None:
            self.id = ident = self.id + 1 & 0xff
        self.raw(proto, struct.pack('!BBH', code, ident, 4 + len(data)) + data)

    def ask(self, proto, options):
        self.send(proto, REQ, options)
        self.asked[proto] = (options, self.id)

    def expect(self, proto, code=0):
        """Returns the data of the next packet of this kind, and with code REQ its identifier, too. A request that is
        not answered within three seconds is sent again: packets that arrive while the kernel creates a session may be
        lost."""
        again = time.monotonic() + 3

        def found():
            nonlocal again
            for i, (p, c, ident, data) in enumerate(self.frames):
                if (p, c) == (proto, code):
                    del self.frames[i]
                    return (ident, data) if code == REQ else data
            if code in (ACK, NAK) and proto in self.asked and time.monotonic() >= again:
                again = time.monotonic() + 3
                self.send(proto, REQ, *self.asked[proto])
            return None
        return self.lac.wait(found, f'{proto:04x} code {code}; there is {self.frames}')

    def agree(self, proto):
        """Acknowledges the newest request of ze."""
        ident, data = self.expect(proto, REQ)
        while any(f[:2] == (proto, REQ) for f in self.frames):
            ident, data = self.expect(proto, REQ)
        self.send(proto, ACK, data, ident)
        self.agreed[proto] = data
        return data

    def agree_again(self):
        """Our Ack may have been lost as well: then ze repeats its request."""
        for proto, data in self.agreed.items():
            for f in [f for f in self.frames if f[:2] == (proto, REQ) and f[3] == data]:
                self.frames.remove(f)
                self.send(proto, ACK, data, f[2])

    def fence(self):
        """Afterwards ze has processed what was sent before, and everything that ze had sent has arrived. Control frames
        of a session are rate limited: an echo without an answer is sent again."""
        mark = random.randbytes(8)
        end = time.monotonic() + 10 * self.lac.slow
        while (LCP, ECHO_REPLY, mark) not in [(p, c, d[4:]) for p, c, _, d in self.frames]:
            assert time.monotonic() < end, 'no answer to echoes'
            self.send(LCP, ECHO_REQ, self.magic + mark)
            again = time.monotonic() + 0.3 * self.lac.slow
            while self.lac.pump(again) and (LCP, ECHO_REPLY) not in [f[:2] for f in self.frames]:
                pass
        self.frames = [f for f in self.frames if f[:2] != (LCP, ECHO_REPLY)]

    def packets(self, proto):
        """Returns the IP packets that have arrived."""
        got = [f[3] for f in self.frames if f[0] == proto]
        self.frames = [f for f in self.frames if f[0] != proto]
        return got

    def hang_up(self):
        self.lac.control(self.peer_sid, CDN, avp(1, b'\0\3'), avp(14, struct.pack('!H', self.sid)))
