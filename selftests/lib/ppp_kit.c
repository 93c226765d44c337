/* SPDX-License-Identifier: BSD-2-Clause */
#include "selftests/lib/ppp_kit.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SLOTS 8

static uint8_t *next_slot(void)
{
	static uint8_t slots[SLOTS][2048];
	static unsigned int at;

	return slots[at++ % SLOTS];
}

static uint8_t digit(char c)
{
	assert_true(isxdigit((unsigned char)c));
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0' :
						     tolower((unsigned char)c) - 'a' + 10);
}

struct span kit_hex(const char *hex)
{
	uint8_t *buf = next_slot();
	size_t n = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		buf[n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex++;
	}
	return span_of(buf, n);
}

struct span kit_pkt_span(uint8_t code, uint8_t id, struct span data)
{
	struct wr w = wr_init(next_slot(), 2048);

	wr_u8(&w, code);
	wr_u8(&w, id);
	wr_u16(&w, (uint16_t)(4 + data.len));
	wr_span(&w, data);
	assert_false(w.bad);
	return wr_done(&w);
}

struct span kit_pkt(uint8_t code, uint8_t id, const char *data)
{
	return kit_pkt_span(code, id, kit_hex(data));
}

unsigned int kit_count(const struct ppp_fx *fx, enum ppp_fx_kind kind)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fx->n; i++)
		n += fx->e[i].kind == kind;
	return n;
}

struct cp_pkt kit_sent(const struct ppp_fx *fx, unsigned int n, uint16_t proto)
{
	struct ppp_frame f;
	struct cp_pkt p = { 0 };

	for (unsigned int i = 0; i < fx->n; i++) {
		if (fx->e[i].kind != PPP_FX_SEND || n--)
			continue;
		assert_memory_equal(fx->e[i].send.p, "\xff\x03", 2);
		assert_int_equal(ppp_frame_parse(fx->e[i].send, &f), 0);
		assert_int_equal(f.proto, proto);
		assert_int_equal(f.info.len,
				 fx->e[i].send.len - 4); /* uncompressed Protocol field */
		assert_int_equal(cp_pkt_parse(f.info, &p), 0);
		assert_int_equal(p.whole.len, f.info.len);
		return p;
	}
	fail_msg("no such frame was sent");
	return p;
}

uint8_t kit_sent_one(const struct ppp_fx *fx, uint16_t proto, uint8_t code, const char *data)
{
	struct span want = kit_hex(data);
	struct cp_pkt p = kit_sent(fx, 0, proto);

	assert_int_equal(kit_count(fx, PPP_FX_SEND), 1);
	assert_int_equal(p.code, code);
	assert_int_equal(p.data.len, want.len);
	if (want.len)
		assert_memory_equal(p.data.p, want.p, want.len);
	return p.id;
}

void kit_refused(const struct ppp_fx *fx, enum reason why)
{
	assert_int_equal(kit_count(fx, PPP_FX_SEND), 0);
	assert_int_equal(kit_count(fx, PPP_FX_REFUSED), 1);
	for (unsigned int i = 0; i < fx->n; i++)
		if (fx->e[i].kind == PPP_FX_REFUSED)
			assert_string_equal(reason_name(fx->e[i].refused.reason), reason_name(why));
}

void kit_input(struct cp *cp, struct span pkt, ze_ns now, struct ppp_fx *fx)
{
	ppp_fx_init(fx);
	cp_input(cp, pkt, now, fx);
	assert_false(fx->overflow);
}

void kit_ack(struct cp *cp, ze_ns now, struct ppp_fx *fx)
{
	kit_input(cp, kit_pkt_span(CP_CONF_ACK, cp->req_id, span_of(cp->req, cp->req_len)), now,
		  fx);
}

void kit_to_opened(struct cp *cp, const char *opts, ze_ns now, struct ppp_fx *fx)
{
	kit_input(cp, kit_pkt(CP_CONF_REQ, 200, opts), now, fx);
	assert_string_equal(cp_state_name(cp), "ack-sent");
	kit_ack(cp, now, fx);
	assert_string_equal(cp_state_name(cp), "opened");
}
