# SPDX-License-Identifier: BSD-2-Clause
"""zectl and the verbs of ze with a real daemon without a data plane, through its control socket."""
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

ZE = os.environ.get('ZE_BIN', 'build/ze')
ZECTL = os.environ.get('ZECTL_BIN', 'build/zectl')
YANG = os.environ.get('ZE_YANG_DIR', os.path.join(os.environ.get('ZE_SRC', '.'), 'yang'))
NOBODY = 65534
CONF = '''environment { l2tp { server main { ip 127.0.0.1; port %d } } }
l2tp { shared-secret "very secret"; drain-timeout 1
       auth { local { user alice { password "wonderland" } } } }
'''


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Daemon:
    def __init__(self, folder):
        self.folder = folder
        self.sock = os.path.join(folder, 'ze.sock')
        self.conf = os.path.join(folder, 'ze.conf')
        with open(self.conf, 'w', encoding='utf-8') as f:
            f.write(CONF % free_port())
        self.env = dict(os.environ, ZE_SOCKET=self.sock, HOME=folder, TERM='dumb',
                        ZE_L2TP_SKIP_KERNEL_PROBE='true', ZE_YANG_DIR=YANG)
        self.start()

    def start(self):
        self.log = open(os.path.join(self.folder, 'log'), 'w', encoding='utf-8')
        self.proc = subprocess.Popen([ZE, '-c', self.conf], env=self.env, stderr=self.log)
        end = time.time() + 20
        while time.time() < end and self.proc.poll() is None:
            if self.zectl('show', 'l2tp').returncode == 0:
                return
            time.sleep(0.05)
        raise AssertionError('ze did not start:\n' + open(self.log.name, encoding='utf-8').read())

    def zectl(self, *words, **more):
        return run(self.env, ZECTL, *words, **more)

    def ze(self, *words, **more):
        return run(self.env, ZE, *words, **more)

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.sock)
        s.settimeout(20)
        return s

    def stop(self, sig=signal.SIGTERM):
        if self.proc.poll() is None:
            self.proc.send_signal(sig)
        self.proc.wait(20)
        self.log.close()


def run(env, *argv, **more):
    return subprocess.run(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding='utf-8', timeout=60, check=False, **more)


@pytest.fixture(scope='module')
def ze(tmp_path_factory):
    d = Daemon(str(tmp_path_factory.mktemp('ze')))
    yield d
    d.stop()
    assert d.proc.returncode == 0
    assert not os.path.exists(d.sock)


def refused(p, status, says):
    assert p.returncode == status, p.stderr
    assert p.stdout == ''
    assert says in p.stderr and p.stderr.startswith('ze'), p.stderr


def test_text_and_json(ze):
    p = ze.zectl('show', 'l2tp', 'listeners')
    assert p.returncode == 0 and p.stdout.split('\n')[0].split() == ['NAME', 'ADDRESS', 'PORT']
    p = ze.zectl('--json', 'show', 'l2tp')
    assert p.stdout.count('\n') == 1
    assert json.loads(p.stdout)['listener-count'] == 1
    p = ze.zectl('--pretty', 'show', 'l2tp')
    assert p.stdout.startswith('{\n  "tunnel-count": 0,\n')
    assert ze.zectl('show', 'l2tp', 'sessions').stdout == 'none\n'


def test_all_answers_and_no_secret(ze):
    for what in ([], ['tunnels'], ['sessions'], ['statistics'], ['listeners'], ['config'], ['history']):
        for p in (ze.zectl('--json', 'show', 'l2tp', *what), ze.ze('l2tp', 'show', *what)):
            assert p.returncode == 0, p.stderr
            json.loads(p.stdout)
            assert 'very secret' not in p.stdout and 'wonderland' not in p.stdout
    assert json.loads(ze.ze('l2tp', 'show', 'config').stdout)['shared-secret'] == '<set>'


def test_exit_statuses(ze):
    refused(ze.zectl('show', 'l2tp', 'session', '7'), 1, 'no such session: 7')
    refused(ze.zectl('show', 'l2tp', 'sesions'), 1, '"sesions"')
    refused(ze.ze('l2tp', 'tunnel', 'teardown', '9'), 1, 'no such tunnel: 9')
    refused(ze.zectl('--timeout', '0', 'show', 'l2tp'), 2, 'timeout')
    assert ze.zectl('--nonsense').returncode == 2
    assert ze.ze('l2tp').returncode == 2
    assert ze.ze('l2tp', 'dance').returncode == 2
    assert ze.ze('l2tp', '-H', '-oProxyCommand=x', 'show').returncode == 2
    assert ze.zectl('--version').stdout.startswith('zectl ')
    assert ze.ze('help').returncode == 0


