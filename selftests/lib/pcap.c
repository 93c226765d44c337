/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/pcap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PCAP_MAGIC   0xa1b2c3d4
#define LINKTYPE_RAW 101
#define IP_LEN	     20
#define UDP_LEN	     8
#define L2TP_LEN     6
#define PORT	     1701
#define MAX_FRAME    60000

int pcap_open(struct pcap *p)
{
	uint8_t buf[24];
	struct wr w = wr_init(buf, sizeof(buf));
	int fd;

	*p = (struct pcap){ .path = "/tmp/ze-pcap-XXXXXX" };
	fd = mkstemp(p->path);
	if (fd < 0)
		return -errno;
	p->f = fdopen(fd, "wb");
	wr_u32(&w, PCAP_MAGIC);
	wr_u16(&w, 2);
	wr_u16(&w, 4);
	wr_zero(&w, 8);
	wr_u32(&w, 65535);
	wr_u32(&w, LINKTYPE_RAW);
	fwrite(buf, 1, sizeof(buf), p->f);
	return 0;
}

static uint16_t ip_checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_ip_udp(struct wr *w, const struct pcap_flow *flow, size_t payload_len)
{
	size_t start = wr_len(w), sum;

	wr_u16(w, 0x4500);
	wr_u16(w, (uint16_t)(IP_LEN + UDP_LEN + payload_len));
	wr_u32(w, 0);
	wr_u16(w, 0x4011); /* TTL 64, UDP */
	sum = wr_mark_u16(w);
	wr_u32(w, flow->reply ? 0xc0000202 : 0xc0000201); /* 192.0.2.1, documentation */
	wr_u32(w, flow->reply ? 0xc0000201 : 0xc0000202);
	wr_patch_u16(w, sum, ip_checksum(w->start + start, IP_LEN));
	wr_u16(w, flow->from);
	wr_u16(w, flow->to);
	wr_u16(w, (uint16_t)(UDP_LEN + payload_len));
	wr_u16(w, 0);
}

static void put_frame(struct pcap *p, const struct pcap_flow *flow, struct span head,
		      struct span body)
{
	uint8_t buf[16 + IP_LEN + UDP_LEN];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t len = head.len + body.len;
	uint32_t frame = (uint32_t)(IP_LEN + UDP_LEN + len);

	if (len > MAX_FRAME)
		abort(); /* an error of the test itself */
	wr_u32(&w, p->count++);
	wr_u32(&w, 0);
	wr_u32(&w, frame);
	wr_u32(&w, frame);
	put_ip_udp(&w, flow, len);
	fwrite(buf, 1, wr_len(&w), p->f);
	fwrite(head.p, 1, head.len, p->f);
	fwrite(body.p, 1, body.len, p->f);
}

static const struct pcap_flow l2tp_flow = { .from = PORT, .to = PORT };

void pcap_l2tp(struct pcap *p, struct span datagram)
{
	pcap_udp(p, &l2tp_flow, datagram);
}

void pcap_udp(struct pcap *p, const struct pcap_flow *flow, struct span datagram)
{
	put_frame(p, flow, datagram, span_str(""));
}

void pcap_ppp(struct pcap *p, struct span frame)
{
	static const uint8_t header[L2TP_LEN] = { 0, 2, 0, 1, 0, 1 };

	put_frame(p, &l2tp_flow, span_of(header, sizeof(header)), frame);
}

static int run_tshark(const struct pcap *p, struct strbuf *out)
{
	char buf[4096];
	FILE *f;
	size_t n;
	int status;

	snprintf(buf, sizeof(buf), "tshark -n -V -r %s %s 2>/dev/null", p->path,
		 p->options ? p->options : "");
	f = popen(buf, "r");
	if (!f)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sb_add(out, buf, n);
	status = pclose(f);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT; /* exit status of the shell: command not found */
	return status == 0 && !out->bad ? 0 : -EIO;
}

int pcap_tshark(struct pcap *p, struct strbuf *out)
{
	bool failed = ferror(p->f);

	failed |= fclose(p->f) != 0;
	p->f = NULL;
	return failed ? -EIO : run_tshark(p, out);
}

void pcap_done(struct pcap *p)
{
	if (p->f)
		fclose(p->f);
	unlink(p->path);
	*p = (struct pcap){ 0 };
}
