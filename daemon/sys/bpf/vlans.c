/* SPDX-License-Identifier: BSD-2-Clause */
/* Any change of a VLAN device or of a port (MTU, MAC address) causes the whole list to be read
 * again: changes are rare, and nothing can be missed or applied in the wrong order. A change during
 * a job causes one more. */
#include "daemon/sys/bpf/vlans.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_dp.h"
#include "daemon/sys/bpf/bpf_vlan.h"
#include "daemon/sys/net/follow.h"
#include "daemon/sys/net/nlreq.h"
#include "daemon/sys/run/kworker.h"

#define TAG_LEN	    4
#define VLANS_PORTS 64
#define TRIES	    3

struct vlans {
	struct bpf_dp *maps;
	struct kworker *worker;
	struct follow *follow;
	struct follow_listener listener;
	bool ours; /* a notification of the current batch concerns us */
	struct kseq seq;
	struct kjob job; /* what follows belongs to the job while it runs */
	bool running, again;
	struct vlans_list links;
	size_t found;
	int result;
};

/* ---- messages of the kernel ---- */

static struct nlattr *vlans_find(const struct nlmsghdr *h, int type)
{
	return nlmsg_find_attr((struct nlmsghdr *)h, sizeof(struct ifinfomsg), type);
}

static struct nlattr *within(struct nlattr *nest, int type)
{
	return nest ? nla_find(nla_data(nest), nla_len(nest), type) : NULL;
}

static struct nlattr *vlan_info(const struct nlmsghdr *h)
{
	struct nlattr *info = vlans_find(h, IFLA_LINKINFO), *kind = within(info, IFLA_INFO_KIND);

	return kind && nla_strcmp(kind, "vlan") == 0 ? info : NULL;
}

unsigned vlans_about(const struct nlmsghdr *h, bool *ret_vlan)
{
	const struct ifinfomsg *i = nlmsg_data(h);

	if ((h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK) ||
	    !nlmsg_valid_hdr(h, sizeof(*i)))
		return 0;
	*ret_vlan = vlan_info(h);
	return (unsigned)i->ifi_index;
}

bool vlans_parse(const struct nlmsghdr *h, struct vlans_link *ret)
{
	const struct ifinfomsg *i = nlmsg_data(h);
	struct nlattr *data, *id, *proto, *lower, *mac;
	struct vlans_link l = { 0 };
	bool vlan;

	l.ifindex = vlans_about(h, &vlan);
	if (!l.ifindex || h->nlmsg_type != RTM_NEWLINK || !vlan)
		return false;
	data = within(vlan_info(h), IFLA_INFO_DATA);
	id = within(data, IFLA_VLAN_ID);
	proto = within(data, IFLA_VLAN_PROTOCOL);
	lower = vlans_find(h, IFLA_LINK);
	mac = vlans_find(h, IFLA_ADDRESS);
	if (!id || !lower || !(i->ifi_flags & IFF_UP) || vlans_find(h, IFLA_LINK_NETNSID))
		return false;
	if (mac && nla_len(mac) == sizeof(l.mac))
		memcpy(l.mac, nla_data(mac), sizeof(l.mac));
	l.lower = nla_get_u32(lower);
	l.vid = nla_get_u16(id);
	l.proto = proto ? ntohs(nla_get_u16(proto)) : ETH_P_8021Q;
	*ret = l;
	return true;
}

static void add_link(struct nl_msg *m, void *self)
{
	struct vlans *v = self;
	struct vlans_link l, *more;

	if (!vlans_parse(nlmsg_hdr(m), &l))
		return;
	more = realloc(v->links.v, (v->links.n + 1) * sizeof(l));
	if (!more) {
		v->result = -ENOMEM;
		return;
	}
	v->links.v = more;
	v->links.v[v->links.n++] = l;
}

static void no_links(void *self)
{
	struct vlans *v = self;

	v->links.n = 0;
	v->result = 0;
}

