/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration as the engine uses it: typed, complete (defaults are filled in), immutable and
 * reference counted. daemon/sys/config/yang makes it from a file; tests fill it in themselves. Its
 * secrets are wiped when the last reference is dropped.
 *
 * Members that the schema has hold what is given in the file. What follows from several of them, or
 * from the host, has a function below.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aaa/local.h"
#include "aaa/pools.h"
#include "aaa/radius_attrs.h"
#include "aaa/radius_client.h"
#include "daemon/base/addr.h"
#include "daemon/base/log.h"
#include "daemon/core/config_row.h"
#include "daemon/l2tp/tunnel.h"
#include "ppp/link.h"
#include "ppp/proto.h"
#include "shaping/plan.h"

#define CONFIG_LISTENERS_MAX 64

struct config_listener {
	char name[64];
	struct ze_addr addr;
};

struct config_user { /* texts: owned */
	char *name, *password;
	char *pool;	  /* NULL: none is named */
	uint32_t address; /* fixed IPv4 address, host order; 0: none */
	struct profile_sessions sessions;
};

enum config_need {	  /* whether a session needs a network protocol */
	CONFIG_NEED_AUTO, /* IPv4: required when there is an address to assign; IPv6: wanted */
	CONFIG_NEED_REQUIRED,
	CONFIG_NEED_WANTED,
	CONFIG_NEED_OFF /* it is not negotiated */
};

enum config_proxy_auth {     /* credentials that a LAC has received */
	CONFIG_PROXY_ACCEPT, /* are checked, as if the subscriber had sent them here */
	CONFIG_PROXY_AGAIN   /* are not used: the subscriber is asked again */
};

enum config_duplicate {		  /* a login whose fixed address another session has */
	CONFIG_DUPLICATE_REPLACE, /* ends that session */
	CONFIG_DUPLICATE_REFUSE
};

enum config_dataplane {
	CONFIG_DP_AUTO, /* kernel when its modules can be loaded, otherwise bpf */
	CONFIG_DP_KERNEL,
	CONFIG_DP_BPF
};

enum config_xdp {
	CONFIG_XDP_AUTO,
	CONFIG_XDP_NATIVE,
	CONFIG_XDP_GENERIC
};

#define CONFIG_PORTS_MAX 24

enum config_auth { /* who is asked about a login */
	CONFIG_AUTH_RADIUS,
	CONFIG_AUTH_LOCAL,
	CONFIG_AUTH__COUNT
};

struct config_radius_server {
	char name[64];
	struct ze_addr addr;
	char *secret; /* owned */
	enum radius_signing signing;
	uint16_t acct_port; /* 0: the one after addr.port */
};

enum config_accounting {
	CONFIG_ACCOUNTING_ON,
	CONFIG_ACCOUNTING_OFF,
	CONFIG_ACCOUNTING_REQUIRED /* a session whose Start no server acknowledges ends */
};

struct config_radius_exclude { /* an attribute, and the requests without it */
	enum radius_optional name;
	enum radius_kind kinds[RADIUS_KIND__COUNT];
	size_t n_kinds;
};

struct config_radius {	       /* without servers: not configured */
	char *nas_id;	       /* owned; NULL: not given */
	char *port_id;	       /* owned; a template */
	struct ze_addr source; /* family 0: not given */
	uint32_t timeout_s, retries;
	struct config_radius_exclude excludes[RADIUS_OPT__COUNT];
	size_t n_excludes;
	enum config_accounting accounting;
	uint32_t acct_interval_s;
	uint16_t coa_port;		   /* 0: CoA and Disconnect requests are not received */
	bool coa_timestamp, coa_signature; /* they need Event-Timestamp, Message-Authenticator */
	struct config_radius_server servers[RADIUS_SERVERS_MAX];
	size_t n_servers;
};

struct config_bpf {
	char uplink[CONFIG_PORTS_MAX][16], core[CONFIG_PORTS_MAX][16]; /* interfaces */
	size_t n_uplink, n_core;
	enum config_xdp xdp;
	bool outer_df;
};

