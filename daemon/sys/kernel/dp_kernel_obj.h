/* SPDX-License-Identifier: BSD-2-Clause */
/* The structures of the kernel plane's bookkeeping, only for dp_kernel.c and dp_kernel_check.c. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/hash.h"
#include "daemon/base/htab.h"
#include "daemon/base/list.h"
#include "daemon/base/log.h"
#include "daemon/core/ports.h"
#include "daemon/sys/kernel/dp_kernel_priv.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/pool_routes.h"
#include "daemon/sys/net/repair.h"
#include "daemon/sys/run/counts.h"
#include "daemon/sys/run/dp_jobs.h"
#include "daemon/sys/run/kworker.h"

enum tunnel_state {
	TUNNEL_CLOSED, /* no socket */
	TUNNEL_OPEN,
	TUNNEL_DELETING
};

struct dp_kernel_tunnel {
	struct htab_node in_tunnels;
	struct dp_kernel *d;
	uint16_t tid;
	unsigned refs; /* number of sessions */
	enum tunnel_state state;
	struct kernel_tunnel k;
	struct udp_sock *watch;
	pthread_mutex_t lock; /* protects created, which the jobs of several sessions set */
	bool created;
	struct list waiting; /* sessions, by session.link */
	struct kseq seq;
	struct kjob delete_job;
};

struct family {
	struct dp_family f;
	size_t done;	    /* number of steps done; 0: not attached */
	bool passes;	    /* packets pass now */
	atomic_bool wanted; /* set by the reactor: packets shall pass */
};

struct session {
	/* WAITING: until the kernel tunnel is deleted and can be created again. */
	struct dp_jobs_session jobs;
	struct list link;
	struct dp_kernel *d;
	struct dp_kernel_tunnel *tunnel;
	struct kernel_session k;
	size_t done;   /* number of steps done */
	size_t shaped; /* number of steps done */
	struct family families[PPP_FAM__COUNT];
	struct dp_route *routes; /* dp_kernel_route.h; NULL: none */
	size_t n_routes;
	atomic_bool cancel;
	const char *failed; /* name of the set-up's step */
	struct kjob open_job, check_job;
	struct htab_node in_ifindex; /* in by_ifindex, while UP */
	struct list in_suspects;
	bool indexed, checking, check_again;
	struct repair_result check_result; /* of the check job */
	bool opening, open_again;	   /* open_job is submitted; it must run once more */
	int open_result;
	struct dp_frames frames;
	bool counted; /* set by the job of the removal: final is valid */
	struct dp_stats final;
};

struct dp_kernel {
	struct dp_jobs jobs; /* first, for dp_kernel_ops */
	struct dp_kernel_seams a;
	struct counts counts;
	struct htab tunnels; /* by our tunnel id */
	struct pool_keeper pool;
	struct log_limit lines;
	/* Sessions from which another program may have removed something. */
	struct htab by_ifindex;
	struct list suspects;
	unsigned n_checking;
	bool check; /* a check was requested and io->checked has not been called yet */
	struct repair_result checked;
};

static inline struct session *dp_kernel_session(struct dp_jobs_session *s)
{
	return ze_container_of(s, struct session, jobs);
}

/* Hash of the key of by_ifindex. */
uint32_t dp_kernel_hash(int ifindex);
