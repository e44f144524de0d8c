/* SPDX-License-Identifier: Apache-2.0 */
/* Placeholders: Lease and Pod, alone and in a list (there is no other record of an agent in the API). What is written
 * of one that was read is read as the same; terms keep the longest duration. The first byte chooses the kind. */
#include "codec/object.h"
#include "codec/placeholder.h"
#include "fuzz.h"

static int parse_body(const struct placeholder_object *p, char *text, bool exists, struct placeholder_object *ret) {
        _cleanup_(json_object_putp) struct json_object *o = NULL;
        int r = object_parse(text, strlen(text), &o, NULL);

        free(text);
        if (r < 0)
                return r;
        if (!exists && (!object_add_string(object_get(o, "metadata"), "uid", p->uid) ||
                        !object_add_string(object_get(o, "metadata"), "resourceVersion", p->version)))
                return -ENOMEM;
        return placeholder_from_json(p->kind, o, ret, NULL);
}

static void same(const struct placeholder_object *a, const struct placeholder_object *b) {
        fuzz_assert(util_streq(a->name, b->name) && util_streq(a->ns, b->ns) && util_streq(a->uid, b->uid));
        fuzz_assert(util_streq(a->claim, b->claim) && util_streq(a->nonce, b->nonce));
        fuzz_assert(util_streq(a->boot_id, b->boot_id) && util_streq(a->identity, b->identity));
        fuzz_assert(util_streq(a->renew_time, b->renew_time) && util_streq(a->acquire_time, b->acquire_time));
        fuzz_assert(a->lease_duration_usec == b->lease_duration_usec && a->heartbeat_usec == b->heartbeat_usec);
        fuzz_assert(b->managed && a->has_terms == b->has_terms);
        fuzz_assert(!a->has_terms || a->n_terms == b->n_terms);
        for (unsigned i = 0; a->has_terms && i < a->n_terms; i++)
                fuzz_assert(util_streq(a->terms[i].lock_uid, b->terms[i].lock_uid) &&
                            a->terms[i].duration_usec == b->terms[i].duration_usec);
}

static void write_again(const struct placeholder_object *p) {
        struct placeholder_object again;
        bool complete = *p->identity != '\0';
        char *text = NULL;
        int r = placeholder_build_create(p, &text);

        fuzz_assert(r == (complete ? 0 : -EINVAL) || (r == -ENOMEM && fuzz_starved()));
        if (r == 0) {
                r = parse_body(p, text, /* exists= */ false, &again);
                fuzz_assert(r == 0 || fuzz_starved());
                if (!fuzz_starved())
                        same(p, &again);
        }
        r = placeholder_build_renew(p, &text);
        fuzz_assert(r == (complete ? 0 : -EINVAL) || (r == -ENOMEM && fuzz_starved()));
        if (r == 0 && p->kind == PLACEHOLDER_LEASE) {
                r = parse_body(p, text, /* exists= */ true, &again);
                fuzz_assert(r == 0 || fuzz_starved());
                if (!fuzz_starved())
                        same(p, &again);
        } else if (r == 0) {
                free(text);
        }
        r = placeholder_build_clear(p, &text);
        fuzz_assert(r == (complete ? 0 : -EINVAL) || (r == -ENOMEM && fuzz_starved()));
        if (r == 0)
                free(text);
}

static void add_terms(struct placeholder_object p, struct fuzz *f) {
        for (unsigned i = 0; i <= PLACEHOLDER_TERMS; i++) {
                uint64_t duration = fuzz_number(f, 3) * USEC_PER_SEC, before;
                char uid[80];

                (void)fuzz_line(f, uid, sizeof(uid));
                before = placeholder_duration(&p, uid);
                placeholder_add_term(&p, uid, duration);
                fuzz_assert(p.n_terms <= PLACEHOLDER_TERMS && p.lease_duration_usec >= duration);
                if (p.has_terms && *uid && strlen(uid) < sizeof(p.terms[0].lock_uid))
                        fuzz_assert(placeholder_duration(&p, uid) >= duration &&
                                    placeholder_duration(&p, uid) >= before);
        }
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct fuzz f = {data, size};
        enum placeholder_kind kind = fuzz_byte(&f) % N_PLACEHOLDER_KINDS;
        char *json = fuzz_copy(f.p, f.n), name[64];
        struct placeholder_object p, *all = NULL;
        struct err err = {};
        size_t n = 0, list_size = f.n; /* of what is left add_terms() takes its texts */
        int r = placeholder_parse(kind, json, f.n, &p, &err);

        fuzz_assert_result(r, &err);
        if (r == 0) {
                fuzz_assert(*p.uid && *p.version && *p.name && *p.ns && p.kind == kind);
                fuzz_assert(p.n_terms <= PLACEHOLDER_TERMS && p.lease_duration_usec % USEC_PER_SEC == 0);
                write_again(&p);
                add_terms(p, &f);
                for (unsigned t = 0; t < N_TENURES; t++)
                        if (placeholder_is_genuine(&p, p.identity, t))
                                fuzz_assert(p.managed && *p.claim &&
                                            placeholder_name(name, sizeof(name), p.identity, t) &&
                                            util_streq(name, p.name) && placeholder_name_fits(p.name, t));
        }
        *err.text = '\0';
        r = placeholder_list_parse(kind, json, list_size, &all, &n, &err);
        fuzz_assert_result(r, &err);
        free(all);
        free(json);
}
