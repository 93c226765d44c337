# SPDX-License-Identifier: BSD-2-Clause
"""The part of the benchmark that runs in the guest: bench_inside.py SESSIONS TUNNELS WINDOW JSON."""
import json
import os
import signal
import sys
import time

import lab

WARM_UP = 40 # sessions
TICK_MS = 1000 / os.sysconf('SC_CLK_TCK')


def process_ms(pid):
    fields = lab.read(f'/proc/{pid}/stat').rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS          # utime, stime


def system_ms():
    """CPU time of the guest without idle time."""
    user, nice, system, _idle, _iowait, irq, softirq = map(
        int, lab.read('/proc/stat').split('\n', 1)[0].split()[1:8])
    return (user + nice + system + irq + softirq) * TICK_MS


def load(sessions, tunnels, window, report):
    """The number of sessions that are established, once all of them are or have failed."""
    z = lab.Process('lac', 'zeload', lab.ZELOAD, '-S', 'zetest', '-t', str(tunnels),
                    '-s', str(sessions // tunnels), '-w', str(window), '--hold', '100000',
                    '--json', report, lab.LNS)
    lab.wait_for(lambda: not z.alive() or lab.read(report).endswith('\n'), 120, 'the load', 0.2)
    assert z.alive(), z.text()
    return z, json.loads(lab.read(report))


def unload(z):
    """Seconds until everything is removed."""
    begin = time.monotonic()
    z.signal(signal.SIGTERM)
    lab.wait_for(lambda: not lab.links('lns'), 60, 'end of every pppN')
    return time.monotonic() - begin


def main():
    sessions, tunnels, window = map(int, sys.argv[1:4])
    lab.setup()
    ze = lab.Ze(log='warn')
    # An emulator is slow when it runs code for the first time, as it translates it.
    unload(load(WARM_UP, 2, window, lab.WORK + '/warm-up.json')[0])
    ze_before, all_before = process_ms(ze.proc.p.pid), system_ms()
    z, got = load(sessions, tunnels, window, lab.WORK + '/zeload.json')
    ze_ms = process_ms(ze.proc.p.pid) - ze_before
    all_ms = system_ms() - all_before - process_ms(z.p.pid)
    devices = len(lab.links('lns'))
    down = unload(z)
    done = max(1, got['up'])
    got.update({'ze-cpu-ms': round(ze_ms / done, 2), 'system-cpu-ms': round(all_ms / done, 2),
                'teardown-rate': round(done / down, 1), 'devices': devices,
                'machine': os.environ.get('ZE_BENCH_MACHINE', '?')})
    lab.write(sys.argv[4], json.dumps(got) + '\n')
    print(f'Linux {os.uname().release}, {got["sessions"]} sessions in {tunnels} tunnels, {window} at once, '
          'CHAP, IPCP, IPv6CP, kernel data plane')
    print(f'set up          {got["up"]} of {got["sessions"]}, {devices} pppN, {got["failed"]} failed')
    print(f'rate            {got["rate"]:.1f} sessions a second')
    print(f'CPU of ze       {got["ze-cpu-ms"]:.2f} ms a session')
    print(f'CPU of all      {got["system-cpu-ms"]:.2f} ms a session, without the load generator')
    print('time of one     ' + '  '.join(f'{k} {v:.0f} ms' for k, v in got['latency-ms'].items()))
    print(f'torn down       {got["teardown-rate"]:.1f} sessions a second')
    print(f'machine         {got["machine"]}')
    print('Only ratios of two runs on one quiet machine travel; rates and milliseconds do not.')
    print(json.dumps(got))
    ze.assert_settled(30)
    ze.stop()
    return 0 if got['up'] == got['sessions'] == devices else 1


if __name__ == '__main__':
    sys.exit(main())
