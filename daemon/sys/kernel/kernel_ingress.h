/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps for a subscriber's upstream packets in the kernel plane: the permitted source addresses
 * and the rate. A session has a row in the program's map, and the program is attached to its
 * interface, from kernel_ingress_up() to kernel_ingress_down(). Program and map are loaded while
 * any session exists. The functions block: only on workers.
 */
#pragma once

#include <pthread.h>

#include "daemon/sys/kernel/kernel_session.h"

struct bpf_ingress;
struct nl_sock;

/* Shared by the workers of a plane. The steps of a session that is up may use p without the
 * lock. */
struct kernel_ingress {
	pthread_mutex_t lock;
	struct bpf_ingress *p; /* NULL: there is no session */
	unsigned sessions;
};

void kernel_ingress_init(struct kernel_ingress *in);
/* Call when there is no session any more. */
void kernel_ingress_done(struct kernel_ingress *in);
/* Attaches the program, which drops all upstream packets until a source is permitted. Returns 0 or
 * -errno. */
int kernel_ingress_up(struct kernel_ingress *in, struct nl_sock *rtnl,
		      const struct kernel_session *s);
/* Attaches the program again if it is missing. Returns 0 when it was attached, 1 when it was
 * missing, or -errno. */
int kernel_ingress_check(struct kernel_ingress *in, struct nl_sock *rtnl,
			 const struct kernel_session *s);
/* Removes the row. The program is removed with the interface. */
void kernel_ingress_down(struct kernel_ingress *in, const struct kernel_session *s);
/* Permits the peer's address of f as a source (open), or no address of its family. Returns 0 or
 * -errno. */
int kernel_ingress_source(struct kernel_ingress *in, const struct kernel_session *s,
			  const struct dp_family *f, bool open);
/* Permits sources in a network behind the subscriber (add), or not any more; the entry of another
 * session for the same prefix is left alone. Returns 0 or -errno. */
int kernel_ingress_net(struct kernel_ingress *in, const struct kernel_session *s,
		       const struct ze_prefix *p, bool add);
/* Sets the upstream rate, as the cost of gcra.h; 0: unlimited. Packets that arrive meanwhile may be
 * missing in the counters. Returns 0 or -errno. */
int kernel_ingress_rate(struct kernel_ingress *in, const struct kernel_session *s, uint32_t cost);
/* Sets up_spoofed and up_policed of st: packets dropped so far. */
void kernel_ingress_read(struct kernel_ingress *in, int ifindex, struct dp_stats *st);
