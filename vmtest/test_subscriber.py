# SPDX-License-Identifier: BSD-2-Clause
"""The cases of selftests/netns/subscriber.py in the guest, on both data planes. Run by vmtest/check."""
import json
import os
import re
import signal
import sys

import pytest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, 'selftests', 'netns'))
import nslab  # noqa: E402 pylint: disable=wrong-import-position
import subscriber  # noqa: E402 pylint: disable=wrong-import-position

# The receiver of redirected packets needs NAPI, and XDP needs finished checksums, as on a real link.
LINKS = (('lac', 'lac0'), ('lns', 'lns0'), ('lns', 'core0'), ('core', 'eth0'))
PLANES = [('kernel', 'auto'), ('bpf', 'native')]       # generic mode: tested on the host, and in test_oldest.py


class Zeload:
    def __init__(self, options):
        self.p = lab.Process('lac', 'lac', lab.ZELOAD, *options)
        self.text, self.wait, self.kill = self.p.text, self.p.wait, self.p.kill

    def poll(self):
        return self.p.p.poll()

    def terminate(self):
        self.p.signal(signal.SIGTERM)


class Guest:
    slow, lns = lab.SLOW, lab.LNS
    devs = {'uplink': 'lns0', 'core': 'core0'}
    mtu_devs = (('lac', 'lac0'), ('lns', 'lns0'))
    inside = staticmethod(lab.netns)

    def __init__(self, plane, mode):
        self.plane, self.mode, self.ze = plane, mode, None

    def start(self, config):
        self.ze = lab.Ze(text=config)
        if self.plane == 'bpf':
            assert self.show('dataplane')['xdp-mode'] == self.mode

    def stop(self):
        ze, self.ze = self.ze, None
        try:
            assert ze.stop() == 0, ze.proc.text()[-3000:]
        finally:
            ze.close()
        links = lab.ns_run('lns', 'ip', 'link')
        assert 'ze0' not in links and 'prog/xdp' not in links and not lab.kernel_state('lns')
        assert not os.path.exists('/sys/fs/bpf/ze')

    def show(self, *words):
        return self.ze.show(*words)

    def clear(self, *words):
        self.ze.ctl('clear', 'l2tp', *words)

    def zeload_run(self, *options):
        return Zeload(options)

    def run(self, ns, *argv, check=True):
        out = lab.ns_run(ns, *argv, check=check)
        return out if check else out.stdout

    def slow_device(self, session):
        return 'ze0' if self.plane == 'bpf' else session['interface']

    def spoofed(self):
        if self.plane == 'bpf':
            return self.show('dataplane')['packets']['drop-spoofed']
        rows = json.loads(lab.run('bpftool', '-j', 'map', 'dump', 'name', 'ze_upload'))
        return sum(r['formatted']['value']['spoofed'] for r in rows)

    def left(self):
        """The kernel's tunnel exists as long as ze's, even when the peer was lost."""
        left = [] if self.show('tunnels') else [lab.kernel_state('lns')]
        left += lab.links('lns')
        left += re.findall(r'.*\bze0\b.*', lab.ns_run('lns', 'ip', 'route'))
        return '\n'.join(filter(None, left))


@pytest.fixture(scope='module')
def laboratory():
    lab.setup()
    lab.reset()
    lab.run('modprobe', 'tun')
    for ns, dev in LINKS:
        with lab.netns(ns):
            nslab.ethtool(dev, nslab.SET_GRO, 1)
            nslab.ethtool(dev, nslab.SET_TX_CHECKSUM, 0)
    for ns, dev, addr in (('core', 'eth0', subscriber.CORE6), ('lns', 'core0', subscriber.CORE6_LNS)):
        lab.ns_run(ns, 'ip', 'addr', 'replace', addr + '/64', 'dev', dev, 'nodad')
    with lab.netns('lns'):
        lab.write('/proc/sys/net/ipv6/conf/all/forwarding', '1')
    yield
    with lab.netns('lns'):
        lab.write('/proc/sys/net/ipv6/conf/all/forwarding', '0')


@pytest.fixture(scope='module', params=PLANES, ids='-'.join)
def line(request, laboratory):  # noqa: F811 pylint: disable=unused-argument,redefined-outer-name
    made = subscriber.Line(Guest(*request.param))
    yield made
    subscriber.finish(made)


@pytest.mark.parametrize('case', subscriber.ONLINE + subscriber.ALONE, ids=lambda f: f.__name__)
def test_subscriber(line, case):
    subscriber.run_case(line, case)
