/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/sys/plane/plane.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/base/rng.h"
#include "daemon/base/strbuf.h"
#include "daemon/core/config.h"
#include "daemon/core/dp_null.h"
#include "daemon/core/engine.h"
#include "daemon/core/guard_null.h"
#include "daemon/core/ports.h"
#include "daemon/sys/bpf/bpf_common.h"
#include "daemon/sys/bpf/bpf_guard.h"
#include "daemon/sys/bpf/bpf_label.h"
#include "daemon/sys/bpf/bpf_names.h"
#include "daemon/sys/bpf/dp_bpf.h"
#include "daemon/sys/kernel/dp_kernel.h"
#include "daemon/sys/kernel/kernel.h"
#include "daemon/sys/run/env.h"
#include "daemon/sys/run/hardening.h"
#include "daemon/sys/run/hardening_caps.h"
#include "daemon/sys/run/loop.h"
#include "daemon/sys/run/path.h"
#include "daemon/sys/state/instance.h"
#include "daemon/sys/state/journal.h"

/* Passes the null plane's answers to the engine between two iterations. */
struct null_pump {
	struct dp_null dp;
	struct loop *loop;
	ev_prepare prepare;
};

struct plane {
	struct dp_kernel *kernel; /* one of these three is open */
	struct dp_bpf *bpf;
	struct null_pump *null;
	struct bpf_guard *guard; /* of the kernel plane; the BPF plane owns its own */
	struct journal *journal; /* with the BPF plane */
};

/* ---- state file ---- */

/* A session without its record is not restored: its LAC gets no answer, and the client has to dial
 * again. */
static void log_damage(const struct journal *j, const char *path)
{
	const unsigned *n = journal_damaged(j);
	unsigned others = n[JOURNAL__KINDS];

	if (n[JOURNAL_TUNNEL] || n[JOURNAL_SESSION] || others)
		log_kv(LOG_MAIN, LOG_WARN, "state-file-damaged", KV_STR("file", path),
		       KV_U64("tunnels", n[JOURNAL_TUNNEL]), KV_U64("sessions", n[JOURNAL_SESSION]),
		       KV_U64("others", others),
		       KV_STR("effect",
			      "these sessions are not restored: their clients have to log in again"));
}

static pid_t state_holder(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	pid_t pid = fd < 0 ? 0 : instance_holder_of(fd);

	if (fd >= 0)
		close(fd);
	return pid;
}

static int state_open(struct plane *p, const struct plane_args *a,
		      struct instance_holder *ret_holder)
{
	int r;

	path_make_folder(a->state_path);
	r = journal_open(a->state_path, ZE_BPF_ABI_OLDEST, ZE_BPF_ABI, &p->journal);

	if (r == -EBUSY)
		*ret_holder =
			(struct instance_holder){ state_holder(a->state_path), a->state_path };
	else if (r < 0)
		path_why_log(LOG_ERROR, LOG_MAIN,
			     &(struct path_failure){ "state-file-open-failed", a->state_path,
						     "not started", r });
	else
		log_damage(p->journal, a->state_path);
	return r;
}

static void state_close(struct plane *p, bool keep)
{
	journal_close(p->journal, !keep);
	p->journal = NULL;
}

static bool is_file(const char *path)
{
	return access(path, F_OK) == 0;
}

/* By an instance of any version. */
static bool maps_are_pinned(void)
{
	return is_file(BPF_PINS "/ze_about") || is_file(BPF_PINS "/about");
}

/* Removes what a BPF plane of a previous instance left and no process uses any more. */
static int state_forget(struct plane *p, const struct plane_args *a,
			struct instance_holder *ret_holder)
{
	struct instance *folder = NULL;
	struct instance_holder h;
	int r = is_file(a->state_path) ? state_open(p, a, ret_holder) : 0;

	if (r == -EBUSY)
		return r;
	/* Also pins without a state file: the previous instance may have used another path for
	 * it. */
	r = a->locked ? 0 : instance_lock_pins(BPF_PINS, &folder, &h);
	if ((r == 0 || r == -ENOENT) && (is_file(a->state_path) || maps_are_pinned())) {
		log_kv(LOG_DP, LOG_WARN, "restart-clean",
		       KV_STR("why", "this instance does not use the bpf data plane"));
		dp_bpf_sweep(BPF_PINS);
	}
	instance_unlock(folder);
	state_close(p, false);
	return 0;
}

/* ---- null ---- */

static void on_prepare(struct ev_loop *ev, ev_prepare *w, int revents)
{
	struct null_pump *p = w->data;
	struct engine *e = loop_engine(p->loop);
	struct dp_event event;

	(void)ev;
	(void)revents;
	while (e && dp_null_next(&p->dp, &event)) {
		engine_dp_event(e, &event, loop_now(p->loop));
		loop_turn_done(p->loop);
	}
}