def test_daemon_not_there(ze, tmp_path):
    path = str(tmp_path / 'nothing')
    refused(ze.zectl('-s', path, 'show', 'l2tp'), 3, 'Is ze running')
    assert path in ze.zectl('-s', path, 'show').stderr
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        refused(ze.zectl('-s', path, 'show'), 3, 'connection refused')
        s.listen(1)
        refused(ze.zectl('-s', path, '-t', '1', 'show'), 3, 'within 1 seconds')


def test_what_answers_is_not_ze(ze, tmp_path):
    path = str(tmp_path / 'other')
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(2)
        for answer, says in ((b'220 smtp\n', 'not from ze'), (b'', 'connection was closed')):
            p = subprocess.Popen([ZECTL, '-s', path, 'show'], stderr=subprocess.PIPE)
            c, _ = s.accept()
            c.recv(100)
            c.sendall(answer)
            c.close()
            assert says in p.communicate(timeout=20)[1].decode()
            assert p.returncode == 3


def test_lines_from_a_pipe(ze):
    p = ze.zectl(input='# all\n\nshow l2tp sessions\nshow "l2tp" ?\nshow l2tp "tun\nquit\nshow bad\n')
    assert p.stdout.startswith('none\n  tunnels')
    assert 'one session in detail' in p.stdout
    assert 'quotation' in p.stderr and 'bad' not in p.stderr
    assert p.returncode == 2
    p = ze.zectl(input='show l2tp tunnel 5\nshow l2tp tunnels\n')
    assert p.returncode == 1 and p.stdout == 'none\n'


def test_completion_for_shells(ze):
    assert ze.zectl('--complete').stdout == 'show\nclear\nreload\n'
    assert ze.zectl('--complete', 'show', 'l2tp', 'tu').stdout == 'tunnels\ntunnel\n'
    assert ze.zectl('--complete', 'nothing', '').stdout == ''


def bash_completes(ze, *words):
    script = ('source contrib/completion/zectl.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_ze; printf "%s\\n" "${COMPREPLY[@]}"')
    env = dict(ze.env, PATH=os.path.dirname(os.path.abspath(ZECTL)) + ':' + ze.env['PATH'])
    p = run(env, 'bash', '-c', script, 'bash', *words, cwd=os.environ.get('ZE_SRC', '.'))
    assert p.stderr == ''
    return p.stdout.split()


def test_bash_completion(ze):
    assert bash_completes(ze, 'zectl', 'sh') == ['show']
    assert '--json' in bash_completes(ze, 'zectl', '-')
    assert bash_completes(ze, 'zectl', '--json', 'show', 'l2tp', 'st') == ['statistics']
    assert bash_completes(ze, 'zectl', '--socket', ze.sock, 'clear', 'l2tp', 'tunnel', '') == \
        ['teardown', 'teardown-all']
    assert bash_completes(ze, 'ze', 'l2') == ['l2tp']
    assert 'decode' in bash_completes(ze, 'ze', 'l2tp', '')
    assert bash_completes(ze, 'ze', 'l2tp', 'show', 'sess') == ['sessions', 'session']
    assert bash_completes(ze, 'ze', 'l2tp', 'session', '') == ['teardown', 'teardown-all']
    assert bash_completes(ze, 'ze', 'l2tp', '-s', ze.sock, 'show', 'lis') == ['listeners']
    assert bash_completes(ze, 'ze', 'config', 'v') == ['validate']


def test_another_host(ze, tmp_path):
    """Every word reaches the daemon unchanged through the two shells of ssh."""
    ssh = tmp_path / 'ssh'
    ssh.write_text('#!/bin/sh\nprintf "%s\\n" "$1" "$2" "$3" >"$0.args"\nexec sh -c "$4"\n')
    ssh.chmod(0o755)
    os.symlink(os.path.abspath(ZECTL), str(tmp_path / 'zectl'))
    env = dict(ze.env, PATH=str(tmp_path) + ':' + ze.env['PATH'])
    p = run(env, ZE, 'l2tp', '-H', 'admin@lns2', 'show', 'listeners')
    assert json.loads(p.stdout)[0]['name'] == 'main', p.stderr
    assert (tmp_path / 'ssh.args').read_text() == '-T\n--\nadmin@lns2\n'
    evil = "it's $(touch %s/owned); `id` \"x\"" % tmp_path
    p = run(env, ZE, 'l2tp', '-H', 'lns2', 'session', 'teardown', '7', evil)
    assert p.returncode == 1 and "it's $(touch" in p.stderr
    assert not (tmp_path / 'owned').exists()
    env['PATH'] = '/nonexistent'
    assert 'cannot start ssh' in run(env, os.path.abspath(ZE), 'l2tp', '-H', 'x', 'show').stderr


