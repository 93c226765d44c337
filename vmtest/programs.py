# SPDX-License-Identifier: BSD-2-Clause
"""Where the programs under test are, for the scripts of the host."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
# environment variable, short option of the guest, place in the build directory
PROGRAMS = (('ZE_BIN', 'ZE', 'ze'), ('ZECTL_BIN', 'ZECTL', 'zectl'), ('ZELOAD', 'ZELOAD', 'peer/zeload'),
            ('ZE_DPGEN', 'ZE_DPGEN', 'bench/dpgen'))


def find(needed):
    """The environment for the guest; ends the program when a required one is not built."""
    out = os.path.abspath(os.environ.get('ZE_OUT', os.path.join(ROOT, 'build')))
    env = dict(os.environ, ZE_OUT=out)
    env.setdefault('ZE_YANG_DIR', os.path.join(ROOT, 'yang'))
    for key, short, name in PROGRAMS:
        path = os.environ.get(key) or os.environ.get(short) or os.path.join(out, name)
        if '/' in name and not os.path.exists(path):          # beside ze, behind the link in build/
            path = os.path.join(os.path.dirname(env['ZE_BIN']), name)
        env[key] = os.path.realpath(path)
        if key in needed and not os.access(path, os.X_OK):
            sys.exit(f'{os.path.relpath(sys.argv[0])}: {path} is missing; run make first')
    return env


def guest(options, command, env):
    """Runs a command in the guest; returns its exit code."""
    return subprocess.run([os.path.join(HERE, 'guest'), *options, '--', *command], env=env,
                          check=False).returncode
