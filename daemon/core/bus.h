/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivers events to observers in the order they happened, after the turn that caused them has
 * ended. Observers can't call back into core except by ops. Fixed tables, no allocation.
 */
#pragma once

#include "daemon/core/event.h"

#define BUS_OBSERVERS_MAX 16

struct observer {
	const char *name;
	uint32_t wants; /* EV_BIT()s */
	void (*on_event)(void *self, const struct event *e);
};

struct bus {
	const struct observer *o[BUS_OBSERVERS_MAX];
	void *self[BUS_OBSERVERS_MAX];
	unsigned n;
	uint64_t published[EV__COUNT];
};

int bus_add(struct bus *b, const struct observer *o, void *self); /* 0 or -ENOSPC */
void bus_publish(struct bus *b, const struct event *e);
