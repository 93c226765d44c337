/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a configuration makes of what lives: users, addresses, the links' settings, limits, and what of
 * live tunnels follows a new one. The rest needs a restart, and is said so.
 */
#pragma once

struct config;
struct engine;
struct strbuf;

/* Of the configuration the engine begins with, e->cfg: 0 or -ENOMEM. */
int reload_start(struct engine *e);
void reload_done(struct engine *e);
/* Tells the data plane the addresses that no subscriber has, when that or what we know of neighbours changes. */
void reload_pool(const struct engine *e);
/* Tells the guard who may send how much. */
void reload_limits(const struct engine *e);
/* As engine_reload, within a turn. */
int reload_apply(struct engine *e, struct config *cfg, struct strbuf *warnings);
