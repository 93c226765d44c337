/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/bpf/xdp_refusal.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"

#define MTU_ONE_PAGE 3498 /* with the headroom and tailroom of XDP, a page is full */

/* ---- causes and cures ---- */

static const struct {
	const char *word, *cure;
} cures[] = {
	{ "MTU", "lower the MTU of the interface to 3498 or less; for a veth, that of its peer" },
	{ "LRO", "ethtool -K INTERFACE lro off" },
	{ "RSC", "ethtool -K INTERFACE lro off" },
	{ "GRO_HW",
	  "ethtool -K INTERFACE rx-gro-hw off, or disable the guest offloads on the host" },
	{ "CSUM", "disable the guest offloads on the host" },
	{ "queue", "give the interface more queues, or fewer channels: ethtool -L INTERFACE" },
	{ "channel", "give the interface more queues, or fewer channels: ethtool -L INTERFACE" },
	{ "ring", "give the interface more queues, or fewer channels: ethtool -L INTERFACE" },
};

const char *xdp_refusal_cure(struct xdp_refusal *r)
{
	if (!r->why[0] && r->error == -EOPNOTSUPP)
		snprintf(r->why, sizeof(r->why), "the driver has no native XDP");
	else if (!r->why[0] && r->lro)
		snprintf(r->why, sizeof(r->why), "LRO is on");
	else if (!r->why[0] && r->mtu > MTU_ONE_PAGE)
		snprintf(r->why, sizeof(r->why), "its MTU is %u", r->mtu);
	else if (!r->why[0])
		snprintf(r->why, sizeof(r->why), "%s", log_strerror(r->error));
	for (size_t i = 0; i < ZE_ARRAY_SIZE(cures); i++)
		if (strcasestr(r->why, cures[i].word))
			return cures[i].cure;
	return r->error == -EOPNOTSUPP ? "use an interface whose driver has native XDP" :
					 "see the kernel's log";
}

/* ---- the message of the kernel ---- */

static struct xdp_refusal *listening;
static libbpf_print_fn_t before;

ZE_PRINTF(2, 0)
static int on_message(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	static const char mark[] = "Kernel error message: ";
	char line[256];
	const char *at;

	(void)level;
	vsnprintf(line, sizeof(line), fmt, ap);
	at = strstr(line, mark);
	if (!at)
		return 0;
	at += strlen(mark);
	snprintf(listening->why, sizeof(listening->why), "%.*s", (int)strcspn(at, "\n"), at);
	return 0;
}

void xdp_refusal_begin(struct xdp_refusal *r)
{
	*r = (struct xdp_refusal){ .error = 0 };
	listening = r;
	before = libbpf_set_print(on_message);
}

void xdp_refusal_end(struct xdp_refusal *r, int error, const char *interface)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };
	struct ifreq q = { 0 };
	int fd;

	libbpf_set_print(before);
	listening = NULL;
	r->error = error;
	fd = error < 0 ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	if (fd < 0)
		return;
	snprintf(q.ifr_name, sizeof(q.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCGIFMTU, &q) == 0)
		r->mtu = (unsigned)q.ifr_mtu;
	q.ifr_data = (void *)&flags;
	if (ioctl(fd, SIOCETHTOOL, &q) == 0)
		r->lro = flags.data & ETH_FLAG_LRO;
	close(fd);
}
