/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/kernel/kernel_label.h"

#include <string.h>

#include "daemon/sys/bpf/bpf_label.h"

static struct bpf_label *labels;

int kernel_label_open(const char (*uplink)[16], size_t n)
{
	return bpf_label_open(uplink, n, &labels);
}

void kernel_label_close(void)
{
	bpf_label_close(labels);
	labels = NULL;
}

int kernel_label_up(const struct kernel_session *s)
{
	const struct ze_addr *peer = &s->s.tunnel.path.peer;
	struct ze_label l = { .tid = s->label_tid,
			      .sid = s->label_sid,
			      .peer_port = peer->port,
			      .family = peer->family };

	if (!s->labelled)
		return 0;
	memcpy(l.peer, peer->ip, peer->family == 6 ? 16 : 4);
	return bpf_label_set(labels, s->s.sid, &l);
}

void kernel_label_down(const struct kernel_session *s)
{
	if (s->labelled)
		bpf_label_unset(labels, s->s.sid);
}

bool kernel_label_heard(const struct news *n)
{
	return labels && bpf_label_heard(labels, n);
}

void kernel_label_restore(struct repair_result *res)
{
	if (labels)
		bpf_label_restore(labels, res);
}
