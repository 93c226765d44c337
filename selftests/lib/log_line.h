/* SPDX-License-Identifier: BSD-2-Clause */
/* The last log line and how many there were, for tests of units that write one line per event. */
#pragma once

extern char log_line[512];
extern unsigned log_lines;

/* From now on lines of level info and above are kept here and written nowhere; none so far. */
void log_line_catch(void);
