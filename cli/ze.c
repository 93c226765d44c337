/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/ze.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/decode.h"
#include "cli/run.h"
#include "cli/words.h"

static const char usage[] =
	"usage: ze [-c FILE] [--socket PATH] [--state FILE]      run the daemon in the foreground\n"
	"       ze -t [-c FILE]                                 check the configuration and exit\n"
	"       ze config validate FILE|-                       check another configuration file\n"
	"       ze l2tp [-H HOST] show [WHAT]                   query a running daemon\n"
	"       ze l2tp [-H HOST] tunnel teardown ID | teardown-all\n"
	"       ze l2tp [-H HOST] session teardown ID [reason TEXT...] [cause CODE] | teardown-all\n"
	"       ze l2tp decode [--pretty] [HEX...]              decode an L2TP datagram\n"
	"       ze help | -h | -V\n"
	"\n"
	"  -c, --config FILE   configuration (/etc/ze/ze.conf)\n"
	"      --socket PATH   control socket (" CLIENT_SOCKET ", or $ZE_SOCKET)\n"
	"      --state FILE    state file (`state` in the directory of the socket)\n"
	"      --spool FILE    records of accounting (/var/lib/ze/accounting.db; with another\n"
	"                      socket `accounting.db` in its directory)\n"
	"      --yang-dir DIR  YANG modules (the installed ones, or $ZE_YANG_DIR)\n"
	"      --no-hardening  keep all capabilities and system calls, for a debugger\n"
	"\n"
	"WHAT: tunnels, tunnel ID, sessions, session ID, statistics, pools, routes,\n"
	"      dataplane, listeners, config, history\n"
	"Options of show, tunnel and session, directly after l2tp:\n"
	"  -H, --host HOST     query the daemon on HOST, by ssh and zectl\n"
	"  -s, --socket PATH   control socket as above; with -H on that host\n"
	"  -t, --timeout SECS  longest wait for an answer, in seconds (10)\n"
	"\n"
	"exit status of the daemon: 0 stopped or valid, 1 could not start or not valid, 2 usage;\n"
	"of show, tunnel, session: 0 done, 1 refused, 2 usage, 3 no answer\n";

struct l2tp_options {
	struct run run;
	const char *host, *socket; /* NULL: not given */
};

bool ze_is_verb(const char *word)
{
	return strcmp(word, "l2tp") == 0 || strcmp(word, "help") == 0;
}

void ze_usage(FILE *to)
{
	fputs(usage, to);
}

static int wrong(const char *text, const char *what)
{
	fprintf(stderr, "ze: %s%s%s\n", text, what ? " " : "", what ? what : "");
	ze_usage(stderr);
	return RUN_USAGE;
}

/* ---- another host ---- */

/* The sshd of the other host passes the line to a shell, so every word is quoted. */
static void remote_line(const struct l2tp_options *o, const struct words *w, struct strbuf *line)
{
	sb_puts(line, isatty(STDOUT_FILENO) ? "zectl --pretty" : "zectl --json");
	sb_printf(line, " --timeout %u", o->run.client.timeout_s);
	if (o->socket) {
		sb_puts(line, " --socket ");
		words_quote(o->socket, line);
	}
	sb_puts(line, " --");
	for (size_t i = 0; i < w->n; i++) {
		sb_puts(line, " ");
		words_quote(w->w[i], line);
	}
}

/* Returns only when ssh cannot be started. */
static int by_ssh(const struct l2tp_options *o, const struct words *w)
{
	struct strbuf line;

	if (o->host[0] == '-' || !o->host[0])
		return wrong("not a host name:", o->host);
	sb_init(&line);
	remote_line(o, w, &line);
	if (line.bad)
		errno = ENOMEM;
	else
		execvp("ssh", (char *const[]){ (char *)"ssh", (char *)"-T", (char *)"--",
					       (char *)o->host, line.s, NULL });
	fprintf(stderr, "ze: cannot start ssh: %s\n", strerror(errno));
	sb_done(&line);
	return RUN_UNREACHABLE;
}

/* ---- ze l2tp ---- */

/* Translates: show ... to show l2tp ..., tunnel and session ... to clear l2tp ... */
static int forward(const struct l2tp_options *o, int argc, char **argv)
{
	struct words w = { .n = 0 };
	bool shows = strcmp(argv[0], "show") == 0;

	if (!shows && strcmp(argv[0], "tunnel") != 0 && strcmp(argv[0], "session") != 0)
		return wrong("unknown: l2tp", argv[0]);
	if (argc + 2 > WORDS_MAX)
		return wrong("too many words", NULL);
	w.w[w.n++] = (char *)(shows ? "show" : "clear");
	w.w[w.n++] = (char *)"l2tp";
	for (int i = shows ? 1 : 0; i < argc; i++)
		w.w[w.n++] = argv[i];
	if (o->host)
		return by_ssh(o, &w);
	return (int)run_command(&o->run, (const char *const *)w.w, w.n);
}

/* Returns -1 to continue, else an exit status. */
static int l2tp_option(struct l2tp_options *o, int c)
{
	switch (c) {
	case 'H':
		o->host = optarg;
		return -1;
	case 's':
		o->socket = o->run.client.path = optarg;
		return -1;
	case 't':
		o->run.client.timeout_s = run_timeout(optarg);
		return o->run.client.timeout_s ? -1 : wrong("--timeout is 1 to 3600 seconds", NULL);
	case 'h':
		ze_usage(stdout);
		return RUN_OK;
	default:
		ze_usage(stderr);
		return RUN_USAGE;
	}
}

static int l2tp_main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "host", required_argument, NULL, 'H' },
		{ "socket", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct l2tp_options o = {
		.run = { .program = "ze", .client = client_default(), .format = RUN_JSON }
	};
	int c, status;

	optind = 0; /* main() may have parsed options of its own */
	while ((c = getopt_long(argc, argv, "+H:s:t:h", table, NULL)) != -1) {
		status = l2tp_option(&o, c);
		if (status >= 0)
			return status;
	}
	if (optind == argc)
		return wrong("l2tp: missing argument", NULL);
	if (strcmp(argv[optind], "decode") == 0)
		return decode_main(argc - optind, argv + optind);
	return forward(&o, argc - optind, argv + optind);
}

int ze_verb_main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(argv[1], "l2tp") == 0)
		return l2tp_main(argc - 1, argv + 1);
	if (strcmp(argv[1], "help") == 0) {
		ze_usage(stdout);
		return RUN_OK;
	}
	return wrong("unknown verb", argv[1]);
}
