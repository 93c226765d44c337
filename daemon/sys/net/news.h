/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a notification of rtnetlink says about something ze may have put into the kernel: a link and its
 * XDP programs, an address or a route that is gone or was replaced, a filter of tc. Reads bytes, asks nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct nlmsghdr;

enum news_kind {
	NEWS_LINK,
	NEWS_ADDRESS, /* removed */
	NEWS_ROUTE,   /* removed from the main table, or replaced there */
	NEWS_FILTER   /* a filter or qdisc, removed */
};

struct news {
	enum news_kind kind;
	unsigned ifindex; /* 0: of a route without a device */
	/* NEWS_LINK */
	bool gone, up, running, in_vrf; /* running: with a carrier */
	char name[16];
	bool has_xdp; /* the next two say what is attached; 0: nothing */
	uint32_t native_id, generic_id;
	/* NEWS_ADDRESS, NEWS_ROUTE */
	uint8_t family; /* 4 or 6 */
	uint8_t ip[16]; /* of a route: its destination */
	uint8_t len;	/* of the prefix */
	uint8_t proto;	/* rtm_protocol: of the route that is gone, or took the place */
	bool replaced;	/* another route took the place */
	bool blackhole;
};

/* false: nothing of that. */
bool news_parse(const struct nlmsghdr *h, struct news *ret);
