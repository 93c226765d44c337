# SPDX-License-Identifier: BSD-2-Clause
"""CoA and Disconnect requests by Debian's radclient, on the BPF plane: which sessions they change or end, which requests are
not answered, and that no packet is lost."""
import contextlib
import hashlib
import json
import os
import socket
import struct
import threading
import time

import pytest

import nslab

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

LNS, PORT, SECRET = '198.51.100.1', 3799, 'radius-secret'
LOCAL = 'auth { local {'
RADIUS = 'auth { order [ local ]; radius { nas-identifier lns1; %s ' \
         'server main { address 198.51.100.2; shared-key "' + SECRET + '"; } } local {'


@contextlib.contextmanager
def lab_with(tmp_path, leaves='coa-port 3799;'):
    with nslab.lab(tmp_path) as x:
        nslab.edit(x, LOCAL, RADIUS % leaves)
        x.start_ze()
        yield x
        log = x.log('ze.log')
        assert SECRET not in log and 'ERROR' not in log and 'error ' not in log, log
        x.stop_ze()


def radclient(x, what, attrs, *more, ns='core', to=LNS, secret=SECRET, stamp=True):
    """The answer: 'ACK', an Error-Cause such as '503', or '' for silence; and all that radclient has printed."""
    name = os.path.join(x.dir, 'request')
    if stamp:
        attrs += ', Event-Timestamp = "%d"' % time.time()
    with open(name, 'w', encoding='utf-8') as f:
        f.write(attrs + '\n')
    wait = more or ('-r', '3', '-t', str(2 * nslab.SLOW))
    out = x.sh(ns, 'radclient', '-x', *wait, '-f', name, '%s:%d' % (to, PORT), what, secret, check=False)
    if '-ACK Id' in out:
        return 'ACK', out
    causes = {'Unsupported-Attribute': '401', 'Missing-Attribute': '402', 'NAS-Identification-Mismatch': '403',
              'Invalid-Request': '404', 'Unsupported-Service': '405', 'Invalid-Attribute-Value': '407',
              'Session-Context-Not-Found': '503'}
    for line in out.splitlines():
        if 'Error-Cause = ' in line:
            word = line.split(' = ')[1].strip()
            return causes.get(word, word), out
    assert 'Received' not in out, out
    return '', out


def clients(x):
    return json.loads(x.zectl('--json', 'show', 'radius', 'coa'))


def lines(x, *words):
    return [line for line in x.log('ze.log').splitlines() if all(w in line for w in words)]


def sockets(x):
    return [s for s in x.sh('lns', 'ss', '-Hulpn').splitlines() if ':3799 ' in s]


def sign(code, ident, attrs):
    head = struct.pack('!BBH', code, ident, 20 + len(attrs))
    return head + hashlib.md5(head + bytes(16) + attrs + SECRET.encode()).digest() + attrs


def attr(kind, value):
    return bytes((kind, 2 + len(value))) + value


