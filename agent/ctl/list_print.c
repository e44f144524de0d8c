/* SPDX-License-Identifier: Apache-2.0 */
/* How leaderctl list shows what was read: as a table, or as one line of JSON, whose fields are in leaderctl(1). */
#include <errno.h>
#include <stdio.h>

#include "codec/object.h"
#include "codec/report.h"
#include "ctl/list.h"
#include "ctl/show.h"
#include "ctl/table.h"

/* The other locks that are for the same unit. */
static bool add_same_unit(struct json_object *o, const struct list_entry *entries, size_t n, size_t i) {
        struct json_object *array = json_object_new_array();
        char name[sizeof(entries->lock.ns) + sizeof(entries->lock.name)];

        if (!array || json_object_object_add(o, "sameUnit", array) < 0) {
                json_object_put(array);
                return false;
        }
        for (size_t k = 0; k < n; k++) {
                struct json_object *s;

                if (!list_is_same_unit(&entries[i], &entries[k]))
                        continue;
                (void)snprintf(name, sizeof(name), "%s/%s", entries[k].lock.ns, entries[k].lock.name);
                s = json_object_new_string(name);
                if (!s || json_object_array_add(array, s) < 0) {
                        json_object_put(s);
                        return false;
                }
        }
        return true;
}

static bool add_json(struct json_object *array, const struct list_entry *entries, size_t n, size_t i) {
        const struct list_entry *e = &entries[i];
        const struct lock_object *l = &e->lock;
        struct json_object *o = object_append_object(array);
        char name[sizeof(l->ns) + sizeof(l->name)], placeholder[300] = "";

        if (l->has_placeholder)
                (void)snprintf(placeholder, sizeof(placeholder), "%s/%s",
                               placeholder_kind_to_string(l->placeholder_kind), l->placeholder_name);
        (void)snprintf(name, sizeof(name), "%s/%s", l->ns, l->name);
        return object_add_string(o, "lock", name) && object_add_string(o, "lockUid", l->uid) &&
               object_add_string(o, "resourceVersion", l->version) && object_add_string(o, "state", list_state(e)) &&
               object_add_string(o, "reason", e->reason) && object_add_string(o, "holder", l->holder) &&
               object_add_string(o, "holderIdentity", l->identity) && object_add_string(o, "unit", l->unit) &&
               object_add_string(o, "term", l->term) &&
               object_add_string(o, "tenure", l->has_tenure ? tenure_to_string(l->tenure) : "") &&
               object_add_int(o, "leaseDurationSeconds", (int64_t)(l->lease_duration_usec / USEC_PER_SEC)) &&
               object_add_string(o, "placeholder", placeholder) && object_add_string(o, "bootId", l->boot_id) &&
               object_add_string(o, "created", l->created_at) && object_add_string(o, "acquired", l->acquired_at) &&
               object_add_string(o, "lastHeartbeat", list_heartbeat(e)) && object_add_string(o, "fenced", l->fenced) &&
               object_add_string(o, "previousFenced", l->succeeds) && add_same_unit(o, entries, n, i);
}

int list_print_json(const struct list_entry *entries, size_t n) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *array = json_object_new_array();
        _cleanup_free_ char *text = NULL;
        int r;

        if (!root || !array || !object_add_int(root, "format", REPORT_FORMAT) ||
            json_object_object_add(root, "locks", array) < 0) {
                json_object_put(array);
                return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++)
                if (!add_json(array, entries, n, i))
                        return -ENOMEM;
        r = object_to_plain_text(root, &text);
        if (r >= 0)
                (void)printf("%s\n", text);
        return r;
}

static void add_row(struct table *t, const struct list_entry *e) {
        const struct lock_object *l = &e->lock;
        char name[sizeof(l->ns) + sizeof(l->name)], age[CTL_AGE_MAX], beat[CTL_AGE_MAX];
        const char *cells[] = {
                name,
                list_state(e),
                *l->identity       ? l->identity
                : l->n_owners == 1 ? l->owner.name
                                   : "",
                l->unit,
                l->has_tenure ? tenure_to_string(l->tenure) : "",
                show_age(age, l->created_at),
                show_ago(beat, list_heartbeat(e)),
        };

        (void)snprintf(name, sizeof(name), "%s/%s", l->ns, l->name);
        for (size_t c = 0; c < ELEMENTSOF(cells); c++)
                if (!*cells[c])
                        cells[c] = "-";
        table_add(t, cells);
        table_note(t, NULL, e->reason);
        table_note(t, "before it", l->succeeds);
}

int list_print_table(const struct list_entry *entries, size_t n) {
        static const char *const head[] = {"LOCK", "STATE", "HOLDER", "UNIT", "TENURE", "AGE", "HEARTBEAT"};
        _cleanup_(table_freep) struct table *t = NULL;
        int r;

        r = table_new(&t, head, ELEMENTSOF(head));
        if (r < 0)
                return r;
        table_fold(t, 3, "unit");
        table_fold(t, 2, "holder");
        for (size_t i = 0; i < n; i++)
                add_row(t, &entries[i]);
        return table_print(t, stdout, /* colors= */ false);
}
