# SPDX-License-Identifier: BSD-2-Clause
"""Rates on the kernel plane, in the guest: TBF, HTB and the upload policer, by what arrives at the other end."""
import contextlib
import json
import re
import socket
import statistics
import threading
import time

import pytest

import lab
from test_kernel import laboratory, login, route_to_core, session_of, start_ze  # noqa: F401 (fixtures)

SIZE = 1400         # octets of each IP packet
TOLERANCE = 0.05
WINDOWS = 5


@contextlib.contextmanager
def offered(ns, to, bps):
    """UDP from a namespace, evenly; a moment the sender missed is made up for."""
    with lab.netns(ns):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stop, payload, gap = threading.Event(), bytes(SIZE - 28), SIZE * 8 / bps

    def send():
        due = time.monotonic()
        while not stop.is_set():
            with contextlib.suppress(OSError):      # a full queue; port unreachable
                s.sendto(payload, (to, 9))
            due += gap
            stop.wait(max(0, due - time.monotonic()))

    t = threading.Thread(target=send)
    t.start()
    try:
        yield
    finally:
        stop.set()
        t.join()
        s.close()


def received(ns, dev, link):
    """IP octets that have come by a device, whose link header is so long; and when it was asked."""
    with lab.netns(ns):
        row = re.search(rf'^\s*{dev}:(.*)$', lab.read('/proc/thread-self/net/dev'), re.M).group(1).split()
    return int(row[0]) - int(row[1]) * link, time.monotonic()


def assert_rate(bps, far, dropped):
    """What arrives by a line that has begun to drop: the median of windows of a second, because an emulator that stands
    still now and then makes a pause in one of them, and its burst comes in the next."""
    lab.wait_for(dropped, 10, 'a drop')
    marks = [received(*far)]
    for _ in range(WINDOWS):
        marks += lab.wait_for(lambda: [v for v in [received(*far)] if v[0] - marks[-1][0] > bps / 8], 10, 'octets', every=0.01)
    rates = [(n1 - n0) * 8 / (t1 - t0) for (n0, t0), (n1, t1) in zip(marks, marks[1:])]
    got = statistics.median(rates)
    print(f'{got / 1e6:.3f} of {bps / 1e6:.3f} Mbit/s: {(got / bps - 1) * 100:+.2f} %, in windows '
          + ' '.join(f'{(r / bps - 1) * 100:+.2f}' for r in rates))
    assert abs(got / bps - 1) <= TOLERANCE
    assert dropped()


def qdiscs(dev):
    return lab.ns_run('lns', 'tc', '-s', 'qdisc', 'show', 'dev', dev)


def uploads():
    """The ingress program's map: interface index -> its row."""
    rows = json.loads(lab.run('bpftool', '-j', 'map', 'dump', 'name', 'upload'))
    return {r['formatted']['key']: r['formatted']['value'] for r in rows}


def ingress_there():
    return 'ze_ingress' in lab.run('bpftool', 'prog', 'show') or 'name upload' in lab.run('bpftool', 'map', 'show')


def drops(dev):
    return sum(map(int, re.findall(r'dropped (\d+)', qdiscs(dev))))


@pytest.mark.parametrize('qdisc, down, up', [('tbf', '5mbit', '2mbit'), ('htb', '4mbit', '8mbit')])
def test_rates(start_ze, qdisc, down, up):  # noqa: F811
    ze = start_ze(log='info', shaper=f'qdisc-type {qdisc}; default-rate {down}; upload-rate {up};')
    assert not ingress_there(), 'nobody is here yet'
    lac, dev = login()
    route_to_core(dev)
    s = ze.show('session', session_of(ze)['local-sid'])
    assert (s['shaping'], s['download-rate'], s['upload-rate']) == ('applied', down, up)
    there = s['interface']
    assert f'qdisc {qdisc} ' in qdiscs(there)
    bps = {k: int(v[:-4]) * 1e6 for k, v in (('down', down), ('up', up))}
    with offered('core', s['assigned-addr'], bps['down'] * 1.5):
        assert_rate(bps['down'], ('lac', dev, 0), lambda: drops(there) > 0)
    with offered('lac', lab.CORE, bps['up'] * 1.5):
        assert_rate(bps['up'], ('core', 'eth0', 14), lambda: [v for v in uploads().values() if v['policed']])
    lab.wait_for(lambda: ze.show('session', s['local-sid']).get('traffic', {}).get('up-policed'), 10, 'its count')
    lac.hangup()
    ze.assert_settled()
    lab.wait_for(lambda: not ingress_there(), 10, 'end of the program')
    assert not re.search('tbf|htb', lab.ns_run('lns', 'tc', 'qdisc', 'show'))


def test_no_rate_costs_nothing(start_ze):  # noqa: F811
    ze = start_ze()
    login()
    s = ze.show('session', session_of(ze)['local-sid'])
    assert s['shaping'] == 'none' and 'download-rate' not in s
    assert not re.search('tbf|htb', qdiscs(s['interface']))
    assert [v['cost'] for v in uploads().values()] == [0]


def test_each_its_own(start_ze):  # noqa: F811
    """Two subscribers, one program, a row each; one's end leaves the other's."""
    ze = start_ze(shaper='default-rate 2mbit;')
    lac = lab.Process('lac', 'zeload', lab.ZELOAD, '-S', 'zetest', '-s', '2', '--hold', '600', lab.LNS)
    lab.wait_for(lambda: '2 up, 0 failed' in lac.text(), 20, 'two logins')
    assert len(uploads()) == 2
    assert lab.run('bpftool', 'prog', 'show').count('ze_ingress') == 1
    ze.ctl('clear', 'l2tp', 'session', 'teardown', str(ze.sessions()[0]['local-sid']))
    lab.wait_for(lambda: len(ze.sessions()) == 1 and len(uploads()) == 1, 10, 'the end of one')
    assert 'xdpgeneric' in lab.ns_run('lns', 'ip', 'link', 'show', 'dev', ze.sessions()[0]['interface'])
    lac.signal(15)
    lac.wait(20)
    lab.wait_for(lambda: not ingress_there(), 10, 'end of the program')