def test_requests(tmp_path):
    """S-AAA-07, S-AAA-68...S-AAA-74, S-AAA-76...S-AAA-80, R-050...R-060: one request of each kind."""
    with lab_with(tmp_path, '') as x:
        assert not sockets(x) and 'note' in clients(x)
        nslab.edit(x, 'nas-identifier lns1;', 'nas-identifier lns1; coa-port 3799;')
        x.zectl('reload')
        assert len(sockets(x)) == 1 and '0.0.0.0:3799' in sockets(x)[0], sockets(x)
        x.start_lac(8, '-u', 'alice', '-p', 'hunter2')
        rows = sorted(x.show('sessions'), key=lambda s: s['local-sid'])
        sid = [s['local-sid'] for s in rows]
        ids = [x.show('session', str(s))['session-id'] for s in sid]
        addr = [s['assigned-addr'] for s in rows]

        def ask(what, attrs, want, **kw):
            got, out = radclient(x, what, attrs, **kw)
            assert got == want, (attrs, out, x.log('ze.log')[-3000:])
            return out

        # Each identification alone; two that do not agree; none.
        rate = ', Filter-Id = "5gbit/3gbit"'
        for k, who in enumerate(('Acct-Session-Id = "%s"' % ids[0], 'NAS-Port = %d' % sid[0],
                                 'Framed-IP-Address = ' + addr[0])):
            ask('coa', who + ', Filter-Id = "%dgbit"' % (2 + k), 'ACK')
        ask('coa', 'User-Name = alice' + rate, 'ACK')
        # R-061, S-AAA-80: the session is the same, and its events say who and what.
        detail = x.show('session', str(sid[0]))
        assert detail['session-id'] == ids[0]
        changes = [(e['actor'], e['change']) for e in detail['events'] if e['event'] == 'session-changed']
        assert len(changes) == 4 and changes[3] == ('radius:main', 'download-rate 4gbit->5gbit, upload-rate 4gbit->3gbit, '
                                                    'filter-id changed'), changes
        ask('disconnect', 'NAS-Port = %d, Framed-IP-Address = %s' % (sid[0], addr[1]), '503')
        ask('disconnect', 'User-Name = bob', '503')
        ask('disconnect', 'Reply-Message = "nobody"', '402')
        ask('disconnect', 'User-Name = alice, NAS-Identifier = lns2', '403')
        ask('disconnect', 'User-Name = alice, Session-Timeout = 5', '401')
        # All or nothing.
        ask('coa', 'User-Name = alice, Filter-Id = "9gbit", Framed-IP-Netmask = 255.0.0.0', '401')
        ask('coa', 'User-Name = alice, Filter-Id = "9gbit", Mikrotik-Rate-Limit = "1k/1k"', '407')
        ask('coa', 'User-Name = alice, Service-Type = Framed-User', '405')
        ask('coa', 'User-Name = alice, Service-Type = Authorize-Only', '402')
        assert len(x.show('session', str(sid[0]))['events']) == len(detail['events'])
        ask('coa', 'User-Name = alice, Session-Timeout = 86400, Idle-Timeout = 3600, Acct-Interim-Interval = 300, '
            'Class = 0x01', 'ACK')
        # NAS-IP-Address is where it was sent to; Proxy-States and the signature come back.
        out = ask('coa', 'NAS-Port = %d, NAS-IP-Address = %s, Message-Authenticator = 0x00, Proxy-State = 0x0102, '
                  'Proxy-State = 0x03, Idle-Timeout = 60' % (sid[1], LNS), 'ACK')
        answer = out[out.index('Received'):]
        assert answer.index('0x0102') < answer.index('0x03') and 'Message-Authenticator' in answer, out
        # Disconnect by three names of a session.
        ask('disconnect', 'Acct-Session-Id = "%s", Reply-Message = "moved house"' % ids[1], 'ACK')
        ask('disconnect', 'NAS-Port = %d' % sid[2], 'ACK')
        ask('disconnect', 'Framed-IP-Address = ' + addr[3], 'ACK')
        nslab.wait_for(lambda: len(x.show('sessions')) == 5)
        ended = {h['session-id']: h for h in x.show('history')}[ids[1]]
        assert (ended['cause'], ended['terminate-cause']) == ('admin', 6), ended
        asked = [(e['actor'], e['reason']) for e in ended['events'] if e['event'] == 'disconnect-requested']
        assert asked == [('radius:main', 'moved house')], ended
        ask('disconnect', 'Acct-Session-Id = "%s"' % ids[1], '503')

        # Without an answer: another source, another key, old, and without Event-Timestamp a NAK.
        quick = ('-r', '1', '-t', '1')
        who = 'NAS-Port = %d' % sid[4]
        for kw in ({'ns': 'lac', 'to': '10.9.0.1'}, {'secret': 'wrong'}):
            assert radclient(x, 'disconnect', who, *quick, **kw)[0] == ''
        assert radclient(x, 'disconnect', who + ', Event-Timestamp = "%d"' % (time.time() - 400), *quick, stamp=False)[0] == ''
        ask('disconnect', who, '404', stamp=False)
        c = clients(x)
        assert c['other-sources']['dropped'] == {'coa-client': 1}
        assert c['clients'][0]['dropped'] == {'coa-authenticator': 1, 'coa-stale': 1}, c
        assert lines(x, 'radius-request-dropped', 'reason=coa-stale', 'from=198.51.100.2:'), x.log('ze.log')
        nslab.edit(x, 'coa-port 3799;', 'coa-port 3799; require-event-timestamp false; require-message-authenticator true;')
        x.zectl('reload')
        assert radclient(x, 'disconnect', who, *quick, stamp=False)[0] == ''
        ask('disconnect', who + ', Message-Authenticator = 0x00', 'ACK', stamp=False)

        # S-AAA-71: the same datagram again is answered with the same octets, and done once; also after a reload.
        nslab.edit(x, ' require-message-authenticator true;', '')
        x.zectl('reload')
        request = sign(43, 9, attr(5, struct.pack('!I', sid[5])) + attr(28, struct.pack('!I', 77)))
        with x.inside('core'):
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with s:
            s.bind(('198.51.100.2', 0))
            s.settimeout(10 * nslab.SLOW)
            got = []
            for again in range(3):
                s.sendto(request, (LNS, PORT))
                got.append(s.recvfrom(4096))
                if not again:
                    nslab.edit(x, 'nas-identifier lns1;', 'nas-identifier lns3;')
                    x.zectl('reload')
        assert got[0] == got[1] == got[2] and got[0][0][0] == 44 and got[0][1] == (LNS, PORT), got
        assert clients(x)['clients'][0]['repeated'] == 2
        changes = [e for e in x.show('session', str(sid[5]))['events'] if e['event'] == 'session-changed']
        assert len([e for e in changes if '77s' in e['change']]) == 1, changes
        # The port goes with its leaf.
        nslab.edit(x, 'coa-port 3799; require-event-timestamp false;', '')
        x.zectl('reload')
        assert not sockets(x)
        assert radclient(x, 'disconnect', 'User-Name = alice', *quick)[0] == ''
        x.stop_lac()


