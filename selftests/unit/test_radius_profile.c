/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "aaa/radius_profile.h"
#include "daemon/base/compiler.h"
#include "daemon/base/strbuf.h"
#include "selftests/lib/fail_alloc.h"
#include "selftests/lib/radius_kit.h"

/* ---------------------------------------------------------------- a profile as a text */

static void say_ip4(struct strbuf *b, const char *word, uint32_t ip)
{
	char text[ZE_ADDR_TEXT];

	sb_printf(b, "%s=%s ", word, ze_ip4_text(ip, text));
}

static void say_field(struct strbuf *b, const struct profile *p, enum profile_key key)
{
	const char *word = profile_key_name(key);

	switch ((int)key) {
	case PROFILE_USER:
		sb_printf(b, "%s=%s ", word, p->user);
		break;
	case PROFILE_ADDRESS:
		if (p->has_address)
			say_ip4(b, word, p->address);
		else
			sb_printf(b, "%s=%s ", word, p->wish ? "wish" : "pool");
		break;
	case PROFILE_NETMASK:
		sb_printf(b, "%s=/%u ", word, p->netmask);
		break;
	case PROFILE_DNS1:
	case PROFILE_DNS2:
		say_ip4(b, word, p->dns[key == PROFILE_DNS2]);
		break;
	case PROFILE_DOWN:
	case PROFILE_UP:
		sb_printf(b, "%s=%" PRIu64 " ", word, key == PROFILE_UP ? p->up_bps : p->down_bps);
		break;
	case PROFILE_SESSION_TIMEOUT:
		sb_printf(b, "%s=%u ", word, p->session_timeout_s);
		break;
	case PROFILE_IDLE_TIMEOUT:
		sb_printf(b, "%s=%u ", word, p->idle_timeout_s);
		break;
	case PROFILE_INTERIM:
		sb_printf(b, "%s=%u ", word, p->interim_s);
		break;
	case PROFILE_MTU:
		sb_printf(b, "%s=%u ", word, p->mtu);
		break;
	case PROFILE_SESSIONS:
		sb_printf(b, "%s=%u ", word, p->sessions.limit);
		break;
	}
}

static void say_prefix(struct strbuf *b, const struct ze_prefix *p)
{
	char text[ZE_ADDR_TEXT];

	sb_printf(b, "%s/%u", ze_addr_text(&p->addr, text), p->len);
}

static void say_value(struct strbuf *b, const struct profile *p, enum profile_key key, unsigned n)
{
	struct profile_route route;
	struct ze_prefix prefix;
	struct span v;

	sb_printf(b, "%s=", profile_key_name(key));
	assert_true(profile_get(p, key, n, &v));
	if (key == PROFILE_ROUTE || key == PROFILE_ROUTE6) {
		assert_true(profile_get_route(p, key, n, &route));
		say_prefix(b, &route.dst);
		if (route.metric)
			sb_printf(b, ",%u", route.metric);
	} else if (key == PROFILE_PREFIX6 || key == PROFILE_DELEGATED6 || key == PROFILE_ADDRESS6 ||
		   key == PROFILE_DNS6) {
		assert_true(profile_get_prefix6(p, key, n, &prefix));
		say_prefix(b, &prefix);
	} else if (key == PROFILE_CLASS || key == PROFILE_IFID6) {
		for (size_t i = 0; i < v.len; i++)
			sb_printf(b, "%02x", v.p[i]);
	} else {
		sb_add(b, (const char *)v.p, v.len);
	}
	sb_puts(b, " ");
}

/* All values whose source is not the configuration, in the order of keys, and their sources when
 * they are not `usual`. */
static void say_profile(struct strbuf *b, const struct profile *p, enum profile_source usual)
{
	for (unsigned key = 0; key < PROFILE_KEY__COUNT; key++) {
		enum profile_source source = profile_source(p, key);
		struct span v;

		if (source == PROFILE_DEFAULT)
			continue;
		if (source != usual)
			sb_printf(b, "%s:", profile_source_name(source));
		say_field(b, p, key);
		for (unsigned n = 0; profile_get(p, key, n, &v); n++)
			say_value(b, p, key, n);
	}
}

static struct span nothing;

