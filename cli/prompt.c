/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/render.h"
#include "cli/words.h"

#define HISTORY_LINES 1000

static const char help_text[] = "  ?               what may follow; Tab completes\n"
				"  exit, quit, ^D  leave the prompt\n";

struct prompt {
	const struct run *run;
	EditLine *el;
	History *history;
	char history_path[4096]; /* "": none */
	enum run_exit worst;
	bool leave;
};

/* The words before the cursor. The last one is being typed and may be "". Returns false when there
 * is nothing to complete. */
static bool words_at_cursor(struct words *w, const char *line, size_t len)
{
	if (words_split(w, line, len) < 0 || w->open || w->n == WORDS_MAX)
		return false;
	if (w->blank)
		w->w[w->n++] = (char *)"";
	return true;
}

static void list_next(const struct prompt *p, const struct words *w)
{
	run_complete(p->run, (const char *const *)w->w, w->n, true);
	if (w->n == 1 && !w->w[0][0])
		fputs(help_text, stdout);
	fflush(stdout);
}

static void one_command(struct prompt *p, const struct words *w)
{
	enum run_exit x;

	if (strcmp(w->w[0], "exit") == 0 || strcmp(w->w[0], "quit") == 0) {
		p->leave = true;
		return;
	}
	if (strcmp(w->w[0], "help") == 0) {
		const char *const nothing[] = { "" };

		run_complete(p->run, nothing, 1, true);
		fputs(help_text, stdout);
		return;
	}
	x = run_command(p->run, (const char *const *)w->w, w->n);
	if (x > p->worst)
		p->worst = x;
}

static void one_line(struct prompt *p, const char *line, size_t len)
{
	struct words w;
	int r = words_split(&w, line, len);

	if (r < 0)
		fprintf(stderr, "%s: %s\n", p->run->program,
			r == -E2BIG ? "too many words" : strerror(-r));
	else if (w.open)
		fprintf(stderr, "%s: unterminated quotation\n", p->run->program);
	else if (w.n && w.w[0][0] != '#')
		one_command(p, &w);
	if ((r < 0 || w.open) && p->worst < RUN_USAGE)
		p->worst = RUN_USAGE;
	words_done(&w);
}

/* ---- not a terminal ---- */

/* `show l2tp ?` in a script or a test prints the same list as the key at the prompt. */
static bool asks_what_follows(struct prompt *p, const char *line, size_t len)
{
	struct words w;
	bool yes;

	while (len && strchr(" \t\r\n", line[len - 1]))
		len--;
	if (!len || line[len - 1] != '?')
		return false;
	yes = words_at_cursor(&w, line, len - 1);
	if (yes)
		list_next(p, &w);
	words_done(&w);
	return yes;
}

static void read_lines(struct prompt *p)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while (!p->leave && (n = getline(&line, &cap, stdin)) >= 0) {
		if (!asks_what_follows(p, line, (size_t)n))
			one_line(p, line, (size_t)n);
		if (p->worst == RUN_UNREACHABLE)
			break; /* the other commands would fail as well */
	}
	free(line);
}

/* ---- a terminal ---- */

static char *prompt_text(EditLine *el)
{
	static char text[] = "ze> ";

	(void)el;
	return text;
}

static struct prompt *prompt_of(EditLine *el)
{
	void *p = NULL;

	el_get(el, EL_CLIENTDATA, &p);
	return p;
}

static unsigned char on_question(EditLine *el, int ch)
{
	const LineInfo *li = el_line(el);
	struct words w;

	(void)ch;
	if (!words_at_cursor(&w, li->buffer, (size_t)(li->cursor - li->buffer))) {
		words_done(&w);
		return el_insertstr(el, "?") < 0 ? CC_ERROR : CC_REFRESH;
	}
	fputs("?\n", stdout);
	list_next(prompt_of(el), &w);
	words_done(&w);
	return CC_REDISPLAY;
}

static const char *word_of(const json_t *list, size_t i)
{
	const char *s = json_string_value(json_object_get(json_array_get(list, i), "word"));

	return s ? s : "";
}

/* The number of octets that all candidates have in common. */
static size_t common(const json_t *list)
{
	size_t len = strlen(word_of(list, 0));

	for (size_t i = 1; i < json_array_size(list); i++) {
		size_t k = 0;

		while (k < len && word_of(list, i)[k] == word_of(list, 0)[k])
			k++;
		len = k;
	}
	return len;
}

