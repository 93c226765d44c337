/* SPDX-License-Identifier: BSD-2-Clause */
/* Subscribers' packets: what the host sends into a TUN device is sent on the session that has
 * its source address, and what sessions receive comes out of the device. So ping, TCP and
 * tcpdump can be used in tests. A packet whose source no session has is sent on the first one:
 * it is spoofed. The header has another valid form in each packet. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "selftests/peer/zeload.h"

#define ROOM 32 /* before a packet */

static struct session *by_low_bits[65536];

void tun_open(void)
{
	struct ifreq q = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	strncpy(q.ifr_name, opt.tun, IFNAMSIZ - 1);
	world.tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (world.tun < 0 || ioctl(world.tun, TUNSETIFF, &q) < 0)
		die("%s: %s", opt.tun, strerror(errno));
}

void tun_session(struct session *s)
{
	by_low_bits[s->addr & 0xffff] = s;
}

/* The last octets of the interface identifiers are random. */
static struct session *sender6(const uint8_t *ifid)
{
	for (int i = 0; i < world.session_count; i++)
		if (memcmp(world.sessions[i].ifid, ifid, 8) == 0)
			return &world.sessions[i];
	return &world.sessions[0];
}

static struct session *sender(const uint8_t *ip, size_t len)
{
	struct session *s;

	if (len >= 40 && ip[0] >> 4 == 6)
		return sender6(ip + 16);
	s = len >= 20 ? by_low_bits[get16(ip + 14)] : NULL;
	return s && s->addr == get32(ip + 12) ? s : &world.sessions[0];
}

/* Writes the headers that end where the packet begins; returns where they start. */
static uint8_t *header(uint8_t *p, struct session *s, size_t len, unsigned proto)
{
	static unsigned form;
	unsigned f = form++ | (opt.sequence ? 8 : 0);
	size_t total;

	*--p = (uint8_t)proto;
	if (f & 1)
		*--p = 0; /* not compressed */
	if (f & 2)
		put16(p -= 2, 0xff03);
	if (f & 4)
		put16(p -= 2, 0); /* Offset Size */
	if (f & 8)
		put32(p -= 4, (uint32_t)s->data_ns++ << 16);
	put16(p -= 2, s->peer_sid);
	put16(p -= 2, s->t->peer_tid);
	total = (size_t)(f & 1 ? 2 : 1) + (f & 2 ? 2 : 0) + (f & 4 ? 2 : 0) + (f & 8 ? 4 : 0) + 6;
	if (f & 16)
		put16(p -= 2, (unsigned)(total + 2 + len));
	put16(p -= 2, 2u | (f & 4 ? 0x0200u : 0) | (f & 8 ? 0x0800u : 0) | (f & 16 ? 0x4000u : 0));
	return p;
}

void tun_input(void)
{
	uint8_t b[ROOM + 2048], *ip = b + ROOM, *p;
	ssize_t n;

	while ((n = read(world.tun, ip, sizeof(b) - ROOM)) > 0) {
		struct session *s = sender(ip, (size_t)n);

		if (s->state != S_UP)
			continue;
		p = header(ip, s, (size_t)n, ip[0] >> 4 == 6 ? 0x57 : 0x21);
		outbox_put(s->t->out, p, (size_t)(ip + n - p));
	}
}

void tun_output(const uint8_t *p, size_t len)
{
	if (world.tun >= 0 && write(world.tun, p, len) < 0)
		say("tun: %s", strerror(errno));
}
