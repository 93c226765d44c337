# SPDX-License-Identifier: BSD-2-Clause
"""Kernel objects of ze on the kernel plane that another program removes are restored. Run by vmtest/check."""
import json
import os

import pytest

import lab

UPLINKS = 'bpf { uplink [ lns0 lns1 ]; }'
OLD = tuple(int(n) for n in os.uname().release.split('.')[:2]) < (6, 11)


def repaired(ze):
    return {r['kind']: (r['repaired'], r['missing']) for r in ze.show('dataplane').get('repairs', [])}


def programs(dev):
    link = json.loads(lab.ns_run('lns', 'ip', '-j', 'link', 'show', 'dev', dev))[0]
    return link.get('xdp', {}).get('prog', {}).get('id')


# The commands of ip that change pppN.
TAKEN = {
    'route': 'route del %(addr)s dev %(dev)s',
    'address': 'addr flush dev %(dev)s',
    'down': 'link set %(dev)s down',
    'xdp': 'link set dev %(dev)s xdpgeneric off',
}


def test_removed_by_other_programs(capsys):
    """F-A4: the route, addresses, state and program of pppN; the guard program, and the program that writes ids."""
    lab.setup()
    lab.reset()
    ze = lab.Ze(more=UPLINKS)
    lac = lab.Lac(alice={'ipv6': True})
    try:
        dev = lac.login()
        s = ze.sessions()[0]
        ours, addr = s['interface'], s['assigned-addr']
        lab.ns_run('lac', 'ip', 'route', 'replace', '198.51.100.0/24', 'dev', dev)
        lab.assert_ping('lac', '198.51.100.2')
        for n, (name, words) in enumerate(TAKEN.items(), 1):
            lab.ns_run('lns', 'ip', *(words % {'dev': ours, 'addr': addr}).split())
            lab.wait_for(lambda n=n: repaired(ze).get('session', (0, 1))[0] >= n and not repaired(ze)['session'][1], 20,
                         'a repair after: ' + name, show=lambda: ze.proc.text()[-3000:])
            lab.assert_ping('lac', '198.51.100.2')
            lab.assert_ping('core', addr)
            assert programs(ours)
        was = programs('lns0')
        lab.ns_run('lns', 'ip', 'link', 'set', 'dev', 'lns0', 'xdp', 'off', check=False)
        lab.ns_run('lns', 'ip', 'link', 'set', 'dev', 'lns0', 'xdpgeneric', 'off', check=False)
        lab.wait_for(lambda: programs('lns0') == was and repaired(ze)['program'] == (1, 0), 20, 'the guard',
                     show=lambda: ze.proc.text()[-3000:])
        if OLD:
            before = repaired(ze)['program'][0]
            lab.ns_run('lns', 'tc', 'qdisc', 'del', 'dev', 'lns0', 'clsact')
            lab.wait_for(lambda: repaired(ze)['program'] == (before + 1, 0), 20, 'the label program',
                         show=lambda: ze.proc.text()[-3000:])
            lab.assert_ping('lac', '198.51.100.2')
        with capsys.disabled():
            print('\n' + '\n'.join(l for l in ze.proc.text().splitlines() if 'repair' in l))
        lac.hangup()
        ze.assert_settled()
        assert ze.stop() == 0, ze.proc.text()[-3000:]
        assert lab.kernel_state('lns') == ''
        assert 'blackhole' not in lab.ns_run('lns', 'ip', 'route')
    finally:
        lac.close()
        ze.close()
