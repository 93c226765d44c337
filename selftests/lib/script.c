/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/script.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "selftests/lib/world.h"

#define WORDS 10
#define NAMES 32

struct script {
	struct config *cfg;
	struct world *w;
	char *err;
	unsigned size, line;
	int n;
	char *word[WORDS + 1];
	struct {
		char name[16];
		struct lac *l;
	} lacs[NAMES];
	struct lac_call *calls[100];
};

static const struct operate_why why = { .actor = "script", .text = "as written" };

static int __attribute__((format(printf, 2, 3))) fail(struct script *s, const char *fmt, ...)
{
	int n = snprintf(s->err, s->size, "line %u: ", s->line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->err + n, s->size - (unsigned)n, fmt, ap);
	va_end(ap);
	return -1;
}

static bool is(const struct script *s, int i, const char *word)
{
	return i < s->n && strcmp(s->word[i], word) == 0;
}

static unsigned long number(const struct script *s, int i)
{
	return i < s->n ? strtoul(s->word[i], NULL, 10) : 0;
}

static struct world *world_of(struct script *s)
{
	if (!s->w)
		s->w = world_new(s->cfg, 1);
	return s->w;
}

static struct lac *lac_named(struct script *s, const char *name)
{
	for (unsigned i = 0; name && i < NAMES; i++)
		if (strcmp(s->lacs[i].name, name) == 0)
			return s->lacs[i].l;
	return NULL;
}

static struct lac *lac_at(struct script *s, int i)
{
	return i < s->n ? lac_named(s, s->word[i]) : NULL;
}

static struct lac_call *call_at(struct script *s, int i)
{
	return i < s->n ? s->calls[number(s, i) % 100] : NULL;
}

/* ---- commands ---- */

static int do_config(struct script *s)
{
	const struct {
		const char *key;
		uint32_t *at;
	} keys[] = {
		{ "max-tunnels", &s->cfg->max_tunnels },
		{ "max-sessions", &s->cfg->max_sessions },
		{ "hello-interval", &s->cfg->hello_interval_s },
		{ "hello-retries", &s->cfg->hello_retries },
		{ "setup-rate", &s->cfg->setup_rate },
		{ "ncp-timeout", &s->cfg->ncp_timeout_s },
		{ "auth-timeout", &s->cfg->auth_timeout_s },
		{ "echo-interval", &s->cfg->echo_interval_s },
	};

	if (s->w)
		return fail(s, "config comes first");
	for (size_t i = 0; i < ZE_ARRAY_SIZE(keys); i++) {
		if (!is(s, 1, keys[i].key))
			continue;
		*keys[i].at = (uint32_t)number(s, 2);
		return 0;
	}
	return fail(s, "unknown configuration");
}

static int lac_option(struct script *s, struct lac *l, const char *o)
{
	struct lac *other;

	if (strcmp(o, "challenge") == 0) {
		l->challenge = true;
	} else if (strcmp(o, "no-scccn") == 0) {
		l->no_scccn = true;
	} else if (strcmp(o, "no-iccn") == 0) {
		l->no_iccn = true;
	} else if (strcmp(o, "sequencing") == 0) {
		l->sequencing = true;
	} else if (strncmp(o, "secret=", 7) == 0) {
		snprintf(l->secret, sizeof(l->secret), "%s", o + 7);
	} else if (strncmp(o, "host=", 5) == 0) {
		snprintf(l->host, sizeof(l->host), "%s", o + 5);
	} else if (strncmp(o, "same-tid=", 9) == 0 && (other = lac_named(s, o + 9))) {
		l->tid = other->tid;
		other->dead = true;
	} else {
		return fail(s, "unknown option %s", o);
	}
	return 0;
}

static int do_lac(struct script *s)
{
	struct world *w = world_of(s);
	struct lac *l;
	unsigned i = w->n_lacs;

	if (s->n < 3 || i == NAMES || strlen(s->word[1]) >= sizeof(s->lacs[i].name))
		return fail(s, "lac NAME HOST");
	l = lac_new(w, (unsigned)number(s, 2), 1701);
	strcpy(s->lacs[i].name, s->word[1]);
	s->lacs[i].l = l;
	for (int k = 3; k < s->n; k++)
		if (lac_option(s, l, s->word[k]) < 0)
			return -1;
	return 0;
}

static int do_send(struct script *s)
{
	struct lac *l = lac_at(s, 1);
	struct lac_call *c = l ? NULL : call_at(s, 1);

	if (l && is(s, 2, "sccrq"))
		lac_connect(l);
	else if (l && is(s, 2, "stopccn"))
		lac_stop(l);
	else if (c && is(s, 2, "cdn"))
		lac_cdn(c);
	else if (c && is(s, 2, "terminate"))
		client_terminate(c);
	else if (c && is(s, 2, "renegotiate"))
		client_renegotiate(c);
	else
		return fail(s, "nothing like that to send");
	return 0;
}

