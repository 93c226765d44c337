# SPDX-License-Identifier: BSD-2-Clause
"""The systemd unit: what it gives, and what it does not."""
import os
import re

ROOT = os.environ.get('ZE_SRC') or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def settings():
    """{key: value} of the unit; continued lines are one."""
    with open(os.path.join(ROOT, 'contrib/systemd/ze.service'), encoding='utf-8') as f:
        text = f.read().replace('\\\n', ' ')
    return dict(re.findall(r'^(\w+)=(.*)$', text, re.M))


def test_no_right_to_load_modules():
    """F-B12: neither the capability nor the system calls, on no data plane."""
    unit = settings()
    for key in ('CapabilityBoundingSet', 'AmbientCapabilities'):
        assert 'CAP_SYS_MODULE' not in unit[key].split()
        assert unit[key] == unit['CapabilityBoundingSet']
    calls = unit['SystemCallFilter'].split()
    assert calls[0] == '@system-service' and not {'@module', 'init_module', 'finit_module', 'delete_module'} & set(calls)
    assert unit['ProtectKernelModules'] == 'yes' and unit['NoNewPrivileges'] == 'yes'
