# SPDX-License-Identifier: BSD-2-Clause
"""What a subscriber can and cannot do on any data plane: the same cases run on the BPF plane of this machine
(netns/test_subscriber.py) and on both planes in the guest (vmtest/test_subscriber.py). No packet of a
subscriber may pass on one plane and fail on the other.

A case is a function of a Line: one subscriber in namespace `lac`, whose packets use the TUN device sub0
of zeload; ze in `lns`; a host in `core`. The laboratory provides

    slow                    factor by which everything may be slower than on real hardware
    devs, mtu_devs          names of the links: {'uplink', 'core'}; [(namespace, device)] of the uplink
    lns, zeload             ze's address, the program
    start(config), stop()   starts ze with this configuration; ends it, by SIGTERM if it runs
    show(*words)            the daemon's JSON
    clear(*words)
    zeload_run(*options)    a process with text(), poll(), terminate(), kill(), wait(seconds)
    run(ns, *argv, check)   its output
    inside(ns)              this thread in a namespace, as a context
    slow_device(session)    the device of the subscriber in the stack of lns: ze0 or pppN
    spoofed()               packets refused for their source so far, both families
    left()                  objects that must not exist without a subscriber, as text

Rates are tested by netns/test_shape.py and vmtest/test_shape.py, as each plane has its own means for them.
"""
import contextlib
import hashlib
import json
import re
import socket
import struct
import threading
import time

import oddpeer

GATEWAY, CORE = '10.100.0.1', '198.51.100.2'
CORE6, CORE6_LNS = '2001:db8:5::2', '2001:db8:5::1'
STRANGER, STRANGER6 = '10.66.6.6', '2001:db8:66::6'
MTU = 1450          # of the subscriber: the MRU that zeload requests
HEADERS = 28        # of an IPv4 ping
CONFIG = '''environment { l2tp { server main { ip %(lns)s } } }
l2tp {
	ncp { ipv4 %(ipv4)s }
	dataplane %(plane)s; auth-method %(auth)s; hello-interval %(hello)d; hello-retries 2
	bpf { uplink [ %(uplink)s ]; core [ %(core)s ]; xdp-mode %(mode)s }
	auth { local { user alice { password hunter2; session-limit 0 } } }
	pool { ipv4 { gateway 10.100.0.1; start 10.100.0.2; end 10.100.0.254 } }
}
'''


