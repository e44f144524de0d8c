/* SPDX-License-Identifier: Apache-2.0 */
/* A watch's stream, split anywhere: the first byte says into how many pieces, the next ones where. The same lines come
 * out as of the whole, nothing of them is lost, and each is a whole event or none. */
#include "codec/object.h"
#include "codec/watch.h"
#include "fuzz.h"

#define PIECES_MAX 15
#define LINE_MAX_  2000

struct lines {
        char text[8192]; /* each ended by a newline */
        size_t n;
        int r;
        bool partial;
};

static void take(struct watch_splitter *s, struct lines *ret) {
        char *line;
        size_t n;

        while (watch_splitter_next(s, &line, &n)) {
                fuzz_assert(n > 0 && line[n] == '\0' && !memchr(line, '\n', n));
                fuzz_assert(ret->n + n + 1 <= sizeof(ret->text));
                memcpy(ret->text + ret->n, line, n);
                ret->n += n;
                ret->text[ret->n++] = '\n';
        }
}

static void split(const uint8_t *data, size_t size, const uint8_t *at, unsigned n, struct lines *ret) {
        struct watch_splitter s = {.line_max = LINE_MAX_};
        size_t begin = 0;

        for (unsigned i = 0; i <= n && ret->r == 0; i++) {
                size_t left = size - begin, piece = i == n ? left : util_min(left, at[i]);
                uint8_t *copy = fuzz_copy(data + begin, piece);

                ret->r = watch_splitter_push(&s, (const char *)copy, piece);
                free(copy);
                begin += piece;
                take(&s, ret);
        }
        ret->partial = watch_splitter_is_partial(&s);
        watch_splitter_done(&s);
}

static void parse(char *line, size_t n) {
        struct watch_event e = {};
        struct err err = {};
        int r = watch_event_parse(line, n, &e, &err);

        fuzz_assert_result(r, &err);
        if (r < 0)
                return;
        fuzz_assert((unsigned)e.type <= WATCH_EVENT_ERROR);
        fuzz_assert(e.type == WATCH_EVENT_ERROR || json_object_is_type(e.object, json_type_object));
        fuzz_assert(!e.is_initial_end || e.type == WATCH_EVENT_BOOKMARK);
        if (e.type == WATCH_EVENT_ERROR)
                fuzz_assert_plain(e.status.message);
        watch_event_done(&e);
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct lines whole = {}, pieces = {};
        struct fuzz f = {data, util_min(size, sizeof(whole.text) - 1)};
        uint8_t at[PIECES_MAX];
        unsigned n = fuzz_byte(&f) % (PIECES_MAX + 1);

        for (unsigned i = 0; i < n; i++)
                at[i] = fuzz_byte(&f);
        split(f.p, f.n, at, 0, &whole);
        split(f.p, f.n, at, n, &pieces);
        /* In pieces a line that is too long may be found out sooner. */
        if (whole.r == 0 && pieces.r == 0) {
                fuzz_assert(whole.n == pieces.n && memcmp(whole.text, pieces.text, whole.n) == 0);
                fuzz_assert(whole.partial == pieces.partial);
        }
        fuzz_assert(f.n > LINE_MAX_ || fuzz_starved() || (whole.r == 0 && pieces.r == 0));
        for (size_t begin = 0; begin < whole.n;) {
                size_t length = strcspn(whole.text + begin, "\n");
                char *line = fuzz_text((const uint8_t *)whole.text + begin, length);

                parse(line, length);
                free(line);
                begin += length + 1;
        }
}
