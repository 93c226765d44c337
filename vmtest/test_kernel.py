# SPDX-License-Identifier: BSD-2-Clause
"""ze on the kernel's l2tp_ppp with xl2tpd and pppd as its peers, in the guest. Run by vmtest/check.

Each test starts a daemon of its own; when it ends, the fixture asserts that nothing is left: no
pppN, no tunnel or session in the kernel, no descriptor, no row in `show`, no process.
"""
import contextlib
import json
import os
import re
import signal
import subprocess

import pytest

import lab


# xl2tpd creates a tunnel for each section, all from one address and port.
xl2tpd_shares_path = pytest.mark.skipif(
    tuple(map(int, re.findall(r'\d+', os.uname().release)[:2])) < (6, 11),
    reason="xl2tpd's own end is deaf: Linux before 6.11 can't tell its tunnels apart (ze's end: test_oldest.py)")
# Before Linux 6.11, tunnels between the same addresses and ports need it.
UPLINKS = 'bpf { uplink [ lns0 lns1 ]; }'


@pytest.fixture(scope='module', autouse=True)
def laboratory():
    lab.setup()


@pytest.fixture
def start_ze():
    """Returns a function that starts the daemon; at the end everything that the daemon created must be removed."""
    lab.reset()
    made = []

    def start(**changes):
        made.append(lab.Ze(**changes))
        return made[-1]
    yield start
    for ns in ('lac', 'lac2', 'core'):
        for pid, comm in lab.ns_pids(ns):
            if comm in ('xl2tpd', 'zeload'):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
    try:
        for ze in made:
            assert ze.proc.p.poll() in (None, 0, -signal.SIGKILL), ze.proc.text()[-5000:]
            if ze.proc.alive():
                ze.assert_settled()
                assert ze.stop() == 0, ze.proc.text()[-3000:]
        assert lab.kernel_state('lns') == ''
        assert lab.ns_pids('lns') == []
        for ze in made:
            assert not re.search('ERROR: .*Sanitizer|runtime error:', ze.proc.text()), ze.proc.text()
    finally:
        for ze in made:
            ze.close()


def session_of(ze, user='alice'):
    found = [s for s in ze.sessions() if s['username'] == user]
    assert len(found) == 1, ze.sessions()
    return found[0]


def route_to_core(dev, ns='lac'):
    lab.ns_run(ns, 'ip', 'route', 'replace', '198.51.100.0/24', 'dev', dev)


def login(**options):
    lac = lab.Lac(alice=options)
    return lac, lac.login()


def client_address(ns, dev):
    return lab.addr(ns, dev)['inet'][0]


def assert_traffic(dev, ns='lac'):
    """The gateway and a host in the core answer, and that host reaches the subscriber."""
    lab.assert_ping(ns, lab.GATEWAY, dev=dev)
    lab.assert_ping(ns, lab.CORE, dev=dev)
    lab.assert_ping('core', client_address(ns, dev))


def wait_no_client(ns='lac', secs=15):
    lab.wait_for(lambda: not lab.links(ns), secs, f'end of pppN in {ns}')


# ---------------------------------------------------------------- logins

@pytest.mark.parametrize('method, ze_auth', [('pap', 'pap'), ('chap', 'chap-md5'),
                                             ('mschap-v2', 'ms-chap-v2')])
def test_login(start_ze, method, ze_auth):
    """P-060, P-070, P-080: a successful login with each method."""
    ze = start_ze(auth=ze_auth)
    _, dev = login(auth=method)
    route_to_core(dev)
    assert_traffic(dev)
    s = session_of(ze)
    assert s['state'] == 'established'
    assert s['assigned-addr'].split('/')[0] == client_address('lac', dev)
    assert s['interface'] in lab.links('lns')
    assert [t['session-count'] for t in ze.tunnels()] == [1]


