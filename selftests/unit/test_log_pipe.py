# SPDX-License-Identifier: BSD-2-Clause
"""A log without a reader: standard error is a pipe, and it is full."""
import fcntl
import json
import os
import re
import signal
import socket
import subprocess

SRC = os.environ['ZE_SRC']
CONFIG = '''environment { log { level debug } l2tp { server four { ip 127.0.0.1; port %d } } }
l2tp { drain-timeout 1; max-sessions 0; auth { local { user alice { password hunter2; session-limit 0 } } }
	pool { ipv4 { gateway 10.100.0.1; start 10.100.0.2; end 10.100.15.254 } } }
'''
F_SETPIPE_SZ = 1031
SESSIONS = 700


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def test_full_pipe(tmp_path):
    """F-A5: many clients log in, zectl and SIGTERM work, and the number of lost lines is logged when there is room
    again."""
    port, sock, conf = free_port(), str(tmp_path / 's'), tmp_path / 'ze.conf'
    conf.write_text(CONFIG % port)
    env = dict(os.environ, ZE_YANG_DIR=SRC + '/yang', NOTIFY_SOCKET=str(tmp_path / 'notify'))
    env['ze.l2tp.skip-kernel-probe'] = 'true'

    def lost():
        out = subprocess.run([os.environ['ZECTL_BIN'], '--socket', sock, '--json', 'show', 'l2tp', 'statistics'],
                             stdout=subprocess.PIPE, check=True, timeout=20).stdout
        return json.loads(out)['log-lines-lost']

    r, w = os.pipe()
    fcntl.fcntl(w, F_SETPIPE_SZ, 4096)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(tmp_path / 'notify'))
        notify.settimeout(20)
        p = subprocess.Popen([os.environ['ZE_BIN'], '-c', str(conf), '--socket', sock], env=env, stderr=w)
        os.close(w)
        try:
            assert b'READY=1' in notify.recv(4096)
            z = subprocess.run([os.environ['ZELOAD'], '--port', str(port), '-s', str(SESSIONS), '127.0.0.1'],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8', timeout=100,
                               check=False)
            assert '%d up, 0 failed' % SESSIONS in z.stdout, z.stdout
            n = lost()
            assert n > 0
            text = b''
            while True:
                text += os.read(r, 4096)
                said = sum(int(m) for m in re.findall(rb'warn main log-lines-lost lines=(\d+)', text))
                if said >= n:
                    break
            p.send_signal(signal.SIGTERM)           # and from here on nothing reads it
            assert p.wait(20) == 0
        finally:
            p.kill()
            p.wait()
            os.close(r)
