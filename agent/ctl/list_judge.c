/* SPDX-License-Identifier: Apache-2.0 */
/* What leaderctl list makes of the locks that it read: the state of each in words, and whether several of them are for
 * one unit. ARCHITECTURE 5, A2. */
#include <errno.h>
#include <stdio.h>

#include "codec/timespan.h"
#include "ctl/list.h"
#include "ctl/show.h"

/* More locks than these are not listed for one unit. */
#define LIST_WARN_MAX 8

const char *list_state(const struct list_entry *e) {
        const struct lock_object *l = &e->lock;

        switch (l->form) {
        case LOCK_FORM_DAMAGED:
                return "damaged";
        case LOCK_FORM_FOREIGN:
                return "foreign";
        case LOCK_FORM_OURS:
                break;
        }
        return l->deleting ? "deleting" : l->orphaned ? "orphaned" : "held";
}

const char *list_heartbeat(const struct list_entry *e) {
        bool is_renewed = e->lock.has_tenure && (e->lock.tenure == TENURE_LEASE || e->placeholder.heartbeat_usec > 0);

        return is_renewed && e->has_heartbeat && e->result == KUBE_OK ? e->placeholder.renew_time : "";
}

/* Of a lock for life nobody else tells a human that its holder may be dead. The two wall clocks are compared, so it
 * says no more than what was written when, by which clock. */
static void explain_silence(struct list_entry *e) {
        const struct lock_object *l = &e->lock;
        uint64_t at = clock_parse_utc(list_heartbeat(e)), every = e->placeholder.heartbeat_usec;
        char ago[CTL_AGE_MAX], span[TIMESPAN_MAX];

        if (!at || l->tenure != TENURE_LIFE || clock_realtime_usec() < at + 2 * every + USEC_PER_SEC * 60)
                return;
        (void)snprintf(e->reason, sizeof(e->reason),
                       "last sign of life of %s by its clock: %s, though it gives one each %s; only when that host is "
                       "off for good, or %s is stopped there for certain: leaderctl fence %s/%s --holder %s --reason "
                       "TEXT",
                       l->holder, show_ago(ago, list_heartbeat(e)), timespan_format(span, every), l->unit, l->ns,
                       l->name, l->identity);
}

/* Of a lock that is sound as far as the lock alone shows. */
static void explain_placeholder(struct list_entry *e) {
        const struct lock_object *l = &e->lock;
        const char *kind = placeholder_kind_to_string(l->placeholder_kind), *what = NULL;

        if (!e->has_heartbeat)
                return;
        if (e->result == KUBE_NOT_FOUND)
                what = "gone";
        else if (e->result == KUBE_OK && !util_streq(e->placeholder.uid, l->placeholder_uid))
                what = "another one now";
        else if (e->result == KUBE_OK && e->placeholder.deleting)
                what = "being deleted";
        if (what)
                (void)snprintf(e->reason, sizeof(e->reason), "its owner %s/%s is %s: the holder stops and releases",
                               kind, l->placeholder_name, what);
        else if (e->result == KUBE_OK)
                explain_silence(e);
}

void list_explain(struct list_entry *e) {
        const struct lock_object *l = &e->lock;

        if (l->form == LOCK_FORM_DAMAGED)
                (void)snprintf(e->reason, sizeof(e->reason),
                               "%s. Nobody touches it. Stop %s on every host (systemctl stop leader-agent%s%s: one may "
                               "be about to start it), then: kubectl -n %s patch "
                               "configmap %s --type=merge -p '{\"metadata\":{\"finalizers\":null}}' and kubectl -n %s "
                               "delete configmap %s",
                               l->damage, *l->unit ? l->unit : "its unit", *l->unit ? " " : "", l->unit, l->ns, l->name,
                               l->ns, l->name);
        else if (l->form == LOCK_FORM_FOREIGN)
                (void)snprintf(e->reason, sizeof(e->reason), "held by Pod %s of an operator in the cluster%s",
                               l->owner.name, l->deleting ? "; being deleted" : "");
        else if (l->deleting && *l->fenced)
                (void)snprintf(e->reason, sizeof(e->reason),
                               "a fence is not completed; to go on: leaderctl fence %s/%s --holder %s --reason TEXT; "
                               "begun by %s",
                               l->ns, l->name, l->identity, l->fenced);
        else if (l->deleting)
                (void)snprintf(
                        e->reason, sizeof(e->reason),
                        "goes when %s has stopped on %s; if that host is dead: leaderctl fence %s/%s --holder %s "
                        "--reason TEXT",
                        l->unit, l->holder, l->ns, l->name, l->identity);
        else if (l->orphaned)
                (void)snprintf(e->reason, sizeof(e->reason), "somebody took its owner away: the holder %s",
                               l->tenure == TENURE_LIFE ? "puts it back" : "stops and releases");
        else
                explain_placeholder(e);
        if (!*e->reason && *l->fenced)
                (void)snprintf(e->reason, sizeof(e->reason), "a fence was begun: %s", l->fenced);
}

