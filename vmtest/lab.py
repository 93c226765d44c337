# SPDX-License-Identifier: BSD-2-Clause
"""The laboratory inside the guest: namespaces, xl2tpd and pppd as customers, ze as the LNS.

    lac  192.0.2.2 --- 192.0.2.1 lns 198.51.100.1 --- 198.51.100.2 core
    lac2 192.0.3.2 --- 192.0.3.1 lns

`lac` and `lac2` run xl2tpd (the carrier) and the pppd that it starts (the subscriber); `core` is a
host behind the LNS. Nothing here sleeps for a fixed time: wait_for() polls until a deadline, which
is multiplied in emulation. Only ever run in the guest: files below /etc are overwritten.
"""
import contextlib
import ctypes
import errno
import functools
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

SLOW = float(os.environ.get('ZE_SLOW', '5'))
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.environ.get('ZE_OUT', os.path.join(ROOT, 'build'))
ZE = os.environ.get('ZE_BIN') or os.environ.get('ZE') or os.path.join(OUT, 'ze')
ZELOAD = os.environ.get('ZELOAD') or os.path.join(OUT, 'peer', 'zeload')
ZECTL = os.environ.get('ZECTL_BIN') or os.environ.get('ZECTL') or os.path.join(OUT, 'zectl')
WORK = '/run/lab'
LNS, CORE = '192.0.2.1', '198.51.100.2'
GATEWAY = '10.100.0.1'
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
GUARD = 'ZE_VM' in os.environ


def wait_for(cond, secs, what, every=0.1, show=None):
    """The first true value of cond(), or an AssertionError that names what did not happen, with the output of show().
    """
    end = time.monotonic() + secs * SLOW
    while True:
        value = cond()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'not within {secs * SLOW:.0f} s: {what}; last seen {value!r}'
                                 + ('\n' + show() if show else ''))
        time.sleep(every)


def run(*argv, check=True):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=60 * SLOW, check=False)
    if check:
        assert p.returncode == 0, f'{" ".join(argv)}: exit {p.returncode}\n{p.stdout}'
    return p.stdout if check else p


