/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/ze0.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/net/rtnl.h"

static bool put_end(struct nl_msg *m, const char *name, const uint8_t *mac)
{
	return nla_put_string(m, IFLA_IFNAME, name) >= 0 &&
	       nla_put_u32(m, IFLA_MTU, ZE0_MTU) >= 0 &&
	       (!mac || nla_put(m, IFLA_ADDRESS, 6, mac) >= 0);
}

static bool ze0_put_pair(struct nl_msg *m, const struct ze_conf *was)
{
	struct ifinfomsg h = { .ifi_index = was ? (int)was->ze0p : 0 };
	struct nlattr *info, *data, *peer;

	if (!put_end(m, ZE0, was ? was->ze0_mac : NULL))
		return false;
	info = nla_nest_start(m, IFLA_LINKINFO);
	if (!info || nla_put_string(m, IFLA_INFO_KIND, "veth") < 0)
		return false;
	data = nla_nest_start(m, IFLA_INFO_DATA);
	peer = data ? nla_nest_start(m, VETH_INFO_PEER) : NULL;
	if (!peer || nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0 ||
	    !put_end(m, ZE0P, was ? was->ze0p_mac : NULL))
		return false;
	nla_nest_end(m, peer);
	nla_nest_end(m, data);
	nla_nest_end(m, info);
	return true;
}

/* was: the indexes and MAC addresses to use; NULL: any. */
static int new_pair(struct nl_sock *sk, const struct ze_conf *was)
{
	struct ifinfomsg h = { .ifi_flags = IFF_NOARP,
			       .ifi_change = IFF_NOARP,
			       .ifi_index = was ? (int)was->ze0 : 0 };
	struct nl_msg *m = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	bool bad;

	if (!m)
		return -ENOMEM;
	bad = nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0 || !ze0_put_pair(m, was);
	return nlreq_run(sk, &(struct nlreq){ .m = m, .bad = bad, .moot = -EEXIST });
}

static int del_link(struct nl_sock *sk, unsigned ifindex)
{
	struct ifinfomsg h = { .ifi_index = (int)ifindex };
	struct nl_msg *m = nlmsg_alloc_simple(RTM_DELLINK, 0);

	if (!m)
		return -ENOMEM;
	return nlreq_run(sk, &(struct nlreq){ .m = m,
					      .bad = nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) <
						     0 });
}

/* Deletes ze0 only if ze0p exists, too: a single device of that name is not ours. */
void ze0_destroy(struct nl_sock *sk)
{
	unsigned ifindex = if_nametoindex(ZE0);

	if (ifindex && if_nametoindex(ZE0P))
		del_link(sk, ifindex);
}