/* "VALUES | ATTRIBUTE:FAULT ... | unknown=N", without what is empty. */
static void assert_accept(const char *attrs, const char *want)
{
	struct profile *base = profile_new(span_str("alice")), *p;
	struct radius_report rep;
	enum reason why = radius_profile_accept(rk_attrs(attrs), base, &p, &rep);
	struct strbuf b;

	sb_init(&b);
	if (why == REASON_NONE) {
		say_profile(&b, p, PROFILE_RADIUS);
		profile_free(p);
	} else {
		sb_printf(&b, "%s ", reason_name(why));
	}
	for (unsigned i = 0; i < rep.n_findings; i++)
		sb_printf(&b, "| %s:%s ", rep.findings[i].name,
			  radius_fault_name(rep.findings[i].fault));
	assert_int_equal(rep.n_findings, rep.unusable + rep.unapplied);
	if (rep.unknown)
		sb_printf(&b, "| unknown=%u ", rep.unknown);
	if (strcmp(b.s ? b.s : "", want) != 0)
		fail_msg("%s\n  got:  %s\n  want: %s", attrs, b.s ? b.s : "", want);
	sb_done(&b);
	profile_free(base);
}

struct row {
	const char *attrs, *want;
};

static void assert_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_accept(rows[i].attrs, rows[i].want);
}

/* ---------------------------------------------------------------- Access-Accept */

