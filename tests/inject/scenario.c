/* SPDX-License-Identifier: Apache-2.0 */
/* One run, judged: the unit never runs on both hosts, never starts without its permit file, no daemon crashes in code
 * of its own, none ends without a word, and in the end, with nothing failing any more, the lock has gone to host b. */
#include "scenario.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

/* Only to detect a hang: a failed start waits for 9 s, a lease lasts for 7. */
#define LIMIT_USEC (60 * USEC_PER_SEC)
/* How long a fault lasts that does not end with one call. */
#define FAULT_USEC (400 * USEC_PER_MSEC)
#define ENDS_MAX   60
/* Claims that could not be read: the lock is left alone until a start that can. */
#define RESTART_ASKED "then: systemctl restart leader-agent"
#define QUIET_USEC    (3 * USEC_PER_SEC)

struct run {
        const struct scenario *s;
        struct scenario_result *r;
        struct host a, b;
        uint64_t fault_usec; /* when the first call failed */
        uint64_t waits_usec; /* since when something is waited for */
};

const char *scenario_target_name(enum scenario_target t) {
        static const char *const names[] = {"agent", "guard", "pid1"};

        return names[t];
}

const char *scenario_kind_name(const struct scenario *s) {
        static const char *const names[] = {"alloc",   "open", "stat", "read", "write", "fsync", "rename", "dir",
                                            "connect", "send", "recv", "bus",  "event", "curl",  "random"};

        return s->target == SCENARIO_PID1 ? "call" : names[s->kind];
}

static bool wrong(struct run *x, const char *fmt, ...) _printf_(2, 3);

static bool wrong(struct run *x, const char *fmt, ...) {
        va_list ap;

        if (x->r->why[0])
                return false;
        va_start(ap, fmt);
        (void)vsnprintf(x->r->why, sizeof(x->r->why), fmt, ap);
        va_end(ap);
        return false;
}

/* The call that failed was one of a library. */
static bool of_library(const struct run *x) {
        const char *site = x->a.plan->site;

        return site[0] && strncmp(site, "leader-", strlen("leader-")) != 0;
}

/* The words of the error that there was; libraries have their own for the lack of memory. */
static bool is_explained(const struct run *x, const char *text) {
        /* OpenSSL, and codec/tls, call a key or certificate bad that they had no memory to read. */
        if (x->s->kind == PLAN_ALLOC && strstr(text, "cannot be used"))
                return true;
        /* What libfyaml and json-c leave out of a kubeconfig without a word is missing there. */
        if (x->s->kind == PLAN_ALLOC && strstr(text, "kubeconfig") &&
            (strncmp(x->a.plan->site, "libfyaml", strlen("libfyaml")) == 0 ||
             strncmp(x->a.plan->site, "libjson-c", strlen("libjson-c")) == 0))
                return true;
        for (int e = 1; e < 128; e++)
                if (atomic_load(&x->a.plan->errors[e / 64]) & UINT64_C(1) << e % 64 &&
                    (strstr(text, strerror(e)) || (e == ENOMEM && (strcasestr(text, "out of memory") ||
                                                                   strstr(text, "out of dynamic memory in libconfig") ||
                                                                   strcasestr(text, "allocate memory")))))
                        return true;
        return false;
}

static bool judge_end(struct run *x, const char *who, const struct host_end *end) {
        /* (of one that was stopped as soon as it had begun; systemd's reload waits until it is ready) */
        if (WIFSIGNALED(end->status) &&
            (WTERMSIG(end->status) == SIGTERM || (WTERMSIG(end->status) == SIGHUP && !end->last[0])))
                return true;
        if (WIFSIGNALED(end->status)) {
                if (!of_library(x))
                        return wrong(x, "%s crashed: %s; last words: %s", who, strsignal(WTERMSIG(end->status)),
                                     end->last);
                x->r->crashes++;
                if (!x->r->said[0])
                        (void)snprintf(x->r->said, sizeof(x->r->said), "%s; %.300s", strsignal(WTERMSIG(end->status)),
                                       end->last);
                return true;
        }
        if (WEXITSTATUS(end->status) != 0 && !is_explained(x, end->last))
                return wrong(x, "%s ended with status %d and does not say why: %s", who, WEXITSTATUS(end->status),
                             end->last[0] ? end->last : "(nothing)");
        if (!x->r->said[0])
                (void)snprintf(x->r->said, sizeof(x->r->said), "%s", end->last);
        return true;
}

