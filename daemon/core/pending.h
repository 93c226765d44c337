/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The answers that a PPP link is owed, and the end of its call. While the effects of a link are
 * performed the link must not be entered, so what has to be passed to it is noted here and handled
 * afterwards: in the order of enum pending_kind, and of the families within one kind.
 *
 * A queue lives on the stack while one input of a subscriber is processed (subscriber.c). An entry
 * that is already in it is not added again, so PENDING_MAX entries are enough.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "aaa/aaa.h"
#include "ppp/proto.h"

enum pending_kind {
	PENDING_VERDICT,    /* of the AAA handlers: pending.verdict */
	PENDING_ADDRESS,    /* the link awaits the addresses of `family` */
	PENDING_ATTACHED,   /* the data plane has prepared `family` */
	PENDING_UNATTACHED, /* the data plane cannot carry `family` */
	PENDING_NO_PLANE,   /* the data plane cannot carry the call */
	PENDING_FINISH,	    /* the link has ended */
	PENDING__KINDS
};

/* Three kinds have an entry for each family. */
#define PENDING_MAX (PENDING__KINDS - 3 + 3 * PPP_FAM__COUNT)

struct pending_entry {
	uint8_t kind;	/* enum pending_kind */
	uint8_t family; /* enum ppp_family; 0 for a kind without families */
};

struct pending {
	unsigned n;
	struct pending_entry v[PENDING_MAX]; /* in the order in which they are handled */
	struct aaa_answer verdict;	     /* with PENDING_VERDICT; owns its profile */
};

void pending_init(struct pending *p);
void pending_add(struct pending *p, enum pending_kind kind);
void pending_add_family(struct pending *p, enum pending_kind kind, enum ppp_family family);
/* Removes the next entry. Returns false when there is none. */
bool pending_take(struct pending *p, struct pending_entry *ret);
