# SPDX-License-Identifier: BSD-2-Clause
"""Addresses of the host itself, and subnets of its interfaces, compared with the pool, by notifications of the kernel.
"""
import os
import signal

import pytest

from nslab import lab, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def test_own_addresses(tmp_path):
    """F-B4: an address from before the start, one that is added and removed, one of a running session, and the effect
    of a restart on it; a subnet in the pool."""
    with lab(tmp_path) as x:
        def said(*words):
            return [line for line in x.log('ze.log').splitlines() if all(w in line for w in words)]

        def change(verb, address, dev):
            x.ip('lns', 'addr', verb, address, 'dev', dev)

        change('add', '10.100.0.3/32', 'lo')
        change('add', '10.100.4.1/24', 'up0')
        x.start_ze()
        wait_for(lambda: said('subnet-overlap', 'interface=up0', 'subnet=10.100.4.0/24',
                              'pool=default', 'range=10.100.0.2-10.100.15.254'))
        assert x.start_lac(2) == ['10.100.0.2', '10.100.0.4']
        change('add', '10.100.0.5/32', 'core0')
        change('add', '10.100.0.4/32', 'core0')
        wait_for(lambda: said('address-conflict', 'address=10.100.0.4', 'interface=core0', 'user=alice'))
        assert len(x.show('sessions')) == 2
        change('add', '10.100.6.1/24', 'core0')
        wait_for(lambda: said('subnet-overlap', 'interface=core0', 'subnet=10.100.6.0/24'))
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        assert [s['assigned-addr'] for s in x.show('sessions')] == ['10.100.0.2']
        wait_for(lambda: said('restart-record-refused', 'resume-address'))
        x.stop_lac()
        wait_for(lambda: not x.show('sessions'))
        change('del', '10.100.0.3/32', 'lo')
        change('add', '10.100.0.6/32', 'lo')
        change('add', '10.100.0.99/32', 'lo')
        change('del', '10.100.0.99/32', 'lo')
        change('del', '10.100.0.5/32', 'core0')
        change('add', '10.100.9.1/24', 'core0')
        wait_for(lambda: said('subnet-overlap', 'subnet=10.100.9.0/24'))
        assert x.start_lac(4) == ['10.100.0.3', '10.100.0.5', '10.100.0.7', '10.100.0.8']
        x.stop_lac()
        x.stop_ze()
