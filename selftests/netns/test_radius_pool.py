# SPDX-License-Identifier: BSD-2-Clause
"""Pools that Debian's FreeRADIUS names, and addresses that it leaves to ze or to the client; ze on the BPF plane."""
import json
import os

import pytest

import nslab
from freeradius import FreeRadius
from test_radius import lab_with, lines, login, radius, server

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

USERS = '''
gold Cleartext-Password := "x"
	Framed-Pool = "gold"
fixed Cleartext-Password := "x"
	Framed-Pool = "gold", Framed-IP-Address = 10.109.0.9
pooled Cleartext-Password := "x"
	Framed-IP-Address = 255.255.255.254
wish Cleartext-Password := "x"
	Framed-IP-Address = 255.255.255.255
silver Cleartext-Password := "x"
	Framed-Pool = "silver"
multicast Cleartext-Password := "x"
	Framed-IP-Address = 224.0.0.5
'''
POOL = 'pool { ipv4-named gold { gateway 10.101.0.1; start 10.101.0.2; end 10.101.0.2; }'


def last(x):
    """The newest entry of the history, and the address of its session."""
    h = x.show('history')[0]
    return h, next((e['address'] for e in h['events'] if e['event'] == 'route-add'), None)


def test_pools(tmp_path):
    """S-AAA-33...S-AAA-37, R-018: what each value of Framed-IP-Address and Framed-Pool gives the subscriber."""
    with lab_with(tmp_path, radius(server('main'))) as (x, started):
        nslab.edit(x, 'pool {', POOL)
        started.append(FreeRadius(x, 'main', USERS))
        started[0].start()
        x.start_ze()
        for user, want in (('gold', '10.101.0.2'), ('fixed', '10.109.0.9'), ('pooled', '10.100.'), ('wish', '10.100.')):
            assert login(x, user, 'x')['up'] == 1, x.log('ze.log')
            h, address = last(x)
            assert h['username'] == user and address.startswith(want), h
        rows = {p['name']: p for p in x.show('pools')}
        assert rows['gold']['high-water'] == 1 and rows['default']['high-water'] == 1, rows
        # The second session finds the pool full.
        assert login(x, 'gold', 'x', n=2)['up'] == 1
        assert lines(x, 'address-declined', 'reason=pool-empty', 'pool=gold'), x.log('ze.log')
        assert {p['name']: p['refused'] for p in x.show('pools')} == {'default': 0, 'gold': 1}
        # A pool that does not exist, and an address that no host can have.
        assert login(x, 'silver', 'x')['up'] == 0
        h = last(x)[0]
        assert (h['username'], h['cause']) == ('silver', 'pool-unknown'), h
        assert lines(x, 'address-declined', 'reason=pool-unknown', 'pool=silver'), x.log('ze.log')
        assert login(x, 'multicast', 'x')['up'] == 0
        assert lines(x, 'radius-reply-refused', 'accept-address', 'user=multicast'), x.log('ze.log')
        statistics = json.loads(x.zectl('--json', 'show', 'l2tp', 'statistics'))
        assert statistics['pools-unknown'] == 1
        assert not lines(x, 'radius-values-not-applied'), x.log('ze.log')
        x.stop_ze()
