/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RADIUS clients of one purpose, logins or accounting, over reloads: that of the running
 * configuration, one that is prepared for the next, and those of earlier configurations, which
 * finish the requests that are under way and are then freed. A new client inherits what is known of
 * servers that stay.
 */
#pragma once

#include "aaa/radius_client.h"

struct config;
struct loop;
struct radius_io;
struct radius_sets;
struct snapshot_radius_server;

struct radius_sets_args {
	struct loop *loop;
	const struct rng *rng;
	bool accounting;
	size_t max_pending; /* requests at a time */
	/* As in struct radius_io_args. A note is only of the client in use: those before it notice
	 * the same. */
	void (*done)(void *self, const struct radius_result *r);
	void (*note)(void *self, const struct radius_note *n);
	void *self;
};

/* Returns 0 or -ENOMEM. A configuration without servers is allowed. */
int radius_sets_new(const struct radius_sets_args *a, struct config *cfg, struct radius_sets **ret);
/* Requests end without done(). NULL is allowed. */
void radius_sets_free(struct radius_sets *s);

/* A reload: after radius_sets_prepare() has returned 0, either radius_sets_apply() or
 * radius_sets_cancel() must follow. Returns 0 or -ENOMEM. */
int radius_sets_prepare(struct radius_sets *s, struct config *next);
void radius_sets_cancel(struct radius_sets *s);
void radius_sets_apply(struct radius_sets *s);

/* The client in use; NULL: the configuration has no servers for this purpose. */
struct radius_io *radius_sets_io(const struct radius_sets *s);
const struct config *radius_sets_config(const struct radius_sets *s); /* that in use */
/* Ends a request without done(). Returns false when there is none with this cookie. */
bool radius_sets_drop(struct radius_sets *s, uint64_t cookie);

size_t radius_sets_servers(const struct radius_sets *s);
/* The statistics of the client in use: v has radius_sets_servers() places. Not called when there are
 * none. */
void radius_sets_stats(const struct radius_sets *s, struct radius_client_stats *ret,
		       struct snapshot_radius_server *v);