class Line:
    """A subscriber with a session, in a laboratory."""

    def __init__(self, lab):
        self.lab, self.lac, self.session, self.addr, self.running = lab, None, None, None, None

    def wait_for(self, what, seconds=10, why=''):
        end = time.monotonic() + seconds * self.lab.slow
        while not (got := what()):
            assert time.monotonic() < end, f'not within {seconds * self.lab.slow:.0f} s: {why}; ' \
                f'zeload: {self.lac and self.lac.text()}'
            time.sleep(0.05)
        return got

    def start(self, auth='chap-md5', hello=60, ipv4='required'):
        """ze with this configuration: the running one, if it has this configuration."""
        config = CONFIG % {'lns': self.lab.lns, 'plane': self.lab.plane, 'mode': self.lab.mode, 'auth': auth,
                           'hello': hello, 'ipv4': ipv4, **self.lab.devs}
        if self.running == config:
            return
        self.stop()
        self.lab.start(config)
        self.running = config
        assert self.lab.show('dataplane')['dataplane'] == self.lab.plane

    def stop(self):
        if self.running:
            self.running = None
            self.lab.stop()

    def reset(self):
        """After a failure: its remains do not disturb the next case."""
        if self.lac:
            self.lac.kill()
            self.lac = None
        with contextlib.suppress(AssertionError):
            self.stop()

    def login(self, *options):
        """Configures addresses and routes of the subscriber, and two addresses that are not its own."""
        self.lac = self.lab.zeload_run('-v', '--tun', 'sub0', '--hold', '100000', *options, self.lab.lns)
        self.wait_for(lambda: ' up, ' in self.lac.text() or self.lac.poll() is not None, 20, 'a login')
        assert '1 up, 0 failed' in self.lac.text(), self.lac.text()
        s = self.lab.show('sessions')
        assert len(s) == 1 and s[0]['state'] == 'established', s
        self.session = self.lab.show('session', str(s[0]['local-sid']))
        self.addr = self.session['assigned-addr']
        self.ours6, self.theirs6 = ('fe80::' + self.session[k] for k in ('local-interface-id', 'peer-interface-id'))
        batch = [f'addr add {a} dev sub0 nodad' for a in (self.theirs6 + '/64', 'fe80::66/64', STRANGER6 + '/128')]
        batch += [f'addr add {a}/32 dev sub0' for a in (self.addr, STRANGER)]
        batch += ['link set sub0 up mtu %d' % MTU, f'route add {CORE} dev sub0 src {self.addr}',
                  f'route add {GATEWAY} dev sub0 src {self.addr}', f'-6 route add {CORE6} dev sub0']
        for words in batch:
            self.lab.run('lac', 'ip', *words.split())

    def hang_up(self):
        self.lac.terminate()
        code = self.lac.wait(20)
        text = self.lac.text()
        self.lac = None
        self.assert_gone()
        return code, text

    def assert_gone(self):
        self.wait_for(lambda: not self.lab.show('sessions'), 15, 'end of the session')
        left = ['']

        def quiet():
            left[0] = self.lab.left()
            return not left[0]
        try:
            self.wait_for(quiet, 15)
        except AssertionError:
            raise AssertionError('left behind: ' + left[0]) from None

    def ping(self, ns, to, *options, count=3, size=56):
        """The number of replies, and the output of ping."""
        out = self.lab.run(ns, 'ping', '-n', '-c', str(count), '-i', '0.2', '-W', str(int(2 * self.lab.slow)), '-s',
                           str(size), *options, to, check=False)
        got = re.search(r'(\d+) received', out)
        return int(got.group(1)) if got else 0, out

    def assert_ping(self, ns, to, *options, count=3, size=56):
        got, out = self.ping(ns, to, *options, count=count, size=size)
        assert got == count, out

    def up(self, to=CORE, *options, **kw):
        self.assert_ping('lac', to, '-I', self.addr, *options, **kw)

    def down(self, *options, **kw):
        self.assert_ping('core', self.addr, *options, **kw)

    def tcp(self, sender, receiver, to, source=''):
        """256 KiB arrive unchanged, and the answer comes back."""
        data = hashlib.shake_128(to.encode()).digest(1 << 18)
        with self.lab.inside(receiver):
            server = socket.create_server(('', 0))
        server.settimeout(20 * self.lab.slow)
        got = []

        def serve():
            c, _ = server.accept()
            c.settimeout(20 * self.lab.slow)
            with c, c.makefile('rb') as f:
                got.append(f.read())
                c.sendall(b'done')
        t = threading.Thread(target=serve)
        t.start()
        try:
            with self.lab.inside(sender):
                c = socket.create_connection((to, server.getsockname()[1]), 20 * self.lab.slow, (source, 0))
            with c:
                c.sendall(data)
                c.shutdown(socket.SHUT_WR)
                assert c.recv(4) == b'done'
        finally:
            t.join()
            server.close()
        assert got == [data]

    def counter(self, ns, name):
        """A counter of /proc/net/snmp or snmp6: Icmp6InEchos is in the second, InEchos in the first."""
        with self.lab.inside(ns):
            with open('/proc/thread-self/net/snmp6', encoding='ascii') as f:
                rows = dict(line.split() for line in f)
            with open('/proc/thread-self/net/snmp', encoding='ascii') as f:
                lines = f.read().splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            rows.update(zip(names.split(), values.split()))
        return int(rows[name])


# ---------------------------------------------------------------- with one subscriber for all cases

def case_ping(x):
    """Pings: to the gateway, to the host in the core, and from that host to the subscriber."""
    x.up(GATEWAY)
    x.up(CORE)
    x.down()


