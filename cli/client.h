/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One question to the daemon over its control socket, and its answer. Each question has a
 * connection of its own, so that a prompt left open survives a restart of the daemon. Never waits
 * longer than the timeout, never prints.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "daemon/base/strbuf.h"

#define CLIENT_SOCKET	   "/run/ze/ze.sock"
#define CLIENT_TIMEOUT_S   10
#define CLIENT_TIMEOUT_MAX 3600

struct client {
	const char *path;
	unsigned timeout_s; /* for the whole question */
};

enum client_kind {
	CLIENT_COMMAND,
	CLIENT_COMPLETE
};

/* ZE_SOCKET of the environment, or the default. */
struct client client_default(void);
/* The request as a line with its newline. */
void client_request(enum client_kind kind, const char *const *words, size_t n, struct strbuf *line);
/* The object of an answer; NULL when the line is none. */
json_t *client_answer(const char *line, size_t len);
/* 0 and the answer (json_decref), or -errno: -EPROTO when what answers is not ze. */
int client_ask(const struct client *c, enum client_kind kind, const char *const *words, size_t n,
	       json_t **ret);
/* Why client_ask failed, for a person: names the socket and what to look at. */
void client_failure(const struct client *c, int err, struct strbuf *text);
