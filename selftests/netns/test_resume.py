# SPDX-License-Identifier: BSD-2-Clause
"""An instance that is killed or hands over, and the next one, which restores its sessions: BPF plane, a real kernel,
and traffic of which every packet is accounted for."""
import contextlib
import json
import os
import signal
import subprocess
import time

import pytest

from nslab import PINS, ZE, ZELOAD, edit, lab, run, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

HOST = '198.51.100.2'
MAPS = ('ze_sessions', 'ze_hosts4', 'ze_links6', 'ze_prefixes6', 'ze_tunnels', 'ze_established')

PROGRAMS = ['ze_uplink', 'ze_core', 'ze_slow', 'ze_accept', 'ze_inject', 'ze_link']
TABLES = ['ze_' + name for name in (
    'about', 'allowed', 'answered', 'calls', 'down', 'down_credits', 'down_ids', 'drops', 'endpoints', 'established', 'hosts4', 'limits', 'links6',
    'macs', 'near4', 'nexthops', 'numbers', 'paths', 'ports', 'prefixes4', 'prefixes6', 'routing', 'sessions', 'sources', 'tunnels', 'up', 'up_credits', 'up_ids',
    'verdicts', 'vlan_macs', 'vlans')]


def dump(name):
    """The keys of a map, as numbers."""
    return [tuple(int(o, 16) for o in e['key'])
            for e in json.loads(run('bpftool', '-j', 'map', 'dump', 'pinned', PINS + '/' + name))]


def octets(b):
    return ['hex'] + ['%02x' % o for o in b]


def put(name, key, value):
    run('bpftool', 'map', 'update', 'pinned', PINS + '/' + name, 'key', *octets(key), 'value', *octets(value))


def row(name, index):
    """An entry of a map that is an array."""
    out = run('bpftool', '-j', 'map', 'lookup', 'pinned', PINS + '/' + name, 'key', *octets(index.to_bytes(4, 'little')))
    return json.loads(out)


def sessions(x):
    return {s['local-sid']: (s['remote-sid'], s['tunnel-local-tid'], s['username'], s['assigned-addr'],
                             s['family'], s['created-at'][:19]) for s in x.show('sessions')}


def state(x):
    return os.path.join(x.dir, 'state')


def assert_nothing_left(x):
    """Nothing of ze is left after a stop or a clean start; maps that exist are new and empty."""
    assert 'ze0' not in x.ip('lns', 'route')
    if os.path.isdir(PINS):
        for name in MAPS:
            assert dump(name) == [], name
    else:
        assert 'ze0' not in x.ip('lns', 'link') and 'xdp' not in x.ip('lns', 'link')
        assert not os.path.exists(state(x))


def assert_in_step(x):
    """The maps, the routes and the state file have what the daemon has, and nothing else."""
    known = x.show('sessions')
    tids = {t['local-tid'] for t in x.show('tunnels')}
    for name in ('ze_sessions', 'ze_hosts4', 'ze_links6'):
        assert len(dump(name)) == len(known), name
    there = x.show('dataplane')
    assert len(there['programs']) == 4
    for m in there['maps']:
        assert m['entries'] is None or m['entries'] == len(dump(m['map'])), m
    assert {t[0] | t[1] << 8 for t in dump('ze_tunnels')} == tids
    assert len(dump('ze_established')) == ('established' in [t['state'] for t in x.show('tunnels')])      # one address for all LACs
    routes = [r.split()[0] for r in x.ip('lns', 'route', 'show', 'dev', 'ze0').splitlines()]
    assert sorted(routes) == sorted(s['assigned-addr'] for s in known)
    if not known:
        return
    addrs = [w for w in x.ip('lns', '-o', 'addr', 'show', 'dev', 'ze0').split() if '/' in w]
    assert sorted(a.split('/')[0].split('::')[0] for a in addrs) == ['10.100.0.1', 'fe80']
    # Older versions with the same layout do not have ze_prefixes4; it is created when it is missing.
    assert sorted({*os.listdir(PINS), 'ze_prefixes4'}) == sorted(PROGRAMS + TABLES)


def in_step(x):
    try:
        assert_in_step(x)
    except AssertionError:
        return False
    return True