def case_tcp(x):
    x.tcp('lac', 'core', CORE, x.addr)
    x.tcp('core', 'lac', x.addr)


def case_link_local(x):
    """IPv6 in both directions."""
    x.assert_ping('lac', x.ours6 + '%sub0', '-I', x.theirs6 + '%sub0')
    x.assert_ping('lns', f'{x.theirs6}%{x.lab.slow_device(x.session)}')


def case_full_size(x):
    """Packets up to the subscriber's MRU pass unfragmented, in both directions."""
    for dont in ('do', 'dont'):
        x.up(CORE, '-M', dont, size=MTU - HEADERS)
        x.down('-M', dont, size=MTU - HEADERS)


def case_link_local_size(x):
    """F-C8: a packet of the kernel's stack to a link-local address is no larger than the subscriber's MRU, as with
    IPv4: the sender learns the size, or sends fragments."""
    to, headers = f'{x.theirs6}%{x.lab.slow_device(x.session)}', 48
    x.assert_ping('lns', to, '-M', 'do', size=MTU - headers)
    got, out = x.ping('lns', to, '-M', 'do', size=MTU - headers + 1)
    assert got == 0 and re.search(r'mtu ?[=:] ?%d\b' % MTU, out), out
    x.assert_ping('lns', to, '-M', 'dont', size=3000)
    got, out = x.ping('lns', x.addr, '-M', 'do', size=MTU - HEADERS + 1)
    assert got == 0 and re.search(r'mtu ?[=:] ?%d\b' % MTU, out), out
    x.assert_ping('lns', x.addr, '-M', 'do', size=MTU - HEADERS)


@contextlib.contextmanager
def mtu(x, devices, value):
    def put(n):
        for ns, dev in devices:
            x.lab.run(ns, 'ip', 'link', 'set', 'dev', dev, 'mtu', str(n))
    put(value)
    try:
        yield
    finally:
        put(1500)


def case_ethernet_size_up(x):
    """1500 octets from the subscriber: larger than what is sent to it, but not refused; the datagrams arrive in
    fragments."""
    with mtu(x, [('lac', 'sub0')], 1500):
        for dont in ('do', 'dont'):
            seen = x.counter('core', 'InEchos')
            out = x.ping('lac', CORE, '-I', x.addr, '-M', dont, size=1500 - HEADERS)[1]
            assert x.counter('core', 'InEchos') - seen == 3, out
    x.lab.run('lac', 'ip', 'link', 'set', 'sub0', 'mtu', str(MTU))


def case_ethernet_size_down(x):
    """1500 octets to the subscriber: with DF the sender learns the size, without it the packet is sent in two
    fragments."""
    got, out = x.ping('core', x.addr, '-M', 'do', size=1500 - HEADERS)
    assert got == 0 and re.search(r'[Ff]rag(mentation)? needed|message too long', out), out
    assert re.search(r'mtu ?= ?%d\b' % MTU, out), out
    x.lab.run('core', 'ip', 'route', 'flush', 'cache')
    x.down('-M', 'dont', size=1500 - HEADERS)


def case_inner_fragments(x):
    """Packets that are fragments already, or are fragmented on the path."""
    x.up(CORE, size=3000)
    x.down('-M', 'dont', size=3000)


@contextlib.contextmanager
def narrow(x):
    """The path between LAC and LNS is narrower than large packets. Until the daemon has learnt this, they are lost."""
    with mtu(x, x.lab.mtu_devs, 1000):
        time.sleep(0.1 * x.lab.slow)
        yield


def case_outer_fragments(x):
    with narrow(x):
        x.up(CORE, size=1400)
        x.down(size=1400)
        x.up(GATEWAY, size=1400)
        x.tcp('core', 'lac', x.addr)
        assert_refused(x, '-I', STRANGER, CORE, size=1400)


