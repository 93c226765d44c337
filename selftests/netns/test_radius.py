# SPDX-License-Identifier: BSD-2-Clause
"""Logins through a real tunnel against Debian's FreeRADIUS; ze on the BPF plane."""
import contextlib
import json
import os

import pytest

import nslab
from freeradius import FreeRadius

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

USERS = '''
bob Cleartext-Password := "s3cret pass"
	Framed-IP-Address = 10.100.9.9, Reply-Message = "Hello Bob", Session-Timeout = 3600, Class = 0x01
dave Cleartext-Password := "limited"
	Port-Limit = 1
carol Cleartext-Password := "other"
	Service-Type = Login-User
'''
LOCAL = 'auth { local { user alice { password hunter2; session-limit 0 } } }'


def server(name, port=1812, key='s3cret'):
    return 'server %s { address 198.51.100.2; port %d; shared-key "%s"; }' % (name, port, key)


def radius(*servers, order='', timeout=1):
    return 'auth { %s radius { nas-identifier lns1; timeout %d; retries 2; %s } local { user alice { ' \
           'password hunter2; session-limit 0 } } }' % (order, timeout, ' '.join(servers))


@contextlib.contextmanager
def lab_with(tmp_path, auth):
    with nslab.lab(tmp_path) as x:
        nslab.edit(x, LOCAL, auth)
        started = []
        try:
            yield x, started
        finally:
            for f in started:
                f.stop()


def login(x, user, password, method='chap', n=1, *more):
    """The report of zeload: n sessions that end again."""
    out = os.path.join(x.dir, 'report')
    x.sh('lac', nslab.ZELOAD, *more, '-s', str(n), '-u', user, '-p', password, '-a', method, '--json', out, x.peer,
         check=False, timeout=90 * nslab.SLOW)
    with open(out, encoding='utf-8') as f:
        return json.load(f)


def lines(x, *words):
    return [line for line in x.log('ze.log').splitlines() if all(w in line for w in words)]


def test_methods(tmp_path):
    """R-001, R-002, R-003, R-014, S-AAA-11...S-AAA-16: each method is accepted and refused by FreeRADIUS, which requires our
    Message-Authenticator; what it grants is used."""
    with lab_with(tmp_path, radius(server('main'))) as (x, started):
        started.append(FreeRadius(x, 'main', USERS))
        started[0].start()
        x.start_ze()
        for method in ('pap', 'chap', 'ms-chap-v2'):
            assert login(x, 'bob', 's3cret pass', method)['up'] == 1, x.log('ze.log')
            assert login(x, 'bob', 'wrong', method)['up'] == 0
            assert lines(x, 'auth-reject', 'user=bob'), x.log('ze.log')
        history = x.show('history')
        assert sum('10.100.9.9' in json.dumps(h) for h in history) == 3, history
        servers = json.loads(x.zectl('--json', 'show', 'radius', 'servers'))
        assert [(s['name'], s['state'], s['accepts']) for s in servers['servers']] == [('main', 'answers', 3)], servers
        # The subscriber gets all of it.
        assert not lines(x, 'radius-values-not-applied'), x.log('ze.log')
        # A local user is not asked, and another service than PPP is refused.
        assert login(x, 'alice', 'hunter2')['up'] == 0
        assert login(x, 'carol', 'other')['up'] == 0
        assert lines(x, 'radius-reply-refused', 'accept-service', 'user=carol')
        assert not lines(x, 'unsigned') and not lines(x, 'radius-server-aside')
        assert 's3cret' not in x.log('ze.log')
        x.stop_ze()
        assert 'nvalid' not in started[0].log() and 'Dropping' not in started[0].log()


def test_source_address(tmp_path):
    """S-AAA-05, S-AAA-08: requests leave from source-address, which is the only client that the server knows, and it is
    NAS-IP-Address. The key is in nothing that ze and its tools print."""
    key = 'k3y-of-the-s3rver'
    auth = radius(server('main', key=key)).replace('timeout', 'source-address 198.51.100.9; timeout')
    with lab_with(tmp_path, auth) as (x, started):
        x.sh('lns', 'ip', 'address', 'add', '198.51.100.9/24', 'dev', 'core0')
        started.append(FreeRadius(x, 'main', USERS, secret=key, client='198.51.100.9'))
        started[0].start()
        x.start_ze()
        assert login(x, 'bob', 's3cret pass')['up'] == 1, x.log('ze.log')
        nslab.wait_for(lambda: len(started[0].records()) >= 3, 30)
        assert {r['NAS-IP-Address'][0] for r in started[0].records()} == {'198.51.100.9'}
        assert 'unknown client' not in started[0].log()
        said = [x.zectl('--json', *words) for words in
                (('show', 'l2tp', 'config'), ('show', 'l2tp', 'history'), ('show', 'radius', 'servers'),
                 ('show', 'radius', 'accounting'), ('show', 'radius', 'coa'))]
        assert '<set>' in said[0]
        nslab.edit(x, 'port 1812', 'port 181200')
        said.append(x.sh('lns', nslab.ZECTL, '--socket', x.sock, 'reload', check=False))
        said.append(x.sh('lns', nslab.ZE, '-t', '-c', x.conf, check=False))
        nslab.edit(x, 'port 181200', 'port 1812')
        nslab.edit(x, key, key + '-new')
        x.zectl('reload')
        assert lines(x, 'setting-changed', 'radius/server'), x.log('ze.log')
        assert login(x, 'bob', 's3cret pass')['up'] == 0
        said.append(x.log('ze.log'))
        assert all(said) and not [text for text in said if key in text]