def test_counters(start_ze):
    """Read by a worker, and shown with the time of the reading, for one session and for all."""
    ze = start_ze()
    _, dev = login()
    route_to_core(dev)
    sid = session_of(ze)['local-sid']
    lab.assert_ping('lac', lab.CORE, dev=dev, count=5, size=1000)

    def numbers():
        t = ze.show('session', sid).get('traffic', {})
        return t if t.get('up-packets', 0) >= 5 and t['down-packets'] >= 5 else None
    t = lab.wait_for(numbers, 10, 'counters of five pings')
    assert t['up-bytes'] >= 5 * 1028 and t['down-bytes'] >= 5 * 1028 and t['as-of']
    total = ze.show('statistics')['traffic']
    assert total['sessions'] == 1 and total['up-packets'] >= t['up-packets'] and total['up-spoofed'] == 0
    ze.ctl('clear', 'l2tp', 'session', 'teardown', str(sid))
    line = lab.wait_for(lambda: re.search('session-closed .*', ze.proc.text()), 10, 'the final counters')
    final = dict(re.findall(r'(up|down)-packets=(\d+)', line.group(0)))
    assert int(final['up']) >= t['up-packets'] and int(final['down']) >= t['down-packets'], line.group(0)


def test_second_user(start_ze):
    ze = start_ze()
    lac = lab.Lac(bob={'user': 'bob', 'password': 'builder'})
    lac.login('bob')
    assert session_of(ze, 'bob')['state'] == 'established'


@pytest.mark.parametrize('method, ze_auth', [('pap', 'pap'), ('chap', 'chap-md5'),
                                             ('mschap-v2', 'ms-chap-v2')])
def test_wrong_password(start_ze, method, ze_auth):
    """P-060, P-070, P-081: a wrong password with each method."""
    ze = start_ze(auth=ze_auth)
    lac = lab.Lac(alice={'auth': method, 'password': 'wrong'})
    lac.dial()
    lab.wait_for(lambda: re.search('authentication failed', lac.ppp_log(), re.I), 15,
                 'refusal at the client')
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of the refused session')
    assert lab.kernel_state('lns') == '', 'kernel state for a login that failed'


def test_unknown_user(start_ze):
    ze = start_ze()
    lac = lab.Lac(alice={'user': 'mallory'})
    lac.dial()
    lab.wait_for(lambda: 'authentication failed' in lac.ppp_log(), 15, 'refusal at the client')
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of the refused session')


def test_wrong_tunnel_secret(start_ze):
    """L-082: the LAC receives a refusal, and no session is established."""
    ze = start_ze()
    lac = lab.Lac(secret='guess')
    lac.dial()
    lab.wait_for(lambda: re.search('Invalid authentication|peer closing',
                                   lac.proc.text()), 15, 'refusal at the LAC')
    assert not [t for t in ze.tunnels() if t['state'] == 'established']
    assert ze.sessions() == []
    assert lab.kernel_state('lns') == ''


def test_no_tunnel_secret_given(start_ze):
    ze = start_ze()
    z = lab.Process('lac', 'zeload', lab.ZELOAD, '--timeout', '10', lab.LNS)
    assert z.wait(20) != 0, 'a LAC without the secret was let in'
    assert ze.sessions() == []


# ---------------------------------------------------------------- packets

def test_ipv6cp_link_local_ping_both_ways(start_ze):
    ze = start_ze()
    _, dev = login(ipv6=True)
    lns_dev = session_of(ze)['interface']
    mine, theirs = (lab.wait_for(lambda n=n, d=d: lab.addr(n, d).get('inet6'), 15, f'IPv6 in {n}')[0]
                    for n, d in (('lac', dev), ('lns', lns_dev)))
    assert mine != theirs
    lab.assert_ping('lac', f'{theirs}%{dev}')
    lab.assert_ping('lns', f'{mine}%{lns_dev}')