static int set(const char *family, const char *dev, const char *name, const char *value)
{
	char path[128];
	int fd, r = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, dev, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* the kernel has no IPv6 */
	if (write(fd, value, strlen(value)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* ze0 receives packets that a router would not expect: our own, for the stack to fragment. */
static int set_all(void)
{
	static const struct {
		const char *family, *dev, *name, *value;
	} rows[] = {
		{ "ipv4", ZE0, "accept_local", "1" },	{ "ipv4", ZE0, "rp_filter", "0" },
		{ "ipv4", ZE0, "send_redirects", "0" }, { "ipv4", ZE0, "forwarding", "1" },
		{ "ipv6", ZE0, "forwarding", "1" },	{ "ipv6", ZE0, "accept_ra", "0" },
		{ "ipv6", ZE0P, "disable_ipv6", "1" },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ZE_ARRAY_SIZE(rows); i++)
		r = set(rows[i].family, rows[i].dev, rows[i].name, rows[i].value);
	return r;
}

static int mac_of(int fd, const char *name, uint8_t ret[static 6])
{
	struct ifreq q = { 0 };

	strncpy(q.ifr_name, name, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCGIFHWADDR, &q) < 0)
		return -errno;
	memcpy(ret, q.ifr_hwaddr.sa_data, 6);
	return 0;
}

/* A program sees packets as they are sent: they need the checksum that a device would have filled
 * in. */
static int checksums_in_software(int fd)
{
	struct ethtool_value off = { .cmd = ETHTOOL_STXCSUM };
	struct ifreq q = { .ifr_name = ZE0 };

	q.ifr_data = (void *)&off;
	return ioctl(fd, SIOCETHTOOL, &q) < 0 ? -errno : 0;
}

static int prepare(struct nl_sock *sk, struct ze_conf *c)
{
	int fd, r;

	c->ze0 = if_nametoindex(ZE0);
	c->ze0p = if_nametoindex(ZE0P);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = mac_of(fd, ZE0, c->ze0_mac);
	if (r == 0)
		r = mac_of(fd, ZE0P, c->ze0p_mac);
	if (r == 0)
		r = checksums_in_software(fd);
	close(fd);
	if (r == 0)
		r = set_all();
	if (r == 0)
		r = rtnl_addrgen_none(sk, (int)c->ze0);
	if (r == 0)
		r = rtnl_link_up(sk, (int)c->ze0p, ZE0_MTU);
	return r < 0 ? r : rtnl_link_up(sk, (int)c->ze0, ZE0_MTU);
}

int ze0_create(struct nl_sock *sk, struct ze_conf *ret)
{
	struct ze_conf c = { 0 };
	int r;

	ze0_destroy(sk);
	r = new_pair(sk, NULL);
	if (r < 0)
		return r;
	r = prepare(sk, &c);
	if (r < 0)
		ze0_destroy(sk);
	else
		*ret = c;
	return r;
}

int ze0_restart(struct nl_sock *sk, const struct ze_conf *was, struct ze_conf *ret)
{
	struct ze_conf c = { .abi = was->abi };
	int r;

	if (!was->ze0 || if_nametoindex(ZE0) != was->ze0 || if_nametoindex(ZE0P) != was->ze0p)
		return -ESTALE;
	r = prepare(sk, &c);
	if (r == 0 && memcmp(&c, was, sizeof(c)) != 0)
		r = -ESTALE;
	if (r == 0)
		*ret = c;
	return r;
}

/* ---- repair ---- */

static bool ze0_is_there(unsigned ifindex, char name[static IF_NAMESIZE])
{
	return if_indextoname(ifindex, name);
}

/* True when the device is up and has the MTU and the MAC address that the programs write. */
static bool is_right(int fd, const char *name, const uint8_t mac[static 6])
{
	struct ifreq q = { 0 };
	uint8_t is[6];

	strncpy(q.ifr_name, name, IFNAMSIZ - 1);
	if (mac_of(fd, name, is) < 0 || memcmp(is, mac, sizeof(is)) != 0 ||
	    ioctl(fd, SIOCGIFFLAGS, &q) < 0 || !(q.ifr_flags & IFF_UP))
		return false;
	return ioctl(fd, SIOCGIFMTU, &q) == 0 && q.ifr_mtu == ZE0_MTU;
}

static bool both_right(const struct ze_conf *c, const char *ze0, const char *ze0p)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool right = fd >= 0 && is_right(fd, ze0, c->ze0_mac) && is_right(fd, ze0p, c->ze0p_mac);

	if (fd >= 0)
		close(fd);
	return right;
}

/* Creates the pair with the same indexes and addresses, which the programs know. A single end, as
 * when the other was moved to another namespace, is deleted. */
static int make_again(struct nl_sock *sk, const struct ze_conf *c)
{
	struct ze_conf is = { .abi = c->abi };
	char name[IF_NAMESIZE];
	int r;

	if (ze0_is_there(c->ze0, name))
		del_link(sk, c->ze0);
	if (ze0_is_there(c->ze0p, name))
		del_link(sk, c->ze0p);
	r = new_pair(sk, c);
	if (r == 0)
		r = prepare(sk, &is);
	return r == 0 && memcmp(&is, c, sizeof(is)) != 0 ? -ESTALE : r;
}

enum ze0_repair ze0_repair(struct nl_sock *sk, const struct ze_conf *c, int *ret_error)
{
	char ze0[IF_NAMESIZE], ze0p[IF_NAMESIZE];
	struct ze_conf is = { .abi = c->abi };
	int r;

	*ret_error = 0;
	if (!ze0_is_there(c->ze0, ze0) || !ze0_is_there(c->ze0p, ze0p)) {
		*ret_error = make_again(sk, c);
		return *ret_error < 0 ? ZE0_BROKEN : ZE0_MADE_AGAIN;
	}
	if (both_right(c, ze0, ze0p))
		return ZE0_FINE;
	r = rtnl_link_mac(sk, (int)c->ze0, c->ze0_mac);
	if (r == 0)
		r = rtnl_link_mac(sk, (int)c->ze0p, c->ze0p_mac);
	if (r == 0)
		r = prepare(sk, &is);
	*ret_error = r;
	return r < 0 ? ZE0_BROKEN : ZE0_PUT_RIGHT;
}
