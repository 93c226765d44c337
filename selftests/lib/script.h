/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Dialogue scripts, selftests/scripts/<name>.zt. A bug report becomes a script before it is fixed.
 * There is one command per line; # begins a comment:
 *
 *   config max-tunnels 1            before the first other command
 *   lac A 1 [challenge] [no-scccn] [no-iccn] [sequencing] [secret=x] [host=x] [same-tid=B]
 *   send A sccrq|stopccn            the LAC then answers by itself
 *   call 7 A alice wonder           ICRQ, ICCN, PPP
 *   send 7 cdn|terminate|renegotiate
 *   mute A | unmute A | client-mute 7
 *   drop ICCN                       lose the next one, in either direction
 *   weather LOSS DUPLICATES REORDER in permille
 *   kernel hold|release|ok|fail session_up|fail family_up|refuse
 *   operator session 7|tunnel A|sessions|tunnels|drain
 *   after 60s | 200ms
 *   expect A StopCCN 1              the number of them that A has received
 *   check tunnel A state established|wait-ctl-conn|closing|linger|gone
 *   check tunnel A result 6
 *   check session 7 state starting|established|finishing|gone
 *   check session 7 result 3
 *   check session 7 address 10.0.0.77
 *   check event session-up 1
 *   check cause session-down admin
 *   check reason limit-tunnels 1
 *   check tunnels 1 | check sessions 1
 *
 * At the end the daemon drains, and everything must be released.
 */
#pragma once

/* Returns 0, or -1 and a message with the line number in err. */
int script_run(const char *path, char *err, unsigned size);