def test_ipv6_alone_when_ipcp_is_rejected_by_the_client(start_ze):
    """IPv4 is not required here; by default it is required when there is a pool."""
    ze = start_ze(ncp='ipv4 wanted;')
    lac = lab.Lac(alice={'ipv6': True, 'extra': 'noip\n'})
    lac.dial()
    lab.wait_for(lambda: 'remote LL address' in lac.ppp_log(), 20, 'IPv6CP')
    dev = lab.links('lac')[0]
    lns_dev = lab.wait_for(lambda: session_of(ze)['interface'], 10, 'interface')
    theirs = lab.wait_for(lambda: lab.addr('lns', lns_dev).get('inet6'), 15, 'IPv6 in lns')[0]
    lab.assert_ping('lac', f'{theirs}%{dev}')


def test_dns_reaches_the_client(start_ze):
    """P-112: a Nak with the assigned address, which the client then requests."""
    start_ze()
    lac, _ = login(extra='usepeerdns\n')
    assert re.search(r'primary +DNS address 8\.8\.8\.8', lac.ppp_log())
    assert re.search(r'secondary +DNS address 8\.8\.4\.4', lac.ppp_log())


def test_tcp_both_ways(start_ze):
    start_ze()
    _, dev = login()
    route_to_core(dev)
    lab.tcp_transfer('lac', 'core', lab.CORE)
    lab.tcp_transfer('core', 'lac', client_address('lac', dev))


def test_mtu_sized_packets_both_ways(start_ze):
    """P-024: a packet that is too large for the client is answered with ICMP, and not sent."""
    ze = start_ze()
    _, dev = login()
    route_to_core(dev)
    here, there = lab.addr('lac', dev)['mtu'], lab.addr('lns', session_of(ze)['interface'])['mtu']
    assert 1280 <= there <= 1460
    size = min(here, there) - 28
    lab.assert_ping('lac', lab.CORE, size=size, df=True)
    lab.assert_ping('core', client_address('lac', dev), size=size, df=True)
    ok, text = lab.ping('core', client_address('lac', dev), size=1472, df=True)
    assert not ok and f'mtu = {there}' in text.replace('mtu=', 'mtu = '), text


def count(ns, table, key):
    """One counter of /proc/net/snmp, or of another such table."""
    with lab.netns(ns):
        rows = [line.split() for line in lab.read('/proc/thread-self/net/' + table).splitlines()]
    for names, values in zip(rows[::2], rows[1::2]):
        if key in names:
            return int(values[names.index(key)])
    raise AssertionError(f'no {key} in {table}')


def test_spoofed_source_is_dropped(start_ze):
    """P-119: dropped, and counted per session; the subscriber's own address passes."""
    ze = start_ze()
    _, dev = login()
    route_to_core(dev)
    lab.ns_run('lac', 'ip', 'addr', 'add', '10.100.0.77/32', 'dev', 'lo')
    try:
        seen = count('core', 'snmp', 'InEchos')
        lab.ns_run('lac', 'ping', '-n', '-c', '3', '-i', '0.2', '-W', '1', '-I', '10.100.0.77', lab.CORE,
                   check=False)
        lab.assert_ping('lac', lab.CORE, dev=dev, count=2)       # after the others, on the same path
        assert count('core', 'snmp', 'InEchos') - seen == 2
        sid = session_of(ze)['local-sid']
        lab.wait_for(lambda: ze.show('session', sid).get('traffic', {}).get('up-spoofed') == 3, 10, 'their count')
    finally:
        lab.ns_run('lac', 'ip', 'addr', 'del', '10.100.0.77/32', 'dev', 'lo')


# ---------------------------------------------------------------- many

def zeload(ns, *args):
    return lab.Process(ns, 'zeload', lab.ZELOAD, '-S', 'zetest', *args, lab.LNS)


def interfaces_with_address(ns):
    text = lab.ns_run(ns, 'ip', '-o', '-4', 'addr', 'show')
    return set(re.findall(r' (ppp\d+) +inet ', text))


