/* SPDX-License-Identifier: BSD-2-Clause */
/* zectl: the command-line client for a running ze. */
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/prompt.h"
#include "cli/run.h"

static const char usage[] =
	"usage: zectl [--socket PATH] [--timeout SECS] [--json | --pretty] [COMMAND WORDS...]\n"
	"\n"
	"  show l2tp [tunnels | tunnel ID | sessions | session ID]\n"
	"  show l2tp statistics | pools | routes | dataplane | listeners | config | history\n"
	"  show radius servers | accounting | coa\n"
	"  clear l2tp tunnel teardown ID | teardown-all\n"
	"  clear l2tp session teardown ID [reason TEXT...] [cause CODE] | teardown-all\n"
	"  reload\n"
	"\n"
	"Without a command it reads commands, one per line; `?` at the prompt lists what may follow.\n"
	"  -s, --socket PATH   control socket of the daemon (ZE_SOCKET; " CLIENT_SOCKET ")\n"
	"  -t, --timeout SECS  longest wait for an answer, in seconds (10)\n"
	"  -j, --json          print the answer as JSON; indented on a terminal\n"
	"  -p, --pretty        the same, always indented\n"
	"  --complete WORD...  print what may follow, one per line; the last word is being typed\n"
	"  -h, --help  -V, --version\n"
	"Exit status: 0 done, 1 the daemon refused, 2 usage, 3 the daemon did not answer.\n";

struct options {
	struct run run;
	bool complete;
	int first;	/* index of the first word in argv */
	int exit_early; /* exit status, or -1 to continue */
};

static int one_option(struct options *o, int c)
{
	switch (c) {
	case 's':
		o->run.client.path = optarg;
		return -1;
	case 't':
		o->run.client.timeout_s = run_timeout(optarg);
		if (o->run.client.timeout_s)
			return -1;
		fprintf(stderr, "zectl: --timeout is 1 to %d seconds\n", CLIENT_TIMEOUT_MAX);
		return RUN_USAGE;
	case 'j':
		o->run.format = RUN_JSON;
		return -1;
	case 'p':
		o->run.format = RUN_JSON_PRETTY;
		return -1;
	case 'c':
		o->complete = true;
		return -1;
	case 'V':
		puts("zectl " ZE_VERSION);
		return RUN_OK;
	case 'h':
		fputs(usage, stdout);
		return RUN_OK;
	default:
		fputs(usage, stderr);
		return RUN_USAGE;
	}
}

static void read_options(struct options *o, int argc, char **argv)
{
	static const struct option table[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "complete", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	*o = (struct options){ .run = { .program = "zectl", .client = client_default() },
			       .exit_early = -1 };
	/* "+": a reason may contain words that begin with a dash */
	while (o->exit_early < 0 && !o->complete &&
	       (c = getopt_long(argc, argv, "+s:t:jphV", table, NULL)) != -1)
		o->exit_early = one_option(o, c);
	o->first = optind;
}

int main(int argc, char **argv)
{
	static const char *const nothing[] = { "" };
	struct options o;
	const char *const *words;
	size_t n;

	setlocale(LC_CTYPE, "");
	read_options(&o, argc, argv);
	if (o.exit_early >= 0)
		return o.exit_early;
	words = (const char *const *)argv + o.first;
	n = (size_t)(argc - o.first);
	if (o.complete)
		return (int)run_complete(&o.run, n ? words : nothing, n ? n : 1, false);
	if (n)
		return (int)run_command(&o.run, words, n);
	return (int)prompt_run(&o.run);
}
