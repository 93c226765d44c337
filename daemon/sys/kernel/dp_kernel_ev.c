/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Connects the kernel plane with the reactor: an ev_async for the results of workers, and an ev_io
 * on the channel and on the unit of each session for PPP control frames.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/core/engine.h"
#include "daemon/sys/bpf/bpf_label.h"
#include "daemon/sys/kernel/dp_kernel.h"
#include "daemon/sys/kernel/dp_kernel_keep.h"
#include "daemon/sys/kernel/dp_kernel_priv.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/net/udp.h"
#include "daemon/sys/run/loop.h"

#define FRAMES_MAX 16 /* per descriptor and iteration of the loop */

struct glue {
	struct dp_kernel *d;
	struct loop *loop;
	struct udp *udp;
	ev_async wake;
	struct kernel_keep *keep;
	struct kernel_shared shared;
};

static void notify(void *self)
{
	struct glue *g = self;

	ev_async_send(loop_ev(g->loop), &g->wake);
}

static void dp_kernel_ev_emit(void *self, const struct dp_event *ev)
{
	struct glue *g = self;
	struct engine *e = loop_engine(g->loop);

	if (e)
		engine_dp_event(e, ev, loop_now(g->loop));
}

static void dp_kernel_ev_on_wake(struct ev_loop *ev, ev_async *w, int revents)
{
	struct glue *g = w->data;

	(void)ev;
	(void)revents;
	dp_kernel_reap(g->d);
	loop_turn_done(g->loop);
}

static struct udp_sock *tunnel_watch(void *self, int fd, const struct net_path *path)
{
	struct glue *g = self;

	return udp_watch(g->udp, fd, path);
}

static void frames_unwatch(struct dp_frames *f)
{
	struct glue *g = f->self;

	for (int i = 0; i < 2; i++)
		ev_io_stop(loop_ev(g->loop), &f->io[i]);
}

/* The engine may end the session while it processes a frame, which stops the watcher; the memory
 * stays valid until the next iteration. End of file and ENXIO: the kernel has removed the
 * session. */
static void on_frames(struct ev_loop *ev, ev_io *w, int revents)
{
	struct dp_frames *f = w->data;
	struct glue *g = f->self;
	uint8_t buf[2 + 4096] = { 0xff, 0x03 };
	ssize_t n = 1;

	(void)ev;
	(void)revents;
	for (int i = 0; i < FRAMES_MAX && n > 0 && ev_is_active(w); i++) {
		n = read(w->fd, buf + 2, sizeof(buf) - 2);
		if (n > 0)
			dp_kernel_ev_emit(g, &(struct dp_event){ .kind = DP_EV_FRAME,
								 .sid = f->sid,
								 .frame = { buf, (size_t)n + 2 } });
	}
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		frames_unwatch(f);
		dp_kernel_ev_emit(g, &(struct dp_event){ .kind = DP_EV_LOST, .sid = f->sid });
	}
	loop_turn_done(g->loop);
}

static void frames_watch(struct dp_frames *f)
{
	struct glue *g = f->self;
	const int fd[2] = { f->chan, f->unit };

	for (int i = 0; i < 2; i++) {
		ev_io_init(&f->io[i], on_frames, fd[i], EV_READ);
		f->io[i].data = f;
		ev_io_start(loop_ev(g->loop), &f->io[i]);
	}
}

static void checked(void *self, const struct repair_result *res)
{
	struct glue *g = self;

	dp_kernel_keep_checked(g->keep, res);
}

static void dp_kernel_ev_show(void *self, struct json *j)
{
	struct glue *g = self;

	dp_kernel_keep_show(g->keep, j);
}

static const struct dp_kernel_io io = {
	.notify = notify,
	.emit = dp_kernel_ev_emit,
	.tunnel_watch = tunnel_watch,
	.tunnel_unwatch = udp_unwatch,
	.frames_watch = frames_watch,
	.frames_unwatch = frames_unwatch,
	.checked = checked,
	.show = dp_kernel_ev_show,
};

static void glue_free(struct glue *g)
{
	bpf_label_close(g->shared.labels);
	kernel_ingress_done(&g->shared.ingress);
	dp_kernel_keep_free(g->keep);
	ev_async_stop(loop_ev(g->loop), &g->wake);
	free(g);
}

static enum kernel_paths paths(const struct dp_kernel_args *a, struct bpf_label **ret)
{
	if (kernel_tunnels_share_path())
		return KERNEL_PATHS_FREE;
	if (a->n_uplink && bpf_label_open(a->uplink, a->n_uplink, ret) == 0)
		return KERNEL_PATHS_LABELLED;
	return KERNEL_PATHS_ONE;
}

int dp_kernel_new(const struct dp_kernel_args *a, struct dp_kernel **ret)
{
	struct glue *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	g->loop = a->loop;
	g->udp = a->udp;
	ev_async_init(&g->wake, dp_kernel_ev_on_wake);
	g->wake.data = g;
	ev_async_start(loop_ev(g->loop), &g->wake);
	kernel_ingress_init(&g->shared.ingress);
	r = dp_kernel_start(&(struct dp_kernel_seams){ .ops = &kernel_ops,
						       .shared = &g->shared,
						       .io = &io,
						       .io_self = g,
						       .threads = a->threads,
						       .paths = paths(a, &g->shared.labels) },
			    &g->d);
	if (r == 0) {
		r = dp_kernel_keep_new(a, g->d, g->shared.labels, &g->keep);
		if (r < 0)
			dp_kernel_stop(g->d);
	}
	if (r < 0) {
		glue_free(g);
		return r;
	}
	*ret = g->d;
	return 0;
}

void dp_kernel_guard(struct dp_kernel *d, struct bpf_guard *g)
{
	struct glue *glue = dp_kernel_io_self(d);

	if (!g)
		dp_kernel_keep_stop(glue->keep);
	dp_kernel_keep_guard(glue->keep, g);
}

void dp_kernel_free(struct dp_kernel *d)
{
	struct glue *g;

	if (!d)
		return;
	g = dp_kernel_io_self(d);
	dp_kernel_keep_stop(g->keep);
	dp_kernel_stop(d);
	glue_free(g);
}
