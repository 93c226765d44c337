# SPDX-License-Identifier: BSD-2-Clause
"""What a profile of FreeRADIUS gives to a session: rates, Session-Timeout and Idle-Timeout; ze on the BPF plane."""
import os

import pytest

import nslab
from freeradius import FreeRadius
from test_radius import lab_with, radius, server
from test_shape import within

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
HOST = '198.51.100.2'
# Each form of a rate: the one towards the subscriber, and the one from it.
RATES = {
    'mikrotik': ('Mikrotik-Rate-Limit = "2M/5M 9M/9M"', '5mbit', '2mbit'),
    'cisco': ('Cisco-AVPair = "lcp:interface-config#1=rate-limit output 6000000 1125000 2250000 conform-action transmit", '
              'Cisco-AVPair += "lcp:interface-config#1=rate-limit input 3000000 1125000 2250000 conform-action transmit"',
              '6mbit', '3mbit'),
    'wispr': ('WISPr-Bandwidth-Max-Down = 7000000, WISPr-Bandwidth-Max-Up = 4000000', '7mbit', '4mbit'),
    'filter': ('Filter-Id = "8000/1000"', '8mbit', '1mbit'),
    'name': ('Filter-Id = "silver"', '', ''),
}
TIMERS = {'session': 'Session-Timeout = 3', 'idle': 'Idle-Timeout = 3'}


def users():
    rows = [(u, r[0]) for u, r in RATES.items()] + list(TIMERS.items())
    return ''.join('%s Cleartext-Password := "pw"\n\t%s\n' % r for r in rows)


def start(x, user):
    """One session of this user; its address."""
    return x.start_lac(1, '-u', user, '-p', 'pw')[0]


def end(x):
    x.stop_lac()
    nslab.wait_for(lambda: x.show('sessions') == [])
    x.ip('lac', 'link', 'del', 'sub0', check=False)


def profile(x):
    s = x.show('session', str(x.show('sessions')[0]['local-sid']))
    return s, {(v['name'], v['value'], v['source'], v['effect']) for v in s['profile']}


def test_rates(tmp_path):
    """S-AAA-39, S-AAA-41, S-AAA-42, S-AAA-53, R-070, R-071: each form in its directions, and traffic in both at such a rate."""
    with lab_with(tmp_path, radius(server('main'))) as (x, started):
        started.append(FreeRadius(x, 'main', users()))
        started[0].start()
        x.start_ze()
        for user, (_, down, up) in RATES.items():
            start(x, user)
            s, seen = profile(x)
            if down:
                assert (s['shaping'], s['download-rate'], s['upload-rate']) == ('applied', down, up), (user, s)
                assert ('download-rate', down, 'radius', 'applied') in seen, seen
                assert ('upload-rate', up, 'radius', 'applied') in seen, seen
            else:
                assert s['shaping'] == 'none' and ('filter-id', 'silver', 'radius', 'not-applied') in seen, s
            if user == 'mikrotik':
                within(x, s, 'down', 5e6, 256)
                within(x, s, 'up', 2e6, 256)
            end(x)
        x.stop_ze()


def ended(x):
    nslab.wait_for(lambda: x.show('sessions') == [], 30)
    life = x.show('history')[0]
    x.stop_lac()
    x.ip('lac', 'link', 'del', 'sub0', check=False)
    return life['cause']


def test_timers(tmp_path):
    """S-AAA-43, S-AAA-44, R-021: a session ends after its time, or when it is idle; with traffic it is not."""
    with lab_with(tmp_path, radius(server('main'))) as (x, started):
        started.append(FreeRadius(x, 'main', users()))
        started[0].start()
        x.start_ze()
        start(x, 'session')
        assert ended(x) == 'session-timeout', x.log('ze.log')
        a = start(x, 'idle')
        # Twice its timeout.
        assert x.ping('lac', '-i', '0.25', '-c', '25', '-I', a, HOST)[0] == 25, x.log('ze.log')
        assert len(x.show('sessions')) == 1
        assert ended(x) == 'idle-timeout', x.log('ze.log')
        x.stop_ze()
