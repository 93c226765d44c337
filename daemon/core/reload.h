/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applies a configuration to the engine: the address pools, the settings of PPP links, limits, and
 * the settings of existing tunnels that follow a new configuration.
 */
#pragma once

#include <stdbool.h>

struct config;
struct engine;
struct strbuf;

/* Applies the first configuration, e->cfg. Returns 0 or -ENOMEM. */
int reload_start(struct engine *e);
/* Frees what the functions here have allocated, and drops the references on configurations. */
void reload_done(struct engine *e);
/* Gives the ranges of the pools to the data plane, which drops packets to their unused addresses,
 * when this has changed or with `always`: those for which the configuration wants it, and which do
 * not overlap with a subnet of the host. */
void reload_pools(const struct engine *e, bool always);
/* Gives the limits of the configuration to the guard. */
void reload_limits(const struct engine *e);
/* The same as engine_reload_prepare() and so on, within a turn. */
int reload_prepare(struct engine *e, struct config *cfg, struct strbuf *errors);
void reload_cancel(struct engine *e);
void reload_apply(struct engine *e);
