# SPDX-License-Identifier: BSD-2-Clause
"""The guard before the daemon's sockets: floods, packets of unknown sources and forgeries do not reach the daemon, and
established peers are not affected. The daemon's own counters say what it received."""
import json
import os
import subprocess
import sys

import pytest

from nslab import PINS, lab, run, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

# Paced, so that no queue on the path loses packets.
FLOOD = '''
import socket, struct, sys, time
to, sources, count, rate = sys.argv[1], sys.argv[2].split(','), int(sys.argv[3]), int(sys.argv[4])
avp = lambda t, v, m=0x8000: struct.pack('!HHH', m | 6 + len(v), 0, t) + v
socks = []
for a in sources:
    socks.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    socks[-1].bind((a, 1701))
begin = time.monotonic()
for i in range(count):
    body = avp(0, b'\\0\\1') + avp(2, b'\\1\\0') + avp(3, bytes(4)) + avp(7, b'flood') + \\
        avp(9, struct.pack('!H', i % 65535 + 1))
    msg = struct.pack('!HHHHHH', 0xc802, 12 + len(body), 0, 0, 0, 0) + body
    socks[i % len(socks)].sendto(msg, (to, 1701))
    if i % 20 == 19:
        time.sleep(max(0, begin + i / rate - time.monotonic()))
print('%.3f' % (time.monotonic() - begin))
'''


def send(x, *datagrams, source='10.9.0.2', port=0):
    """Sends datagrams from the LAC's host."""
    code = 'import socket; s = socket.socket(2, 2); s.bind((%r, %d)); ' \
           '[s.sendto(bytes.fromhex(d), (%r, 1701)) for d in %r]' % (source, port, x.peer, datagrams)
    x.sh('lac', sys.executable, '-c', code)


def flood(x, sources, count, rate):
    return subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['lac'], sys.executable, '-c', FLOOD,
                             x.peer, ','.join(sources), str(count), str(rate)],
                            stdout=subprocess.PIPE, encoding='utf-8')