@contextlib.contextmanager
def traffic(x, seconds):
    """Fifty subscribers in five tunnels; at the end every packet must have come back."""
    far = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['core'], ZELOAD, '--reflect', '7'],
                           stdout=subprocess.PIPE, encoding='utf-8')
    assert far.stdout.readline() == 'ready\n'
    z = x.spawn('lac', 'lac.log', ZELOAD, '--json', '-', '-t', '5', '-s', '10', '-u', 'alice', '--to', HOST + ':7',
                '--pps', '2000', '--duration', str(seconds), '--size', '300', x.peer)
    try:
        wait_for(lambda: len(x.show('sessions')) == 50 and x.packets()['up-forward'] > 500)
        yield z
        assert z.wait(seconds + 30) == 0, x.log('lac.log')
    finally:
        for p in (z, far):
            if p.poll() is None:
                p.kill()
            p.wait()
    got = json.loads(x.log('lac.log').splitlines()[-1])
    t = got['traffic']
    assert got['up'] == 50 and got['failed'] == got['ended-early'] == 0
    assert t['sent'] == t['returned'] >= 0.9 * 2000 * seconds, got
    assert not any(t[k] for k in ('lost-up', 'lost-down', 'duplicated', 'reordered', 'corrupt', 'mis-delivered')), got
    assert got['echo']['answered'] > 0


@pytest.mark.parametrize('mode', ['native', 'generic'])
def test_killed(tmp_path, mode):
    """kill -9 under traffic: nothing is lost in six seconds without a daemon, nor when the next one starts, which finds
    nothing to repair (F-A4)."""
    with lab(tmp_path, mode=mode) as x:
        x.start_ze()
        with traffic(x, 20):    # a start takes several seconds on a busy machine
            before = sessions(x)
            x.stop_ze(signal.SIGKILL)
            time.sleep(6)
            x.start_ze()
            assert sessions(x) == before
            assert_in_step(x)
            assert x.show('dataplane')['xdp-mode'] == mode
            top = x.show()
            assert (top['tunnels-resumed'], top['sessions-resumed']) == (5, 50) and top['resumed-at']
            one = x.show('session', str(next(iter(before))))
            assert one['resumed-at'] == top['resumed-at'] and one['traffic']['up-packets'] > 10
            assert ' repair-done ' not in x.log('ze.log'), x.log('ze.log')
        wait_for(lambda: x.show('dataplane')['sessions'] == 0)
        wait_for(lambda: not x.show('tunnels') or {t['state'] for t in x.show('tunnels')} == {'linger'})
        x.stop_ze()
        assert_nothing_left(x)


def test_handed_over(tmp_path):
    """SIGUSR2 and a new daemon, three times under traffic: no packet is lost."""
    with lab(tmp_path) as x:
        x.start_ze()
        with traffic(x, 20):    # a start takes several seconds on a busy machine
            before = sessions(x)
            for _ in range(3):
                x.ze.send_signal(signal.SIGUSR2)
                assert x.ze.wait(10) == 0
                assert os.path.exists(state(x)) and not os.path.exists(x.sock)
                x.start_ze()
                assert sessions(x) == before
                time.sleep(1)
            assert_in_step(x)
        with open(os.path.join(x.dir, 'ze.log'), encoding='utf-8') as f:        # of all instances
            assert f.read().count('handover-started') == 3
        assert 'StopCCN' not in x.log('lac.log')
        x.stop_ze()
        assert_nothing_left(x)


def test_killed_while_many_log_in(tmp_path):
    """Killed at any point: both ends agree in the end. When no subscriber is left, nothing is left."""
    with lab(tmp_path) as x:
        edit(x, 'setup-rate 0;', 'setup-rate 0; hello-interval 1; hello-retries 3;')
        for n in range(3):
            x.start_ze()
            z = x.spawn('lac', 'lac%d.log' % n, ZELOAD, '-t', '4', '-s', '250', '--hold', '100', x.peer)
            wait_for(lambda: len(x.show('sessions')) > 100 + 200 * n)   # pylint: disable=cell-var-from-loop
            x.stop_ze(signal.SIGKILL)
            x.start_ze()
            wait_for(lambda: not [s for s in x.show('sessions') if s['state'] != 'established'], 100)
            wait_for(lambda: in_step(x), 30)        # logins continue
            x.stop_ze(signal.SIGKILL)
            z.kill()
            z.wait()
            x.start_ze()
            wait_for(lambda: x.show('sessions') == [], 30)
            wait_for(lambda: not [t for t in x.show('tunnels') if t['state'] == 'established'], 30)
            x.ze.send_signal(signal.SIGTERM)
            x.stop_ze()         # again, without acknowledgements
            assert_nothing_left(x)


