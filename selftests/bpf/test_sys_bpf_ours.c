/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever a killed instance has left on an interface and in the pin directory, the next one
 * starts; and objects of others are not changed. Tested with the guard of the kernel plane, for
 * which one device is enough; the bpf plane uses the same code
 * (selftests/netns/test_takeover.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/compiler.h"
#include "daemon/base/log.h"
#include "daemon/sys/bpf/bpf_guard.h"
#include "daemon/sys/bpf/bpf_names.h"
#include "daemon/sys/bpf/bpf_ours.h"

static char top[64], pins[96];

static void sh(const char *cmd)
{
	assert_int_equal(system(cmd), 0);
}

static int open_on(const char *dev, enum bpf_mode mode, struct bpf_guard **ret)
{
	char uplink[1][16];

	snprintf(uplink[0], sizeof(uplink[0]), "%s", dev);
	return bpf_guard_open(
		&(struct bpf_guard_args){
			.uplink = uplink, .n_uplink = 1, .mode = mode, .pins = pins },
		ret);
}

static __u32 id_on(const char *dev)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	assert_int_equal(bpf_xdp_query((int)if_nametoindex(dev), 0, &q), 0);
	return q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
}

/* An instance that opens the guard and is killed. */
static void leave_on(const char *dev, enum bpf_mode mode)
{
	struct bpf_guard *g;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(open_on(dev, mode, &g) == 0 ? 0 : 1);
	assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
	assert_int_equal(status, 0);
	assert_true(id_on(dev));
}

/* It starts, and a stop leaves nothing. */
static void starts_on(const char *dev, enum bpf_mode mode)
{
	struct bpf_guard *g;
	char path[128];

	assert_int_equal(open_on(dev, mode, &g), 0);
	assert_true(id_on(dev));
	snprintf(path, sizeof(path), "%s/ze_guard", pins);
	assert_int_equal(access(path, F_OK), 0);
	bpf_guard_free(g);
	assert_int_equal(id_on(dev), 0);
	assert_int_not_equal(access(path, F_OK), 0);
}

static int setup(void **st)
{
	(void)st;
	log_set_sink(NULL, NULL);
	strcpy(top, "/tmp/ze-ours-XXXXXX");
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || !mkdtemp(top))
		return -1;
	sh("mount --make-rprivate /");
	if (mount("bpf", top, "bpf", 0, "mode=0700") < 0)
		return -1;
	snprintf(pins, sizeof(pins), "%s/ze", top);
	sh("ip link add v0 type veth peer name v1 && ip link add w0 type veth peer name w1");
	sh("for d in v0 v1 w0 w1; do ip link set $d up; done");
	return mkdir(pins, 0700);
}

static int teardown(void **st)
{
	(void)st;
	umount(top);
	return rmdir(top);
}

/* Removes the pins whose bits are set in n, which has seven bits. */
static void lose(unsigned n)
{
	char cmd[256];

	snprintf(
		cmd, sizeof(cmd),
		"cd %s && i=0; for f in *; do [ $((%u >> i & 1)) = 1 ] && rm -f $f; i=$((i + 1)); done; true",
		pins, n);
	sh(cmd);
}

/* F-A1, F-A3: in either mode, without any subset of its pins. */
static void half_states(void **st)
{
	(void)st;
	for (unsigned n = 0; n < 128; n += 9) {
		leave_on("v0", n % 2 ? BPF_MODE_NATIVE : BPF_MODE_GENERIC);
		lose(n);
		starts_on("v0", n % 4 < 2 ? BPF_MODE_NATIVE : BPF_MODE_GENERIC);
	}
	leave_on("v0", BPF_MODE_NATIVE);
	lose(~0u);
	starts_on("v0", BPF_MODE_AUTO);
}

/* A directory in the pin directory is not ze's, and does not disturb it. */
static void objects_of_others(void **st)
{
	char path[128];

	(void)st;
	snprintf(path, sizeof(path), "%s/theirs", pins);
	assert_int_equal(mkdir(path, 0700), 0);
	leave_on("v0", BPF_MODE_NATIVE);
	starts_on("v0", BPF_MODE_NATIVE);
	assert_int_equal(rmdir(path), 0);
}

/* The program is detached from an interface that is no longer an uplink. */
static void another_uplink(void **st)
{
	(void)st;
	leave_on("v0", BPF_MODE_NATIVE);
	lose(~0u);
	starts_on("w0", BPF_MODE_NATIVE);
	assert_int_equal(id_on("v0"), 0);
}

static int foreign(const char *name)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, name, "GPL", code, ZE_ARRAY_SIZE(code), NULL);
}

/* F-A3: a program that has only its name in common with ours, longer, shorter or different; with
 * or without our pins. */
