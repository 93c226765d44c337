/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/core/record_tags.h"

#include "aaa/aaa.h"
#include "daemon/l2tp/session.h"
#include "daemon/l2tp/tunnel.h"
#include "ppp/link.h"

/* Version 1: the first version that consists of fields. Version 2 of session records adds the
 * session's id, and whether the peer has rejected Echo-Requests. Version 3 adds the timers, and the
 * whole profile. */
const struct record_versions record_versions[JOURNAL__KINDS] = {
	[JOURNAL_TUNNEL] = { .writes = 1, .needs = 1, .reads = 1 },
	[JOURNAL_SESSION] = { .writes = 3, .needs = 1, .reads = 1 },
};

/* ---- tunnels ---- */

static const struct tlv_field address_fields[] = {
	[RECORD_ADDR_IP] = TLV_REQUIRED("ip", 4, 16), /* 4 or 16 */
	[RECORD_ADDR_PORT] = TLV_REQUIRED("port", 2, 2),
	[RECORD_ADDR_SCOPE] = TLV_OPTIONAL("scope", 4, 4, "0, none"),
};

const struct tlv_table record_address_tags = { "address", address_fields, RECORD_ADDR__COUNT };

static const struct tlv_field tunnel_fields[] = {
	[RECORD_TUN_LOCAL] = TLV_NESTED("local", record_address_tags, NULL),
	[RECORD_TUN_PEER] = TLV_NESTED("peer", record_address_tags, NULL),
	[RECORD_TUN_SCCRQ_HASH] = TLV_OPTIONAL("sccrq-hash", 8, 8, "0: no SCCRQ is a repetition"),
	[RECORD_TUN_CONTROL] = TLV_NESTED("control", l2tp_tunnel_saved, NULL),
};

const struct tlv_table record_tunnel_tags = { "tunnel", tunnel_fields, RECORD_TUN__COUNT };

static const struct tlv_field tunnel_record[] = {
	[RECORD_VERSION] = TLV_REQUIRED("version", 2, 2),
	[RECORD_NEEDS] = TLV_REQUIRED("needs", 2, 2),
	[RECORD_TUNNEL] = TLV_NESTED("tunnel", record_tunnel_tags, NULL),
};

/* ---- sessions ---- */

static const struct tlv_field profile_fields[] = {
	[RECORD_PROF_FAMILIES] = TLV_OPTIONAL("families", 1, 1, "3: IPv4 is bit 0, IPv6 bit 1"),
	[RECORD_PROF_ADDRESS] = TLV_OPTIONAL("address", 4, 4, "none of its own"),
	[RECORD_PROF_DNS1] = TLV_OPTIONAL("dns-primary", 4, 4, "the pool's"),
	[RECORD_PROF_DNS2] = TLV_OPTIONAL("dns-secondary", 4, 4, "the pool's"),
	[RECORD_PROF_USER] = TLV_OPTIONAL("user", 0, AAA_USER_MAX, "that of the session"),
	[RECORD_PROF_WISH] = TLV_OPTIONAL("wish", 1, 1, "0: the client may not choose its address"),
	[RECORD_PROF_SESSIONS] = TLV_OPTIONAL("session-limit", 4, 4, "none of its own"),
	[RECORD_PROF_OVER_LIMIT] =
		TLV_OPTIONAL("session-limit-action", 1, 1, "0: auto; 1 is replace, 2 deny"),
	[RECORD_PROF_DOWN] = TLV_OPTIONAL("download-rate", 8, 8, "0, no limit"),
	[RECORD_PROF_UP] = TLV_OPTIONAL("upload-rate", 8, 8, "0, no limit"),
	[RECORD_PROF_SESSION_TIMEOUT] = TLV_OPTIONAL("session-timeout", 4, 4, "0, none"),
	[RECORD_PROF_IDLE_TIMEOUT] = TLV_OPTIONAL("idle-timeout", 4, 4, "0, none"),
	[RECORD_PROF_INTERIM] = TLV_OPTIONAL("acct-interval", 2, 2, "0, none"),
	[RECORD_PROF_MTU] = TLV_OPTIONAL("mtu", 2, 2, "0, none"),
	[RECORD_PROF_NETMASK] = TLV_OPTIONAL("netmask", 1, 1, "0, none"),
	[RECORD_PROF_SOURCES] =
		TLV_OPTIONAL("sources", 8, 8, "0; two bits for each key of aaa/profile.h"),
	[RECORD_PROF_LIST] = TLV_OPTIONAL("list", 0, RECORD_LIST_MAX,
					  "empty; key, length and value, keys of aaa/profile.h"),
};

