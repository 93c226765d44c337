# SPDX-License-Identifier: BSD-2-Clause
"""Packets to an unassigned address of the pool end here, and do not loop between the LNS and the core."""
import os
import re
import signal

import pytest

from nslab import edit, lab, wait_for
from test_radius import login

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

UNUSED, CORE = '10.100.9.9', '198.51.100.2'


def blackholes(x):
    return re.findall(r'^blackhole (\S+) ', x.ip('lns', 'route', 'show', 'proto', '171'), re.M)


def received(x):
    with x.inside('lns'):
        with open('/proc/thread-self/net/dev', encoding='utf-8') as f:
            return int(next(l for l in f if l.strip().startswith('core0:')).split()[2])


def looped(x, source):
    """The number of packets on the core port for one ping of a subscriber to an unassigned address."""
    before = received(x)
    x.ping('lac', '-c', '1', '-I', source, UNUSED)
    return received(x) - before


def reload(x, old, new):
    with open(x.conf, encoding='utf-8') as f:
        text = f.read()
    assert old in text
    with open(x.conf, 'w', encoding='utf-8') as f:
        f.write(text.replace(old, new))
    x.ze.send_signal(signal.SIGHUP)


def test_unused_addresses(tmp_path):
    """F-B9: from the core and from a subscriber; the switch, which a reload changes; kill -9, restart, end."""
    with lab(tmp_path) as x:
        x.ip('lns', 'route', 'add', 'default', 'via', CORE)
        x.ip('core', 'route', 'add', '10.100.0.0/16', 'via', '198.51.100.1')
        x.sh('core', 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
        x.start_ze()
        a = x.start_lac(2)[0]
        x.ip('lac', 'route', 'add', UNUSED, 'dev', 'sub0')
        wait_for(lambda: blackholes(x))
        holes = blackholes(x)
        assert '10.100.8.0/22' in holes and '10.100.0.2/31' in holes, holes
        assert looped(x, a) <= 5
        assert x.ping('core', '-c', '1', UNUSED)[0] == 0
        assert x.ping('core', '-c', '2', a)[0] == 2 and x.ping('lac', '-c', '2', '-I', a, CORE)[0] == 2
        before = x.packets()['drop-blackhole']
        assert x.ping('lac', '-c', '3', '-I', a, UNUSED)[0] == 0
        assert x.packets()['drop-blackhole'] - before == 3
        reload(x, 'gateway', 'blackhole false; gateway')
        wait_for(lambda: not blackholes(x))
        assert looped(x, a) > 20, 'the loop that this is about'
        reload(x, 'blackhole false; ', '')
        wait_for(lambda: blackholes(x) == holes)
        assert looped(x, a) <= 5
        x.stop_ze(signal.SIGKILL)
        assert blackholes(x) == holes
        x.start_ze()
        assert blackholes(x) == holes and len(x.show('sessions')) == 2
        x.ip('lns', 'route', 'del', 'blackhole', holes[3], 'proto', '171')
        wait_for(lambda: blackholes(x) == holes)
        assert x.ping('core', '-c', '2', a)[0] == 2
        x.stop_lac()
        x.stop_ze()
        assert not blackholes(x)


def test_another_pool_after_a_crash(tmp_path):
    """F-B9: the routes of a killed instance are removed, too."""
    with lab(tmp_path) as x:
        x.start_ze()
        wait_for(lambda: '10.100.8.0/22' in blackholes(x))
        x.stop_ze(signal.SIGKILL)
        with open(x.conf, encoding='utf-8') as f:
            text = f.read()
        with open(x.conf, 'w', encoding='utf-8') as f:
            f.write(text.replace('10.100.15.254', '10.100.0.3'))
        x.start_ze()
        wait_for(lambda: blackholes(x) == ['10.100.0.2/31'])
        x.stop_ze()
        assert not blackholes(x)


GOLD = 'ipv4-named gold { gateway 10.101.0.1; start 10.101.0.2; end 10.101.0.%d; dns-primary 192.0.2.53; }'


def used(x):
    return {p['name']: (p['size'], p['used'], p['refused']) for p in x.show('pools')}


def test_named_pool_by_reload(tmp_path):
    """S-REL-15: a pool comes, changes and goes by reload: subscribers keep their addresses and pass packets, also over a
    restart; the blackhole routes are those of all pools."""
    with lab(tmp_path) as x:
        x.ip('core', 'route', 'add', '10.101.0.0/16', 'via', '198.51.100.1')
        x.start_ze()
        wait_for(lambda: blackholes(x))
        holes = blackholes(x)
        reload(x, 'pool {', 'pool { %s' % (GOLD % 3))
        wait_for(lambda: set(blackholes(x)) == {*holes, '10.101.0.2/31'})
        reload(x, 'session-limit 0', 'session-limit 0; pool gold')
        wait_for(lambda: 'added=0 removed=0 changed=1' in x.log('ze.log'))
        a = x.start_lac(1)[0]
        assert a == '10.101.0.2' and used(x)['gold'] == (2, 1, 0), (a, used(x))
        assert '10.101.0.1/32' in x.ip('lns', 'addr', 'show', 'dev', 'ze0')
        assert x.ping('core', '-c', '2', a)[0] == 2 and x.ping('lac', '-c', '2', '-I', a, CORE)[0] == 2
        # Its address leaves the pool, and then the pool goes.
        reload(x, GOLD % 3, (GOLD % 9).replace('start 10.101.0.2', 'start 10.101.0.8'))
        wait_for(lambda: '10.101.0.8/31' in blackholes(x))
        assert used(x)['gold'] == (2, 0, 0)
        edit(x, 'session-limit 0; pool gold', 'session-limit 0')
        reload(x, (GOLD % 9).replace('start 10.101.0.2', 'start 10.101.0.8'), '')
        wait_for(lambda: blackholes(x) == holes)
        assert x.ping('core', '-c', '2', a)[0] == 2
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        assert [s['assigned-addr'] for s in x.show('sessions')] == [a], x.log('ze.log')
        assert x.ping('core', '-c', '2', a)[0] == 2
        # A pool that contains it again holds it.
        reload(x, 'pool {', 'pool { %s' % (GOLD % 3))
        wait_for(lambda: used(x).get('gold') == (2, 1, 0))
        x.stop_lac()
        x.stop_ze()
        assert not blackholes(x)


def test_former_gateway(tmp_path):
    """S-REL-15: ze0 keeps the gateway of sessions that are there; no subscriber gets it, although its pool contains it now."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(1)[0]
        assert a == '10.100.0.2'
        reload(x, 'gateway 10.100.0.1; start 10.100.0.2; end 10.100.15.254',
               'gateway 10.100.9.9; start 10.100.0.1; end 10.100.0.3')
        wait_for(lambda: 'config-reloaded' in x.log('ze.log'))
        assert login(x, 'alice', 'hunter2', n=2)['up'] == 1, x.log('ze.log')
        given = {e['address'] for h in x.show('history') for e in h['events'] if e['event'] == 'route-add'}
        assert given == {'10.100.0.3'}, given
        assert x.ping('core', '-c', '2', a)[0] == 2
        x.stop_lac()
        x.stop_ze()
