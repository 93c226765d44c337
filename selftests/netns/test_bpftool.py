# SPDX-License-Identifier: BSD-2-Clause
"""docs/bpftool.md is correct: the pins that it names exist, exactly those, and bpftool prints the maps with their
fields."""
import json
import os
import re

import pytest

from nslab import HERE, PINS, lab, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
PAGE = os.path.join(HERE, '..', '..', 'docs', 'bpftool.md')
UNTYPED = {'ze_ports'}                                  # the kernel has no BTF types for these maps
LONG = {'ze_up', 'ze_down', 'ze_up_ids', 'ze_down_ids', 'ze_up_credits', 'ze_down_credits', 'ze_drops', 'ze_numbers', 'ze_paths', 'ze_near4',
        'ze_nexthops'}                                  # arrays: a dump takes seconds


def described():
    with open(PAGE, encoding='utf-8') as f:
        rows = re.findall(r'(?m)^\| (`[^|]*`) \|', f.read())
    return {name for row in rows for name in re.findall(r'`(\w+)`', row)}


def rows(name):
    return json.loads(run('bpftool', '-j', 'map', 'dump', 'pinned', PINS + '/' + name))


def lookup(name, *key, per_cpu=False):
    row = json.loads(run('bpftool', '-j', 'map', 'lookup', 'pinned', PINS + '/' + name, 'key', *map(str, key)))
    return row['formatted']['values' if per_cpu else 'value']


def passed(way, sid):
    """Packets and octets, by the formulas of the page."""
    n, c = lookup(way, *octets(sid), 0, 0), lookup(way + '_credits', *octets(sid // 16), 0, 0)['of'][sid % 16]
    return n['packets'] + int(c['packets'], 16), n['bytes'] - int(c['octets'], 16)


def octets(n):
    return n & 255, n >> 8


def test_page_is_true(tmp_path):
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        assert described() == set(os.listdir(PINS))
        for name in os.listdir(PINS):
            if not re.fullmatch('ze_(uplink|core|slow|accept|inject|link)', name) and name not in UNTYPED | LONG:
                assert all('formatted' in r for r in rows(name)), name
        assert all(lookup(name, 0, 0, 0, 0, per_cpu=name == 'ze_nexthops') for name in LONG)
        assert x.ping('lac', '-c', '3', '-I', a, '198.51.100.2')[0] == 3
        assert x.ping('lac', '-c', '2', '-I', '10.66.6.6', '198.51.100.2')[0] == 0
        who = lookup('ze_hosts4', *a.split('.'))
        s = lookup('ze_sessions', *octets(who['tid']), *octets(who['sid']))
        assert '.'.join(map(str, s['ip4'])) == a and s['mtu'] == 1450
        assert lookup('ze_paths', *octets(who['tid']), 0, 0)['peer'][:4] == [10, 9, 0, 2]
        assert passed('ze_up', who['sid']) == passed('ze_down', who['sid']) == (3, 3 * 84)
        sids = [(*octets(r['local-sid']), 0, 0) for r in x.show('sessions')]
        assert sum(lookup('ze_drops', *i)['up_spoofed'] for i in sids) >= 2
        attached = x.sh('lns', 'bpftool', 'net')
        assert re.search(r'^up0\(\d+\) driver id \d+$', attached, re.M), attached
        assert 'ze_core' in x.ip('lns', 'link', 'show', 'core0')
