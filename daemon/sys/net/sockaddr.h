/* SPDX-License-Identifier: BSD-2-Clause */
/* Transport addresses as the socket calls have them, and back. */
#pragma once

#include <sys/socket.h>

#include "daemon/base/addr.h"

/* Returns the length of the address in *ss. */
socklen_t sockaddr_from_addr(const struct ze_addr *a, struct sockaddr_storage *ss);
struct ze_addr sockaddr_to_addr(const struct sockaddr_storage *ss);
