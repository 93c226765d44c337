# SPDX-License-Identifier: BSD-2-Clause
"""Accounting of sessions through a real tunnel, with the detail file of Debian's FreeRADIUS as the oracle; ze on the BPF plane."""
import contextlib
import json
import os
import signal
import time

import pytest

import nslab
from freeradius import FreeRadius

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

USERS = '''
bob Cleartext-Password := "s3cret pass"
	User-Name = "bob@isp", Class = 0x0102, Class += 0x00ff00, Acct-Interim-Interval = 60
DEFAULT Cleartext-Password := "hunter2"
'''
LOCAL = 'auth { local { user alice { password hunter2; session-limit 0 } } }'
SERVER = 'server main { address 198.51.100.2; shared-key "s3cret"; }'
RADIUS = 'auth { radius { nas-identifier lns1; timeout 1; retries 2; acct-interval 60; %s %s } }'


@contextlib.contextmanager
def lab_with(tmp_path, auth=RADIUS % ('', SERVER), users=USERS, **kw):
    with nslab.lab(tmp_path, **kw) as x:
        nslab.edit(x, LOCAL, auth)
        nslab.edit(x, 'setup-rate 0;', 'setup-rate 0; session-limit 0;')
        f = FreeRadius(x, 'main', users)
        try:
            yield x, f
        finally:
            f.stop()


def records(f, status):
    return [r for r in f.records() if r['Acct-Status-Type'] == [status]]


def numbers(r, *names):
    return [int(r[n][0]) for n in names]


def accounting(x):
    return json.loads(x.zectl('--json', 'show', 'radius', 'accounting'))


def has(f, status, n, seconds=20):
    """Waits for n records with this status, and returns them."""
    nslab.wait_for(lambda: len(records(f, status)) >= n, seconds)
    got = records(f, status)
    assert len(got) == n, got
    return got


def log_in(x, *more):
    x.lac = x.spawn('lac', 'lac.log', nslab.ZELOAD, '--hold', '600', *more, x.peer)
    nslab.wait_for(lambda: ' up, ' in x.log('lac.log') or x.lac.poll() is not None, 120)
    assert ' 0 failed' in x.log('lac.log') and x.lac.poll() is None, x.log('lac.log') + x.log('ze.log')


def test_one_session(tmp_path):
    """S-AAA-06, S-AAA-18, S-AAA-46, S-AAA-47, S-AAA-54...S-AAA-59, S-AAA-62, R-030, R-031, R-033, R-037, R-040: Accounting-On, the
    records of a session in which the subscriber sends, and Accounting-Off, at the port after that for logins."""
    with lab_with(tmp_path) as (x, f):
        f.start()
        x.start_ze()
        has(f, 'Accounting-On', 1)
        log_in(x, '-u', 'bob', '-p', 's3cret pass', '--tun', 'sub0')
        start, = has(f, 'Start', 1)
        s, = x.show('sessions')
        detail = x.show('session', str(s['local-sid']))
        assert start['User-Name'] == ['bob@isp'] and start['Class'] == ['0x0102', '0x00ff00'], start
        assert start['Acct-Session-Id'] == [detail['session-id']], (start, detail)
        assert start['Framed-IP-Address'] == [s['assigned-addr']] and start['NAS-Identifier'] == ['lns1'], start
        assert start['Acct-Authentic'] == ['RADIUS'] and start['NAS-Port'] == [str(s['local-sid'])], start
        for name in ('Service-Type', 'Framed-Protocol', 'NAS-Port-Type', 'Event-Timestamp', 'Acct-Delay-Time', 'Tunnel-Client-Endpoint:0'):
            assert name in start or name.split(':', maxsplit=1)[0] in start, (name, start)
        assert 'Acct-Terminate-Cause' not in start and 'Acct-Session-Time' not in start
        # One way: the subscriber sends to an address that does not answer.
        x.ip('lac', 'link', 'set', 'sub0', 'up')
        x.ip('lac', 'addr', 'add', s['assigned-addr'] + '/32', 'dev', 'sub0')
        x.ip('lac', 'route', 'add', '198.51.100.0/24', 'dev', 'sub0')
        x.sh('lns', 'ip', 'neigh', 'replace', '198.51.100.77', 'lladdr', '02:00:00:00:00:77', 'dev', 'core0')
        x.sh('lac', 'ping', '-n', '-q', '-c', '50', '-i', '0.01', '-W', '1', '-s', '972', '198.51.100.77', check=False)
        nslab.wait_for(lambda: x.show('session', str(s['local-sid']))['traffic']['up-packets'] >= 50)
        x.stop_lac()
        stop, = has(f, 'Stop', 1)
        octets, packets, out, out_packets = numbers(stop, 'Acct-Input-Octets', 'Acct-Input-Packets', 'Acct-Output-Octets',
                                                    'Acct-Output-Packets')
        assert (octets, packets, out, out_packets) == (50000, 50, 0, 0), stop
        assert stop['Acct-Session-Id'] == start['Acct-Session-Id'] and stop['Class'] == start['Class'], stop
        assert stop['Framed-IP-Address'] == start['Framed-IP-Address'] and 'Acct-Terminate-Cause' in stop, stop
        assert 'Acct-Input-Gigawords' not in stop
        x.stop_ze()
        assert len(has(f, 'Accounting-Off', 1)) == 1
        assert [r['Acct-Status-Type'][0] for r in f.records()] == ['Accounting-On', 'Start', 'Stop', 'Accounting-Off'], f.records()
        assert 's3cret' not in x.log('ze.log')


