/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A RADIUS client (aaa/radius_client.h) with its sockets and its timer on the reactor. Each source
 * port of a server is a connected UDP socket, opened when the client first uses it; the kernel
 * chooses its number. Replies are read in batches, and before what is due is handled, so that a
 * busy reactor does not take an answer that waits in a socket for a missing one.
 *
 * ICMP errors are counted and change nothing else, since they can be forged. A socket that can't be
 * opened and a datagram that can't be sent are logged once until one is sent again.
 */
#pragma once

#include "aaa/radius_client.h"

struct loop;
struct radius_io;

struct radius_io_args {
	struct loop *loop;
	const struct radius_client_cfg *cfg;
	struct ze_addr source; /* of all requests to servers of its family; family 0: any */
	const struct rng *rng;
	/* As in struct radius_client_ops. Called from the loop, never from a function below. */
	void (*done)(void *self, const struct radius_result *r);
	void (*note)(void *self, const struct radius_note *n);
	void *self;
};

/* Returns 0, or -ENOMEM, also for a configuration outside the limits of the client. */
int radius_io_new(const struct radius_io_args *a, struct radius_io **ret);
/* Closes the sockets; requests end without done(). NULL is allowed. Not from done() or note(). */
void radius_io_free(struct radius_io *io);
/* For the statistics and radius_client_inherit(). */
struct radius_client *radius_io_client(struct radius_io *io);
/* As radius_client_request(), now. */
int radius_io_request(struct radius_io *io, const struct radius_req *q, uint64_t cookie,
		      ze_ns deadline);
/* As radius_client_cancel(), now. */
bool radius_io_cancel(struct radius_io *io, uint64_t cookie);
/* Calls idle(self, io) from the loop as soon as no request is under way. idle() frees io. */
void radius_io_retire(struct radius_io *io, void (*idle)(void *self, struct radius_io *io));
/* ICMP errors that the sockets of a server reported. */
uint64_t radius_io_icmp_errors(const struct radius_io *io, size_t server);
