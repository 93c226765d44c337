/* SPDX-License-Identifier: BSD-2-Clause */
#include "aaa/radius_profile.h"

#include <string.h>

#include "aaa/radius_pkt.h"
#include "aaa/radius_rate.h"
#include "daemon/base/compiler.h"

#define ADDRESS_FROM_POOL 0xfffffffeu /* RFC 2865 5.8 */
#define ADDRESS_WISH	  0xffffffffu
#define TEXT_MAX	  64 /* octets of an address or a number in a text */

/* Forms of rates, most preferred first. */
enum rate_form {
	RATE_MIKROTIK,
	RATE_CISCO,
	RATE_WISPR,
	RATE_ASCEND,
	RATE_ERX,
	RATE_CONNECT,
	RATE_FILTER,
	RATE_NOT_SET
};

/* What a reader says about one attribute. */
enum verdict {
	USED,
	BAD_LENGTH,
	BAD_VALUE,
	TOO_MANY,
	NOT_APPLIED,
	REFUSED /* the login, see draft.refusal */
};

struct draft {
	struct profile *p;
	enum profile_source source;
	uint32_t seen; /* keys that this packet has given so far */
	struct span user;
	enum reason refusal;
	enum rate_form form[2];		  /* of the rates down and up */
	uint64_t data_rate[2], xmit_rate; /* Ascend */
	unsigned n_data_rate;
	bool has_xmit_rate;
};

struct row;
typedef enum verdict reader(struct draft *d, const struct row *row, struct span v);

struct row {
	uint32_t vendor;
	uint8_t type;
	bool change; /* a CoA-Request may change it */
	uint8_t key; /* enum profile_key, when there is one */
	const char *name;
	reader *read; /* NULL: it belongs to another part of ze */
};

/* Notes that the packet gives a value of the key. The first one replaces those of the base. */
static bool first_of(struct draft *d, enum profile_key key)
{
	uint32_t bit = 1U << key;
	bool first = !(d->seen & bit);

	d->seen |= bit;
	profile_set_source(d->p, key, d->source);
	return first;
}

/* The same of a key that has values in the list. */
static void first_of_list(struct draft *d, enum profile_key key)
{
	if (first_of(d, key))
		profile_clear(d->p, key);
}

/* A value of the list. */
static enum verdict draft_put(struct draft *d, enum profile_key key, struct span v)
{
	if (!v.len)
		return BAD_LENGTH;
	first_of_list(d, key);
	return profile_put(d->p, key, v) ? USED : TOO_MANY;
}

/* ---- addresses and names ---- */

static enum verdict read_service(struct draft *d, const struct row *row, struct span v)
{
	uint32_t want = row->type == RADIUS_SERVICE_TYPE ? RADIUS_SERVICE_FRAMED :
							   RADIUS_PROTOCOL_PPP;
	uint32_t got;

	if (radius_attr_u32(v, &got) && got == want)
		return USED;
	d->refusal = REASON_ACCEPT_SERVICE;
	return REFUSED;
}

static enum verdict read_address(struct draft *d, const struct row *row, struct span v)
{
	uint32_t ip;

	(void)row;
	if (!radius_attr_u32(v, &ip))
		return BAD_LENGTH;
	if (ip < ADDRESS_FROM_POOL && ze_ip4_no_host(ip, ip)) {
		d->refusal = REASON_ACCEPT_ADDRESS;
		return REFUSED;
	}
	if (!first_of(d, PROFILE_ADDRESS))
		return TOO_MANY;
	d->p->has_address = ip < ADDRESS_FROM_POOL;
	d->p->address = d->p->has_address ? ip : 0;
	d->p->wish = ip == ADDRESS_WISH;
	return USED;
}

static enum verdict read_netmask(struct draft *d, const struct row *row, struct span v)
{
	uint32_t mask;

