/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl list: every lock of a namespace as the API server has it, with the heartbeat of its holder. Reads only;
 * what an agent makes of a lock is its own status. */
#include <errno.h>
#include <stdio.h>

#include "codec/object.h"
#include "codec/report.h"
#include "ctl/ctl_kube.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

struct options {
        struct ctl_kube_options where;
        bool json, all;
};

struct entry {
        struct lock_object lock;
        bool has_heartbeat;                    /* the placeholder was read: the next two */
        enum kube_result result;               /* KUBE_OK or KUBE_NOT_FOUND count, others: unknown */
        struct placeholder_object placeholder; /* KUBE_OK */
        char reason[1800];                     /* why it is not simply held */
};

struct list {
        const struct options *o;
        struct ctl_kube kube;
        struct ctl_answer answer; /* to the list request */
        struct entry *entries;
        size_t n_entries;
        bool failed; /* not everything could be read; it was said */
        int r;       /* of on_list() */
};

/* ---- reading ---- */

static int add_lock(struct list *l, const struct lock_object *lock) {
        struct entry *entries = reallocarray(l->entries, l->n_entries + 1, sizeof(*entries));

        if (!entries)
                return -ENOMEM;
        l->entries = entries;
        entries[l->n_entries++] = (struct entry){.lock = *lock};
        return 0;
}

static void on_list(const struct kube_reply *reply, void *userdata) {
        struct list *l = userdata;

        ctl_kube_answer(reply, &l->answer);
        for (size_t i = 0; l->r >= 0 && reply->result == KUBE_OK && i < reply->n_locks; i++)
                l->r = add_lock(l, &reply->locks[i]);
}

static int read_all(struct list *l) {
        const struct ctl_answer *a = &l->answer;

        (void)ctl_kube_wait(&l->kube, kube_lock_list(l->kube.kube, l->o->all ? NULL : l->kube.ns, on_list, l, NULL),
                            &l->answer);
        l->failed = a->result != KUBE_OK;
        if (l->failed)
                (void)ctl_error("%s%s", a->text,
                                a->result == KUBE_DENIED ? "\nWithout the right to list, name the locks." : "");
        return l->r;
}

static int read_named(struct list *l, const char *text) {
        struct ctl_answer a = {};
        struct ctl_lock_name name;
        struct err err;
        const char *ns;

        if (ctl_lock_name_parse(&name, text, &l->o->where, &err) < 0)
                return -EINVAL; /* cannot be: parsed before */
        ns = *name.ns ? name.ns : l->kube.ns;
        (void)ctl_kube_wait(&l->kube, kube_lock_get(l->kube.kube, ns, name.name, ctl_kube_answer, &a, NULL), &a);
        if (a.result == KUBE_OK && a.has_lock)
                return add_lock(l, &a.lock);
        l->failed = true;
        if (a.result == KUBE_NOT_FOUND)
                (void)ctl_error("there is no lock %s/%s: nobody holds it", ns, name.name);
        else
                (void)ctl_error("%s", a.text);
        return 0;
}

static bool same_placeholder(const struct lock_object *a, const struct lock_object *b) {
        return a->placeholder_kind == b->placeholder_kind && util_streq(a->ns, b->ns) &&
               util_streq(a->placeholder_name, b->placeholder_name);
}

/* Many locks of one agent share a placeholder: each is read once. */
static void read_heartbeat(struct list *l, size_t i) {
        struct entry *e = &l->entries[i];
        struct ctl_answer a = {};

        if (!e->lock.has_placeholder)
                return;
        e->has_heartbeat = true;
        for (size_t j = 0; j < i; j++)
                if (l->entries[j].has_heartbeat && same_placeholder(&l->entries[j].lock, &e->lock)) {
                        e->result = l->entries[j].result;
                        e->placeholder = l->entries[j].placeholder;
                        return;
                }
        (void)ctl_kube_wait(&l->kube,
                            kube_placeholder_get(l->kube.kube, e->lock.placeholder_kind, e->lock.ns,
                                                 e->lock.placeholder_name, ctl_kube_answer, &a, NULL),
                            &a);
        e->result = a.result;
        e->placeholder = a.placeholder;
        if (a.result != KUBE_OK && a.result != KUBE_NOT_FOUND)
                (void)ctl_error("%s", a.text);
}

