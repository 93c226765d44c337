# SPDX-License-Identifier: BSD-2-Clause
"""The path between ze and its LACs: a link on it that is narrower than the uplink, forged ICMP about it, LACs on
link-local addresses or without checksums; and the path between two subscribers."""
import os
import signal
import sys

import pytest

from nslab import SWITCHES, ZELOAD, edit, lab, run, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

# Sends ADDRESS an ICMP message "the path to PEER is narrow", which quotes UDP from our port, or an echo reply, which no
# socket has sent. Its source is an address that is not on the path.
FORGE = '''
import socket, struct, sys
to, peer, port, sender = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
six = ':' in to
family = socket.AF_INET6 if six else socket.AF_INET
a, b = socket.inet_pton(family, to), socket.inet_pton(family, peer)
def total(data):
    s = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
s = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP)
s.bind((sender, 0))
proto, l4 = 17, struct.pack('!HHHH', int(sys.argv[5]), port, 1408, 0)
if sys.argv[6] == 'echo':
    proto, l4 = 58 if six else 1, struct.pack('!BBHHH', 129 if six else 0, 0, 0, 1, 1)
if six:
    head = struct.pack('!IHBB', 6 << 28, 1408, proto, 64) + a + b
    msg = struct.pack('!BBHI', 2, 0, 0, 1280) + head + l4 + bytes(1000)
else:
    head = struct.pack('!BBHHHBBH', 0x45, 0, 1428, 0, 0x4000, 64, proto, 0) + a + b
    msg = struct.pack('!BBHHH', 3, 4, 0, 0, 552) + head + l4 + bytes(16)
    msg = msg[:2] + struct.pack('!H', total(msg)) + msg[4:]
s.sendto(msg, (to, 0))
'''


def down(x, a, size=1400):
    """Ten packets to a subscriber, and what arrived."""
    before = x.packets()
    x.traffic('lac', 'core', ['send', '7007', '10', str(size), a, '198.51.100.2'], 10)
    n = x.packets()
    return {k: n[k] - before[k] for k in ('down-forward', 'down-stack')}


def forger(x, six):
    """Starts ze and a LAC. Returns the subscriber's address, the LAC's, and a function that forges ICMP from a third
    address."""
    other = '2001:db8:9::77' if six else '10.9.0.77'
    x.ip('lac', 'addr', 'add', *((other + '/64', 'dev', 'l0', 'nodad') if six else (other + '/24', 'dev', 'l0')))
    x.start_ze()
    a = x.start_lac(1, *(('--port', '1702') if six else ()))[0]
    host, port = x.show('tunnels')[0]['peer'].rsplit(':', 1)
    host = host.strip('[]')

    def forge(quoted):
        x.sh('lac', sys.executable, '-c', FORGE, x.peer, host, port, other, '1702' if six else '1701', quoted)
    return a, host, forge


@pytest.mark.parametrize('six', [False, True])
def test_forged_icmp(tmp_path, six):
    """F-B2: neither of two forged ICMP messages about the path changes a LAC's download."""
    with lab(tmp_path, six=six) as x:
        a, host, forge = forger(x, six)
        first = down(x, a)
        assert first['down-forward'] == 10, first
        for quoted in ('udp', 'echo'):
            forge(quoted)
            assert down(x, a) == first, quoted
            # An ICMP message that quotes ours is ignored; one about a packet that no socket sent is accepted by the
            # kernel.
            assert quoted == 'echo' or ' mtu ' not in x.ip('lns', 'route', 'get', host)


def silent_router(x, mtu, six):
    """Narrows the path between the uplink and the LAC: larger packets do not pass unfragmented, and no ICMP is sent."""
    n = x.ns['mid'] = x.ns['lac'] + '-mid'
    run('ip', 'netns', 'add', n)
    lac, lns, bits = ('2001:db8:9::%s', '2001:db8:8::%s', '/64') if six else ('10.9.0.%s', '10.8.0.%s', '/24')
    for side, net, own, dev in (('lac', lac, 'l0', 'm0'), ('lns', lns, 'up0', 'm1')):
        x.ip(side, 'link', 'del', own, check=False)
        run('ip', 'link', 'add', own, 'netns', x.ns[side], 'type', 'veth', 'peer', 'name', dev, 'netns', n)
        for where, d, host in ((side, own, '2' if side == 'lac' else '1'), ('mid', dev, '254')):
            x.ip(where, 'addr', 'add', net % host + bits, 'dev', d, *(('nodad',) if six else ()))
            x.ip(where, 'link', 'set', d, 'up')
            x.sh(where, sys.executable, '-c', SWITCHES % (d, d))
    x.ip('lac', 'route', 'add', '2001:db8:8::/64' if six else '10.8.0.0/24', 'via', lac % '254')
    x.ip('lns', 'route', 'add', '2001:db8:9::/64' if six else '10.9.0.0/24', 'via', lns % '254')
    x.sh('mid', 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1',
         'net.ipv4.icmp_ratelimit=600000', 'net.ipv6.icmp.ratelimit=600000', 'net.ipv6.icmp.ratemask=0-127')
    x.ip('mid', 'route', 'replace', lac % '2', 'dev', 'm0', 'mtu', 'lock', str(mtu))
    x.peer = lns % '1'


