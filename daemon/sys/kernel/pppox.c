/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel/pppox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>

#define DEV_PPP "/dev/ppp"

/* ioctl() that is repeated when interrupted. Returns 0 or -errno. */
static int control(int fd, unsigned long what, void *arg)
{
	int r;

	do
		r = ioctl(fd, what, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

static int open_ppp(void)
{
	int fd;

	do
		fd = open(DEV_PPP, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

static int connect_v4(int fd, const struct dp_session *s, int tunnel_fd)
{
	const struct ze_addr *peer = &s->tunnel.path.peer;
	struct sockaddr_pppol2tp a = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = tunnel_fd,
			      .addr = { .sin_family = AF_INET, .sin_port = htons(peer->port) },
			      .s_tunnel = s->tunnel.tid,
			      .s_session = s->sid,
			      .d_tunnel = s->tunnel.peer_tid,
			      .d_session = s->peer_sid },
	};

	memcpy(&a.pppol2tp.addr.sin_addr, peer->ip, 4);
	return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

static int connect_v6(int fd, const struct dp_session *s, int tunnel_fd)
{
	const struct ze_addr *peer = &s->tunnel.path.peer;
	struct sockaddr_pppol2tpin6 a = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = tunnel_fd,
			      .addr = { .sin6_family = AF_INET6,
					.sin6_port = htons(peer->port),
					.sin6_scope_id = peer->scope },
			      .s_tunnel = s->tunnel.tid,
			      .s_session = s->sid,
			      .d_tunnel = s->tunnel.peer_tid,
			      .d_session = s->peer_sid },
	};

	memcpy(&a.pppol2tp.addr.sin6_addr, peer->ip, 16);
	return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

int pppox_open(const struct dp_session *s, int tunnel_fd, int *ret_fd)
{
	int fd = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);
	int r;

	if (fd < 0)
		return -errno;
	do
		r = s->tunnel.path.peer.family == 4 ? connect_v4(fd, s, tunnel_fd) :
						      connect_v6(fd, s, tunnel_fd);
	while (r < 0 && errno == EINTR);
	if (r < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int pppox_channel_no(int pppox_fd, int *ret_chan)
{
	return control(pppox_fd, PPPIOCGCHAN, ret_chan);
}

int pppox_channel_open(int chan, int *ret_fd)
{
	int fd = open_ppp();
	int r = fd < 0 ? fd : control(fd, PPPIOCATTCHAN, &chan);

	if (r == 0)
		*ret_fd = fd;
	else if (fd >= 0)
		close(fd);
	return r;
}

int pppox_unit_open(int *ret_fd, int *ret_unit)
{
	int fd = open_ppp(), unit = -1;
	int r = fd < 0 ? fd : control(fd, PPPIOCNEWUNIT, &unit);

	if (r == 0) {
		*ret_fd = fd;
		*ret_unit = unit;
	} else if (fd >= 0) {
		close(fd);
	}
	return r;
}

int pppox_connect_unit(int chan_fd, int unit)
{
	return control(chan_fd, PPPIOCCONNECT, &unit);
}

int pppox_npmode(int unit_fd, uint16_t proto, bool pass)
{
	struct npioctl np = { .protocol = proto, .mode = pass ? NPMODE_PASS : NPMODE_DROP };

	return control(unit_fd, PPPIOCSNPMODE, &np);
}

int pppox_write(int fd, struct span frame)
{
	ssize_t n;

	do
		n = write(fd, frame.p, frame.len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