def test_stale_objects_are_removed(tmp_path):
    """Entries, routes, addresses and ports that belong to no session."""
    with lab(tmp_path) as x:
        x.ip('lns', 'link', 'add', 'x0', 'type', 'veth', 'peer', 'name', 'x1')
        x.ip('lns', 'link', 'set', 'x0', 'up')
        edit(x, 'core [ core0 ]', 'core [ core0 x0 ]')
        x.start_ze()
        a = x.start_lac(5)[0]
        before = sessions(x)
        assert 'xdp' in x.ip('lns', 'link', 'show', 'x0')
        x.stop_ze(signal.SIGKILL)
        sid, tid = next(s for s in range(1, 99) if s not in before), next(iter(before.values()))[1]
        key = tid.to_bytes(2, 'little') + sid.to_bytes(2, 'little')
        put('ze_sessions', key, bytes(64))
        for name in ('ze_up_ids', 'ze_down_ids'):
            other = row(name, next(iter(before)))
            assert other['formatted']['value']['tid'] == tid
            put(name, sid.to_bytes(4, 'little'), bytes(int(o, 16) for o in other['value']))
        put('ze_hosts4', bytes((10, 100, 9, 9)), key)
        put('ze_hosts4', bytes((10, 100, 9, 8)), bytes(4))
        put('ze_links6', bytes(range(8)), key)
        put('ze_tunnels', bytes((1, 0)), bytes(56))
        put('ze_established', bytes(20), bytes(4))
        x.ip('lns', 'route', 'add', '10.100.9.9/32', 'dev', 'ze0', 'proto', '171')
        x.ip('lns', 'route', 'del', a + '/32', 'dev', 'ze0')
        x.ip('lns', 'addr', 'add', '10.100.9.1/32', 'dev', 'ze0')
        x.ip('lns', 'addr', 'add', 'fe80::9/64', 'dev', 'ze0', 'nodad')
        edit(x, 'core [ core0 x0 ]', 'core [ core0 ]')
        x.start_ze()
        assert sessions(x) == before
        assert_in_step(x)
        assert row('ze_up_ids', sid)['formatted']['value']['tid'] == row('ze_down_ids', sid)['formatted']['value']['tid'] == 0
        assert 'xdp' not in x.ip('lns', 'link', 'show', 'x0') and 'xdp' in x.ip('lns', 'link', 'show', 'core0')
        assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == x.ping('core', '-c', '3', a)[0] == 3
        assert 'stale-routes=1' in x.log('ze.log')