	(void)row;
	if (!radius_attr_u32(v, &mask))
		return BAD_LENGTH;
	if (~mask & (~mask + 1)) /* ones, then zeros */
		return BAD_VALUE;
	if (!first_of(d, PROFILE_NETMASK))
		return TOO_MANY;
	d->p->netmask = (uint8_t)__builtin_popcount(mask);
	return USED;
}

static enum verdict set_dns(struct draft *d, enum profile_key key, uint32_t ip)
{
	if (ze_ip4_no_host(ip, ip))
		return BAD_VALUE;
	if (!first_of(d, key))
		return TOO_MANY;
	d->p->dns[key == PROFILE_DNS2] = ip;
	return USED;
}

static enum verdict read_dns(struct draft *d, const struct row *row, struct span v)
{
	uint32_t ip;

	return radius_attr_u32(v, &ip) ? set_dns(d, row->key, ip) : BAD_LENGTH;
}

static enum verdict read_user(struct draft *d, const struct row *row, struct span v)
{
	(void)row;
	if (!v.len)
		return BAD_LENGTH;
	if (memchr(v.p, 0, v.len))
		return BAD_VALUE;
	if (!first_of(d, PROFILE_USER))
		return TOO_MANY;
	d->user = v;
	return USED;
}

static enum verdict read_octets(struct draft *d, const struct row *row, struct span v)
{
	return draft_put(d, row->key, v);
}

/* ---- numbers ---- */

static enum verdict read_timeout(struct draft *d, const struct row *row, struct span v)
{
	uint32_t seconds;

	if (!radius_attr_u32(v, &seconds))
		return BAD_LENGTH;
	if (!first_of(d, row->key))
		return TOO_MANY;
	if (row->key == PROFILE_SESSION_TIMEOUT)
		d->p->session_timeout_s = seconds;
	else
		d->p->idle_timeout_s = seconds;
	return USED;
}

static enum verdict read_interim(struct draft *d, const struct row *row, struct span v)
{
	uint32_t seconds;

	(void)row;
	if (!radius_attr_u32(v, &seconds))
		return BAD_LENGTH;
	if (!first_of(d, PROFILE_INTERIM))
		return TOO_MANY;
	if (seconds && seconds < RADIUS_INTERIM_MIN)
		seconds = RADIUS_INTERIM_MIN;
	d->p->interim_s = (uint16_t)(seconds < RADIUS_INTERIM_MAX ? seconds : RADIUS_INTERIM_MAX);
	return USED;
}

static enum verdict read_mtu(struct draft *d, const struct row *row, struct span v)
{
	uint32_t mtu;

	(void)row;
	if (!radius_attr_u32(v, &mtu))
		return BAD_LENGTH;
	if (mtu < RADIUS_MTU_MIN || mtu > UINT16_MAX)
		return BAD_VALUE;
	if (!first_of(d, PROFILE_MTU))
		return TOO_MANY;
	d->p->mtu = (uint16_t)mtu;
	return USED;
}

static enum verdict read_port_limit(struct draft *d, const struct row *row, struct span v)
{
	uint32_t limit;

	(void)row;
	if (!radius_attr_u32(v, &limit))
		return BAD_LENGTH;
	if (!limit)
		return BAD_VALUE;
	if (!first_of(d, PROFILE_SESSIONS))
		return TOO_MANY;
	d->p->sessions.set = true;
	d->p->sessions.limit = limit;
	return USED;
}

/* 0, do nothing at the end of the session, is what ze does. */
static enum verdict read_termination(struct draft *d, const struct row *row, struct span v)
{
	uint32_t action;

	(void)d;
	(void)row;
	if (!radius_attr_u32(v, &action))
		return BAD_LENGTH;
	return action ? NOT_APPLIED : USED;
}

static enum verdict read_unapplied(struct draft *d, const struct row *row, struct span v)
{
	(void)d;
	(void)row;
	(void)v;
	return NOT_APPLIED;
}

