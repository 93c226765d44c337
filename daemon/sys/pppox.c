/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/pppox.h"

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

static int close_error(int fd)
{
	int r = -errno;

	close(fd);
	return r;
}

int pppox_open(const struct dp_session *s, int tunnel_fd, int *ret_fd)
{
	int fd = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);
	int r;

	if (fd < 0)
		return -errno;
	r = s->tunnel.path.peer.family == 4 ? connect_v4(fd, s, tunnel_fd) :
					      connect_v6(fd, s, tunnel_fd);
	if (r < 0)
		return close_error(fd);
	*ret_fd = fd;
	return 0;
}

int pppox_channel_no(int pppox_fd, int *ret_chan)
{
	return ioctl(pppox_fd, PPPIOCGCHAN, ret_chan) < 0 ? -errno : 0;
}

int pppox_channel_open(int chan, int *ret_fd)
{
	int fd = open(DEV_PPP, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, PPPIOCATTCHAN, &chan) < 0)
		return close_error(fd);
	*ret_fd = fd;
	return 0;
}

int pppox_unit_open(int *ret_fd, int *ret_unit)
{
	int unit = -1, fd = open(DEV_PPP, O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, PPPIOCNEWUNIT, &unit) < 0)
		return close_error(fd);
	*ret_fd = fd;
	*ret_unit = unit;
	return 0;
}

int pppox_connect_unit(int chan_fd, int unit)
{
	return ioctl(chan_fd, PPPIOCCONNECT, &unit) < 0 ? -errno : 0;
}

int pppox_npmode(int unit_fd, uint16_t proto, bool pass)
{
	struct npioctl np = { .protocol = proto, .mode = pass ? NPMODE_PASS : NPMODE_DROP };

	return ioctl(unit_fd, PPPIOCSNPMODE, &np) < 0 ? -errno : 0;
}

int pppox_write(int fd, struct span frame)
{
	return write(fd, frame.p, frame.len) < 0 ? -errno : 0;
}