@contextlib.contextmanager
def netns(name):
    """Runs this thread, and the programs that it starts, in a namespace. `ip netns exec` would remount /sys."""
    back = os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
    there = os.open('/run/netns/' + name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        assert LIBC.setns(there, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        yield
    finally:
        assert LIBC.setns(back, CLONE_NEWNET) == 0
        os.close(there)
        os.close(back)


def ns_run(ns, *argv, check=True):
    with netns(ns):
        return run(*argv, check=check)


def read(path, start=0):
    try:
        with open(path, 'rb') as f:
            f.seek(start)
            return f.read().decode(errors='replace')
    except FileNotFoundError:
        return ''


def write(path, text):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


TOPOLOGY = '''
link add lns0 netns lns type veth peer name lac0 netns lac
link add lns1 netns lns type veth peer name lac0 netns lac2
link add core0 netns lns type veth peer name eth0 netns core
'''
INSIDE = {
    'lac': 'addr add 192.0.2.2/24 dev lac0\nlink set lac0 up\n',
    'lac2': 'addr add 192.0.3.2/24 dev lac0\nlink set lac0 up\nroute add 192.0.2.1 via 192.0.3.1\n',
    'core': 'addr add 198.51.100.2/24 dev eth0\nlink set eth0 up\nroute add default via 198.51.100.1\n',
    'lns': 'addr add 192.0.2.1/24 dev lns0\naddr add 192.0.3.1/24 dev lns1\n'
           'addr add 198.51.100.1/24 dev core0\nlink set lns0 up\nlink set lns1 up\nlink set core0 up\n',
}


@functools.cache
def setup():
    """Runs once per boot, whatever the number of test files."""
    assert GUARD, 'vmtest/lab.py runs only inside vmtest/guest'
    os.makedirs(WORK, exist_ok=True)
    run('modprobe', 'l2tp_ppp')
    for path in ('/etc/ppp/options', '/etc/ppp/chap-secrets', '/etc/ppp/pap-secrets'):
        write(path, '')
    for name in ('ip-pre-up', 'ip-up', 'ip-down', 'ipv6-up', 'ipv6-down'):
        path = '/etc/ppp/' + name
        if os.path.exists(path):
            os.remove(path)              # each would cost a dozen forks per login
    for ns in INSIDE:
        run('ip', 'netns', 'add', ns)
    run('ip', '-b', write(WORK + '/topology', TOPOLOGY))
    for ns, batch in INSIDE.items():
        ns_run(ns, 'ip', '-b', write(WORK + '/' + ns, batch + 'link set lo up\n'))
    with netns('lns'):
        write('/proc/sys/net/ipv4/ip_forward', '1')


def links(ns, prefix='ppp'):
    """Names of the interfaces of a namespace, without a fork."""
    with netns(ns):
        text = read('/proc/thread-self/net/dev')
    return sorted(re.findall(rf'^\s*({prefix}\d+):', text, re.M))


def addr(ns, dev):
    """The data of `ip addr` for one interface: {'mtu', 'flags', 'inet': (local, peer), 'inet6'}."""
    p = ns_run(ns, 'ip', '-j', 'addr', 'show', 'dev', dev, check=False)
    rows = [r for r in json.loads(p.stdout) if r] if p.returncode == 0 else []
    if not rows:
        return {}
    ret = {'mtu': rows[0]['mtu'], 'flags': rows[0]['flags']}
    for a in rows[0].get('addr_info', []):
        ret[a['family']] = (a['local'], a.get('address'))
    return ret


def kernel_state(ns):
    """All L2TP and PPP objects in a namespace, as text; '' when there is none."""
    with netns(ns):
        table = read('/proc/thread-self/net/pppol2tp')
        text = run('ip', 'l2tp', 'show', 'tunnel') + run('ip', 'l2tp', 'show', 'session')
    rows = [r for r in table.splitlines() if re.match(r'\s*(TUNNEL|SESSION) \d', r) or "'" in r]
    return '\n'.join(links(ns) + rows + ([text] if text.strip() else []))


def ns_pids(ns):
    want = os.stat('/run/netns/' + ns).st_ino
    ret = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.stat(f'/proc/{pid}/ns/net').st_ino == want and os.readlink(f'/proc/{pid}/exe'):
                ret.append((int(pid), read(f'/proc/{pid}/comm').strip()))
        except OSError:
            pass
    return ret


class Process:
    """A program in a namespace, with its output in a file; killed at the end in any case."""

    def __init__(self, ns, name, *argv, env=None):
        self.log = f'{WORK}/{name}.log'
        self.name = name
        with netns(ns), open(self.log, 'ab') as f:
            self.began = f.tell()
            self.p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                      env=env, start_new_session=True)

    def alive(self):
        return self.p.poll() is None

    def signal(self, number):
        if self.alive():
            self.p.send_signal(number)

    def wait(self, secs):
        wait_for(lambda: not self.alive(), secs, f'end of {self.name}')
        return self.p.returncode

    def kill(self):
        self.signal(signal.SIGKILL)
        self.p.wait()

    def text(self):
        """The output of this program, without that of an earlier one with the same name."""
        return read(self.log, self.began)


PPPD_OPTIONS = '''noauth
noipdefault
nodefaultroute
ipcp-accept-local
ipcp-accept-remote
noccp
nodeflate
nobsdcomp
mtu 1450
mru 1450
debug
'''


def ppp_options(user='alice', password='hunter2', auth=None, ipv6=False, extra='', log=None):
    """A pppd option file. `auth` is the only method the client accepts."""
    refuse = {'pap', 'chap', 'mschap', 'mschap-v2', 'eap'} - {auth} if auth else {'eap'}
    return PPPD_OPTIONS + f'name {user}\npassword {password}\n' + \
        ''.join(f'refuse-{r}\n' for r in sorted(refuse)) + ('+ipv6\n' if ipv6 else '') + extra + \
        (f'logfile {log}\n' if log else '')


class Lac:
    """xl2tpd as a carrier's access concentrator, with a section and an option file per subscriber."""

    def __init__(self, ns='lac', secret='zetest', **subscribers):
        self.ns, self.dir = ns, f'{WORK}/{ns}.xl2tpd'
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)
        self.subscribers = subscribers or {'alice': {}}
        conf = f'[global]\nport = 1701\nauth file = {self.dir}/secrets\n' \
               'debug avp = yes\ndebug tunnel = yes\ndebug state = yes\n'
        for name, options in self.subscribers.items():
            conf += f'[lac {name}]\nlns = {LNS}\nchallenge = yes\nrequire authentication = no\n' \
                    f'pppoptfile = {self.dir}/{name}.ppp\nlength bit = yes\nhostname = {ns}.example\n'
            write(f'{self.dir}/{name}.ppp', ppp_options(**{'log': f'{self.dir}/{name}.log', **options}))
        write(self.dir + '/conf', conf)
        write(self.dir + '/secrets', f'* * {secret}\n')
        with contextlib.suppress(FileNotFoundError):
            os.remove(f'{WORK}/{ns}.xl2tpd.log')
        self.proc = Process(ns, f'{ns}.xl2tpd', 'xl2tpd', '-D', '-c', self.dir + '/conf',
                            '-C', self.dir + '/control', '-p', self.dir + '/pid',
                            '-s', self.dir + '/secrets')
        wait_for(lambda: os.path.exists(self.dir + '/control'), 5, 'control pipe of xl2tpd')

    def control(self, command):
        """xl2tpd reopens its end after each command: for a short time the pipe has no reader."""
        def opened():
            try:
                return open(self.dir + '/control', 'wb', buffering=0, opener=opener)
            except OSError as e:
                if e.errno != errno.ENXIO:
                    raise
                return None

        def opener(path, _flags):
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with wait_for(opened, 5, 'xl2tpd at its control pipe') as f:
            f.write(command.encode() + b'\n')

    def dial(self, name='alice'):
        self.control('c ' + name)

    def hangup(self, name='alice'):
        self.control('d ' + name)

    def ppp_log(self, name='alice'):
        return read(f'{self.dir}/{name}.log')

    def login(self, name='alice', secs=15):
        """Dials, and returns the subscriber's interface once it has an address."""
        before = len(self.ppp_log(name))
        self.dial(name)
        return self.interface(name, secs, before)

    def interface(self, name='alice', secs=15, since=0):
        def up():
            log = self.ppp_log(name)[since:]
            used = re.findall(r'Using interface (ppp\d+)', log)
            return used and 'local  IP address' in log.rsplit('Using interface', 1)[1] and used[-1]
        try:
            return wait_for(up, secs, f'login of {name}')
        except AssertionError as e:
            raise AssertionError(f'{e}\npppd:\n{self.ppp_log(name)[-3000:]}\nxl2tpd:\n'
                                 f'{self.proc.text()[-2000:]}') from None

    def pppd_pids(self):
        return [pid for pid, comm in ns_pids(self.ns) if comm == 'pppd']

    def kill_all(self, number=signal.SIGKILL):
        """Kills xl2tpd and every pppd at once, so that the peer receives nothing."""
        for pid, comm in ns_pids(self.ns):
            if comm in ('pppd', 'xl2tpd'):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        self.proc.p.wait()

    def close(self):
        self.proc.signal(signal.SIGTERM)
        with contextlib.suppress(AssertionError):
            self.proc.wait(5)
        self.kill_all()
        wait_for(lambda: not links(self.ns), 5, f'end of pppN in {self.ns}')