const struct tlv_table record_profile_tags = { "profile", profile_fields, RECORD_PROF__COUNT };

static const struct tlv_field plan_fields[] = {
	[RECORD_PLAN_QDISC] = TLV_OPTIONAL("qdisc", 1, 1, "0, tbf; so is an unknown one"),
	[RECORD_PLAN_DOWN] = TLV_REQUIRED("down-bps", 8, 8),
	[RECORD_PLAN_UP] = TLV_REQUIRED("up-bps", 8, 8),
};

const struct tlv_table record_plan_tags = { "plan", plan_fields, RECORD_PLAN__COUNT };

static const struct tlv_field timers_fields[] = {
	[RECORD_TIME_SESSION] = TLV_OPTIONAL("session-timeout", 4, 4, "0, none"),
	[RECORD_TIME_IDLE] = TLV_OPTIONAL("idle-timeout", 4, 4, "0, none"),
	[RECORD_TIME_IDLE_SINCE] = TLV_OPTIONAL("idle-since", 8, 8, "now"),
	[RECORD_TIME_PACKETS] = TLV_OPTIONAL("packets", 8, 8, "0"),
};

const struct tlv_table record_timers_tags = { "timers", timers_fields, RECORD_TIME__COUNT };

static const struct tlv_field session_fields[] = {
	[RECORD_SES_UP_AT] = TLV_OPTIONAL("up-at", 8, 8, "now"),
	[RECORD_SES_POOLED] = TLV_OPTIONAL("pooled", 1, 1, "0: it may be outside the pool"),
	[RECORD_SES_USER] = TLV_OPTIONAL("user", 0, AAA_USER_MAX, "none"), /* as authenticated */
	[RECORD_SES_PROFILE] = TLV_NESTED("profile", record_profile_tags, "none"),
	[RECORD_SES_PLAN] = TLV_NESTED("plan", record_plan_tags, "no rates"),
	[RECORD_SES_CALL] = TLV_NESTED("call", l2tp_session_saved, "all its defaults"),
	[RECORD_SES_LINK] = TLV_NESTED("link", ppp_link_saved, NULL),
	[RECORD_SES_ID] = TLV_OPTIONAL("id", 8, 8, "a new one"),
	[RECORD_SES_TIMERS] = TLV_NESTED("timers", record_timers_tags, "none"),
};

const struct tlv_table record_session_tags = { "session", session_fields, RECORD_SES__COUNT };

static const struct tlv_field session_record[] = {
	[RECORD_VERSION] = TLV_REQUIRED("version", 2, 2),
	[RECORD_NEEDS] = TLV_REQUIRED("needs", 2, 2),
	[RECORD_TID] = TLV_REQUIRED("tid", 2, 2),
	[RECORD_PEER_SID] = TLV_REQUIRED("peer-sid", 2, 2),
	[RECORD_SESSION] = TLV_NESTED("session", record_session_tags, "it is to end by a CDN"),
};

/* ---- all of them ---- */

static const struct tlv_table tunnel_table = { "tunnel record", tunnel_record, RECORD_TUNNEL + 1 };
static const struct tlv_table session_table = { "session record", session_record, RECORD__COUNT };

const struct tlv_table *const record_tags[JOURNAL__KINDS] = {
	[JOURNAL_TUNNEL] = &tunnel_table,
	[JOURNAL_SESSION] = &session_table,
};
