# SPDX-License-Identifier: BSD-2-Clause
"""Networks behind a subscriber, granted by FreeRADIUS; ze on the BPF plane."""
import json
import os
import signal

import pytest

import nslab
from freeradius import FreeRadius
from nslab import until
from test_radius import lab_with, lines, radius, server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

USERS = '''
bob Cleartext-Password := "s3cret"
	Framed-IP-Address = 10.100.9.9, Framed-Route = "10.1.0.0/24 0.0.0.0 7", Framed-Route += "nonsense",
	Framed-Route += "198.51.100.64/26 0.0.0.0 1", Framed-IPv6-Route = "2001:db8:1::/48 :: 1"
'''
BEHIND, BEHIND6, CORE6 = '10.1.0.5', '2001:db8:1::5', '2001:db8:5::2'
INSTALLED = {'10.1.0.0/24': 'installed', '198.51.100.64/26': 'refused', '2001:db8:1::/48': 'installed'}


def states(x):
    return {r['prefix']: r['state'] for r in x.show('routes')}


def kernel_routes(x):
    """Those of networks, with their metrics."""
    found = json.loads(x.ip('lns', '-j', 'route', 'show', 'proto', '171', 'dev', 'ze0')) + \
        json.loads(x.ip('lns', '-j', '-6', 'route', 'show', 'proto', '171', 'dev', 'ze0'))
    return {r['dst']: r['metric'] for r in found if r.get('metric') and not r['dst'].startswith('fe80')}


def pings(x, n, *argv):
    got, out = x.ping(n, '-c', '3', *argv)
    return got, out


def both_ways(x):
    for n, argv in (('core', (BEHIND,)), ('core', ('-6', BEHIND6)), ('lac', ('-I', BEHIND, '198.51.100.2')),
                    ('lac', ('-6', '-I', BEHIND6, CORE6))):
        def answered(n=n, argv=argv):
            got, out = pings(x, n, *argv)
            assert got == 3, (n, argv, out)
        until(answered, 20)


def addresses(x):
    x.sh('lns', 'sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1')
    for n, *words in (('lns', 'addr', 'add', '2001:db8:5::1/64', 'dev', 'core0', 'nodad'),
                      ('core', 'addr', 'add', CORE6 + '/64', 'dev', 'c0', 'nodad'),
                      ('core', '-6', 'route', 'add', 'default', 'via', '2001:db8:5::1')):
        x.ip(n, *words)


def behind(x):
    for words in (('addr', 'add', BEHIND + '/32', 'dev', 'sub0'), ('addr', 'add', BEHIND6 + '/128', 'dev', 'sub0', 'nodad'),
                  ('-6', 'route', 'add', '2001:db8:5::/64', 'dev', 'sub0')):
        x.ip('lac', *words)


def test_networks_behind_a_subscriber(tmp_path):
    """S-AAA-50, R-019: packets to the networks reach the subscriber and those from them are accepted from him, also while
    ze is dead; no other source is. One that is malformed and one that would cut off neighbours of the host are
    left out, and shown. All are removed with the session."""
    with lab_with(tmp_path, radius(server('main'), timeout=3)) as (x, started):
        addresses(x)
        started.append(FreeRadius(x, 'main', USERS))
        started[0].start()
        x.start_ze()
        x.start_lac(1, '-u', 'bob', '-p', 's3cret', '-a', 'chap')
        behind(x)

        def installed():
            assert states(x) == INSTALLED
        until(installed)
        refused = [r for r in x.show('routes') if r['state'] == 'refused'][0]
        assert (refused['reason'], refused['conflicts-with'], refused['username']) == ('host-subnet', 'core0', 'bob')
        assert lines(x, 'route-refused', 'user=bob', 'host-subnet'), x.log('ze.log')
        assert kernel_routes(x) == {'10.1.0.0/24': 7, '2001:db8:1::/48': 1}, x.ip('lns', 'route')
        sid = str(x.show('sessions')[0]['local-sid'])
        assert {r['prefix'] for r in x.show('session', sid)['routes']} == set(INSTALLED)
        both_ways(x)
        # Another source is refused, and counted.
        for argv in (('-I', '10.66.6.6', '198.51.100.2'), ('-I', '10.66.6.6', '10.9.0.1')):
            assert pings(x, 'lac', *argv)[0] == 0
        assert x.show('session', sid)['traffic']['up-spoofed'] >= 3
        # Another program removes the routes: they are restored.
        x.ip('lns', 'route', 'del', '10.1.0.0/24', 'dev', 'ze0')
        x.ip('lns', '-6', 'route', 'del', '2001:db8:1::/48', 'dev', 'ze0')

        def restored():
            assert kernel_routes(x) == {'10.1.0.0/24': 7, '2001:db8:1::/48': 1}
        until(restored)
        x.stop_ze(signal.SIGKILL)
        both_ways(x)
        stale = x.ip('lns', 'route', 'add', '10.77.0.0/24', 'dev', 'ze0', 'proto', '171', 'metric', '5')
        assert not stale
        x.start_ze()
        until(installed)
        # Those that it had are kept, and one that no session has is removed.
        assert kernel_routes(x) == {'10.1.0.0/24': 7, '2001:db8:1::/48': 1}
        both_ways(x)
        x.stop_lac()

        def gone():
            assert x.show('sessions') == [] and states(x) == {}
            assert kernel_routes(x) == {}
        until(gone, 20)
        assert pings(x, 'core', BEHIND)[0] == 0
        for name in ('ze_prefixes4', 'ze_prefixes6'):
            assert json.loads(nslab.run('bpftool', '-j', 'map', 'dump', 'pinned', nslab.PINS + '/' + name)) == []
        x.stop_ze()
