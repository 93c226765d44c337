/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine owns all protocol state. Packets, data plane events, verdicts, operator verbs and time
 * come in here, one at a time, from one thread; everything it wants done goes out by ports. It
 * never blocks, has no clock (now is an argument, never goes back) and no global.
 *
 * Each call is a turn: when it returns all effects are performed, all events published, and
 * everything that ended has been freed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/broker.h"
#include "daemon/base/compiler.h"
#include "daemon/core/bus.h"
#include "daemon/core/config.h"
#include "daemon/core/ports.h"

struct engine;

struct engine_args {
	struct config *cfg; /* a reference is taken */
	struct ports ports; /* tables must outlive the engine */
	struct bus *bus;
	const char *hardening; /* what the process has given up, to be shown: "on"; may be NULL */
	ze_ns now;
	int64_t wall_ns; /* UTC at now: session ids begin with it */
};

/* 0 or -errno. */
int engine_new(const struct engine_args *a, struct engine **ret);
/* Everything at once, silently: peers notice by themselves. Use drain before. */
void engine_free(struct engine *e);

/* The same, but what is in the data plane and in the journal stays: for another process. */
void engine_leave(struct engine *e);

/* Another process's tunnels and sessions go on: all records of its journal, of which no two are of one
 * object. Once, when datagrams can be sent, before the first one is taken in. What can't go on is
 * refused and logged; the data plane keeps nothing of it. */
void engine_resume(struct engine *e, const struct journal_record *v, size_t n, ze_ns now);

/* Writes everything into the journal, which has begun anew. Between turns. */
void engine_record(struct engine *e);

/* One datagram; path->local is where it was sent to. */
void engine_udp_input(struct engine *e, const struct net_path *path, struct span datagram,
		      ze_ns now);
void engine_dp_event(struct engine *e, const struct dp_event *ev, ze_ns now);
/* A handler's late verdict; unknown cookies are harmless. The profile reference is taken over. */
void engine_auth_answer(struct engine *e, uint64_t cookie, struct aaa_answer *a, ze_ns now);

ze_ns engine_deadline(const struct engine *e); /* ZE_NEVER when nothing is to do */
void engine_expire(struct engine *e, ze_ns now);

struct hostip_set;
/* The addresses of this machine, all of them, whenever they have changed: before engine_resume, too. */
void engine_own_addresses(struct engine *e, const struct hostip_set *set, ze_ns now);

struct strbuf;
/* The reload table: what can change does, for the rest one line each goes to `warnings`. -EBUSY: l2tp
 * was enabled or disabled, which takes a restart; nothing has changed. -ENOMEM likewise. */
int engine_reload(struct engine *e, struct config *cfg, struct strbuf *warnings, ze_ns now);
/* No new tunnels or sessions; StopCCN 6 on all tunnels; engine_drained turns true when all are
 * acknowledged and the data plane is empty. */
void engine_drain(struct engine *e, ze_ns now);
bool engine_drained(const struct engine *e);
/* In any state: each takes memory. */
unsigned engine_sessions(const struct engine *e);
