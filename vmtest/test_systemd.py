# SPDX-License-Identifier: BSD-2-Clause
"""ze as its operators run it: installed, with its unit, under a systemd of its own. Run by vmtest/check.

systemd is process 1 of a pid namespace, in network namespace lns and on the guest's own files. Only
this test shows what the sandbox of the unit forbids.
"""
import json
import os
import re
import signal
import subprocess
import sys

import pytest

import lab

# Starts nothing by default; the units that the default target would start take long in emulation and are not needed.
UNITS = {'lab.target': '[Unit]\nDefaultDependencies=no\nRequires=systemd-journald.socket\n'}
MASKED = ('systemd-tmpfiles-setup.service', 'systemd-tmpfiles-setup-dev.service', 'systemd-sysusers.service',
          'systemd-timesyncd.service', 'systemd-binfmt.service', 'systemd-update-utmp.service',
          'systemd-modules-load.service', 'systemd-sysctl.service', 'systemd-remount-fs.service',
          'systemd-journal-flush.service', 'systemd-pcrphase.service', 'systemd-pcrphase-sysinit.service',
          'systemd-tmpfiles-clean.timer', 'apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer',
          'e2scrub_all.timer', 'fstrim.timer', 'man-db.timer', 'logrotate.timer', 'cryptsetup.target',
          'integritysetup.target', 'veritysetup.target', 'dbus.socket', 'kmod-static-nodes.service',
          'proc-sys-fs-binfmt_misc.automount', 'systemd-ask-password-console.path',
          'systemd-ask-password-wall.path', 'network-online.target')
BOOT = '''
set -e
mount --make-rprivate /
mount -t proc proc /proc
mkdir -p /sys/fs/cgroup/lab
echo 0 >/sys/fs/cgroup/lab/cgroup.procs
exec unshare --cgroup sh -ec '
	umount /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount --make-rshared /
	exec env -i PATH="$PATH" container=lab /lib/systemd/systemd --unit=lab.target --show-status=no'
'''
CONF = '/etc/ze/ze.conf'
CONFIG = '''environment { l2tp { server main { ip 192.0.2.1; port 1701; } } }
l2tp {
	hello-interval %(hello)s; dataplane %(plane)s;
	bpf { uplink [ lns0 ]; core [ core0 ]; xdp-mode generic }
	shaper { default-rate 50mbit }
	%(more)s
	auth { local { user alice { password hunter2; session-limit 0 } } }
	pool { ipv4 { gateway 10.100.0.1; start 10.100.0.2; end 10.100.0.254; } }
}
'''


def install():
    """As `make install` does after a build: it only copies."""
    build, _, compiler = os.path.basename(lab.OUT).partition('-')
    lab.run('make', '-s', '-o', 'all', '-C', lab.ROOT, 'O=' + os.path.dirname(lab.OUT), 'BUILD=' + build,
            'CC=' + compiler, 'UNITDIR=/etc/systemd/system', 'install')


class Systemd:
    def __init__(self):
        for name, text in UNITS.items():
            lab.write('/etc/systemd/system/' + name, text)
        for name in MASKED:
            path = '/etc/systemd/system/' + name
            if not os.path.lexists(path):
                os.symlink('/dev/null', path)
        self.proc = lab.Process('lns', 'systemd', 'unshare', '--pid', '--fork', '--kill-child', '--mount',
                                '--uts', 'sh', '-c', BOOT)
        self.pid = lab.wait_for(self.find, 20, 'systemd')
        lab.wait_for(lambda: self.ctl('is-active', 'lab.target', check=False).returncode == 0, 30,
                     'lab.target')

    def find(self):
        for pid, comm in lab.ns_pids('lns'):
            if comm == 'systemd':
                return pid
        return None

    def inside(self, *argv, check=True):
        return lab.run('nsenter', '-t', str(self.pid), '-m', '-p', '-C', *argv, check=check)

    def ctl(self, *argv, check=True):
        return self.inside('systemctl', '--no-pager', *argv, check=check)

    def journal(self):
        return self.inside('journalctl', '--no-pager', '-o', 'cat', '-u', 'ze')

    def prop(self, name):
        return self.ctl('show', '-P', name, 'ze').strip()

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        self.proc.wait(20)


@pytest.fixture(scope='module', name='sd')
def systemd():
    lab.setup()
    lab.run('modprobe', 'tun')
    install()
    os.makedirs('/etc/ze', 0o750, exist_ok=True)
    s = Systemd()
    yield s
    s.stop()


def zectl(*words):
    return json.loads(lab.run('/usr/local/bin/zectl', '--json', 'show', 'l2tp', *words))


