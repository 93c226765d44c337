# SPDX-License-Identifier: BSD-2-Clause
"""The privileges that ze drops by itself, when started by hand as root: capabilities, new privileges, system calls."""
import json
import os
import re
import signal

import pytest

from nslab import ZE, ZECTL, edit, lab, run, until, wait_for
from test_resume import HOST, assert_nothing_left, sessions
from test_takeover import child_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

CAPS = {'net_bind_service': 10, 'net_admin': 12, 'net_raw': 13, 'sys_admin': 21, 'perfmon': 38, 'bpf': 39}
BPF_PLANE = ('net_bind_service', 'net_admin', 'net_raw', 'perfmon', 'bpf')
AS_IN_THE_UNIT = ('setpriv', '--bounding-set', '-all,' + ','.join('+' + c for c in BPF_PLANE))


def mask(names):
    return sum(1 << CAPS[n] for n in names)


def threads(pid):
    """/proc/PID/task/*/status, with the first thread first."""
    ret = []
    for tid in sorted(os.listdir('/proc/%d/task' % pid), key=lambda t: int(t) != pid):
        with open('/proc/%d/task/%s/status' % (pid, tid), encoding='ascii') as f:
            ret.append(dict(re.findall(r'^(\w+):\t(.*)$', f.read(), re.M)))
    return ret


def assert_hardened(pid, bounding=0):
    reactor, *others = threads(pid)
    want = mask(BPF_PLANE)
    assert int(reactor['CapPrm'], 16) == int(reactor['CapEff'], 16) == want, reactor
    assert others
    for t in [reactor, *others]:
        assert (t['NoNewPrivs'], t['Seccomp']) == ('1', '2'), t
        assert int(t['CapBnd'], 16) == bounding and not int(t['CapInh'], 16) and not int(t['CapAmb'], 16), t
        assert not int(t['CapPrm'], 16) & ~want, t
    # The thread that writes the log needs no capability.
    assert any(not int(t['CapPrm'], 16) for t in others), others


@pytest.mark.parametrize('under, bounding', [((), 0), (AS_IN_THE_UNIT, mask(BPF_PLANE))], ids=['root', 'as-in-the-unit'])
def test_life(tmp_path, under, bounding):
    """F-B12: start, logins, reload, handover, kill and stop with the remaining privileges."""
    with lab(tmp_path) as x:
        x.start_ze(*under)
        until(lambda: assert_hardened(x.ze.pid, bounding))      # a thread drops its privileges when it is scheduled
        wait_for(lambda: 'hardening-applied state=on capabilities=cap_net_bind_service,cap_net_admin,cap_net_raw,cap_perfmon,'
                         'cap_bpf' in x.log('ze.log'))
        log = x.log('ze.log')
        assert not any(event in log for event in ('hardening-incomplete', 'hardening-off', 'capability-missing'))
        assert x.show()['hardening'] == 'on'
        a = x.start_lac(3)[0]
        before = sessions(x)
        edit(x, 'interval 1;', 'interval 2;')
        x.ze.send_signal(signal.SIGHUP)
        wait_for(lambda: 'config-reloaded file=' in x.log('ze.log'))
        for end in (signal.SIGUSR2, signal.SIGKILL):
            x.stop_ze(end)
            x.start_ze(*under)
            assert sessions(x) == before
            assert x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3
        until(lambda: assert_hardened(x.ze.pid, bounding))
        x.stop_ze()
        assert_nothing_left(x)


def test_off(tmp_path):
    """F-B12: --no-hardening is for a debugger; the log says what is lost."""
    with lab(tmp_path) as x:
        x.start_ze(more=('--no-hardening',))
        reactor = threads(x.ze.pid)[0]
        assert (reactor['NoNewPrivs'], reactor['Seccomp']) == ('0', '0') and int(reactor['CapPrm'], 16) & mask(['sys_admin'])
        assert 'hardening-off why=--no-hardening' in x.log('ze.log') and x.show()['hardening'] == 'off'


def test_kernel_refuses(tmp_path):
    """F-B12: what the kernel lacks is a warning with its name, and ze serves its subscribers."""
    with lab(tmp_path) as x:
        x.start_ze('strace', '-f', '-o', '/dev/null', '-e', 'trace=prctl,seccomp,capset',
                   '-e', 'inject=prctl,seccomp,capset:error=EINVAL')
        pid = child_of(x.ze)[0]
        try:
            log = x.log('ze.log')
            for step in ('"new privileges"', 'capabilities', '"system calls"', '"system calls of a start"'):
                assert 'hardening-incomplete step=%s ' % step in log, log
            assert x.show()['hardening'] == 'partial' and 'hardening-applied state=partial' in log
            x.start_lac(2)
        finally:
            os.kill(pid, signal.SIGTERM)
            x.ze.wait(60)


def test_capability_missing(tmp_path):
    """F-B12: a capability that the data plane needs and ze does not have is named before it is used."""
    with lab(tmp_path) as x:
        out = x.sh('lns', 'setpriv', '--bounding-set', '-net_raw', ZE, '-c', x.conf, '--socket', x.sock, check=False)
        assert 'capability-missing capability=cap_net_raw needed-for=' in out and 'start-failed' in out, out


def test_directory_of_another_user(tmp_path):
    """F-B12: root may start ze with a configuration in a home directory; the log says that a reload cannot read it."""
    with lab(tmp_path) as x:
        home = os.path.join(x.dir, 'home')
        os.mkdir(home, 0o700)
        os.rename(x.conf, home + '/ze.conf')
        x.conf = home + '/ze.conf'
        for path in (x.conf, home):
            os.chmod(path, 0o700)
            os.chown(path, 1000, 1000)
        x.start_ze()
        assert 'config-unreadable file=' in x.log('ze.log')
        x.start_lac(1)
        x.ze.send_signal(signal.SIGHUP)
        wait_for(lambda: 'reload-refused' in x.log('ze.log'))
        assert json.loads(run(ZECTL, '--json', '--socket', x.sock, 'show', 'l2tp'))['session-count'] == 1
