/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl fence: a human asserts that the holder's host is dead (ARCHITECTURE 5, claim 4c). Every write names what
 * the human was shown: annotate (uid and the resourceVersion shown), DELETE (the one that the annotation gave),
 * finalizers away (the one that the DELETE gave). A host that came back and wrote its boot id in between makes one of
 * them fail, and then nothing more is done.
 *
 * A lock that is marked already is never taken up again, so there the human's look at it is followed by the rest alone:
 * the annotation unless a fence left it, and the removal. That is also how a fence that was cut short is completed. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "codec/utf8.h"
#include "ctl/ctl_kube.h"
#include "ctl/show.h"
#include "ctl/verbs.h"

#define REASON_MAX 200

struct options {
        struct ctl_kube_options where;
        const char *holder, *reason; /* NULL: not given */
        bool yes;
};

struct fence {
        const struct options *o;
        struct ctl_kube kube;
        struct ctl_lock_name name;
        const char *ns, *lock;    /* of name */
        struct lock_object shown; /* what the human decided on */
        char note[512];           /* who, when, why */
};

/* One line in a fixed field that ends up in logs: no control characters, not long enough to be cut. */
static bool is_reason(const char *s) {
        size_t left = strlen(s), n;

        if (left > REASON_MAX)
                return false;
        for (; left > 0; s += n, left -= n) {
                n = utf8_length(s, left);
                if (n == 0 || (unsigned char)*s < ' ' || *s == 0x7f)
                        return false;
        }
        return true;
}

/* ---- what the human sees ---- */

static void show_row(FILE *out, const char *key, const char *value) {
        char text[512];

        if (util_empty(value))
                return;
        (void)snprintf(text, sizeof(text), "%s", value);
        (void)fprintf(out, "  %-16s %s\n", key, show_plain(text));
}

/* When the holder was alive last, by its clock; of 0.1.0 in life tenure nobody knows. */
static void show_heartbeat(struct fence *f, FILE *out, const struct lock_object *l) {
        struct ctl_answer a = {};
        char ago[CTL_AGE_MAX], text[128];

        if (!l->has_placeholder || !l->has_tenure)
                return;
        (void)ctl_kube_wait(&f->kube,
                            kube_placeholder_get(f->kube.kube, l->placeholder_kind, f->ns, l->placeholder_name,
                                                 ctl_kube_answer, &a, NULL),
                            &a);
        if (a.result == KUBE_OK && a.has_placeholder && l->tenure == TENURE_LIFE && !a.placeholder.heartbeat_usec)
                return;
        if (a.result == KUBE_OK && a.has_placeholder)
                (void)snprintf(text, sizeof(text), "%s (%s)", show_ago(ago, a.placeholder.renew_time),
                               a.placeholder.renew_time);
        else
                (void)snprintf(text, sizeof(text), "%s", a.result == KUBE_NOT_FOUND ? "none any more" : "unknown");
        show_row(out, "last heartbeat", text);
}

static void show(struct fence *f, FILE *out, const struct lock_object *l) {
        char ago[CTL_AGE_MAX];

        (void)fprintf(out, "lock %s/%s\n", l->ns, l->name);
        show_row(out, "uid", l->uid);
        show_row(out, "resourceVersion", l->version);
        show_row(out, "holder", l->holder);
        show_row(out, "identity", l->identity);
        show_row(out, "boot id", l->boot_id);
        show_row(out, "unit", l->unit);
        show_row(out, "tenure", l->has_tenure ? tenure_to_string(l->tenure) : NULL);
        show_row(out, "held since", show_ago(ago, l->acquired_at));
        show_heartbeat(f, out, l);
        show_row(out, "damaged", l->damage);
        show_row(out, "being deleted", l->deleting ? "yes" : "no");
        show_row(out, "fenced", l->fenced);
        (void)fflush(out);
}

static int confirm(const struct lock_object *l) {
        char line[256];

        (void)printf("\nYou assert that host %s is dead: %s does not run there, and will not.\n"
                     "Type the identity (%s) to go on: ",
                     l->holder, *l->unit ? l->unit : "its unit", l->identity);
        (void)fflush(stdout);
        if (!fgets(line, sizeof(line), stdin)) {
                (void)printf("\n");
                return -ECANCELED;
        }
        line[strcspn(line, "\n")] = '\0';
        return util_streq(line, l->identity) ? 0 : -ECANCELED;
}

/* ---- writes ---- */

static void lock_get(struct fence *f, struct ctl_answer *a) {
        *a = (struct ctl_answer){};
        (void)ctl_kube_wait(&f->kube, kube_lock_get(f->kube.kube, f->ns, f->lock, ctl_kube_answer, a, NULL), a);
}

