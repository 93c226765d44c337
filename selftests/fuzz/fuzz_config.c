/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text gives either a configuration or errors with a line number; never both, never neither. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "daemon/base/strbuf.h"
#include "daemon/sys/config/yang.h"
#include "selftests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct yang *yang;
	struct yang_source src = { "f", (const char *)data, size };
	struct strbuf errors;
	struct config *c = NULL;
	int r;

	sb_init(&errors);
	if (!yang && yang_new("yang", &yang, &errors) < 0)
		abort();
	r = yang_parse(yang, &src, &c, &errors, NULL);
	if ((r == 0) != (c != NULL) || (r < 0) != (errors.len > 0))
		abort();
	config_unref(c);
	sb_done(&errors);
	return 0;
}
