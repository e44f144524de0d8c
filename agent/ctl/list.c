/* SPDX-License-Identifier: Apache-2.0 */
/* leaderctl list: every lock of a namespace as the API server has it, with the heartbeat of its holder. Reads only;
 * what an agent makes of a lock is its own status. What is made of them here, and how it is shown: list_judge.c and
 * list_print.c. */
#include <errno.h>
#include <stdio.h>

#include "ctl/ctl_kube.h"
#include "ctl/list.h"
#include "ctl/verbs.h"

struct options {
        struct ctl_kube_options where;
        bool json, all;
};

struct list {
        const struct options *o;
        struct ctl_kube kube;
        struct ctl_answer answer; /* to the list request */
        struct list_entry *entries;
        size_t n_entries;
        bool failed; /* not everything could be read; it was said */
        int r;       /* of on_list() */
};

static int add_lock(struct list *l, const struct lock_object *lock) {
        struct list_entry *entries = reallocarray(l->entries, l->n_entries + 1, sizeof(*entries));

        if (!entries)
                return -ENOMEM;
        l->entries = entries;
        entries[l->n_entries++] = (struct list_entry){.lock = *lock};
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
        struct list_entry *e = &l->entries[i];
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

static int by_name(const void *a, const void *b) {
        const struct lock_object *x = &((const struct list_entry *)a)->lock, *y = &((const struct list_entry *)b)->lock;
        int r = strcmp(x->ns, y->ns);

        return r ? r : strcmp(x->name, y->name);
}

/* For humans: what two locks have to do with each other stands below them, whether they look at it or not. */
static int show(const struct list *l) {
        _cleanup_free_ char *warning = NULL;
        int r = list_print_table(l->entries, l->n_entries);

        if (r >= 0)
                r = list_warn(l->entries, l->n_entries, &warning);
        if (r >= 0) {
                (void)fflush(stdout);
                (void)fputs(warning, stderr);
        }
        return r;
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
                list_explain(&l->entries[i]);
        }
        if (r >= 0 && l->o->json)
                r = l->failed && l->n_entries == 0 ? 0 : list_print_json(l->entries, l->n_entries);
        else if (r >= 0 && l->n_entries > 0)
                r = show(l);
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