static int freed(struct fence *f, const char *how) {
        const struct event_object ev = {
                .ns = f->ns,
                .kind = "ConfigMap",
                .name = f->lock,
                .uid = f->shown.uid,
                .warning = true,
                .reason = "Fenced",
                .action = "Fence",
                .note = f->note,
                .instance = "leaderctl",
        };

        /* For humans, and silent when forbidden: the annotation was there before. */
        if (kube_event_create(f->kube.kube, &ev, 0) >= 0)
                ctl_kube_flush(&f->kube);
        (void)printf("fenced: lock %s/%s is free, %s holds it no more%s\n", f->ns, f->lock, f->o->holder, how);
        return CTL_OK;
}

/* What has become of the lock that was shown, and what the human can do now. */
static void explain(struct fence *f, const struct lock_object *now) {
        const struct lock_object *was = &f->shown;

        (void)fprintf(stderr, "Now it is:\n");
        show(f, stderr, now);
        if (!util_streq(now->boot_id, was->boot_id))
                (void)fprintf(stderr,
                              "The boot id is another one: host %s has booted and taken its lock up again. It is "
                              "not dead.\n",
                              now->holder);
        else if (now->deleting)
                (void)fprintf(stderr,
                              "It is marked for deletion, and no host takes up a marked lock; what is missing is "
                              "the removal.\nWhen you are still sure that host %s is dead, run the same command "
                              "again: it goes on from here.\n",
                              now->holder);
        else
                (void)fprintf(
                        stderr,
                        "It is still held. Look at host %s again; when you are sure that it is dead, run the same "
                        "command again.\n",
                        now->holder);
}

/* After a write that was refused or not answered: reads what is there now. removing: the lock may be gone because of
 * us. */
static int stopped(struct fence *f, const char *step, const struct ctl_answer *failed, bool removing) {
        struct ctl_answer now;
        bool gone;

        lock_get(f, &now);
        gone = now.result == KUBE_NOT_FOUND || (now.has_lock && !util_streq(now.lock.uid, f->shown.uid));
        if (gone && removing && kube_result_may_land(failed->result))
                return freed(f, " (no answer to the last request, but it was done)");
        (void)fflush(stdout);
        (void)ctl_error("fence: cannot %s: %s", step, failed->text);
        if (gone) {
                (void)fprintf(stderr, "The lock that was shown is gone: its holder released it, which only a living "
                                      "agent does, or somebody else freed it.\n");
                if (now.has_lock)
                        (void)fprintf(stderr, "%s holds a new lock of that name.\n", now.lock.identity);
                return CTL_FAILURE;
        }
        if (failed->result == KUBE_CONFLICT)
                (void)fprintf(stderr, "The lock has changed since it was shown. ");
        else if (kube_result_may_land(failed->result))
                (void)fprintf(stderr, "Without an answer it may have been done, or be done later. ");
        (void)fprintf(stderr, "Nothing more was done.\n");
        if (now.has_lock)
                explain(f, &now.lock);
        else
                (void)fprintf(stderr,
                              "The lock cannot be read now: %s\nRun the same command again when the API server "
                              "answers: it shows the lock and goes on from there.\n",
                              now.text);
        return CTL_FAILURE;
}

static int write_all(struct fence *f) {
        struct ctl_answer a = {};
        struct kube *kube = f->kube.kube;
        char version[sizeof(f->shown.version)];

        (void)util_copy(version, sizeof(version), f->shown.version);
        if (!f->shown.deleting || !*f->shown.fenced) {
                (void)ctl_kube_wait(
                        &f->kube,
                        kube_lock_annotate(kube, &f->shown, LOCK_ANNOTATION_FENCED, f->note, ctl_kube_answer, &a, NULL),
                        &a);
                if (a.result != KUBE_OK || !a.has_lock)
                        return stopped(f, "record who, when and why", &a, false);
                (void)util_copy(version, sizeof(version), a.lock.version);
        } else
                (void)util_copy(f->note, sizeof(f->note), f->shown.fenced);
        if (!f->shown.deleting) {
                a = (struct ctl_answer){};
                (void)ctl_kube_wait(
                        &f->kube,
                        kube_lock_delete(kube, f->ns, f->lock, f->shown.uid, version, ctl_kube_answer, &a, NULL), &a);
                if (a.result != KUBE_OK)
                        return stopped(f, "delete the lock", &a, true);
                if (!a.has_lock)
                        return freed(f, ""); /* a damaged one, without finalizer: gone at once */
                if (!a.lock.deleting) {
                        a.result = KUBE_GARBLED;
                        (void)snprintf(a.text, sizeof(a.text), "the answer shows it without a deletion mark");
                        return stopped(f, "delete the lock", &a, true);
                }
                (void)util_copy(version, sizeof(version), a.lock.version);
        }
        a = (struct ctl_answer){};
        (void)ctl_kube_wait(
                &f->kube, kube_lock_strip(kube, f->ns, f->lock, f->shown.uid, version, ctl_kube_answer, &a, NULL), &a);
        if (a.result == KUBE_NOT_FOUND)
                return freed(f, "\nBut somebody removed it just before: if that was its own agent, the host is alive.");
        return a.result == KUBE_OK ? freed(f, "") : stopped(f, "remove the finalizer", &a, true);
}

