# SPDX-License-Identifier: BSD-2-Clause
"""What a header declares is used by another unit than its own.

A function that no unit uses is removed with the tests of it alone; one that only its own unit uses is static.
SEAMS lists what is exported for tests: its own unit uses it, and a test could not reach it otherwise.
"""
import re

from symbols import exported, objects
from tree import run, without_comments

# unit -> names, and why a test needs them
SEAMS = {
    'cli/client': ('client_request client_answer', 'the lines on the socket, without a daemon'),
    'cli/decode': ('decode_hex decode_l2tp', 'octets in, JSON out, also for the fuzzer'),
    'daemon/base/fsm': ('fsm_find', 'asks each cell of a table without taking the transition'),
    'daemon/base/idalloc': ('idalloc_held', 'compares with a model'),
    'daemon/base/log': ('log_level_name', 'every level has a name that is parsed again'),
    'daemon/core/snapshot': ('snapshot_ref snapshot_stats_total', 'a reader in another thread; sums after hours'),
    'daemon/l2tp/session': ('l2tp_session_fsm', 'every row of the table is reached'),
    'daemon/l2tp/tunnel': ('l2tp_tunnel_fsm', 'every row of the table is reached'),
    'daemon/sys/bpf/bpf_dp': ('bpf_dp_prog_fd', 'runs a program on one packet'),
    'daemon/sys/bpf/bpf_guard': ('bpf_guard_prog_fd bpf_guard_verdicts', 'runs the program on one packet'),
    'daemon/sys/bpf/bpf_label': ('bpf_label_prog_fd', 'runs the program on one packet'),
    'daemon/sys/bpf/vlans': ('vlans_about vlans_parse vlans_resolve', 'netlink messages of devices that do not exist'),
    'daemon/sys/config/yang': ('yang_parse', 'a configuration that is not in a file'),
    'daemon/sys/net/genl_l2tp': ('genl_l2tp_build_session genl_l2tp_build_tunnel', 'messages compared by octets'),
    'daemon/sys/net/ifwatch': ('ifwatch_parse', 'netlink messages of addresses that do not exist'),
    'daemon/sys/net/nlreq': ('nlreq_each', 'messages that are cut off, without a socket'),
    'daemon/sys/net/pool_routes': ('pool_routes_build pool_routes_of', 'messages compared by octets'),
    'daemon/sys/net/portwatch': ('portwatch_say portwatch_set portwatch_state', 'links that flap in virtual time'),
    'daemon/sys/net/repair': ('repair_kind_name', 'every kind has a name'),
    'daemon/sys/net/routing': ('routing_note', 'notifications without a kernel'),
    'daemon/sys/run/hardening_calls': ('hardening_calls_table hardening_calls_count', 'the table is read'),
    'daemon/sys/run/hardening_caps': ('hardening_caps_mask', 'the table is read'),
    'daemon/sys/run/heap': ('heap_fell', 'the decision without an allocator'),
    'ppp/cp': ('cp_table_cell', 'the table is compared with that of RFC 1661'),
}

# Functions that nothing calls yet, with the reason why they stay.
LATER = {
    'aaa/radius_pkt': ('radius_tagged_text radius_tagged_u32 radius_tunnel_password',
                       'the tunnels of a LAC will call them'),
    'aaa/radius_req': ('radius_req_vendor', 'the AVPs of RFC 5515 will call it'),
}


def needed(tree):
    """The symbols that some unit leaves to another one."""
    return {line.split()[-1] for _, obj in objects(tree)
            for line in run(['nm', '-u', obj], tree.root)[1].split('\n') if line.split()}


def check(tree):
    used, only = needed(tree), {(u, n) for u, n in exported(tree)}
    only = {(u, n) for u, n in only if n not in used}
    seams = {(u, n) for u, row in SEAMS.items() for n in row[0].split()}
    later = {(u, n) for u, row in LATER.items() for n in row[0].split()}
    bad = []
    for unit, name in sorted(only - later):
        calls = len(re.findall(r'\b%s\b' % name, without_comments(tree.text(unit + '.c'))))
        if calls < 2:
            bad.append('%s.c: nothing uses %s: remove it' % (unit, name))
        elif (unit, name) not in seams:
            bad.append('%s.c: only its own unit uses %s: make it static' % (unit, name))
    bad += ['unused.py: %s of %s.c is not what the table says' % (name, unit)
            for unit, name in sorted((seams | later) - only) if unit + '.c' in tree.files]
    return bad