/* ---- judging ---- */

static const char *state(const struct entry *e) {
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

/* Lease tenure: the instant of the last renewal; life tenure needs none. */
static const char *heartbeat(const struct entry *e) {
        bool is_lease = e->lock.has_tenure && e->lock.tenure == TENURE_LEASE;

        return is_lease && e->has_heartbeat && e->result == KUBE_OK ? e->placeholder.renew_time : "";
}

/* Of a lock that is sound as far as the lock alone shows. */
static void explain_placeholder(struct entry *e) {
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
}

static void explain(struct entry *e) {
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

static int by_name(const void *a, const void *b) {
        const struct lock_object *x = &((const struct entry *)a)->lock, *y = &((const struct entry *)b)->lock;
        int r = strcmp(x->ns, y->ns);

        return r ? r : strcmp(x->name, y->name);
}

/* ---- output ---- */

static bool add_json(struct json_object *array, const struct entry *e) {
        const struct lock_object *l = &e->lock;
        struct json_object *o = object_append_object(array);
        char name[sizeof(l->ns) + sizeof(l->name)], placeholder[300] = "";

        if (l->has_placeholder)
                (void)snprintf(placeholder, sizeof(placeholder), "%s/%s",
                               placeholder_kind_to_string(l->placeholder_kind), l->placeholder_name);
        (void)snprintf(name, sizeof(name), "%s/%s", l->ns, l->name);
        return object_add_string(o, "lock", name) && object_add_string(o, "lockUid", l->uid) &&
               object_add_string(o, "resourceVersion", l->version) && object_add_string(o, "state", state(e)) &&
               object_add_string(o, "reason", e->reason) && object_add_string(o, "holder", l->holder) &&
               object_add_string(o, "holderIdentity", l->identity) && object_add_string(o, "unit", l->unit) &&
               object_add_string(o, "term", l->term) &&
               object_add_string(o, "tenure", l->has_tenure ? tenure_to_string(l->tenure) : "") &&
               object_add_int(o, "leaseDurationSeconds", (int64_t)(l->lease_duration_usec / USEC_PER_SEC)) &&
               object_add_string(o, "placeholder", placeholder) && object_add_string(o, "bootId", l->boot_id) &&
               object_add_string(o, "created", l->created_at) && object_add_string(o, "acquired", l->acquired_at) &&
               object_add_string(o, "lastHeartbeat", heartbeat(e)) && object_add_string(o, "fenced", l->fenced) &&
               object_add_string(o, "previousFenced", l->succeeds);
}

static int print_json(const struct list *l) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *array = json_object_new_array();
        _cleanup_free_ char *text = NULL;
        int r;

        if (!root || !array || !object_add_int(root, "format", REPORT_FORMAT) ||
            json_object_object_add(root, "locks", array) < 0) {
                json_object_put(array);
                return -ENOMEM;
        }
        for (size_t i = 0; i < l->n_entries; i++)
                if (!add_json(array, &l->entries[i]))
                        return -ENOMEM;
        r = object_to_text(root, &text);
        if (r >= 0)
                (void)printf("%s\n", text);
        return r;
}

static void add_row(struct table *t, const struct entry *e) {
        const struct lock_object *l = &e->lock;
        char name[sizeof(l->ns) + sizeof(l->name)], age[CTL_AGE_MAX], beat[CTL_AGE_MAX];
        const char *cells[] = {
                name,
                state(e),
                *l->identity       ? l->identity
                : l->n_owners == 1 ? l->owner.name
                                   : "",
                l->unit,
                l->has_tenure ? tenure_to_string(l->tenure) : "",
                show_age(age, l->created_at),
                show_ago(beat, heartbeat(e)),
        };

        (void)snprintf(name, sizeof(name), "%s/%s", l->ns, l->name);
        for (size_t c = 0; c < ELEMENTSOF(cells); c++)
                if (!*cells[c])
                        cells[c] = "-";
        table_add(t, cells);
        table_note(t, NULL, e->reason);
        table_note(t, "before it", l->succeeds);
}

static int print_table(const struct list *l) {
        static const char *const head[] = {"LOCK", "STATE", "HOLDER", "UNIT", "TENURE", "AGE", "HEARTBEAT"};
        _cleanup_(table_freep) struct table *t = NULL;
        int r;

        r = table_new(&t, head, ELEMENTSOF(head));
        if (r < 0)
                return r;
        table_fold(t, 3, "unit");
        table_fold(t, 2, "holder");
        for (size_t i = 0; i < l->n_entries; i++)
                add_row(t, &l->entries[i]);
        return table_print(t, stdout, /* colors= */ false);
}

static int list(struct list *l, char *const *names) {
        int r = 0;

        if (!*names)
                r = read_all(l);
        for (; r >= 0 && *names; names++)
                r = read_named(l, *names);
        if (l->n_entries > 0)
                qsort(l->entries, l->n_entries, sizeof(*l->entries), by_name);
        for (size_t i = 0; r >= 0 && i < l->n_entries; i++) {
                read_heartbeat(l, i);
                explain(&l->entries[i]);
        }
        if (r >= 0 && l->o->json)
                r = l->failed && l->n_entries == 0 ? 0 : print_json(l);
        else if (r >= 0 && l->n_entries > 0)
                r = print_table(l);
        else if (r >= 0 && !l->failed)
                (void)fprintf(stderr, "No locks of leader-agent found in %s%s (others are shown when named).\n",
                              l->o->all ? "the cluster" : "namespace ", l->o->all ? "" : l->kube.ns);
        if (r < 0)
                return ctl_error("%s", strerror(-r));
        return l->failed ? CTL_FAILURE : CTL_OK;
}

static int run(const void *options, char *const *arguments, size_t n) {
        const struct options *o = options;
        struct list l = {.o = o};
        struct ctl_lock_name name;
        struct err err = {};
        int r;

        if (o->all && (o->where.ns || n > 0))
                return ctl_usage(&ctl_list, "--all-namespaces goes with neither --namespace nor LOCK");
        for (size_t i = 0; i < n; i++)
                if (ctl_lock_name_parse(&name, arguments[i], &o->where, &err) < 0)
                        return ctl_usage(&ctl_list, err.text);
        if (ctl_kube_open(&l.kube, &o->where, &err) < 0)
                r = ctl_failed(-EINVAL, &err);
        else
                r = list(&l, arguments);
        ctl_kube_close(&l.kube);
        free(l.entries);
        return r;
}

static const struct ctl_option list_options[] = {
        {"json", 0, NULL, offsetof(struct options, json), ctl_set_true},
        {"all-namespaces", 'A', NULL, offsetof(struct options, all), ctl_set_true},
        CTL_KUBE_OPTIONS(struct options, where),
        {},
};

const struct ctl_verb ctl_list = {
        .name = "list",
        .arguments = "[LOCK...] [--json]",
        .summary = "every lock of the namespace, from the API server",
        .usage =
                "list [LOCK...] [--json] [-n|--namespace NS | -A|--all-namespaces]\n"
                "               [--kubeconfig FILE] [--context NAME]\n\n"
                "Shows the locks that carry leader-agent's label, or those named (NAMESPACE/NAME or NAME), whoever "
                "made "
                "them,\n"
                "as the API server has them. Needs only a kubeconfig (default: as kubectl); without the right to list, "
                "name "
                "the\n"
                "locks. --json: one line.",
        .options = list_options,
        .options_size = sizeof(struct options),
        .n_arguments_max = SIZE_MAX,
        .run = run,
};
