# SPDX-License-Identifier: BSD-2-Clause
"""A failed system call does not affect the next ones. Each call on netlink, bpf(2) and UDP that is made during a
subscriber's attach, a change of the host's network and the detach fails once. Afterwards the state is as if it had not
failed: routes, addresses and maps, and the next subscriber logs in."""
import contextlib
import errno
import mmap
import os
import struct
import time

import pytest

from nslab import lab, until, wait_for
from test_resume import assert_in_step
from test_shape import configure

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')
LONG = bool(os.environ.get('ZE_TORTURE'))
ERRORS = (errno.ENOBUFS, errno.ENOMEM, errno.EINTR)
# The functions that may fail in ze: the short form uses some calls of each.
NAMES = ('sendmsg', 'recvmsg', 'recvmmsg', 'send', 'recv', 'sendto', 'recvfrom', 'bind', 'connect', 'setsockopt', 'socket', 'ioctl', 'bpf')
EACH = 6
# The long form takes nine minutes on a quiet machine. On a busy one, calls are left out after this time.
SECONDS = 600


class Faults:
    """Controls selftests/netns/faulty.c in ze."""

    FORM = 'iii32s32s'

    def __init__(self, folder):
        self.path = os.path.join(folder, 'faults')
        with open(self.path, 'wb') as f:
            f.write(struct.pack(self.FORM, -1, 0, 0, b'', b''))
        with open(self.path, 'r+b') as f:
            self.m = mmap.mmap(f.fileno(), 0)

    def arm(self, k, error, name=''):
        """The k-th call fails; with a name, the k-th call of that name."""
        struct.pack_into('ii32s32s', self.m, 4, error, 0, b'', name.encode())
        struct.pack_into('i', self.m, 0, k)

    def calls(self):
        return struct.unpack_from('i', self.m, 8)[0]

    def disarm(self):
        """The call that failed, and the number of calls."""
        struct.pack_into('i', self.m, 0, -1)
        return struct.unpack_from('32s', self.m, 12)[0].rstrip(b'\0').decode(), self.calls()

    @contextlib.contextmanager
    def paused(self):
        """Waits until the daemon has finished; the calls for zectl in between are not counted."""
        before = -1
        while before != (before := self.calls()):
            time.sleep(0.03)
        at = struct.unpack_from('i', self.m, 0)[0]
        struct.pack_into('i', self.m, 0, -1)
        yield
        struct.pack_into('i', self.m, 0, at)


def in_step(x):
    assert_in_step(x)
    assert [s['state'] for s in x.show('sessions')] == ['established'], x.show('sessions')
    s = x.show('session', str(x.show('sessions')[0]['local-sid']))
    assert s['shaping'] == 'applied' and s['family'] == 'ipv4+ipv6', s


def gone(x):
    """Without our end of the IPv4 links."""
    assert not x.show('sessions')
    assert_in_step(x)
    addrs = [w for w in x.ip('lns', '-o', 'addr', 'show', 'dev', 'ze0').split() if '/' in w]
    assert addrs == ['10.100.0.1/32'], addrs


def live(x, faults):
    """A subscriber logs in, rules and the MTU of a port change, and the subscriber leaves."""
    z = x.spawn('lac', 'lac.log', os.environ['ZELOAD'], '--hold', '600', x.peer)
    try:
        wait_for(lambda: ' up, ' in x.log('lac.log') or z.poll() is not None, 30)
        assert '1 up, 0 failed' in x.log('lac.log'), x.log('lac.log') + x.log('ze.log')
        x.ip('lns', 'link', 'set', 'core0', 'mtu', '1400')
        x.ip('lns', 'rule', 'add', 'to', '203.0.113.1', 'table', '100', 'priority', '100')
        with faults.paused():
            until(lambda: in_step(x))
    finally:
        z.terminate()
        z.wait(20)
    x.ip('lns', 'link', 'set', 'core0', 'mtu', '1500')
    x.ip('lns', 'rule', 'del', 'priority', '100')
    with faults.paused():
        until(lambda: gone(x))


def faulty_lab(tmp_path):
    faults = Faults(str(tmp_path))
    return faults, ('env', 'LD_PRELOAD=' + os.environ['ZE_FAULTY'], 'ZE_FAULTS=' + faults.path)


def fail(x, faults, k, error, name=''):
    """The call that failed as the k-th, and the number of calls."""
    faults.arm(k, error, name)
    try:
        live(x, faults)
    except AssertionError as e:
        raise AssertionError('call %d, %s: %s: %s' % (k, *faults.disarm()[:1], os.strerror(error), e)) from e
    return faults.disarm()


def some_of_each(x, faults):
    """How often each call failed: at most EACH times, at equal distances from the first to the last, with each of the
    errors in turn."""
    failed = {}
    for name in NAMES:
        calls = fail(x, faults, 2**31 - 1, 0, name)[1]
        for n, k in enumerate(sorted({n * (calls - 1) // (EACH - 1) for n in range(EACH)} if calls else ())):
            what = fail(x, faults, k, ERRORS[n % 3], name)[0]
            failed[name] = failed.get(name, 0) + (what == name)
    return failed


def all_calls(x, faults):
    """How often each call failed: each with each of the errors. When the time is used up, eight more, spread over the
    rest."""
    began, k, failed, what = time.monotonic(), 0, {}, 'first'
    while what:
        for error in ERRORS:
            what, calls = fail(x, faults, k, error)
            failed[what] = failed.get(what, 0) + 1
            print(k, what, calls, '%.2f' % (time.monotonic() - began))
        k += calls // 8 if time.monotonic() - began > SECONDS else 1
    return failed


def test_each_call_fails_once(tmp_path):
    """F-A6: the short form uses some calls of each name, ZE_TORTURE=1 all calls with all errors."""
    faults, under = faulty_lab(tmp_path)
    with lab(tmp_path) as x:
        configure(x, '10mbit', '4mbit')
        x.start_ze(*under)
        live(x, faults)
        failed = (all_calls if LONG else some_of_each)(x, faults)
        print(failed)
        assert all(failed.get(name, 0) >= 3 for name in ('sendmsg', 'recvmsg', 'bpf')), failed
        live(x, faults)
        assert x.ze.poll() is None