static int do_call(struct script *s)
{
	struct lac *l = lac_at(s, 2);

	if (s->n != 5 || !l)
		return fail(s, "call ID LAC USER PASSWORD");
	s->calls[number(s, 1) % 100] = lac_call(l, s->word[3], s->word[4]);
	return 0;
}

static int do_mute(struct script *s)
{
	struct lac *l = lac_at(s, 1);
	struct lac_call *c = call_at(s, 1);

	if (is(s, 0, "client-mute") && c)
		c->c.mute = true;
	else if (l)
		l->mute = is(s, 0, "mute");
	else
		return fail(s, "nobody of that name");
	return 0;
}

static uint16_t msg_type(const char *name)
{
	for (uint16_t t = 1; t < L2TP_MSG__COUNT; t++)
		if (strcasecmp(l2tp_msg_name(t), name) == 0)
			return t;
	return 0;
}

static int do_drop(struct script *s)
{
	uint16_t type = s->n > 1 ? msg_type(s->word[1]) : 0;

	if (!type)
		return fail(s, "no such message");
	w_drop_next(world_of(s), type);
	return 0;
}

static int do_weather(struct script *s)
{
	struct world *w = world_of(s);

	w->loss_permille = (unsigned)number(s, 1);
	w->dup_permille = (unsigned)number(s, 2);
	w->reorder_permille = (unsigned)number(s, 3);
	return 0;
}

static int do_kernel(struct script *s)
{
	struct world *w = world_of(s);

	if (is(s, 1, "hold"))
		w->dp_hold = true;
	else if (is(s, 1, "release"))
		w->dp_hold = false;
	else if (is(s, 1, "ok"))
		w->dp_session_result = w->dp_family_result = 0;
	else if (is(s, 1, "fail") && is(s, 2, "session_up"))
		w->dp_session_result = -ENOBUFS;
	else if (is(s, 1, "fail") && is(s, 2, "family_up"))
		w->dp_family_result = -ENOBUFS;
	else if (is(s, 1, "refuse"))
		w->fail_dp.left = 0;
	else
		return fail(s, "the kernel can't do that");
	return 0;
}

static int do_operator(struct script *s)
{
	struct world *w = world_of(s);
	struct lac *l = lac_at(s, 2);
	struct lac_call *c = call_at(s, 2);

	if (is(s, 1, "session") && c)
		operate_close_session(w->e, c->peer_sid, &why, w->now);
	else if (is(s, 1, "tunnel") && l)
		operate_close_tunnel(w->e, l->peer_tid, &why, w->now);
	else if (is(s, 1, "sessions"))
		operate_close_all_sessions(w->e, &why, w->now);
	else if (is(s, 1, "tunnels"))
		operate_close_all_tunnels(w->e, &why, w->now);
	else if (is(s, 1, "drain"))
		engine_drain(w->e, w->now);
	else
		return fail(s, "operators can't do that");
	return 0;
}

static int do_after(struct script *s)
{
	char *unit = NULL;
	unsigned long n = s->n == 2 ? strtoul(s->word[1], &unit, 10) : 0;

	if (unit && strcmp(unit, "s") == 0)
		w_advance(world_of(s), ZE_SEC(n));
	else if (unit && strcmp(unit, "ms") == 0)
		w_advance(world_of(s), ZE_MS(n));
	else
		return fail(s, "after 5s or 200ms");
	return 0;
}

/* ---- checks ---- */

static int want_number(struct script *s, unsigned long got, int i)
{
	if (got == number(s, i))
		return 0;
	return fail(s, "%s is %lu, not %s", s->word[i - 1], got, i < s->n ? s->word[i] : "");
}

static int want_word(struct script *s, const char *got, int i)
{
	if (is(s, i, got))
		return 0;
	return fail(s, "%s is %s, not %s", s->word[i - 1], got, i < s->n ? s->word[i] : "");
}

static int do_expect(struct script *s)
{
	struct lac *l = lac_at(s, 1);
	uint16_t type = s->n > 2 ? msg_type(s->word[2]) : 0;

	if (!l || !type)
		return fail(s, "expect LAC MESSAGE COUNT");
	return want_number(s, l->rx[type], 3);
}