/* Kernels that filter by kind leave out devices of other kinds. */
static int read_links(struct vlans *v, struct nl_sock *sk)
{
	struct ifinfomsg h = { 0 };
	struct nl_msg *m = nlmsg_alloc_simple(RTM_GETLINK, NLM_F_DUMP);
	struct nlattr *info;
	bool bad;
	int r;

	if (!m)
		return -ENOMEM;
	bad = nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) < 0;
	info = nla_nest_start(m, IFLA_LINKINFO);
	bad = bad || !info || nla_put_string(m, IFLA_INFO_KIND, "vlan") < 0;
	if (!bad)
		nla_nest_end(m, info);
	r = nlreq_run(sk,
		      &(struct nlreq){
			      .m = m, .bad = bad, .valid = add_link, .anew = no_links, .self = v });
	return r < 0 ? r : v->result;
}

/* ---- devices on our ports ---- */

static const struct vlans_port *port_of(const struct vlans_port *p, size_t n, unsigned ifindex)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].ifindex == ifindex)
			return &p[i];
	return NULL;
}

static const struct vlans_link *link_of(const struct vlans_list *l, unsigned ifindex)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].ifindex == ifindex)
			return &l->v[i];
	return NULL;
}

/* A port accepts its MTU plus one tag; a second tag reduces the MTU of the packet. */
static struct bpf_vlan entry(const struct vlans_link *l, const struct vlans_link *outer,
			     const struct vlans_port *p)
{
	struct bpf_vlan e = { .ifindex = l->ifindex, .v = { .port = p->ifindex } };
	const struct vlans_link *tags[ZE_TAGS_MAX] = { outer ? outer : l, outer ? l : NULL };
	unsigned mtu = outer ? p->mtu - TAG_LEN : p->mtu;

	for (int i = 0; i < ZE_TAGS_MAX && tags[i]; i++) {
		e.v.vid[i] = tags[i]->vid;
		e.v.proto[i] = tags[i]->proto;
	}
	memcpy(e.mac, l->mac, sizeof(e.mac));
	e.v.mtu = (__u16)(mtu > UINT16_MAX ? UINT16_MAX : mtu);
	return e;
}

size_t vlans_resolve(const struct vlans_list *links, const struct vlans_port *ports, size_t n_ports,
		     struct bpf_vlan *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < links->n; i++) {
		const struct vlans_link *l = &links->v[i], *outer = NULL;
		const struct vlans_port *p = port_of(ports, n_ports, l->lower);

		if (!p)
			outer = link_of(links, l->lower);
		if (outer)
			p = port_of(ports, n_ports, outer->lower);
		if (p)
			ret[n++] = entry(l, outer, p);
	}
	return n;
}

static bool is_gone(int e)
{
	return e == ENODEV || e == ENXIO;
}

/* Reads the MTU of each port. A port that was removed is left out. */
static int read_ports(const struct vlans *v, struct vlans_port *ret, size_t *ret_n)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = 0;
	unsigned ports[VLANS_PORTS];
	size_t n = 0, n_ports = bpf_dp_ports(v->maps, ports, VLANS_PORTS);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; r == 0 && i < n_ports; i++) {
		struct ifreq q = { 0 };

		if (if_indextoname(ports[i], q.ifr_name) && ioctl(fd, SIOCGIFMTU, &q) == 0)
			ret[n++] = (struct vlans_port){ ports[i], (unsigned)q.ifr_mtu };
		else if (!is_gone(errno))
			r = -errno;
	}
	close(fd);
	*ret_n = n;
	return r;
}

/* ---- on the worker ---- */

