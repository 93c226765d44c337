/* SPDX-License-Identifier: BSD-2-Clause */
#include "ppp/auth_priv.h"

#include <string.h>

#include "daemon/base/compiler.h"

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool mschap_authenticator_ok(struct span text)
{
	if (text.len < MSCHAP_AUTHENTICATOR_LEN || memcmp(text.p, "S=", 2) != 0)
		return false;
	for (size_t i = 2; i < MSCHAP_AUTHENTICATOR_LEN; i++)
		if (hex_value(text.p[i]) < 0)
			return false;
	return true;
}

/* What follows " X=" before the free text of "M="; empty when there is none. */
static struct span field(struct span raw, char name)
{
	const char key[] = { ' ', name, '=' };

	for (size_t i = 0; i + sizeof(key) <= raw.len; i++) {
		if (memcmp(raw.p + i, key, sizeof(key)) == 0)
			return span_of(raw.p + i + sizeof(key), raw.len - i - sizeof(key));
		if (memcmp(raw.p + i, " M=", 3) == 0)
			break;
	}
	return (struct span){ 0 };
}

static bool raw_challenge(struct span raw, uint8_t ret[16])
{
	struct span c = field(raw, 'C');
	uint8_t v[16];

	if (c.len < 32 || (c.len > 32 && c.p[32] != ' '))
		return false;
	for (size_t i = 0; i < sizeof(v); i++) {
		int hi = hex_value(c.p[2 * i]), lo = hex_value(c.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		v[i] = (uint8_t)(hi << 4 | lo);
	}
	memcpy(ret, v, sizeof(v));
	return true;
}

/* A second attempt is possible when both the text and our configuration offer it. Otherwise R=1 in
 * the text (the default of FreeRADIUS) is replaced by R=0. */
static void put_raw(struct wr *w, struct mschap_failure *f)
{
	struct span r = field(f->raw, 'R');
	bool offered = r.len && r.p[0] == '1';
	size_t at = wr_len(w);

	wr_span(w, f->raw);
	f->retry = f->retry && offered && raw_challenge(f->raw, f->challenge);
	if (offered && !f->retry && !w->bad)
		w->start[at + (size_t)(r.p - f->raw.p)] = '0';
}

static void mschap_put_number(struct wr *w, uint16_t v)
{
	char digits[5];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n)
		wr_u8(w, (uint8_t)digits[--n]);
}

static void mschap_put_text(struct wr *w, const char *s)
{
	wr_bytes(w, s, strlen(s));
}

void mschap_failure_put(struct wr *w, struct mschap_failure *f)
{
	static const char hex[] = "0123456789ABCDEF";

	if (f->raw.len) {
		put_raw(w, f);
		return;
	}
	f->retry = f->retry && f->error == MSCHAP_E_FAILURE;
	mschap_put_text(w, "E=");
	mschap_put_number(w, f->error);
	mschap_put_text(w, f->retry ? " R=1 C=" : " R=0 C=");
	for (size_t i = 0; i < sizeof(f->challenge); i++) {
		wr_u8(w, (uint8_t)hex[f->challenge[i] >> 4]);
		wr_u8(w, (uint8_t)hex[f->challenge[i] & 15]);
	}
	mschap_put_text(w, " V=3");
	if (f->message.len) {
		mschap_put_text(w, " M=");
		wr_span(w, f->message);
	}
}
