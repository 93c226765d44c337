# SPDX-License-Identifier: BSD-2-Clause
"""The BPF plane with a real kernel on all sides: namespaces lac, lns and core, a hundred subscribers.

What subscribers send and get goes through a TUN device of zeload, so ping and sockets are the
instruments. Each verdict is read from the daemon's own counters.
"""
import json
import os
import struct
import sys

import pytest

from nslab import HERE, N, PINS, lab, run, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def entries(x):
    return {m['map']: m['entries'] for m in x.show('dataplane')['maps'] if m['map'] in ('ze_sessions', 'ze_hosts4', 'ze_links6')}


def sums_agree(x):
    """The sum of the counters of all sessions, as read by the worker, when no packet passes between the readings."""
    total = x.show('statistics').get('traffic', {'sessions': 0})
    every = [x.show('session', str(s['local-sid']))['traffic'] for s in x.show('sessions')]
    assert len(every) == N
    return total['sessions'] == N and all(total[k] == sum(t[k] for t in every) for k in total if k not in ('sessions', 'as-of'))


@pytest.mark.parametrize('mode', ['native', 'generic'])
def test_hundred_subscribers(tmp_path, mode):
    """Login, ping, traffic in both directions with every form of header, counters, teardown."""
    with lab(tmp_path, mode=mode) as x:
        x.start_ze()
        there = x.show('dataplane')
        assert there['xdp-mode'] == mode
        assert {(p['program'], p['interface'], p['attach-mode']) for p in there['programs']} == {
            ('ze_uplink', 'up0', mode), ('ze_core', 'core0', mode), ('ze_slow', 'ze0p', mode), ('ze_accept', 'ze0', mode)}
        ids = {d['xdp']['prog']['id'] for d in json.loads(x.sh('lns', 'ip', '-j', 'link')) if 'xdp' in d}
        assert ids == {p['id'] for p in there['programs']}
        addrs = x.start_lac()
        assert len(set(addrs)) == N
        for a in (addrs[0], addrs[-1]):
            assert x.ping('lac', '-c', '2', '-I', a, '198.51.100.2')[0] == 2
            assert x.ping('core', '-c', '2', a)[0] == 2
            assert x.ping('lac', '-c', '2', '-I', a, '10.100.0.1')[0] == 2     # the LNS itself
        x.traffic('core', 'lac', ['send', '7007', '20', '900', '198.51.100.2', ','.join(addrs)], 20 * N)
        x.traffic('lac', 'core', ['spread', '7007', '20', '1400', '198.51.100.2', ','.join(addrs)], 20 * N)
        n = x.packets()
        assert n['up-forward'] >= 20 * N and n['down-forward'] >= 20 * N
        assert not any(n['drop-' + w] for w in ('short', 'length', 'offset', 'unknown', 'peer',
                                                'inner', 'closed', 'room', 'sequence'))
        sid = x.show('sessions')[5]['local-sid']
        t = x.show('session', str(sid))['traffic']
        assert t['up-packets'] >= 20 and t['up-bytes'] >= 20 * 928
        assert t['down-packets'] >= 20 and t['down-bytes'] >= 20 * 1428
        wait_for(lambda: sums_agree(x))
        assert entries(x) == {'ze_sessions': N, 'ze_hosts4': N, 'ze_links6': N}
        x.stop_lac()
        wait_for(lambda: x.show('dataplane')['sessions'] == 0)
        assert 'ze0' not in x.ip('lns', 'route')
        assert entries(x) == {'ze_sessions': 0, 'ze_hosts4': 0, 'ze_links6': 0}
        for m in ('ze_sessions', 'ze_hosts4', 'ze_links6'):
            assert not json.loads(run('bpftool', '-j', 'map', 'dump', 'pinned', PINS + '/' + m))


