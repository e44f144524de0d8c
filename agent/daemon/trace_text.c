/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a trace, written and read. What there is to write is in trace_fields.c. Knows nothing of files:
 * agent_trace.c writes them, tests/traces/replay.c reads them. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "daemon/trace_fields.h"
#include "daemon/trace_text.h"

/* ---- writing ---- */

struct writer {
        char *buf;
        size_t size, n;
};

static void put(struct writer *w, const char *fmt, ...) _printf_(2, 3);

static void put(struct writer *w, const char *fmt, ...) {
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vsnprintf(w->buf + w->n, w->size - w->n, fmt, ap);
        va_end(ap);
        if (n > 0)
                w->n += (size_t)n < w->size - w->n ? (size_t)n : w->size - w->n - 1;
}

static uint64_t u64(const void *base, size_t offset) {
        uint64_t v;

        memcpy(&v, (const char *)base + offset, sizeof(v));
        return v;
}

static uint32_t u32(const void *base, size_t offset) {
        uint32_t v;

        memcpy(&v, (const char *)base + offset, sizeof(v));
        return v;
}

static uint8_t u8(const void *base, size_t offset) {
        return ((const uint8_t *)base)[offset];
}

static void put_instant(struct writer *w, uint64_t usec) {
        if (usec == USEC_INFINITY)
                put(w, "never");
        else
                put(w, "%" PRIu64 ".%06" PRIu64, usec / USEC_PER_SEC, usec % USEC_PER_SEC);
}

static void put_fields(struct writer *w, const void *base, const struct trace_fields *fields) {
        for (size_t i = 0; i < fields->n; i++) {
                const struct trace_field *f = &fields->fields[i];

                switch (f->form) {
                case TRACE_TOKEN:
                        if (u64(base, f->offset))
                                put(w, " %s=%" PRIx64, f->name, u64(base, f->offset));
                        break;
                case TRACE_INSTANT:
                case TRACE_SPAN:
                        if (!u64(base, f->offset))
                                break;
                        put(w, " %s=", f->name);
                        put_instant(w, u64(base, f->offset));
                        break;
                case TRACE_NUMBER:
                        if (u32(base, f->offset))
                                put(w, " %s=%" PRIu32, f->name, u32(base, f->offset));
                        break;
                case TRACE_WORD:
                        if (u8(base, f->offset))
                                put(w, " %s=%s", f->name, f->word(u8(base, f->offset)));
                        break;
                case TRACE_FLAG:
                        if (u8(base, f->offset))
                                put(w, " %s", f->name);
                        break;
                }
        }
}

static void put_lock(struct writer *w, const struct trace_line *line) {
        const struct election_actions *out = &line->lock_actions;
        const char *separator = " -> ";

        put(w, "[");
        put_instant(w, line->lock_event.now_usec);
        put(w, "] lock %zu: %s", line->index, trace_event_word(line->lock_event.type));
        put_fields(w, &line->lock_event, &trace_lock_event);
        for (size_t i = 0; i < ELEMENTSOF(out->guard); i++) {
                if (out->guard[i].type == ELECTION_MSG_NONE)
                        continue;
                put(w, "%s%s", separator, trace_message_word(out->guard[i].type));
                put_fields(w, out, &trace_lock_message[i]);
                separator = "; ";
        }
        if (out->request.op == ELECTION_OP_NONE)
                return;
        put(w, "%s%s", separator, election_op_to_string(out->request.op));
        put_fields(w, out, &trace_lock_request);
}

static void put_placeholder(struct writer *w, const struct trace_line *line) {
        put(w, "[");
        put_instant(w, line->placeholder_event.now_usec);
        put(w, "] placeholder %zu: %s", line->index, trace_placeholder_event_word(line->placeholder_event.type));
        put_fields(w, &line->placeholder_event, &trace_placeholder_event);
        if (line->placeholder_action.op == PLACEHOLDER_OP_NONE)
                return;
        put(w, " -> %s", placeholder_op_to_string(line->placeholder_action.op));
        put_fields(w, &line->placeholder_action, &trace_placeholder_action);
}

size_t trace_text_format(const struct trace_line *line, char *buf, size_t size) {
        struct writer w = {.buf = buf, .size = size - 1}; /* room for the newline, whatever is cut */
        const struct trace_fields change = trace_change(line->change.type);

        switch (line->type) {
        case TRACE_BEGIN:
                put(&w, "begin");
                break;
        case TRACE_CHANGE:
                put(&w, "change %zu %s", line->index, trace_change_word(line->change.type));
                put_fields(&w, &line->change, &change);
                break;
        case TRACE_LOCK:
                put_lock(&w, line);
                break;
        case TRACE_PLACEHOLDER:
                put_placeholder(&w, line);
                break;
        }
        w.size++;
        put(&w, "\n");
        return w.n;
}

/* ---- reading ---- */

/* The next word, cut off at a space; NULL at the end. */
static char *next(char **p) {
        char *word = *p;

        while (*word == ' ')
                word++;
        if (!*word)
                return NULL;
        *p = word + strcspn(word, " ");
        if (**p)
                *(*p)++ = '\0';
        return word;
}

static bool read_word(const char *s, const char *(*word)(uint8_t), uint8_t n, uint8_t *ret) {
        for (uint8_t i = 0; i < n; i++)
                if (util_streq(word(i), s)) {
                        *ret = i;
                        return true;
                }
        return false;
}