/* R-014, S-AAA-48 */
static void service(void **st)
{
	static const struct row rows[] = {
		{ "6 i 2; 7 i 1", "" },
		{ "", "" },
		{ "6 i 1", "accept-service | Service-Type:value " },
		{ "6 i 5; 7 i 1", "accept-service | Service-Type:value " },
		{ "6 i 2; 7 i 2", "accept-service | Framed-Protocol:value " },
		{ "6 x 0002", "accept-service | Service-Type:value " },
		{ "7 x", "accept-service | Framed-Protocol:value " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* R-018, S-AAA-33 ... S-AAA-38, and the forms of DNS servers of CONFORMANCE 5.3. */
static void addresses(void **st)
{
	static const struct row rows[] = {
		{ "8 a 192.0.2.7", "address=192.0.2.7 " },
		{ "8 a 255.255.255.254", "address=pool " },
		{ "8 a 255.255.255.255", "address=wish " },
		{ "8 a 0.0.0.0", "accept-address | Framed-IP-Address:value " },
		{ "8 a 127.0.0.1", "accept-address | Framed-IP-Address:value " },
		{ "8 a 169.254.1.1", "accept-address | Framed-IP-Address:value " },
		{ "8 a 224.0.0.5", "accept-address | Framed-IP-Address:value " },
		{ "8 a 239.255.255.255", "accept-address | Framed-IP-Address:value " },
		{ "8 a 255.255.255.253", "accept-address | Framed-IP-Address:value " },
		{ "8 x c00002", "| Framed-IP-Address:length " },
		{ "8 a 192.0.2.7; 8 a 192.0.2.8",
		  "address=192.0.2.7 | Framed-IP-Address:too-many " },
		{ "8 a 192.0.2.7; 9 a 255.255.255.0; 88 t gold",
		  "address=192.0.2.7 netmask=/24 pool=gold " },
		{ "9 a 255.255.255.255", "netmask=/32 " },
		{ "9 a 0.0.0.0", "netmask=/0 " },
		{ "9 a 255.0.255.0", "| Framed-IP-Netmask:value " },
		{ "9 x ff; 9 a 255.0.0.0; 9 a 255.0.0.0",
		  "netmask=/8 | Framed-IP-Netmask:length | Framed-IP-Netmask:too-many " },
		{ "88 t gold; 88 t silver", "pool=gold | Framed-Pool:too-many " },
		{ "88 t", "| Framed-Pool:length " },
		{ "311/28 a 192.0.2.53; 311/29 a 192.0.2.54",
		  "dns-primary=192.0.2.53 dns-secondary=192.0.2.54 " },
		{ "529/135 a 192.0.2.53; 529/136 a 192.0.2.54",
		  "dns-primary=192.0.2.53 dns-secondary=192.0.2.54 " },
		{ "4874/4 a 192.0.2.53; 4874/5 a 192.0.2.54",
		  "dns-primary=192.0.2.53 dns-secondary=192.0.2.54 " },
		{ "9/1 t ip:dns-servers=192.0.2.53 192.0.2.54",
		  "dns-primary=192.0.2.53 dns-secondary=192.0.2.54 " },
		{ "9/1 t ip:dns-servers=192.0.2.53", "dns-primary=192.0.2.53 " },
		{ "9/1 t ip:addr-pool=gold", "pool=gold " },
		{ "311/28 a 192.0.2.53; 529/135 a 192.0.2.54",
		  "dns-primary=192.0.2.53 | Ascend-Client-Primary-DNS:too-many " },
		{ "311/28 a 0.0.0.0", "| MS-Primary-DNS-Server:value " },
		{ "311/28 x 01", "| MS-Primary-DNS-Server:length " },
		{ "9/1 t ip:dns-servers=none", "| Cisco-AVPair:value " },
		{ "9/1 t ip:dns-servers=", "| Cisco-AVPair:value " },
		{ "9/1 t ip:dns-servers=192.0.2.53 x",
		  "dns-primary=192.0.2.53 | Cisco-AVPair:value " },
		{ "9/1 t ip:dns-servers=127.0.0.1", "| Cisco-AVPair:value " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* S-AAA-39, S-AAA-41, S-AAA-42, R-070, R-071: each form, down and up. */
static void rates(void **st)
{
	static const struct row rows[] = {
		{ "11 t 10mbit/2mbit",
		  "download-rate=10000000 upload-rate=2000000 filter-id=10mbit/2mbit " },
		{ "11 t 10000/2000",
		  "download-rate=10000000 upload-rate=2000000 filter-id=10000/2000 " },
		{ "11 t premium", "filter-id=premium " },
		{ "11 t premium; 11 t rate:1mbit",
		  "download-rate=1000000 upload-rate=1000000 filter-id=premium filter-id=rate:1mbit " },
		{ "11 t", "| Filter-Id:length " },
		{ "11 t a; 11 t b; 11 t c; 11 t d; 11 t e",
		  "filter-id=a filter-id=b filter-id=c filter-id=d | Filter-Id:too-many " },
		{ "14988/8 t 2M/10M", "download-rate=10000000 upload-rate=2000000 " },
		{ "14988/8 t fast", "| Mikrotik-Rate-Limit:value " },
		{ "14988/8 t 2M/10M; 14988/8 t 1M",
		  "download-rate=10000000 upload-rate=2000000 | Mikrotik-Rate-Limit:too-many " },
		{ "9/1 t lcp:interface-config#1=rate-limit output 10000000 1 1; "
		  "9/1 t lcp:interface-config#2=rate-limit input 2000000 1 1",
		  "download-rate=10000000 upload-rate=2000000 " },
		{ "9/1 t lcp:interface-config=rate-limit output 10000000",
		  "download-rate=10000000 " },
		{ "9/1 t lcp:interface-config=rate-limit output much", "| Cisco-AVPair:value " },
		{ "9/1 t ip:sub-qos-policy-out=gold", "| Cisco-AVPair:not-applied " },
		{ "9/1 t", "| Cisco-AVPair:length " },
		{ "14122/7 i 2000000; 14122/8 i 10000000",
		  "download-rate=10000000 upload-rate=2000000 " },
		{ "14122/8 i 10000000", "download-rate=10000000 " },
		{ "14122/8 i 0", "download-rate=0 " },
		{ "14122/8 i 7999; 14122/7 i 8000",
		  "upload-rate=8000 | WISPr-Bandwidth-Max-Down:value " },
		{ "14122/8 x 01", "| WISPr-Bandwidth-Max-Down:length " },
		{ "529/197 i 2000000; 529/255 i 10000000",
		  "download-rate=10000000 upload-rate=2000000 " },
		{ "529/255 i 10000000; 529/197 i 2000000",
		  "download-rate=10000000 upload-rate=2000000 " },
		{ "529/197 i 2000000", "download-rate=2000000 upload-rate=2000000 " },
		{ "529/255 i 2000000", "download-rate=2000000 " },
		{ "529/197 i 10000000; 529/197 i 2000000",
		  "download-rate=10000000 upload-rate=2000000 " },
		{ "197 i 2000000; 255 i 10000000", "download-rate=10000000 upload-rate=2000000 " },
		{ "529/197 i 1000000; 529/197 i 2000000; 529/197 i 3000000; 529/255 i 9; 529/255 x 01",
		  "download-rate=1000000 upload-rate=2000000 | Ascend-Data-Rate:too-many "
		  "| Ascend-Xmit-Rate:value | Ascend-Xmit-Rate:length " },
		{ "529/255 i 1000000; 529/255 i 2000000",
		  "download-rate=1000000 | Ascend-Xmit-Rate:too-many " },
		{ "4874/10 t 2mbit; 4874/11 t 10mbit",
		  "download-rate=10000000 upload-rate=2000000 " },
		{ "4874/177 t 10000000", "download-rate=10000000 " },
		{ "4874/10 t gold; 4874/26 t gold; 4874/65 x 0161",
		  "| ERX-Ingress-Policy-Name:not-applied | ERX-Qos-Profile-Name:not-applied "
		  "| ERX-Service-Activate:not-applied " },
		{ "77 t 10000000", "download-rate=10000000 " },
		{ "77 t 95%", "| Connect-Info:not-applied " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* of all forms at once the first of the documented order decides, whatever their order in
 * the packet; a direction that it does not name is the next one's. */
static void rate_precedence(void **st)
{
	static const char *const forms[] = {
		"14988/8 t 10010k/20010k",
		"9/1 t rate-limit input 10020000; 9/1 t rate-limit output 20020000",
		"14122/7 i 10030000; 14122/8 i 20030000",
		"529/197 i 10040000; 529/255 i 20040000",
		"4874/10 t 10050000; 4874/11 t 20050000",
		"77 t 20060000",
		"11 t 20070/10070",
	};
	static const struct row rows[] = {
		{ "9/1 t rate-limit output 5000000; 14122/7 i 2000000; 14122/8 i 9000000",
		  "download-rate=5000000 upload-rate=2000000 " },
		{ "77 t 7000000; 11 t 9000/3000",
		  "download-rate=7000000 upload-rate=3000000 filter-id=9000/3000 " },
	};

	(void)st;
	for (unsigned order = 0; order < 2; order++) {
		for (unsigned first = 0; first < ZE_ARRAY_SIZE(forms); first++) {
			struct profile *base = profile_new(span_str("alice")), *p;
			struct span attrs = nothing;
			struct radius_report rep;

			for (unsigned i = first; i < ZE_ARRAY_SIZE(forms); i++)
				attrs = order ? rk_cat(attrs, rk_attrs(forms[i])) :
						rk_cat(rk_attrs(forms[i]), attrs);
			assert_int_equal(radius_profile_accept(attrs, base, &p, &rep), REASON_NONE);
			assert_int_equal(p->down_bps, 20010000 + first * 10000);
			if (first != 5)
				assert_int_equal(p->up_bps, 10010000 + first * 10000);
			assert_int_equal(rep.unusable + rep.unapplied, 0);
			profile_free(p);
			profile_free(base);
		}
	}
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* S-AAA-43 ... S-AAA-45, and other numbers. */
static void numbers(void **st)
{
	static const struct row rows[] = {
		{ "27 i 3600; 28 i 300", "session-timeout=3600 idle-timeout=300 " },
		{ "27 i 0; 28 i 0", "session-timeout=0 idle-timeout=0 " },
		{ "27 i 4294967295", "session-timeout=4294967295 " },
		{ "27 x 0e10; 28 x", "| Session-Timeout:length | Idle-Timeout:length " },
		{ "27 i 5; 27 i 6", "session-timeout=5 | Session-Timeout:too-many " },
		{ "85 i 5", "acct-interval=60 " },
		{ "85 i 59", "acct-interval=60 " },
		{ "85 i 60", "acct-interval=60 " },
		{ "85 i 900", "acct-interval=900 " },
		{ "85 i 3600", "acct-interval=3600 " },
		{ "85 i 90000", "acct-interval=3600 " },
		{ "85 i 0", "acct-interval=0 " },
		{ "85 x 01; 85 i 60; 85 i 70",
		  "acct-interval=60 | Acct-Interim-Interval:length | Acct-Interim-Interval:too-many " },
		{ "12 i 1492", "mtu=1492 " },
		{ "12 i 576", "mtu=576 " },
		{ "12 i 65535", "mtu=65535 " },
		{ "12 i 575", "| Framed-MTU:value " },
		{ "12 i 65536", "| Framed-MTU:value " },
		{ "12 x 05dc; 12 i 1400; 12 i 1300",
		  "mtu=1400 | Framed-MTU:length | Framed-MTU:too-many " },
		{ "62 i 2", "session-limit=2 " },
		{ "62 i 0", "| Port-Limit:value " },
		{ "62 x 02; 62 i 1; 62 i 1",
		  "session-limit=1 | Port-Limit:length | Port-Limit:too-many " },
		{ "29 i 0", "" },
		{ "29 i 1; 29 x 01",
		  "| Termination-Action:not-applied | Termination-Action:length " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* S-AAA-46, S-AAA-47 */
static void names(void **st)
{
	static const struct row rows[] = {
		{ "1 t bob@example.net", "user=bob@example.net " },
		{ "1 t bob; 88 t gold; 25 x 00ff", "user=bob pool=gold class=00ff " },
		{ "1 t; 1 x 610062; 1 t bob; 1 t carol",
		  "user=bob | User-Name:length | User-Name:value | User-Name:too-many " },
		{ "25 x 00; 25 x 610062; 25 x ff", "class=00 class=610062 class=ff " },
		{ "25 x 01; 25 x 02; 25 x 03; 25 x 04; 25 x 05; 25 x 06; 25 x 07; 25 x 08; 25 x 09",
		  "class=01 class=02 class=03 class=04 class=05 class=06 class=07 class=08 "
		  "| Class:too-many " },
		{ "25 x", "| Class:length " },
		{ "89 t cui-1", "chargeable-user-identity=cui-1 " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* R-019, S-AAA-50 */
static void routes(void **st)
{
	static const struct row rows[] = {
		{ "22 t 192.0.2.0/24 0.0.0.0 1", "route=192.0.2.0/24,1 " },
		{ "22 t 192.0.2.0/24", "route=192.0.2.0/24 " },
		{ "22 t 192.0.2.0/24 198.51.100.1", "route=192.0.2.0/24 " },
		{ "22 t 192.0.2.0/24 gateway 7 8 9", "route=192.0.2.0/24,7 " },
		{ "22 t  192.0.2.128/25   0.0.0.0   5 ", "route=192.0.2.128/25,5 " },
		{ "22 t 192.0.2.9/24 0.0.0.0 1", "route=192.0.2.0/24,1 " },
		{ "22 t 192.0.2.9/32", "route=192.0.2.9/32 " },
		{ "22 t 10.0.0.0", "route=10.0.0.0/8 " },
		{ "22 t 172.16.0.0 0.0.0.0", "route=172.16.0.0/16 " },
		{ "22 t 192.0.2.0", "route=192.0.2.0/24 " },
		{ "22 t 192.0.2.0/24; 22 t nonsense; 22 t 198.51.100.0/24",
		  "route=192.0.2.0/24 route=198.51.100.0/24 | Framed-Route:value " },
		{ "22 t", "| Framed-Route:length " },
		{ "22 t   ", "| Framed-Route:value " },
		{ "22 t 192.0.2.0/33", "| Framed-Route:value " },
		{ "22 t 192.0.2.0/", "| Framed-Route:value " },
		{ "22 t 192.0.2.0/-1", "| Framed-Route:value " },
		{ "22 t 192.0.2/24", "| Framed-Route:value " },
		{ "22 t 192.0.2.0/24 0.0.0.0 x", "| Framed-Route:value " },
		{ "22 t 192.0.2.0/24 0.0.0.0 4294967296", "| Framed-Route:value " },
		{ "22 t 0.0.0.0/0 0.0.0.0 1", "| Framed-Route:value " },
		{ "22 t 127.0.0.0/8", "| Framed-Route:value " },
		{ "22 t 224.0.0.0/4", "| Framed-Route:value " },
		{ "22 t 2001:db8::/32", "| Framed-Route:value " },
		{ "22 x 3139322e302e322e302f323400", "| Framed-Route:value " },
		{ "99 t 2001:db8:1::/48 :: 1", "ipv6-route=2001:db8:1::/48,1 " },
		{ "99 t 2001:db8:1::1/48", "ipv6-route=2001:db8:1::/48 " },
		{ "99 t 2001:db8:1::1", "ipv6-route=2001:db8:1::1/128 " },
		{ "99 t ::/0", "| Framed-IPv6-Route:value " },
		{ "99 t fe80::/64", "| Framed-IPv6-Route:value " },
		{ "99 t febf::/64", "| Framed-IPv6-Route:value " },
		{ "99 t fe80::1%2/64", "| Framed-IPv6-Route:value " },
		{ "99 t ff02::/16", "| Framed-IPv6-Route:value " },
		{ "99 t ::1/128", "| Framed-IPv6-Route:value " },
		{ "99 t 192.0.2.0/24", "| Framed-IPv6-Route:value " },
		{ "99 t 2001:db8::/129", "| Framed-IPv6-Route:value " },
		{ "99 t 2001:db8:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa/128 2001:db8:aaaa:aaaa:aaaa:aaaa:aaaa:"
		  "aaaa%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1",
		  "ipv6-route=2001:db8:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa/128 " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* S-AAA-50: up to 64 of each family; the others are counted. */
static void many_routes(void **st)
{
	struct profile *base = profile_new(span_str("alice")), *p;
	struct span attrs = nothing;
	struct profile_route route;
	struct radius_report rep;
	char text[64];

	(void)st;
	for (unsigned i = 0; i < 70; i++) {
		snprintf(text, sizeof(text), "10.0.%u.0/24", i);
		attrs = rk_cat(attrs, rk_text(22, text));
	}
	assert_int_equal(radius_profile_accept(attrs, base, &p, &rep), REASON_NONE);
	assert_int_equal(rep.unusable, 6);
	assert_int_equal(rep.n_findings, 6);
	assert_true(profile_get_route(p, PROFILE_ROUTE, 63, &route));
	assert_int_equal(route.dst.addr.ip[2], 63);
	assert_false(profile_get_route(p, PROFILE_ROUTE, 64, &route));
	profile_free(p);
	profile_free(base);
}

/* R-020, S-AAA-51 */
static void ipv6(void **st)
{
	static const struct row rows[] = {
		{ "97 x 0040 20010db800010002", "ipv6-prefix=2001:db8:1:2::/64 " },
		{ "97 x 0040 20010db8000100020000000000000000", "ipv6-prefix=2001:db8:1:2::/64 " },
		{ "123 x 0038 20010db8000100ff", "delegated-ipv6-prefix=2001:db8:1::/56 " },
		{ "123 x 0038 20010db80001000000000000000000ff",
		  "delegated-ipv6-prefix=2001:db8:1::/56 " },
		{ "123 x 0038 20010db8000100", "delegated-ipv6-prefix=2001:db8:1::/56 " },
		{ "123 x 0038 20010db80001", "| Delegated-IPv6-Prefix:value " },
		{ "97 x 0081 20010db8000100020000000000000000", "| Framed-IPv6-Prefix:value " },
		{ "97 x 0000", "| Framed-IPv6-Prefix:value " },
		{ "97 x 00", "| Framed-IPv6-Prefix:length " },
		{ "97 x 0080 20010db800010002000000000000000000", "| Framed-IPv6-Prefix:length " },
		{ "97 x 0040 fe80000000000000", "| Framed-IPv6-Prefix:value " },
		{ "168 x 20010db8000100020000000000000001", "ipv6-address=2001:db8:1:2::1/128 " },
		{ "168 x 20010db8", "| Framed-IPv6-Address:length " },
		{ "168 x ff020000000000000000000000000001", "| Framed-IPv6-Address:value " },
		{ "169 x 20010db8000000000000000000000053; 169 x 20010db8000000000000000000000054",
		  "ipv6-dns=2001:db8::53/128 ipv6-dns=2001:db8::54/128 " },
		{ "96 x 0000000000000001", "interface-id=0000000000000001 " },
		{ "96 x 0000000000000000", "| Framed-Interface-Id:value " },
		{ "96 x 01", "| Framed-Interface-Id:length " },
		{ "100 t six; 171 t pd", "ipv6-pool=six delegated-ipv6-pool=pd " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
	assert_false(profile_key_applied(PROFILE_DELEGATED6));
	assert_true(profile_key_applied(PROFILE_ADDRESS));
}

/* S-AAA-52: unknown attributes change nothing; known ones that ze does not have are
 * named. */
static void others(void **st)
{
	static const struct row rows[] = {
		{ "200 x 00; 61 i 5; 9999/1 x 00; 9/2 t x; 27 i 9",
		  "session-timeout=9 | unknown=4 " },
		{ "26 x; 26 x 000001; 26 x 00000137 1c00; 27 i 9",
		  "session-timeout=9 | unknown=3 " },
		{ "18 t hello; 24 x 01; 33 x 02; 311/26 x 01; 311/16 x 00; 311/17 x 00", "" },
		{ "64 i 3; 66 t 192.0.2.1; 69 x 00; 13 i 1; 10 i 0",
		  "| Tunnel-Type:not-applied | Tunnel-Client-Endpoint:not-applied "
		  "| Tunnel-Password:not-applied | Framed-Compression:not-applied "
		  "| Framed-Routing:not-applied " },
	};

	(void)st;
	assert_rows(rows, ZE_ARRAY_SIZE(rows));
}

/* S-AAA-52: random attributes. Whatever they are, a known one before them is used. */
static void random_attributes(void **st)
{
	uint32_t seed = 12345;

	(void)st;
	for (unsigned round = 0; round < 2000; round++) {
		struct profile *base = profile_new(span_str("alice")), *p = NULL;
		struct span attrs = rk_attrs("27 i 1234");
		struct radius_report rep;
		uint8_t v[20];

		for (unsigned n = 0; n < 5; n++) {
			for (size_t i = 0; i < sizeof(v); i++) {
				seed = seed * 1103515245 + 12345;
				v[i] = (uint8_t)(seed >> 16);
			}
			attrs = rk_cat(attrs, rk_attr(v[0], span_of(v + 1, v[1] % 19)));
		}
		if (radius_profile_accept(attrs, base, &p, &rep) == REASON_NONE)
			assert_int_equal(p->session_timeout_s, 1234);
		assert_in_range(rep.unusable + rep.unapplied + rep.unknown, 0, 5);
		profile_free(p);
		profile_free(base);
	}
}

/* More faults than there are findings: all are counted. */
static void findings_have_a_limit(void **st)
{
	struct profile *base = profile_new(span_str("alice")), *p;
	struct span attrs = nothing;
	struct radius_report rep;

	(void)st;
	for (unsigned i = 0; i < RADIUS_FINDINGS + 3; i++)
		attrs = rk_cat(attrs, rk_attrs("27 x 00"));
	assert_int_equal(radius_profile_accept(attrs, base, &p, &rep), REASON_NONE);
	assert_int_equal(rep.unusable, RADIUS_FINDINGS + 3);
	assert_int_equal(rep.n_findings, RADIUS_FINDINGS);
	assert_int_equal(rep.findings[0].value.len, 1);
	profile_free(p);
	profile_free(base);
}

/* S-AAA-53: RADIUS wins over local users, key by key. */
static void radius_over_local(void **st)
{
	struct profile *base = profile_new(span_str("alice")), *p;
	struct radius_report rep;
	struct strbuf b;

	(void)st;
	base->has_address = true;
	base->address = 0xc0000207;
	base->dns[0] = 0xc0000235;
	profile_set_source(base, PROFILE_ADDRESS, PROFILE_LOCAL);
	profile_set_source(base, PROFILE_DNS1, PROFILE_LOCAL);
	for (unsigned i = 0; i < 2; i++) {
		sb_init(&b);
		assert_int_equal(
			radius_profile_accept(rk_attrs(i ? "8 a 255.255.255.254" : "27 i 60"), base,
					      &p, &rep),
			REASON_NONE);
		say_profile(&b, p, PROFILE_RADIUS);
		assert_string_equal(b.s, i ? "address=pool local:dns-primary=192.0.2.53 " :
					     "local:address=192.0.2.7 local:dns-primary=192.0.2.53 "
					     "session-timeout=60 ");
		sb_done(&b);
		profile_free(p);
	}
	assert_int_equal(base->session_timeout_s, 0);
	profile_free(base);
}

/* ---------------------------------------------------------------- CoA-Request */

static struct profile *accepted(const char *attrs)
{
	struct profile *base = profile_new(span_str("alice")), *p = NULL;
	struct radius_report rep;

	assert_int_equal(radius_profile_accept(rk_attrs(attrs), base, &p, &rep), REASON_NONE);
	profile_free(base);
	return p;
}

#define BEFORE                                                                                     \
	"8 a 192.0.2.7; 11 t 10mbit/2mbit; 25 x 01; 25 x 02; 22 t 198.51.100.0/24; 27 i 3600; 88 t gold"

/* S-AAA-75, S-AAA-76, R-060, R-061: what is named replaces what was; the rest stays. */
static void changes(void **st)
{
	static const struct {
		const char *attrs, *want;
	} rows[] = {
		{ "", "address=192.0.2.7 download-rate=10000000 upload-rate=2000000 "
		      "session-timeout=3600 pool=gold filter-id=10mbit/2mbit class=01 class=02 "
		      "route=198.51.100.0/24 " },
		{ "11 t 20mbit/4mbit",
		  "address=192.0.2.7 coa:download-rate=20000000 coa:upload-rate=4000000 "
		  "session-timeout=3600 pool=gold coa:filter-id=20mbit/4mbit class=01 class=02 "
		  "route=198.51.100.0/24 " },
		{ "14988/8 t 4M/20M; 27 i 60; 28 i 30; 85 i 120; 25 x 03",
		  "address=192.0.2.7 coa:download-rate=20000000 coa:upload-rate=4000000 "
		  "coa:session-timeout=60 coa:idle-timeout=30 coa:acct-interval=120 pool=gold "
		  "filter-id=10mbit/2mbit coa:class=03 route=198.51.100.0/24 " },
		{ "9/1 t rate-limit output 20000000",
		  "address=192.0.2.7 coa:download-rate=20000000 upload-rate=2000000 "
		  "session-timeout=3600 pool=gold filter-id=10mbit/2mbit class=01 class=02 "
		  "route=198.51.100.0/24 " },
		{ "22 t 203.0.113.0/24; 22 t 203.0.113.0/25; 99 t 2001:db8::/32",
		  "address=192.0.2.7 download-rate=10000000 upload-rate=2000000 "
		  "session-timeout=3600 pool=gold filter-id=10mbit/2mbit class=01 class=02 "
		  "coa:route=203.0.113.0/24 route=203.0.113.0/25 coa:ipv6-route=2001:db8::/32 " },
	};
	struct profile *base = accepted(BEFORE);

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct radius_finding finding;
		struct profile *p;
		struct strbuf b;

		sb_init(&b);
		assert_int_equal(radius_profile_change(rk_attrs(rows[i].attrs), base, &p, &finding),
				 REASON_NONE);
		say_profile(&b, p, PROFILE_RADIUS);
		assert_string_equal(b.s, rows[i].want);
		sb_done(&b);
		profile_free(p);
	}
	profile_free(base);
}

/* S-AAA-77: the first bad one refuses all. */
static void refused_changes(void **st)
{
	static const struct {
		const char *attrs;
		enum reason why;
		const char *name;
		enum radius_fault fault;
	} rows[] = {
		{ "27 i 60; 88 t silver", REASON_COA_UNSUPPORTED, "Framed-Pool",
		  RADIUS_FAULT_UNAPPLIED },
		{ "27 i 60; 12 i 1400", REASON_COA_UNSUPPORTED, "Framed-MTU",
		  RADIUS_FAULT_UNAPPLIED },
		{ "11 t 1mbit; 200 x 00", REASON_COA_UNSUPPORTED, "", RADIUS_FAULT_UNAPPLIED },
		{ "9999/1 x 00", REASON_COA_UNSUPPORTED, "", RADIUS_FAULT_UNAPPLIED },
		{ "29 i 1", REASON_COA_UNSUPPORTED, "Termination-Action", RADIUS_FAULT_UNAPPLIED },
		{ "9/1 t ip:sub-qos-policy-out=gold", REASON_COA_UNSUPPORTED, "Cisco-AVPair",
		  RADIUS_FAULT_UNAPPLIED },
		{ "9/1 t ip:addr-pool=silver", REASON_COA_UNSUPPORTED, "Cisco-AVPair",
		  RADIUS_FAULT_UNAPPLIED },
		{ "77 t 95%", REASON_COA_UNSUPPORTED, "Connect-Info", RADIUS_FAULT_UNAPPLIED },
		{ "6 i 2", REASON_COA_UNSUPPORTED, "Service-Type", RADIUS_FAULT_UNAPPLIED },
		{ "18 t hello", REASON_COA_UNSUPPORTED, "Reply-Message", RADIUS_FAULT_UNAPPLIED },
		{ "11 t premium", REASON_COA_VALUE, "Filter-Id", RADIUS_FAULT_VALUE },
		{ "14988/8 t 4M/x", REASON_COA_VALUE, "Mikrotik-Rate-Limit", RADIUS_FAULT_VALUE },
		{ "27 x 01", REASON_COA_VALUE, "Session-Timeout", RADIUS_FAULT_LENGTH },
		{ "27 i 60; 27 i 61", REASON_COA_VALUE, "Session-Timeout", RADIUS_FAULT_MANY },
		{ "22 t nonsense", REASON_COA_VALUE, "Framed-Route", RADIUS_FAULT_VALUE },
		{ "27 i 60; 26 x 00", REASON_COA_VALUE, "Vendor-Specific", RADIUS_FAULT_LENGTH },
	};
	struct profile *base = accepted(BEFORE), *p = NULL;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(rows); i++) {
		struct radius_finding finding = { 0 };

		assert_int_equal(radius_profile_change(rk_attrs(rows[i].attrs), base, &p, &finding),
				 rows[i].why);
		assert_string_equal(finding.name, rows[i].name);
		assert_int_equal(finding.fault, rows[i].fault);
		assert_null(p);
	}
	profile_free(base);
}

/* Without memory there is no profile, and nothing leaks. */
static void no_memory(void **st)
{
	struct profile *base = profile_new(span_str("alice")), *p = NULL;
	struct radius_report rep;
	struct radius_finding finding;

	(void)st;
	if (!fail_alloc_works())
		skip();
	fail_alloc_at(0);
	assert_int_equal(radius_profile_accept(rk_attrs("1 t bob"), base, &p, &rep),
			 REASON_NO_MEMORY);
	fail_alloc_at(0);
	assert_int_equal(radius_profile_change(rk_attrs("27 i 1"), base, &p, &finding),
			 REASON_NO_MEMORY);
	fail_alloc_off();
	assert_null(p);
	profile_free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(service),
		cmocka_unit_test(addresses),
		cmocka_unit_test(rates),
		cmocka_unit_test(rate_precedence),
		cmocka_unit_test(numbers),
		cmocka_unit_test(names),
		cmocka_unit_test(routes),
		cmocka_unit_test(many_routes),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(others),
		cmocka_unit_test(random_attributes),
		cmocka_unit_test(findings_have_a_limit),
		cmocka_unit_test(radius_over_local),
		cmocka_unit_test(changes),
		cmocka_unit_test(refused_changes),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
