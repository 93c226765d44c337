/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel plane's bookkeeping is made of, for dp_kernel.c and dp_kernel_check.c only. */
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
#include "daemon/sys/run/kworker.h"

enum tunnel_state {
	TUNNEL_CLOSED, /* no socket */
	TUNNEL_OPEN,
	TUNNEL_DELETING
};

struct tunnel {
	UT_hash_handle hh;
	struct dp_kernel *d;
	uint16_t tid;
	unsigned refs; /* sessions */
	enum tunnel_state state;
	struct kernel_tunnel k;
	struct udp_sock *watch;
	pthread_mutex_t lock; /* over created: the sessions' jobs race for it */
	bool created;
	struct list waiting; /* of session.link */
	struct kseq seq;
	struct kjob delete_job;
};

enum session_state {
	SESSION_WAITING, /* for its tunnel */
	SESSION_BUILDING,
	SESSION_UP,
	SESSION_CLOSING
};

struct family {
	struct dp_family f;
	size_t done;	    /* steps; 0: not attached */
	bool passes;	    /* packets do */
	atomic_bool wanted; /* by the reactor: that they do */
};

struct session {
	UT_hash_handle hh;
	struct list link;
	struct dp_kernel *d;
	uint16_t sid;
	enum session_state state;
	struct tunnel *tunnel;
	struct kernel_session k;
	size_t done;   /* steps */
	size_t shaped; /* steps */
	struct family families[PPP_FAM__COUNT];
	atomic_bool cancel;
	int result;
	const char *failed; /* step */
	struct kseq seq;
	struct kjob up_job, down_job, open_job, check_job;
	struct htab_node in_ifindex; /* while UP */
	struct list in_suspects;
	bool indexed, checking, check_again;
	struct repair_result check_result; /* the job's */
	bool opening, open_again;	   /* open_job is under way; and is to run once more */
	int open_result;
	struct family_job *spare[PPP_FAM__COUNT]; /* so that family_down can't fail */
	struct dp_frames frames;
	bool counted; /* by the take-down job: final */
	struct dp_stats final;
};

struct dp_kernel {
	struct dp_kernel_seams a;
	struct kworker *workers;
	struct counts counts;
	struct tunnel *tunnels;
	struct session *sessions;
	struct pool_keeper pool;
	struct log_limit lines;
	/* Sessions somebody may have taken something from. */
	struct htab by_ifindex;
	struct list suspects;
	unsigned n_checking;
	bool check; /* asked for and not answered */
	struct repair_result checked;
};

/* In by_ifindex. */
uint32_t dp_kernel_hash(int ifindex);
