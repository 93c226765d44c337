/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Logins as RADIUS has them: an Access-Request from a login, and the verdict from its result. Pure;
 * daemon/sys/net/radius_login.h is the handler that sends and waits.
 */
#pragma once

#include "aaa/aaa.h"
#include "aaa/radius_attrs.h"
#include "aaa/radius_client.h"
#include "aaa/radius_profile.h"

#define AAA_RADIUS_NAME "l2tp-auth-radius" /* of the handler */

/* Writes the Access-Request of a login with PAP, CHAP or MS-CHAPv2. Returns REASON_NONE, or why no
 * server can accept it: REASON_RADIUS_PASSWORD, REASON_RADIUS_REQUEST. */
enum reason radius_auth_request(struct radius_req *q, const struct radius_nas *nas,
				const struct aaa_request *rq);
/* Converts a result into a verdict.
 *
 * ACCEPT: the profile is what the server gives (radius_profile.h). Refused are one that grants
 * another service than PPP, one with an impossible address, and with MS-CHAPv2 one without a
 * readable MS-CHAP2-Success: the client could not verify the server. Without memory the verdict is
 * UNAVAILABLE.
 * REJECT: also for an Access-Challenge and any other code. Reply-Message is passed on; with
 * MS-CHAPv2 the text of MS-CHAP-Error, if there is one.
 * UNAVAILABLE: no server answered.
 *
 * Returns REASON_NONE, or why it is not what an Access-Accept or an Access-Reject says. *ret_report
 * is about the attributes of an Access-Accept, and points into the reply. */
enum reason radius_auth_verdict(const struct radius_result *r, struct aaa_answer *ret,
				struct radius_report *ret_report);