/* Inserts what all candidates have in common. Returns true when something was inserted. */
static bool extend(EditLine *el, const json_t *list, const char *typed)
{
	size_t have = strlen(typed), len = common(list), n = json_array_size(list);
	struct strbuf b;
	bool grown;

	sb_init(&b);
	if (len > have)
		sb_add(&b, word_of(list, 0) + have, len - have);
	if (n == 1)
		sb_puts(&b, " ");
	grown = b.len && !b.bad && el_insertstr(el, b.s) == 0;
	sb_done(&b);
	return grown;
}

static unsigned char on_tab(EditLine *el, int ch)
{
	const LineInfo *li = el_line(el);
	struct prompt *p = prompt_of(el);
	unsigned char ret = CC_ERROR;
	json_t *answer = NULL;
	const json_t *list;
	struct words w;

	(void)ch;
	if (words_at_cursor(&w, li->buffer, (size_t)(li->cursor - li->buffer)) &&
	    client_ask(&p->run->client, CLIENT_COMPLETE, (const char *const *)w.w, w.n, &answer) ==
		    0) {
		list = json_object_get(answer, "data");
		if (json_array_size(list) && extend(el, list, w.w[w.n - 1])) {
			ret = CC_REFRESH;
		} else if (json_array_size(list)) {
			fputs("\n", stdout);
			list_next(p, &w);
			ret = CC_REDISPLAY;
		}
		json_decref(answer);
	}
	words_done(&w);
	return ret;
}

/* Creates the file with mode 0600 before libedit writes to it. */
static void open_history(struct prompt *p)
{
	const char *home = getenv("HOME");
	HistEvent ev;
	struct stat st;
	int fd;

	history(p->history, &ev, H_SETSIZE, HISTORY_LINES);
	history(p->history, &ev, H_SETUNIQUE, 1);
	if (!home || !home[0] ||
	    snprintf(p->history_path, sizeof(p->history_path), "%s/.zectl_history", home) >=
		    (int)sizeof(p->history_path)) {
		p->history_path[0] = '\0';
		return;
	}
	fd = open(p->history_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fchmod(fd, 0600) < 0)
		p->history_path[0] = '\0';
	else
		history(p->history, &ev, H_LOAD, p->history_path);
	if (fd >= 0)
		close(fd);
}

static int open_editor(struct prompt *p)
{
	p->el = el_init(p->run->program, stdin, stdout, stderr);
	p->history = history_init();
	if (!p->el || !p->history)
		return -ENOMEM;
	open_history(p);
	el_set(p->el, EL_CLIENTDATA, p);
	el_set(p->el, EL_PROMPT, prompt_text);
	el_set(p->el, EL_EDITOR, "emacs");
	el_set(p->el, EL_SIGNAL, 1);
	el_set(p->el, EL_HIST, history, p->history);
	el_set(p->el, EL_ADDFN, "ze-complete", "complete the word", on_tab);
	el_set(p->el, EL_ADDFN, "ze-next", "list what may follow", on_question);
	el_set(p->el, EL_BIND, "^I", "ze-complete", NULL);
	el_set(p->el, EL_BIND, "?", "ze-next", NULL);
	el_set(p->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
	return 0;
}

static void edit_lines(struct prompt *p)
{
	HistEvent ev;
	const char *line;
	int n;

	while (!p->leave && (line = el_gets(p->el, &n)) && n > 0) {
		if (line[strspn(line, " \t\n")] == '\0')
			continue;
		history(p->history, &ev, H_ENTER, line);
		one_line(p, line, (size_t)n);
		fflush(stdout);
	}
	if (!p->leave)
		fputs("\n", stdout);
	if (p->history_path[0])
		history(p->history, &ev, H_SAVE, p->history_path);
}

enum run_exit prompt_run(const struct run *r)
{
	struct prompt p = { .run = r };

	if (!isatty(STDIN_FILENO)) {
		read_lines(&p);
		return p.worst;
	}
	if (open_editor(&p) < 0)
		fprintf(stderr, "%s: out of memory\n", r->program);
	else
		edit_lines(&p);
	if (p.history)
		history_end(p.history);
	if (p.el)
		el_end(p.el);
	return RUN_OK;
}
