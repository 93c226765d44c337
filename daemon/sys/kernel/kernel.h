/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of a session in the kernel, as steps that block and can be undone. dp_kernel.c runs the
 * steps in the order of the table and undoes them in reverse order; unit tests supply their own
 * table. Steps run on workers, those of one session one at a time. A step that fails has no effect.
 * `down` is called exactly once for each `up` that succeeded, and cannot fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/ports.h"
#include "daemon/sys/kernel/kernel_ingress.h"
#include "daemon/sys/kernel/kernel_session.h"

struct bpf_label;
struct counts_row;
struct pool_routes;
struct repair_result;

struct kernel_step {
	const char *name;
	int (*up)(void *thread, struct kernel_session *s); /* 0 or -errno */
	void (*down)(void *thread, struct kernel_session *s);
	bool in_turn; /* up runs between enter() and leave() */
	/* Restores what another program has removed. Returns 0 when it was there, 1 when it was
	 * restored, or -errno. NULL: cannot be restored. */
	int (*check)(void *thread, struct kernel_session *s);
};

struct kernel_family_step {
	const char *name;
	int (*up)(void *thread, struct kernel_session *s, const struct dp_family *f);
	void (*down)(void *thread, struct kernel_session *s, const struct dp_family *f);
	bool with_session; /* removed with the interface: not undone when the session ends */
	int (*check)(void *thread, struct kernel_session *s, const struct dp_family *f);
};

/* up is also called when the step is up, to replace the rates. */
struct kernel_shape_step {
	const char *name;
	int (*up)(void *thread, struct kernel_session *s, const struct shape_plan *p);
	void (*down)(void *thread, struct kernel_session *s);
	bool with_session; /* as above */
};

#define KERNEL_STEPS_MAX 10

/* What the workers of a plane share; it exists before the first worker and after the last. */
struct kernel_shared {
	struct bpf_label *labels; /* NULL: no session is labelled */
	struct kernel_ingress ingress;
};

struct kernel_ops {
	/* Creates and frees what one worker thread needs: its netlink sockets, and access to
	 * `shared`. */
	int (*thread_new)(struct kernel_shared *shared, void **ret_thread);
	void (*thread_free)(void *thread);
	/* A lock for steps that need the kernel's RTNL lock, where workers would wait for each
	 * other anyway. It is held over consecutive steps with in_turn, and over all steps of a
	 * family. */
	void (*enter)(void);
	void (*leave)(void);
	/* Called on the reactor; they do not block. */
	int (*socket)(const struct net_path *path, int *ret_fd);
	void (*close)(int fd);

	int (*tunnel_up)(void *thread, const struct kernel_tunnel *t);
	/* Returns after the kernel has released the id. */
	void (*tunnel_down)(void *thread, const struct kernel_tunnel *t);
	struct kernel_step steps[KERNEL_STEPS_MAX]; /* the first without a name ends the table */
	struct kernel_shape_step shape_steps[KERNEL_STEPS_MAX];
	struct kernel_family_step family_steps[KERNEL_STEPS_MAX];
	/* A route to a network behind the subscriber, through the session's interface, and its
	 * prefix as a permitted source. Adding replaces; removing leaves those of other sessions
	 * alone. check is that of a step. Added and checked between enter() and leave(). */
	int (*route)(void *thread, struct kernel_session *s, const struct dp_route *r, bool add);
	int (*route_check)(void *thread, struct kernel_session *s, const struct dp_route *r);
	int (*route_source)(void *thread, struct kernel_session *s, const struct ze_prefix *p,
			    bool add);
	/* Passes or drops the packets of a family whose steps are done. Called between enter() and
	 * leave(). Returns 0 or -errno. */
	int (*pass)(void *thread, struct kernel_session *s, enum ppp_family family, bool pass);
	/* Replaces the blackhole routes by these (pool_routes.h). */
	int (*pool)(void *thread, const struct pool_routes *want, struct repair_result *res);
	/* Fills the counters of those rows whose interface exists. Returns 0 or -errno. */
	int (*stats)(void *thread, struct counts_row *rows, size_t n);
	/* Reads the counters of one session, before its interface is removed. Returns 0 or
	 * -errno. */
	int (*final)(void *thread, const struct kernel_session *k, struct dp_stats *ret);
};

extern const struct kernel_ops kernel_ops; /* the real table */

/* True when several tunnels can have the same addresses and ports. Since Linux 6.11 a session is
 * looked up by tunnel and session id in the whole namespace. Before, it was looked up by session id
 * alone, in the tunnel of the socket that received the packet: of several tunnels between the same
 * addresses and ports, only one received packets. */
bool kernel_tunnels_share_path(void);

enum kernel_missing {
	KERNEL_NO_GENL = 1,  /* generic netlink family l2tp: l2tp_netlink */
	KERNEL_NO_PPP = 2,   /* /dev/ppp: ppp_generic */
	KERNEL_NO_PPPOX = 4, /* PPPoL2TP sockets: l2tp_ppp */
	KERNEL_NO_RIGHT = 8  /* /dev/ppp exists, but the process lacks CAP_NET_ADMIN */
};

/* Returns the set of what is missing; 0: the kernel plane can be used. Blocks, for up to a second
 * when the kernel loads its modules. */
unsigned kernel_probe(void);
/* Appends one sentence: what is missing, and the cure. */
struct strbuf;
void kernel_missing_text(unsigned missing, struct strbuf *out);