/* ---- several locks for one unit ---- */

/* Whether its holder may run a unit under it, by what it says itself. */
static bool has_unit(const struct list_entry *e) {
        return e->lock.form != LOCK_FORM_FOREIGN && *e->lock.unit && *e->lock.identity;
}

static bool is_same_lock(const struct list_entry *a, const struct list_entry *b) {
        return util_streq(a->lock.ns, b->lock.ns) && util_streq(a->lock.name, b->lock.name);
}

bool list_is_same_unit(const struct list_entry *a, const struct list_entry *b) {
        /* (One host has a unit once, whatever locks it holds.) */
        return has_unit(a) && has_unit(b) && util_streq(a->lock.unit, b->lock.unit) &&
               !util_streq(a->lock.identity, b->lock.identity) && !is_same_lock(a, b);
}

static void print_plain(FILE *f, const char *text) {
        char plain[256];

        (void)snprintf(plain, sizeof(plain), "%s", text);
        (void)fputs(show_plain(plain), f);
}

/* The next lock of this unit, from i on; n: there is none. One that was asked for twice counts once. */
static size_t next_of(const struct list_entry *entries, size_t n, size_t i, const char *unit) {
        for (; i < n; i++)
                if (has_unit(&entries[i]) && util_streq(entries[i].lock.unit, unit) &&
                    (i == 0 || !is_same_lock(&entries[i], &entries[i - 1])))
                        break;
        return i;
}

/* Of the unit whose first lock is entries[first]. */
static void warn_unit(FILE *f, const struct list_entry *entries, size_t n, size_t first) {
        const char *unit = entries[first].lock.unit, *between = ": ";
        size_t n_locks = 0;
        bool is_shared = false;

        for (size_t i = first; i < n; i = next_of(entries, n, i + 1, unit)) {
                is_shared = is_shared || list_is_same_unit(&entries[first], &entries[i]);
                n_locks++;
        }
        if (!is_shared)
                return;
        (void)fputs("leaderctl: warning: ", f);
        print_plain(f, unit);
        (void)fprintf(f, " is the unit of %zu locks that different hosts hold", n_locks);
        for (size_t i = first, shown = 0; i < n && shown < LIST_WARN_MAX;
             i = next_of(entries, n, i + 1, unit), shown++) {
                const struct lock_object *l = &entries[i].lock;

                (void)fprintf(f, "%s%s/%s (", between, l->ns, l->name);
                print_plain(f, l->identity);
                (void)fputc(')', f);
                between = ", ";
        }
        if (n_locks > LIST_WARN_MAX)
                (void)fprintf(f, " and %zu more", n_locks - LIST_WARN_MAX);
        (void)fputs(
                ". Is that one service? Then it may run on each of these hosts at the same time: on every host whose "
                "configuration names the wrong lock stop leader-agent (systemctl stop leader-agent), correct name "
                "and namespace of the lock, and start it again. If these are services of their own that have one "
                "name, nothing is wrong.\n",
                f);
}

int list_warn(const struct list_entry *entries, size_t n, char **ret) {
        size_t size;
        FILE *f = open_memstream(ret, &size);

        if (!f)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                if (has_unit(&entries[i]) && next_of(entries, n, 0, entries[i].lock.unit) == i)
                        warn_unit(f, entries, n, i);
        if (fclose(f) == 0)
                return 0;
        free(TAKE_PTR(*ret));
        return -ENOMEM;
}
