/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "selftests/peer/zeload.h"

struct options opt = {
	.port = "1701",
	.user = "alice",
	.password = "hunter2",
	.host = "zeload",
	.tunnels = 1,
	.sessions = 1,
	.window = 32,
	.timeout_s = 60,
	.pps = 1000,
	.size = 1400,
	.duration = 10,
};

static const char help[] =
	"usage: zeload [options] PEER\n"
	"       zeload --reflect PORT\n"
	"A LAC with many PPP subscribers: logs them in, keeps their sessions, checks their traffic.\n"
	"\n"
	"Sessions\n"
	"  -t, --tunnels N          tunnels (1)\n"
	"  -s, --sessions M         sessions in each tunnel (1)\n"
	"  -r, --rate R             sessions started per second (0: as the window allows)\n"
	"  -w, --window W           sessions being set up at once (32)\n"
	"      --timeout SECS       for one session (60)\n"
	"      --hold SECS          keep the sessions after the report\n"
	"      --abandon            end without StopCCN, as if killed\n"
	"L2TP\n"
	"      --port P             of the peer (1701)\n"
	"      --source ADDR,...    our addresses, used by the tunnels in turn\n"
	"      --shared-socket      all tunnels from one address and port\n"
	"      --no-checksum        UDP over IPv6 without a checksum\n"
	"      --host NAME          our Host Name (zeload)\n"
	"  -S, --secret TEXT        tunnel secret: challenge the peer and answer it\n"
	"      --sequence           require numbered data packets, and check the numbers\n"
	"PPP\n"
	"  -u, --user NAME          %d in it is the number of the session (alice)\n"
	"  -p, --password TEXT      (hunter2)\n"
	"  -a, --auth METHOD        we accept: pap, chap or ms-chap-v2 (chap)\n"
	"      --proxy              LCP and the login before the call, reported to the LNS\n"
	"      --no-ipv4, --no-ipv6 without IPCP or IPv6CP\n"
	"      --echo-delay MS      before an echo request is answered (0)\n"
	"      --echo-loss PERCENT  of echo requests that are not (0)\n"
	"      --pppd FILE          kernel data plane and pppd with these options (root)\n"
	"Traffic\n"
	"      --to ADDR[:PORT]     through `zeload --reflect PORT` there, and back (port 7)\n"
	"      --pps N              packets per second of all sessions together (1000)\n"
	"      --size OCTETS        of each IPv4 packet, 64 to 1500 (1400)\n"
	"      --duration SECS      (10)\n"
	"      --tun NAME           packets of other programs through this TUN device (root)\n"
	"      --reflect PORT       return the packets of another zeload\n"
	"Output\n"
	"      --json FILE          the result as JSON, - for standard output\n"
	"      --progress, -v, -h\n"
	"Exit code: 0 when every session was established and stayed and every packet came back, 1 when\n"
	"not, 2 when zeload itself could not work.\n";

__attribute__((noreturn)) static void usage(FILE *f, int rc)
{
	fputs(help, f);
	exit(rc);
}

enum {
	O_NO4 = 256,
	O_NO6,
	O_PROXY,
	O_SHARED,
	O_NO_CHECKSUM,
	O_SEQUENCE,
	O_PPPD,
	O_HOLD,
	O_TUN,
	O_ABANDON,
	O_TIMEOUT,
	O_PORT,
	O_SOURCE,
	O_HOST,
	O_JSON,
	O_PROGRESS,
	O_ECHO_DELAY,
	O_ECHO_LOSS,
	O_TO,
	O_PPS,
	O_SIZE,
	O_DURATION,
	O_REFLECT
};

static const struct option longopts[] = {
	{ "tunnels", 1, 0, 't' },
	{ "sessions", 1, 0, 's' },
	{ "window", 1, 0, 'w' },
	{ "rate", 1, 0, 'r' },
	{ "secret", 1, 0, 'S' },
	{ "user", 1, 0, 'u' },
	{ "password", 1, 0, 'p' },
	{ "auth", 1, 0, 'a' },
	{ "no-ipv4", 0, 0, O_NO4 },
	{ "no-ipv6", 0, 0, O_NO6 },
	{ "proxy", 0, 0, O_PROXY },
	{ "pppd", 1, 0, O_PPPD },
	{ "hold", 1, 0, O_HOLD },
	{ "tun", 1, 0, O_TUN },
	{ "shared-socket", 0, 0, O_SHARED },
	{ "no-checksum", 0, 0, O_NO_CHECKSUM },
	{ "sequence", 0, 0, O_SEQUENCE },
	{ "abandon", 0, 0, O_ABANDON },
	{ "port", 1, 0, O_PORT },
	{ "source", 1, 0, O_SOURCE },
	{ "timeout", 1, 0, O_TIMEOUT },
	{ "host", 1, 0, O_HOST },
	{ "json", 1, 0, O_JSON },
	{ "progress", 0, 0, O_PROGRESS },
	{ "echo-delay", 1, 0, O_ECHO_DELAY },
	{ "echo-loss", 1, 0, O_ECHO_LOSS },
	{ "to", 1, 0, O_TO },
	{ "pps", 1, 0, O_PPS },
	{ "size", 1, 0, O_SIZE },
	{ "duration", 1, 0, O_DURATION },
	{ "reflect", 1, 0, O_REFLECT },
	{ "help", 0, 0, 'h' },
	{ 0 },
};

