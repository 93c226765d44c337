/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Captures for tshark, the decoder of other people: what we send is put into a classic pcap file
 * (raw IPv4, UDP port 1701 both ways, no UDP checksum) and read back as text. Opens no socket.
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

/* Creates a temporary file. 0 or -errno. */
int pcap_open(struct pcap *p);
/* One L2TP datagram of up to 60000 octets. */
void pcap_l2tp(struct pcap *p, struct span datagram);
/* One PPP frame (from FF 03, or the protocol) in an L2TP data message of session 1. */
void pcap_ppp(struct pcap *p, struct span frame);
/* Closes the file, and adds what `tshark -V` says of it to out. 0; -ENOENT when there is no
 * tshark; another -errno when writing or tshark failed. */
int pcap_tshark(struct pcap *p, struct strbuf *out);
/* Closes and removes the file. */
void pcap_done(struct pcap *p);
