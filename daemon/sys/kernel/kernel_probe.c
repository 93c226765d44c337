/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detects the kernel plane by using it, not by reading lists of modules. The kernel loads missing
 * modules by itself when a socket family, a generic netlink family or a device is used, so ze needs
 * neither modprobe nor CAP_SYS_MODULE.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/if_pppox.h>

#include "daemon/base/strbuf.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/genl_l2tp.h"

unsigned kernel_probe(void)
{
	struct genl_l2tp *g;
	unsigned missing = 0;
	int fd, r;

	/* l2tp_ppp first, because it loads all the others: /dev/ppp may not exist before. */
	fd = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);
	if (fd < 0)
		missing |= KERNEL_NO_PPPOX;
	else
		close(fd);
	r = genl_l2tp_open(&g);
	if (r < 0)
		missing |= KERNEL_NO_GENL;
	else
		genl_l2tp_close(g);
	fd = open("/dev/ppp", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		missing |= errno == EPERM || errno == EACCES ? KERNEL_NO_RIGHT : KERNEL_NO_PPP;
	else
		close(fd);
	return missing;
}

void kernel_missing_text(unsigned missing, struct strbuf *out)
{
	struct utsname u;
	const char *sep = "";

	sb_puts(out, "the kernel data plane needs");
	if (missing & KERNEL_NO_GENL) {
		sb_puts(out, " L2TP over netlink (module l2tp_netlink)");
		sep = ",";
	}
	if (missing & KERNEL_NO_PPP) {
		sb_printf(out, "%s /dev/ppp (module ppp_generic)", sep);
		sep = ",";
	}
	if (missing & KERNEL_NO_PPPOX) {
		sb_printf(out, "%s PPPoL2TP sockets (modules pppox, l2tp_ppp)", sep);
		sep = ",";
	}
	if (missing & KERNEL_NO_RIGHT)
		sb_printf(out, "%s the right to open /dev/ppp (CAP_NET_ADMIN: start as root)", sep);
	if (missing & ~(unsigned)KERNEL_NO_RIGHT)
		sb_printf(
			out,
			"; kernel %s does not have it: install a kernel with these modules (Debian: "
			"linux-image-amd64, not a cloud kernel) and `modprobe l2tp_ppp`, or set "
			"ze.l2tp.skip-kernel-probe=true to run without forwarding packets",
			uname(&u) == 0 ? u.release : "running");
}