def test_no_packet_is_lost(tmp_path):
    """S-AAA-75, R-062: the rates of all sessions of a user change repeatedly while packets pass in both directions."""
    with lab_with(tmp_path) as x:
        addrs = x.start_lac(4, '-u', 'alice', '-p', 'hunter2')
        answers, stop = [], threading.Event()

        def change():
            while not stop.is_set() or len(answers) < 4:
                answers.append(radclient(x, 'coa', 'User-Name = alice, Mikrotik-Rate-Limit = "%dG/%dG"' % (
                    2 + len(answers) % 3, 6 + len(answers) % 2))[0])

        t = threading.Thread(target=change)
        t.start()
        try:
            x.traffic('lac', 'core', ['spread', '7007', '4000', '300', '198.51.100.2', ','.join(addrs)], 4 * 4000)
            x.traffic('core', 'lac', ['send', '7007', '4000', '300', '198.51.100.2', ','.join(addrs)], 4 * 4000)
        finally:
            stop.set()
            t.join()
        assert set(answers) == {'ACK'}, answers
        for s in x.show('sessions'):
            d = x.show('session', str(s['local-sid']))
            done = [e for e in d['events'] if e['event'] == 'session-changed']
            assert len(done) >= min(len(answers), 8) and done[-1]['actor'] == 'radius:main', d
        x.stop_lac()


def test_many_disconnects(tmp_path):
    """S-AAA-81: 300 Disconnect-Requests a second for 300 sessions, every one answered at its first sending."""
    with lab_with(tmp_path) as x:
        x.start_lac(300, '-u', 'alice', '-p', 'hunter2')
        name = os.path.join(x.dir, 'requests')
        with open(name, 'w', encoding='utf-8') as f:
            f.write('\n\n'.join('NAS-Port = %d, Event-Timestamp = "%d"' % (s['local-sid'], time.time())
                                for s in x.show('sessions')) + '\n')
        out = x.sh('core', 'radclient', '-s', '-q', '-n', '300', '-p', '300', '-r', '1', '-t', str(5 * nslab.SLOW), '-f', name,
                   '%s:%d' % (LNS, PORT), 'disconnect', SECRET, check=False)
        c = clients(x)['clients'][0]
        assert (c['disconnect-acks'], c['disconnect-naks'], c['repeated']) == (300, 0, 0), (c, out)
        assert 'lost' in out.lower() and ': 0' in [w for w in out.splitlines() if 'ost' in w][0], out
        nslab.wait_for(lambda: not x.show('sessions'), 20)
        assert sum(h['terminate-cause'] == 6 for h in x.show('history')) == 300
        x.stop_lac()
