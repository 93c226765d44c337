# SPDX-License-Identifier: BSD-2-Clause
"""The path between ze and its LACs on the kernel plane, as selftests/netns/test_path.py tests it for the BPF plane; and
interfaces in a VRF, which the host may not support. Run by vmtest/check."""
import json
import os
import subprocess
import sys

import pytest

import lab

sys.path.insert(0, os.path.join(lab.ROOT, 'selftests', 'netns'))
import nslab  # noqa: E402 pylint: disable=wrong-import-position
import test_path as path  # noqa: E402 pylint: disable=wrong-import-position

HOST = '198.51.100.2'


@pytest.fixture
def start(tmp_path):
    made = []
    lab.run('modprobe', 'tun')

    def go(plane='kernel', **kw):
        made.append(nslab.Lab(str(tmp_path), **kw))
        nslab.edit(made[-1], 'dataplane bpf;', 'dataplane %s;' % plane)
        return made[-1]
    yield go
    for x in made:
        x.close()


def comes(x, count, size, to):
    """How many of `count` packets from the core, sent one after another, this subscriber received."""
    return x.ping('core', '-c', str(count), '-M', 'dont', '-s', str(size), to)[0]


@pytest.mark.parametrize('six', [False, True], ids=['four', 'six'])
def test_forged_icmp(start, six):
    """F-B2: neither of two forged ICMP messages about the path changes how the kernel plane sends."""
    x = start(six=six)
    a, _, forge = path.forger(x, six)
    size = 1400 if not six else 1380

    def made():
        """The fragments of five packets to the subscriber: over IPv6 Linux fragments packets above 1280 octets in any
        case."""
        was = fragments(x)
        assert comes(x, 5, size, a) == 5
        return [n - w for n, w in zip(fragments(x), was)]
    first = made()
    for quoted in ('udp', 'echo'):
        forge(quoted)
        assert made() == first, quoted


def fragments(x):
    """Fragments that lns has created, of both families."""
    n = json.loads(x.sh('lns', 'nstat', '-asjz'))['kernel']
    return n['IpFragCreates'], n['Ip6FragCreates']


def test_narrow_path(start):
    """F-B2: all packets pass a path that is narrower than the uplink and sends no ICMP."""
    x = start()
    path.silent_router(x, 1300, False)
    x.start_ze()
    a = x.start_lac(1)[0]
    assert comes(x, 5, 1372, a) == 5


def test_narrow_path_that_is_known(start):
    """F-B2: the same over IPv6, where routers do not fragment: path-mtu."""
    x = start(six=True)
    path.silent_router(x, 1344, True)
    nslab.edit(x, 'max-sessions', 'path-mtu 1344; max-sessions')
    x.start_ze()
    a = x.start_lac(1, '--port', '1702')[0]
    assert comes(x, 5, 1372, a) == 5


def test_link_local_lac(start):
    """F-C13: a LAC on a link-local address, on the kernel plane."""
    x = start()
    x.ip('lac', 'addr', 'add', 'fe80::2/64', 'dev', 'l0', 'nodad')
    x.ip('lns', 'addr', 'add', 'fe80::1/64', 'dev', 'up0', 'nodad')
    nslab.edit(x, 'max-sessions 0;', 'max-sessions 0; allow-from [ fe80::/10 ];')
    x.start_ze()
    x.peer = 'fe80::1%l0'
    a = x.start_lac(1, '--port', '1702', '--source', 'fe80::2%l0')[0]
    assert comes(x, 3, 1372, a) == 3
    assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3


def test_zero_checksums(start):
    """F-C13: UDP over IPv6 without a checksum on the kernel plane: PPP and data, refused and accepted."""
    x = start(six=True)
    nslab.edit(x, 'max-sessions 0;', 'max-sessions 0; accept-zero-checksum true;')
    x.start_ze()
    a = x.start_lac(1, '--port', '1702', '--no-checksum')[0]
    assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
    nslab.edit(x, 'accept-zero-checksum true;', '')
    path.reload(x)
    n = x.packets()['drop-checksum']
    assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 0
    assert x.packets()['drop-checksum'] - n >= 3


SEND = '''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
for n in range(40):
    s.sendto(bytes([n]) * (1200 if n == 9 else 100), (sys.argv[2], 7007))
'''
RECEIVE = '''
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 7007))
print('ready', flush=True)
s.settimeout(%d)
got = []
try:
    while not got or got[-1] != 39:
        got.append(s.recv(2000)[0])
except TimeoutError:
    pass
print(len(got), flush=True)
'''


def test_one_lost_number(start):
    """F-C10: a lost numbered packet of a burst costs at most itself and the six packets after it, which the kernel
    wants to see in order before it follows."""
    x = start()
    x.start_ze()
    a = x.start_lac(1, '--sequence')[0]
    assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
    x.sh('lac', 'tc', 'qdisc', 'add', 'dev', 'l0', 'clsact')
    x.sh('lac', 'tc', 'filter', 'add', 'dev', 'l0', 'egress', 'protocol', 'ip', 'u32',       # 1024 octets and more
         'match', 'u16', '0x0400', '0x0400', 'at', '2', 'action', 'drop')
    r = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['core'], sys.executable, '-c', RECEIVE % (5 * nslab.SLOW)],
                         stdout=subprocess.PIPE, encoding='utf-8')
    assert r.stdout.readline() == 'ready\n'
    x.sh('lac', sys.executable, '-c', SEND, a, HOST)
    assert int(r.stdout.readline()) >= 33
    r.wait()


@pytest.mark.parametrize('plane', ['bpf', 'kernel'])
def test_uplink_in_a_vrf(start, plane):
    """F-C13: an uplink that is moved into a VRF is logged, and at the next start it is refused with its name."""
    lab.run('modprobe', 'vrf')
    x = start(plane)
    x.start_ze()
    a = x.start_lac(1)[0]
    x.ip('lns', 'link', 'add', 'red', 'type', 'vrf', 'table', '77')
    x.ip('lns', 'link', 'set', 'red', 'up')
    x.ip('lns', 'link', 'set', 'up0', 'master', 'red')
    nslab.wait_for(lambda: 'port-in-vrf interface=up0' in x.log('ze.log'))
    assert 'VRF' in [p['problem'] for p in x.show('dataplane')['programs'] if p['interface'] == 'up0'][0]
    x.ip('lns', 'link', 'set', 'up0', 'nomaster')
    nslab.wait_for(lambda: 'port-out-of-vrf interface=up0' in x.log('ze.log'))
    nslab.wait_for(lambda: x.ping('core', '-c', '2', a)[0] == 2)
    x.stop_ze()
    x.ip('lns', 'link', 'set', 'up0', 'master', 'red')
    x.ze = x.spawn('lns', 'ze.log', nslab.ZE, '-c', x.conf, '--socket', x.sock)
    x.ze.wait(60 * nslab.SLOW)
    assert x.ze.returncode != 0 and 'port-in-vrf interface=up0 effect="not started"' in x.log('ze.log'), x.log('ze.log')
    if plane == 'bpf':
        x.ip('lns', 'link', 'set', 'up0', 'nomaster')
        x.ip('lns', 'link', 'set', 'core0', 'master', 'red')
        x.ze = x.spawn('lns', 'ze.log', nslab.ZE, '-c', x.conf, '--socket', x.sock)
        x.ze.wait(60 * nslab.SLOW)
        assert x.ze.returncode != 0 and 'port-in-vrf interface=core0' in x.log('ze.log'), x.log('ze.log')
