/* SPDX-License-Identifier: Apache-2.0 */
/* The body of an Event. That kind has no uid of ours and is never read back: nothing depends on it. */
#include "codec/event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "codec/object.h"
#include "codec/placeholder.h"

#define EVENT_NOTE_MAX 1024

static const char *api_version_of(const char *kind) {
        enum placeholder_kind p;

        if (placeholder_kind_from_string(kind, &p) == 0)
                return placeholder_resource(p).api_version;
        return util_streq(kind, "ConfigMap") ? "v1" : NULL;
}

static size_t cut(const char *s, size_t max) {
        size_t n = strlen(s);

        if (n <= max)
                return n;
        /* Not inside of a character. */
        for (n = max; n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
                ;
        return n;
}

int event_build(const struct event_object *e, uint64_t realtime_usec, char **ret) {
        _cleanup_(json_object_putp) struct json_object *root = json_object_new_object();
        struct json_object *metadata = object_add_object(root, "metadata");
        struct json_object *regarding = object_add_object(root, "regarding");
        const char *api_version = api_version_of(e->kind);
        char name[254], time[CLOCK_TEXT_SIZE], note[EVENT_NOTE_MAX + 1];
        size_t n;

        if (!api_version || util_empty(e->ns) || util_empty(e->name) || util_empty(e->reason) ||
            util_empty(e->action) || util_empty(e->note) || util_empty(e->instance))
                return -EINVAL;

        /* The name of the object, cut so that it stays a name, and the time. */
        n = strlen(e->name);
        if (n > 200)
                for (n = 200; n > 0 && (e->name[n - 1] == '-' || e->name[n - 1] == '.'); n--)
                        ;
        (void)snprintf(name, sizeof(name), "%.*s.%" PRIx64, (int)n, e->name, realtime_usec * 1000);
        (void)clock_format_utc(realtime_usec, time);
        n = cut(e->note, EVENT_NOTE_MAX);
        memcpy(note, e->note, n);
        note[n] = 0;

        if (!object_add_string(root, "apiVersion", "events.k8s.io/v1") || !object_add_string(root, "kind", "Event") ||
            !object_add_string(metadata, "name", name) || !object_add_string(metadata, "namespace", e->ns) ||
            !object_add_string(root, "eventTime", time) ||
            !object_add_string(root, "type", e->warning ? "Warning" : "Normal") ||
            !object_add_string(root, "reason", e->reason) || !object_add_string(root, "action", e->action) ||
            !object_add_string(root, "reportingController", "leaderagent.io/leader-agent") ||
            !object_add_string(root, "reportingInstance", e->instance) ||
            !object_add_string(regarding, "apiVersion", api_version) ||
            !object_add_string(regarding, "kind", e->kind) || !object_add_string(regarding, "namespace", e->ns) ||
            !object_add_string(regarding, "name", e->name) ||
            (e->uid && !object_add_string(regarding, "uid", e->uid)) || !object_add_string(root, "note", note))
                return -ENOMEM;
        return object_to_text(root, ret);
}
