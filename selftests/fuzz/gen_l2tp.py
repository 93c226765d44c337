#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the seeds and dictionaries of fuzz_hdr, fuzz_avp, fuzz_hidden and fuzz_msg.

Seeds come from selftests/vectors/l2tp_*.txt, and from a message of each type with every AVP of the
table in daemon/l2tp/avp.c; the dictionaries contain that table. Run it after a change of either. Other
files of a corpus are kept.
"""
import os
import re
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
MESSAGES = (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16)
MANDATORY = 0x8000


def read(*path):
    with open(os.path.join(TOP, *path), encoding='ascii') as f:
        return f.read()


def cases(name):
    """The paragraphs of a vector file as dictionaries; values of a repeated keyword are joined."""
    for paragraph in read('selftests', 'vectors', name).split('\n\n'):
        case = {}
        for line in paragraph.splitlines():
            key, _, value = line.split('#')[0].strip().partition(' ')
            if key:
                case[key] = (case.get(key, '') + ' ' + value).strip()
        if case:
            yield case


def table():
    """(type, kebab-case name, minimum length of the value) of each AVP."""
    numbers = dict(re.findall(r'\bAVP_(\w+) = (\d+)', read('daemon', 'l2tp', 'proto.h')))
    rows = re.findall(r'ROW\((\w+),\s*"[^"]*",\s*"([^"]*)",\s*\w+,\s*(\d+)',
                      read('daemon', 'l2tp', 'avp.c'))
    return [(int(numbers[name]), key, int(least)) for name, key, least in rows]


def avp(number, value):
    return struct.pack('>HHH', MANDATORY | 6 + len(value), 0, number) + value


def write(target, name, data):
    folder = os.path.join(HERE, 'corpus', target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), 'wb') as f:
        f.write(data)


def seeds_of_messages(rows):
    for case in cases('l2tp_msg.txt'):
        data = bytes.fromhex(case['hex'])
        write('hdr', case['case'], data)
        if data[0] & 0x80 and len(data) > 12:
            write('avp', case['case'], data[12:])
            write('msg', case['case'], bytes(['secret' in case]) + data[12:])
    every = b''.join(avp(number, b'\1' * least) for number, _, least in rows if number)
    for message in MESSAGES:
        write('msg', 'every-avp-in-%d' % message, b'\1' + avp(0, struct.pack('>H', message)) + every)


def seeds_of_hidden():
    for case in cases('l2tp_hidden.txt'):
        secret, vector = case['secret'].encode(), bytes.fromhex(case['vector'])
        head = struct.pack('>HBB', int(case['type']), len(secret), len(vector))
        write('hidden', case['case'], head + secret + vector + bytes.fromhex(case['wire']))


def dictionary(target, entries):
    os.makedirs(os.path.join(HERE, 'dict'), exist_ok=True)
    with open(os.path.join(HERE, 'dict', target + '.dict'), 'w', encoding='ascii') as f:
        f.write('# SPDX-License-Identifier: BSD-2-Clause\n# Written by gen_l2tp.py.\n')
        for name, data in entries:
            f.write('%s="%s"\n' % (name.replace('-', '_'),
                                   ''.join('\\x%02x' % octet for octet in data)))


def main():
    rows = table()
    avps = [(key, avp(number, b'\1' * least)) for number, key, least in rows]
    types = [('message_%d' % m, avp(0, struct.pack('>H', m))) for m in MESSAGES]
    seeds_of_messages(rows)
    seeds_of_hidden()
    dictionary('hdr', [('control', b'\xc8\x02'), ('data', b'\x00\x02'),
                       ('data_everything', b'\x4b\x02'), ('length_12', b'\x00\x0c')] + types)
    dictionary('avp', avps)
    dictionary('msg', types + avps)
    dictionary('hidden', [('secret', b'zetest'), ('type_9', b'\0\x09\6\x10'),
                          ('vector', bytes(range(16)))])


if __name__ == '__main__':
    main()
