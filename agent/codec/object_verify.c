/* SPDX-License-Identifier: Apache-2.0 */
/* A text of JSON and json-c's tree of it, side by side. json-c leaves out what it found no memory for, and may call
 * that a success: a lock without its finalizer, a precondition without its name. */
#include <errno.h>
#include <json-c/json_object_iterator.h>

#include "codec/object_parts.h"

struct walk {
        const char *at, *end;
};

static char peek(struct walk *w) {
        while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'))
                w->at++;
        return w->at < w->end ? *w->at : '\0';
}

static bool take(struct walk *w, char c) {
        if (peek(w) != c)
                return false;
        w->at++;
        return true;
}

/* \uXXXX, of which XXXX is next; -1: there are no such four. */
static long take_hex(struct walk *w) {
        long v = 0;

        if (w->end - w->at < 4)
                return -1;
        for (int i = 0; i < 4; i++) {
                char c = *w->at++;

                if (c >= '0' && c <= '9')
                        v = 16 * v + (c - '0');
                else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
                        v = 16 * v + ((c | 0x20) - 'a' + 10);
                else
                        return -1;
        }
        return v;
}

static size_t encode(long c, char buf[static 4]) {
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};

        for (size_t i = n; i-- > 1; c >>= 6)
                buf[i] = (char)(0x80 | (c & 0x3f));
        buf[0] = (char)(first[n] | c);
        return n;
}

/* What stands behind a backslash, in UTF-8; 0: nothing that may. Half a pair is U+FFFD, as json-c has it. */
static size_t take_escape(struct walk *w, char buf[static 4]) {
        static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
        const char *at = w->at < w->end && *w->at ? strchr(from, *w->at) : NULL;
        struct walk second;
        long c, low;

        if (at) {
                w->at++;
                buf[0] = to[at - from];
                return 1;
        }
        if (w->at == w->end || *w->at++ != 'u')
                return 0;
        c = take_hex(w);
        if (c < 0)
                return 0;
        second = (struct walk){w->at + 2, w->end};
        if (c >= 0xd800 && c < 0xdc00 && w->end - w->at >= 6 && w->at[0] == '\\' && w->at[1] == 'u') {
                low = take_hex(&second);
                if (low >= 0xdc00 && low < 0xe000) {
                        *w = second;
                        return encode(0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), buf);
                }
        }
        return encode(c >= 0xd800 && c < 0xe000 ? 0xfffd : c, buf);
}

static bool same_text(struct walk *w, const char *s, size_t n) {
        const char *end = s + n;
        char buf[4];
        size_t k;

        if (!take(w, '"'))
                return false;
        while (w->at < w->end && *w->at != '"') {
                buf[0] = *w->at++;
                k = buf[0] == '\\' ? take_escape(w, buf) : 1;
                if (k == 0 || (size_t)(end - s) < k || memcmp(s, buf, k) != 0)
                        return false;
                s += k;
        }
        return s == end && take(w, '"');
}

static bool same_value(struct walk *w, struct json_object *o);

/* The tree keeps the order. */
static bool same_object(struct walk *w, struct json_object *o) {
        struct json_object_iterator at, end;

        if (!json_object_is_type(o, json_type_object) || !take(w, '{'))
                return false;
        at = json_object_iter_begin(o);
        end = json_object_iter_end(o);
        for (bool first = true; !json_object_iter_equal(&at, &end); json_object_iter_next(&at), first = false) {
                const char *name = json_object_iter_peek_name(&at);

                if ((!first && !take(w, ',')) || !name || !same_text(w, name, strlen(name)) || !take(w, ':') ||
                    !same_value(w, json_object_iter_peek_value(&at)))
                        return false;
        }
        return take(w, '}');
}

static bool same_array(struct walk *w, struct json_object *o) {
        if (!json_object_is_type(o, json_type_array) || !take(w, '['))
                return false;
        for (size_t i = 0; i < json_object_array_length(o); i++)
                if ((i > 0 && !take(w, ',')) || !same_value(w, json_object_array_get_idx(o, i)))
                        return false;
        return take(w, ']');
}

static void skip_word(struct walk *w) {
        while (w->at < w->end && !strchr(",]} \t\r\n", *w->at))
                w->at++;
}

/* A word: true, null, a number. Numbers are not compared: json-c has room for one before it reads it. */
static bool same_word(struct walk *w, struct json_object *o) {
        char first = peek(w);

        skip_word(w);
        switch (first) {
        case 'n':
                return !o;
        case 't':
        case 'f':
                return json_object_is_type(o, json_type_boolean) && json_object_get_boolean(o) == (first == 't');
        default:
                return json_object_is_type(o, json_type_int) || json_object_is_type(o, json_type_double);
        }
}

/* No deeper than the tree. */
static bool same_value(struct walk *w, struct json_object *o) {
        switch (peek(w)) {
        case '{':
                return same_object(w, o);
        case '[':
                return same_array(w, o);
        case '"':
                return json_object_is_type(o, json_type_string) &&
                       same_text(w, json_object_get_string(o), (size_t)json_object_get_string_len(o));
        default:
                return same_word(w, o);
        }
}

bool object_is_whole(struct json_object *root, const char *json, size_t n) {
        struct walk w = {json, json + n};

        return same_value(&w, root) && peek(&w) == '\0' && w.at == w.end;
}

/* ---- why it is not ---- */

/* A text into buf, which has room for all of it; false: it holds a NUL. */
static bool take_text(struct walk *w, char *buf) {
        char letters[4];
        bool whole = true;

        (void)take(w, '"');
        while (w->at < w->end && *w->at != '"') {
                size_t k = 1;

                letters[0] = *w->at++;
                if (letters[0] == '\\')
                        k = take_escape(w, letters);
                whole = whole && k > 0 && letters[0];
                memcpy(buf, letters, k);
                buf += k;
        }
        *buf = '\0';
        (void)take(w, '"');
        return whole;
}

static int find_unusable(struct walk *w, char *buf);

static int find_in_object(struct walk *w, char *buf) {
        _cleanup_(json_object_putp) struct json_object *names = json_object_new_object();
        int r = names ? 0 : -ENOMEM;

        (void)take(w, '{');
        while (r == 0 && peek(w) == '"') {
                if (!take_text(w, buf) || json_object_object_get_ex(names, buf, NULL))
                        return 1;
                if (json_object_object_add(names, buf, NULL) < 0)
                        return -ENOMEM;
                (void)take(w, ':');
                r = find_unusable(w, buf);
                (void)take(w, ',');
        }
        (void)take(w, '}');
        return r;
}

/* Returns 1, 0, -ENOMEM. */
static int find_unusable(struct walk *w, char *buf) {
        int r = 0;

        switch (peek(w)) {
        case '{':
                return find_in_object(w, buf);
        case '[':
                (void)take(w, '[');
                while (r == 0 && peek(w) != ']' && w->at < w->end) {
                        r = find_unusable(w, buf);
                        (void)take(w, ',');
                }
                (void)take(w, ']');
                return r;
        case '"':
                (void)take_text(w, buf);
                return 0;
        default:
                skip_word(w);
                return 0;
        }
}

int object_why_not_whole(const char *json, size_t n) {
        struct walk w = {json, json + n};
        _cleanup_free_ char *buf = malloc(n + 1);
        int r = buf ? find_unusable(&w, buf) : -ENOMEM;

        return r == 1 ? -EBADMSG : -ENOMEM;
}
