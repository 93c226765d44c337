/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Only one instance of ze at a time uses what processes share: the pinned maps, which all network
 * namespaces with the same bpffs share, and the devices of a network namespace. There are two
 * locks, one on the folder of pins and one on the network namespace (daemon/sys/net/netns_lock.h);
 * the kernel releases both when the process ends. They are taken before anything shared is touched.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct instance;

struct instance_holder {
	pid_t pid;	  /* 0: unknown, for example in another PID namespace */
	const char *what; /* the resource that both need; static storage */
};

/* Locks the network namespace and the folder of pins. The folder is created, and bpffs is mounted
 * at /sys/fs/bpf when pins lies there and it is not mounted. The result is freed by
 * instance_unlock(). Returns 0 or -errno; -EBUSY: another process holds one of the locks, and
 * ret_holder is filled. */
int instance_lock(const char *pins, struct instance **ret, struct instance_holder *ret_holder);
/* Locks only the folder of pins, for a command that reads the pins of an instance. Returns 0 or
 * -errno; -ENOENT: there is no folder; -EBUSY as above. */
int instance_lock_pins(const char *pins, struct instance **ret, struct instance_holder *ret_holder);
/* Creates and locks the folder of pins again when another program has removed or replaced it.
 * Returns 0, -EBUSY or -errno. */
int instance_lock_again(struct instance *i);
const char *instance_pins(const struct instance *i); /* the path of the folder of pins */
/* Releases the locks, removes the folder if it is empty, and frees i. NULL is allowed. */
void instance_unlock(struct instance *i);
/* Returns the process that holds a lock by flock() on the file fd; 0 when it is unknown. */
pid_t instance_holder_of(int fd);
