# SPDX-License-Identifier: BSD-2-Clause
"""What depends on the version of the kernel, for the oldest supported one: its verifier accepts every BPF program with
every kind of attachment, and packets pass. Run by vmtest/check --oldest."""
import json

import pytest

import lab
from test_subscriber import Guest, laboratory, subscriber  # noqa: F401 (fixture) pylint: disable=unused-import

PROGRAMS = {'bpf': {'ze_uplink', 'ze_core', 'ze_slow', 'ze_accept'}, 'kernel': {'ze_guard', 'ze_ingress'}}
RATES = '\tshaper { default-rate 10mbit; upload-rate 10mbit }\n}\n'


def attached():
    """Names of the programs on interfaces of the LNS."""
    tree = json.loads(lab.ns_run('lns', 'bpftool', '-j', 'net', 'show'))[0]
    ids = {str(p['id']) for p in tree['xdp'] + tree['tc']}
    progs = json.loads(lab.run('bpftool', '-j', 'prog', 'show'))
    return {p.get('name') for p in progs if str(p['id']) in ids}


@pytest.mark.parametrize('plane, mode', [('kernel', 'auto'), ('bpf', 'native'), ('bpf', 'generic')])
def test_programs(laboratory, monkeypatch, plane, mode):  # noqa: F811 pylint: disable=unused-argument,redefined-outer-name
    """Loaded, attached, and forwarding, with rates; nothing is left afterwards."""
    monkeypatch.setattr(subscriber, 'CONFIG', subscriber.CONFIG.rstrip()[:-1] + RATES)
    x = subscriber.Line(Guest(plane, mode))
    try:
        x.start()
        x.login()
        assert x.session['shaping'] == 'applied'
        assert PROGRAMS[plane] <= attached(), attached()
        for case in (subscriber.case_ping, subscriber.case_tcp, subscriber.case_link_local):
            case(x)
        subscriber.finish(x)
    finally:
        x.reset()


SHARED = '''environment { l2tp { server main { ip %s } } }
l2tp {
	dataplane kernel; bpf { uplink [ lns0 ] }
	auth { local { user alice { password hunter2; session-limit 0 } } }
	pool { ipv4 { gateway 10.100.0.1; start 10.100.0.2; end 10.100.0.254 } }
}
''' % lab.LNS


def test_tunnels_share_a_path(laboratory):  # noqa: F811 pylint: disable=unused-argument,redefined-outer-name
    """Three tunnels of three sessions from one socket, with the same ids of their peer in each: every packet of every
    session passes, although the kernel has one tunnel for all."""
    ze = lab.Ze(text=SHARED)
    reflector = lab.Process('core', 'reflector', lab.ZELOAD, '--reflect', '7')
    try:
        load = lab.Process('lac', 'load', lab.ZELOAD, '-t', '3', '-s', '3', '--shared-socket', '--to', lab.CORE + ':7',
                           '--pps', '100', '--duration', '4', '--json', '-', lab.LNS)
        lab.wait_for(lambda: len([s for s in ze.sessions() if s['state'] == 'established']) == 9, 20, 'nine sessions')
        assert lab.kernel_state('lns').count('Tunnel ') == 1
        assert load.wait(40) == 0, load.text()
        t = json.loads(load.text()[load.text().index('{'):])['traffic']
        assert t['sent'] >= 350 and t['returned'] == t['sent'] and not t['mis-delivered'], t
    finally:
        reflector.kill()
        try:
            assert ze.stop() == 0, ze.proc.text()[-3000:]
        finally:
            ze.close()
    assert not lab.kernel_state('lns') and 'clsact' not in lab.ns_run('lns', 'tc', 'qdisc', 'show')