def test_two_tunnels_twenty_sessions(start_ze):
    ze = start_ze()
    z = zeload('lac', '-t', '2', '-s', '10', '--hold', '100000', '--pppd',
              lab.write(lab.WORK + '/ppp', lab.ppp_options()))
    lab.wait_for(lambda: len(interfaces_with_address('lac')) == 20, 60, 'twenty addresses', 0.5)
    assert sorted(t['session-count'] for t in ze.tunnels()) == [10, 10]
    rows = ze.sessions()
    assert {s['state'] for s in rows} == {'established'}
    for key in ('local-sid', 'assigned-addr', 'interface'):
        assert len({s[key] for s in rows}) == 20, f'{key} not distinct'
    for dev in sorted(interfaces_with_address('lac')):
        lab.assert_ping('lac', lab.GATEWAY, dev=dev, count=1)
    z.signal(signal.SIGTERM)
    z.wait(20)


@xl2tpd_shares_path
def test_two_lacs_with_a_tunnel_for_each_of_twenty_subscribers(start_ze):
    """xl2tpd creates a tunnel per section, all ten from the same address and port."""
    ze = start_ze(more=UPLINKS)
    lacs = [lab.Lac(ns=ns, **{f's{i}': {} for i in range(10)}) for ns in ('lac', 'lac2')]
    for lac in lacs:
        for i in range(10):
            lac.dial(f's{i}')
            lab.wait_for(lambda: lac.proc.text().count('Connecting to host') > i, 10, 'dial')
    for lac in lacs:
        lab.wait_for(lambda: len(interfaces_with_address(lac.ns)) == 10, 60, 'ten addresses', 0.5)
    tunnels = ze.tunnels()
    assert len(tunnels) == 20
    assert len({t['peer'] for t in tunnels}) == 2, 'the tunnels of a LAC share address and port'
    assert len({s['assigned-addr'] for s in ze.sessions()}) == 20
    for lac in lacs:
        for dev in interfaces_with_address(lac.ns):
            lab.assert_ping(lac.ns, lab.GATEWAY, dev=dev, count=1)


@xl2tpd_shares_path
def test_two_tunnels_from_one_address_and_port(start_ze):
    ze = start_ze(more=UPLINKS)
    lac = lab.Lac(alice={}, bob={'user': 'bob', 'password': 'builder'})
    devs = [lac.login('alice'), lac.login('bob')]
    assert len(ze.tunnels()) == 2
    for dev in devs:
        lab.assert_ping('lac', lab.GATEWAY, dev=dev)
    lac.hangup('alice')
    lab.wait_for(lambda: len(ze.sessions()) == 1, 15, 'end of the first')
    lab.assert_ping('lac', lab.GATEWAY, dev=devs[1])


def test_twenty_clients_on_one_socket(start_ze):
    ze = start_ze(more=UPLINKS)
    z = zeload('lac', '-t', '2', '-s', '10', '--shared-socket')
    assert z.wait(60) == 0, z.text()
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of all sessions')


# ---------------------------------------------------------------- protection

SCCRQ = 'c80200390000000000000000 8008000000000001 8008000000020100 800a00000003 00000003' \
        ' 800b00000007 666c6f6f64 8008000000090007'.replace(' ', '')
HELLO = 'c8020014%04x000000000000 8008000000000006'.replace(' ', '')
LCP = '0002%04x0001 ff03 c0210905000800000000'.replace(' ', '')
SEND = 'import socket, sys, time\n' \
       's = socket.socket(2, 2)\n' \
       'for i in range(int(sys.argv[2])):\n' \
       '    for d in sys.argv[3:]: s.sendto(bytes.fromhex(d), (sys.argv[1], 1701))\n' \
       '    if i % 20 == 19: time.sleep(0.01)\n'


def send(ns, count, *datagrams):
    lab.ns_run(ns, '/usr/bin/python3', '-c', SEND, lab.LNS, str(count), *datagrams)


def xdp_programs():
    links = json.loads(lab.ns_run('lns', 'ip', '-j', 'link', 'show'))
    return {i['ifname'] for i in links if 'xdp' in i and i['xdp'].get('prog')}


