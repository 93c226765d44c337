# SPDX-License-Identifier: BSD-2-Clause
"""The BPF plane between VLANs, with a real kernel's VLAN devices on all sides. Run by vmtest/check.

The LAC uses one tag, the core two. Devices keep a tag in the frame or in its metadata, as hardware does: a program
on the other side sees the first tag or none, and must work in both cases.
"""
import os
import sys

import pytest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, 'selftests', 'netns'))
import nslab  # noqa: E402

TAGS = {'l0': [('802.1Q', 100)], 'up0': [('802.1Q', 100)],
        'c0': [('802.1ad', 7), ('802.1Q', 8)], 'core0': [('802.1ad', 7), ('802.1Q', 8)]}
CORE = '198.51.100.2'


class VlanLab(nslab.Lab):
    """The addresses of every link are on VLAN devices; the ports have none."""

    def __init__(self, folder, in_frame):
        self.in_frame = in_frame
        super().__init__(folder)

    def wire(self, far, a, a4, b, b4):
        super().wire(far, a, a4, b, b4)
        for n, dev, addr in ((far, a, a4), ('lns', b, b4)):
            self.ip(n, 'addr', 'flush', 'dev', dev)
            if self.in_frame:
                self.sh(n, 'ethtool', '-K', dev, 'txvlan', 'off', 'tx-vlan-stag-hw-insert', 'off')
            self.stack(n, dev, addr)

    def stack(self, n, dev, addr, tags=None):
        top = dev
        for proto, vid in tags or TAGS[dev]:
            self.ip(n, 'link', 'add', 'link', top, 'name', '%s.%d' % (top, vid), 'type', 'vlan',
                    'proto', proto, 'id', str(vid))
            top = '%s.%d' % (top, vid)
            self.ip(n, 'link', 'set', top, 'up')
        self.ip(n, 'addr', 'add', addr, 'dev', top)

    def forwarded(self):
        n = self.packets()
        return n['up-forward'], n['down-forward']


@pytest.fixture
def start(tmp_path):
    made = []
    lab.run('modprobe', 'tun')

    def go(in_frame=True):
        made.append(VlanLab(str(tmp_path), in_frame))
        return made[-1]
    yield go
    for x in made:
        x.close()


def assert_fast(x, addr):
    """Pings in both directions, of which only the first may use the stack, for the neighbour."""
    x.ping('lac', '-c', '1', '-I', addr, CORE)
    x.ping('core', '-c', '1', addr)
    before, stack = x.forwarded(), x.packets()
    for n, argv in (('lac', ('-I', addr, CORE)), ('core', (addr,))):
        got, out = x.ping(n, '-c', '5', '-s', '1400', *argv)
        assert got == 5, out
    after, now = x.forwarded(), x.packets()
    assert after[0] - before[0] >= 10 and after[1] - before[1] >= 10, (before, after)
    assert now['up-stack'] == stack['up-stack'] and now['down-stack'] == stack['down-stack'], (stack, now)


@pytest.mark.parametrize('in_frame', [True, False], ids=['in-frame', 'beside'])
def test_one_tag_and_two(start, in_frame):
    """Login through one tag, traffic between one tag and two, the LNS itself; and ICMP by the stack."""
    x = start(in_frame)
    x.start_ze()
    addrs = x.start_lac(3)
    assert_fast(x, addrs[0])
    assert x.ping('lac', '-c', '2', '-I', addrs[0], '10.100.0.1')[0] == 2
    x.traffic('core', 'lac', ['send', '7007', '20', '900', CORE, ','.join(addrs)], 60)
    x.traffic('lac', 'core', ['spread', '7007', '20', '1400', CORE, ','.join(addrs)], 60)
    assert 'Time to live exceeded' in x.ping('core', '-c', '1', '-t', '1', addrs[0])[1]
    rows = nslab.run('bpftool', '-j', 'map', 'dump', 'pinned', nslab.PINS + '/ze_vlans')
    assert rows.count('"vid"') == 3, rows        # up0.100, core0.7, core0.7.8


def test_devices_come_and_go(start):
    """The core moves to another VLAN while ze runs, then away from all VLANs: ze follows."""
    x = start()
    x.start_ze()
    a = x.start_lac(2)[0]
    assert_fast(x, a)
    x.ip('core', 'link', 'del', 'c0.7')
    x.ip('lns', 'link', 'del', 'core0.7')
    for n, dev, addr in (('core', 'c0', CORE + '/24'), ('lns', 'core0', '198.51.100.1/24')):
        x.stack(n, dev, addr, [('802.1Q', 42)])
    x.ip('core', 'route', 'replace', 'default', 'via', '198.51.100.1')
    nslab.wait_for(lambda: x.ping('lac', '-c', '1', '-I', a, CORE)[0], 30)
    assert_fast(x, a)
    x.ip('core', 'link', 'del', 'c0.42')
    x.ip('lns', 'link', 'del', 'core0.42')
    x.ip('core', 'addr', 'add', CORE + '/24', 'dev', 'c0')
    x.ip('lns', 'addr', 'add', '198.51.100.1/24', 'dev', 'core0')
    x.ip('core', 'route', 'replace', 'default', 'via', '198.51.100.1')
    nslab.wait_for(lambda: x.ping('lac', '-c', '1', '-I', a, CORE)[0], 30)
    assert_fast(x, a)
    rows = nslab.run('bpftool', '-j', 'map', 'dump', 'pinned', nslab.PINS + '/ze_vlans')
    assert rows.count('"vid"') == 1, rows