def configure(**values):
    lab.write(CONF, CONFIG % {'hello': 60, 'plane': 'kernel', 'more': '', **values})


@pytest.fixture
def unit(sd):
    yield sd
    sd.ctl('stop', 'ze', check=False)
    sd.ctl('reset-failed', 'ze', check=False)
    assert lab.kernel_state('lns') == ''
    assert 'ze0' not in lab.ns_run('lns', 'ip', '-o', 'link')
    for pid, _ in lab.ns_pids('lac'):
        os.kill(pid, signal.SIGTERM)
    lab.wait_for(lambda: not list(lab.ns_pids('lac')), 10, 'the end of the LAC')


def subscriber():
    z = lab.Process('lac', 'lac', lab.ZELOAD, '--tun', 'sub0', '--hold', '1000', lab.LNS)
    lab.wait_for(lambda: '1 up, 0 failed' in z.text(), 20, 'a login')
    return z


def assert_online():
    address = zectl('sessions')[0]['assigned-addr']
    lab.ns_run('lac', 'ip', 'address', 'replace', address, 'peer', lab.GATEWAY, 'dev', 'sub0')
    lab.ns_run('lac', 'ip', 'link', 'set', 'sub0', 'up')
    lab.ns_run('lac', 'ip', 'route', 'replace', lab.CORE, 'dev', 'sub0')
    lab.assert_ping('lac', lab.GATEWAY, dev='sub0')
    lab.assert_ping('lac', lab.CORE, dev='sub0')


@pytest.mark.parametrize('plane', ['kernel', 'bpf'])
def test_life(unit, plane):
    """Start, a login, reload, stop: in the unit's sandbox."""
    configure(plane=plane)
    p = unit.ctl('start', 'ze', check=False)
    assert p.returncode == 0, unit.journal()
    assert zectl('dataplane')['dataplane'] == plane
    z = subscriber()
    assert_online()
    assert zectl('session', str(zectl('sessions')[0]['local-sid']))['shaping'] == 'applied', unit.journal()
    configure(plane=plane, hello=17)
    unit.ctl('reload', 'ze')
    lab.wait_for(lambda: zectl('config')['hello-interval'] == 17, 10, 'the new configuration')
    assert_online()
    assert len(zectl('sessions')) == 1
    pid = unit.prop('MainPID')
    unit.ctl('stop', 'ze')
    assert unit.prop('Result') == 'success', unit.journal()
    lab.wait_for(lambda: 'StopCCN, result 6' in z.text(), 20, 'the LAC to be told')
    assert 'stopped' in unit.journal() and not os.path.exists(f'/proc/{pid}/exe')
    assert unit.inside('ls', '/sys/fs/bpf') == ''


def test_modules_without_a_right_to_load_them(unit):
    """F-B12: the unit gives neither CAP_SYS_MODULE nor its system calls; the kernel loads the requested modules."""
    for name in ('l2tp_ppp', 'l2tp_netlink', 'pppox', 'ppp_async', 'ppp_generic'):
        lab.run('modprobe', '-r', name, check=False)
    assert 'l2tp_ppp' not in lab.read('/proc/modules'), 'something still uses l2tp_ppp'
    configure(plane='kernel')
    p = unit.ctl('start', 'ze', check=False)
    assert p.returncode == 0, unit.journal()
    assert 'l2tp_ppp' in lab.read('/proc/modules')
    pid = next(p for p, comm in lab.ns_pids('lns') if comm == 'ze')
    status = lab.read('/proc/%d/status' % pid)
    assert not int(re.search(r'CapBnd:\s*(\w+)', status).group(1), 16) & 1 << 16, status
    subscriber()
    assert_online()


def test_bad_configuration(unit):
    """The journal has the line of the error, and the reason of a start that cannot succeed."""
    lab.write(CONF, CONFIG.replace('hello-interval', 'hello-intervall') % {'hello': 1, 'plane': 'auto', 'more': ''})
    assert unit.ctl('start', 'ze', check=False).returncode != 0
    assert re.search(re.escape(CONF) + r':3:\d+: .*did you mean \\*"hello-interval', unit.journal())


# Packets that XDP forwards must leave their sender with a finished checksum, as on a real link.
FINISHED = 'import sys; sys.path.insert(0, %r); import nslab; nslab.ethtool("eth0", 0x17, 0)' % (
    lab.ROOT + '/selftests/netns')


