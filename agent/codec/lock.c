/* SPDX-License-Identifier: Apache-2.0 */
/* From an API object to struct lock_object and the verdict about its form: strict about what we wrote, silent about
 * what others added. Bodies are in lock_build.c. ARCHITECTURE 5, claims 3 and 4. */
#include "codec/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "codec/object.h"

const char *lock_form_to_string(enum lock_form form) {
        static const char *const forms[] = {
                [LOCK_FORM_OURS] = "ours",
                [LOCK_FORM_FOREIGN] = "foreign",
                [LOCK_FORM_DAMAGED] = "damaged",
        };

        return (size_t)form < ELEMENTSOF(forms) ? forms[form] : "unknown";
}

static void damage(struct lock_object *l, const char *fmt, ...) _printf_(2, 3);

/* The first reason is the one that is told. */
static void damage(struct lock_object *l, const char *fmt, ...) {
        va_list ap;

        l->form = LOCK_FORM_DAMAGED;
        if (*l->damage)
                return;
        va_start(ap, fmt);
        (void)vsnprintf(l->damage, sizeof(l->damage), fmt, ap);
        va_end(ap);
}

static uint64_t parse_duration(const char *s) {
        char *end = NULL;
        unsigned long v;

        if (*s < '0' || *s > '9')
                return 0;
        errno = 0;
        v = strtoul(s, &end, 10);
        return errno || *end || v > INT32_MAX ? 0 : v * USEC_PER_SEC;
}

/* KIND/NAME */
static bool parse_placeholder(char *text, enum placeholder_kind *ret_kind, char *name, size_t size) {
        char *slash = strchr(text, '/');
        bool good;

        if (!slash)
                return false;
        *slash = 0;
        good = placeholder_kind_from_string(text, ret_kind) == 0 && slash[1] && util_copy(name, size, slash + 1);
        *slash = '/';
        return good;
}

/* Reads the record. Returns true when any part of one is there. */
static bool read_record(struct json_object *data, struct lock_object *l) {
        char placeholder[300], tenure[16], seconds[16];

        const struct {
                const char *key;
                char *dst;
                size_t size;
                bool is_needed;
        } fields[] = {
                {"holder", l->holder, sizeof(l->holder), true},
                {"identity", l->identity, sizeof(l->identity), true},
                {"claim", l->claim, sizeof(l->claim), true},
                {"placeholder", placeholder, sizeof(placeholder), true},
                {"placeholderUid", l->placeholder_uid, sizeof(l->placeholder_uid), true},
                {"unit", l->unit, sizeof(l->unit), true},
                {"tenure", tenure, sizeof(tenure), true},
                {"bootId", l->boot_id, sizeof(l->boot_id), true},
                {"leaseDurationSeconds", seconds, sizeof(seconds), false},
                {"acquiredAt", l->acquired_at, sizeof(l->acquired_at), false},
                {"agentVersion", l->agent_version, sizeof(l->agent_version), false},
        };
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                any |= object_get(data, fields[i].key) != NULL;
        for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
                int r = object_get_string(data, fields[i].key, fields[i].dst, fields[i].size);

                if (any && r < 0)
                        damage(l, "data.%s in the record is unusable (too long or not plain text)", fields[i].key);
                else if (any && r == 0 && fields[i].is_needed)
                        damage(l, "record is incomplete: data.%s is missing", fields[i].key);
        }

        l->has_placeholder =
                parse_placeholder(placeholder, &l->placeholder_kind, l->placeholder_name, sizeof(l->placeholder_name));
        if (*placeholder && !l->has_placeholder)
                damage(l, "data.placeholder '%.60s' is neither Lease/NAME nor Pod/NAME", placeholder);
        l->has_tenure = tenure_from_string(tenure, &l->tenure) == 0;
        if (*tenure && !l->has_tenure)
                damage(l, "data.tenure '%s' is neither life nor lease", tenure);
        /* Nothing else is ever deleted as one, and a term's tenure does not change: one of the other tenure in it says
         * that somebody has written into the record. */
        if (l->has_placeholder && l->has_tenure && !placeholder_name_fits(l->placeholder_name, l->tenure))
                damage(l, "data.placeholder '%.60s' cannot be the placeholder of a lock of tenure %s", placeholder,
                       tenure);
        l->lease_duration_usec = parse_duration(seconds);
        if (*seconds && l->lease_duration_usec == 0)
                damage(l, "data.leaseDurationSeconds '%s' is not a positive number of seconds", seconds);
        else if (l->has_tenure && l->tenure == TENURE_LEASE && l->lease_duration_usec == 0)
                damage(l, "record is incomplete: data.leaseDurationSeconds is missing");
        return any;
}

