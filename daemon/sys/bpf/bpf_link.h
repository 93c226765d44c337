/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attaches the program that sends packets for LACs with link-local addresses out of their
 * interface. It is a filter on the ingress of ze0, because the stack does not forward such packets.
 * Blocks until the kernel answers.
 */
#pragma once

/* Attaches the program unless it is attached. Returns 1: it was missing; 0: it was attached;
 * -EBUSY: the filter of another owner has its place; or -errno. */
int bpf_link_attach(int prog_fd, unsigned ifindex);
