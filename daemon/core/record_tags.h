/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The format of restart records, which consist of the fields of daemon/base/tlv.h. The tables here
 * describe the levels that the engine writes itself. They refer to those of the machines
 * (l2tp_session_saved, ppp_link_saved and others), so that every field can be reached from
 * record_tags[kind]. docs/state-file.md is generated from them.
 *
 * The outermost level is the same in all versions and can be read by all of them: `version` is the
 * version of the writer's records of this kind, `needs` is the oldest version of a reader that may
 * use the record. A writer raises `version` with each new field, and `needs` only when a reader
 * that skips the new field would do harm. A reader refuses records that need a newer reader
 * (resume-newer), and records older than it understands (resume-older). A tag, or a written value
 * of an enumeration, never changes its meaning.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/tlv.h"
#include "daemon/core/ports.h"

struct record_versions {
	uint16_t writes; /* version of the records that this program writes */
	uint16_t needs;	 /* oldest version of a reader that may use them */
	uint16_t reads;	 /* oldest version that this program understands */
};

extern const struct record_versions record_versions[JOURNAL__KINDS];
extern const struct tlv_table *const record_tags[JOURNAL__KINDS];
extern const struct tlv_table record_tunnel_tags;
extern const struct tlv_table record_address_tags;
extern const struct tlv_table record_session_tags;
extern const struct tlv_table record_profile_tags;
extern const struct tlv_table record_plan_tags;
extern const struct tlv_table record_timers_tags;

/* The longest list of a profile that is saved, in octets. */
#define RECORD_LIST_MAX 2240

enum { /* the outermost level; from 3 on it depends on the kind */
	RECORD_VERSION = 1,
	RECORD_NEEDS,
	RECORD_TUNNEL,		    /* tunnel: its fields */
	RECORD_TID = RECORD_TUNNEL, /* session: the id of its tunnel */
	RECORD_PEER_SID,
	RECORD_SESSION, /* session: its fields; absent: a call to be ended with a CDN */
	RECORD__COUNT
};

enum {
	RECORD_TUN_LOCAL = 1,
	RECORD_TUN_PEER,
	RECORD_TUN_SCCRQ_HASH,
	RECORD_TUN_CONTROL,
	RECORD_TUN__COUNT
};

enum {
	RECORD_ADDR_IP = 1,
	RECORD_ADDR_PORT,
	RECORD_ADDR_SCOPE,
	RECORD_ADDR__COUNT
};

enum {
	RECORD_SES_UP_AT = 1,
	RECORD_SES_POOLED,
	RECORD_SES_USER,
	RECORD_SES_PROFILE,
	RECORD_SES_PLAN,
	RECORD_SES_CALL,
	RECORD_SES_LINK,
	RECORD_SES_ID,	   /* since version 2 */
	RECORD_SES_TIMERS, /* since version 3 */
	RECORD_SES__COUNT
};

enum {
	RECORD_PROF_FAMILIES = 1,
	RECORD_PROF_ADDRESS,
	RECORD_PROF_DNS1,
	RECORD_PROF_DNS2,
	RECORD_PROF_USER, /* this and the others since version 3 */
	RECORD_PROF_WISH,
	RECORD_PROF_SESSIONS,
	RECORD_PROF_OVER_LIMIT,
	RECORD_PROF_DOWN,
	RECORD_PROF_UP,
	RECORD_PROF_SESSION_TIMEOUT,
	RECORD_PROF_IDLE_TIMEOUT,
	RECORD_PROF_INTERIM,
	RECORD_PROF_MTU,
	RECORD_PROF_NETMASK,
	RECORD_PROF_SOURCES,
	RECORD_PROF_LIST,
	RECORD_PROF__COUNT
};

enum {
	RECORD_TIME_SESSION = 1,
	RECORD_TIME_IDLE,
	RECORD_TIME_IDLE_SINCE,
	RECORD_TIME_PACKETS,
	RECORD_TIME__COUNT
};

enum { /* bits of RECORD_PROF_FAMILIES */
	RECORD_FAMILY_IPV4 = 1,
	RECORD_FAMILY_IPV6 = 2
};

enum {
	RECORD_PLAN_QDISC = 1,
	RECORD_PLAN_DOWN,
	RECORD_PLAN_UP,
	RECORD_PLAN__COUNT
};
