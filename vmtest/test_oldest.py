# SPDX-License-Identifier: BSD-2-Clause
"""What depends on the age of the kernel, for the oldest we support: its verifier takes every BPF program,
attached in every way, and packets pass. Run by vmtest/check --oldest.
"""
import json

import pytest

import lab
from test_subscriber import Guest, laboratory, subscriber  # noqa: F401 (fixture) pylint: disable=unused-import

PROGRAMS = {'bpf': {'ze_uplink', 'ze_core', 'ze_slow', 'ze_accept'}, 'kernel': {'ze_guard', 'ze_police'}}
RATES = '\tshaper { default-rate 10mbit; upload-rate 10mbit }\n}\n'


def attached():
    """Names of the programs on interfaces of the LNS."""
    tree = json.loads(lab.ns_run('lns', 'bpftool', '-j', 'net', 'show'))[0]
    ids = {str(p['id']) for p in tree['xdp'] + tree['tc']}
    progs = json.loads(lab.run('bpftool', '-j', 'prog', 'show'))
    return {p.get('name') for p in progs if str(p['id']) in ids}


@pytest.mark.parametrize('plane, mode', [('kernel', 'auto'), ('bpf', 'native'), ('bpf', 'generic')])
def test_programs(laboratory, monkeypatch, plane, mode):  # noqa: F811 pylint: disable=unused-argument,redefined-outer-name
    """Loaded, attached, and forwarding, with rates; and nothing stays."""
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
