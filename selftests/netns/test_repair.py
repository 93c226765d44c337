# SPDX-License-Identifier: BSD-2-Clause
"""Kernel objects of ze that another program removes are restored within a second, with one line in the log and a row in
`show l2tp dataplane` (F-A4)."""
import os
import re
import sys
import time

import pytest

from nslab import lab, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

CORE, GATEWAY = '198.51.100.2', '10.100.0.1'


def repairs(x):
    return {r['kind']: r for r in x.show('dataplane')['repairs']}


def problems(x):
    return {p['interface']: p['problem'] for p in x.show('dataplane')['programs'] if p['problem']}


def modes(x):
    return {p['interface']: p['attach-mode'] for p in x.show('dataplane')['programs']}


def host_routes(x):
    return re.findall(r'(10\.100\.\d+\.\d+) dev ze0', x.ip('lns', 'route', 'show', 'proto', '171'))


def repaired(x, kind, n, before=0, more=False):
    """Nothing is missing, and n more objects were restored."""
    r = repairs(x).get(kind)
    return r and not r['missing'] and (r['repaired'] == before + n or (more and r['repaired'] > before + n))


def lines(x, kind):
    return [l for l in x.log('ze.log').splitlines() if ' repair-done kind=%s ' % kind in l]


def works(x, addr):
    assert x.ping('lac', '-c', '3', '-I', addr, CORE)[0] == 3
    assert x.ping('core', '-c', '3', addr)[0] == 3
    assert x.ping('lac', '-c', '2', '-I', addr, GATEWAY)[0] == 2


def whole(x, addrs):
    return sorted(host_routes(x)) == sorted(addrs) and GATEWAY in x.ip('lns', 'addr', 'show', 'ze0') and \
        'inet6 fe80:' in x.ip('lns', 'addr', 'show', 'ze0') and not problems(x) and \
        not any(r['missing'] for r in repairs(x).values())


@pytest.fixture(name='line', scope='module')
def line_(tmp_path_factory):
    with lab(tmp_path_factory.mktemp('repair')) as x:
        x.start_ze()
        x.addrs = x.start_lac(20)
        yield x


# The commands, and how many objects of which kind are then restored.
TAKEN = {
    'ze0 down and up': (('link set ze0 down', 'link set ze0 up'), {'route': 21}),
    'ze0 down': (('link set ze0 down',), {'device': 1, 'route': 21}),
    'ze0p down': (('link set ze0p down',), {'device': 1}),
    'another address of ze0': (('link set ze0 address 02:00:00:00:77:77',), {'device': 1}),
    'addresses flushed': (('addr flush dev ze0',), {'address': 2, 'route': 20}),
    'the IPv4 address': (('addr del %s/32 dev ze0' % GATEWAY,), {'address': 1, 'route': 20}),
    'one route': (('route del %(addr)s',), {'route': 1}),
    'one route replaced': (('route replace %(addr)s via 198.51.100.2 dev core0',), {'route': 1}),
    'the route to link-local addresses': (('-6 route del fe80::/64 dev ze0 proto 171',), {'route': 1}),
    'the route to link-local addresses replaced':
        (('-6 route replace fe80::/64 dev ze0 metric 128 proto static',), {'route': 1}),
    'all routes': (('route flush proto 171',), {'route': 20}),
    'ze0 deleted': (('link del ze0',), {'device': 1, 'route': 21, 'address': 2}),
    'ze0 elsewhere': (('link set ze0 netns %(core)s',), {'device': 1, 'route': 21, 'address': 2}),
    'xdp off on the uplink': (('link set dev up0 xdp off',), {'program': 1}),
    'xdp off on the core port': (('link set dev core0 xdp off',), {'program': 1}),
    'xdp off on ze0p': (('link set dev ze0p xdp off',), {'program': 1}),
}


INSISTS = {'addresses flushed'}     # ip repeats the flush until nothing is left, up to ten times


@pytest.mark.parametrize('name', TAKEN)
def test_removed_objects_are_restored(line, name):
    """F-A4: with the log line and the counters of exactly these objects."""
    x = line
    commands, want = TAKEN[name]
    wait_for(lambda: whole(x, x.addrs))
    before = {k: repairs(x).get(k, {'repaired': 0})['repaired'] for k in want}
    said = {k: len(lines(x, k)) for k in want}
    began = time.monotonic()
    for words in commands:
        x.ip('lns', *(words % {'addr': x.addrs[3], 'core': x.ns['core']}).split())
    for kind, n in want.items():
        wait_for(lambda k=kind, n=n: repaired(x, k, n, before[k], name in INSISTS))
    took = time.monotonic() - began
    wait_for(lambda: whole(x, x.addrs))
    works(x, x.addrs[3])
    for kind in want:
        assert 1 <= len(lines(x, kind)) - said[kind] <= (10 if name in INSISTS else 2), x.log('ze.log')
    print('%s: %.2f s' % (name, took))