static void foreign_programs(void **st)
{
	static const char *const names[] = { "xdp_pass", "ze", "ze_guards", "" };
	int v0 = (int)if_nametoindex("v0");
	struct bpf_guard *g;

	(void)st;
	for (size_t i = 0; i < ZE_ARRAY_SIZE(names); i++) {
		int fd = foreign(names[i]);
		__u32 id;

		assert_true(fd >= 0);
		leave_on("w0", BPF_MODE_NATIVE);
		assert_int_equal(bpf_xdp_attach(v0, fd, XDP_FLAGS_DRV_MODE, NULL), 0);
		id = id_on("v0");
		assert_int_equal(open_on("v0", BPF_MODE_AUTO, &g), -EBUSY);
		assert_int_equal(id_on("v0"), id);
		assert_true(id_on("w0")); /* and our own program was not changed either */
		starts_on("w0", BPF_MODE_NATIVE);
		assert_int_equal(id_on("v0"), id);
		assert_int_equal(bpf_xdp_detach(v0, XDP_FLAGS_DRV_MODE, NULL), 0);
		close(fd);
	}
}

/* A program is ours by its pin, whatever its name: that of another release. */
static void ours_by_pin(void **st)
{
	int fd = foreign("ze_new_name");
	char path[128];

	(void)st;
	snprintf(path, sizeof(path), "%s/ze_new_name", pins);
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	assert_int_equal(bpf_xdp_attach((int)if_nametoindex("v0"), fd, XDP_FLAGS_DRV_MODE, NULL),
			 0);
	close(fd);
	starts_on("v0", BPF_MODE_NATIVE);
}

static int map_new(enum bpf_map_type type, __u32 value_size)
{
	int fd = bpf_map_create(type, "ze_test", sizeof(__u32), value_size, 1, NULL);

	assert_true(fd >= 0);
	return fd;
}

static __u32 id_of_map(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	return info.id;
}

static __u32 id_of_program(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fd, &info, &len), 0);
	return info.id;
}

/* The ids of maps and programs are counted apart: a pinned map makes no program with its id ours. */
static void a_map_with_the_id_of_a_program(void **st)
{
	int map = map_new(BPF_MAP_TYPE_PERCPU_ARRAY, 8), prog = foreign("theirs");
	char path[128];

	(void)st;
	/* The one with the lower id is made again, until both are equal. */
	while (id_of_map(map) != id_of_program(prog)) {
		if (id_of_map(map) < id_of_program(prog)) {
			close(map);
			map = map_new(BPF_MAP_TYPE_PERCPU_ARRAY, 8);
		} else {
			close(prog);
			prog = foreign("theirs");
			assert_true(prog >= 0);
		}
	}
	snprintf(path, sizeof(path), "%s/ze_test", pins);
	assert_int_equal(bpf_obj_pin(map, path), 0);
	assert_false(bpf_ours(pins, id_of_program(prog)));
	assert_int_equal(unlink(path), 0);
	close(map);
	close(prog);
}

/* A row of the layout with another size than ours is not read: the kernel would write all of it. */
static void a_row_of_another_size(void **st)
{
	static const struct {
		enum bpf_map_type type;
		__u32 value_size;
	} others[] = { { BPF_MAP_TYPE_ARRAY, sizeof(struct ze_conf) - 4 },
		       { BPF_MAP_TYPE_ARRAY, 256 },
		       { BPF_MAP_TYPE_PERCPU_ARRAY, sizeof(struct ze_conf) } };
	struct ze_conf got[16], in = { .abi = ZE_BPF_ABI, .ze0 = 7 };
	__u32 zero = 0;
	char path[128];
	int fd;

	(void)st;
	snprintf(path, sizeof(path), "%s/ze_about", pins);
	assert_int_equal(bpf_names_about(pins, got), -ENOENT);
	for (size_t i = 0; i < ZE_ARRAY_SIZE(others); i++) {
		fd = map_new(others[i].type, others[i].value_size);
		assert_int_equal(bpf_obj_pin(fd, path), 0);
		close(fd);
		memset(got, 0xaa, sizeof(got));
		assert_int_equal(bpf_names_about(pins, got), 0);
		assert_int_equal(got[0].abi, 0);
		assert_false(bpf_names_restorable(got[0].abi));
		for (size_t n = sizeof(got[0]); n < sizeof(got); n++)
			assert_int_equal(((uint8_t *)got)[n], 0xaa);
		assert_int_equal(unlink(path), 0);
	}
	fd = map_new(BPF_MAP_TYPE_ARRAY, sizeof(in));
	assert_int_equal(bpf_map_update_elem(fd, &zero, &in, BPF_ANY), 0);
	snprintf(path, sizeof(path), "%s/about", pins); /* of a version without the prefix */
	assert_int_equal(bpf_obj_pin(fd, path), 0);
	close(fd);
	assert_int_equal(bpf_names_about(pins, got), 0);
	assert_memory_equal(got, &in, sizeof(in));
	assert_true(bpf_names_restorable(got[0].abi));
	assert_true(bpf_names_restorable(ZE_BPF_ABI_OLDEST));
	assert_false(bpf_names_restorable(ZE_BPF_ABI + 1));
	assert_false(bpf_names_restorable(ZE_BPF_ABI_OLDEST - 1));
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_states),
		cmocka_unit_test(objects_of_others),
		cmocka_unit_test(another_uplink),
		cmocka_unit_test(foreign_programs),
		cmocka_unit_test(ours_by_pin),
		cmocka_unit_test(a_map_with_the_id_of_a_program),
		cmocka_unit_test(a_row_of_another_size),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
