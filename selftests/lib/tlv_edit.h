/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of a record of fields, with a change at one field or at every one, however deep. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/tlv.h"

#define TLV_EVERY UINT32_MAX

enum tlv_change {
	TLV_DROP,    /* the field is left out */
	TLV_REPEAT,  /* it is there twice */
	TLV_REPLACE, /* it has another value */
	TLV_INSERT,  /* a field with an unknown tag comes before it */
	TLV_CHANGES
};

struct tlv_edit {
	enum tlv_change change;
	uint32_t at;	   /* which field: they are counted through all levels, outer ones first */
	bool optional;	   /* with TLV_EVERY: only what may be absent and has no fields in it */
	struct span value; /* TLV_REPLACE, TLV_INSERT */
	uint32_t n;	   /* returned: how many fields there are */
	struct span was;   /* returned: the value of the field `at` */
};

void tlv_edit(struct wr *w, const struct tlv_table *t, struct span record, struct tlv_edit *e);
/* The value of a field, by a path of tags that ends with 0; p NULL: it is not there. */
struct span tlv_at(const struct tlv_table *t, struct span record, const uint8_t *path);
