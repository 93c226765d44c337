# SPDX-License-Identifier: BSD-2-Clause
"""The cases of subscriber.py on the kernel of this machine: the BPF plane with native and with generic programs."""
import os

import pytest

import nslab
import subscriber

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


class Zeload:
    def __init__(self, x, options):
        self.x, self.p = x, x.spawn('lac', 'lac.log', nslab.ZELOAD, *options)
        self.poll, self.terminate = self.p.poll, self.p.terminate

    def text(self):
        return self.x.log('lac.log')

    def wait(self, seconds):
        return self.p.wait(seconds)

    def kill(self):
        self.p.kill()
        self.p.wait()


class Native:
    slow, plane, lns = 1, 'bpf', '10.9.0.1'
    devs = {'uplink': 'up0', 'core': 'core0'}
    mtu_devs = (('lac', 'l0'), ('lns', 'up0'))

    def __init__(self, x, mode):
        self.x, self.mode = x, mode
        self.show, self.run, self.inside = x.show, x.sh, x.inside
        x.ip('core', 'addr', 'add', subscriber.CORE6 + '/64', 'dev', 'c0', 'nodad')
        x.ip('lns', 'addr', 'add', subscriber.CORE6_LNS + '/64', 'dev', 'core0', 'nodad')
        x.sh('lns', 'sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1')

    def start(self, config):
        with open(self.x.conf, 'w', encoding='utf-8') as f:
            f.write(config)
        self.x.start_ze()
        assert self.show('dataplane')['xdp-mode'] == self.mode

    def stop(self):
        self.x.stop_ze()
        assert 'ze0' not in self.x.ip('lns', 'link') and 'xdp' not in self.x.ip('lns', 'link')
        assert not os.path.isdir(nslab.PINS)

    def clear(self, *words):
        nslab.run(nslab.ZECTL, '--socket', self.x.sock, 'clear', 'l2tp', *words)

    def zeload_run(self, *options):
        return Zeload(self.x, options)

    def slow_device(self, _session):
        return 'ze0'

    def spoofed(self):
        return self.x.packets()['drop-spoofed']

    def left(self):
        d = self.show('dataplane')
        left = [f'{d["sessions"]} sessions of the data plane'] if d['sessions'] else []
        left += [line for line in self.x.ip('lns', 'route').splitlines() if 'ze0' in line]
        return '\n'.join(left)


@pytest.fixture(scope='module', params=['native', 'generic'])
def line(request, tmp_path_factory):
    with nslab.lab(tmp_path_factory.mktemp(request.param), mode=request.param) as x:
        made = subscriber.Line(Native(x, request.param))
        yield made
        subscriber.finish(made)


@pytest.mark.parametrize('case', subscriber.ONLINE + subscriber.ALONE, ids=lambda f: f.__name__)
def test_subscriber(line, case):
    """F-B5, F-C2, F-C8: the cases that their comments name."""
    subscriber.run_case(line, case)
