# SPDX-License-Identifier: BSD-2-Clause
"""The part of the demonstration that runs in the guest."""
import os
import shlex
import subprocess
import sys

import lab

SHELL_RC = '''
lns() { nsenter --net=/run/netns/lns "$@"; }
lac() { nsenter --net=/run/netns/lac "$@"; }
core() { nsenter --net=/run/netns/core "$@"; }
PS1='ze-demo# '
cat <<END

You are in the guest. Leave with exit or Ctrl-D; it is then gone. Try:
  zectl                              the interactive prompt
  zectl show l2tp sessions           or --json show l2tp sessions
  lac ping 10.100.0.1                ping as the subscriber (lac, lns, core: the three machines)
  lns tcpdump -ni lns0 udp port 1701 L2TP on the wire;  lns ip l2tp show session
  zectl clear l2tp session teardown-all
  echo 'c alice' >/run/lab/lac.xl2tpd/control      log in again
  less /run/lab/ze.log               what the daemon says;  /run/lab/ze.conf its configuration
END
'''


def step(text):
    print('\n==> ' + text, flush=True)


def show(ns, *argv, shown=None):
    """Prints a command and its output; True when it succeeded."""
    print('$ ' + (shown or shlex.join(argv)), flush=True)
    with lab.netns(ns):
        return subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode == 0


def zectl(*words):
    return show('lns', lab.ZECTL, '--socket', lab.WORK + '/ze.sock', 'show', 'l2tp', *words,
                shown='zectl show l2tp ' + ' '.join(words))


def shell():
    os.makedirs(lab.WORK + '/bin', exist_ok=True)
    for name, path in (('ze', lab.ZE), ('zectl', lab.ZECTL)):
        os.symlink(path, f'{lab.WORK}/bin/{name}')
    env = dict(os.environ, ZE_SOCKET=lab.WORK + '/ze.sock',
               PATH=lab.WORK + '/bin:' + os.environ['PATH'])
    rc = lab.write(lab.WORK + '/bashrc', SHELL_RC)
    subprocess.run(['bash', '--rcfile', rc, '-i'], env=env, check=False)


def login():
    """Starts ze and logs a subscriber in; returns the subscriber's interface."""
    step(f'The guest is up: Linux {os.uname().release}. Three machines in it, as network namespaces:\n'
         '    lac 192.0.2.2 (the carrier and its subscriber) -- 192.0.2.1 lns 198.51.100.1 -- core')
    lab.setup()
    step('Starting ze in lns with this configuration:')
    ze = lab.Ze(log='info')
    print(lab.read(ze.conf), end='')
    step('Starting xl2tpd in lac: it brings up an L2TP tunnel to 192.0.2.1 and, for the subscriber\n'
         '    alice, a session in which pppd logs in with CHAP.')
    lac = lab.Lac(alice={'ipv6': True, 'extra': 'usepeerdns\n'})
    dev = lac.login()
    print(f'connected: interface {dev}')
    lab.ns_run('lac', 'ip', 'route', 'add', '198.51.100.0/24', 'dev', dev)
    return ze, dev


def main():
    try:
        ze, dev = login()
    except AssertionError as e:
        print(f'\nThe subscriber did not get in: {e}\n\nEnd of the log of ze:\n'
              + lab.read(lab.WORK + '/ze.log')[-4000:], file=sys.stderr)
        return 1
    step('What the subscriber got:')
    show('lac', 'ip', 'addr', 'show', dev)
    step('She pings the gateway, then a host behind the LNS, through the kernel\'s l2tp_ppp:')
    good = show('lac', 'ping', '-c', '3', '-i', '0.3', '-I', dev, lab.GATEWAY)
    good = show('lac', 'ping', '-c', '3', '-i', '0.3', '-I', dev, lab.CORE) and good
    step('The same seen by ze:')
    sid = ze.sessions()[0]['local-sid']
    for words in (('tunnels',), ('sessions',), ('session', str(sid))):
        good = zectl(*words) and good
        print()
    show('lns', 'ip', 'addr', 'show', ze.sessions()[0]['interface'])
    step('A connected subscriber: her pings were answered.' if good else 'Something failed, see above.')
    if '--shell' in sys.argv[1:]:
        shell()
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