def test_interface_created_again(line):
    """F-A4: an uplink and a core port are deleted and created again with the same name; in between they are shown as
    missing."""
    x = line
    wait_for(lambda: whole(x, x.addrs))
    old = {p['interface']: p['id'] for p in x.show('dataplane')['programs']}
    for dev, wire, more in (('up0', ('lac', 'l0', '10.9.0.2/24', 'up0', '10.9.0.1/24'), ()),
                            ('core0', ('core', 'c0', '198.51.100.2/24', 'core0', '198.51.100.1/24'),
                             (('core', 'route', 'add', 'default', 'via', '198.51.100.1'),))):
        before = repairs(x).get('program', {'repaired': 0})['repaired']
        x.ip('lns', 'link', 'del', dev)
        wait_for(lambda d=dev: problems(x) == {d: 'the interface does not exist'})
        assert modes(x)[dev] is None
        row = repairs(x)['program']
        assert row['missing'] == 1 and row['first-missing'] == dev, row
        x.wire(*wire)
        for ns, *words in more:
            x.ip(ns, *words)
        wait_for(lambda b=before: repaired(x, 'program', 1, b))
        assert not problems(x) and modes(x)[dev]
        assert {p['interface']: p['id'] for p in x.show('dataplane')['programs']} == old
        x.ping('lns', '-c', '1', '10.9.0.2' if dev == 'up0' else CORE)
        works(x, x.addrs[3])
    passed = x.packets()
    works(x, x.addrs[5])
    assert x.packets()['up-forward'] >= passed['up-forward'] + 3, 'by the fast path again'
    assert len(x.show('sessions')) == 20


def test_program_of_another_owner(line):
    """F-A4: another XDP program stays attached and is shown; when it is detached, ze's program is attached again."""
    x = line
    wait_for(lambda: whole(x, x.addrs))
    before = repairs(x).get('program', {'repaired': 0})['repaired']
    other = next(p['id'] for p in x.show('dataplane')['programs'] if p['program'] == 'ze_accept')
    x.sh('lns', 'bpftool', 'net', 'attach', 'xdp', 'id', str(other), 'dev', 'core0', 'overwrite')
    wait_for(lambda: problems(x) == {'core0': 'another XDP program is attached to the interface'})
    assert modes(x)['core0'] is None and repairs(x)['program']['missing'] == 1
    named = 'another XDP program is attached to core0: name'
    assert named in repairs(x)['program']['why'] and 'id %s' % other in repairs(x)['program']['why']
    line_of_it = [w for w in x.log('ze.log').split('\n') if 'repair-failed' in w][-1]
    assert named in line_of_it and 'ip link set dev core0 xdp off' in line_of_it and 'appears' not in line_of_it
    x.ip('lns', 'link', 'set', 'dev', 'core0', 'xdp', 'off')
    wait_for(lambda: repaired(x, 'program', 1, before))
    assert not problems(x)


def test_port_down(line):
    """F-A4: a port whose other end is down, or that is set down itself, is logged and shown, and so is its return."""
    x = line
    wait_for(lambda: whole(x, x.addrs))

    def state():
        return {p['interface']: (p['role'], p['state']) for p in x.show('dataplane')['ports']}
    assert state() == {'up0': ('uplink', 'up'), 'core0': ('core', 'up')}
    for n, dev, word in (('core', 'c0', 'no-carrier'), ('lns', 'core0', 'down')):
        x.ip(n, 'link', 'set', dev, 'down')
        wait_for(lambda: state()['core0'] == ('core', word))
        assert 'port-down interface=core0 role=core state=%s ' % word in x.log('ze.log')
        before = x.log('ze.log').count('port-up interface=core0')
        x.ip(n, 'link', 'set', dev, 'up')
        wait_for(lambda: state()['core0'] == ('core', 'up'))
        assert x.log('ze.log').count('port-up interface=core0') == before + 1
    x.ip('core', 'route', 'replace', 'default', 'via', '198.51.100.1')
    works(x, x.addrs[0])


def test_our_own_deletions_are_no_repairs(line):
    """F-A4: subscribers come and go with the same addresses; nothing is repaired, nothing is left."""
    x = line
    wait_for(lambda: whole(x, x.addrs))
    before = {k: r['repaired'] for k, r in repairs(x).items()}
    for _ in range(3):
        x.stop_lac()
        wait_for(lambda: x.show('dataplane')['sessions'] == 0)
        assert not host_routes(x)
        x.addrs = x.start_lac(20)
    wait_for(lambda: whole(x, x.addrs))
    assert {k: r['repaired'] for k, r in repairs(x).items()} == before


# One netlink request in a loop, without starting a program for each.
THIEF = """import socket, struct, sys
dev, what = socket.if_nametoindex('ze0'), sys.argv[1]
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
if what == 'gateway':
    m = struct.pack('=IHHII BBBBI HH4s', 32, 21, 1, 0, 0, 2, 32, 0, 0, dev, 8, 2, socket.inet_aton(sys.argv[2]))
else:
    m = struct.pack('=IHHII BxHiII', 32, 16, 1, 0, 0, 0, 0, dev, 0, 1)
while True:
    s.send(m)
"""


@pytest.mark.parametrize('what,kind', (('gateway', 'address'), ('ze0 up', 'device')))
def test_login_without(line, what, kind):
    """F-A4: while another program removes the gateway address in a loop, or sets ze0 down, no login fails."""
    x = line
    x.stop_lac()
    wait_for(lambda: x.show('dataplane')['sessions'] == 0)
    before = repairs(x).get(kind, {'repaired': 0})['repaired']
    thief = x.spawn('lns', 'thief.log', sys.executable, '-c', THIEF, what, GATEWAY)
    try:
        wait_for(lambda: repairs(x).get(kind, {'repaired': 0})['repaired'] > before)
        x.addrs = x.start_lac(20)
        assert thief.poll() is None, x.log('thief.log')
    finally:
        thief.kill()
        thief.wait()
    wait_for(lambda: whole(x, x.addrs), 60)
    works(x, x.addrs[0])


def test_end(line):
    """F-A4: what ze itself removes at its end is not restored."""
    x = line
    x.stop_lac()
    x.stop_ze()
    assert 'ze0' not in x.ip('lns', 'link') and 'xdp' not in x.ip('lns', 'link')
    assert 'proto 171' not in x.ip('lns', 'route')