static void read_owners(struct json_object *owners, struct lock_object *l) {
        struct json_object *first;

        if (!json_object_is_type(owners, json_type_array))
                return;
        l->n_owners = (unsigned)json_object_array_length(owners);
        if (l->n_owners == 0)
                return;
        first = json_object_array_get_idx(owners, 0);
        if (object_get_string(first, "apiVersion", l->owner.api_version, sizeof(l->owner.api_version)) <= 0 ||
            object_get_string(first, "kind", l->owner.kind, sizeof(l->owner.kind)) <= 0 ||
            object_get_string(first, "name", l->owner.name, sizeof(l->owner.name)) <= 0 ||
            object_get_string(first, "uid", l->owner.uid, sizeof(l->owner.uid)) <= 0)
                damage(l, "its owner is unusable (a field is missing, too long or not plain text)");
}

/* See lock.h, at the record. */
static void read_changes(struct json_object *annotations, struct lock_object *l) {
        char boot_id[sizeof(l->boot_id)], text[300], name[sizeof(l->placeholder_name)], uid[sizeof(l->placeholder_uid)];
        enum placeholder_kind kind;

        if (!l->immutable || !l->has_tenure || l->tenure != TENURE_LIFE)
                return;
        if (object_get_string(annotations, LOCK_ANNOTATION_BOOT_ID, boot_id, sizeof(boot_id)) > 0 && *boot_id)
                (void)util_copy(l->boot_id, sizeof(l->boot_id), boot_id);
        if (object_get_string(annotations, LOCK_ANNOTATION_PLACEHOLDER, text, sizeof(text)) <= 0 ||
            object_get_string(annotations, LOCK_ANNOTATION_PLACEHOLDER_UID, uid, sizeof(uid)) <= 0 || !*uid ||
            !parse_placeholder(text, &kind, name, sizeof(name)) || !placeholder_name_fits(name, l->tenure))
                return;
        /* Only what we have made the owner in the same PATCH. */
        if (!l->has_placeholder || !util_streq(l->owner.kind, placeholder_kind_to_string(kind)) ||
            !util_streq(l->owner.name, name) || !util_streq(l->owner.uid, uid))
                return;
        l->placeholder_kind = kind;
        (void)util_copy(l->placeholder_name, sizeof(l->placeholder_name), name);
        (void)util_copy(l->placeholder_uid, sizeof(l->placeholder_uid), uid);
}

static void judge_owner(struct lock_object *l) {
        const char *kind = placeholder_kind_to_string(l->placeholder_kind);

        if (l->n_owners == 0) {
                l->orphaned = l->form == LOCK_FORM_OURS;
                return;
        }
        if (l->n_owners > 1)
                damage(l, "has %u owners instead of one", l->n_owners);
        else if (!util_streq(l->owner.kind, kind) ||
                 !util_streq(l->owner.api_version, placeholder_resource(l->placeholder_kind).api_version) ||
                 !util_streq(l->owner.name, l->placeholder_name) || !util_streq(l->owner.uid, l->placeholder_uid))
                damage(l, "its owner (%.40s/%.60s) is not the placeholder that its record names", l->owner.kind,
                       l->owner.name);
}

static void judge(struct lock_object *l, bool has_record) {
        if (has_record) {
                if (!l->has_finalizer)
                        damage(l, "its finalizer " LOCK_FINALIZER " is gone");
                judge_owner(l);
                return;
        }
        if (l->has_finalizer)
                damage(l, "has our finalizer but no record (data is empty)");
        else if (l->n_owners == 0)
                damage(l, "has no owner and no record: nothing would ever free it");
        else if (l->n_owners > 1)
                damage(l, "has %u owners instead of one", l->n_owners);
        else if (!util_streq(l->owner.kind, placeholder_kind_to_string(PLACEHOLDER_POD)) ||
                 !util_streq(l->owner.api_version, placeholder_resource(PLACEHOLDER_POD).api_version))
                damage(l, "its owner (%.40s/%.60s) is not a Pod, and it has no record of ours", l->owner.kind,
                       l->owner.name);
        else if (l->form == LOCK_FORM_OURS)
                l->form = LOCK_FORM_FOREIGN;
}