CONFIG = '''environment {
	log { level %(log)s; }
	l2tp { server main { ip 192.0.2.1; port 1701; } }
}
l2tp {
	shared-secret %(secret)s; auth-method %(auth)s;
	hello-interval %(hello)s; hello-retries 2;
	max-tunnels 1024; max-sessions 1024;
	auth { local { user alice { password hunter2; session-limit 0 } user bob { password builder; } } }
	pool { ipv4 {
		gateway 10.100.0.1; start 10.100.0.2; end %(pool_end)s;
		dns-primary 8.8.8.8; dns-secondary 8.8.4.4;
	} }
	ncp { enable-ipcp true; enable-ipv6cp %(ipv6)s; timeout 30; %(ncp)s }
	shaper { %(shaper)s }
	%(more)s
}
'''
DEFAULTS = {'log': 'debug', 'secret': 'zetest', 'auth': 'chap-md5', 'hello': 60, 'pool_end': '10.100.255.254',
            'ipv6': 'true', 'ncp': '', 'shaper': '', 'more': ''}


class Ze:
    """The daemon under test in namespace lns."""

    def __init__(self, **changes):
        self.sock = WORK + '/ze.sock'
        self.conf = write(WORK + '/ze.conf', changes.pop('text', None) or CONFIG % {**DEFAULTS, **changes})
        self.log = WORK + '/ze.log'
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.log)
        self.start()

    def spawn(self):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(FileNotFoundError):
            os.remove(WORK + '/notify')
        self.notify.bind(WORK + '/notify')
        self.notify.setblocking(False)
        self.proc = Process('lns', 'ze', ZE, '-c', self.conf, '--socket', self.sock,
                            env=dict(os.environ, NOTIFY_SOCKET=WORK + '/notify'))

    def start(self):
        self.spawn()
        wait_for(self.is_ready, 60, 'READY=1 of ze')      # the verifier is slow in emulation
        self.baseline = self.fds()

    def is_ready(self):
        assert self.proc.alive(), f'ze ended with {self.proc.p.returncode}:\n{self.proc.text()[-3000:]}'
        with contextlib.suppress(BlockingIOError):
            return b'READY=1' in self.notify.recv(4096)
        return False

    def fds(self):
        return len(os.listdir(f'/proc/{self.proc.p.pid}/fd'))

    def ctl(self, *words, json_out=False):
        argv = [ZECTL, '--socket', self.sock] + (['--json'] if json_out else []) + list(words)
        return run(*argv)

    def show(self, *words):
        return json.loads(self.ctl('show', 'l2tp', *map(str, words), json_out=True))

    def rows(self, kind):
        """The tunnels or the sessions, as a list."""
        answer = self.show(kind)
        return answer if isinstance(answer, list) else answer[kind]

    def tunnels(self):
        return self.rows('tunnels')

    def sessions(self):
        return self.rows('sessions')

    def fd_names(self):
        """The targets of the file descriptors; one may be closed during the call."""
        names = []
        for e in os.scandir(f'/proc/{self.proc.p.pid}/fd'):
            try:
                names.append(os.readlink(e.path))
            except FileNotFoundError:
                pass
        return names

    def settled(self):
        """'' when no object of any subscriber is left in the daemon or the kernel."""
        left = [f'tunnel {t}' for t in self.tunnels() if t['state'] == 'established']
        left += [f'session {s}' for s in self.sessions()]
        if self.fds() > self.baseline:
            left += [f'{self.fds()} descriptors, {self.baseline} before:'] + \
                self.fd_names()
        state = kernel_state('lns')
        return '\n'.join(left + ([state] if state else []))

    def assert_settled(self, secs=15):
        last = ['']

        def quiet():
            last[0] = self.settled()
            return not last[0]
        try:
            wait_for(quiet, secs, 'nothing left', 0.3)
        except AssertionError:
            raise AssertionError('left behind:\n' + last[0]) from None

    def stop(self):
        """Sends SIGTERM; returns the exit code."""
        self.proc.signal(signal.SIGTERM)
        return self.proc.wait(15)

    def close(self):
        self.proc.kill()
        self.notify.close()


