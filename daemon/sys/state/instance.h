/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Only one ze at a time works on what processes share: the pinned maps, which all network namespaces with
 * one bpffs share, and the devices of a network namespace. Two locks, which the kernel drops when the
 * process dies, however it does: one on the folder of pins, and one on the network namespace
 * (daemon/sys/net/netns_lock.h). Taken before anything is touched.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct instance;

struct instance_holder {
	pid_t pid;	  /* 0: not known, it may be in another container */
	const char *what; /* that both would use */
};

/* The folder of pins, which is made, on a bpffs that is mounted when it is not, and the network namespace.
 * -EBUSY: another process has one of them; ret_holder is filled. 0 or -errno. */
int instance_lock(const char *pins, struct instance **ret, struct instance_holder *ret_holder);
/* Only for as long as it takes to look: the folder if there is one. -ENOENT: there is none. */
int instance_lock_pins(const char *pins, struct instance **ret, struct instance_holder *ret_holder);
/* Somebody may have removed the folder of pins meanwhile: it is made and locked again. 0, -EBUSY or -errno. */
int instance_lock_again(struct instance *i);
const char *instance_pins(const struct instance *i); /* the folder */
/* An empty folder goes. NULL is allowed. */
void instance_unlock(struct instance *i);
/* Who holds a lock by flock on this file; 0: not known. */
pid_t instance_holder_of(int fd);