int lock_from_json(struct json_object *object, struct lock_object *ret, struct err *err) {
        struct json_object *metadata = object_get(object, "metadata");
        struct json_object *annotations = object_get(metadata, "annotations");
        struct json_object *finalizers = object_get(metadata, "finalizers");
        struct json_object *immutable = object_get(object, "immutable");
        struct object_meta meta;
        bool has_record;
        int r;

        memset(ret, 0, sizeof(*ret));
        r = object_get_meta(object, "v1", "ConfigMap", &meta, err);
        if (r < 0)
                return r;

        /* All of these have the size of their source. */
        (void)util_copy(ret->ns, sizeof(ret->ns), meta.ns);
        (void)util_copy(ret->name, sizeof(ret->name), meta.name);
        (void)util_copy(ret->uid, sizeof(ret->uid), meta.uid);
        (void)util_copy(ret->version, sizeof(ret->version), meta.version);
        ret->deleting = meta.deleting;
        ret->n_finalizers = meta.n_finalizers;
        for (size_t i = 0; i < meta.n_finalizers; i++) {
                struct json_object *f = json_object_array_get_idx(finalizers, i);

                ret->has_finalizer |= json_object_is_type(f, json_type_string) &&
                                      util_streq(json_object_get_string(f), LOCK_FINALIZER);
        }
        object_get_text(annotations, LOCK_ANNOTATION_FENCED, ret->fenced, sizeof(ret->fenced));
        object_get_text(object_get(object, "data"), "fenced", ret->succeeds, sizeof(ret->succeeds));
        object_get_text(metadata, "creationTimestamp", ret->created_at, sizeof(ret->created_at));
        /* Only a number is a term: anything else would be refused by leader-guard, which puts it into the unit's
         * environment. */
        if (object_get_string(annotations, LOCK_ANNOTATION_TERM, ret->term, sizeof(ret->term)) <= 0 ||
            ret->term[strspn(ret->term, "0123456789")])
                (void)util_copy(ret->term, sizeof(ret->term), meta.version);

        ret->form = LOCK_FORM_OURS;
        ret->immutable = json_object_is_type(immutable, json_type_boolean) && json_object_get_boolean(immutable);
        read_owners(object_get(metadata, "ownerReferences"), ret);
        has_record = read_record(object_get(object, "data"), ret);
        read_changes(annotations, ret);
        judge(ret, has_record);
        return 0;
}

int lock_parse(const char *json, size_t n, struct lock_object *ret, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *object = NULL;
        int r;

        memset(ret, 0, sizeof(*ret));
        r = object_parse(json, n, &object, err);
        if (r < 0)
                return r;
        return lock_from_json(object, ret, err);
}

int lock_list_parse(const char *json, size_t n, struct lock_object **ret, size_t *ret_n, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *list = NULL;
        _cleanup_free_ struct lock_object *locks = NULL;
        struct json_object *items;
        size_t n_items;
        int r = object_parse_list(json, n, "v1", "ConfigMap", &list, &items, err);

        if (r < 0)
                return r;
        n_items = items ? json_object_array_length(items) : 0;
        locks = calloc(n_items + 1, sizeof(*locks)); /* + 1: never of size 0 */
        if (!locks)
                return -ENOMEM;
        for (size_t i = 0; i < n_items; i++) {
                r = lock_from_json(json_object_array_get_idx(items, i), &locks[i], err);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(locks);
        *ret_n = n_items;
        return 0;
}

uint64_t lock_record_token(const struct lock_object *l) {
        char text[1024];

        /* All of these are plain text without a newline; the longest ones together fit. */
        (void)snprintf(text, sizeof(text), "%s\n%s\n%s\n%s\n%u\n%" PRIu64, l->holder, l->identity, l->claim, l->unit,
                       (unsigned)l->tenure, l->lease_duration_usec);
        return util_token(text);
}