static bool read_instant(const char *s, uint64_t *ret) {
        uint64_t seconds, usec;
        int n = 0;

        if (util_streq(s, "never")) {
                *ret = USEC_INFINITY;
                return true;
        }
        if (sscanf(s, "%" SCNu64 ".%6" SCNu64 "%n", &seconds, &usec, &n) != 2 || s[n])
                return false;
        *ret = seconds * USEC_PER_SEC + usec;
        return true;
}

static bool read_field(void *base, const struct trace_field *f, const char *value) {
        uint8_t *at = (uint8_t *)base + f->offset;
        uint64_t v = 0;
        uint32_t number;
        char *end;

        switch (f->form) {
        case TRACE_TOKEN:
                v = strtoull(value, &end, 16);
                memcpy(at, &v, sizeof(v));
                return end != value && !*end;
        case TRACE_INSTANT:
        case TRACE_SPAN:
                if (!read_instant(value, &v))
                        return false;
                memcpy(at, &v, sizeof(v));
                return true;
        case TRACE_NUMBER:
                number = (uint32_t)strtoul(value, &end, 10);
                memcpy(at, &number, sizeof(number));
                return end != value && !*end;
        case TRACE_WORD:
                return read_word(value, f->word, f->n_words, at);
        case TRACE_FLAG:
                *at = 1;
                return !*value;
        }
        return false;
}

/* Reads key=value words until the end, or "->". Returns the word that ended it, NULL at the end; "?" when one is none
 * of the fields. */
static const char *read_fields(char **p, void *base, const struct trace_fields *fields) {
        char *word;

        while ((word = next(p)) && !util_streq(word, "->")) {
                char *value = strchr(word, '=');
                size_t i = 0;

                if (value)
                        *value++ = '\0';
                while (i < fields->n && !util_streq(fields->fields[i].name, word))
                        i++;
                if (i == fields->n || !read_field(base, &fields->fields[i], value ? value : ""))
                        return "?";
        }
        return word;
}

static bool read_lock_action(char *text, struct election_actions *out) {
        char *name = next(&text);
        uint8_t type;

        if (!name)
                return false;
        if (read_word(name, trace_message_word, ELECTION_MSG_EVICT + 1, &type)) {
                unsigned i = out->guard[0].type == ELECTION_MSG_NONE ? 0 : 1;

                out->guard[i].type = type;
                return !read_fields(&text, out, &trace_lock_message[i]);
        }
        return read_word(name, election_op_to_string, N_ELECTION_OPS, &out->request.op) &&
               !read_fields(&text, out, &trace_lock_request);
}

static bool read_lock(char *p, struct trace_line *ret) {
        char *name = next(&p), *save;
        const char *stop;

        if (!name || !read_word(name, trace_event_word, N_ELECTION_EVENTS, &ret->lock_event.type))
                return false;
        stop = read_fields(&p, &ret->lock_event, &trace_lock_event);
        if (!stop || !util_streq(stop, "->"))
                return !stop;
        p = strtok_r(p, ";", &save);
        if (!p)
                return false;
        for (; p; p = strtok_r(NULL, ";", &save))
                if (!read_lock_action(p, &ret->lock_actions))
                        return false;
        return true;
}

static bool read_placeholder(char *p, struct trace_line *ret) {
        char *name = next(&p);
        const char *stop;

        if (!name ||
            !read_word(name, trace_placeholder_event_word, PLACEHOLDER_EV_SEEN + 1, &ret->placeholder_event.type))
                return false;
        stop = read_fields(&p, &ret->placeholder_event, &trace_placeholder_event);
        if (!stop || !util_streq(stop, "->"))
                return !stop;
        name = next(&p);
        return name && read_word(name, placeholder_op_to_string, N_PLACEHOLDER_OPS, &ret->placeholder_action.op) &&
               !read_fields(&p, &ret->placeholder_action, &trace_placeholder_action);
}

static bool read_change(char *p, struct trace_line *ret) {
        char *name = next(&p);
        struct trace_fields fields;

        if (!name || !read_word(name, trace_change_word, N_CORE_CHANGES, &ret->change.type))
                return false;
        ret->change.index = (uint32_t)ret->index;
        fields = trace_change(ret->change.type);
        return !read_fields(&p, &ret->change, &fields);
}

int trace_text_parse(const char *text, struct trace_line *ret) {
        char buf[TRACE_TEXT_MAX], at[32], kind[16];
        uint64_t now;
        int used = 0;
        bool good;

        *ret = (struct trace_line){};
        if (!util_copy(buf, sizeof(buf), text))
                return -EBADMSG;
        if (util_streq(buf, "begin")) {
                ret->type = TRACE_BEGIN;
                return 0;
        }
        if (sscanf(buf, "change %zu %n", &ret->index, &used) == 1 && used) {
                ret->type = TRACE_CHANGE;
                return read_change(buf + used, ret) ? 0 : -EBADMSG;
        }
        if (sscanf(buf, "[%31[0-9.]] %15s %zu: %n", at, kind, &ret->index, &used) != 3 || !used ||
            !read_instant(at, &now))
                return -EBADMSG;
        if (util_streq(kind, "lock")) {
                ret->type = TRACE_LOCK;
                ret->lock_event.now_usec = now;
                good = read_lock(buf + used, ret);
        } else {
                ret->type = TRACE_PLACEHOLDER;
                ret->placeholder_event.now_usec = now;
                good = util_streq(kind, "placeholder") && read_placeholder(buf + used, ret);
        }
        return good ? 0 : -EBADMSG;
}