/* ---- rates ---- */

static bool offer_direction(struct draft *d, bool up, enum rate_form form, uint64_t bps)
{
	enum profile_key key = up ? PROFILE_UP : PROFILE_DOWN;

	if (bps == RADIUS_RATE_UNSET || form > d->form[up])
		return true; /* nothing to say, or another form decides */
	if (form == d->form[up])
		return false;
	d->form[up] = form;
	profile_set_source(d->p, key, d->source);
	if (up)
		d->p->up_bps = bps;
	else
		d->p->down_bps = bps;
	return true;
}

static enum verdict offer_rates(struct draft *d, enum rate_form form, const struct radius_rate *r)
{
	bool down = offer_direction(d, false, form, r->down_bps);
	bool up = offer_direction(d, true, form, r->up_bps);

	return down && up ? USED : TOO_MANY;
}

static enum verdict offer_one(struct draft *d, enum rate_form form, bool up, uint64_t bps)
{
	const struct radius_rate r = { .down_bps = up ? RADIUS_RATE_UNSET : bps,
				       .up_bps = up ? bps : RADIUS_RATE_UNSET };

	return offer_rates(d, form, &r);
}

static enum verdict read_mikrotik(struct draft *d, const struct row *row, struct span v)
{
	struct radius_rate r;

	(void)row;
	return radius_rate_mikrotik(v, &r) ? offer_rates(d, RATE_MIKROTIK, &r) : BAD_VALUE;
}

/* A number of bits per second. */
static enum verdict u32_rate(struct span v, uint64_t *ret_bps)
{
	uint32_t bps;

	if (!radius_attr_u32(v, &bps))
		return BAD_LENGTH;
	if (bps && bps < RADIUS_RATE_MIN)
		return BAD_VALUE;
	*ret_bps = bps;
	return USED;
}

static enum verdict read_wispr(struct draft *d, const struct row *row, struct span v)
{
	uint64_t bps;
	enum verdict got = u32_rate(v, &bps);

	return got == USED ? offer_one(d, RATE_WISPR, row->key == PROFILE_UP, bps) : got;
}

/* Kept until all are known: what Ascend-Data-Rate means depends on the others. */
static enum verdict read_ascend(struct draft *d, const struct row *row, struct span v)
{
	uint64_t bps;
	enum verdict got = u32_rate(v, &bps);

	if (got != USED)
		return got;
	if (row->key == PROFILE_DOWN) {
		if (d->has_xmit_rate)
			return TOO_MANY;
		d->has_xmit_rate = true;
		d->xmit_rate = bps;
		return USED;
	}
	if (d->n_data_rate == ZE_ARRAY_SIZE(d->data_rate))
		return TOO_MANY;
	d->data_rate[d->n_data_rate++] = bps;
	return USED;
}

/* Ascend-Xmit-Rate is towards the subscriber, and Ascend-Data-Rate beside it from the subscriber.
 * Without it, one Ascend-Data-Rate is for both directions; of two, the first one is towards the
 * subscriber. */
static void offer_ascend(struct draft *d)
{
	struct radius_rate r = { .down_bps = RADIUS_RATE_UNSET, .up_bps = RADIUS_RATE_UNSET };

	if (d->n_data_rate) {
		r.down_bps = d->data_rate[0];
		r.up_bps = d->data_rate[d->has_xmit_rate ? 0 : d->n_data_rate - 1];
	}
	if (d->has_xmit_rate)
		r.down_bps = d->xmit_rate;
	(void)offer_rates(d, RATE_ASCEND, &r);
}

/* The name of a policy, which ze does not have, unless it is a rate. */
static enum verdict read_erx(struct draft *d, const struct row *row, struct span v)
{
	uint64_t bps;

	if (!radius_rate_number(v, "", &bps))
		return NOT_APPLIED;
	return offer_one(d, RATE_ERX, row->key == PROFILE_UP, bps);
}

