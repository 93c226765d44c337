# SPDX-License-Identifier: BSD-2-Clause
"""ze is killed at every step of the life of its sessions, with Debian's FreeRADIUS behind; ze on the BPF plane, where sessions
survive. The detail file of the server is the oracle. ZE_TORTURE: 200 times instead of 10."""
import calendar
import os
import signal
import subprocess
import time

import pytest

import nslab
from test_radius_acct import accounting, lab_with, records

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

ROUNDS = 200 if os.environ.get('ZE_TORTURE') else 10
SESSIONS = 8
# What may differ between two copies of a record.
TIMES = {'Acct-Delay-Time', 'Timestamp', 'Acct-Unique-Session-Id', 'Tmp-String-9'}


class Round:
    """One life of some sessions; `step` says when ze is killed."""

    def __init__(self, x, f, number):
        self.x, self.f, self.number = x, f, number
        self.old = self.tids()
        self.before = {kind: len(records(f, kind)) for kind in ('Start', 'Stop')}
        self.lac = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['lac'], nslab.ZELOAD, '-s', str(SESSIONS), '--hold',
                                     '600', x.peer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def tids(self):
        return {t['local-tid'] for t in self.x.show('tunnels')}

    def new(self, kind):
        return len(records(self.f, kind)) - self.before[kind]

    def sessions(self, state='established'):
        return [s for s in self.x.show('sessions') if s['state'] == state]

    # The steps, in the order of a life.

    def tunnel(self):
        return self.tids() - self.old      # those of earlier rounds may linger

    def login(self):
        """An Access-Request was sent."""
        return self.x.show('sessions')

    def first_up(self):
        return self.sessions()

    def first_start(self):
        return self.new('Start') > 0

    def all_up(self):
        return len(self.sessions()) == SESSIONS

    def all_started(self):
        return self.new('Start') == SESSIONS and accounting(self.x)['unsent'] == 0

    def ending(self):
        """The LAC ends its sessions, and half of them have ended."""
        if self.lac.poll() is None and self.all_up():
            self.lac.terminate()
        return self.lac.poll() is not None and len(self.x.show('sessions')) <= SESSIONS / 2

    def first_stop(self):
        self.ending()
        return self.new('Stop') > 0

    def ended(self):
        self.ending()
        return self.lac.poll() is not None and not self.x.show('sessions')

    def soon(self):
        """At any time of the life, a millisecond later in each round."""
        return time.sleep(self.number * 0.001) or self.tunnel()

    STEPS = (tunnel, login, first_up, first_start, all_up, all_started, ending, first_stop, ended, soon)

    def run(self):
        step = self.STEPS[self.number % len(self.STEPS)]
        nslab.wait_for(lambda: step(self), 60)
        self.x.stop_ze(signal.SIGKILL)
        self.x.start_ze()
        held = [s['assigned-addr'] for s in self.x.show('sessions') if s['assigned-addr']]
        assert len(set(held)) == len(held), held
        self.x.zectl('clear', 'l2tp', 'tunnel', 'teardown-all')
        self.lac.kill()
        self.lac.wait(20)
        nslab.wait_for(lambda: not self.x.show('sessions'), 60)


def assert_story(f):
    """Each session has one Start and one Stop, and counters do not decrease. A record that was answered just before ze was
    killed may come twice: the copy says the same, with what became known since."""
    of = {}
    for r in f.records():
        if r['Acct-Status-Type'][0] in ('Start', 'Interim-Update', 'Stop'):
            of.setdefault(r['Acct-Session-Id'][0], []).append(r)
    assert of
    for sid, all_of in of.items():
        kinds = {kind: [r for r in all_of if r['Acct-Status-Type'] == [kind]] for kind in ('Start', 'Stop')}
        for kind, copies in kinds.items():
            assert 1 <= len(copies) <= 2, (sid, kind, all_of)
            assert all(k in TIMES or copies[-1].get(k) == v for k, v in copies[0].items()), copies
        for name in ('Acct-Session-Time', 'Acct-Input-Octets', 'Acct-Output-Octets', 'Acct-Input-Packets', 'Acct-Output-Packets'):
            values = [int(r[name][0]) for r in all_of if name in r]
            assert values == sorted(values), (sid, name, values)
    assert_addresses(of)


def assert_addresses(of):
    """No address belongs to two sessions at a time."""
    held = {}
    for all_of in of.values():
        times = [calendar.timegm(time.strptime(r['Event-Timestamp'][0], '%b %d %Y %H:%M:%S %Z')) for r in all_of]
        held.setdefault(all_of[0]['Framed-IP-Address'][0], []).append((min(times), max(times)))
    assert any(len(spans) > 1 for spans in held.values()), held     # addresses are used again
    for address, spans in held.items():
        spans.sort()
        for (_, end), (begin, _) in zip(spans, spans[1:]):
            assert begin >= end, (address, spans)


def test_killed_at_every_step(tmp_path):
    """S-AAA-54, S-AAA-63, S-AAA-66: every Start has one Stop, counters never go back and no address is held twice, however often ze is
    killed."""
    with lab_with(tmp_path) as (x, f):
        f.start()
        x.start_ze()
        for number in range(ROUNDS):
            Round(x, f, number).run()
        nslab.wait_for(lambda: accounting(x)['unsent'] == 0 and accounting(x)['sessions'] == 0, 60)
        x.stop_ze()
        assert_story(f)