class Xl2tpdLns:
    """xl2tpd in the place of ze: tests the laboratory itself (vmtest/check --self)."""

    def __init__(self, **_):
        d = WORK + '/lns.xl2tpd'
        os.makedirs(d, exist_ok=True)
        write(d + '/conf', f'[global]\nport = 1701\nauth file = {d}/secrets\n[lns default]\n'
              f'ip range = 10.100.0.2-10.100.0.200\nlocal ip = {GATEWAY}\nchallenge = yes\n'
              f'require chap = yes\nrefuse pap = yes\nname = lns\npppoptfile = {d}/ppp\n')
        write(d + '/secrets', '* * zetest\n')
        write(d + '/ppp', 'auth\nnoccp\nmtu 1450\nmru 1450\n+ipv6\n')
        write('/etc/ppp/chap-secrets', 'alice * hunter2 *\nbob * builder *\n')
        self.proc = Process('lns', 'lns', 'xl2tpd', '-D', '-c', d + '/conf', '-C', d + '/control',
                            '-p', d + '/pid', '-s', d + '/secrets')
        wait_for(lambda: os.path.exists(d + '/control'), 5, 'control pipe of xl2tpd')

    def assert_settled(self, secs=15):
        wait_for(lambda: not links('lns'), secs, 'end of pppN in lns')

    def stop(self):
        self.proc.signal(signal.SIGTERM)
        self.proc.wait(15)
        return 0

    def close(self):
        self.proc.kill()


def ping(ns, target, dev=None, size=56, count=3, df=False):
    argv = ['ping', '-n', '-c', str(count), '-i', '0.2', '-W', str(int(2 * SLOW)), '-s', str(size)]
    argv += ['-I', dev] if dev else []
    argv += ['-M', 'do'] if df else []
    p = ns_run(ns, *argv, target, check=False)
    return p.returncode == 0 and f' {count} received' in p.stdout, p.stdout


def assert_ping(ns, target, **kw):
    ok, text = ping(ns, target, **kw)
    assert ok, f'{ns} -> {target} {kw}:\n{text}'


def tcp_transfer(from_ns, to_ns, target, nbytes=1 << 20, port=5001):
    """Sends bytes over TCP from one namespace to an address in another; the digests must be equal."""
    data = hashlib.shake_128(target.encode()).digest(4096) * (nbytes // 4096)
    with netns(to_ns):
        server = socket.create_server(('', port))
    server.settimeout(60 * SLOW)
    got = hashlib.sha256()

    def serve():
        conn, _ = server.accept()
        conn.settimeout(60 * SLOW)
        with conn:
            while chunk := conn.recv(65536):
                got.update(chunk)
            conn.sendall(b'done')

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        with netns(from_ns):
            client = socket.create_connection((target, port), 30 * SLOW)
        with client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            assert client.recv(4) == b'done'
    finally:
        thread.join(5 * SLOW)
        server.close()
    assert got.digest() == hashlib.sha256(data).digest(), 'TCP payload differs'


def reset():
    """Before each test: no process, interface or route of an earlier failure is left."""
    for ns in INSIDE:
        for pid, _ in ns_pids(ns):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(ns_pids(ns) or links(ns) for ns in INSIDE), 10, 'an empty laboratory')
    write('/etc/ppp/options', '')
