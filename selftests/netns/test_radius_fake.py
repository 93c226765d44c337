# SPDX-License-Identifier: BSD-2-Clause
"""What FreeRADIUS does not do: wrong, late, repeated and missing answers, in the order of one login each; the clients' users
name what the server does with them. ze is started once."""
import json
import os
import subprocess

import pytest

import nslab
from fakeradius import ACCEPT, CHALLENGE, REJECT, FakeRadius, attribute, reply

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

SECRET = b's3cret'
LOCAL = 'auth { local { user alice { password hunter2; session-limit 0 } } }'
RADIUS = 'authentication { timeout 8; reject-interval 0 } auth { radius { nas-identifier lns1; timeout 2; server main { ' \
         'address 198.51.100.2; shared-key s3cret } } }'


def right(r):
    return reply(r, ACCEPT, SECRET)


def wrong_ones(r):
    """One of each kind that a server can be charged with, and the counter of each."""
    return [
        ('reply-authenticator', reply(r, ACCEPT, SECRET, authenticator=bytes(16))),
        ('reply-authenticator', reply(r, REJECT, b'another secret', sign=False)),
        ('radius-signature', reply(r, ACCEPT, SECRET, signature=bytes(16))),
        ('reply-id', reply(r, ACCEPT, SECRET, id=(r.id + 128) % 256)),
        ('radius-short', right(r)[:19]),
        ('radius-length', reply(r, ACCEPT, SECRET, length=19)),
        ('radius-length', reply(r, ACCEPT, SECRET, length=300)),
        ('radius-length', reply(r, ACCEPT, SECRET, attribute(18, b'x' * 253) * 16)),
        ('radius-attr-len', reply(r, ACCEPT, SECRET, b'\x12\x00')),
        ('radius-attr-len', reply(r, ACCEPT, SECRET, b'\x12\xff')),
    ]


def behave(server, r):
    asked = len(server.of(r.user))
    if r.user == 'wrong':
        late = right(r)
        return [(0, octets, 0) for _, octets in wrong_ones(r)] + [(0, right(r), 1), (0.1, late, 0), (0.2, late, 0)]
    if r.user == 'third':
        return [(0, right(r), 0)] if asked == 3 else []
    if r.user == 'silent':
        return []
    if r.user == 'slow':
        return [(5, right(r), 0)] if asked == 1 else []
    if r.user == 'challenge':
        return [(0, reply(r, CHALLENGE, SECRET, attribute(18, b'Enter the code')), 0)]
    if r.user == 'code':
        return [(0, reply(r, 99, SECRET), 0)]
    if r.user == 'large':       # 4096 octets: 20, the signature, 15 of 255 and one of 233
        return [(0, reply(r, ACCEPT, SECRET, attribute(79, b'x' * 253) * 15 + attribute(79, b'x' * 231)), 0)]
    return [(0, right(r), 0)]


@pytest.fixture(name='lab', scope='module')
def fixture_lab(tmp_path_factory):
    with nslab.lab(tmp_path_factory.mktemp('lab')) as x:
        nslab.edit(x, LOCAL, RADIUS)
        server = FakeRadius(x, 1812, SECRET, behave)
        try:
            x.start_ze()
            yield x, server
            x.stop_ze()
        finally:
            server.stop()


class Login:
    """A login of zeload in the background."""

    def __init__(self, x, user):
        self.out = os.path.join(x.dir, 'report-' + user)
        self.p = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['lac'], nslab.ZELOAD, '-s', '1', '-u', user, '-p',
                                   'secret', '-a', 'pap', '--json', self.out, x.peer], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)

    def up(self):
        self.p.wait(60 * nslab.SLOW)
        with open(self.out, encoding='utf-8') as f:
            return json.load(f)['up'] == 1


def lines(x, *words):
    return [line for line in x.log('ze.log').splitlines() if all(w in line for w in words)]


def stats(x):
    return json.loads(x.zectl('--json', 'show', 'radius', 'servers'))['servers'][0]


def test_wrong_answers(lab):
    """S-AAA-21, S-AAA-28, R-005, R-006, R-016, R-017: each wrong answer is dropped and counted, and the right one behind them
    is used once."""
    x, server = lab
    before = stats(x).get('dropped', {})
    assert Login(x, 'wrong').up(), x.log('ze.log')
    want = {}
    for why, _ in wrong_ones(server.of('wrong')[0]):
        want[why] = want.get(why, 0) + 1
    want['reply-late'] = 1
    nslab.until(lambda: same(x, before, want))
    assert len({(r.id, r.auth) for r in server.of('wrong')}) == 1
    assert Login(x, 'large').up(), x.log('ze.log')


def same(x, before, want):
    now = stats(x)['dropped']
    assert {k: v - before.get(k, 0) for k, v in now.items() if v != before.get(k, 0)} == want, now


def test_other_codes(lab):
    """S-AAA-30, R-013: a challenge and an unknown code refuse the login."""
    x, _ = lab
    assert not Login(x, 'challenge').up()
    assert lines(x, 'radius-reply-refused', 'reply-challenge', 'user=challenge'), x.log('ze.log')
    assert not Login(x, 'code').up()
    assert lines(x, 'radius-reply-refused', 'reply-code', 'code=99', 'user=code'), x.log('ze.log')


def test_waiting(lab):
    """S-AAA-23, S-AAA-24, S-AAA-25, S-AAA-32, R-008: three logins wait at the same time, for the third copy, for an answer after 5 s
    and for nothing. A session that is up sees nothing of it."""
    x, server = lab
    steady = x.spawn('lac', 'lac.log', nslab.ZELOAD, '-s', '1', '-u', 'steady', '-p', 'secret', '-a', 'pap', '--hold', '600',
                     x.peer)
    try:
        sid = nslab.wait_for(lambda: [s['local-sid'] for s in x.show('sessions') if s['state'] == 'established'])[0]
        waiting = [Login(x, user) for user in ('third', 'slow', 'silent')]
        nslab.wait_for(lambda: server.of('slow') and server.of('silent') and server.of('third'))
        assert [w.up() for w in waiting] == [True, True, False], x.log('ze.log')
        echo = x.show('session', str(sid))['lcp-echo']
        assert echo['sent'] >= 5 and echo['lost'] == 0, echo
        assert echo['max-rtt-us'] < 1000000 * nslab.SLOW, echo
    finally:
        steady.terminate()
        steady.wait(20)
    third = server.of('third')
    assert len({(r.id, r.auth, r.source) for r in third}) == 1 and len({r.raw for r in third}) == 1
    assert third[1].at - third[0].at > 1.7 and third[2].at - third[1].at > 3.4
    silent = server.of('silent')
    # The time of the login ends before that of the server.
    assert lines(x, 'radius-unanswered', 'reply-none', 'user=silent'), x.log('ze.log')
    assert lines(x, 'auth-unavailable', 'message="No RADIUS server answered"', 'user=silent'), x.log('ze.log')
    assert silent[-1].at - silent[0].at < 8
    events = [e for h in x.show('history') for e in h['events'] if e['event'] == 'auth-unavailable']
    assert [e['reason'] for e in events] == ['No RADIUS server answered'], events