def test_accounting_alone(tmp_path):
    """S-AAA-10, S-AAA-59, S-AAA-60, S-REL-14, R-033: without authentication there are records and no Access-Request; an operator ends
    the session; a reload switches accounting off and on again."""
    with lab_with(tmp_path) as (x, f):
        nslab.edit(x, 'dataplane bpf;', 'dataplane bpf; auth-method none; allow-no-auth true;')
        f.start()
        x.start_ze()
        log_in(x)
        start, = has(f, 'Start', 1)
        assert 'User-Name' not in start, start
        sid = str(x.show('sessions')[0]['local-sid'])
        x.zectl('clear', 'l2tp', 'session', 'teardown', sid, 'cause', '77')
        stop, = has(f, 'Stop', 1)
        assert stop['Acct-Terminate-Cause'] == ['Admin-Reset'], stop
        nslab.edit(x, 'nas-identifier lns1;', 'nas-identifier lns1; accounting off;')
        x.zectl('reload')
        x.stop_lac()
        log_in(x)
        assert 'note' in accounting(x)
        nslab.edit(x, 'accounting off;', '')
        x.zectl('reload')
        has(f, 'Start', 2)      # of the session that was up
        x.stop_ze()
        assert len(has(f, 'Stop', 2)) == 2
        assert records(f, 'Stop')[1]['Acct-Terminate-Cause'] == ['Admin-Reboot'], f.records()
        assert 'Access-Request' not in f.log()


def test_killed(tmp_path):
    """S-AAA-61, S-AAA-62, S-AAA-66, R-031: ze is killed, its sessions continue with the next instance and have the same Acct-Session-Id; then
    it is killed and the sessions end with it: each has one Stop, with the counters that were known last."""
    with lab_with(tmp_path) as (x, f):
        f.start()
        x.start_ze()
        log_in(x, '-s', '3')
        ids = sorted(r['Acct-Session-Id'][0] for r in has(f, 'Start', 3))
        nslab.wait_for(lambda: accounting(x)['unsent'] == 0)
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        assert len(x.show('sessions')) == 3
        x.zectl('clear', 'l2tp', 'session', 'teardown', str(x.show('sessions')[0]['local-sid']))
        stop, = has(f, 'Stop', 1)
        assert stop['Acct-Session-Id'][0] in ids and stop['Acct-Terminate-Cause'] == ['Admin-Reset'], stop
        assert accounting(x)['sessions'] == 2
        # The others end with the next instance: it has no state.
        x.stop_ze(signal.SIGKILL)
        os.unlink(os.path.join(x.dir, 'state'))
        x.lac.kill()
        x.lac.wait()
        x.lac = None
        x.start_ze()
        stops = has(f, 'Stop', 3)
        assert sorted(r['Acct-Session-Id'][0] for r in stops) == ids, stops
        assert [r['Acct-Terminate-Cause'] for r in stops[1:]] == [['NAS-Reboot']] * 2, stops
        has(f, 'Accounting-On', 2)      # of the first instance, and of that without sessions
        log_in(x)
        assert has(f, 'Start', 4)[3]['Acct-Session-Id'][0] > ids[-1]
        x.stop_ze()
        assert len(records(f, 'Accounting-Off')) == 1


