# SPDX-License-Identifier: BSD-2-Clause
"""A RADIUS server that misbehaves on demand, written from the RFCs without the code of aaa/.

For each request, behave(server, request) returns the datagrams of the answer, each a tuple: seconds from now, octets, and
the port that it is sent from (0: the server's own). Every request is kept in `requests`.
"""
import hashlib
import heapq
import hmac
import select
import socket
import struct
import threading
import time

ACCESS_REQUEST, ACCEPT, REJECT, CHALLENGE, STATUS_SERVER = 1, 2, 3, 11, 12
ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 4, 5
USER_NAME, MESSAGE_AUTHENTICATOR = 1, 80


def attribute(kind, value):
    return struct.pack('BB', kind, 2 + len(value)) + value


class Request:
    """RFC 2865 3."""

    def __init__(self, raw, source):
        self.at, self.raw, self.source = time.monotonic(), raw, source
        self.code, self.id, length = struct.unpack('!BBH', raw[:4])
        assert length == len(raw) >= 20, raw
        self.auth, self.attrs, at = raw[4:20], [], 20
        while at < length:
            assert raw[at + 1] >= 2 and at + raw[at + 1] <= length, raw
            self.attrs.append((raw[at], raw[at + 2:at + raw[at + 1]]))
            at += raw[at + 1]

    def first(self, kind):
        return next((v for k, v in self.attrs if k == kind), b'')

    @property
    def user(self):
        return self.first(USER_NAME).decode()

    def signed(self, secret):
        """Message-Authenticator is the first attribute, and right (RFC 3579 3.2)."""
        if self.attrs[:1] != [(MESSAGE_AUTHENTICATOR, self.raw[22:38])]:
            return False
        zeroed = self.raw[:22] + bytes(16) + self.raw[38:]
        return hmac.new(secret, zeroed, hashlib.md5).digest() == self.raw[22:38]


def reply(r, code, secret, attrs=b'', sign=True, **wrong):
    """An answer to r; `wrong` has what makes it wrong: id, length, signature, authenticator, cut."""
    if sign:
        attrs = attribute(MESSAGE_AUTHENTICATOR, bytes(16)) + attrs
    head = struct.pack('!BBH', code, wrong.get('id', r.id), wrong.get('length', 20 + len(attrs)))
    if sign:
        mac = hmac.new(secret, head + r.auth + attrs, hashlib.md5).digest()
        attrs = attribute(MESSAGE_AUTHENTICATOR, wrong.get('signature', mac)) + attrs[18:]
    auth = wrong.get('authenticator', hashlib.md5(head + r.auth + attrs + secret).digest())
    return (head + auth + attrs)[:wrong.get('cut', 1 << 16)]


class FakeRadius:
    def __init__(self, x, port, secret, behave):
        self.secret, self.behave, self.requests = secret, behave, []
        self.later, self.n, self.faults = [], 0, []
        with x.inside('core'):
            self.own, self.other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.own.bind(('198.51.100.2', port))
        self.other.bind(('198.51.100.2', 0))
        self.wake, self.end = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            wait = max(0, self.later[0][0] - time.monotonic()) if self.later else None
            ready = select.select([self.own, self.wake], [], [], wait)[0]
            if self.wake in ready:
                return
            if self.own in ready:
                self.take(*self.own.recvfrom(65536))
            while self.later and self.later[0][0] <= time.monotonic():
                _, _, octets, port, to = heapq.heappop(self.later)
                (self.other if port else self.own).sendto(octets, to)

    def take(self, raw, source):
        try:
            r = Request(raw, source)
            self.requests.append(r)
            if r.code != ACCOUNTING_REQUEST:
                assert r.signed(self.secret), raw
            if r.code == STATUS_SERVER:
                answer = [(0, reply(r, ACCEPT, self.secret), 0)]
            else:
                answer = self.behave(self, r)
        except Exception as e:     # pylint: disable=broad-except
            self.faults.append(repr(e))
            return
        for after, octets, port in answer:
            self.n += 1
            heapq.heappush(self.later, (r.at + after, self.n, octets, port, source))

    def of(self, user):
        return [r for r in self.requests if r.code == ACCESS_REQUEST and r.user == user]

    def stop(self):
        self.end.send(b'x')
        self.thread.join(10)
        for s in (self.own, self.other, self.wake, self.end):
            s.close()
        assert not self.faults, self.faults
