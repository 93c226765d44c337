/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lengths are those of IP packets, because packets queued on pppN have no link header. Rates are
 * given with a link layer, so that the kernel calculates times itself and does not expect a rate
 * table.
 */
#include "shaping/tc.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdbool.h>

#define TBF_HANDLE TC_H_MAKE(1u << 16, 0)
#define HTB_HANDLE                                                                                 \
	TC_H_MAKE(2u << 16, 0) /* differs from TBF's, so that one can replace the other */
#define HTB_CLASS   TC_H_MAKE(2u << 16, 1)
#define FIFO_HANDLE TC_H_MAKE(3u << 16, 0)
#define TICK_NS	    64	 /* time unit of the kernel's packet scheduler, in ns */
#define QUANTUM	    3000 /* has no effect with one class; 0 makes the kernel log a warning */

static struct nl_msg *tc_begin(int type, int ifindex, uint32_t parent, uint32_t handle,
			       const char *kind)
{
	int flags = type == RTM_DELQDISC ? 0 : NLM_F_CREATE | NLM_F_REPLACE;
	struct tcmsg h = { .tcm_ifindex = ifindex, .tcm_parent = parent, .tcm_handle = handle };
	struct nl_msg *m = nlmsg_alloc_simple(type, flags);

	if (m && nlmsg_append(m, &h, sizeof(h), NLMSG_ALIGNTO) == 0 &&
	    (!kind || nla_put_string(m, TCA_KIND, kind) == 0))
		return m;
	nlmsg_free(m);
	return NULL;
}

static int tc_finish(struct nl_msg *m, bool bad, tc_send send, void *self)
{
	if (!bad)
		return send(self, m);
	nlmsg_free(m);
	return -ENOMEM;
}

static struct tc_ratespec ratespec(uint64_t octets)
{
	return (struct tc_ratespec){ .linklayer = TC_LINKLAYER_ETHERNET,
				     .rate = octets < UINT32_MAX ? (uint32_t)octets : UINT32_MAX };
}

/* 64-bit rates are used only where 32 bits are not enough, since old kernels do not know them. */
static bool put_rate64(struct nl_msg *m, int attr, uint64_t octets)
{
	return octets < UINT32_MAX || nla_put_u64(m, attr, octets) == 0;
}

static int tbf(int ifindex, uint64_t bps, tc_send send, void *self)
{
	struct tc_tbf_qopt q = { .rate = ratespec(bps / 8), .limit = plan_queue(bps) };
	struct nl_msg *m = tc_begin(RTM_NEWQDISC, ifindex, TC_H_ROOT, TBF_HANDLE, "tbf");
	struct nlattr *o = m ? nla_nest_start(m, TCA_OPTIONS) : NULL;
	bool ok = o && nla_put(m, TCA_TBF_PARMS, sizeof(q), &q) == 0 &&
		  nla_put_u32(m, TCA_TBF_BURST, plan_shaper_burst(bps)) == 0 &&
		  put_rate64(m, TCA_TBF_RATE64, bps / 8);

	if (ok)
		nla_nest_end(m, o);
	return tc_finish(m, !ok, send, self);
}

/* The root qdisc cannot be changed and needs no change, so -EEXIST is success. */
static int htb_root(int ifindex, tc_send send, void *self)
{
	struct tc_htb_glob g = { .version = TC_HTB_PROTOVER, .rate2quantum = 10, .defcls = 1 };
	struct nl_msg *m = tc_begin(RTM_NEWQDISC, ifindex, TC_H_ROOT, HTB_HANDLE, "htb");
	struct nlattr *o = m ? nla_nest_start(m, TCA_OPTIONS) : NULL;
	bool ok = o && nla_put(m, TCA_HTB_INIT, sizeof(g), &g) == 0;
	int r;

	if (ok) {
		nla_nest_end(m, o);
		nlmsg_hdr(m)->nlmsg_flags |= NLM_F_EXCL;
	}
	r = tc_finish(m, !ok, send, self);
	return r == -EEXIST ? 0 : r;
}

static int htb_class(int ifindex, uint64_t bps, tc_send send, void *self)
{
	uint64_t burst_ns = plan_shaper_burst(bps) * 8000000000ull / bps;
	struct tc_htb_opt c = { .rate = ratespec(bps / 8),
				.ceil = ratespec(bps / 8),
				.buffer = (uint32_t)(burst_ns / TICK_NS),
				.cbuffer = (uint32_t)(burst_ns / TICK_NS),
				.quantum = QUANTUM };
	struct nl_msg *m = tc_begin(RTM_NEWTCLASS, ifindex, HTB_HANDLE, HTB_CLASS, "htb");
	struct nlattr *o = m ? nla_nest_start(m, TCA_OPTIONS) : NULL;
	bool ok = o && nla_put(m, TCA_HTB_PARMS, sizeof(c), &c) == 0 &&
		  put_rate64(m, TCA_HTB_RATE64, bps / 8) && put_rate64(m, TCA_HTB_CEIL64, bps / 8);

	if (ok)
		nla_nest_end(m, o);
	return tc_finish(m, !ok, send, self);
}

/* The default queue of a class would be as long as the queue of pppN: three packets. */
static int htb_queue(int ifindex, uint64_t bps, tc_send send, void *self)
{
	struct tc_fifo_qopt q = { .limit = plan_queue(bps) };
	struct nl_msg *m = tc_begin(RTM_NEWQDISC, ifindex, HTB_CLASS, FIFO_HANDLE, "bfifo");
	bool ok = m && nla_put(m, TCA_OPTIONS, sizeof(q), &q) == 0;

	return tc_finish(m, !ok, send, self);
}

int tc_shape(int ifindex, const struct shape_plan *p, tc_send send, void *self)
{
	int r;

	if (p->qdisc == SHAPE_TBF)
		return tbf(ifindex, p->down_bps, send, self);
	r = htb_root(ifindex, send, self);
	if (r == 0)
		r = htb_class(ifindex, p->down_bps, send, self);
	if (r == 0)
		r = htb_queue(ifindex, p->down_bps, send, self);
	return r;
}

int tc_clear(int ifindex, tc_send send, void *self)
{
	struct nl_msg *m = tc_begin(RTM_DELQDISC, ifindex, TC_H_ROOT, 0, NULL);

	return tc_finish(m, !m, send, self);
}
