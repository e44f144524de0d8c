/* SPDX-License-Identifier: Apache-2.0 */
/* Splits at newlines and looks at each byte once, however small the pieces are. */
#include "codec/watch.h"

#include <errno.h>

#include "codec/object.h"

/* A buffer beyond this is given back when it is empty: one large object must not cost memory for ever. */
#define WATCH_BUFFER_KEEP ((size_t)64 * 1024)

int watch_splitter_push(struct watch_splitter *s, const char *data, size_t n) {
        size_t need, allocated;
        char *buffer;

        if (s->begin > 0) {
                /* Lines were taken out, so what is left came with the last piece: no byte is moved twice. */
                s->size -= s->begin;
                s->searched -= s->begin;
                memmove(s->buffer, s->buffer + s->begin, s->size);
                s->begin = 0;
        }
        if (s->searched > (s->line_max ? s->line_max : WATCH_LINE_MAX))
                return -EMSGSIZE;

        need = s->size + n + 1;
        if (need > s->allocated) {
                allocated = s->allocated ? s->allocated : 4096;
                while (allocated < need)
                        allocated *= 2;
                buffer = realloc(s->buffer, allocated);
                if (!buffer)
                        return -ENOMEM;
                s->buffer = buffer;
                s->allocated = allocated;
        }
        memcpy(s->buffer + s->size, data, n);
        s->size += n;
        return 0;
}

bool watch_splitter_next(struct watch_splitter *s, char **ret_line, size_t *ret_n) {
        while (s->buffer) {
                char *line = s->buffer + s->begin;
                char *end = s->size > s->searched ? memchr(s->buffer + s->searched, '\n', s->size - s->searched) : NULL;
                size_t n;

                if (!end) {
                        s->searched = s->size;
                        if (s->begin == s->size) {
                                s->begin = s->size = s->searched = 0;
                                if (s->allocated > WATCH_BUFFER_KEEP) {
                                        free(s->buffer);
                                        s->buffer = NULL;
                                        s->allocated = 0;
                                }
                        }
                        return false;
                }
                n = (size_t)(end - line);
                s->begin = s->searched = (size_t)(end - s->buffer) + 1;
                if (n > 0 && line[n - 1] == '\r')
                        n--;
                if (n == 0)
                        continue;
                line[n] = 0;
                *ret_line = line;
                *ret_n = n;
                return true;
        }
        return false;
}

bool watch_splitter_is_partial(const struct watch_splitter *s) {
        return s->size > s->begin;
}

void watch_splitter_done(struct watch_splitter *s) {
        free(s->buffer);
        memset(s, 0, sizeof(*s));
}

static int type_from_string(const char *s) {
        static const char *const types[] = {
                [WATCH_EVENT_ADDED] = "ADDED",     [WATCH_EVENT_MODIFIED] = "MODIFIED",
                [WATCH_EVENT_DELETED] = "DELETED", [WATCH_EVENT_BOOKMARK] = "BOOKMARK",
                [WATCH_EVENT_ERROR] = "ERROR",
        };

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (util_streq(s, types[i]))
                        return (int)i;
        return -EBADMSG;
}

int watch_event_parse(const char *line, size_t n, struct watch_event *ret, struct err *err) {
        _cleanup_(json_object_putp) struct json_object *root = NULL;
        struct json_object *object;
        char text[32];
        int r;

        memset(ret, 0, sizeof(*ret));
        r = object_parse(line, n, &root, err);
        if (r < 0)
                return r;
        (void)object_get_string(root, "type", text, sizeof(text));
        r = type_from_string(text);
        if (r < 0)
                return err_setf(err, r, "not a watch event: type is '%s'", text);
        object = object_get(root, "object");
        if (!json_object_is_type(object, json_type_object))
                return err_setf(err, -EBADMSG, "watch event %s has no object", text);

        ret->type = (enum watch_event_type)r;
        if (ret->type == WATCH_EVENT_ERROR && !status_from_json(object, &ret->status))
                return err_setf(err, -EBADMSG, "watch event ERROR without a Status");
        if (ret->type == WATCH_EVENT_BOOKMARK) {
                struct json_object *annotations = object_get(object_get(object, "metadata"), "annotations");

                (void)object_get_string(annotations, "k8s.io/initial-events-end", text, sizeof(text));
                ret->is_initial_end = util_streq(text, "true");
        }
        ret->object = json_object_get(object);
        return 0;
}

void watch_event_done(struct watch_event *e) {
        json_object_put(e->object);
        e->object = NULL;
}