def assert_refused(x, *ping, ns='core', counter='InEchos', size=56):
    """Three pings without a receiver, each counted as spoofed; the subscriber's own pings pass after them."""
    seen, refused = x.counter(ns, counter), x.lab.spoofed()
    got, out = x.ping('lac', ping[-1], *ping[:-1], '-W', '1', size=size)
    assert got == 0, out
    x.up(CORE)
    assert x.counter(ns, counter) - seen == (3 if counter == 'InEchos' else 0), out
    assert x.lab.spoofed() - refused == 3, out


def case_spoofed_ipv4(x):
    assert_refused(x, '-I', STRANGER, CORE)


def case_spoofed_link_local(x):
    """A subscriber with a device of its own cannot spoof either."""
    assert_refused(x, '-I', 'fe80::66%sub0', x.ours6 + '%sub0', ns='lns', counter='Icmp6InEchos')


def case_spoofed_ipv6(x):
    """A global address that was not assigned, as the source of a packet to a host to which the LNS forwards IPv6."""
    assert_refused(x, '-I', STRANGER6, CORE6, counter='Icmp6InEchos')


def case_hops_end(x):
    """The LNS sends Time Exceeded in both directions."""
    _, out = x.ping('lac', CORE, '-I', x.addr, '-t', '1', count=1)
    assert f'From {GATEWAY}' in out and 'Time to live exceeded' in out, out
    _, out = x.ping('core', x.addr, '-t', '1', count=1)
    assert 'From 198.51.100.1' in out and 'Time to live exceeded' in out, out
    x.up(CORE, '-t', '2')
    x.down('-t', '2')


def case_no_way(x):
    """A destination without a route is answered as well."""
    x.lab.run('lac', 'ip', 'route', 'add', '203.0.113.0/24', 'dev', 'sub0')
    _, out = x.ping('lac', '203.0.113.1', '-I', x.addr, count=1)
    assert f'From {GATEWAY}' in out and 'Net Unreachable' in out, out


ONLINE = [f for name, f in list(globals().items()) if name.startswith('case_')]


# ---------------------------------------------------------------- with a subscriber for each case

def login_pap(x):
    x.start(auth='pap')
    x.login('-a', 'pap')
    case_ping(x)
    x.hang_up()


def login_ms_chap_v2(x):
    x.start(auth='ms-chap-v2')
    x.login('-a', 'ms-chap-v2')
    case_ping(x)
    x.hang_up()


def login_wrong(x):
    """Refused, with nothing left, and the next one can log in."""
    x.start()
    z = x.lab.zeload_run('-p', 'wrong', x.lab.lns)
    assert z.wait(20) == 1 and 'CHAP failure' in z.text(), z.text()
    x.assert_gone()


def teardown_by_lac(x):
    """StopCCN; the same address can be assigned again."""
    x.start()
    for _ in range(2):
        x.login()
        x.up(CORE)
        code, text = x.hang_up()
        assert code == 0, text


def teardown_by_lns(x):
    """The operator clears the session: the subscriber receives a Terminate-Request."""
    x.start()
    x.login()
    x.up(CORE)
    x.lab.clear('session', 'teardown', str(x.session['local-sid']))
    x.wait_for(lambda: 'ended: ' in x.lac.text(), 10, 'the subscriber to be told')
    x.assert_gone()
    x.hang_up()


def teardown_by_silence(x):
    """The LAC is killed: its session ends once its HELLOs are unanswered, and the tunnel lingers."""
    x.start(hello=5)
    x.login('--abandon')
    x.lac.terminate()
    x.lac.wait(20)
    x.lac = None
    x.wait_for(lambda: not x.lab.show('sessions'), 60, 'the dead peer to be noticed')
    x.assert_gone()


def sequencing(x):
    """Sequencing Required: packets are numbered in both directions, PPP control and IP in one sequence."""
    x.start()
    x.login('--sequence')
    assert x.session['sequencing-required'] is True
    case_ping(x)
    case_tcp(x)
    case_link_local(x)
    with narrow(x):
        x.down(size=1400)
        x.up(CORE, size=1400)
    code, text = x.hang_up()
    assert 'sequence: 0 data packets without number, 0 late or twice' in text and code == 0, text