def test_a_closed_session_has_its_counters(tmp_path):
    """After a known number of packets the closed session has exactly these counters, and not zeros."""
    with lab(tmp_path) as x:
        x.start_ze()
        addrs = x.start_lac(2)
        x.traffic('core', 'lac', ['send', '7007', '30', '900', '198.51.100.2', ','.join(addrs)], 60)
        x.traffic('lac', 'core', ['spread', '7007', '20', '1400', '198.51.100.2', ','.join(addrs)], 40)
        keys = ('up-packets', 'up-bytes', 'down-packets', 'down-bytes')
        want = {'up-packets': 30, 'up-bytes': 30 * 928, 'down-packets': 20, 'down-bytes': 20 * 1428}
        for s in x.show('sessions'):
            got = x.show('session', str(s['local-sid']))['traffic']
            assert {k: got[k] for k in keys} == want
        x.stop_lac()
        wait_for(lambda: x.show('dataplane')['sessions'] == 0)
        wait_for(lambda: [{k: e[k] for k in keys} for e in x.show('history')] == [want, want])
        assert x.log('ze.log').count(
            'up-packets=30 up-bytes=27840 down-packets=20 down-bytes=28560') == 2


def test_login_again(tmp_path):
    """A second LAC is not disturbed by the first, neither in ze nor in the laboratory."""
    with lab(tmp_path) as x:
        x.start_ze()
        for _ in range(3):
            addrs = x.start_lac(2)
            assert len(addrs) == 2
            for a in addrs:
                assert x.ping('lac', '-c', '2', '-I', a, '198.51.100.2')[0] == 2
            x.stop_lac()
            wait_for(lambda: x.show('dataplane')['sessions'] == 0)


def test_link_local(tmp_path):
    """ze is one neighbour to all subscribers, each subscriber is one to ze; and none can spoof another."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3)
        ids = []
        for s in x.show('sessions'):
            p = x.show('session', str(s['local-sid']))
            ids.append((p['local-interface-id'], p['peer-interface-id']))
        assert len({ours for ours, _ in ids}) == 1 and len({theirs for _, theirs in ids}) == 3
        ours = 'fe80::' + ids[0][0]
        for _, theirs in ids:
            x.ip('lac', 'addr', 'add', 'fe80::%s/64' % theirs, 'dev', 'sub0', 'nodad')
        x.ip('lac', 'addr', 'add', 'fe80::66/64', 'dev', 'sub0', 'nodad')
        for _, theirs in ids:
            assert x.ping('lac', '-c', '2', '-I', 'fe80::%s%%sub0' % theirs, ours + '%sub0')[0] == 2
            assert x.ping('lns', '-c', '2', 'fe80::%s%%ze0' % theirs)[0] == 2
        before = x.packets()['drop-spoofed']
        assert x.ping('lac', '-c', '2', '-I', 'fe80::66%sub0', ours + '%sub0')[0] == 0
        assert x.packets()['drop-spoofed'] >= before + 2


def test_what_the_stack_answers(tmp_path):
    """Packet Too Big, fragmentation, Time Exceeded, no route: sent by the kernel to the right subscriber."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        _, out = x.ping('core', '-c', '2', '-M', 'do', '-s', '1430', a)
        assert 'Frag needed' in out or 'message too long, mtu=1450' in out
        assert x.ping('core', '-c', '2', '-M', 'do', '-s', '1422', a)[0] == 2
        assert x.ping('core', '-c', '2', '-M', 'dont', '-s', '3000', a)[0] == 2
        assert 'Time to live exceeded' in x.ping('core', '-c', '1', '-t', '1', a)[1]
        x.ip('lac', 'route', 'add', '192.0.2.0/24', 'dev', 'sub0')
        _, out = x.ping('lac', '-c', '1', '-t', '1', '-I', a, '198.51.100.2')
        assert 'From 10.100.0.1' in out and 'Time to live exceeded' in out
        assert 'Net Unreachable' in x.ping('lac', '-c', '1', '-I', a, '192.0.2.1')[1]
        n = x.packets()
        assert n['pass-mtu'] and n['pass-ttl'] and n['up-stack']