static enum verdict read_connect_info(struct draft *d, const struct row *row, struct span v)
{
	uint64_t bps;

	(void)row;
	if (!radius_rate_number(v, "", &bps))
		return NOT_APPLIED;
	return offer_one(d, RATE_CONNECT, false, bps);
}

/* Without a rate, a change by CoA would do nothing: that is a value that cannot be used. */
static enum verdict read_filter(struct draft *d, const struct row *row, struct span v)
{
	struct radius_rate r;
	bool is_rate = radius_rate_filter(v, &r);
	enum verdict got;

	if (!is_rate && d->source == PROFILE_COA)
		return BAD_VALUE;
	got = draft_put(d, row->key, v);
	return got == USED && is_rate ? offer_rates(d, RATE_FILTER, &r) : got;
}

/* ---- texts with addresses ---- */

/* Takes the next word, which is separated by blanks, as a string. False: there is none, or it is
 * too long. */
static bool cut_word(struct span *rest, char word[TEXT_MAX])
{
	size_t n = 0;

	while (rest->len && rest->p[0] == ' ')
		*rest = span_of(rest->p + 1, rest->len - 1);
	while (n < rest->len && rest->p[n] != ' ')
		n++;
	if (!n || n >= TEXT_MAX || memchr(rest->p, 0, n))
		return false;
	memcpy(word, rest->p, n);
	word[n] = '\0';
	*rest = span_of(rest->p + n, rest->len - n);
	return true;
}

/* Parses digits alone, up to max. */
static bool parse_decimal(const char *s, uint32_t max, uint32_t *ret)
{
	uint64_t n = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > max)
			return false;
	}
	*ret = (uint32_t)n;
	return true;
}

