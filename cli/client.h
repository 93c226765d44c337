/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sends one request to the daemon over its control socket and receives the answer. Each request
 * uses a connection of its own, so that a prompt that is left open survives a restart of the
 * daemon. Never waits longer than the timeout, never prints.
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
	unsigned timeout_s; /* seconds, for the whole exchange */
};

enum client_kind {
	CLIENT_COMMAND,
	CLIENT_COMPLETE
};

/* The socket of ZE_SOCKET in the environment, or the default one. */
struct client client_default(void);
/* Appends the request as a line, with its newline. */
void client_request(enum client_kind kind, const char *const *words, size_t n, struct strbuf *line);
/* Parses an answer. Returns the object, or NULL when the line is not an answer of ze. */
json_t *client_answer(const char *line, size_t len);
/* Returns 0 and the answer, which the caller frees with json_decref(), or -errno: -EPROTO when the
 * answer is not from ze. */
int client_ask(const struct client *c, enum client_kind kind, const char *const *words, size_t n,
	       json_t **ret);
/* Appends a message for the operator: why client_ask() failed, with the socket and what to
 * check. */
void client_failure(const struct client *c, int err, struct strbuf *text);