def test_restored_sessions_continue(tmp_path):
    """Clear, a new login, and the end by the LAC: of restored sessions."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3, '-v')
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        gone, a = next((s['local-sid'], s['assigned-addr']) for s in x.show('sessions'))
        x.zectl('clear', 'l2tp', 'session', 'teardown', str(gone))
        wait_for(lambda: len(x.show('sessions')) == 2 and ' ended: ' in x.log('lac.log'))
        wait_for(lambda: a not in x.ip('lns', 'route', 'show', 'dev', 'ze0'))
        z = x.spawn('lac', 'two.log', ZELOAD, '-s', '2', '--hold', '60', x.peer)
        wait_for(lambda: '2 up, 0 failed' in x.log('two.log'))
        assert len({s['assigned-addr'] for s in x.show('sessions')}) == 4
        assert_in_step(x)
        z.terminate()
        x.stop_lac()
        wait_for(lambda: x.show('sessions') == [])
        assert_in_step(x)       # the tunnels linger
        x.stop_ze()
        assert_nothing_left(x)


def spoil_header(x):
    with open(state(x), 'r+b') as f:
        f.seek(20)
        f.write(b'\xff\xff')


def other_abi(x):
    value = json.loads(run('bpftool', '-j', 'map', 'dump', 'pinned', PINS + '/ze_about'))[0]['value']
    value = bytes(int(o, 16) for o in value)
    put('ze_about', bytes(4), bytes((value[0] + 1,)) + value[1:])


def other_row(_x):
    os.unlink(PINS + '/ze_about')
    run('bpftool', 'map', 'create', PINS + '/ze_about', 'type', 'array', 'key', '4', 'value', '4096', 'entries', '1', 'name', 'ze_about')


def truncate(x):
    with open(state(x), 'r+b') as f:
        f.truncate(10)


def pins_and_programs_gone(x):
    for name in os.listdir(PINS):
        os.unlink(os.path.join(PINS, name))
    for dev in ('up0', 'core0', 'ze0', 'ze0p'):
        x.ip('lns', 'link', 'set', dev, 'xdp', 'off')


def other_map(_x):
    os.unlink(PINS + '/ze_hosts4')
    run('bpftool', 'map', 'create', PINS + '/ze_hosts4', 'type', 'hash', 'key', '4', 'value', '8', 'entries', '7', 'name', 'ze_hosts4')


@pytest.mark.parametrize('every', [1, 2])
def test_maps_with_names_without_a_prefix(tmp_path, every):
    """The pins of a version whose names lacked ze_ are renamed and taken over, also when an earlier start was killed after
    it had renamed every second one."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3)
        before = sessions(x)
        x.stop_ze(signal.SIGKILL)
        value = bytes(int(o, 16) for o in json.loads(run('bpftool', '-j', 'map', 'dump', 'pinned', PINS + '/ze_about'))[0]['value'])
        put('ze_about', bytes(4), bytes((10,)) + value[1:])
        maps = [m for m in sorted(os.listdir(PINS)) if m not in PROGRAMS][::every]
        for m in maps:
            os.rename(os.path.join(PINS, m), os.path.join(PINS, m[3:]))
        x.start_ze()
        assert 'pins-renamed folder=%s maps=%d' % (PINS, len(maps)) in x.log('ze.log')
        assert sessions(x) == before
        assert_in_step(x)
        x.stop_lac()
        x.stop_ze()
        assert_nothing_left(x)


@pytest.mark.parametrize('how, why', [
    (spoil_header, 'why="the state file is damaged"'),
    (truncate, 'why="the state file is damaged"'),
    (lambda x: os.chmod(state(x), 0o644), 'why="the state file is not ze\'s own"'),
    (lambda x: os.unlink(state(x)), 'why="there is no state file"'),
    (other_abi, 'why="the maps have another layout"'),
    (other_row, 'why="the maps have another layout"'),
    (pins_and_programs_gone, 'why="no maps are pinned"'),
    (other_map, 'restart-map-refused map=ze_hosts4'),
    (lambda x: x.ip('lns', 'link', 'del', 'ze0'), 'why="ze0 was deleted or replaced"'),
])
def test_clean_start(tmp_path, how, why):
    """State that does not fit is removed, the log says why, and the next login works."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3)
        x.stop_ze(signal.SIGKILL)
        how(x)
        x.start_ze()
        assert why in x.log('ze.log') and x.log('ze.log').count('restart-clean') == 1
        assert x.show('sessions') == [] and x.show('tunnels') == []
        assert_nothing_left(x)
        x.lac.kill()
        x.lac.wait()
        os.unlink(os.path.join(x.dir, 'lac.log'))
        a = x.start_lac(3)[0]
        assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
        x.stop_ze()
        assert_nothing_left(x)


def test_another_plane(tmp_path):
    """The next instance does not use BPF: nothing of the previous one stays."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3)
        x.stop_ze(signal.SIGKILL)
        edit(x, 'dataplane bpf', 'dataplane kernel')
        x.start_ze('env', 'ze.l2tp.skip-kernel-probe=true')
        assert 'restart-clean why="this instance does not use the bpf data plane"' in x.log('ze.log')
        assert os.listdir(PINS) == []           # the directory is the lock
        assert 'ze0' not in x.ip('lns', 'link') and 'xdp' not in x.ip('lns', 'link')
        x.ze.send_signal(signal.SIGUSR2)        # it cannot hand over: it drains
        assert x.ze.wait(20) == 0 and 'handover-refused' in x.log('ze.log')
        assert not os.path.isdir(PINS)
        assert_nothing_left(x)