class Odd:
    """A subscriber built by hand: logged in, with its network protocols still closed."""

    def __init__(self, x, neighbour=None, last=7):
        self.x = x
        x.start(auth='pap', ipv4='wanted')      # the call continues without it
        self.lac = neighbour.lac if neighbour else oddpeer.Lac(x.lab, x.lab.lns)
        self.c = self.lac.call('alice', 'hunter2')
        with x.lab.inside('core'):
            self.core = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.core.bind((CORE, 0))
        self.port = self.core.getsockname()[1]
        self.addr = self.ours6 = None
        self.id6 = bytes((2, 0, 0, 0, 0, 0, 0, last))

    def request4(self):
        """Waits until ze has acknowledged; ze's own request is not answered yet."""
        address = bytes(4) if self.addr is None else socket.inet_aton(self.addr)
        self.c.ask(oddpeer.IPCP, b'\3\6' + address)
        if self.addr is None:
            address = self.c.expect(oddpeer.IPCP, oddpeer.NAK)[2:6]
            self.addr = socket.inet_ntoa(address)
            self.c.ask(oddpeer.IPCP, b'\3\6' + address)
        self.c.expect(oddpeer.IPCP, oddpeer.ACK)

    def request6(self):
        self.c.ask(oddpeer.IPV6CP, b'\1\x0a' + self.id6)
        self.c.expect(oddpeer.IPV6CP, oddpeer.ACK)

    def open6(self):
        self.request6()
        self.agree6()
        return self

    def leave(self):
        self.core.close()
        self.c.hang_up()

    def agree6(self):
        self.ours6 = oddpeer.link_local(self.c.agree(oddpeer.IPV6CP)[2:10])

    def passes4(self):
        """Which directions pass packets: upstream, downstream."""
        mark = oddpeer.random.randbytes(16)
        self.c.raw(oddpeer.IP4, oddpeer.udp4(self.addr, CORE, self.port, mark))
        self.core.sendto(mark, (self.addr, self.port))
        self.c.fence()
        down = any(p.endswith(mark) for p in self.c.packets(oddpeer.IP4))
        self.core.settimeout(0.001)
        with contextlib.suppress(TimeoutError):
            while self.core.recv(100) != mark:
                pass
            return True, down
        return False, down

    def passes6(self):
        """An echo sent by the kernel's stack."""
        mark = oddpeer.random.randbytes(16)
        self.c.raw(oddpeer.IP6, oddpeer.echo6(oddpeer.link_local(self.id6), self.ours6, mark))
        self.c.fence()
        return any(p[40] == 129 and p.endswith(mark) for p in self.c.packets(oddpeer.IP6))

    def soon(self, what, want, why):
        """The kernel plane opens asynchronously, and earlier packets are lost."""
        end = time.monotonic() + 10 * self.x.lab.slow
        while (got := what()) != want:
            assert time.monotonic() < end, (why, got)
            if want and all([want] if isinstance(want, bool) else want):
                self.c.agree_again()
            time.sleep(0.05)

    def answered(self, want):
        self.soon(self.passes6, want, f'an echo of {self.id6.hex()} to {self.ours6} is answered')

    def close(self):
        self.core.close()
        self.lac.close()
        self.x.assert_gone()


def nothing_before_opened(x):
    """F-C2: ze has acknowledged, and the subscriber has not: no packets pass, in either direction or family. The same
    after a renegotiation."""
    o = Odd(x)
    o.request4()
    for _ in range(3):
        assert o.passes4() == (False, False)
    o.c.agree(oddpeer.IPCP)
    o.soon(o.passes4, (True, True), 'IPv4 is open')
    o.request6()
    ident, data = o.c.expect(oddpeer.IPV6CP, oddpeer.REQ)
    o.ours6 = oddpeer.link_local(data[2:10])
    for _ in range(3):
        assert not o.passes6()
    o.c.send(oddpeer.IPV6CP, oddpeer.ACK, data, ident)
    o.soon(o.passes6, True, 'IPv6 is open')
    o.request4()
    o.request6()
    o.soon(o.passes4, (False, False), 'IPv4 is negotiated anew')
    o.soon(o.passes6, False, 'IPv6 is negotiated anew')
    o.agree6()
    o.c.agree(oddpeer.IPCP)
    o.soon(o.passes4, (True, True), 'IPv4 is open again')
    o.soon(o.passes6, True, 'IPv6 is open again')
    o.close()


