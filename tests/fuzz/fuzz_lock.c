/* SPDX-License-Identifier: Apache-2.0 */
/* The lock's ConfigMap, alone and in a list. A verdict says why; what is ours is complete, and what is written of it is
 * read as the same record again; the bodies of all changes are JSON, or refused. */
#include "codec/lock.h"
#include "codec/object.h"
#include "fuzz.h"

/* A body: 0 and a document, or refused for a reason that is none of memory. */
static struct json_object *body_of(int r, char **text) {
        struct json_object *o = NULL;

        fuzz_assert(r == 0 || r == -EINVAL || (r == -ENOMEM && fuzz_starved()));
        if (r < 0)
                return NULL;
        r = object_parse(*text, strlen(*text), &o, NULL);
        fuzz_assert(r == 0 || fuzz_starved());
        free(*text);
        return o;
}

static void judge(const struct lock_object *l) {
        fuzz_assert(*l->uid && *l->version && *l->name && *l->ns && *l->term);
        fuzz_assert((l->form == LOCK_FORM_DAMAGED) == (*l->damage != '\0'));
        fuzz_assert(!l->orphaned || (l->form == LOCK_FORM_OURS && l->n_owners == 0));
        if (l->form == LOCK_FORM_FOREIGN)
                fuzz_assert(!l->has_finalizer && l->n_owners == 1 && util_streq(l->owner.kind, "Pod"));
        if (l->form != LOCK_FORM_OURS)
                return;
        fuzz_assert(l->has_finalizer && l->has_placeholder && l->has_tenure && *l->claim && *l->identity && *l->holder);
        fuzz_assert(*l->unit && *l->boot_id && *l->placeholder_uid);
        fuzz_assert(placeholder_name_fits(l->placeholder_name, l->tenure));
        fuzz_assert(l->orphaned || (l->n_owners == 1 && util_streq(l->owner.uid, l->placeholder_uid) &&
                                    util_streq(l->owner.name, l->placeholder_name)));
        fuzz_assert(l->tenure == TENURE_LIFE || l->lease_duration_usec > 0);
        fuzz_assert(l->lease_duration_usec % USEC_PER_SEC == 0);
}

/* As the server would store it. */
static void create(const struct lock_object *l) {
        _cleanup_(json_object_putp) struct json_object *o = NULL;
        struct lock_object again;
        char *text = NULL;
        int r = lock_build_create(l, &text);

        fuzz_assert(!*l->uid || l->form != LOCK_FORM_OURS || r != -EINVAL);
        o = body_of(r, &text);
        if (!o || !object_add_string(object_get(o, "metadata"), "uid", l->uid) ||
            !object_add_string(object_get(o, "metadata"), "resourceVersion", l->version))
                return;
        r = lock_from_json(o, &again, NULL);
        if (fuzz_starved())
                return;
        fuzz_assert(r == 0 && again.form == LOCK_FORM_OURS && !again.orphaned && again.immutable);
        fuzz_assert(lock_record_token(&again) == lock_record_token(l));
        fuzz_assert(util_streq(again.placeholder_uid, l->placeholder_uid) && util_streq(again.succeeds, l->succeeds));
        judge(&again);
}

static void change(const struct lock_object *l) {
        struct placeholder_object p = {.kind = l->placeholder_kind};
        char *text = NULL;

        (void)util_copy(p.name, sizeof(p.name), l->placeholder_name);
        (void)util_copy(p.uid, sizeof(p.uid), l->placeholder_uid);
        json_object_put(body_of(lock_build_strip(l->uid, l->version, &text), &text));
        json_object_put(body_of(lock_build_adopt(l, l->boot_id, &text), &text));
        json_object_put(body_of(lock_build_restore(l, &p, &text), &text));
        json_object_put(body_of(lock_build_annotate(l, LOCK_ANNOTATION_FENCED, l->damage, &text), &text));
        json_object_put(body_of(lock_build_delete(l->uid, l->holder, &text), &text));
}

void fuzz_one(const uint8_t *data, size_t size) {
        char *json = fuzz_copy(data, size);
        struct lock_object l, *all = NULL;
        struct err err = {};
        size_t n = 0;
        int r = lock_parse(json, size, &l, &err);

        fuzz_assert_result(r, &err);
        if (r == 0) {
                judge(&l);
                create(&l);
                change(&l);
                (void)lock_form_to_string(l.form);
        } else {
                create(&l);
        }
        *err.text = '\0';
        r = lock_list_parse(json, size, &all, &n, &err);
        fuzz_assert_result(r, &err);
        for (size_t i = 0; r == 0 && i < n; i++)
                judge(&all[i]);
        free(all);
        free(json);
}
