# SPDX-License-Identifier: BSD-2-Clause
"""The systemd unit: which privileges it gives, and which it does not."""
import os
import re

ROOT = os.environ.get('ZE_SRC') or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def settings():
    """{key: value} of the unit; continued lines are joined."""
    with open(os.path.join(ROOT, 'contrib/systemd/ze.service'), encoding='utf-8') as f:
        text = f.read().replace('\\\n', ' ')
    return dict(re.findall(r'^(\w+)=(.*)$', text, re.M))


def test_no_right_to_load_modules():
    """F-B12: neither the capability nor the system calls that load modules, on any data plane."""
    unit = settings()
    for key in ('CapabilityBoundingSet', 'AmbientCapabilities'):
        assert 'CAP_SYS_MODULE' not in unit[key].split()
        assert unit[key] == unit['CapabilityBoundingSet']
    calls = unit['SystemCallFilter'].split()
    assert calls[0] == '@system-service' and not {'@module', 'init_module', 'finit_module', 'delete_module'} & set(calls)
    assert unit['ProtectKernelModules'] == 'yes' and unit['NoNewPrivileges'] == 'yes'


def test_unit_and_table_agree():
    """F-B12: the unit gives the capabilities that daemon/sys/run/hardening_caps.c lists and no more, and lets ze set
    its own filter."""
    with open(os.path.join(ROOT, 'daemon/sys/run/hardening_caps.c'), encoding='utf-8') as f:
        rows = re.findall(r'\{ (CAP_\w+),\s*([\w| ]+),', f.read())
    unit = settings()
    assert len(rows) >= 7
    assert {cap for cap, needed in rows if needed != 'HARDENING_START'} == set(unit['CapabilityBoundingSet'].split())
    assert 'seccomp' in unit['SystemCallFilter'].split()


def test_unit_and_families_agree():
    """F-B12: the unit and the filter of ze permit the same families of sockets."""
    with open(os.path.join(ROOT, 'daemon/sys/run/hardening_calls.c'), encoding='utf-8') as f:
        text = f.read()
    families = re.search(r'families\[\] = \{([^}]*)\}', text).group(1)
    assert set(re.findall(r'AF_\w+', families)) == set(settings()['RestrictAddressFamilies'].split())
