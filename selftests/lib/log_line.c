/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/log_line.h"

#include <stdio.h>

#include "daemon/base/log.h"

char log_line[512];
unsigned log_lines;

static void keep(void *self, enum log_level level, enum log_sub sub, const char *line)
{
	(void)self;
	(void)level;
	(void)sub;
	snprintf(log_line, sizeof(log_line), "%s", line);
	log_lines++;
}

void log_line_catch(void)
{
	log_set_sink(keep, NULL);
	log_set_level(LOG__SUBS, LOG_INFO);
	log_lines = 0;
	log_line[0] = '\0';
}