/* Where the value of an option goes: a text, a number up to max, or a flag. */
static const struct value {
	int c, min, max;
	int *number;
	const char **text;
	bool *mark;
} values[] = {
	{ 't', 1, MAX_TUNNELS, &opt.tunnels, NULL, NULL },
	{ 's', 1, MAX_SESSIONS, &opt.sessions, NULL, NULL },
	{ 'w', 1, MAX_SESSIONS, &opt.window, NULL, NULL },
	{ 'r', 0, 1000000, &opt.rate, NULL, NULL },
	{ 'S', 0, 0, NULL, &opt.secret, NULL },
	{ 'u', 0, 0, NULL, &opt.user, NULL },
	{ 'p', 0, 0, NULL, &opt.password, NULL },
	{ 'v', 0, 0, NULL, NULL, &opt.verbose },
	{ O_NO4, 0, 0, NULL, NULL, &opt.no_ipv4 },
	{ O_NO6, 0, 0, NULL, NULL, &opt.no_ipv6 },
	{ O_PROXY, 0, 0, NULL, NULL, &opt.proxy },
	{ O_SHARED, 0, 0, NULL, NULL, &opt.shared_socket },
	{ O_NO_CHECKSUM, 0, 0, NULL, NULL, &opt.no_checksum },
	{ O_SEQUENCE, 0, 0, NULL, NULL, &opt.sequence },
	{ O_PPPD, 0, 0, NULL, &opt.pppd, NULL },
	{ O_HOLD, 0, 1000000, &opt.hold, NULL, NULL },
	{ O_TUN, 0, 0, NULL, &opt.tun, NULL },
	{ O_ABANDON, 0, 0, NULL, NULL, &opt.abandon },
	{ O_TIMEOUT, 1, 100000, &opt.timeout_s, NULL, NULL },
	{ O_PORT, 0, 0, NULL, &opt.port, NULL },
	{ O_SOURCE, 0, 0, NULL, &opt.source, NULL },
	{ O_HOST, 0, 0, NULL, &opt.host, NULL },
	{ O_JSON, 0, 0, NULL, &opt.json, NULL },
	{ O_PROGRESS, 0, 0, NULL, NULL, &opt.progress },
	{ O_ECHO_DELAY, 0, 60000, &opt.echo_delay_ms, NULL, NULL },
	{ O_ECHO_LOSS, 0, 100, &opt.echo_loss, NULL, NULL },
	{ O_TO, 0, 0, NULL, &opt.to, NULL },
	{ O_PPS, 1, 10000000, &opt.pps, NULL, NULL },
	{ O_SIZE, 64, 1500, &opt.size, NULL, NULL },
	{ O_DURATION, 1, 1000000, &opt.duration, NULL, NULL },
	{ O_REFLECT, 1, 65535, &opt.reflect, NULL, NULL },
};

static int number(const struct value *v)
{
	char *end;
	long n = strtol(optarg, &end, 10);

	if (*end || end == optarg || n < v->min || n > v->max)
		die("%s: not a number from %d to %d", optarg, v->min, v->max);
	return (int)n;
}

static void take(int c)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct value *v = &values[i];

		if (v->c != c)
			continue;
		if (v->number)
			*v->number = number(v);
		else if (v->text)
			*v->text = optarg;
		else
			*v->mark = true;
		return;
	}
	usage(stderr, 2);
}

static bool is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return !*text;
}

size_t user_of(const struct session *s, char ret[256])
{
	const char *mark = strstr(opt.user, "%d");
	int n;

	if (mark)
		n = snprintf(ret, 256, "%.*s%d%s", (int)(mark - opt.user), opt.user, s->sid,
			     mark + 2);
	else
		n = snprintf(ret, 256, "%s", opt.user);
	return n < 256 ? (size_t)n : 255;
}

static void check(void)
{
	if (opt.tunnels * opt.sessions > MAX_SESSIONS)
		die("%d sessions: at most %d", opt.tunnels * opt.sessions, MAX_SESSIONS);
	if (strlen(opt.user) > 240 || strlen(opt.password) > 240)
		die("user names and passwords have at most 240 octets");
	if (opt.auth->option[2] == 0x81 && !is_ascii(opt.password))
		die("--auth %s: the password must be ASCII", opt.auth->name);
	if (opt.to && (opt.no_ipv4 || opt.pppd))
		die("--to needs IPv4 and our own PPP");
	if (opt.sequence && opt.pppd)
		die("--sequence and --pppd exclude each other");
	if (opt.proxy && opt.pppd)
		die("--proxy and --pppd exclude each other");
	if (opt.source && opt.shared_socket)
		die("--source and --shared-socket exclude each other");
}

void arguments(int argc, char **argv)
{
	const char *auth = "chap";
	int c;

	opt.progress = isatty(STDERR_FILENO);
	while ((c = getopt_long(argc, argv, "t:s:w:r:S:u:p:a:vh", longopts, NULL)) != -1) {
		if (c == 'h')
			usage(stdout, 0);
		else if (c == 'a')
			auth = optarg;
		else
			take(c);
	}
	if (optind + (opt.reflect ? 0 : 1) != argc)
		usage(stderr, 2);
	opt.auth = auth_method(auth);
	if (!opt.auth)
		die("--auth %s: neither pap, chap nor ms-chap-v2", auth);
	check();
	opt.peer = argv[optind];
}
