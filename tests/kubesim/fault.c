/* SPDX-License-Identifier: Apache-2.0 */
/* Parses the rules that a test adds and finds the one for a request. Carrying it out is request.c and watch.c. */
#include "fault.h"

#include <stdio.h>

void fault_action_done(struct fault_action *a) {
        free(a->body);
        free(a->content_type);
        *a = (struct fault_action){.truncate = -1};
}

static void fault_free(struct fault *f) {
        free(f->verb);
        free(f->resource);
        free(f->name);
        free(f->user);
        fault_action_done(&f->action);
        free(f);
}

void fault_remove(struct faults *fs, uint64_t id) {
        for (struct fault **at = &fs->first; *at;) {
                struct fault *f = *at;
                if (id != 0 && f->id != id) {
                        at = &f->next;
                        continue;
                }
                *at = f->next;
                fault_free(f);
        }
}

static bool fault_when(enum fault_drop *ret, doc *v) {
        const char *value = json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
        if (util_streq(value, "before"))
                *ret = FAULT_DROP_BEFORE;
        else if (util_streq(value, "after"))
                *ret = FAULT_DROP_AFTER;
        else
                return false;
        return true;
}

static bool fault_msec(uint64_t *ret, doc *v) {
        int64_t ms = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : -1;
        *ret = ms > 0 ? (uint64_t)ms * USEC_PER_MSEC : 0;
        return ms >= 0;
}

static bool fault_int(int *ret, doc *v, int min, int max) {
        *ret = json_object_is_type(v, json_type_int) ? json_object_get_int(v) : min - 1;
        return *ret >= min && *ret <= max;
}

static bool fault_int64(int64_t *ret, doc *v, int64_t min) {
        *ret = json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : min - 1;
        return *ret >= min;
}

static bool fault_bool(bool *ret, doc *v) {
        *ret = json_object_is_type(v, json_type_boolean) && json_object_get_boolean(v);
        return json_object_is_type(v, json_type_boolean);
}

static bool fault_text(char **ret, doc *v) {
        if (!json_object_is_type(v, json_type_string))
                return false;
        free(*ret);
        *ret = doc_strdup(json_object_get_string(v));
        return true;
}

/* true: silent after the first events; "now": at once. */
static bool fault_stall(enum watch_stall *ret, doc *v) {
        bool after_initial = false;
        if (fault_bool(&after_initial, v)) {
                *ret = after_initial ? WATCH_STALLS_AFTER_INITIAL : WATCH_FLOWS;
                return true;
        }
        *ret = WATCH_STALLS_NOW;
        return json_object_is_type(v, json_type_string) && util_streq(json_object_get_string(v), "now");
}

/* A text as it is, anything else as JSON. */
static bool fault_body(char **ret, doc *v) {
        if (fault_text(ret, v))
                return true;
        free(*ret);
        *ret = doc_strdup(doc_text(v));
        return true;
}

/* Sets one field of the action; false: unknown key or unfit value. */
static bool fault_set_action(struct fault_action *a, const char *key, doc *v) {
        if (util_streq(key, "delay_ms"))
                return fault_msec(&a->delay_usec, v);
        if (util_streq(key, "hold_ms"))
                return fault_msec(&a->hold_usec, v);
        if (util_streq(key, "drop"))
                return fault_when(&a->drop, v);
        if (util_streq(key, "hang"))
                return fault_when(&a->hang, v);
        if (util_streq(key, "reset"))
                return fault_bool(&a->reset, v);
        if (util_streq(key, "honour_timeout"))
                return fault_bool(&a->honour_timeout, v);
        if (util_streq(key, "status"))
                return fault_int(&a->status, v, 200, 599);
        if (util_streq(key, "retry_after"))
                return fault_int(&a->retry_after, v, 0, INT32_MAX);
        if (util_streq(key, "truncate"))
                return fault_int64(&a->truncate, v, 0);
        if (util_streq(key, "half_open_watch"))
                return fault_stall(&a->stall, v);
        if (util_streq(key, "cut_watch_ms"))
                return fault_msec(&a->cut_usec, v);
        if (util_streq(key, "body"))
                return fault_body(&a->body, v);
        if (util_streq(key, "content_type"))
                return fault_text(&a->content_type, v);
        return false;
}

