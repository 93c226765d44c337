# SPDX-License-Identifier: BSD-2-Clause
"""The order of the units inside one folder of the daemon.

A unit is x.c with x.h. The includes of a folder's units among themselves form no circle, and in
daemon/core they follow the order below: a unit includes only units that stand before it. What a low
unit has to tell a higher one goes by a list that the higher one reads, or by a table of functions.

layers.py says which folders may include each other.
"""
import os
import re

# daemon/core, the lowest first.
CORE = [
    # facts, configuration and what the engine asks of the world
    'timers', 'end_cause', 'session_facts', 'event', 'bus', 'config_row', 'config', 'config_diff', 'ports',
    'dp_null', 'guard_null',
    # limits and what is made of the configuration
    'buckets', 'admit', 'pace', 'linkcfg', 'lease',
    # the objects, and how they are found
    'routes_priv', 'engine_priv', 'call_priv', 'subscriber_priv', 'facts', 'registry', 'own', 'route_check',
    # copies of them for those who show them
    'snapshot_priv', 'snapshot', 'snapshot_profile', 'snapshot_session',
    # the turn
    'trace', 'record_tags', 'record_profile', 'record', 'turn', 'call',
    # what a subscriber is made of
    'pending', 'routes', 'attach', 'service', 'address', 'login', 'record_session',
    # tunnels, subscribers
    'control', 'subscriber',
    # what RADIUS servers ask for
    'byid', 'change',
    # the entries
    'reload', 'engine', 'engine_restore',
]


def graph(tree, folder):
    """Unit -> the units of the same folder that it includes."""
    edges = {}
    for f in tree.c_files():
        if os.path.dirname(f) != folder:
            continue
        unit = os.path.basename(f).rsplit('.', 1)[0]
        found = re.findall(r'^\s*#\s*include\s*"%s/([^"/]+)\.h"' % folder, tree.text(f), re.M)
        edges.setdefault(unit, set()).update(u for u in found if u != unit)
    return edges


def reachable(edges, unit):
    seen, todo = set(), [unit]
    while todo:
        for u in edges.get(todo.pop(), ()):
            if u not in seen:
                seen.add(u)
                todo.append(u)
    return seen


def circles(edges):
    """The largest sets of units that all include each other, directly or not."""
    reach = {u: reachable(edges, u) for u in edges}
    found = {frozenset(v for v in reach[u] if u in reach.get(v, ())) for u in edges if u in reach[u]}
    return sorted(found, key=sorted)


def check_circles(tree):
    bad = []
    for folder in sorted({os.path.dirname(f) for f in tree.c_files() if f.startswith('daemon/')}):
        for circle in circles(graph(tree, folder)):
            bad.append('%s: include each other: %s' % (folder, ' '.join(sorted(circle))))
    return bad


def check_core(tree):
    bad = []
    for unit, included in sorted(graph(tree, 'daemon/core').items()):
        if unit not in CORE:
            bad.append('daemon/core/%s: not in the order of selftests/lint/rooms.py' % unit)
            continue
        for other in sorted(included):
            if other in CORE and CORE.index(other) > CORE.index(unit):
                bad.append('daemon/core/%s: includes %s.h, which stands above it' % (unit, other))
    return bad
