/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Delivers events to observers, in the order in which they happened, at the end of the turn that
 * caused them. An observer may have timers, as the engine has. It must not call functions of the
 * engine from on_event or expire. The table has a fixed size; nothing is allocated.
 *
 * An observer that is added late receives what exists from engine_replay().
 */
#pragma once

#include "daemon/core/event.h"

#define BUS_OBSERVERS_MAX 16

struct observer {
	const char *name;
	uint32_t wants; /* EV_BIT()s of the kinds it receives */
	/* The event and what it points to are valid for the call only. */
	void (*on_event)(void *self, const struct event *e);
	/* When expire() must be called; ZE_NEVER when no timer runs. It is asked after each turn.
	 * Both are NULL for an observer without timers. */
	ze_ns (*deadline)(const void *self);
	void (*expire)(void *self, ze_ns now);
};

struct bus {
	const struct observer *o[BUS_OBSERVERS_MAX];
	void *self[BUS_OBSERVERS_MAX];
	unsigned n;
};

/* Adds an observer; o must outlive the bus. Returns 0 or -ENOSPC. */
int bus_add(struct bus *b, const struct observer *o, void *self);
void bus_publish(struct bus *b, const struct event *e);
ze_ns bus_deadline(const struct bus *b); /* the earliest of all observers; ZE_NEVER: none */
/* Calls expire() of each observer whose deadline has passed. */
void bus_expire(struct bus *b, ze_ns now);
