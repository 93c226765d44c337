/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration as the engine sees it: typed, complete (defaults filled in), immutable, shared
 * by reference. Made by daemon/sys/config/yang from a file; made by hand in tests. Secrets in it are wiped
 * when the last reference goes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aaa/addrpool.h"
#include "aaa/local.h"
#include "daemon/base/addr.h"
#include "daemon/base/log.h"
#include "daemon/l2tp/tunnel.h"
#include "ppp/proto.h"
#include "shaping/plan.h"

#define CONFIG_LISTENERS_MAX 64

struct config_listener {
	char name[64];
	struct ze_addr addr;
};

struct config_user { /* name and password: owned */
	char *name, *password;
	uint32_t address;
	struct profile_sessions sessions;
};

enum config_need {	  /* of a network protocol by a session */
	CONFIG_NEED_AUTO, /* IPv4: required where there is an address to give; else wanted */
	CONFIG_NEED_REQUIRED,
	CONFIG_NEED_WANTED
};

enum config_dataplane {
	CONFIG_DP_AUTO, /* kernel where its modules load, else bpf */
	CONFIG_DP_KERNEL,
	CONFIG_DP_BPF
};

enum config_xdp {
	CONFIG_XDP_AUTO,
	CONFIG_XDP_NATIVE,
	CONFIG_XDP_GENERIC
};

#define CONFIG_PORTS_MAX 24

struct config_bpf {
	char uplink[CONFIG_PORTS_MAX][16], core[CONFIG_PORTS_MAX][16]; /* interfaces */
	size_t n_uplink, n_core;
	enum config_xdp xdp;
	bool outer_df;
};

struct config {
	unsigned refs; /* of several threads */
	/* environment {} */
	struct config_listener listeners[CONFIG_LISTENERS_MAX];
	size_t n_listeners;
	enum log_level log_level[LOG__SUBS];
	/* l2tp {} */
	bool l2tp; /* present and not `enabled false` */
	uint8_t secret[L2TP_SECRET_MAX];
	uint16_t secret_len; /* 0: unset */
	bool hide_avps;
	char host_name[64]; /* in SCCRP and in challenges; the machine's by default */
	enum ppp_auth_method auth_method;
	bool allow_no_auth;
	uint32_t hello_interval_s, hello_retries;
	uint32_t max_tunnels, max_sessions;	      /* 0: unbounded; sessions are per tunnel */
	uint32_t max_tunnels_peer, max_sessions_peer; /* of one address; 0: unbounded */
	uint32_t path_mtu;			      /* of the outer packets, to LACs */
	bool zero_checksum;	      /* UDP over IPv6 without a checksum is accepted */
	uint32_t setup_rate;	      /* SCCRQs a second over all peers, 0: unbounded */
	struct ze_prefix *allow_from; /* n 0: any source */
	size_t n_allow_from;
	char **allow_host_name; /* n 0: any */
	size_t n_allow_host_name;
	uint32_t auth_timeout_s, reauth_interval_s;
	/* Wrong passwords: seconds between the answers to one line or user, answers a second to one LAC; 0: no limit */
	uint32_t reject_interval_s, reject_rate_peer;
	bool enable_ipcp, enable_ipv6cp;
	enum config_need need_ipv4, need_ipv6;
	struct profile_sessions sessions; /* of users that have none of their own */
	uint32_t ncp_timeout_s;
	uint32_t echo_interval_s, echo_failures; /* LCP keepalive; interval 0: none */
	struct config_user *users;
	size_t n_users;
	bool has_pool;
	struct addrpool_cfg pool;
	bool pool_blackhole;	 /* packets to addresses of the pool that nobody has are dropped */
	struct shape_plan shape; /* of new sessions; rates 0: none */
	enum config_dataplane dataplane;
	struct config_bpf bpf;
	uint32_t drain_timeout_s; /* SIGTERM: wait at most so long for StopCCN acks */
};

/* All defaults, no listeners, no users, l2tp false; one reference. NULL: out of memory. */
struct config *config_new(void);
struct config *config_ref(struct config *c);
void config_unref(struct config *c);
/* "pap", "chap-md5", "ms-chap-v2", "none"; -EINVAL otherwise. */
int config_auth_method(const char *word, enum ppp_auth_method *ret);
int config_add_user(struct config *c, const char *name, const char *password, uint32_t address);
/* The newest user: NULL before the first. */
struct config_user *config_last_user(struct config *c);
