/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses notifications of rtnetlink about what ze may have put into the kernel: a link and its XDP
 * programs, an address or a route that was removed or replaced, a filter of tc. Makes no system
 * calls.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct nlmsghdr;

enum news_kind {
	NEWS_LINK,
	NEWS_ADDRESS, /* an address was removed */
	NEWS_ROUTE,   /* removed from the main table, or replaced in it */
	NEWS_FILTER   /* a filter or qdisc was removed */
};

struct news {
	enum news_kind kind;
	unsigned ifindex; /* 0: a route without a device */
	/* NEWS_LINK */
	bool gone, up, running, in_vrf; /* gone: removed; running: with carrier */
	char name[16];
	bool has_xdp; /* the ids of the attached programs follow; 0: none */
	uint32_t native_id, generic_id;
	/* NEWS_ADDRESS, NEWS_ROUTE */
	uint8_t family; /* 4 or 6 */
	uint8_t ip[16]; /* for a route: its destination */
	uint8_t len;	/* of the prefix, in bits */
	uint8_t proto;	/* rtm_protocol of the removed route, or of the one that replaced it */
	bool replaced;	/* the route was replaced by another one */
	bool blackhole;
};

/* Returns false when the message is about none of these. */
bool news_parse(const struct nlmsghdr *h, struct news *ret);
