/* SPDX-License-Identifier: BSD-2-Clause */
/* What the sockets of this folder share: addresses as the socket calls have them, and back, and the
 * size of their buffers. */
#pragma once

#include <sys/socket.h>

#include "daemon/base/addr.h"

/* Returns the length of the address in *ss. */
socklen_t sockaddr_from_addr(const struct ze_addr *a, struct sockaddr_storage *ss);
struct ze_addr sockaddr_to_addr(const struct sockaddr_storage *ss);
/* Sets the size of the receive buffer in octets. Above the limit of the system it needs
 * CAP_NET_ADMIN; without it the limit applies. */
void sockaddr_receive_buffer(int fd, int octets);
