/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/net/port_check.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/sys/net/nlreq.h"

/* From linux/netdev.h, which is newer than the headers of our build. */
#define NETDEV_FAMILY	    "netdev"
#define NETDEV_DEV_GET	    1
#define NETDEV_DEV_IFINDEX  1
#define NETDEV_XDP_FEATURES 3
#define NETDEV_XDP_NDO_XMIT 4 /* a bit of NETDEV_XDP_FEATURES */

/* ---- evaluation ---- */

struct port_problem port_check(const struct port_facts *f, bool native)
{
	bool veth = strcmp(f->driver, "veth") == 0;

	if (!native)
		return (struct port_problem){ NULL, NULL };
	if (f->known && !(f->features & NETDEV_XDP_NDO_XMIT) && veth)
		return (struct port_problem){
			"the peer of the veth does not accept redirected packets",
			"ethtool -K PEER gro on"
		};
	if (f->known && !(f->features & NETDEV_XDP_NDO_XMIT))
		return (struct port_problem){ "the driver does not accept redirected packets",
					      "configure xdp-mode generic" };
	if (!veth && f->channels && f->channels < f->processors)
		return (struct port_problem){ "it has fewer channels than the host has processors",
					      "ethtool -L DEVICE combined PROCESSORS" };
	return (struct port_problem){ NULL, NULL };
}

/* ---- queries ---- */

static void on_features(struct nl_msg *m, void *self)
{
	struct port_facts *f = self;
	struct nlattr *a = nlmsg_find_attr(nlmsg_hdr(m), GENL_HDRLEN, NETDEV_XDP_FEATURES);

	if (!a)
		return;
	f->known = true;
	f->features = nla_get_u64(a);
}

/* Returns -ENOENT when the kernel does not report features. */
static int ask_features(unsigned ifindex, struct port_facts *f)
{
	struct nl_sock *sk;
	struct nl_msg *m = NULL;
	int r = nlreq_open(NETLINK_GENERIC, &sk), family;
	bool bad = true;

	if (r < 0)
		return r;
	family = genl_ctrl_resolve(sk, NETDEV_FAMILY);
	r = family < 0 ? -ENOENT : 0;
	if (r == 0)
		m = nlmsg_alloc();
	if (m)
		bad = !genlmsg_put(m, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, 0, NETDEV_DEV_GET, 1) ||
		      nla_put_u32(m, NETDEV_DEV_IFINDEX, ifindex) < 0;
	if (r == 0)
		r = nlreq_run(
			sk, &(struct nlreq){ .m = m, .bad = bad, .valid = on_features, .self = f });
	nlreq_close(sk);
	return r;
}

static void ask_driver(int fd, struct ifreq *q, struct port_facts *f)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ethtool_channels ch = { .cmd = ETHTOOL_GCHANNELS };

	q->ifr_data = (void *)&info;
	if (ioctl(fd, SIOCETHTOOL, q) == 0)
		snprintf(f->driver, sizeof(f->driver), "%.31s", info.driver);
	q->ifr_data = (void *)&ch;
	if (ioctl(fd, SIOCETHTOOL, q) == 0)
		f->channels = ch.combined_count + ch.tx_count;
	q->ifr_data = NULL;
}

int port_check_ask(unsigned ifindex, struct port_facts *ret)
{
	struct port_facts f = { .processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;
	struct ifreq q = { 0 };

	if (fd < 0)
		return -errno;
	if (if_indextoname(ifindex, q.ifr_name))
		ask_driver(fd, &q, &f);
	else
		r = -ENODEV;
	close(fd);
	if (r == 0)
		r = ask_features(ifindex, &f);
	if (r < 0 && r != -ENOENT)
		return r;
	*ret = f;
	return 0;
}
