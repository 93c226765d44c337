# SPDX-License-Identifier: BSD-2-Clause
"""An older ze, built from the history of this tree, is replaced by this one, and this one by the older: BPF plane, a
real kernel, and traffic of which every packet is accounted for. `make check-long` runs it."""
import os
import signal
import subprocess

import pytest

from nslab import PINS, ZE, ZECTL, lab, wait_for
from test_resume import HOST, assert_in_step, assert_nothing_left, sessions, state, traffic

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')

SRC, OUT = os.environ.get('ZE_SRC', '.'), os.environ.get('ZE_OUT', 'build')
# The first version whose records in the state file are made of tagged fields, and one before it, with another layout of
# the maps, too.
TAGGED = 'ff76a7a7d2192532320ab280d9683fb35704166c'
UNTAGGED = '053952f7883872aa1370ddfd2ae6ae1bbf1bd899'


class Version:
    """The files of a version of ze."""

    def __init__(self, ze, zectl, yang):
        self.ze, self.zectl, self.yang = ze, zectl, yang

    def start(self, x):
        """Starts it in the laboratory, in place of the one that ran before."""
        x.ze_bin, x.zectl_bin = self.ze, self.zectl
        x.start_ze('env', 'ZE_YANG_DIR=' + self.yang)


THIS = Version(ZE, ZECTL, os.path.join(SRC, 'yang'))


def git(*argv, **kw):
    return subprocess.run(['git', '-c', 'safe.directory=*', '-C', SRC, *argv], check=False, **kw)


def version(commit):
    """Builds a commit in a directory of its own below the build directory, once."""
    folder = os.path.join(OUT, 'upgrade', commit[:12])
    done = os.path.join(folder, 'built')
    if not os.path.exists(done):
        assert git('cat-file', '-e', commit + '^{commit}', stderr=subprocess.DEVNULL).returncode == 0, \
            f'this test builds commit {commit}, which {SRC} does not have. It needs a clone with its history: ' \
            'git fetch --unshallow'
        os.makedirs(folder, exist_ok=True)
        with subprocess.Popen(['tar', '-x', '-C', folder], stdin=subprocess.PIPE) as tar:
            assert git('archive', commit, stdout=tar.stdin).returncode == 0
            tar.stdin.close()
            assert tar.wait() == 0
        env = {k: v for k, v in os.environ.items() if not k.startswith(('MAKE', 'MFLAGS', 'ZE')) and k not in ('CC', 'BUILD', 'O')}
        with open(os.path.join(folder, 'build.log'), 'w', encoding='utf-8') as log:
            r = subprocess.run(['make', '-C', folder, '-j%d' % (os.cpu_count() or 2), 'all'], env=env, stdout=log,
                               stderr=log, check=False).returncode
        assert r == 0, f'commit {commit} does not build: see {folder}/build.log'
        with open(done, 'w', encoding='utf-8'):
            pass
    return Version(*(os.path.join(folder, f) for f in ('build/ze', 'build/zectl', 'yang')))


@pytest.fixture(scope='module')
def tagged():
    return version(TAGGED)


@pytest.fixture(scope='module')
def untagged():
    return version(UNTAGGED)


def end(x, how):
    """The end of a ze that the next one takes over from."""
    x.ze.send_signal(how)
    x.ze.wait(20)


def pings(x, a):
    return x.ping('lac', '-c', '3', '-I', a, HOST)[0] == 3 and x.ping('core', '-c', '3', a)[0] == 3


@pytest.mark.parametrize('how', [signal.SIGUSR2, signal.SIGKILL])
def test_upgrade(tmp_path, tagged, how):
    """The old version is replaced under traffic, by handover or after it was killed: no session and no packet is lost.
    The next instance of this version restores what this version restored, too."""
    with lab(tmp_path) as x:
        tagged.start(x)
        with traffic(x, 30):    # a start takes several seconds on a busy machine
            before = sessions(x)
            end(x, how)
            THIS.start(x)
            assert sessions(x) == before
            assert_in_step(x)
            assert 'restart-clean' not in x.log('ze.log') and ' repair-done ' not in x.log('ze.log')
            end(x, signal.SIGKILL)
            THIS.start(x)
            assert sessions(x) == before
            assert_in_step(x)
        wait_for(lambda: x.show('sessions') == [])
        assert pings(x, x.start_lac(2)[0])
        x.stop_lac()
        x.stop_ze()
        assert_nothing_left(x)


def relogin(x):
    """The subscribers of a ze that restored nothing log in again."""
    assert x.show('sessions') == [] and x.show('tunnels') == []
    x.lac.kill()
    x.lac.wait()
    assert pings(x, x.start_lac(3)[0])


def test_upgrade_drains(tmp_path, untagged):
    """The records of a version before TAGGED are not understood: this version starts, says why nothing is restored,
    removes the pins, and new logins work."""
    with lab(tmp_path) as x:
        untagged.start(x)
        x.start_lac(3)
        end(x, signal.SIGUSR2)
        assert os.path.exists(state(x)) and os.listdir(PINS)
        THIS.start(x)
        assert 'restart-clean why="the state file has another format"' in x.log('ze.log')
        relogin(x)
        assert_in_step(x)
        x.stop_lac()
        x.stop_ze()
        assert_nothing_left(x)


def test_downgrade(tmp_path, tagged):
    """The old version does not know the names of this one's maps: it removes them, and serves those who log in again."""
    with lab(tmp_path) as x:
        THIS.start(x)
        x.start_lac(3)
        end(x, signal.SIGUSR2)
        tagged.start(x)
        relogin(x)
        x.stop_lac()
        x.stop_ze()
        assert_nothing_left(x)