def test_guard_before_the_kernel_plane(start_ze):
    """L-042, L-187: logins and traffic as without a flood; floods and packets of unknown sources do not reach the
    daemon."""
    ze = start_ze(more=UPLINKS)
    assert xdp_programs() == {'lns0', 'lns1'}
    _, dev = login(ipv6=True)
    route_to_core(dev)
    assert_traffic(dev)
    lab.tcp_transfer('lac', 'core', lab.CORE)
    n = ze.show('dataplane')['packets']
    assert n['pass-control'] and n['pass-ppp'] and n['pass-data'] > 500, n
    assert not {k: v for k, v in n.items() if k.startswith('drop-') and v}
    tid = ze.tunnels()[0]['local-tid']
    before = ze.show('statistics')['datagrams-received']
    send('lac', 5, HELLO % (tid ^ 1), LCP % (tid ^ 1), HELLO % tid, LCP % tid, 'c803', '8802', 'c802')
    send('lac2', 2000, SCCRQ)
    n, s = ze.show('dataplane')['packets'], ze.show('statistics')
    dropped = {k: v for k, v in n.items() if k.startswith('drop-') and v}
    flood = dropped.pop('drop-source-rate')
    assert dropped == {'drop-unknown': 10, 'drop-peer': 10, 'drop-version': 5, 'drop-flags': 5,
                       'drop-short': 5}
    assert flood > 1000 and s['datagrams-received'] - before < 2000 - flood + 50, (flood, s)
    assert_traffic(dev)
    assert ze.stop() == 0
    assert xdp_programs() == set() and not os.path.exists('/sys/fs/bpf/ze')


def test_without_uplinks_the_guard_is_off_and_says_so(start_ze):
    ze = start_ze()
    assert ze.proc.text().count('guard-off why=') == 1
    assert xdp_programs() == set()
    assert 'packets' not in ze.show('dataplane')


def test_uplink_that_does_not_exist_is_a_clear_error(start_ze):
    start_ze().stop()
    path = lab.write(lab.WORK + '/ze.conf', lab.CONFIG % {**lab.DEFAULTS, 'more': 'bpf { uplink [ eth77 ]; }'})
    p = lab.Process('lns', 'ze', lab.ZE, '-c', path, '--socket', lab.WORK + '/ze.sock')
    assert p.wait(10) != 0
    assert 'eth77' in p.text() and 'guard-failed' in p.text(), p.text()


# ---------------------------------------------------------------- teardown

def test_pppd_terminates(start_ze):
    """P-127: the client ends its session."""
    ze = start_ze()
    lac, _ = login()
    for pid in lac.pppd_pids():
        os.kill(pid, signal.SIGTERM)
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of the session')
    wait_no_client()
    assert 'LCP terminated by peer' not in lac.ppp_log(), 'the client hung up, not the LNS'


def test_pppd_killed(start_ze):
    ze = start_ze()
    lac, _ = login()
    for pid in lac.pppd_pids():
        os.kill(pid, signal.SIGKILL)
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of the session by CDN')


def test_xl2tpd_disconnects(start_ze):
    ze = start_ze()
    lac, _ = login()
    lac.hangup()
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of the session by StopCCN')
    wait_no_client()


def test_clear_session(start_ze):
    ze = start_ze()
    lac, _ = login()
    sid = session_of(ze)['local-sid']
    ze.ctl('clear', 'l2tp', 'session', 'teardown', str(sid), 'reason', 'moving', 'house', 'cause', '6')
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of the session')
    wait_no_client()
    assert 'LCP terminated by peer' in lac.ppp_log()
    assert [t['state'] for t in ze.tunnels()] in ([], ['established']), 'only the session is cleared'


def test_clear_tunnel(start_ze):
    ze = start_ze()
    login()
    ze.ctl('clear', 'l2tp', 'tunnel', 'teardown', str(ze.tunnels()[0]['local-tid']))
    wait_no_client()
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of the session')