struct config {
	unsigned refs; /* atomic: used by several threads */
	/* environment {} */
	struct config_listener listeners[CONFIG_LISTENERS_MAX];
	size_t n_listeners;
	unsigned log_default, log_own[LOG__SUBS]; /* an enum log_level plus 1; 0: not given */
	/* l2tp {} */
	bool l2tp;    /* present and not `enabled false` */
	char *secret; /* owned; NULL: none */
	bool hide_avps;
	char host_name[64];    /* "": not given */
	char machine_name[64]; /* of the host, not of the file */
	enum ppp_auth_method auth_method;
	bool allow_no_auth;
	uint32_t hello_interval_s, hello_retries;
	uint32_t max_tunnels, max_sessions;	      /* in all; per tunnel; 0: unlimited */
	uint32_t max_tunnels_peer, max_sessions_peer; /* per address of a peer; 0: unlimited */
	uint32_t path_mtu;			      /* of outer packets to LACs, octets */
	bool zero_checksum;	      /* UDP over IPv6 without a checksum is accepted */
	uint32_t setup_rate;	      /* SCCRQs per second, all unknown sources; 0: unlimited */
	struct ze_prefix *allow_from; /* n_allow_from 0: any source */
	size_t n_allow_from;
	char **allow_host_name; /* n_allow_host_name 0: any */
	size_t n_allow_host_name;
	enum ppp_proxy_lcp proxy_lcp;
	enum config_proxy_auth proxy_auth;
	uint32_t auth_timeout_s, reauth_interval_s;
	/* Wrong passwords: seconds between answers to one line or one user name, and answers per
	 * second to one LAC; 0: no limit. */
	uint32_t reject_interval_s, reject_rate_peer;
	bool enable_ipcp, enable_ipv6cp;
	enum config_need need_ipv4, need_ipv6;
	struct profile_sessions sessions; /* default for users without limits of their own */
	uint32_t ncp_timeout_s;
	uint32_t session_timeout_s, idle_timeout_s; /* for users without their own; 0: none */
	uint32_t echo_interval_s, echo_failures;    /* LCP Echo-Request; interval 0: not sent */
	enum config_auth auth_sources[CONFIG_AUTH__COUNT]; /* as given; config_auth_order() */
	size_t n_auth_sources;
	struct config_radius radius;
	struct config_user *users;
	size_t n_users;
	bool has_pool; /* there is a default pool: */
	struct addrpool_cfg pool;
	char pool_next[POOLS_NAME]; /* "": none */
	bool pool_blackhole;	    /* drop packets to addresses of the pool that no session has */
	struct pool_cfg *named_pools; /* the others */
	size_t n_named_pools;
	enum config_duplicate duplicate;
	struct shape_plan shape; /* down 0: not limited; up 0: as down */
	enum config_dataplane dataplane;
	struct config_bpf bpf;
	uint32_t drain_timeout_s; /* longest time a stop waits for acknowledgements of StopCCNs */
};

/* Returns a configuration with all defaults, no listeners, no users and l2tp false, and one
 * reference; NULL when out of memory. */
struct config *config_new(void);
struct config *config_ref(struct config *c);
void config_unref(struct config *c);

/* One row for each leaf and list of the schema, in the order of ze.conf(5). */
extern const struct config_table config_table;

/* The words of enumerations, up to a NULL: radius_optional, radius_kind, radius_signing,
 * config_accounting, config_auth, ppp_proxy_lcp, config_proxy_auth, config_dataplane, config_xdp. */
extern const char *const config_radius_attrs[];
extern const char *const config_radius_kinds[];
extern const char *const config_signing_words[];
extern const char *const config_accounting_words[];
extern const char *const config_auth_words[];
extern const char *const config_proxy_lcp_words[];
extern const char *const config_proxy_auth_words[];
extern const char *const config_dataplane_words[];
extern const char *const config_xdp_words[];

enum log_level config_log_level(const struct config *c, enum log_sub sub);
/* In SCCRP and in CHAP challenges: what is given, or the name of the host. A char [64]. */
const char *config_host_name(const struct config *c);
/* Writes who is asked about a login, in this order. Returns how many. */
size_t config_auth_order(const struct config *c, enum config_auth ret[static CONFIG_AUTH__COUNT]);
/* The same as the names of their handlers, which are constants. */
size_t config_handlers(const struct config *c, const char *ret[static CONFIG_AUTH__COUNT]);
/* The RADIUS server whose address is in the prefix; NULL: none. */
const struct config_radius_server *config_server_in(const struct config *c,
						    const struct ze_prefix *p);
uint16_t config_acct_port(const struct config_radius_server *s);
/* How ze names itself to RADIUS servers. It points into c. */
struct radius_nas config_radius_nas(const struct config *c);
/* Whether records of accounting are sent. */
bool config_accounts(const struct config *c);
bool config_ipcp(const struct config *c); /* whether IPCP is negotiated */
bool config_ipv6cp(const struct config *c);
/* Returns a new table of the local users, or NULL when out of memory. */
struct aaa_local *config_local_users(const struct config *c);
/* Returns the pools of the configuration as pools_new() takes them, the default pool first; the caller
 * frees them. NULL: out of memory. */
struct pool_cfg *config_pools(const struct config *c, size_t *ret_n);
/* True when the address, in host order, is the gateway of a pool. */
bool config_is_gateway(const struct config *c, uint32_t ip);
/* The rates of a new session; 0: not limited. */
struct shape_plan config_shape(const struct config *c);