static int null_open(struct plane *p, const struct plane_args *a)
{
	struct null_pump *n = calloc(1, sizeof(*n));

	if (!n)
		return -ENOMEM;
	dp_null_init(&n->dp);
	n->loop = a->loop;
	ev_prepare_init(&n->prepare, on_prepare);
	n->prepare.data = n;
	ev_prepare_start(loop_ev(a->loop), &n->prepare);
	p->null = n;
	return 0;
}

static void null_close(struct null_pump *n)
{
	if (!n)
		return;
	ev_prepare_stop(loop_ev(n->loop), &n->prepare);
	dp_null_done(&n->dp);
	free(n);
}

/* ---- kernel ---- */

static enum bpf_mode xdp_mode(const struct config *cfg)
{
	static const enum bpf_mode modes[] = {
		[CONFIG_XDP_AUTO] = BPF_MODE_AUTO,
		[CONFIG_XDP_NATIVE] = BPF_MODE_NATIVE,
		[CONFIG_XDP_GENERIC] = BPF_MODE_GENERIC,
	};

	return modes[cfg->bpf.xdp];
}

/* The kernel plane works without BPF; without uplinks there is nothing to attach the guard to. */
static int guard_open(struct plane *p, const struct config *cfg)
{
	int r;

	if (!cfg->bpf.n_uplink) {
		log_kv(LOG_DP, LOG_INFO, "guard-off",
		       KV_STR("why", "no l2tp { bpf { uplink } } is configured"),
		       KV_STR("effect", "the daemon receives every packet of a flood"));
		return 0;
	}
	r = bpf_guard_open(&(struct bpf_guard_args){ .uplink = cfg->bpf.uplink,
						     .n_uplink = cfg->bpf.n_uplink,
						     .listeners = cfg->listeners,
						     .n_listeners = cfg->n_listeners,
						     .mode = xdp_mode(cfg),
						     .pins = BPF_PINS },
			   &p->guard);
	log_kv(LOG_DP, r < 0 ? LOG_ERROR : LOG_INFO, r < 0 ? "guard-failed" : "guard-attached",
	       r < 0 ? KV_ERRNO(r) : (struct kv){ .kind = KV__END });
	if (r == 0)
		dp_kernel_guard(p->kernel, p->guard);
	return r;
}

static int kernel_open(struct plane *p, const struct plane_args *a)
{
	const struct config *cfg = a->cfg;
	int r;

	hardening_missing(HARDENING_KERNEL);
	r = dp_kernel_new(&(struct dp_kernel_args){ .loop = a->loop,
						    .udp = a->udp,
						    .threads = DP_KERNEL_THREADS,
						    .uplink = cfg->bpf.uplink,
						    .n_uplink = cfg->bpf.n_uplink },
			  &p->kernel);
	if (r < 0) {
		log_kv(LOG_DP, LOG_ERROR, "dataplane-failed", KV_ERRNO(r));
		return r;
	}
	log_kv(LOG_DP, LOG_INFO, "dataplane-opened", KV_STR("plane", "kernel"));
	r = guard_open(p, cfg);
	if (r < 0) {
		dp_kernel_free(p->kernel);
		p->kernel = NULL;
	}
	return r;
}

static void kernel_close(struct plane *p)
{
	if (p->kernel)
		dp_kernel_guard(p->kernel, NULL);
	bpf_guard_free(p->guard);
	dp_kernel_free(p->kernel);
}

/* ---- bpf ---- */

static int programs_open(struct plane *p, const struct plane_args *a, bool restart)
{
	const struct config_bpf *b = &a->cfg->bpf;
	int r;

	bpf_label_clear(b->uplink, b->n_uplink); /* left by the kernel plane */
	r = dp_bpf_new(&(struct dp_bpf_args){ .loop = a->loop,
					      .udp = a->udp,
					      .uplink = b->uplink,
					      .core = b->core,
					      .n_uplink = b->n_uplink,
					      .n_core = b->n_core,
					      .listeners = a->cfg->listeners,
					      .n_listeners = a->cfg->n_listeners,
					      .mode = xdp_mode(a->cfg),
					      .pins = BPF_PINS,
					      .outer_df = b->outer_df,
					      .restart = restart },
		       &p->bpf);
	if (r < 0)
		log_kv(LOG_DP, LOG_ERROR, "dataplane-failed", KV_STR("plane", "bpf"), KV_ERRNO(r));
	else
		log_kv(LOG_DP, LOG_INFO, "dataplane-opened", KV_STR("plane", "bpf"));
	return r;
}

/* Logs why nothing is restored although a previous instance left something. */
static void log_clean_start(const struct journal *j)
{
	struct ze_conf was;

	if (journal_found(j))
		log_kv(LOG_DP, LOG_WARN, "restart-clean", KV_STR("why", journal_why_not(j)));
	else if (bpf_names_about(BPF_PINS, &was) == 0)
		log_kv(LOG_DP, LOG_WARN, "restart-clean", KV_STR("why", "there is no state file"));
}

