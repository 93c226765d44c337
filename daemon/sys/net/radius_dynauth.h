/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sockets for CoA-Requests and Disconnect-Requests (RFC 5176) on coa-port: one for each address
 * family of the servers that are configured, bound to source-address when that is of the family, and
 * otherwise to no address. Without coa-port there is none. An answer leaves from the address to which
 * its request was sent. What requests do is in daemon/core/change.h.
 *
 * In one iteration of the loop a socket is read until it is empty or the iteration has become long
 * (loop_turn_long()), so that a flood does not hold up the sessions. A request without an answer is counted by client and reason, and
 * logged within a limit.
 */
#pragma once

struct config;
struct loop;
struct radius_dynauth;
struct snapshot_radius_coa;
struct strbuf;

/* The engine of the loop must exist before the loop runs. A socket that cannot be opened is logged,
 * and then there is none. Returns 0 or -ENOMEM. */
int radius_dynauth_new(struct loop *loop, struct config *cfg, struct radius_dynauth **ret);
void radius_dynauth_free(struct radius_dynauth *d); /* NULL is allowed */
/* A reload: after radius_dynauth_prepare() has returned 0, either radius_dynauth_apply() or
 * radius_dynauth_cancel() must follow. Returns 0, or -errno of a socket that cannot be opened, with
 * its text in errors. Sockets whose address stays are kept, and what they have received is answered
 * by the new configuration. */
int radius_dynauth_prepare(struct radius_dynauth *d, struct config *next, struct strbuf *errors);
void radius_dynauth_cancel(struct radius_dynauth *d);
void radius_dynauth_apply(struct radius_dynauth *d);
/* For views. */
void radius_dynauth_snapshot(const struct radius_dynauth *d, struct snapshot_radius_coa *ret);
