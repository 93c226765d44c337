# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmarks share: programs, and readings of the kernel about processes and the machine."""
import glob
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TICK = os.sysconf('SC_CLK_TCK')


class Failed(Exception):
    """The benchmark could not be run, or a session was lost."""


def read(path):
    with open(path, encoding='utf-8') as f:
        return f.read()


def run(*argv):
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding='utf-8', check=False)
    if p.returncode:
        raise Failed('%s: %s' % (' '.join(argv), p.stdout.strip()))
    return p.stdout


def wait_for(what, seconds, why):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.05)
    raise Failed('not within %d s: %s' % (seconds, why))


def program(variable, name):
    path = os.environ.get(variable) or os.path.join(ROOT, 'build', name)
    if not os.access(path, os.X_OK):
        sys.exit('%s is missing: run make first' % path)
    return path


def cpu_seconds(pid):
    fields = read('/proc/%d/stat' % pid).rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def system_seconds():
    """CPU time of the system without idle time."""
    f = list(map(int, read('/proc/stat').split('\n', 1)[0].split()[1:8]))
    return (f[0] + f[1] + f[2] + f[5] + f[6]) / TICK


def rss_bytes(pid):
    return int(re.search(r'^VmRSS:\s*(\d+) kB', read('/proc/%d/status' % pid), re.M).group(1)) * 1024


def maps_bytes(pid):
    """The memory of the BPF maps of the process, as the kernel reports it."""
    maps = {}
    for path in glob.glob('/proc/%d/fdinfo/*' % pid):
        try:
            info = dict(line.split(':', 1) for line in read(path).splitlines() if ':' in line)
        except FileNotFoundError:
            continue
        if 'map_id' in info:
            maps[int(info['map_id'])] = int(info['memlock'])
    return sum(maps.values())


def machine():
    models = re.findall(r'^model name\s*: (.*)', read('/proc/cpuinfo'), re.M) or ['?']
    return '%d x %s, Linux %s' % (os.cpu_count(), models[0], os.uname().release)


def busy():
    """The number of processors that other programs use at present."""
    a, t = system_seconds(), time.monotonic()
    time.sleep(1)
    return (system_seconds() - a) / (time.monotonic() - t)
