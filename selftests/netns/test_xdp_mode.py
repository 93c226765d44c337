# SPDX-License-Identifier: BSD-2-Clause
"""xdp-mode auto is decided per port: a port that cannot have native XDP does not slow the others down, and is logged
with the reason and the cure."""
import os
import sys

import pytest

from nslab import HERE, lab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

LARGE = '4000'      # more than fits a page with XDP


def large_core(x):
    """A core port whose peer's MTU is too large for native XDP."""
    x.ip('core', 'link', 'set', 'c0', 'mtu', LARGE)
    x.ip('lns', 'link', 'set', 'core0', 'mtu', LARGE)


def programs(x):
    return {p['interface']: p for p in x.show('dataplane')['programs']}


def warnings(x):
    return [l for l in x.log('ze.log').splitlines() if ' xdp-generic ' in l]


def works(x, a):
    assert x.ping('lac', '-c', '3', '-I', a, '198.51.100.2')[0] == 3
    assert x.ping('core', '-c', '3', a)[0] == 3
    assert x.ping('core', '-c', '2', '-s', '3000', '-M', 'dont', a)[0] == 2
    assert x.ping('lac', '-c', '2', '-I', a, '10.100.0.1')[0] == 2


def test_one_port_refuses(tmp_path):
    """F-D3: this port is generic, the others are native, packets pass in all directions; the next instance keeps the
    modes."""
    with lab(tmp_path) as x:
        large_core(x)
        x.start_ze()
        p, d = programs(x), x.show('dataplane')
        assert {i: q['attach-mode'] for i, q in p.items()} == {
            'up0': 'native', 'core0': 'generic', 'ze0p': 'native', 'ze0': 'native'}
        assert d['xdp-mode'] == 'mixed' and 'MTU' in p['core0']['problem'], d
        line, = warnings(x)
        assert 'interface=core0' in line and 'MTU' in line and 'cure="lower the MTU' in line, line
        a = x.start_lac(2)[0]
        before = x.packets()
        works(x, a)
        n = x.packets()
        assert n['up-forward'] - before['up-forward'] >= 3 and n['down-forward'] - before['down-forward'] >= 3
        x.stop_ze(9)
        x.start_ze()
        assert {i: q['attach-mode'] for i, q in programs(x).items()} == {i: q['attach-mode'] for i, q in p.items()}
        works(x, a)


def test_one_port_accepts_no_redirects(tmp_path):
    """F-D3: when the refusing port does not accept packets from native mode either, all ports are generic, and it is
    named."""
    with lab(tmp_path) as x:
        large_core(x)
        x.sh('core', sys.executable, '-c', 'import sys; sys.path.insert(0, %r); import nslab as t; '
             't.ethtool("c0", t.SET_GRO, 0)' % HERE)
        x.start_ze()
        p = programs(x)
        assert {q['attach-mode'] for q in p.values()} == {'generic'} and x.show('dataplane')['xdp-mode'] == 'generic'
        assert p['up0']['problem'] == 'because of core0' and 'MTU' in p['core0']['problem']
        assert len(warnings(x)) == 2 and 'port=core0' in warnings(x)[1], warnings(x)
        works(x, x.start_lac(2)[0])


def test_native_is_not_replaced(tmp_path):
    """F-D3: a configured native mode is not replaced: the start fails."""
    with lab(tmp_path, mode='native') as x:
        large_core(x)
        with pytest.raises(AssertionError, match='dataplane-failed'):
            x.start_ze()
