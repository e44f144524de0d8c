/* SPDX-License-Identifier: Apache-2.0 */
/* Status bodies as the real server words them; the conformance tests compare the words. */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>

static char *reply_vprintf(const char *fmt, va_list ap) {
        char *p = NULL;
        if (vasprintf(&p, fmt, ap) < 0)
                abort();
        return p;
}

void reply_done(struct reply *r) {
        doc_putp(&r->body);
        free(r->text);
        *r = (struct reply){0};
}

void reply_body(struct reply *r, int code, doc *body) {
        reply_done(r);
        r->code = code;
        r->body = body;
}

void reply_text(struct reply *r, int code, const char *text) {
        reply_done(r);
        r->code = code;
        r->text = doc_strdup(text);
}

doc *reply_details(const char *name, const char *group, const char *kind) {
        doc *d = json_object_new_object();
        if (!util_empty(name))
                doc_set_string(d, "name", name);
        if (!util_empty(group))
                doc_set_string(d, "group", group);
        if (!util_empty(kind))
                doc_set_string(d, "kind", kind);
        return d;
}

static doc *reply_new_status(int code, const char *reason, const char *message, doc *details) {
        doc *d = json_object_new_object();
        doc_set_string(d, "kind", "Status");
        doc_set_string(d, "apiVersion", "v1");
        doc_set(d, "metadata", json_object_new_object());
        doc_set_string(d, "status", code < 400 ? "Success" : "Failure");
        if (message)
                doc_set_string(d, "message", message);
        if (!util_empty(reason))
                doc_set_string(d, "reason", reason);
        if (details)
                doc_set(d, "details", details);
        if (code >= 400)
                doc_set(d, "code", json_object_new_int(code));
        return d;
}

void reply_status(struct reply *r, int code, const char *reason, doc *details, const char *fmt, ...) {
        va_list ap;
        va_start(ap, fmt);
        _cleanup_free_ char *message = reply_vprintf(fmt, ap);
        va_end(ap);
        reply_body(r, code, reply_new_status(code, reason, message, details));
}

void reply_success(struct reply *r, const struct resource *res, const char *name, const char *uid) {
        doc *details = reply_details(name, res->group, res->plural);
        doc_set_string(details, "uid", uid);
        reply_body(r, 200, reply_new_status(200, NULL, NULL, details));
}

void reply_bad_request(struct reply *r, const char *fmt, ...) {
        va_list ap;
        va_start(ap, fmt);
        _cleanup_free_ char *message = reply_vprintf(fmt, ap);
        va_end(ap);
        reply_body(r, 400, reply_new_status(400, "BadRequest", message, NULL));
}

void reply_not_found(struct reply *r, const struct resource *res, const char *name) {
        reply_status(r, 404, "NotFound", reply_details(name, res->group, res->plural), "%s \"%s\" not found",
                     res->resource_name, name);
}

void reply_exists(struct reply *r, const struct resource *res, const char *name, bool deleting) {
        reply_status(r, 409, "AlreadyExists", reply_details(name, res->group, res->plural),
                     "%s%s \"%s\" already exists", deleting ? "object is being deleted: " : "", res->resource_name,
                     name);
}

void reply_modified(struct reply *r, const struct resource *res, const char *name) {
        reply_status(r, 409, "Conflict", reply_details(name, res->group, res->plural),
                     "Operation cannot be fulfilled on %s \"%s\": the object has been modified; please apply your "
                     "changes to the latest version and try again",
                     res->resource_name, name);
}

void reply_uid_conflict(struct reply *r, const struct resource *res, const char *ns, const char *name, const char *want,
                        const char *have) {
        reply_status(r, 409, "Conflict", reply_details(name, res->group, res->plural),
                     "Operation cannot be fulfilled on %s \"%s\": StorageError: invalid object, Code: 4, Key: "
                     "/registry/%s/%s/%s, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
                     "precondition: %s, UID in object meta: %s",
                     res->resource_name, name, res->plural, ns, name, want, have);
}

void reply_precondition(struct reply *r, const struct resource *res, const char *name, const char *what,
                        const char *want, const char *have) {
        const char *hint = util_streq(what, "UID") ? "deleted and then recreated" : "modified";
        reply_status(r, 409, "Conflict", reply_details(name, res->group, res->kind),
                     "Operation cannot be fulfilled on %s \"%s\": the %s in the precondition (%s) does not match the "
                     "%s in record (%s). The object might have been %s",
                     res->kind_name, name, what, want, what, have, hint);
}

void reply_terminating(struct reply *r, const struct resource *res, const char *name, const char *ns) {
        doc *cause = json_object_new_object();
        _cleanup_free_ char *message = doc_printf("namespace %s is being terminated", ns);
        doc_set_string(cause, "reason", "NamespaceTerminating");
        doc_set_string(cause, "message", message);
        doc_set_string(cause, "field", "metadata.namespace");
        doc *causes = json_object_new_array();
        json_object_array_add(causes, cause);
        doc *details = reply_details(name, res->group, res->plural);
        doc_set(details, "causes", causes);
        reply_status(r, 403, "Forbidden", details,
                     "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being "
                     "terminated",
                     res->resource_name, name, ns);
}

doc *reply_expired(const char *fmt, ...) {
        va_list ap;
        va_start(ap, fmt);
        _cleanup_free_ char *message = reply_vprintf(fmt, ap);
        va_end(ap);
        return reply_new_status(410, "Expired", message, NULL);
}

void invalid_add(struct invalid *v, const char *reason, const char *field, const char *fmt, ...) {
        va_list ap;
        va_start(ap, fmt);
        _cleanup_free_ char *message = reply_vprintf(fmt, ap);
        va_end(ap);
        if (!v->causes)
                v->causes = json_object_new_array();
        doc *cause = json_object_new_object();
        doc_set_string(cause, "reason", reason);
        doc_set_string(cause, "message", message);
        doc_set_string(cause, "field", field);
        json_object_array_add(v->causes, cause);
        char *text =
                v->n == 0 ? doc_printf("%s: %s", field, message) : doc_printf("%s, %s: %s", v->text, field, message);
        free(v->text);
        v->text = text;
        v->n++;
}

void invalid_done(struct invalid *v) {
        doc_putp(&v->causes);
        free(v->text);
        *v = (struct invalid){0};
}

void reply_invalid(struct reply *r, struct invalid *v, const char *kind_name, const char *group, const char *kind,
                   const char *name) {
        doc *details = reply_details(name, group, kind);
        doc_set(details, "causes", TAKE_PTR(v->causes));
        const char *open = v->n > 1 ? "[" : "", *close = v->n > 1 ? "]" : "";
        reply_status(r, 422, "Invalid", details, "%s \"%s\" is invalid: %s%s%s", kind_name, name, open, v->text, close);
        invalid_done(v);
}