def test_proxy(tmp_path):
    """P-090, P-091, P-092, P-098: the login that a LAC has received, with each method: asked of FreeRADIUS, and of the local
    users after a reload; without the configuration LCP and the login are repeated."""
    def detail():
        z = x.spawn('lac', 'held.log', nslab.ZELOAD, '--proxy', '-u', user, '-p', password, '--hold', '600', x.peer)
        nslab.wait_for(lambda: z.poll() is not None or any(s['state'] == 'established' for s in x.show('sessions')), 30)
        assert z.poll() is None, x.log('held.log')
        s = x.show('session', str(x.show('sessions')[0]['local-sid']))
        z.terminate()
        z.wait(30)
        nslab.wait_for(lambda: not x.show('sessions'), 30)
        return s['username'], s['lcp-proxied'], s['auth-proxied'], s['auth-state']

    with lab_with(tmp_path, 'proxy { lcp on-mismatch }' + radius(server('main'))) as (x, started):
        started.append(FreeRadius(x, 'main', USERS))
        started[0].start()
        x.start_ze()
        for method in ('pap', 'chap', 'ms-chap-v2'):
            assert login(x, 'bob', 's3cret pass', method, 1, '--proxy')['up'] == 1, x.log('ze.log')
            assert login(x, 'bob', 'wrong pass', method, 1, '--proxy')['up'] == 0
        user, password = 'bob', 's3cret pass'
        assert detail() == ('bob', True, True, 'accepted')
        assert len(lines(x, 'auth-rejected', 'user=bob')) == 3 and not lines(x, 'frame-refused'), x.log('ze.log')
        nslab.edit(x, radius(server('main')), LOCAL)
        x.zectl('reload')
        user, password = 'alice', 'hunter2'
        assert detail() == ('alice', True, True, 'accepted')
        assert login(x, 'alice', 'wrong pass', 'pap', 1, '--proxy')['up'] == 0
        nslab.edit(x, 'lcp on-mismatch', 'lcp on-mismatch; auth again')
        x.zectl('reload')
        assert detail() == ('alice', True, False, 'accepted')
        nslab.edit(x, 'lcp on-mismatch; auth again', 'lcp always')
        x.zectl('reload')
        assert detail() == ('alice', False, False, 'accepted')
        assert not any(word in x.log('ze.log') for word in ('s3cret', 'hunter2', 'wrong pass'))
        x.stop_ze()


def test_port_limit(tmp_path):
    """F-C5: Port-Limit: a login beyond it is denied, or ends the oldest session, as the reloaded configuration says."""
    with lab_with(tmp_path, radius(server('main'))) as (x, started):
        started.append(FreeRadius(x, 'main', USERS))
        started[0].start()
        x.start_ze()
        z = x.spawn('lac', 'held.log', nslab.ZELOAD, '-u', 'dave', '-p', 'limited', '--hold', '600', x.peer)
        nslab.wait_for(lambda: z.poll() is not None or any(s['state'] == 'established' for s in x.show('sessions')), 30)
        assert login(x, 'dave', 'limited')['up'] == 0
        assert lines(x, 'session-limit-reached', 'user=dave', 'limit=1') and z.poll() is None, x.log('ze.log')
        nslab.edit(x, 'auth {', 'session-limit-action replace; auth {')
        x.zectl('reload')
        assert login(x, 'dave', 'limited')['up'] == 1, x.log('ze.log')
        assert len(lines(x, 'session-down', 'user=dave', 'cause=replaced')) == 1
        assert [h['terminate-cause'] for h in x.show('history') if h['cause'] == 'replaced'] == [13]
        z.terminate()
        z.wait(30)
        x.stop_ze()


def test_silent_server(tmp_path):
    """R-009, S-AAA-26: the first server is silent. It is set aside, and logins do not wait for it any more."""
    with lab_with(tmp_path, radius(server('silent', 1900), server('main'), timeout=3)) as (x, started):
        started.append(FreeRadius(x, 'main', USERS.replace('Framed-IP-Address = 10.100.9.9, ', '')))
        started[0].start()
        with x.inside('core'):
            quiet = nslab.socket.socket(nslab.socket.AF_INET, nslab.socket.SOCK_DGRAM)
            quiet.bind(('198.51.100.2', 1900))
        x.start_ze()
        with quiet:
            assert login(x, 'bob', 's3cret pass', n=16)['up'] == 16, x.log('ze.log')
            assert lines(x, 'radius-server-aside', 'server=silent')
            again = login(x, 'bob', 's3cret pass', n=16)
            assert again['up'] == 16
        x.stop_ze()


def test_server_down(tmp_path):
    """S-AAA-09, S-AAA-24, S-AAA-29: no server answers, so the local users are asked; a reload takes them out of the order, and
    the login is refused with the reason; then the server starts, and signs nothing."""
    with lab_with(tmp_path, radius(server('main'), order='order [ radius local ];')) as (x, started):
        x.start_ze()
        assert login(x, 'alice', 'hunter2')['up'] == 1, x.log('ze.log')
        assert login(x, 'bob', 's3cret pass')['up'] == 0
        nslab.edit(x, 'order [ radius local ];', '')
        x.zectl('reload')
        assert login(x, 'alice', 'hunter2')['up'] == 0
        assert lines(x, 'auth-unavailable', 'user=alice')
        assert lines(x, 'radius-unanswered', 'reply-none', 'user=alice'), x.log('ze.log')
        started.append(FreeRadius(x, 'main', USERS, signs=False))
        started[0].start()
        assert login(x, 'bob', 's3cret pass')['up'] == 1, x.log('ze.log')
        assert lines(x, 'radius-reply-unsigned', 'effect=accepted')
        x.stop_ze()