static bool on_end(struct host *h, enum host_daemon which, const struct host_end *end, void *userdata) {
        struct run *x = userdata;
        char who[64];

        (void)snprintf(who, sizeof(who), "%s of host %s", which == HOST_AGENT ? "leader-agent" : "leader-guard",
                       h->name);
        if (h != &x->a || which != x->a.target || (!atomic_load(&x->a.plan->failed) && x->s->target != SCENARIO_PID1))
                return wrong(x, "%s ended (status 0x%x): %s", who, (unsigned)end->status, end->last);
        if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0)
                return wrong(x, "%s ended with status 0, unasked: %s", who, end->last);
        if (h->ends > ENDS_MAX)
                return wrong(x, "%s ends again and again: %s", who, end->last);
        x->r->ends++;
        return judge_end(x, who, end);
}

static bool turn(struct run *x) {
        struct host *const hosts[] = {&x->a, &x->b};
        bool good = true;

        (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        for (size_t i = 0; i < ELEMENTSOF(hosts); i++) {
                good = host_turn(hosts[i]) && good;
                if (hosts[i]->pid1.state->overlaps)
                        return wrong(x, "TWO: the unit was started on %s while it ran on the other host",
                                     hosts[i]->name);
                if (hosts[i]->pid1.state->unpermitted)
                        return wrong(x, "the unit was started on %s without its permit file", hosts[i]->name);
        }
        if (!x->fault_usec && atomic_load(&x->a.plan->failed))
                x->fault_usec = host_now_usec();
        if (x->fault_usec && host_now_usec() >= x->fault_usec + FAULT_USEC)
                atomic_store(&x->a.plan->healed, true);
        return good;
}

static bool wait_for(struct run *x, bool (*done)(struct run *x), uint64_t limit_usec, const char *what) {
        uint64_t end = host_now_usec() + limit_usec;

        x->waits_usec = host_now_usec();
        while (!done(x)) {
                if (!turn(x))
                        return false;
                if (host_now_usec() >= end && what && !x->r->restarted && host_said(&x->a, RESTART_ASKED)) {
                        x->r->restarted = true;
                        end = host_now_usec() + limit_usec;
                        host_crash(&x->a, HOST_AGENT);
                } else if (host_now_usec() >= end)
                        return what ? wrong(x, "hangs: not %s; a: %.150s; b: %.150s", what, x->a.status, x->b.status)
                                    : true;
        }
        return true;
}

static bool go_on(struct run *x, uint64_t usec) {
        uint64_t end = host_now_usec() + usec;

        while (host_now_usec() < end)
                if (!turn(x))
                        return false;
        return true;
}

static bool a_runs(struct run *x) {
        return host_runs_unit(&x->a);
}

static bool leads_for_some_time(struct run *x, struct host *h) {
        if (!host_runs_unit(h) || host_leads(h))
                return host_runs_unit(h);
        /* STATUS= may be what was lost. */
        return host_now_usec() >= x->waits_usec + QUIET_USEC && h->process[HOST_AGENT].pid > 0;
}

static bool anybody_leads(struct run *x) {
        return leads_for_some_time(x, &x->a) || leads_for_some_time(x, &x->b);
}

static bool a_ended(struct run *x) {
        return x->a.process[HOST_AGENT].ended;
}

static bool b_runs(struct run *x) {
        return host_runs_unit(&x->b) && !host_runs_unit(&x->a);
}

/* systemctl stop leader-agent: what fails then, and leaves the lock, is told, and done again at the next stop. */
static bool release(struct run *x) {
        const struct host_process *p = &x->a.process[HOST_AGENT];

        for (unsigned tries = 0; tries < 3; tries++) {
                host_signal(&x->a, HOST_AGENT, SIGTERM);
                if (!wait_for(x, a_ended, LIMIT_USEC + 20 * USEC_PER_SEC, "ended, though asked to"))
                        return false;
                if (p->end.status != 0) {
                        x->r->ends++;
                        if (!judge_end(x, "leader-agent of host a, when stopped,", &p->end))
                                return false;
                }
                if (!wait_for(x, b_runs, tries < 2 ? 2 * USEC_PER_SEC : LIMIT_USEC, tries < 2 ? NULL : "led by b"))
                        return false;
                if (b_runs(x))
                        return true;
                host_start(&x->a, HOST_AGENT);
                if (!wait_for(x, anybody_leads, LIMIT_USEC, "led after a stop that left the lock"))
                        return false;
        }
        return wrong(x, "the lock does not go to b: %s", x->a.status);
}

static bool guard_ended(struct run *x) {
        return x->a.process[HOST_GUARD].ended || x->a.process[HOST_GUARD].pid <= 0;
}

static bool end_guard(struct run *x) {
        const struct host_process *p = &x->a.process[HOST_GUARD];

        host_signal(&x->a, HOST_GUARD, SIGTERM);
        if (!wait_for(x, guard_ended, LIMIT_USEC, "ended, though asked to (leader-guard)"))
                return false;
        return p->end.status == 0 || judge_end(x, "leader-guard of host a, when stopped,", &p->end);
}

static bool phases(struct run *x, const char *lock) {
        host_start(&x->a, HOST_GUARD);
        host_start(&x->a, HOST_AGENT);
        /* Later than that the other host may take the lock; not while a program is only slow. */
        if (!wait_for(x, a_runs, getenv("INJECT_WRAP") ? LIMIT_USEC : 1500 * USEC_PER_MSEC, NULL))
                return false;
        host_start(&x->b, HOST_GUARD);
        host_start(&x->b, HOST_AGENT);
        if (!wait_for(x, anybody_leads, LIMIT_USEC, "led after the start") || !go_on(x, 250 * USEC_PER_MSEC))
                return false;
        host_configure(&x->a, lock, "log_level = \"notice\";");
        host_signal(&x->a, HOST_AGENT, SIGHUP);
        if (!go_on(x, 60 * USEC_PER_MSEC))
                return false;
        host_configure(&x->a, lock, "context = \"other\";");
        host_signal(&x->a, HOST_AGENT, SIGHUP);
        if (!go_on(x, 150 * USEC_PER_MSEC) || !wait_for(x, anybody_leads, LIMIT_USEC, "led after the reload"))
                return false;
        host_crash(&x->a, HOST_AGENT);
        if (!wait_for(x, anybody_leads, LIMIT_USEC, "led after a crash of the agent"))
                return false;
        if (!x->s->lease) {
                host_crash(&x->a, HOST_GUARD);
                if (!go_on(x, 100 * USEC_PER_MSEC) || !wait_for(x, anybody_leads, LIMIT_USEC, "led after the guard's"))
                        return false;
        }
        return release(x) && end_guard(x);
}

static void show(struct host *h) {
        static const char *const logs[] = {"agent", "guard"};
        char line[4096];

        for (size_t i = 0; i < ELEMENTSOF(logs); i++) {
                FILE *f = fopen(tempdir_path(&h->dir, logs[i]), "re");

                while (f && fgets(line, sizeof(line), f))
                        (void)fprintf(stderr, "  %s| %s", h->name, line);
                if (f)
                        (void)fclose(f);
        }
}

void scenario_run(const struct scenario *s, const char *kubeconfig, unsigned number, bool keep,
                  struct scenario_result *ret) {
        struct run x = {.s = s, .r = ret};
        uint64_t began = host_now_usec();
        char lock[32], a[32], b[32];

        /* Each with names of its own: what earlier runs left is nobody's. */
        (void)snprintf(lock, sizeof(lock), "lock-%u", number);
        (void)snprintf(a, sizeof(a), "a%u", number);
        (void)snprintf(b, sizeof(b), "b%u", number);
        host_open(&x.a, a, kubeconfig, lock, s->lease);
        host_open(&x.b, b, kubeconfig, lock, s->lease);
        x.a.on_end = x.b.on_end = on_end;
        x.a.userdata = x.b.userdata = &x;
        x.a.target = s->target == SCENARIO_AGENT ? HOST_AGENT : HOST_GUARD;
        x.b.target = HOST_DAEMONS;
        x.a.pid1.state->other = x.b.pid1.state;
        x.b.pid1.state->other = x.a.pid1.state;
        if (s->target == SCENARIO_PID1) {
                x.a.pid1.state->fail_at = s->k;
                x.a.pid1.state->fail_hangs_up = s->on;
        } else {
                x.a.plan->kind = s->kind;
                x.a.plan->caller = s->caller;
                x.a.plan->k = s->k;
                x.a.plan->on = s->on;
        }
        fakepid1_start(&x.a.pid1);
        fakepid1_start(&x.b.pid1);
        ret->good = phases(&x, lock);
        ret->failed =
                s->target == SCENARIO_PID1 ? s->k > 0 && x.a.pid1.state->calls >= s->k : atomic_load(&x.a.plan->failed);
        ret->pid1_calls = x.a.pid1.state->calls;
        for (unsigned i = 0; i < PLAN_KINDS; i++)
                for (unsigned j = 0; j < PLAN_CALLERS; j++)
                        ret->calls[i][j] = atomic_load(&x.a.plan->calls[i][j]);
        memcpy(ret->site, x.a.plan->site, sizeof(ret->site));
        if (!ret->good || keep) {
                show(&x.a);
                show(&x.b);
        }
        host_close(&x.a);
        host_close(&x.b);
        ret->usec = host_now_usec() - began;
        ret->done = true;
}