def test_prompt(ze):
    env = dict(ze.env, ASAN_OPTIONS='detect_leaks=0')   # libedit keeps the names of its functions
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(ZECTL, ['zectl'], env)

    seen = ''

    def until(text):
        """Reads up to the text; returns what came before it. The rest is kept for the next call."""
        nonlocal seen
        end = time.time() + 20
        while text not in seen:
            assert time.time() < end, seen
            if select.select([fd], [], [], 0.2)[0]:
                seen += os.read(fd, 4096).decode(errors='replace')
        before, seen = seen.split(text, 1)
        return before

    until('ze> ')
    os.write(fd, b'sh\tl\t')
    until('show l2tp ')
    os.write(fd, b'?')
    until('bound UDP')
    until('show l2tp ')
    os.write(fd, b'list\t\r')
    until('127.0.0.1')
    until('ze> ')
    os.write(fd, b'clear l2tp session teardown 7 reason "why?"\r')
    until('no such session: 7')
    until('ze> ')
    os.write(fd, b'exit\r')
    assert os.waitpid(pid, 0)[1] == 0
    os.close(fd)
    path = os.path.join(ze.folder, '.zectl_history')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert 'listeners' in open(path, encoding='utf-8').read()


# ---- the socket itself ----

def test_socket_mode(ze):
    assert stat.S_IMODE(os.stat(ze.sock).st_mode) == 0o660


def test_requests_back_to_back(ze):
    with ze.connect() as s, s.makefile('rb') as f:
        s.sendall(b'{"command":["show","l2tp"]}\n' * 50 + b'{"comm')
        for _ in range(50):
            assert json.loads(f.readline())['status'] == 'ok'
        s.sendall(b'and":["show"]}\n\n')
        assert json.loads(f.readline())['status'] == 'unknown-command'
        assert json.loads(f.readline())['status'] == 'bad-request'


def test_line_that_never_ends(ze):
    with ze.connect() as s, s.makefile('rb') as f:
        try:
            s.sendall(b'x' * 70000)
        except OSError:
            pass
        assert 'longer' in json.loads(f.readline())['error']
        try:
            assert f.readline() == b''
        except ConnectionResetError:
            pass


def ask(s, f):
    s.sendall(b'{"command":["show","l2tp"]}\n')
    return f.readline()


def test_too_many_clients(ze):
    """F-B8: the client that was idle longest is dropped, and the one with the latest command stays."""
    busy = ze.connect()
    f = busy.makefile('rb')
    clients = [ze.connect() for _ in range(63)]
    with clients[-1].makefile('rb') as last:
        assert b'"ok"' in ask(clients[-1], last)    # all were accepted
    assert b'"ok"' in ask(busy, f)
    for _ in range(10):
        assert ze.zectl('show', 'l2tp').returncode == 0
    clients[0].settimeout(20)
    assert clients[0].recv(1) == b''
    assert b'"ok"' in ask(busy, f)
    with open(ze.log.name, encoding='utf-8') as log:
        assert 'client-dropped why="too many clients"' in log.read()
    for c in clients + [f, busy]:
        c.close()