def test_another_pool(tmp_path):
    """S-REL-15: addresses that are no longer in the pool stay; a session whose address is the gateway now ends with a CDN."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(3, '-v')
        x.stop_ze(signal.SIGKILL)
        edit(x, 'gateway 10.100.0.1; start 10.100.0.2;', 'gateway 10.100.0.2; start 10.100.0.4;')
        x.start_ze()
        assert sorted(s['assigned-addr'] for s in x.show('sessions')) == ['10.100.0.3', '10.100.0.4']
        wait_for(lambda: x.log('lac.log').count(' ended: ') == 1)
        assert x.log('ze.log').count('reason=resume-address') == 1
        assert_in_step(x)
        assert x.ping('lac', '-c', '2', '-I', a[1], HOST)[0] == 2
        # No session is restored, so that nothing stays on ze0: this is not damage, and nothing is repaired.
        x.stop_ze(signal.SIGKILL)
        edit(x, '{ gateway 10.100.0.2; start 10.100.0.4; end 10.100.15.254 }',
             '{ gateway 10.100.0.3; start 10.101.0.2; end 10.101.0.9 } '
             'ipv4-named other { gateway 10.100.0.4; start 10.102.0.2; end 10.102.0.9 }')
        x.start_ze()
        wait_for(lambda: x.log('lac.log').count(' ended: ') == 3)
        x.stop_lac()
        x.start_lac(1)
        assert 'repair-done' not in x.log('ze.log')


def test_one_at_a_time(tmp_path):
    """A second daemon with the same state file does not start, and changes nothing."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        out = x.sh('lns', ZE, '-c', x.conf, '--socket', x.sock + '2', '--state', state(x), check=False)
        assert 'another ze is running' in out
        assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3 and len(x.show('sessions')) == 2


def test_failed_start_changes_nothing(tmp_path):
    """A configuration that cannot be used: the programs forward until an instance starts that can use its own."""
    with lab(tmp_path) as x:
        x.start_ze()
        a = x.start_lac(2)[0]
        before = sessions(x)
        x.stop_ze(signal.SIGKILL)
        for old, new in (('uplink [ up0 ]', 'uplink [ up0 nosuch ]'), ('ip 0.0.0.0', 'ip 192.0.2.99')):
            edit(x, old, new)
            p = x.spawn('lns', 'ze.log', ZE, '-c', x.conf, '--socket', x.sock)
            assert p.wait(20) == 1
            assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
            edit(x, new, old)
        x.start_ze()
        assert sessions(x) == before
        assert_in_step(x)


def link_local_mtus(x):
    """The MTUs of the routes to all link-local addresses on ze0 and to single ones."""
    routes = json.loads(x.ip('lns', '-6', '-j', 'route', 'show', 'dev', 'ze0', 'proto', '171'))
    return {r['dst']: r['metrics'][0]['mtu'] for r in routes}


def test_link_local_mtu_is_kept(tmp_path):
    """F-C8: the MTU that all subscribers share is that of the previous instance; a subscriber with another one gets a
    route."""
    with lab(tmp_path) as x:
        x.start_ze()
        x.start_lac(3)
        assert link_local_mtus(x) == {'fe80::/64': 1450}
        x.ip('lns', '-6', 'route', 'replace', 'fe80::/64', 'dev', 'ze0', 'proto', '171', 'metric', '128', 'mtu', 'lock', '1400')
        x.ip('lns', '-6', 'route', 'add', 'fe80::7', 'dev', 'ze0', 'proto', '171', 'metric', '128', 'mtu', 'lock', '1300')
        x.stop_ze(signal.SIGKILL)
        x.start_ze()
        theirs = ['fe80::' + x.show('session', str(s['local-sid']))['peer-interface-id'] for s in x.show('sessions')]
        mtus = link_local_mtus(x)
        assert sorted(mtus.values()) == [1400, 1450, 1450, 1450], mtus
        for a in theirs:
            assert '1450' in x.ip('lns', '-6', 'route', 'get', a, 'oif', 'ze0'), mtus
        x.ip('lns', '-6', 'route', 'del', theirs[1], 'dev', 'ze0', 'proto', '171')
        wait_for(lambda: link_local_mtus(x) == mtus)
        x.stop_lac()
        wait_for(lambda: x.show('dataplane')['sessions'] == 0)
        assert not link_local_mtus(x)
