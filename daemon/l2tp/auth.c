/* SPDX-License-Identifier: BSD-2-Clause */
/* Tunnel authentication, RFC 2661 5.1.1; the Challenge Response AVP is in 4.4.3. */
#include "daemon/l2tp/auth.h"

#include "daemon/base/compiler.h"
#include "daemon/base/crypto.h"

_Static_assert(L2TP_AUTH_LEN == CRYPTO_MD5_LEN, "the response is an MD5 hash");

void l2tp_auth_response(uint8_t ret[L2TP_AUTH_LEN], uint8_t msg_type, struct span secret,
			struct span challenge)
{
	const struct span parts[] = { span_of(&msg_type, 1), secret, challenge };

	crypto_md5(ret, parts, ZE_ARRAY_SIZE(parts));
}

bool l2tp_auth_check(uint8_t msg_type, struct span secret, struct span challenge,
		     struct span response)
{
	uint8_t want[L2TP_AUTH_LEN];
	bool ok;

	l2tp_auth_response(want, msg_type, secret, challenge);
	ok = response.len == sizeof(want) && crypto_equal(want, response.p, sizeof(want));
	crypto_wipe(want, sizeof(want));
	return ok;
}