def test_silent_server(tmp_path):
    """S-AAA-63, S-AAA-64, R-034, R-038: sessions begin and end while no server answers. Nothing of it is lost, and the time of the events
    is that of the events. With `accounting required` the session ends."""
    with lab_with(tmp_path, auth=RADIUS % ('', SERVER) + ' ' + LOCAL.replace('auth ', 'auth ')) as (x, f):
        nslab.edit(x, 'auth { radius', 'auth { order [ local ]; radius')
        nslab.edit(x, '} auth { local', ' local')
        x.start_ze()
        log_in(x, '-s', '5')
        nslab.wait_for(lambda: 'accounting-unreachable' in x.log('ze.log'), 30)
        assert len(x.show('sessions')) == 5
        before = int(time.time())
        x.stop_lac()
        nslab.wait_for(lambda: not x.show('sessions'))
        after = int(time.time())
        got = accounting(x)
        assert got['unsent'] == 5 and not got['reachable'] and got['spool']['rows'] == 5, got
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        nslab.edit(x, 'nas-identifier lns1;', 'nas-identifier lns1; accounting required;')
        nslab.wait_for(lambda: 'accounting-unreachable' in x.log('ze.log'), 30)
        x.zectl('reload')
        x.sh('lac', nslab.ZELOAD, '--hold', '1', x.peer, check=False)
        nslab.wait_for(lambda: any(h['cause'] == 'unaccounted' for h in x.show('history')))
        f.start()
        starts, stops = has(f, 'Start', 6, 90), has(f, 'Stop', 6, 90)
        assert len({r['Acct-Session-Id'][0] for r in stops}) == len({r['Acct-Session-Id'][0] for r in starts}) == 6
        # The sixth session ended later; records of different sessions arrive in any order.
        ended = sorted(arrived - delay for arrived, delay in (numbers(r, 'Timestamp', 'Acct-Delay-Time') for r in stops))
        assert all(before - 1 <= t <= after + 1 for t in ended[:5]), (before, after, ended)
        nslab.wait_for(lambda: 'accounting-reachable' in x.log('ze.log'))
        x.stop_ze()
        assert len(records(f, 'Stop')) == 6


def spool(tmp_path, n):
    """n sessions end while every server is away; ze is killed and started; the server returns: n Stops, each once."""
    with lab_with(tmp_path) as (x, f):
        nslab.edit(x, 'end 10.100.15.254', 'end 10.100.255.254')
        f.start()
        x.start_ze()
        log_in(x, '-t', '10', '-s', str(n // 10), '-w', '64')
        nslab.wait_for(lambda: accounting(x)['starts'] == n, 300)
        f.stop()
        before = int(time.time())
        x.stop_lac()
        nslab.wait_for(lambda: not x.show('l2tp', check=False) and not x.show('sessions'), 300)
        after = int(time.time())
        # What is in the queue of the disk when it is killed is a Stop with the counters known before.
        nslab.wait_for(lambda: accounting(x)['spool']['queued'] == 0, 60)
        assert accounting(x)['unsent'] == n
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        f.start()
        nslab.wait_for(lambda: accounting(x)['unsent'] == 0, 600)
        stops = records(f, 'Stop')
        assert len(stops) == n and len({r['Acct-Session-Id'][0] for r in stops}) == n
        for r in stops:
            arrived, delay = numbers(r, 'Timestamp', 'Acct-Delay-Time')
            assert before - 1 <= arrived - delay <= after + 1, (before, after, r)
            assert r['Acct-Terminate-Cause'] != ['NAS-Reboot'], r
        x.stop_ze()


def test_spool(tmp_path):
    """S-AAA-63, R-034; 20000 sessions in the long form."""
    spool(tmp_path, 20000 if os.environ.get('ZE_TORTURE') else 500)
