# SPDX-License-Identifier: BSD-2-Clause
"""What the data plane benchmark sends, and how it decides; no test depends on its figures."""
import importlib.machinery
import importlib.util
import os
import struct
import sys

import pytest

PATH = os.path.join(os.environ['ZE_SRC'], 'selftests/bench/dp')
sys.path.insert(0, os.path.dirname(PATH))    # of meters.py
LOADER = importlib.machinery.SourceFileLoader('bench_dp', PATH)
dp = importlib.util.module_from_spec(importlib.util.spec_from_loader('bench_dp', LOADER))
LOADER.exec_module(dp)


# F-D5: a limit is missed only beyond the difference between two identical paths.
@pytest.mark.parametrize('value, spread, limit, more, said', [
    (0.49, 0.00, 0.5, False, 'meets'), (0.50, 0.15, 0.5, False, 'meets'), (0.52, 0.05, 0.5, False, 'within the spread'),
    (0.56, 0.05, 0.5, False, 'misses'), (0.51, 0.00, 0.5, False, 'misses'),
    (4.1, 0.00, 4, True, 'meets'), (3.9, 0.05, 4, True, 'within the spread'), (3.5, 0.05, 4, True, 'misses')])
def test_verdict(value, spread, limit, more, said):
    assert dp.verdict(value, spread, limit, more) == said


class Measured:
    def __init__(self, name, figures):
        self.name, self.samples = name, {(w, s): figures for w in dp.WAYS for s in dp.SIZES}


class Args:
    sessions = 60000


def test_ratios_are_medians_of_rounds_with_their_spread():
    """F-D5: a round in which everything costs three times as much changes neither."""
    paths = [Measured('plain', [1000, 3000, 1010]), Measured('bpf', [400, 1200, 410]), Measured('again', [440, 1320, 430]),
             Measured('bpf-many', [600, 1800, 610])]
    rows = {name: row for name, *row in dp.verdicts(paths, Args)}
    assert rows['bpf / plain forwarding, up, 64'][0] == pytest.approx(0.4)
    assert rows['60000 sessions / one, down, 1400'][0] == pytest.approx(1.5)
    assert rows['60000 sessions / one, down, 1400'][1] == pytest.approx(0.1)
    assert dp.verdict(*rows['60000 sessions / one, down, 1400']) == 'misses'


def fold(b):
    return dp.checksum(b + b'\0' * (len(b) % 2))


class Plain:
    tunnelled, lac_port, mac = False, 1701, {n: bytes(6) for n in ('up0', 'l0', 'core0', 'c0')}


class Tunnelled(Plain):
    tunnelled = True


@pytest.mark.parametrize('path', [Plain, Tunnelled])
@pytest.mark.parametrize('way', dp.WAYS)
@pytest.mark.parametrize('size', dp.SIZES)
def test_frames_have_checksums(path, way, size):
    """F-D5: once the generator has written both addresses, the checksums of IPv4 and UDP are right."""
    f = dp.Frames(path, way, size)
    _, subscriber, far, csum, udp = map(int, f.offsets.split(','))
    b = bytearray(f.frame)
    b[subscriber:subscriber + 4], b[far:far + 4] = bytes([10, 100, 200, 7]), bytes([198, 18, 255, 254])
    words = sum(struct.unpack('!4H', b[subscriber:subscriber + 4] + b[far:far + 4]))
    for at in (csum, udp):
        total = (~struct.unpack_from('!H', b, at)[0] & 0xffff) + words
        while total >> 16:
            total = (total & 0xffff) + (total >> 16)
        struct.pack_into('!H', b, at, ~total & 0xffff)
    ip = csum - 10
    assert fold(bytes(b[ip:ip + 20])) == 0 and struct.unpack_from('!H', b, udp)[0] != 0
    assert fold(bytes(b[ip + 12:ip + 20]) + struct.pack('!HH', 17, size - 20) + bytes(b[ip + 20:])) == 0
    assert len(b) == ip + size
