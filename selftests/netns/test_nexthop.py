# SPDX-License-Identifier: BSD-2-Clause
"""Next hops change while packets of subscribers pass, on the core's side and on the LAC's; the loss is printed. The
daemon learns of changes and flushes the next-hop cache of the programs: at most the packets that are sent during the
change, and while a busy machine delays the daemon, are lost."""
import json
import os
import subprocess
import time

import pytest

from nslab import HERE, ZELOAD, lab, wait_for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

MARGIN = 0.4        # delay of a busy machine
LINK_MARGIN = 2     # the kernel checks carriers once per second, and repeats a neighbour request after one second
PPS = 1000
CORE, LAC = '198.51.100.2', '10.9.0.2'
MAC = '02:00:00:00:99:02'

# The changes by name: in which namespaces, by which commands of ip.
CHANGES = {
    'core: neighbour replaced': (('core', f'link set c0 address {MAC}'),
                                 ('lns', f'neigh replace {CORE} lladdr {MAC} dev core0')),
    'core: route moved': (('lns', f'route add {CORE}/32 via 203.0.113.2 dev core1'),),
    'core: route moved to an interface of others': (('lns', f'route add {CORE}/32 via 203.0.114.2 dev other'),),
    'core: interface down and up': (('lns', 'link set core0 down'), ('lns', 'link set core0 up')),
    'core: carrier lost and back': (('core', 'link set c0 down'), ('core', 'link set c0 up'),
                                    ('core', 'route replace default via 198.51.100.1')),
    'lac: neighbour replaced': (('lac', f'link set l0 address {MAC}'),
                                ('lns', f'neigh replace {LAC} lladdr {MAC} dev up0')),
    'lac: route moved': (('lns', f'route add {LAC}/32 via 10.8.0.2 dev up1'),),
    'lac: interface down and up': (('lns', 'link set up0 down'), ('lns', 'link set up0 up')),
    'lac: carrier lost and back': (('lac', 'link set l0 down'), ('lac', 'link set l0 up')),
}
# The interface by which packets then leave, if not the first one.
MOVED = {'core: route moved': ('core', 'c1'), 'core: route moved to an interface of others': ('core', 'c2'),
         'lac: route moved': ('lac', 'l1')}


def prepare(x):
    """A second link on each side that ze knows, and one on the core's side that it does not."""
    x.wire('core', 'c1', '203.0.113.2/24', 'core1', '203.0.113.1/24')
    x.wire('core', 'c2', '203.0.114.2/24', 'other', '203.0.114.1/24')
    x.wire('lac', 'l1', '10.8.0.2/24', 'up1', '10.8.0.1/24')
    for ns in ('core', 'lac', 'lns'):
        for where in ('all', 'default', *{'core': ('c0', 'c1', 'c2'), 'lac': ('l0', 'l1'), 'lns': ('up0',)}[ns]):
            x.sh(ns, 'sysctl', '-qw', f'net.ipv4.conf.{where}.rp_filter=0')
    with open(x.conf, encoding='utf-8') as f:
        text = f.read()
    for name, more in (('uplink [ up0 ]', 'uplink [ up0 up1 ]'), ('core [ core0 ]', 'core [ core0 core1 ]')):
        assert name in text
        text = text.replace(name, more)
    with open(x.conf, 'w', encoding='utf-8') as f:
        f.write(text)


def received(x, ns, dev):
    return json.loads(x.sh(ns, 'ip', '-j', '-s', 'link', 'show', dev))[0]['stats64']['rx']['packets']


@pytest.fixture(name='line', scope='module')
def line_(tmp_path_factory):
    with lab(tmp_path_factory.mktemp('nexthop')) as x:
        prepare(x)
        x.start_ze()
        reflector = x.spawn('core', 'reflector.log', ZELOAD, '--reflect', '7')
        try:
            wait_for(lambda: 'ready' in x.log('reflector.log'))
            yield x
        finally:
            reflector.kill()
            reflector.wait()


def undo(x, name):
    """Restores the line for the next change."""
    if 'neighbour' in name:
        x.ip('lns', 'neigh', 'flush', 'all', 'nud', 'permanent')
    if name in MOVED:
        x.ip('lns', 'route', 'del', CORE + '/32' if name.startswith('core') else LAC + '/32')
    assert x.ping('lns', '-c', '1', CORE)[0] == 1 and x.ping('lns', '-c', '1', LAC)[0] == 1


@pytest.mark.parametrize('name', CHANGES)
def test_next_hop_changes(line, capsys, name):
    x = line
    slack = LINK_MARGIN if 'back' in name or 'down and up' in name else MARGIN
    seconds = 2 if slack == MARGIN else 4
    assert x.ping('lns', '-c', '1', CORE)[0] == 1
    arg = [ZELOAD, '-s', '2', '--to', CORE + ':7', '--pps', str(PPS), '--duration', str(seconds), '--size', '600',
           '--json', '-', x.peer]
    began = x.packets()
    p = subprocess.Popen(['nsenter', '--net=/run/netns/' + x.ns['lac'], *arg], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, encoding='utf-8')
    wait_for(lambda: x.packets()['up-forward'] - began['up-forward'] > PPS / 4)
    before = received(x, *MOVED[name]) if name in MOVED else 0
    start = time.monotonic()
    for ns, words in CHANGES[name]:
        x.ip(ns, *words.split())
    took = time.monotonic() - start
    out = p.communicate(timeout=30)[0]
    t = json.loads(out[out.index('{'):])['traffic']
    lost = t['lost-up'] + t['lost-down']
    with capsys.disabled():
        print(f'\n{name}: {lost} of {t["sent"]} lost at {PPS} a second ({t["lost-up"]} up, {t["lost-down"]} down), '
              f'the change took {took * 1000:.0f} ms')
    assert t['sent'] >= PPS * (seconds - 0.5) and not t['mis-delivered'] and not t['corrupt']
    assert lost == t['sent'] - t['returned']
    assert lost <= PPS * (took + slack)
    if name in MOVED:
        assert received(x, *MOVED[name]) - before > PPS
    undo(x, name)