static void mask_host_bits(struct ze_prefix *p)
{
	for (unsigned bit = p->len; bit < 128; bit++)
		p->addr.ip[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

/* RFC 2865 5.22: without a length it is that of the address's class. */
static uint8_t class_bits(const struct ze_addr *a)
{
	return a->ip[0] < 128 ? 8 : a->ip[0] < 192 ? 16 : a->ip[0] < 224 ? 24 : 32;
}

static bool parse_prefix(char *word, uint8_t family, struct ze_prefix *ret)
{
	char *slash = strchr(word, '/');
	struct ze_prefix p = { .len = 128 };
	uint32_t bits;

	if (slash)
		*slash++ = '\0';
	if (ze_addr_parse(word, 0, &p.addr) < 0 || p.addr.family != family || p.addr.scope)
		return false;
	if (family == 4)
		p.len = class_bits(&p.addr);
	if (slash && !parse_decimal(slash, family == 4 ? 32 : 128, &bits))
		return false;
	if (slash)
		p.len = (uint8_t)bits;
	mask_host_bits(&p);
	*ret = p;
	return true;
}

/* A destination that can be a subscriber's. A default route is refused too: it would take the
 * operator's own. */
static bool is_routable(const struct ze_prefix *p)
{
	const uint8_t *a = p->addr.ip;
	uint32_t first, last;

	if (p->addr.family == 4) {
		ze_prefix_range4(p, &first, &last);
		return !ze_ip4_no_host(first, last);
	}
	/* Not ::/n, which has :: and ::1, not fe80::/10, not ff00::/8. */
	return p->len && memcmp(a, (const uint8_t[8]){ 0 }, 8) != 0 && a[0] != 0xff &&
	       (a[0] != 0xfe || (a[1] & 0xc0) != 0x80);
}

/* "PREFIX GATEWAY METRIC ..." of RFC 2865 5.22 and RFC 3162 2.5. The gateway is the subscriber,
 * whatever the packet says. */
static enum verdict read_route(struct draft *d, const struct row *row, struct span v)
{
	uint8_t family = row->key == PROFILE_ROUTE ? 4 : 6;
	struct profile_route route = { .metric = 0 };
	char word[TEXT_MAX];

	if (!v.len)
		return BAD_LENGTH;
	if (!cut_word(&v, word) || !parse_prefix(word, family, &route.dst) ||
	    !is_routable(&route.dst))
		return BAD_VALUE;
	if (cut_word(&v, word) && cut_word(&v, word) &&
	    !parse_decimal(word, UINT32_MAX, &route.metric))
		return BAD_VALUE;
	first_of_list(d, row->key);
	return profile_put_route(d->p, row->key, &route) ? USED : TOO_MANY;
}

/* "ip:dns-servers=192.0.2.1 192.0.2.2" */
static enum verdict cisco_dns(struct draft *d, struct span v)
{
	char word[TEXT_MAX];
	enum verdict got = BAD_VALUE;

	for (unsigned i = 0; i < 2 && cut_word(&v, word); i++) {
		uint32_t ip;

		if (ze_ip4_parse(word, &ip) < 0)
			return BAD_VALUE;
		got = set_dns(d, i ? PROFILE_DNS2 : PROFILE_DNS1, ip);
		if (got != USED)
			return got;
	}
	return got;
}

static bool cut_text(struct span *v, const char *text)
{
	size_t n = strlen(text);

	if (v->len < n || memcmp(v->p, text, n) != 0)
		return false;
	*v = span_of(v->p + n, v->len - n);
	return true;
}

static enum verdict read_cisco(struct draft *d, const struct row *row, struct span v)
{
	struct radius_rate r;

	(void)row;
	if (!v.len)
		return BAD_LENGTH;
	if (radius_rate_cisco(v, &r))
		return offer_rates(d, RATE_CISCO, &r);
	if (memmem(v.p, v.len, "rate-limit", 10))
		return BAD_VALUE;
	if (d->source == PROFILE_COA)
		return NOT_APPLIED;
	if (cut_text(&v, "ip:dns-servers="))
		return cisco_dns(d, v);
	if (cut_text(&v, "ip:addr-pool="))
		return draft_put(d, PROFILE_POOL, v);
	return NOT_APPLIED;
}

/* ---- IPv6 ---- */

/* RFC 3162 2.3: reserved, bits, and as many octets as they need, or more. Host bits are cleared. */
static enum verdict read_prefix6(struct draft *d, const struct row *row, struct span v)
{
	struct ze_prefix p = { .addr.family = 6 };

	if (v.len < 2 || v.len > 18)
		return BAD_LENGTH;
	p.len = v.p[1];
	if (p.len > 128 || (p.len + 7u) / 8 > v.len - 2)
		return BAD_VALUE;
	memcpy(p.addr.ip, v.p + 2, v.len - 2);
	mask_host_bits(&p);
	if (!is_routable(&p))
		return BAD_VALUE;
	first_of_list(d, row->key);
	return profile_put_prefix6(d->p, row->key, &p) ? USED : TOO_MANY;
}

static enum verdict read_address6(struct draft *d, const struct row *row, struct span v)
{
	struct ze_prefix p = { .addr.family = 6, .len = 128 };

	if (v.len != sizeof(p.addr.ip))
		return BAD_LENGTH;
	memcpy(p.addr.ip, v.p, v.len);
	if (!is_routable(&p))
		return BAD_VALUE;
	first_of_list(d, row->key);
	return profile_put_prefix6(d->p, row->key, &p) ? USED : TOO_MANY;
}

static enum verdict read_ifid(struct draft *d, const struct row *row, struct span v)
{
	if (v.len != 8)
		return BAD_LENGTH;
	return memcmp(v.p, (const uint8_t[8]){ 0 }, 8) == 0 ? BAD_VALUE : draft_put(d, row->key, v);
}

/* ---- the table ---- */

#define CISCO	  9
#define MICROSOFT RADIUS_VENDOR_MICROSOFT
#define ASCEND	  529
#define ERX	  4874
#define WISPR	  14122
#define MIKROTIK  14988

/* clang-format off */
static const struct row rows[] = {
	/* vendor, type, change, key,            name,                        reader */
	{ 0,   1, false, PROFILE_USER,            "User-Name",                 read_user },
	{ 0,   6, false, 0,                       "Service-Type",              read_service },
	{ 0,   7, false, 0,                       "Framed-Protocol",           read_service },
	{ 0,   8, false, PROFILE_ADDRESS,         "Framed-IP-Address",         read_address },
	{ 0,   9, false, PROFILE_NETMASK,         "Framed-IP-Netmask",         read_netmask },
	{ 0,  10, false, 0,                       "Framed-Routing",            read_unapplied },
	{ 0,  11, true,  PROFILE_FILTER,          "Filter-Id",                 read_filter },
	{ 0,  12, false, PROFILE_MTU,             "Framed-MTU",                read_mtu },
	{ 0,  13, false, 0,                       "Framed-Compression",        read_unapplied },
	{ 0,  18, false, 0,                       "Reply-Message",             NULL },
	{ 0,  22, true,  PROFILE_ROUTE,           "Framed-Route",              read_route },
	{ 0,  24, false, 0,                       "State",                     NULL },
	{ 0,  25, true,  PROFILE_CLASS,           "Class",                     read_octets },
	{ 0,  27, true,  PROFILE_SESSION_TIMEOUT, "Session-Timeout",           read_timeout },
	{ 0,  28, true,  PROFILE_IDLE_TIMEOUT,    "Idle-Timeout",              read_timeout },
	{ 0,  29, true,  0,                       "Termination-Action",        read_termination },
	{ 0,  33, false, 0,                       "Proxy-State",               NULL },
	{ 0,  62, false, PROFILE_SESSIONS,        "Port-Limit",                read_port_limit },
	{ 0,  64, false, 0,                       "Tunnel-Type",               read_unapplied },
	{ 0,  65, false, 0,                       "Tunnel-Medium-Type",        read_unapplied },
	{ 0,  66, false, 0,                       "Tunnel-Client-Endpoint",    read_unapplied },
	{ 0,  67, false, 0,                       "Tunnel-Server-Endpoint",    read_unapplied },
	{ 0,  69, false, 0,                       "Tunnel-Password",           read_unapplied },
	{ 0,  77, true,  0,                       "Connect-Info",              read_connect_info },
	{ 0,  79, false, 0,                       "EAP-Message",               read_unapplied },
	{ 0,  80, false, 0,                       "Message-Authenticator",     NULL },
	{ 0,  81, false, 0,                       "Tunnel-Private-Group-Id",   read_unapplied },
	{ 0,  82, false, 0,                       "Tunnel-Assignment-Id",      read_unapplied },
	{ 0,  83, false, 0,                       "Tunnel-Preference",         read_unapplied },
	{ 0,  85, true,  PROFILE_INTERIM,         "Acct-Interim-Interval",     read_interim },
	{ 0,  88, false, PROFILE_POOL,            "Framed-Pool",               read_octets },
	{ 0,  89, false, PROFILE_CUI,             "Chargeable-User-Identity",  read_octets },
	{ 0,  90, false, 0,                       "Tunnel-Client-Auth-Id",     read_unapplied },
	{ 0,  91, false, 0,                       "Tunnel-Server-Auth-Id",     read_unapplied },
	{ 0,  96, false, PROFILE_IFID6,           "Framed-Interface-Id",       read_ifid },
	{ 0,  97, false, PROFILE_PREFIX6,         "Framed-IPv6-Prefix",        read_prefix6 },
	{ 0,  99, true,  PROFILE_ROUTE6,          "Framed-IPv6-Route",         read_route },
	{ 0, 100, false, PROFILE_POOL6,           "Framed-IPv6-Pool",          read_octets },
	{ 0, 123, false, PROFILE_DELEGATED6,      "Delegated-IPv6-Prefix",     read_prefix6 },
	{ 0, 168, false, PROFILE_ADDRESS6,        "Framed-IPv6-Address",       read_address6 },
	{ 0, 169, false, PROFILE_DNS6,            "DNS-Server-IPv6-Address",   read_address6 },
	{ 0, 171, false, PROFILE_DELEGATED_POOL6, "Delegated-IPv6-Prefix-Pool", read_octets },
	/* Ascend's numbers, used without its vendor number by old servers. */
	{ 0, 197, true,  PROFILE_UP,              "Ascend-Data-Rate",          read_ascend },
	{ 0, 255, true,  PROFILE_DOWN,            "Ascend-Xmit-Rate",          read_ascend },

	{ CISCO,       1, true,  0,            "Cisco-AVPair",             read_cisco },

	{ MICROSOFT,   2, false, 0,            "MS-CHAP-Error",            NULL },
	{ MICROSOFT,   7, false, 0,            "MS-MPPE-Encryption-Policy", NULL },
	{ MICROSOFT,   8, false, 0,            "MS-MPPE-Encryption-Types", NULL },
	{ MICROSOFT,  10, false, 0,            "MS-CHAP-Domain",           NULL },
	{ MICROSOFT,  12, false, 0,            "MS-CHAP-MPPE-Keys",        NULL },
	{ MICROSOFT,  16, false, 0,            "MS-MPPE-Send-Key",         NULL },
	{ MICROSOFT,  17, false, 0,            "MS-MPPE-Recv-Key",         NULL },
	{ MICROSOFT,  26, false, 0,            "MS-CHAP2-Success",         NULL },
	{ MICROSOFT,  28, false, PROFILE_DNS1, "MS-Primary-DNS-Server",    read_dns },
	{ MICROSOFT,  29, false, PROFILE_DNS2, "MS-Secondary-DNS-Server",  read_dns },

	{ ASCEND,    135, false, PROFILE_DNS1, "Ascend-Client-Primary-DNS", read_dns },
	{ ASCEND,    136, false, PROFILE_DNS2, "Ascend-Client-Secondary-DNS", read_dns },
	{ ASCEND,    197, true,  PROFILE_UP,   "Ascend-Data-Rate",         read_ascend },
	{ ASCEND,    255, true,  PROFILE_DOWN, "Ascend-Xmit-Rate",         read_ascend },

	{ ERX,         4, false, PROFILE_DNS1, "ERX-Primary-Dns",          read_dns },
	{ ERX,         5, false, PROFILE_DNS2, "ERX-Secondary-Dns",        read_dns },
	{ ERX,        10, true,  PROFILE_UP,   "ERX-Ingress-Policy-Name",  read_erx },
	{ ERX,        11, true,  PROFILE_DOWN, "ERX-Egress-Policy-Name",   read_erx },
	{ ERX,        26, false, 0,            "ERX-Qos-Profile-Name",     read_unapplied },
	{ ERX,        65, false, 0,            "ERX-Service-Activate",     read_unapplied },
	{ ERX,       177, true,  PROFILE_DOWN, "ERX-Cos-Shaping-Rate",     read_erx },

	{ WISPR,       7, true,  PROFILE_UP,   "WISPr-Bandwidth-Max-Up",   read_wispr },
	{ WISPR,       8, true,  PROFILE_DOWN, "WISPr-Bandwidth-Max-Down", read_wispr },

	{ MIKROTIK,    8, true,  0,            "Mikrotik-Rate-Limit",      read_mikrotik },
};
/* clang-format on */

static const struct row *attr_row(uint32_t vendor, uint8_t type)
{
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++)
		if (rows[i].vendor == vendor && rows[i].type == type)
			return &rows[i];
	return NULL;
}

bool radius_profile_applied(const struct profile *p, enum profile_key key, unsigned n)
{
	struct radius_rate rate;
	struct span v;

	if (key == PROFILE_FILTER && profile_get(p, key, n, &v))
		return radius_rate_filter(v, &rate);
	return profile_key_applied(key);
}

const char *radius_profile_attr_name(uint32_t vendor, uint8_t type)
{
	const struct row *row = attr_row(vendor, type);

	return row ? row->name : "";
}

static struct draft draft_begin(struct profile_room *room, const struct profile *base,
				enum profile_source source)
{
	return (struct draft){ .p = profile_edit(room, base, (struct span){ 0 }),
			       .source = source,
			       .form = { RATE_NOT_SET, RATE_NOT_SET } };
}

/* A copy of the finished profile that stays. */
static enum reason draft_end(struct draft *d, struct profile **ret)
{
	struct profile_room renamed;

	offer_ascend(d);
	*ret = profile_copy(d->user.len ? profile_edit(&renamed, d->p, d->user) : d->p);
	return *ret ? REASON_NONE : REASON_NO_MEMORY;
}

static enum radius_fault fault_of(enum verdict v)
{
	switch (v) {
	case BAD_LENGTH:
		return RADIUS_FAULT_LENGTH;
	case TOO_MANY:
		return RADIUS_FAULT_MANY;
	case NOT_APPLIED:
		return RADIUS_FAULT_UNAPPLIED;
	case USED:
	case BAD_VALUE:
	case REFUSED:
		break;
	}
	return RADIUS_FAULT_VALUE;
}

static void report(struct radius_report *rep, const struct row *row, enum verdict v,
		   struct span value)
{
	if (v == NOT_APPLIED)
		rep->unapplied++;
	else
		rep->unusable++;
	if (rep->n_findings < RADIUS_FINDINGS)
		rep->findings[rep->n_findings++] = (struct radius_finding){ .name = row->name,
									    .fault = fault_of(v),
									    .value = value };
}

enum reason radius_profile_accept(struct span attrs, const struct profile *base,
				  struct profile **ret, struct radius_report *rep)
{
	struct profile_room room;
	struct draft d = draft_begin(&room, base, PROFILE_RADIUS);
	struct radius_walk w = radius_walk(attrs);
	struct radius_attr a;

	*rep = (struct radius_report){ 0 };
	while (radius_walk_next(&w, &a)) {
		const struct row *row = attr_row(a.vendor, a.type);
		enum verdict v = row && row->read ? row->read(&d, row, a.value) : USED;

		rep->unknown += !row;
		if (v != USED)
			report(rep, row, v, a.value);
	}
	rep->unknown += w.skipped;
	return d.refusal ? d.refusal : draft_end(&d, ret);
}

enum reason radius_profile_change(struct span attrs, const struct profile *base,
				  struct profile **ret, struct radius_finding *ret_finding)
{
	struct profile_room room;
	struct draft d = draft_begin(&room, base, PROFILE_COA);
	struct radius_walk w = radius_walk(attrs);
	struct radius_attr a;

	while (radius_walk_next(&w, &a)) {
		const struct row *row = attr_row(a.vendor, a.type);
		enum verdict v = row && row->change ? row->read(&d, row, a.value) : NOT_APPLIED;

		if (v == USED)
			continue;
		*ret_finding = (struct radius_finding){ .name = row ? row->name : "",
							.fault = fault_of(v),
							.value = a.value };
		return v == NOT_APPLIED ? REASON_COA_UNSUPPORTED : REASON_COA_VALUE;
	}
	if (w.skipped) {
		*ret_finding = (struct radius_finding){ .name = "Vendor-Specific",
							.fault = RADIUS_FAULT_LENGTH };
		return REASON_COA_VALUE;
	}
	return draft_end(&d, ret);
}

const char *radius_fault_name(enum radius_fault fault)
{
	static const char *const words[] = { "length", "value", "too-many", "not-applied" };

	return words[fault];
}