def logins_meanwhile(x, sessions, begin):
    """A peer with an established tunnel logs subscribers in during what begin() starts. Returns the slowest login and
    the duration of the rest, in seconds: one lost message would cost a second."""
    report = os.path.join(x.dir, 'zeload.json')
    z = x.spawn('lac', 'lac.log', '/bin/sh', '-c', 'exec "$0" "$@"', os.environ['ZELOAD'], '-s', str(sessions),
                '-r', str(sessions // 2), '--json', report, x.peer)
    wait_for(lambda: x.show('statistics')['tunnels-established'])
    other = begin()
    assert z.wait(60) == 0, x.log('lac.log')
    took = float(other.communicate(timeout=60)[0])
    with open(report, encoding='utf-8') as f:
        r = json.load(f)
    assert (r['up'], r['failed']) == (sessions, 0), r
    return r['latency-ms']['max'], took


def test_flood_of_one_source(tmp_path):
    """L-042: 10 000 SCCRQs from one address while an established peer logs in subscribers."""
    with lab(tmp_path) as x:
        x.ip('lac', 'addr', 'add', '10.9.0.3/24', 'dev', 'l0')
        x.start_ze()
        count = 10000
        slowest, took = logins_meanwhile(x, 200, lambda: flood(x, ['10.9.0.3'], count, 4000))
        assert slowest < 900
        n, s = x.packets(), x.show('statistics')
        allowed = 100 + 50 * (took + 1)
        assert count - allowed <= n['drop-source-rate'] < count, n
        assert n['drop-setup-rate'] == n['drop-unknown'] == n['drop-peer'] == 0, n
        seen = s['messages-received']['SCCRQ']
        assert count + 1 <= seen + n['drop-source-rate'] + s['refused'].get('limit-rate', 0) + \
            s['refused'].get('limit-half-open', 0), (n, s)
        assert s['datagrams-received'] < count / 2, s
        assert s['refused'].get('seq-old', 0) == 0, s


def test_flood_of_many_sources(tmp_path):
    """Each source is below its limit, all of them together exceed setup-rate. The established peer is not affected."""
    sources = ['10.9.1.%d' % i for i in range(1, 201)]
    with lab(tmp_path, setup_rate=20) as x:
        for a in sources:
            x.ip('lac', 'addr', 'add', a + '/16', 'dev', 'l0')
        x.ip('lns', 'addr', 'add', '10.9.0.1/16', 'dev', 'up0')
        x.start_ze()
        count = 8000
        slowest, took = logins_meanwhile(x, 200, lambda: flood(x, sources, count, 4000))
        assert slowest < 900
        n, s = x.packets(), x.show('statistics')
        assert n['drop-source-rate'] == 0, n
        assert count - 20 - 20 * (took + 1) <= n['drop-setup-rate'] < count, n
        assert s['tunnels-up-total'] == 1 and s['datagrams-received'] < count / 2, s


def test_strays_and_forgeries(tmp_path):
    """Dropped by reason; none reaches the daemon, and no session is affected."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        tid = x.show('tunnels')[0]['local-tid']
        before, seen = x.packets(), x.show('statistics')['datagrams-received']
        wrong = tid ^ 1
        hello = 'c8020014%04x00000000000080080000000000 06'.replace(' ', '')
        stop = 'c8020014%04x0000ffffffff8008000000000004'
        lcp = '0002%04x0001ff03c0210905000800000000'
        send(x, 'c803', 'c801000c000000000000' + '0000', 'c8', '8802000c000000000000',
             'c802000b00000000' + '00000000', hello % wrong, stop % wrong, lcp % wrong)
        send(x, hello % tid, stop % tid, lcp % tid)
        send(x, 'c802000c' + '00' * 8, 'c802000c' + '00' * 8, port=1999)

        def counted():
            """Without the refused packets of the TUN device's own IPv6, and those that the stack sends on ze0 without a
            session."""
            n = x.packets()
            return {k: n[k] - before[k] for k in n if k.startswith('drop-') and n[k] != before[k] and
                    k not in ('drop-spoofed', 'drop-closed', 'drop-nobody')}
        wait_for(lambda: sum(counted().values()) == 11)
        assert counted() == {'drop-version': 2, 'drop-short': 1, 'drop-flags': 1, 'drop-length': 1,
                             'drop-unknown': 3, 'drop-peer': 3}
        refused = x.show('statistics')['refused']
        assert not any(w in refused for w in ('tunnel-unknown', 'tunnel-peer', 'hdr-version', 'hdr-short'))
        assert x.show('statistics')['datagrams-received'] - seen < 11
        assert x.ping('lac', '-c', '2', '-I', a, '198.51.100.2')[0] == 2
        assert x.show('tunnels')[0]['state'] == 'established'


def test_maps_for_people(tmp_path):
    """Named fields; the tunnel stays known while it lingers, the peer does not."""
    with lab(tmp_path, setup_rate=123) as x:
        x.start_ze()
        x.start_lac(1)
        t = x.show('tunnels')[0]

        def dump(name):
            return json.loads(run('bpftool', '-j', 'map', 'dump', 'pinned', PINS + '/' + name))
        row = dump('ze_tunnels')[0]['formatted']
        assert row['key'] == t['local-tid']
        path = row['value']['path']
        assert path['peer_tid'] == t['remote-tid'] and path['family'] == 4
        assert path['peer'][:4] == [10, 9, 0, 2] and path['local'][:4] == [10, 9, 0, 1]
        assert dump('ze_established')[0]['formatted']['key']['ip'][:4] == [10, 9, 0, 2]
        assert dump('ze_limits')[0]['formatted']['value']['total_cost_ns'] == 10**9 // 123
        d = x.show('dataplane')
        assert (d['tunnels'], d['established-peers']) == (1, 1)
        x.stop_lac()
        wait_for(lambda: x.show('dataplane')['established-peers'] == 0)
        assert not dump('ze_established') and len(dump('ze_tunnels')) == 1
        with open(x.conf, encoding='utf-8') as f:
            text = f.read()
        with open(x.conf, 'w', encoding='utf-8') as f:
            f.write(text.replace('setup-rate 123', 'setup-rate 0'))
        x.ze.send_signal(1)
        wait_for(lambda: dump('ze_limits')[0]['formatted']['value']['total_cost_ns'] == 0)


# One SCCRQ from each address; returns which of them were answered, each with a message to its own Assigned Tunnel ID.
FIRST = '''
import json, select, socket, struct, sys, time
to, sources, port = sys.argv[1], sys.argv[2].split(','), int(sys.argv[3])
avp = lambda t, v: struct.pack('!HHH', 0x8000 | 6 + len(v), 0, t) + v
family = socket.AF_INET6 if ':' in to else socket.AF_INET
socks = {}
for n, a in enumerate(sources):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((a, 4000))
    body = avp(0, b'\\0\\1') + avp(2, b'\\1\\0') + avp(3, bytes(4)) + avp(7, b'lac') + avp(9, struct.pack('!H', n + 1))
    s.sendto(struct.pack('!HHHHHH', 0xc802, 12 + len(body), 0, 0, 0, 0) + body, (to, port))
    socks[s] = n
    time.sleep(0.05)
answered, end = set(), time.monotonic() + float(sys.argv[4])
while len(answered) < len(sources) and time.monotonic() < end:
    for s in select.select(list(socks), [], [], max(0, end - time.monotonic()))[0]:
        b = s.recv(2000)
        if struct.unpack('!H', b[4:6])[0] == socks[s] + 1 and b[12:20] == avp(0, b'\\0\\2'):
            answered.add(sources[socks[s]])
print(json.dumps(sorted(answered)))
'''


def answered_at_once(x, sources, port=1701, seconds=10):
    """Counters of sources that send one SCCRQ and do not repeat it."""
    return json.loads(x.sh('lac', sys.executable, '-c', FIRST, x.peer, ','.join(sources), str(port), str(seconds)))


FLOOD6 = FLOOD.replace('AF_INET', 'AF_INET6')


def forge(x, sources, rate=400, port=1701):
    """Sends SCCRQs at a bounded rate until it is stopped."""
    code = (FLOOD6 if ':' in x.peer else FLOOD).replace('(to, 1701)', '(to, %d)' % port).replace('i % 20 == 19', 'True')
    return subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['lac'], sys.executable, '-c', code,
                             x.peer, ','.join(sources), '1000000', str(rate)], stdout=subprocess.DEVNULL)


@pytest.mark.parametrize('six', [False, True])
def test_allowed_among_denied(tmp_path, six):
    """F-B1: twenty allowed LACs are answered at their first SCCRQ, while 400 SCCRQs per second come from other sources.
    """
    net = '2001:db8:9::1:%x' if six else '10.9.0.%d'
    out = '2001:db8:9::2:%x' if six else '10.9.1.%d'
    lacs, others = [net % i for i in range(101, 121)], [out % i for i in range(1, 201)]
    port = 1702 if six else 1701
    with lab(tmp_path, six=six, setup_rate=200) as x:
        x.ip('lns', 'addr', 'add', '10.9.0.1/16', 'dev', 'up0')
        with open(os.path.join(x.dir, 'addrs'), 'w', encoding='utf-8') as f:
            f.writelines('addr add %s dev l0%s\n' % (a + ('/64' if six else '/16'), ' nodad' if six else '')
                         for a in lacs + others)
        x.ip('lac', '-batch', f.name)
        with open(x.conf, encoding='utf-8') as f:
            text = f.read()
        with open(x.conf, 'w', encoding='utf-8') as f:
            f.write(text.replace('max-sessions', 'allow-from [ 10.9.0.0/24 2001:db8:9::1:0/112 ]; max-sessions'))
        x.start_ze()
        p = forge(x, others, port=port)
        try:
            wait_for(lambda: x.packets()['drop-denied'] > 200)
            assert answered_at_once(x, lacs, port) == sorted(lacs)
        finally:
            p.kill()
            p.wait()
        n, s = x.packets(), x.show('statistics')
        assert n['drop-denied'] > 400 and n['drop-setup-rate'] == n['drop-source-rate'] == 0, n
        assert 'source-denied' not in s['refused'] and s['messages-received']['SCCRQ'] == 20, s
        assert x.show('dataplane')['allowed-prefixes'] == 2
        with open(x.conf, 'w', encoding='utf-8') as f:
            f.write(text)
        x.ze.send_signal(1)
        wait_for(lambda: x.show('dataplane')['allowed-prefixes'] == 0)
        assert answered_at_once(x, others[:1], port) == others[:1]