@pytest.mark.parametrize('what', ['session', 'tunnel'])
def test_clear_all(start_ze, what):
    ze = start_ze()
    lac = lab.Lac(alice={}, bob={'user': 'bob', 'password': 'builder'})
    lac.login('alice')
    lac.login('bob')
    ze.ctl('clear', 'l2tp', what, 'teardown-all')
    lab.wait_for(lambda: not ze.sessions(), 15, 'end of both sessions')
    wait_no_client()


def test_clear_of_an_unknown_id_names_it(start_ze):
    ze = start_ze()
    p = lab.run(lab.ZECTL, '--socket', ze.sock, 'clear', 'l2tp', 'session', 'teardown', '4242', check=False)
    assert p.returncode != 0 and '4242' in p.stdout


def test_peer_killed(start_ze):
    """L-118: a HELLO every 5 s without a message, then two retries: the tunnel ends within tens of seconds."""
    ze = start_ze(hello=5)
    lac, _ = login()
    lac.kill_all()
    # Not scaled: the daemon uses the real clock.
    lab.wait_for(lambda: not ze.sessions(), 60 / lab.SLOW, 'the dead peer to be noticed', 0.3)


def test_address_is_free_again(start_ze):
    """A pool of one address, which is used three times."""
    ze = start_ze(pool_end='10.100.0.2')
    lac = lab.Lac()
    for _ in range(3):
        dev = lac.login()
        assert client_address('lac', dev) == '10.100.0.2'
        lac.hangup()
        lab.wait_for(lambda: not ze.sessions(), 15, 'end of the session')
        wait_no_client()
        lab.wait_for(lambda: not lac.pppd_pids(), 15, 'end of pppd')
        ze.assert_settled()


# ---------------------------------------------------------------- the daemon's own end

def test_sigterm_drains_with_stopccn_6(start_ze):
    """L-215: the LAC receives the reason, and ze exits in time."""
    ze = start_ze()
    lac, _ = login()
    ze.proc.signal(signal.SIGTERM)
    lab.wait_for(lambda: re.search(r'peer closing for reason 6', lac.proc.text()), 15,
                 'StopCCN with result 6 at the LAC')
    assert ze.proc.wait(15) == 0
    wait_no_client()


def test_killed_daemon_leaves_nothing_to_the_next(start_ze):
    """L-216: killed and started again: the peer reconnects."""
    ze = start_ze(more=UPLINKS)
    lac, _ = login()
    ze.proc.kill()
    lac.kill_all()
    wait_no_client()
    assert xdp_programs() == {'lns0', 'lns1'}, 'the guard stays where it is'
    again = start_ze(more=UPLINKS)
    again.assert_settled()
    _, dev = login()
    lab.assert_ping('lac', lab.GATEWAY, dev=dev)
    assert not [k for k, v in again.show('dataplane')['packets'].items() if k.startswith('drop-') and v]
    assert again.stop() == 0
    assert xdp_programs() == set()


def test_missing_module_is_a_clear_error(start_ze):
    for name in ('l2tp_ppp', 'pppol2tp'):
        subprocess.run(['rmmod', name], check=False, stderr=subprocess.DEVNULL)
    assert 'l2tp_ppp' not in lab.read('/proc/modules'), 'something still uses l2tp_ppp'
    conf = lab.write('/etc/modprobe.d/ze-test.conf',
                     'install l2tp_ppp /bin/false\ninstall pppol2tp /bin/false\n')
    try:
        path = lab.write(lab.WORK + '/ze.conf', lab.CONFIG % lab.DEFAULTS)
        p = lab.Process('lns', 'ze', lab.ZE, '-c', path, '--socket', lab.WORK + '/ze.sock')
        assert p.wait(10) != 0
        assert 'l2tp_ppp' in p.text()
    finally:
        os.remove(conf)
        lab.run('modprobe', 'l2tp_ppp')
    start_ze()
