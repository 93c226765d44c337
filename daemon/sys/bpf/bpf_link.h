/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that sends packets for LACs with link-local addresses out of the interface these belong to: a
 * filter where the stack takes packets in from ze0, since it forwards none of them itself. Blocks for the
 * kernel's answers.
 */
#pragma once

/* It is there from now on, whoever took it away. 1: it was not; 0: it was; -EBUSY: somebody else's program has its
 * place; or -errno. */
int bpf_link_attach(int prog_fd, unsigned ifindex);