/* Enters the MAC address of each port. The row of a port that was removed is deleted. */
static int enter_macs(const struct vlans *v)
{
	struct bpf_port_mac macs[VLANS_PORTS];
	unsigned ports[VLANS_PORTS];
	size_t n = 0, n_ports = bpf_dp_ports(v->maps, ports, VLANS_PORTS);

	for (size_t i = 0; i < n_ports; i++) {
		int r = bpf_vlan_read_mac(ports[i], &macs[n]);

		if (r < 0 && !is_gone(-r))
			return r;
		n += r == 0;
	}
	return bpf_dp_macs(v->maps, macs, n);
}

static int vlans_enter(struct vlans *v, struct nl_sock *sk)
{
	struct vlans_port ports[VLANS_PORTS];
	int r = read_links(v, sk);
	struct bpf_vlan *all = NULL;
	size_t n = 0;

	if (r == 0) {
		all = calloc(v->links.n + 1, sizeof(*all));
		r = all ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = read_ports(v, ports, &n);
	if (r == 0) {
		v->found = vlans_resolve(&v->links, ports, n, all);
		r = bpf_dp_vlans(v->maps, all, v->found);
	}
	if (r == 0)
		r = enter_macs(v);
	free(all);
	return r;
}

static void vlans_run(struct kjob *j, void *thread)
{
	struct vlans *v = ze_container_of(j, struct vlans, job);

	/* Retries here, because the next job starts only with the next change. */
	v->result = -EAGAIN;
	for (int i = 0; i < TRIES && v->result < 0; i++) {
		v->result = 0;
		v->result = vlans_enter(v, thread);
		free(v->links.v);
		v->links = (struct vlans_list){ .v = NULL };
	}
}

/* ---- on the reactor ---- */

static void read_again(struct vlans *v)
{
	if (v->running) {
		v->again = true;
		return;
	}
	v->running = true;
	v->again = false;
	kworker_submit(v->worker, &v->seq, &v->job);
}

static void vlans_done(struct kjob *j)
{
	struct vlans *v = ze_container_of(j, struct vlans, job);

	v->running = false;
	if (v->result == 0)
		v->result = bpf_dp_void_hops(v->maps);
	if (v->result < 0)
		log_kv(LOG_DP, LOG_WARN, "vlans-failed", KV_ERRNO(v->result),
		       KV_STR("effect", "packets to VLAN devices take the slow path"));
	else
		log_kv(LOG_DP, LOG_DEBUG, "vlans-found", KV_U64("devices", v->found));
	if (v->again)
		read_again(v);
}

static bool concerns_us(const struct vlans *v, const struct nlmsghdr *h)
{
	bool vlan = false;
	unsigned ifindex = vlans_about(h, &vlan), ports[VLANS_PORTS];
	size_t n = ifindex && !vlan ? bpf_dp_ports(v->maps, ports, VLANS_PORTS) : 0;

	for (size_t i = 0; i < n && !vlan; i++)
		vlan = ports[i] == ifindex;
	return ifindex && vlan;
}

static void vlans_heard(void *self, const struct nlmsghdr *h)
{
	struct vlans *v = self;

	v->ours = v->ours || !h || concerns_us(v, h);
}

static void vlans_heard_all(void *self)
{
	struct vlans *v = self;

	if (v->ours)
		read_again(v);
	v->ours = false;
}

void vlans_reread(struct vlans *v)
{
	read_again(v);
}

/* ---- set-up and removal ---- */

int vlans_watch(const struct vlans_args *a, struct vlans **ret)
{
	struct vlans *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->follow = a->follow;
	v->worker = a->worker;
	v->maps = a->maps;
	v->job.run = vlans_run;
	v->job.done = vlans_done;
	kworker_seq_init(&v->seq);
	v->listener =
		(struct follow_listener){ .heard = vlans_heard, .end = vlans_heard_all, .self = v };
	follow_add(v->follow, &v->listener);
	read_again(v);
	*ret = v;
	return 0;
}

void vlans_free(struct vlans *v)
{
	if (!v)
		return;
	follow_del(v->follow, &v->listener);
	free(v);
}
