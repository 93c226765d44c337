/* SPDX-License-Identifier: BSD-2-Clause */
/* Data messages: RFC 2661 3.1, and 5.4 when zeload has requested sequencing. */
#include "selftests/peer/zeload.h"

#define HAS_LENGTH   0x4000
#define HAS_SEQUENCE 0x0800
#define HAS_OFFSET   0x0200

uint8_t *data_head(struct session *s, uint8_t *p)
{
	put16(p, 2u | (opt.sequence ? HAS_SEQUENCE : 0));
	put16(p + 2, s->t->peer_tid);
	put16(p + 4, s->peer_sid);
	p += 6;
	if (opt.sequence) {
		put16(p, s->data_ns++);
		put16(p + 2, 0);
		p += 4;
	}
	put16(p, 0xff03);
	return p + 2;
}

/* A number that is not ahead of the last one is late, or a duplicate. */
static bool in_sequence(struct session *s, bool numbered, uint16_t ns)
{
	if (!numbered) {
		world.unnumbered++;
		return false;
	}
	if (s->numbered && (uint16_t)(ns - s->data_nr) >= 0x8000) {
		world.late++;
		return false;
	}
	s->numbered = true;
	s->data_nr = (uint16_t)(ns + 1);
	return true;
}

void on_data(struct tunnel *t, const uint8_t *p, size_t len)
{
	unsigned flags = get16(p);
	size_t off = 2 + (flags & HAS_LENGTH ? 2 : 0);
	bool numbered = flags & HAS_SEQUENCE;
	struct session *s;

	if (off + 4 + (numbered ? 4 : 0) > len)
		return;
	s = session_by_sid(t, get16(p + off + 2));
	off += 4;
	if (!s || (s->state != S_PPP && s->state != S_UP))
		return;
	if (opt.sequence && !in_sequence(s, numbered, numbered ? get16(p + off) : 0))
		return;
	off += numbered ? 4 : 0;
	if (flags & HAS_OFFSET && off + 2 <= len)
		off += 2u + get16(p + off);
	if (off < len)
		ppp_input(s, p + off, len - off);
}