static int check_tunnel(struct script *s)
{
	struct lac *l = lac_at(s, 2);
	const struct tunnel *t = l ? lac_tunnel(l) : NULL;

	if (!l)
		return fail(s, "no such LAC");
	if (is(s, 3, "result"))
		return want_number(s, l->stop_result, 4);
	return want_word(s, t ? l2tp_tunnel_state_name(&t->l2tp) : "gone", 4);
}

static int check_session(struct script *s)
{
	static const char *const states[] = { "starting", "established", "finishing" };
	struct lac_call *c = call_at(s, 2);
	const struct subscriber *sub = c ? call_sub(c) : NULL;
	char ip[ZE_ADDR_TEXT];

	if (!c)
		return fail(s, "no such call");
	if (is(s, 3, "result"))
		return want_number(s, c->cdn_result, 4);
	if (is(s, 3, "address"))
		return want_word(s, ze_ip4_text(c->c.ip, ip), 4);
	return want_word(s, sub ? states[sub->state] : "gone", 4);
}

static int event_kind(const char *name)
{
	for (int k = 0; k < EV__COUNT; k++)
		if (strcmp(event_kind_name((enum event_kind)k), name) == 0)
			return k;
	return -1;
}

static int check_event(struct script *s)
{
	int k = s->n > 2 ? event_kind(s->word[2]) : -1;
	const struct event *e;

	if (k < 0)
		return fail(s, "no such event");
	if (is(s, 1, "event"))
		return want_number(s, s->w->seen[k], 3);
	e = w_last_event(s->w, (enum event_kind)k);
	return want_word(s, e ? e->cause : "never", 3);
}

static int check_reason(struct script *s)
{
	for (int r = 1; r < REASON__COUNT; r++)
		if (is(s, 2, reason_name((enum reason)r)))
			return want_number(s, s->w->e->stats.reasons[r], 3);
	return fail(s, "no such reason");
}

static int do_check(struct script *s)
{
	const struct engine *e = world_of(s)->e;

	w_deliver(s->w);
	if (is(s, 1, "tunnel"))
		return check_tunnel(s);
	if (is(s, 1, "session"))
		return check_session(s);
	if (is(s, 1, "event") || is(s, 1, "cause"))
		return check_event(s);
	if (is(s, 1, "reason"))
		return check_reason(s);
	if (is(s, 1, "tunnels"))
		return want_number(s, e->n_established, 2);
	if (is(s, 1, "sessions"))
		return want_number(s, e->n_subscribers[SUB_ESTABLISHED], 2);
	return fail(s, "nothing like that to check");
}

/* ---- the file ---- */

static int run_line(struct script *s)
{
	static const struct {
		const char *word;
		int (*fn)(struct script *s);
	} commands[] = {
		{ "config", do_config },    { "lac", do_lac },	   { "send", do_send },
		{ "call", do_call },	    { "mute", do_mute },   { "unmute", do_mute },
		{ "client-mute", do_mute }, { "drop", do_drop },   { "weather", do_weather },
		{ "kernel", do_kernel },    { "after", do_after }, { "operator", do_operator },
		{ "expect", do_expect },    { "check", do_check },
	};

	for (size_t i = 0; i < ZE_ARRAY_SIZE(commands); i++) {
		int r;

		if (!is(s, 0, commands[i].word))
			continue;
		r = commands[i].fn(s);
		if (s->w)
			w_deliver(s->w);
		return r;
	}
	return fail(s, "unknown command %s", s->word[0]);
}

static void split(struct script *s, char *line)
{
	char *save = NULL;

	line[strcspn(line, "#\n")] = '\0';
	s->n = 0;
	for (char *p = strtok_r(line, " \t", &save); p && s->n < WORDS;
	     p = strtok_r(NULL, " \t", &save))
		s->word[s->n++] = p;
}

static int finish(struct script *s)
{
	struct world *w = world_of(s);
	const char *left;

	w->loss_permille = w->dup_permille = w->reorder_permille = 0;
	w->dp_hold = false;
	engine_drain(w->e, w->now);
	w_advance(w, ZE_SEC(200));
	left = w_leftover(w);
	return left ? fail(s, "in the end there are still %s", left) : 0;
}

int script_run(const char *path, char *err, unsigned size)
{
	struct script s = { .err = err, .size = size, .cfg = w_config() };
	FILE *f = fopen(path, "re");
	char line[256];
	int r = f && s.cfg ? 0 : fail(&s, "can't open");

	while (r == 0 && fgets(line, sizeof(line), f)) {
		s.line++;
		split(&s, line);
		if (s.n)
			r = run_line(&s);
	}
	if (r == 0)
		r = finish(&s);
	if (f)
		fclose(f);
	if (s.w)
		world_free(s.w);
	else
		config_unref(s.cfg);
	return r;
}