static bool fault_set_match(struct fault *f, const char *key, doc *v) {
        if (util_streq(key, "count"))
                return fault_int64(&f->count, v, 1);
        if (util_streq(key, "verb"))
                return fault_text(&f->verb, v);
        if (util_streq(key, "resource"))
                return fault_text(&f->resource, v);
        if (util_streq(key, "name"))
                return fault_text(&f->name, v);
        if (util_streq(key, "user"))
                return fault_text(&f->user, v);
        return false;
}

/* Names the first key that is not understood in *ret_error. */
static void fault_fill(struct fault *f, doc *rule, char **ret_error) {
        doc *match = doc_get(rule, "match"), *action = doc_get(rule, "action");
        if (!action || !json_object_is_type(action, json_type_object)) {
                *ret_error = doc_printf("a fault needs an object \"action\"\n");
                return;
        }
        if (match && json_object_is_type(match, json_type_object)) {
                json_object_object_foreach(match, key, value) {
                        if (!*ret_error && !fault_set_match(f, key, value))
                                *ret_error = doc_printf("match.%s: unknown key or unfit value\n", key);
                }
        }
        json_object_object_foreach(action, name, v) {
                if (!*ret_error && !fault_set_action(&f->action, name, v))
                        *ret_error = doc_printf("action.%s: unknown key or unfit value\n", name);
        }
        if (f->action.reset && f->action.drop == FAULT_NO_DROP)
                f->action.drop = FAULT_DROP_BEFORE;
}

uint64_t fault_add(struct faults *fs, doc *rule, char **ret_error) {
        struct fault *f = doc_alloc(sizeof(*f)), **at = &fs->first;
        *ret_error = NULL;
        *f = (struct fault){.id = fs->last_id + 1,
                            .verb = doc_strdup(""),
                            .resource = doc_strdup(""),
                            .name = doc_strdup(""),
                            .user = doc_strdup(""),
                            .count = -1,
                            .action.truncate = -1};
        fault_fill(f, rule, ret_error);
        if (*ret_error) {
                fault_free(f);
                return 0;
        }
        fs->last_id = f->id;
        while (*at)
                at = &(*at)->next;
        *at = f;
        return f->id;
}

doc *fault_describe(const struct faults *fs) {
        doc *list = json_object_new_array();
        for (const struct fault *f = fs->first; f; f = f->next) {
                doc *d = json_object_new_object();
                doc_set(d, "id", json_object_new_int64((int64_t)f->id));
                doc_set_string(d, "verb", f->verb);
                doc_set_string(d, "resource", f->resource);
                doc_set_string(d, "name", f->name);
                doc_set_string(d, "user", f->user);
                doc_set(d, "count", json_object_new_int64(f->count));
                doc_set(d, "hits", json_object_new_int64((int64_t)f->hits));
                json_object_array_add(list, d);
        }
        return list;
}

/* "read" and "write" stand for several verbs. */
static bool fault_verb_matches(const char *rule, enum verb verb) {
        bool read = verb == VERB_GET || verb == VERB_LIST || verb == VERB_WATCH;
        if (util_streq(rule, "read") || util_streq(rule, "write"))
                return read == util_streq(rule, "read");
        return !*rule || util_streq(rule, verb_to_string(verb));
}

static bool fault_field_matches(const char *rule, const char *value) {
        return !*rule || util_streq(rule, value);
}

bool fault_match(struct faults *fs, const struct call *c, struct fault_action *ret) {
        for (struct fault *f = fs->first; f; f = f->next) {
                const char *name = *c->name ? c->name : c->select_name;
                bool only_watches = f->action.stall != WATCH_FLOWS || f->action.cut_usec > 0;
                if (f->count == 0 || !fault_verb_matches(f->verb, c->verb) ||
                    !fault_field_matches(f->resource, c->resource->plural) || !fault_field_matches(f->name, name) ||
                    !fault_field_matches(f->user, c->user) || (only_watches && c->verb != VERB_WATCH))
                        continue;
                if (f->count > 0)
                        f->count--;
                f->hits++;
                *ret = f->action;
                ret->body = f->action.body ? doc_strdup(f->action.body) : NULL;
                ret->content_type = f->action.content_type ? doc_strdup(f->action.content_type) : NULL;
                return true;
        }
        return false;
}
