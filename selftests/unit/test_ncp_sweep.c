/* SPDX-License-Identifier: BSD-2-Clause */
/* Every sequence of a few events of a network protocol that was open, with a data plane that
 * does what it is asked. Whatever came before: packets pass exactly while the protocol is
 * Opened, no Ack is sent before the data plane is prepared for it, and a peer that renegotiates
 * is answered. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "selftests/lib/pw.h"

#define STEPS 4

static enum ppp_family fam;
/* The data plane: it passes packets; it is prepared; an answer is pending. */
static bool open_, prepared, asked;
static const char *path[STEPS + 1]; /* the events so far, printed by a failure */

static struct cp *cp_of(struct pw *w)
{
	return fam == PPP_FAM_IPV4 ? &w->l.ipcp.cp : &w->l.ipv6cp.cp;
}

static uint16_t proto(void)
{
	return fam == PPP_FAM_IPV4 ? PPP_IPCP : PPP_IPV6CP;
}

/* ---- events of the peer and the data plane ---- */

static void give(struct pw *w, uint8_t code, struct span data)
{
	static uint8_t id;

	pw_give(w, proto(), code, ++id, data);
}

static void good_request(struct pw *w)
{
	give(w, CP_CONF_REQ, fam == PPP_FAM_IPV4 ? PW_ADDR_OK : PW_IFID);
}

static void other_request(struct pw *w)
{
	give(w, CP_CONF_REQ,
	     fam == PPP_FAM_IPV4 ? PW_NOTHING :
				   PW_OPTS("\001\012\002\000\000\000\000\000\000\006"));
}

static void bad_request(struct pw *w)
{
	give(w, CP_CONF_REQ,
	     fam == PPP_FAM_IPV4 ? PW_ADDR0 : PW_OPTS("\001\012\000\000\000\000\000\000\000\000"));
}

static void ack(struct pw *w)
{
	pw_ack(w, fam == PPP_FAM_IPV4 ? 1 : 2);
}

static void nak(struct pw *w)
{
	pw_give(w, proto(), CP_CONF_NAK, cp_of(w)->req_id,
		fam == PPP_FAM_IPV4 ? PW_OPTS("\003\006\012\000\000\011") :
				      PW_OPTS("\001\012\002\000\000\000\000\000\000\011"));
}

static void reject(struct pw *w)
{
	const struct cp *cp = cp_of(w);

	pw_give(w, proto(), CP_CONF_REJ, cp->req_id, span_of(cp->req, cp->req_len));
}

static void terminate(struct pw *w)
{
	give(w, CP_TERM_REQ, PW_NOTHING);
}

static void terminate_ack(struct pw *w)
{
	give(w, CP_TERM_ACK, PW_NOTHING);
}

static void code_reject(struct pw *w)
{
	give(w, CP_CODE_REJ, PW_OPTS("\001\001\000\004"));
}

static void protocol_reject(struct pw *w)
{
	pw_give(w, PPP_LCP, LCP_PROTO_REJ, 1,
		fam == PPP_FAM_IPV4 ? PW_OPTS("\200\041\001\001\000\004") :
				      PW_OPTS("\200\127\001\001\000\004"));
}

static void silence(struct pw *w)
{
	pw_advance(w, ZE_SEC(31));
}

static void answer(struct pw *w)
{
	if (!asked)
		return;
	asked = false;
	prepared = true;
	pw_attached(w, fam, true);
}

static const struct {
	const char *name;
	void (*fn)(struct pw *w);
} events[] = {
	{ "request", good_request },
	{ "other-request", other_request },
	{ "bad-request", bad_request },
	{ "ack", ack },
	{ "nak", nak },
	{ "reject", reject },
	{ "terminate", terminate },
	{ "terminate-ack", terminate_ack },
	{ "code-reject", code_reject },
	{ "protocol-reject", protocol_reject },
	{ "silence", silence },
	{ "plane-answers", answer },
};

/* ---- events of the link ---- */

static void check(bool ok, const char *what, unsigned n)
{
	if (ok)
		return;
	for (unsigned i = 0; i < n; i++)
		print_error("%s ", path[i]);
	fail_msg("%s", what);
}

/* Adds one word to the log. */
static void follow(struct pw *w, const char *word, unsigned n)
{
	char f = fam == PPP_FAM_IPV4 ? '4' : '6';
	char acked[16], ready[] = { 'R', 'E', 'A', 'D', 'Y', f, 0 }, up[] = { 'U', 'P', f, 0 },
			down[] = { 'D', 'O', 'W', 'N', f, 0 };

	snprintf(acked, sizeof(acked), "%s.2", fam == PPP_FAM_IPV4 ? "ipcp" : "ip6cp");
	if (!strcmp(word, ready)) {
		asked = true;
	} else if (!strcmp(word, acked)) {
		check(prepared, "acknowledged what the plane is not prepared for", n);
	} else if (!strcmp(word, up)) {
		check(prepared, "opened what is not prepared", n);
		open_ = true;
	} else if (!strcmp(word, down)) {
		open_ = asked = false;
		prepared = prepared && w->l.ncp[fam] >= PPP_NCP_RUNNING;
	}
}

static void happens(struct pw *w, const char *name, void (*fn)(struct pw *w), unsigned n)
{
	char *save, *word;

	path[n] = name;
	fn(w);
	for (word = strtok_r(w->log, " ", &save); word; word = strtok_r(NULL, " ", &save))
		follow(w, word, n + 1);
	w->log[0] = '\0';
	/* A request that is made while answering is answered as well. */
	check(open_ == (cp_of(w)->state == CP_OPENED), "packets pass, and not Opened, or not",
	      n + 1);
	check(open_ == (w->l.ncp[fam] == PPP_NCP_UP), "up for the link and not for the plane",
	      n + 1);
}

/* A peer that expects to be answered. */
static void served(struct pw *w, unsigned n)
{
	for (unsigned i = 0; i < 4 && cp_of(w)->state != CP_OPENED; i++) {
		happens(w, "request", good_request, n);
		happens(w, "plane-answers", answer, n);
		happens(w, "ack", ack, n);
		if (cp_of(w)->state != CP_OPENED)
			happens(w, "silence", silence, n);
	}
	check(cp_of(w)->state == CP_OPENED && open_, "a peer that renegotiates is not answered", n);
}

static void sweep(struct pw *w, unsigned n)
{
	const struct pw was = *w;
	const bool state[] = { open_, prepared, asked };

	served(w, n);
	for (size_t i = 0; n < STEPS && i < ZE_ARRAY_SIZE(events); i++) {
		*w = was;
		open_ = state[0];
		prepared = state[1];
		asked = state[2];
		happens(w, events[i].name, events[i].fn, n);
		sweep(w, n + 1);
	}
	*w = was;
	open_ = state[0];
	prepared = state[1];
	asked = state[2];
}

static void all_of(struct pw *w, enum ppp_family f)
{
	fam = f;
	pw_all_up(w);
	open_ = prepared = true;
	asked = false;
	sweep(w, 0);
}

/* F-C1 F-C2 */
static void ipcp(void **st)
{
	all_of(*st, PPP_FAM_IPV4);
}

/* F-C1 F-C2 */
static void ipv6cp(void **st)
{
	all_of(*st, PPP_FAM_IPV6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ipcp, pw_setup, pw_teardown),
		cmocka_unit_test_setup_teardown(ipv6cp, pw_setup, pw_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