static int fence(struct fence *f) {
        struct ctl_answer a;
        char host[65] = "", when[CLOCK_TEXT_SIZE];

        lock_get(f, &a);
        if (a.result == KUBE_NOT_FOUND)
                return ctl_error("there is no lock %s/%s: nothing to fence", f->ns, f->lock);
        if (a.result != KUBE_OK || !a.has_lock)
                return ctl_error("%s", a.text);
        f->shown = a.lock;
        if (!*a.lock.identity)
                return ctl_error("%s/%s names no holder of leader-agent's (%s%s%s): nothing was done", f->ns, f->lock,
                                 lock_form_to_string(a.lock.form), *a.lock.damage ? ": " : "", a.lock.damage);
        show(f, stdout, &a.lock);
        if (!util_streq(a.lock.identity, f->o->holder))
                return ctl_error("the holder is '%s', not '%s' (--holder): nothing was done", a.lock.identity,
                                 f->o->holder);
        if (!f->o->yes && confirm(&a.lock) < 0)
                return ctl_error("not confirmed: nothing was done");
        (void)gethostname(host, sizeof(host) - 1);
        (void)snprintf(f->note, sizeof(f->note), "%.32s@%s at %s: %s is dead: %s", show_user(), host,
                       clock_format_utc(clock_realtime_usec(), when), f->o->holder, f->o->reason);
        return write_all(f);
}

static int run(const void *options, char *const *arguments, _unused_ size_t n) {
        const struct options *o = options;
        struct fence f = {.o = o};
        struct err err = {};
        int r;

        if (util_empty(o->holder))
                return ctl_usage(&ctl_fence, "needs --holder IDENTITY, as `leaderctl list` shows it");
        if (util_empty(o->reason) || !is_reason(o->reason))
                return ctl_usage(&ctl_fence, "needs --reason TEXT: one line of at most 200 bytes");
        if (ctl_lock_name_parse(&f.name, arguments[0], &o->where, &err) < 0)
                return ctl_usage(&ctl_fence, err.text);
        if (ctl_kube_open(&f.kube, &o->where, &err) < 0)
                r = ctl_failed(-EINVAL, &err);
        else {
                f.ns = *f.name.ns ? f.name.ns : f.kube.ns;
                f.lock = f.name.name;
                r = fence(&f);
        }
        ctl_kube_close(&f.kube);
        return r;
}

static const struct ctl_option fence_options[] = {
        {"holder", 0, "IDENTITY", offsetof(struct options, holder), ctl_set_text},
        {"reason", 0, "TEXT", offsetof(struct options, reason), ctl_set_text},
        {"yes", 0, NULL, offsetof(struct options, yes), ctl_set_true},
        CTL_KUBE_OPTIONS(struct options, where),
        {},
};

const struct ctl_verb ctl_fence = {
        .name = "fence",
        .arguments = "LOCK --holder IDENTITY --reason TEXT",
        .summary = "free the lock of a host that is dead",
        .usage = "fence LOCK --holder IDENTITY --reason TEXT [--yes]\n"
                 "                [-n|--namespace NS] [--kubeconfig FILE] [--context NAME]\n\n"
                 "Frees LOCK (NAMESPACE/NAME or NAME), whose holder's host is DEAD. You assert that the unit does not "
                 "run "
                 "there\n"
                 "any more; if it does, two will run. Power the host off first. Needs only a kubeconfig (default: as "
                 "kubectl)\n"
                 "and works from any machine. IDENTITY: as `leaderctl list` shows it. Asks for confirmation, unless "
                 "--yes.\n"
                 "Stops when the lock is not, or no longer, as shown; run again, it goes on where it stopped.",
        .options = fence_options,
        .options_size = sizeof(struct options),
        .n_arguments_min = 1,
        .n_arguments_max = 1,
        .wrong_arguments = "needs one LOCK",
        .run = run,
};