def test_fragmented_outside(tmp_path):
    """The path to the LNS is narrower than the subscribers' packets: the datagrams arrive in fragments, and the socket
    of the daemon reassembles them. In the other direction the kernel's stack fragments."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        x.ip('lac', 'link', 'set', 'l0', 'mtu', '1000')
        x.ip('lns', 'link', 'set', 'up0', 'mtu', '1000')
        got, out = x.ping('lac', '-c', '5', '-s', '1400', '-I', a, '198.51.100.2')
        assert got == 5, out
        n = x.packets()
        assert n['pass-fragment'] >= 10 and n['up-stack'] >= 5 and n['down-stack'] >= 5
        assert x.ping('lac', '-c', '2', '-s', '1400', '-I', '10.66.6.6', '198.51.100.2')[0] == 0
        assert x.packets()['drop-spoofed'] >= n['drop-spoofed'] + 2


def test_sources_are_checked(tmp_path):
    """BCP 38, and no packets of others: L-188."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        assert x.ping('lac', '-c', '3', '-I', '10.66.6.6', '198.51.100.2')[0] == 0
        before = x.packets()
        assert before['drop-spoofed'] >= 3
        assert sum(x.show('session', str(s['local-sid']))['traffic']['up-spoofed']
                   for s in x.show('sessions')) == before['drop-spoofed']
        # The right ids from another port of the same host: a copy of a subscriber's packet.
        s = x.show('sessions')[0]
        inner = bytes.fromhex('4500001c00010000401100000a640002c63364020035003500080000')
        pkt = struct.pack('!HHHHH', 2, s['tunnel-local-tid'], s['local-sid'], 0xff03, 0x21) + inner
        code = 'import socket; s = socket.socket(2, 2); [s.sendto(bytes.fromhex(%r), (%r, 1701)) ' \
               'for i in range(5)]' % (pkt.hex(), x.peer)
        x.sh('lac', sys.executable, '-c', code)
        wait_for(lambda: x.packets()['drop-peer'] - before['drop-peer'] == 5)
        assert x.ping('lac', '-c', '2', '-I', a, '198.51.100.2')[0] == 2


SWITCH_GRO = 'import sys; sys.path.insert(0, %r); import nslab as t; t.ethtool("c0", t.SET_GRO, %d)'


def test_packets_a_driver_does_not_accept(tmp_path):
    """F-D2: the other end of the core's veth has no NAPI: logged at the start, counted per port and among the verdicts.
    """
    def core0():
        return next(p for p in x.show('dataplane')['programs'] if p['interface'] == 'core0')

    with lab(tmp_path, mode='native') as x:
        x.sh('core', sys.executable, '-c', SWITCH_GRO % (HERE, 0))
        x.start_ze()
        wait_for(lambda: 'port-redirects-lost interface=core0 driver=veth' in x.log('ze.log'))
        assert x.log('ze.log').count('port-redirects-lost') == 1
        a = x.start_lac(1)[0]
        assert 'peer of the veth does not accept' in core0()['problem']
        assert x.ping('lns', '-c', '1', '198.51.100.2')[0] == 1
        before = x.packets()
        assert x.ping('lac', '-c', '10', '-I', a, '198.51.100.2')[0] < 10
        after = x.packets()
        lost = after['drop-redirect'] - before['drop-redirect']
        assert lost == core0()['redirects-lost'] > 0
        assert lost == after['up-forward'] - before['up-forward'], (before, after)
        x.sh('core', sys.executable, '-c', SWITCH_GRO % (HERE, 1))
        assert x.ping('lac', '-c', '5', '-I', a, '198.51.100.2')[0] == 5
        assert core0()['redirects-lost'] == lost


def test_outer_ipv6(tmp_path):
    with lab(tmp_path, six=True) as x:
        x.start_ze()
        a = x.start_lac(2, '--port', '1702')[0]
        assert x.ping('lac', '-c', '3', '-I', a, '198.51.100.2')[0] == 3
        assert x.ping('core', '-c', '3', '-s', '1400', a)[0] == 3
        assert x.packets()['up-forward'] >= 5
