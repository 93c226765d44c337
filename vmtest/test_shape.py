# SPDX-License-Identifier: BSD-2-Clause
"""Rates on the kernel plane, in the guest: TBF, HTB and the upload policer, measured at the receiving end."""
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
OFFERED = 1.5       # times the rate


@contextlib.contextmanager
def offered(ns, to, bps):
    """UDP from a namespace at a steady rate; packets that the sender missed are sent later."""
    with lab.netns(ns):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stop, payload, gap = threading.Event(), bytes(SIZE - 28), SIZE * 8 / bps

    def send():
        due = time.monotonic()
        while not stop.is_set():
            with contextlib.suppress(OSError):      # a full queue, or a port that is unreachable
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
    """(the IP octets that a device has received, whose link header has this length; the time of the reading)."""
    with lab.netns(ns):
        row = re.search(rf'^\s*{dev}:(.*)$', lab.read('/proc/thread-self/net/dev'), re.M).group(1).split()
    return int(row[0]) - int(row[1]) * link, time.monotonic()


class Twin(threading.Thread):
    """What a token bucket with this rate and burst (shaping/plan.c, bpf/police.h) could have let through on this
    machine: it must be served in time like the one under test, and drops what does not fit while it is not served.
    `octets` only grows."""

    def __init__(self, bps, burst_s):
        super().__init__(daemon=True)
        self.rate, self.burst, self.gap = bps / 8, max(bps / 8 * burst_s, 2 * SIZE), SIZE * 8 / bps
        self.octets, self.stop = 0, threading.Event()

    def run(self):
        tokens, then = 0, time.monotonic()
        while not self.stop.wait(self.gap):
            now = time.monotonic()
            tokens, then = min(self.burst, tokens + (now - then) * self.rate), now
            whole = tokens // SIZE * SIZE
            self.octets, tokens = self.octets + whole, tokens - whole


def rate_error(bps, windows, dropped):
    """Given windows of (octets received, octets that the reference bucket would have passed, seconds) and the octets
    dropped in all of them, returns None, or what is wrong with the rate. Above the rate is wrong on any machine; the
    median is used, because a machine that stands still causes a pause in one window, and the burst after it is in the
    next one. Below the rate is wrong when it is less than what was offered and less than what the machine could have
    passed; where that is below the rate, or less was offered than the test intended, the tolerance grows accordingly.
    """
    got, could, took = (sum(column) for column in zip(*windows))
    full, offered = bps * took / 8, got + dropped
    over = statistics.median(n * 8 / t for n, _, t in windows) / bps - 1
    under = 1 - got / min(full, could, offered)
    machine = max(0, 1 - could / full) + max(0, OFFERED - offered / full) / 2
    if over > TOLERANCE:
        return f'{over * 100:+.1f} % of {bps / 1e6:.3f} Mbit/s'
    if under > TOLERANCE + machine:
        return f'{got * 8 / took / 1e6:.3f} Mbit/s of {bps / 1e6:.3f}, {-under * 100:.1f} % of what was possible'
    return None


def assert_rate(bps, far, dropped, burst_s):
    """What arrives on a line that has begun to drop, in windows of one second's worth of octets. dropped(): packets."""
    lab.wait_for(dropped, 10, 'a drop')
    twin = Twin(bps, burst_s)
    twin.start()
    marks = [(*received(*far), twin.octets)]
    before = lost = dropped()
    for n in range(WINDOWS):
        if n == WINDOWS - 1:        # the query may take long: rather too low than too high
            lost = (dropped() - before) * SIZE
        marks += lab.wait_for(lambda: [(*v, twin.octets) for v in [received(*far)] if v[0] - marks[-1][0] > bps / 8], 20,
                              'octets', every=0.01)
    twin.stop.set()
    twin.join()
    windows = [(n1 - n0, c1 - c0, t1 - t0) for (n0, t0, c0), (n1, t1, c1) in zip(marks, marks[1:])]
    print(f'of {bps / 1e6:.3f} Mbit/s, {lost} octets dropped, in windows: ' + ', '.join(
        f'{(n * 8 / t / bps - 1) * 100:+.2f} (could {(could * 8 / t / bps - 1) * 100:+.2f})' for n, could, t in windows))
    wrong = rate_error(bps, windows, lost)
    assert not wrong, wrong


@pytest.mark.parametrize('arrived, could, offered, right', [
    (1.00, 1.00, 1.5, True), (0.96, 1.00, 1.5, True), (1.04, 1.00, 1.5, True),
    (0.94, 1.00, 1.5, False), (1.06, 1.00, 1.5, False),     # a wrong rate on a quiet machine
    (0.86, 0.88, 1.5, True), (0.60, 0.62, 0.9, True),       # the right rate on a machine that stands still now and then
    (0.80, 1.00, 0.81, True),                               # or that cannot offer enough load
    (0.70, 0.95, 1.2, False), (0.5, 1.0, 0.9, False), (1.08, 0.80, 1.1, False)])    # a wrong rate on such a machine
def test_rate_verdict(arrived, could, offered, right):
    """F-E."""
    bps, second = 5e6, 5e6 / 8
    got = rate_error(bps, [(second * arrived, second * could, 1)] * WINDOWS, (offered - arrived) * second * WINDOWS)
    assert (got is None) == right


def qdiscs(dev):
    return lab.ns_run('lns', 'tc', '-s', 'qdisc', 'show', 'dev', dev)


def uploads():
    """The ingress program's map: interface index -> its row."""
    rows = json.loads(lab.run('bpftool', '-j', 'map', 'dump', 'name', 'ze_upload'))
    return {r['formatted']['key']: r['formatted']['value'] for r in rows}


def ingress_there():
    return 'ze_ingress' in lab.run('bpftool', 'prog', 'show') or 'name ze_upload' in lab.run('bpftool', 'map', 'show')


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
    with offered('core', s['assigned-addr'], bps['down'] * OFFERED):
        assert_rate(bps['down'], ('lac', dev, 0), lambda: drops(there), 0.005)
    with offered('lac', lab.CORE, bps['up'] * OFFERED):
        assert_rate(bps['up'], ('core', 'eth0', 14), lambda: sum(v['policed'] for v in uploads().values()), 0.25)
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
    """Two subscribers: one program with an entry for each; the end of one keeps the entry of the other."""
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
