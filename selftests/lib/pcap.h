/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures for tshark, an independent decoder: writes what ze sends to a classic pcap file (raw
 * IPv4, UDP without a checksum; L2TP from port 1701 to port 1701) and reads tshark's text. Opens no
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
	const char *options; /* more arguments of tshark; NULL: none */
};

struct pcap_flow {
	uint16_t from, to; /* ports */
	bool reply;	   /* from the second address to the first one */
};

/* Creates a temporary file. Returns 0 or -errno. */
int pcap_open(struct pcap *p);
/* Appends one L2TP datagram of up to 60000 octets. */
void pcap_l2tp(struct pcap *p, struct span datagram);
/* Appends one datagram between these ports. */
void pcap_udp(struct pcap *p, const struct pcap_flow *flow, struct span datagram);
/* Appends one PPP frame (from FF 03 or the protocol on) in an L2TP data message of session 1. */
void pcap_ppp(struct pcap *p, struct span frame);
/* Closes the file and appends the output of `tshark -V` to out. Returns 0, -ENOENT when there is no
 * tshark, or another -errno when writing or tshark failed. */
int pcap_tshark(struct pcap *p, struct strbuf *out);
/* Closes and removes the file. */
void pcap_done(struct pcap *p);