@pytest.mark.parametrize('df', [False, True])
def test_narrow_path(tmp_path, df):
    """F-B2: all of ten packets pass a path that is narrower than the uplink and sends no ICMP, unless DF is requested.
    """
    with lab(tmp_path) as x:
        silent_router(x, 1300, False)
        with open(x.conf, encoding='utf-8') as f:
            text = f.read()
        with open(x.conf, 'w', encoding='utf-8') as f:
            f.write(text.replace('core [ core0 ];', 'core [ core0 ]; outer-df %s;' % ('true' if df else 'false')))
        x.start_ze()
        a = x.start_lac(1)[0]
        if not df:
            assert down(x, a)['down-forward'] == 10
            edit(x, 'outer-df false;', 'outer-df true;')
            reload(x)
            assert 'reload-warning' not in x.log('ze.log')
        assert x.ping('core', '-c', '3', '-s', '1372', a)[0] == 0
        assert x.ping('core', '-c', '3', '-s', '1000', a)[0] == 3
        assert x.packets()['down-forward'] >= 6


def test_narrow_path_that_is_known(tmp_path):
    """F-B2: the same over IPv6, where routers do not fragment: path-mtu."""
    with lab(tmp_path, six=True) as x:
        silent_router(x, 1344, True)
        with open(x.conf, encoding='utf-8') as f:
            text = f.read()
        with open(x.conf, 'w', encoding='utf-8') as f:
            f.write(text.replace('max-sessions', 'path-mtu 1344; max-sessions'))
        x.start_ze()
        a = x.start_lac(1, '--port', '1702')[0]
        sid = str(x.show('sessions')[0]['local-sid'])
        assert x.show('session', sid)['mtu'] == 1284
        assert x.ping('core', '-c', '10', '-M', 'dont', '-s', '1372', a)[0] == 10
        assert x.packets()['down-forward'] >= 20        # two fragments each, made inside the tunnel


def test_no_redirects(tmp_path):
    """F-C13: no ICMP redirects to subscribers that send to each other, whatever conf.all is set to."""
    with lab(tmp_path) as x:
        x.sh('lns', 'sysctl', '-qw', 'net.ipv4.conf.all.send_redirects=1', 'net.ipv4.icmp_ratelimit=0')
        x.start_ze()
        a, b = x.start_lac(2)
        x.ip('lac', 'addr', 'del', b + '/32', 'dev', 'sub0')    # or the packet would not leave this host
        x.ip('lac', 'route', 'add', b, 'dev', 'sub0')
        before = x.packets()
        got, out = x.ping('lac', '-c', '3', '-I', a, b)
        n = x.packets()
        assert got == 0 and 'Redirect' not in out, out
        assert n['down-forward'] - before['down-forward'] >= 3, n       # they reached the other subscriber
        assert n['drop-icmp-redirect'] > 0, n


def test_link_local_lac(tmp_path):
    """F-C13: a LAC on a link-local address gets control messages and data, upstream and downstream, across a restart of
    ze, and after another program has removed the sending filter. The uplink does not forward IPv6."""
    with lab(tmp_path) as x:
        x.ip('lac', 'addr', 'add', 'fe80::2/64', 'dev', 'l0', 'nodad')
        x.ip('lns', 'addr', 'add', 'fe80::1/64', 'dev', 'up0', 'nodad')
        edit(x, 'max-sessions 0;', 'max-sessions 0; allow-from [ fe80::/10 ];')
        x.start_ze()
        x.peer = 'fe80::1%l0'
        a = x.start_lac(1, '--port', '1702', '--source', 'fe80::2%l0')[0]
        assert x.show('tunnels')[0]['peer'].startswith('[fe80::2%'), x.show('tunnels')

        def passes():
            """packets pass in both directions"""
            return x.ping('lac', '-c', '2', '-I', a, '198.51.100.2')[0] == 2 and \
                x.ping('core', '-c', '2', '-s', '1392', a)[0] == 2
        wait_for(passes)
        x.stop_ze(signal.SIGKILL)
        wait_for(passes)
        x.start_ze()
        assert x.show('sessions')[0]['assigned-addr'] == a, x.log('ze.log')
        wait_for(passes)
        x.ip('lac', 'neigh', 'flush', 'all')
        x.ip('lns', 'neigh', 'flush', 'all')
        wait_for(passes)
        run('tc', '-n', x.ns['lns'], 'qdisc', 'del', 'dev', 'ze0', 'clsact')
        wait_for(passes)
        x.stop_lac()
        wait_for(lambda: not x.show('sessions'))


def test_zero_checksums(tmp_path):
    """F-C13: UDP over IPv6 without a checksum: control, PPP and data are accepted or refused together, and a reload
    changes that."""
    with lab(tmp_path, six=True) as x:
        def lac():
            return x.spawn('lac', 'lac.log', ZELOAD, '--no-checksum', '--timeout', '100', '--port', '1702', x.peer)
        x.start_ze()
        x.lac = lac()
        wait_for(lambda: x.packets()['drop-checksum'] >= 2)     # an SCCRQ, and its retransmission
        assert not x.show('tunnels')
        x.lac.kill()
        x.lac.wait(10)
        edit(x, 'max-sessions 0;', 'max-sessions 0; accept-zero-checksum true;')
        reload(x)
        a = x.start_lac(1, '--port', '1702', '--no-checksum')[0]
        n = x.packets()
        x.traffic('core', 'lac', ['send', '7007', '10', '900', '198.51.100.2', a], 10)
        assert sum(x.packets()[k] - n[k] for k in ('up-forward', 'up-stack')) == 10
        edit(x, 'accept-zero-checksum true;', '')
        reload(x)
        n = x.packets()
        assert x.ping('lac', '-c', '5', '-I', a, '198.51.100.2')[0] == 0
        assert x.packets()['drop-checksum'] - n['drop-checksum'] >= 5


def reload(x):
    n = x.log('ze.log').count(' config-reloaded ')
    x.ze.send_signal(signal.SIGHUP)
    wait_for(lambda: x.log('ze.log').count(' config-reloaded ') > n)
