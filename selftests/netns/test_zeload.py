# SPDX-License-Identifier: BSD-2-Clause
"""zeload as an instrument: its report is what happened, also when that is bad."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys

import pytest

from nslab import HERE, ZELOAD, lab, wait_for

HOST = '198.51.100.2'
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

# A reflector that treats packet n of every session in a different way.
NUMBER, FAR, SUM = 12, 16, 32


def fnv(p):
    h, words = 0xcbf29ce484222325, [8, 12, 24, 28] + list(range(36, len(p) & ~3, 4))
    for i in words:
        h = (h ^ struct.unpack_from('>I', p, i)[0]) * 0x100000001b3 & (1 << 64) - 1
    for i in range(len(p) & ~3, len(p)):
        h = (h ^ p[i]) * 0x100000001b3 & (1 << 64) - 1
    return (h ^ h >> 32) & 0xffffffff


def unfaithful():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(('0.0.0.0', 7))
    print('ready', flush=True)
    seen, held, others = {}, {}, {}
    while True:
        data, src = s.recvfrom(2048)
        p = bytearray(data)
        session, n = struct.unpack_from('>II', p, 8)
        assert fnv(p) == struct.unpack_from('>I', p, SUM)[0], 'two readings of the format'
        others[session] = src
        if n == 10:
            continue                                    # lost upstream: never received
        seen[session] = seen.get(session, 0) + 1
        struct.pack_into('>I', p, FAR, seen[session])
        if n == 20:
            continue                                    # lost downstream: received, not sent back
        if n == 30:
            s.sendto(p, src)                            # twice
        if n == 40:
            p[50] ^= 1                                  # corrupt
        if n == 50:                                     # sent to another subscriber
            src = others[session % len(others) + 1]
        if n == 60:
            held[session] = p                           # sent after the next one
            continue
        s.sendto(p, src)
        if n == 61:
            s.sendto(held[session], src)


def zeload(x, *more, ok=True):
    out = x.sh('lac', ZELOAD, '--json', '-', *more, x.peer, check=ok)
    return json.loads(out.splitlines()[-1]), out


def reflector(x, *argv):
    p = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['core'], *argv], stdout=subprocess.PIPE,
                         encoding='utf-8')
    assert p.stdout.readline() == 'ready\n'
    return p


def test_every_packet_comes_back(tmp_path):
    """Traffic in both directions of fifty sessions in five tunnels, each with its own socket."""
    with lab(tmp_path) as x:
        x.start_ze()
        far = reflector(x, ZELOAD, '--reflect', '7')
        try:
            got, _ = zeload(x, '-t', '5', '-s', '10', '-u', 'alice', '--to', HOST + ':7', '--pps', '5000',
                            '--duration', '2', '--size', '600')
        finally:
            far.kill()
            far.wait()
        t = got['traffic']
        assert got['up'] == got['addresses'] == 50 and got['failed'] == got['ended-early'] == 0
        assert 9000 <= t['sent'] == t['returned'] <= 10001
        assert not any(t[k] for k in ('lost-up', 'lost-down', 'duplicated', 'reordered', 'corrupt',
                                      'mis-delivered'))
        wait_for(lambda: x.show('dataplane')['sessions'] == 0)


def test_what_is_wrong_is_counted(tmp_path):
    """One fault of each kind per session, made on purpose by the reflector; the exit code reports it."""
    with lab(tmp_path) as x:
        x.start_ze()
        far = reflector(x, sys.executable, '-c', 'import sys; sys.path.insert(0, %r); import test_zeload as t; '
                        't.unfaithful()' % HERE)
        try:
            got, out = zeload(x, '-s', '3', '--to', HOST + ':7', '--pps', '300', '--duration', '1', ok=False)
        finally:
            far.kill()
            far.wait()
        t = got['traffic']
        assert t['sent'] in (299, 300), out
        want = {'lost-up': 3, 'duplicated': 3, 'reordered': 3, 'corrupt': 3, 'mis-delivered': 3}
        assert {k: t[k] for k in want} == want, out
        # A packet that was corrupted on its way back did not come back either.
        assert t['lost-down'] == 9 and t['returned'] == t['sent'] - 12, out


def test_failed_logins_and_lost_sessions(tmp_path):
    with lab(tmp_path) as x:
        x.start_ze()
        got, out = zeload(x, '-s', '2', '-p', 'wrong', ok=False)
        assert got['failed'] == 2 and got['up'] == 0 and 'CHAP failure' in out
        z = x.spawn('lac', 'lac.log', ZELOAD, '-v', '-s', '3', '--echo-loss', '100', '--hold', '60', '--json', '-',
                    x.peer)
        wait_for(lambda: x.log('lac.log').count(' ended: ') == 3 or z.poll() is not None, 30)
        z.send_signal(signal.SIGTERM)
        assert z.wait(20) == 1
        got = json.loads(x.log('lac.log').splitlines()[-1])
        assert got['ended-early'] == 3 and got['echo']['withheld'] >= 15 and got['echo']['answered'] == 0
        got, _ = zeload(x, '-a', 'pap', '-s', '2', '--echo-delay', '120', '--hold', '3', ok=True)
        assert got['up'] == 2 and got['echo']['answered'] >= 2
