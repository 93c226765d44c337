/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures for tshark, an independent decoder: writes what ze sends to a classic pcap file (raw
 * IPv4, UDP port 1701 in both directions, no UDP checksum) and reads tshark's text. Opens no
 * socket.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/base/strbuf.h"
#include "daemon/base/wire.h"

struct pcap {
	FILE *f;
	uint32_t count; /* frames so far; also their time in seconds */
	char path[64];
};

/* Creates a temporary file. Returns 0 or -errno. */
int pcap_open(struct pcap *p);
/* Appends one L2TP datagram of up to 60000 octets. */
void pcap_l2tp(struct pcap *p, struct span datagram);
/* Appends one PPP frame (from FF 03 or the protocol on) in an L2TP data message of session 1. */
void pcap_ppp(struct pcap *p, struct span frame);
/* Closes the file and appends the output of `tshark -V` to out. Returns 0, -ENOENT when there is no
 * tshark, or another -errno when writing or tshark failed. */
int pcap_tshark(struct pcap *p, struct strbuf *out);
/* Closes and removes the file. */
void pcap_done(struct pcap *p);