def carried_again(x):
    """F-C1: a network protocol that left Opened, was given up, and is negotiated again, passes packets again."""
    o = Odd(x)
    o.request4()
    o.c.agree(oddpeer.IPCP)
    o.request6()
    o.agree6()
    for leave in (lambda p: o.c.ask(p, b''), lambda p: o.c.send(p, oddpeer.TERM_ACK)):
        for proto, number in ((oddpeer.IPCP, b'\x80\x21'), (oddpeer.IPV6CP, b'\x80\x57')):
            leave(proto)
            ident, data = o.c.expect(proto, oddpeer.REQ)
            o.c.send(oddpeer.LCP, oddpeer.PROTO_REJ, number + struct.pack('!BBH', 1, ident, 4 + len(data)) + data)
        o.c.fence()
        o.c.frames.clear()
        assert o.passes4() == (False, False) and not o.passes6()
        o.request4()
        o.c.agree(oddpeer.IPCP)
        o.request6()
        o.agree6()
        o.soon(o.passes4, (True, True), 'IPv4 again')
        o.soon(o.passes6, True, 'IPv6 again')
    o.close()


def neighbours_identifier(x):
    """F-B5: a subscriber wants ze to have its neighbour's interface identifier on their line. It may (RFC 5072 4.1),
    and the neighbour is not affected; on a shared device ze is reachable by that identifier once the neighbour has
    left."""
    o = Odd(x, last=9).open6()
    p = Odd(x, o)
    ident, _ = p.c.expect(oddpeer.IPV6CP, oddpeer.REQ)
    p.c.send(oddpeer.IPV6CP, oddpeer.NAK, b'\1\x0a' + o.id6, ident)
    p.open6()
    assert p.ours6 == oddpeer.link_local(o.id6)
    sid = next(s['local-sid'] for s in x.lab.show('sessions') if s['remote-sid'] == p.c.sid)
    p.answered(x.lab.plane == 'kernel')
    shown = x.lab.show('session', str(sid))['local-interface-id']
    assert socket.inet_pton(socket.AF_INET6, 'fe80::' + shown)[8:] == o.id6, shown      # F-C9
    for _ in range(3):
        assert o.passes6()
    o.leave()
    p.answered(True)
    q = Odd(x, p, last=9).open6()       # the neighbour comes back
    q.answered(True)
    p.answered(x.lab.plane == 'kernel')
    q.leave()
    p.close()


def same_identifier(x):
    """F-B5: two subscribers with the same interface identifier. Where they share a device, packets of the stack go to
    the newer one, and after its end to the other."""
    o = Odd(x).open6()
    o.answered(True)
    p = Odd(x, o).open6()
    p.answered(True)
    o.answered(x.lab.plane == 'kernel')
    o.request4()        # the entry of one does not replace that of the other
    o.c.agree(oddpeer.IPCP)
    o.soon(o.passes4, (True, True), 'IPv4 of the older')
    assert p.passes6()
    p.leave()
    o.answered(True)
    o.close()


ALONE = [login_pap, login_ms_chap_v2, login_wrong, teardown_by_lac, teardown_by_lns, teardown_by_silence, sequencing,
         nothing_before_opened, carried_again,
         neighbours_identifier, same_identifier]


def run_case(x, case):
    """One of the cases on a line with other subscribers."""
    done = False
    try:
        if case in ONLINE:
            if not x.lac:
                x.start()
                x.login()
        elif x.lac:
            x.hang_up()
        case(x)
        done = True
    finally:
        if not done:
            x.reset()


def finish(x):
    """The end of the last subscriber, and of ze."""
    if x.lac:
        assert x.hang_up()[0] == 0
    x.stop()