HOLD = """import socket, sys
held = []
for _ in range(200):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    held.append(s)
print('held', flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can become another user')
def test_others_do_not_displace_root(ze):
    """F-B8: however many connections members of the group hold open, root's idle connection stays and root can connect.
    """
    folder = ze.folder
    while folder != '/' and folder.startswith('/tmp/'):
        os.chmod(folder, os.stat(folder).st_mode | 0o11)
        folder = os.path.dirname(folder)
    os.chown(ze.sock, 0, NOBODY)
    with ze.connect() as s, s.makefile('rb') as f:
        assert b'"ok"' in ask(s, f)
        p = subprocess.Popen(['python3', '-c', HOLD, ze.sock], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             user=NOBODY, group=NOBODY, extra_groups=[])
        try:
            assert p.stdout.readline() == b'held\n'
            for _ in range(70):
                assert ze.zectl('show', 'l2tp').returncode == 0
            assert b'"ok"' in ask(s, f)
        finally:
            p.communicate(b'')
            os.chown(ze.sock, 0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can become another user')
def test_others_may_only_show(ze, tmp_path):
    """Clients that are members of the socket's group."""
    exe = os.path.join(ze.folder, 'zectl')
    shutil.copy(ZECTL, exe)
    folder = ze.folder
    while folder != '/' and folder.startswith('/tmp/'):
        os.chmod(folder, os.stat(folder).st_mode | 0o11)
        folder = os.path.dirname(folder)
    who = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []}
    refused(run(ze.env, exe, 'show', 'l2tp', **who), 3, 'permission denied')
    os.chown(ze.sock, 0, NOBODY)
    assert run(ze.env, exe, 'show', 'l2tp', **who).returncode == 0
    refused(run(ze.env, exe, 'clear', 'l2tp', 'session', 'teardown-all', **who), 1, 'read-only')
    refused(run(ze.env, exe, 'reload', **who), 1, 'read-only')
    os.chown(ze.sock, 0, 0)


def test_a_second_daemon_and_a_stale_socket(tmp_path):
    d = Daemon(str(tmp_path))
    second = os.path.join(str(tmp_path), 'second.conf')
    with open(second, 'w', encoding='utf-8') as f:
        f.write(CONF % free_port())
    p = d.ze('-c', second)
    assert p.returncode == 1 and re.search('in use', p.stderr, re.I), p.stderr
    assert d.zectl('show', 'l2tp').returncode == 0
    d.stop(signal.SIGKILL)
    assert os.path.exists(d.sock)
    refused(d.zectl('show', 'l2tp'), 3, 'connection refused')
    d.start()
    d.stop()


def rewrite(ze, text):
    """Installs a new file, or with None a directory in its place, and sends SIGHUP; returns what the daemon then logs.
    """
    before = os.path.getsize(ze.log.name)
    if text is None:
        os.unlink(ze.conf)
        os.mkdir(ze.conf)
    else:
        with open(ze.conf, 'w', encoding='utf-8') as f:
            f.write(text)
    ze.proc.send_signal(signal.SIGHUP)
    end = time.time() + 20
    while time.time() < end:
        with open(ze.log.name, encoding='utf-8') as f:
            f.seek(before)
            said = f.read()
        if 'config-reloaded' in said or 'reload-refused' in said:
            return said
        time.sleep(0.02)
    raise AssertionError('no word of the reload: ' + said)


def config_of(ze):
    return json.loads(ze.zectl('--json', 'show', 'l2tp', 'config').stdout)


def test_reload(tmp_path):
    ze = Daemon(str(tmp_path))
    try:
        with open(ze.conf, encoding='utf-8') as f:
            good = f.read()
        said = rewrite(ze, good.replace('l2tp { shared', 'l2tp { hello-interval 7; shared'))
        assert 'reload-warning' not in said and config_of(ze)['hello-interval'] == 7
        assert 'setting-changed name=l2tp/hello-interval old=60 new=7 unit=seconds applies=new-tunnels' in said, said
        said = rewrite(ze, good.replace('drain-timeout 1', 'drain-timeout 61'))
        assert 'reload-refused' in said and f'{ze.conf}:2:' in said and 'drain-timeout' in said
        assert config_of(ze)['hello-interval'] == 7
        said = rewrite(ze, good.replace('shared-secret', 'enabled false; shared-secret'))
        assert re.search(r'error .*reload-error .*l2tp enabled: restart to enable or disable', said), said
        assert config_of(ze)['enabled'] and config_of(ze)['hello-interval'] == 7
        said = rewrite(ze, re.sub('port [0-9]+', f'port {free_port()}', good))
        assert re.search(r'warn .*reload-warning name=environment/l2tp/server .*changed=1 applies=restart', said), said
        before = config_of(ze)
        said = rewrite(ze, None)
        assert 'reload-refused' in said and f'{ze.conf}: Is a directory' in said, said
        assert config_of(ze) == before
        with open(ze.log.name, encoding='utf-8') as f:
            assert not re.search('very secret|wonderland', f.read())
    finally:
        began = time.time()
        ze.stop()
    assert ze.proc.returncode == 0
    assert time.time() - began < 1  # without tunnels nothing is waited for


