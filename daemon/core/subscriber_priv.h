/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The structure of a subscriber, for the files of daemon/core and daemon/ops and for tests only.
 * subscriber.h describes its life.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/htab.h"
#include "daemon/base/list.h"
#include "daemon/base/pool.h"
#include "daemon/core/admit.h"
#include "daemon/core/call_priv.h"
#include "daemon/core/engine_priv.h"
#include "daemon/core/event.h"
#include "daemon/core/lease.h"
#include "daemon/core/linkcfg.h"
#include "daemon/core/ports.h"
#include "ppp/link.h"

enum sub_dp {
	SUB_DP_NONE,
	SUB_DP_ATTACHING,
	SUB_DP_UP,
	SUB_DP_CLOSING
};
enum sub_shape {
	SUB_SHAPE_OFF,	   /* no rates */
	SUB_SHAPE_WAITING, /* for the data plane */
	SUB_SHAPE_ON,
	SUB_SHAPE_FAILED /* the session continues without rates */
};
enum sub_family { /* one family in the data plane */
	SUB_FAM_OFF,
	SUB_FAM_WAITING,   /* for the session itself to be attached */
	SUB_FAM_REQUESTED, /* family_up is not answered yet */
	SUB_FAM_UP	   /* prepared; open while ncp_up is set */
};

enum sub_request {	/* requests to the data plane that a newer one may replace */
	SUB_REQ_FAMILY, /* family_up; + enum ppp_family */
	SUB_REQ_SHAPE = SUB_REQ_FAMILY + PPP_FAM__COUNT,
	SUB_REQ__COUNT
};

struct sub_timers {		    /* those of daemon/core/service.h */
	uint32_t session_s, idle_s; /* 0: none */
	ze_ns idle_since;	    /* the plane had counted `packets` by then */
	ze_ns idle_check;	    /* when the plane is asked again */
	uint64_t packets;	    /* from the subscriber */
};

struct subscriber {
	struct call call;
	struct engine *e;
	struct list in_user;	/* user.sessions; when it gives way: engine.replaced */
	struct list in_waiting; /* pool.waiters or engine.woken */
	struct htab_node in_by_address;
	struct linkcfg *linkcfg;
	struct ppp_link link;
	uint64_t id; /* never used twice on this host: engine.next_id */
	enum sub_state state;
	bool linked, opened;		   /* ppp_link is initialised; ppp_link_open() was called */
	bool restored;			   /* restored from a record of the previous instance */
	bool gives_way;			   /* a newer session replaces it */
	bool counted;			   /* `traffic` is valid: the plane has reported it */
	bool reshape;			   /* the rates changed while a request was unanswered */
	uint8_t dp_family[PPP_FAM__COUNT]; /* enum sub_family */
	uint8_t dp_unanswered[SUB_REQ__COUNT]; /* requests to the data plane without an answer */
	ze_ns up_at;			       /* when it became SUB_ESTABLISHED; 0 before */
	enum end_cause end;		       /* why it ended; END_NONE before */
	struct session_facts *facts;	       /* the latest; NULL before the ICCN */
	struct profile *profile;   /* that of `facts`; NULL: no authentication, or not yet */
	struct login_wait *wait;   /* the verdict that is awaited; NULL: none */
	struct sub_timers *timers; /* NULL: none */
	struct login_held *held;   /* delayed answer to a wrong password; NULL: none */
	struct lease lease;	   /* its address; in the registry while r_address is held */
	/* The session that waits for the address of this one, and the one whose address it
	 * awaits. */
	struct subscriber *heir, *awaits;
	struct user *of_user; /* NULL: not counted with a user */
	enum sub_dp dp;
	enum sub_shape shape;
	ze_ns attach_by; /* when a waiting family is attached even if the link is not quiet */
	union {
		struct dp_family dp_has[PPP_FAM__COUNT]; /* last argument of family_up */
		struct event_traffic traffic;		 /* with `counted`: after DP_EV_GONE */
	};
	struct shape_plan plan;
	char ifname[16];
	bool ncp_up[PPP_FAM__COUNT]; /* between PPP_FX_NCP_UP and PPP_FX_NCP_DOWN */
	/* Resources it holds, newest first; drained once, when it is released. */
	struct res_pool pool;
	struct res r_user, r_address, r_dp;
	uint64_t rx_frames, tx_frames; /* PPP control frames processed by the engine */
	uint64_t rx_limited;	       /* frames dropped because `frames` had no token */
	struct admit_bucket frames;
};

/* Begins PPP, with what the LAC has negotiated if it reports that; the effects are in e->ppp_fx. */
void subscriber_open_link(struct subscriber *s, ze_ns now);
/* The owner of calls that end PPP here. */
extern const struct call_owner_ops subscriber_call_ops;
/* The subscriber of the call; NULL when the call is NULL or has another owner. */
static inline struct subscriber *subscriber_of(const struct call *c)
{
	return c && c->owner == &subscriber_call_ops ? ze_container_of(c, struct subscriber, call) :
						       NULL;
}
/* The same for a call that has this owner: in the functions of subscriber_call_ops. */
static inline struct subscriber *subscriber_owner(const struct call *c)
{
	return ze_container_of(c, struct subscriber, call);
}
