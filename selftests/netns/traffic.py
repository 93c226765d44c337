#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Numbered, checked UDP packets between many addresses and one.

usage: traffic.py recv PORT SECONDS            reads until silence; prints JSON
       traffic.py send PORT COUNT SIZE TO FROM[,FROM...]
       traffic.py spread PORT COUNT SIZE FROM TO[,TO...]
"""
import json
import os
import socket
import struct
import sys
import zlib


def recv(port, seconds):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)    # SO_RCVBUFFORCE
    s.setsockopt(socket.IPPROTO_IP, 8, 1)       # IP_PKTINFO: to which of many addresses
    s.bind(('0.0.0.0', port))
    print('ready', flush=True)
    s.settimeout(seconds)
    seen, bad, strangers, total = set(), 0, 0, 0
    try:
        while True:
            data, anc, _, peer = s.recvmsg(2048, 64)
            total += 1
            to = socket.inet_ntoa(anc[0][2][8:12])
            crc, seq, source, target = struct.unpack('!II4s4s', data[:16])
            bad += crc != zlib.crc32(data[4:])
            strangers += socket.inet_ntoa(source) != peer[0] or socket.inet_ntoa(target) != to
            seen.add((source, target, seq))
            s.settimeout(1)
    except TimeoutError:
        pass
    print(json.dumps({'packets': total, 'distinct': len(seen), 'bad': bad, 'astray': strangers}))


def send(port, count, size, sources, targets):
    pairs = [(a, b) for a in sources for b in targets]
    socks = {}
    for a in sources:
        socks[a] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        socks[a].bind((a, 0))
    for seq in range(count):
        for a, b in pairs:
            body = struct.pack('!I4s4s', seq, socket.inet_aton(a), socket.inet_aton(b))
            body += os.urandom(size - len(body) - 4)
            socks[a].sendto(struct.pack('!I', zlib.crc32(body)) + body, (b, port))


def main():
    what, port = sys.argv[1], int(sys.argv[2])
    if what == 'recv':
        recv(port, float(sys.argv[3]))
        return
    one, many = sys.argv[5], sys.argv[6].split(',')
    if what == 'send':
        send(port, int(sys.argv[3]), int(sys.argv[4]), many, [one])
    else:
        send(port, int(sys.argv[3]), int(sys.argv[4]), [one], many)


main()
