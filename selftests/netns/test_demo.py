# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration with FreeRADIUS: what it shows is checked by the script itself."""
import os
import subprocess

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root')


def test_demo_radius(tmp_path):
    """Users, addresses and rates of a server; nothing is left over."""
    p = subprocess.run([os.path.join(os.environ['ZE_SRC'], 'selftests/demo_radius')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       encoding='utf-8', timeout=300, check=False, env=dict(os.environ, TMPDIR=str(tmp_path)))
    assert p.returncode == 0, p.stdout
    assert '==> Done: 20 subscribers' in p.stdout
    assert not os.listdir(tmp_path)