def test_radius_servers(tmp_path):
    """Without servers a sentence; after a reload the servers of the file, and no secret."""
    ze = Daemon(str(tmp_path))
    try:
        p = ze.zectl('show', 'radius', 'servers')
        assert p.returncode == 0 and re.search(r'^servers: +-$', p.stdout, re.M), p
        assert 'No RADIUS server is configured' in p.stdout
        with open(ze.conf, encoding='utf-8') as f:
            good = f.read()
        rewrite(ze, good.replace('auth {', 'auth { radius { server near { address 127.0.0.1; port %d; '
                                 'shared-key "quite secret" } }' % free_port()))
        p = ze.zectl('show', 'radius', 'servers')
        assert re.search(r'^ +near +not-asked-yet +127.0.0.1 ', p.stdout, re.M), p
        assert 'secret' not in p.stdout
        p = ze.zectl('--json', 'show', 'radius', 'servers')
        assert 'secret' not in p.stdout
        answer = json.loads(p.stdout)
        assert [s['name'] for s in answer['servers']] == ['near']
        assert answer['servers'][0]['requests'] == 0 and answer['client']['pending'] == 0
        assert ze.zectl('--complete', 'show', 'radius', '').stdout.split('\n')[0].startswith('servers')
    finally:
        ze.stop()


def test_reload_by_zectl(tmp_path):
    """As with SIGHUP, and the caller gets the result: the errors with their lines and status 1, or the warnings."""
    ze = Daemon(str(tmp_path))
    try:
        with open(ze.conf, encoding='utf-8') as f:
            good = f.read()

        def write(text):
            with open(ze.conf, 'w', encoding='utf-8') as f:
                f.write(text)
        write(good.replace('l2tp { shared', 'l2tp { hello-interval 7; shared'))
        p = ze.zectl('reload')
        assert p.returncode == 0 and re.search(r'^status: +ok$', p.stdout, re.M) and not p.stderr, p
        assert config_of(ze)['hello-interval'] == 7
        write(good.replace('drain-timeout 1', 'drain-timeout 61; hello-interval 99999'))
        p = ze.zectl('reload')
        assert p.returncode == 1 and not p.stdout
        errors = p.stderr.splitlines()
        assert errors[0].startswith(f'zectl: {ze.conf}:2:') and 'drain-timeout' in errors[0], errors
        assert 'hello-interval' in errors[1] and errors[-1] == 'zectl: refused, the running configuration stays in use'
        assert config_of(ze)['hello-interval'] == 7
        write(good.replace('shared-secret', 'enabled false; shared-secret'))
        refused(ze.zectl('reload'), 1, 'restart to enable or disable')
        write(re.sub('port [0-9]+', f'port {free_port()}', good))
        p = ze.zectl('--json', 'reload')
        assert any(w.startswith('environment/l2tp/server: ') and 'restart' in w for w in json.loads(p.stdout)['warnings']), p
        with open(ze.log.name, encoding='utf-8') as f:
            said = f.read()
        assert said.count('info config config-reloaded ') == 2 and said.count('reload-refused') == 2
        assert 'actor="uid ' in said
    finally:
        ze.stop()


def test_output_cannot_be_written(ze):
    """An answer that could not be written is not a success."""
    with open('/dev/full', 'wb') as full:
        for argv in ((ZECTL, 'show', 'l2tp'), (ZE, 'l2tp', 'show'), (ZE, 'l2tp', 'decode', 'c802'),
                     (ZE, 'l2tp', 'decode', 'c802000c0000000000000000'),
                     (ZE, 'config', 'validate', ze.conf)):
            p = subprocess.run(argv, env=ze.env, stdout=full, stderr=subprocess.PIPE, check=False)
            assert p.returncode != 0, argv
            assert b'No space left' in p.stderr, argv


def test_no_file_descriptor_left(ze):
    """A client that cannot be served is dropped, and the daemon does not spin on the one that waits."""
    limit = 32
    old = resource.prlimit(ze.proc.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(ze.proc.pid, resource.RLIMIT_NOFILE, (limit, old[1]))
    clients = [ze.connect() for _ in range(limit)]  # the daemon has some files open itself
    refused(ze.zectl('--timeout', '5', 'show', 'l2tp'), 3, 'connection was closed')
    resource.prlimit(ze.proc.pid, resource.RLIMIT_NOFILE, old)
    for c in clients:
        c.close()
    assert ze.zectl('show', 'l2tp').returncode == 0
