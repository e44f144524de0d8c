/* SPDX-License-Identifier: Apache-2.0 */
/* The status document: what the agent builds is strict JSON with the texts, fit for a terminal, and what leaderctl
 * prints of that, or of anything else that calls itself one, is fit for a terminal. Lines of the input are the texts.
 */
#include "codec/object.h"
#include "codec/report.h"
#include "codec/utf8.h"
#include "ctl/status_print.h"
#include "fuzz.h"

#define TEXTS 36

static void print(const char *json) {
        char *text = NULL, *plain;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int r = status_print(json, f, /* colors= */ false);

        (void)fclose(f);
        fuzz_assert(r == 0 || r == -EBADMSG || (r == -ENOMEM && fuzz_starved()));
        fuzz_assert(r != -EBADMSG || size == 0);
        fuzz_assert(strlen(text) == size);
        plain = fuzz_copy(text, size + 1);
        fuzz_assert(util_streq(utf8_plain(plain, /* lines= */ true), text));
        free(plain);
        free(text);
}

static void holds(struct json_object *o, const char *key, const char *text) {
        const char *s = json_object_get_string(object_get(o, key));
        char *found, *expected;

        fuzz_assert(s);
        found = fuzz_copy(s, strlen(s) + 1);
        expected = fuzz_copy(text, strlen(text) + 1);
        fuzz_assert(util_streq(utf8_plain(found, /* lines= */ false), utf8_plain(expected, /* lines= */ false)));
        free(found);
        free(expected);
}

void fuzz_one(const uint8_t *data, size_t size) {
        _cleanup_(json_object_putp) struct json_object *o = NULL;
        struct fuzz f = {data, size};
        char *input = fuzz_text(data, size), t[TEXTS][300], *json = NULL;
        struct report_lock lock;
        struct report r;
        uint8_t flags = fuzz_byte(&f);
        struct json_object *first;

        for (size_t i = 0; i < TEXTS; i++) {
                (void)fuzz_line(&f, t[i], sizeof(t[i]));
                (void)utf8_fix(t[i]); /* as D-Bus demands of the agent */
        }
        lock = (struct report_lock){t[0],
                                    t[1],
                                    t[2],
                                    t[3],
                                    t[4],
                                    t[5],
                                    flags,
                                    t[6],
                                    t[7],
                                    t[8],
                                    t[9],
                                    t[10],
                                    t[11],
                                    t[12],
                                    t[13],
                                    t[14],
                                    flags & 8 ? NULL : t[15]};
        r = (struct report){.version = t[16],
                            .identity = t[17],
                            .server = t[18],
                            .last_contact = t[19],
                            .api_error = t[20],
                            .missing_rights = &(struct report_right){t[21], t[22], t[23], t[24]},
                            .n_missing_rights = flags & 1,
                            .guard_connected = flags & 2,
                            .guard_error = t[25],
                            .guard_breaks = flags,
                            .troubles = &(struct report_trouble){flags & 16 ? REPORT_GUARD_AWAY : t[26], t[27], t[28]},
                            .n_troubles = flags >> 2 & 1,
                            .locks = &lock,
                            .n_locks = 1};
        if (report_build(&r, &json) == 0) {
                fuzz_assert(object_parse(json, strlen(json), &o, NULL) == 0 || fuzz_starved());
                if (o) {
                        first = json_object_array_get_idx(object_get(o, "locks"), 0);
                        holds(o, "identity", t[17]);
                        holds(first, "lock", t[0]);
                        holds(first, "reason", t[12]);
                        holds(object_get(o, "api"), "error", t[20]);
                }
                print(json);
        } else {
                fuzz_assert(fuzz_starved());
        }
        print(input);
        free(json);
        free(input);
}
