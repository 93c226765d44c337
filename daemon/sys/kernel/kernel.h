/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one session is made of in the kernel, as steps that block and can be undone. dp_kernel runs
 * them in order and undoes them newest first; a test puts its own steps here. Steps run on workers;
 * a session's never two at a time. A step that failed has left nothing; `down` is called exactly once
 * for each `up` that succeeded and can't fail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/ports.h"

struct counts_row;
struct pool_routes;
struct repair_result;

struct kernel_tunnel {
	struct dp_tunnel t;
	int fd; /* connected UDP socket */
};

struct kernel_session {
	struct dp_session s; /* ids as the kernel shall know them */
	bool labelled;	     /* and to the peer they are these */
	uint16_t label_tid, label_sid;
	int tunnel_fd;
	int pppox, chan, unit; /* PPPoL2TP socket, /dev/ppp of the channel, of the unit; or -1 */
	int chan_no, unit_no;
	int ifindex;
	char ifname[16];
	uint16_t mtu;  /* the interface is up with it; 0: down */
	bool other_up; /* during a family's steps: the other one is attached */
};

struct kernel_step {
	const char *name;
	int (*up)(void *thread, struct kernel_session *s); /* 0 or -errno */
	void (*down)(void *thread, struct kernel_session *s);
	bool in_turn; /* up is made between enter and leave */
	/* Puts back what somebody else took away: 0 it is there, 1 it is there again, or -errno. NULL: nobody can. */
	int (*check)(void *thread, struct kernel_session *s);
};

struct kernel_family_step {
	const char *name;
	int (*up)(void *thread, struct kernel_session *s, const struct dp_family *f);
	void (*down)(void *thread, struct kernel_session *s, const struct dp_family *f);
	bool with_session; /* goes with the interface: not undone when the session ends */
	int (*check)(void *thread, struct kernel_session *s, const struct dp_family *f);
};

/* Also called on what is up, to replace its rates. */
struct kernel_shape_step {
	const char *name;
	int (*up)(void *thread, struct kernel_session *s, const struct shape_plan *p);
	void (*down)(void *thread, struct kernel_session *s);
	bool with_session; /* as above */
};

#define KERNEL_STEPS_MAX 10

struct kernel_ops {
	/* What one worker thread needs: its netlink sockets. */
	int (*thread_new)(void **ret_thread);
	void (*thread_free)(void *thread);
	/* One worker at a time, for as many steps in a row as want it: what the kernel makes one wait for
	 * anyway. A family's steps up all do. */
	void (*enter)(void);
	void (*leave)(void);
	/* On the reactor; they don't block. */
	int (*socket)(const struct net_path *path, int *ret_fd);
	void (*close)(int fd);

	int (*tunnel_up)(void *thread, const struct kernel_tunnel *t);
	/* The kernel has forgotten the id when it returns. */
	void (*tunnel_down)(void *thread, const struct kernel_tunnel *t);
	struct kernel_step steps[KERNEL_STEPS_MAX]; /* up to one without a name */
	struct kernel_shape_step shape_steps[KERNEL_STEPS_MAX];
	struct kernel_family_step family_steps[KERNEL_STEPS_MAX];
	/* A family whose steps are done: its packets pass, or are dropped. In turn. 0 or -errno. */
	int (*pass)(void *thread, struct kernel_session *s, enum ppp_family family, bool pass);
	/* Blackhole routes: these and no others (pool_routes.h). */
	int (*pool)(void *thread, const struct pool_routes *want, struct repair_result *res);
	/* All of them in one go, those that are there: 0 or -errno. */
	int (*stats)(void *thread, struct counts_row *rows, size_t n);
	/* Of one session, while it has its interface: 0 or -errno. */
	int (*final)(void *thread, const struct kernel_session *k, struct dp_stats *ret);
};

extern const struct kernel_ops kernel_ops; /* the real ones */

/* Linux 6.11 began to find sessions by tunnel and session id in the whole namespace. Before, a
 * packet's session was looked for only in the tunnel of the socket it arrived at, by session id alone: of
 * several tunnels between the same addresses and ports all but one were deaf. */
bool kernel_tunnels_share_path(void);

enum kernel_missing {
	KERNEL_NO_GENL = 1,  /* generic netlink family l2tp: l2tp_netlink */
	KERNEL_NO_PPP = 2,   /* /dev/ppp: ppp_generic */
	KERNEL_NO_PPPOX = 4, /* PPPoL2TP sockets: l2tp_ppp */
	KERNEL_NO_RIGHT = 8  /* they exist, but CAP_NET_ADMIN is not ours */
};

/* What is missing; 0: the kernel plane can work. The kernel loads its modules meanwhile: it may take a second. */
unsigned kernel_probe(void);
/* What is missing, and what to do about it, as one sentence. */
struct strbuf;
void kernel_missing_text(unsigned missing, struct strbuf *out);
