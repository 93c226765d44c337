/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/pktinfo.h"

#include <errno.h>
#include <string.h>

int pktinfo_want(int fd, uint8_t family)
{
	int on = 1;
	int r = family == 4 ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) :
			      setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));

	return r < 0 ? -errno : 0;
}

struct ze_addr pktinfo_local(struct msghdr *m, const struct ze_addr *bound)
{
	struct ze_addr a = *bound;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo pi;

			memcpy(&pi, CMSG_DATA(c), sizeof(pi));
			memcpy(a.ip, &pi.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo pi;

			memcpy(&pi, CMSG_DATA(c), sizeof(pi));
			memcpy(a.ip, &pi.ipi6_addr, 16);
			a.scope = IN6_IS_ADDR_LINKLOCAL(&pi.ipi6_addr) ? pi.ipi6_ifindex : 0;
		}
	}
	return a;
}

void pktinfo_set(struct msghdr *m, union pktinfo *room, const struct ze_addr *local)
{
	struct cmsghdr *c;

	memset(room, 0, sizeof(*room));
	m->msg_control = room;
	if (local->family == 4) {
		struct in_pktinfo pi = { 0 };

		m->msg_controllen = CMSG_SPACE(sizeof(pi));
		c = CMSG_FIRSTHDR(m);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(pi));
		memcpy(&pi.ipi_spec_dst, local->ip, 4);
		memcpy(CMSG_DATA(c), &pi, sizeof(pi));
	} else {
		struct in6_pktinfo pi = { .ipi6_ifindex = local->scope };

		m->msg_controllen = CMSG_SPACE(sizeof(pi));
		c = CMSG_FIRSTHDR(m);
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(pi));
		memcpy(&pi.ipi6_addr, local->ip, 16);
		memcpy(CMSG_DATA(c), &pi, sizeof(pi));
	}
}