class Traffic:
    """Five subscribers of whose traffic every packet is accounted for, from begin to end."""

    def __init__(self, seconds):
        self.seconds = seconds
        lab.ns_run('core', sys.executable, '-B', '-c', FINISHED)
        self.far = lab.Process('core', 'far', lab.ZELOAD, '--reflect', '7')
        lab.wait_for(lambda: 'ready' in self.far.text(), 10, 'the reflector')
        self.lac = lab.Process('lac', 'lac', lab.ZELOAD, '--json', '-', '-s', '5', '--to', lab.CORE + ':7', '--pps', '100',
                               '--duration', str(seconds), '--size', '200', lab.LNS)
        lab.wait_for(lambda: len(zectl('sessions')) == 5, 30, 'five sessions')
        lab.wait_for(lambda: zectl('dataplane')['packets']['up-forward'] > 20, 30, 'traffic')

    def assert_whole(self):
        assert self.lac.wait(self.seconds + 60) == 0, self.lac.text()
        self.far.kill()
        got = json.loads(self.lac.text().splitlines()[-1])
        t = got['traffic']
        assert t['sent'] == t['returned'] > 50 * self.seconds and got['ended-early'] == 0, got
        assert not any(t[k] for k in ('lost-up', 'lost-down', 'duplicated', 'reordered', 'corrupt')), got


def identities():
    return {s['local-sid']: (s['tunnel-local-tid'], s['assigned-addr'], s['username']) for s in zectl('sessions')}


def second_life(unit, pid):
    lab.wait_for(lambda: unit.prop('MainPID') not in ('0', pid) and unit.prop('ActiveState') == 'active',
                 20, 'the second life', show=unit.journal)


def test_restart_keeps_sessions(unit):
    """systemctl restart, and a crash: the same sessions with the same LAC, and no packet is lost."""
    configure(plane='bpf')
    unit.ctl('start', 'ze')
    t = Traffic(60)
    before, pid = identities(), unit.prop('MainPID')
    unit.ctl('restart', 'ze')
    assert unit.prop('MainPID') != pid and identities() == before, unit.journal()
    pid = unit.prop('MainPID')
    unit.ctl('kill', '-s', 'KILL', 'ze')
    second_life(unit, pid)
    assert identities() == before, unit.journal()
    assert zectl('session', str(next(iter(before))))['resumed-at']
    t.assert_whole()
    journal = unit.journal()
    assert journal.count('restart-restored tunnels=1 sessions=5') == 2 and journal.count('handover-started') == 1
    unit.ctl('stop', 'ze')
    assert unit.prop('Result') == 'success', unit.journal()
    assert unit.inside('ls', '/sys/fs/bpf') == '' and not os.path.exists('/run/ze/state')


def test_restart_with_xl2tpd(unit):
    """A LAC of another project, with a connected socket of its own and pppd."""
    configure(plane='bpf', hello=5, more='shared-secret zetest; lcp-echo { interval 2; failures 3; }')
    unit.ctl('start', 'ze')
    lac = lab.Lac()
    try:
        dev = lac.login(secs=30)
        lab.ns_run('lac', 'ip', 'route', 'replace', lab.CORE, 'dev', dev)
        lab.assert_ping('lac', lab.CORE, dev=dev)
        before, pid = identities(), unit.prop('MainPID')
        unit.ctl('restart', 'ze')
        assert identities() == before
        pid = unit.prop('MainPID')
        unit.ctl('kill', '-s', 'KILL', 'ze')
        second_life(unit, pid)
        assert identities() == before
        echoes = zectl('session', str(next(iter(before))))['lcp-echo']['replies']
        lab.wait_for(lambda: zectl('session', str(next(iter(before))))['lcp-echo']['replies'] > echoes + 2, 60,
                     'answers to echoes')
        assert identities() == before and lab.links('lac') == [dev], lac.proc.text()[-2000:]
        lab.assert_ping('lac', lab.CORE, dev=dev)
        unit.ctl('stop', 'ze')
        lab.wait_for(lambda: not lab.links('lac'), 20, 'the LAC to be told')
    finally:
        lac.close()


@pytest.mark.parametrize('plane', ['kernel', 'bpf'])
def test_killed(unit, plane):
    """systemd starts it again, and a LAC that restarts as well is not disturbed by the previous instance."""
    configure(plane=plane)
    unit.ctl('start', 'ze')
    z = subscriber()
    assert_online()
    pid = unit.prop('MainPID')
    unit.ctl('kill', '-s', 'KILL', 'ze')
    second_life(unit, pid)
    assert len(zectl('sessions')) == (plane == 'bpf')
    z.signal(signal.SIGKILL)
    z.wait(10)
    if plane == 'bpf':
        session = zectl('sessions')[0]['local-sid']
        lab.run('/usr/local/bin/zectl', 'clear', 'l2tp', 'session', 'teardown', str(session))
    z = subscriber()
    assert_online()