static int bpf_open(struct plane *p, const struct plane_args *a, struct instance_holder *ret_holder)
{
	bool restart;
	int r = state_open(p, a, ret_holder);

	if (r < 0)
		return r;
	hardening_missing(HARDENING_BPF);
	restart = !journal_why_not(p->journal);
	if (!restart)
		log_clean_start(p->journal);
	r = programs_open(p, a, restart);
	if (r < 0) {
		state_close(p, true); /* the next start may restore from what is still there */
		return r;
	}
	/* From here on changes are written. Existing records are kept if the plane has restored the
	 * sessions. */
	journal_begin(p->journal, dp_bpf_restarted(p->bpf), a->rng);
	return 0;
}

/* ---- choice of the plane ---- */

enum kind {
	KIND_NULL,
	KIND_KERNEL,
	KIND_BPF
};

/* Returns 0, or -EOPNOTSUPP, which has been logged: the kernel plane is required and not
 * available. */
static int choose(const struct config *cfg, enum kind *ret)
{
	bool skip = env_true("ze.l2tp.skip-kernel-probe"), bpf;
	struct strbuf why;
	unsigned missing;

	*ret = !cfg->l2tp ? KIND_NULL : cfg->dataplane == CONFIG_DP_BPF ? KIND_BPF : KIND_KERNEL;
	missing = *ret == KIND_KERNEL ? kernel_probe() : 0;
	if (!missing)
		return 0;
	bpf = cfg->dataplane == CONFIG_DP_AUTO && cfg->bpf.n_uplink;
	*ret = bpf ? KIND_BPF : KIND_NULL;
	sb_init(&why);
	kernel_missing_text(missing, &why);
	if (bpf)
		log_kv(LOG_DP, LOG_INFO, "dataplane-chosen", KV_STR("plane", "bpf"),
		       KV_STR("why", why.s ? why.s : ""));
	else
		log_kv(LOG_DP, skip ? LOG_WARN : LOG_ERROR,
		       skip ? "dataplane-null" : "dataplane-unavailable",
		       KV_STR("effect", skip ? "no packets are forwarded" : "not started"),
		       KV_STR("why", why.s ? why.s : ""));
	sb_done(&why);
	return bpf || skip ? 0 : -EOPNOTSUPP;
}

int plane_open(const struct plane_args *a, struct plane **ret, struct instance_holder *ret_holder)
{
	struct plane *p = calloc(1, sizeof(*p));
	enum kind kind;
	int r;

	if (!p)
		return -ENOMEM;
	r = choose(a->cfg, &kind);
	if (r == 0 && kind == KIND_BPF)
		r = bpf_open(p, a, ret_holder);
	else if (r == 0)
		r = state_forget(p, a, ret_holder);
	if (r == 0 && kind == KIND_KERNEL)
		r = kernel_open(p, a);
	if (r == 0 && kind == KIND_NULL)
		r = null_open(p, a);
	if (r < 0)
		free(p);
	else
		*ret = p;
	return r;
}

void plane_ports(const struct plane *p, struct ports *io)
{
	struct bpf_guard *guard = p->bpf ? dp_bpf_guard(p->bpf) : p->guard;

	io->dp = p->kernel ? &dp_kernel_ops : p->bpf ? &dp_bpf_ops : &dp_null_ops;
	io->dp_self = p->kernel ? (void *)p->kernel :
		      p->bpf	? (void *)p->bpf :
				  (void *)&p->null->dp;
	io->guard = guard ? &bpf_guard_ops : &guard_null_ops;
	io->guard_self = guard;
	io->journal = p->journal ? &journal_ops : NULL;
	io->journal_self = p->journal;
}

struct journal *plane_journal(const struct plane *p)
{
	return p->journal;
}

bool plane_restarted(const struct plane *p)
{
	return p->bpf && dp_bpf_restarted(p->bpf);
}

bool plane_began_empty(const struct plane *p)
{
	return p->bpf && !dp_bpf_restarted(p->bpf);
}

unsigned plane_kind(const struct plane *p)
{
	return p->kernel ? HARDENING_KERNEL : p->bpf ? HARDENING_BPF : HARDENING_NULL;
}

const char *plane_why_stay(const struct plane *p)
{
	const char *why = p->journal ? journal_ops.why_off(p->journal) :
				       "this data plane has no state file";

	return why || journal_on(p->journal) ? why : "the state file is not written";
}

unsigned plane_pins_missing(const void *self)
{
	const struct plane *p = self;

	return dp_bpf_pins_missing(p->bpf);
}

int plane_pins_restore(void *self)
{
	struct plane *p = self;

	return dp_bpf_pins_restore(p->bpf);
}

void plane_reload(struct plane *p, const struct config *cfg)
{
	if (p->bpf)
		dp_bpf_outer_df(p->bpf, cfg->bpf.outer_df);
}

void plane_close(struct plane *p, bool handover)
{
	if (!p)
		return;
	kernel_close(p);
	if (handover)
		dp_bpf_handover(p->bpf);
	else
		dp_bpf_free(p->bpf);
	state_close(p, handover);
	null_close(p->null);
	free(p);
}
