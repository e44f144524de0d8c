/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration. What is accepted passes its own check, and what is printed of it is a configuration again that
 * prints the same. */
#include "codec/conf.h"
#include "codec/conf_holes.h"
#include "codec/conf_report.h"
#include "codec/utf8.h"
#include "fuzz.h"

const char *__lsan_default_suppressions(void);
/* libconfig forgets the text of a string that is not ended, 64 bytes for each file that has one. */
const char *__lsan_default_suppressions(void) {
        return "leak:libconfig.so";
}

static char *describe(const struct conf *c) {
        char *text = NULL, *plain;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        conf_describe(c, f);
        (void)fclose(f);
        plain = fuzz_copy(text, size + 1);
        fuzz_assert(util_streq(utf8_plain(plain, /* lines= */ true), text));
        free(plain);
        return text;
}

/* Without its comments: they name the file and its lines. */
static void strip(char *text) {
        char *to = text;

        for (bool comment = false; *text; text++) {
                comment = *text != '\n' && (comment || *text == '#');
                if (!comment)
                        *to++ = *text;
        }
        *to = '\0';
}

static struct conf *load(const void *data, size_t size, struct err *err) {
        char path[32];
        int fd = fuzz_file(data, size, path), r;
        struct conf *c = NULL;

        r = conf_load(&c, path, err);
        close(fd);
        fuzz_assert_result(r, err);
        fuzz_assert((r == 0) == (c != NULL));
        return c;
}

static void judge(struct conf *c) {
        struct err err = {};
        char text[400];

        fuzz_assert(c->n_locks > 0 && c->n_files == 1 && conf_check(c, &err) == 0);
        for (size_t i = 0; i < c->n_locks; i++) {
                const struct conf_lock *l = &c->locks[i];
                struct timing_lease t = conf_timing(l);
                struct conf_lock copy;

                fuzz_assert(l->name && *l->name && permit_units_valid(l->unit) && TENURE_VALID(l->tenure));
                fuzz_assert(l->stop_timeout_usec >= TIMING_STOP_MIN_USEC);
                if (l->tenure == TENURE_LEASE)
                        fuzz_assert(timing_lasting_usec(&t) < timing_usable_usec(t.duration_usec, t.rate_permille) &&
                                    l->lease_duration_usec % USEC_PER_SEC == 0);
                for (unsigned h = 0; h < N_CONF_HOLES; h++)
                        fuzz_assert(*conf_hole_to_string(h) && (h != CONF_HOLE_FENCED || conf_hole_usec(c, l, h) > 0) &&
                                    (h != CONF_HOLE_UNKILLABLE ||
                                     conf_hole_usec(c, l, h) == (l->tenure == TENURE_LEASE ? USEC_INFINITY : 0)));
                for (unsigned h = 0; h < N_CONF_HOLES; h++)
                        (void)conf_hole_usec(c, l, h);
                fuzz_assert(!conf_warning(l, text, sizeof(text)) || *text);
                if (conf_lock_copy(&copy, l) == 0)
                        fuzz_assert(util_streq(copy.name, l->name) && copy.tenure == l->tenure);
                else
                        fuzz_assert(fuzz_starved());
                conf_lock_done(&copy);
        }
}

static bool any_unused(const struct conf *c) {
        for (size_t i = 0; i < c->n_locks; i++)
                if (c->locks[i].unused)
                        return true;
        return false;
}

void fuzz_one(const uint8_t *data, size_t size) {
        struct err err = {};
        struct conf *c = load(data, size, &err), *again;
        char *text, *second;

        if (!c)
                return;
        judge(c);
        if (conf_set_default_namespace(c, "prod", &err) == 0) {
                text = describe(c);
                again = load(text, strlen(text), &err);
                fuzz_assert(again || fuzz_starved());
                if (again) {
                        second = describe(again);
                        strip(text);
                        strip(second);
                        /* (Keys that a lock sets and its tenure does not use are told otherwise.) */
                        fuzz_assert(util_streq(text, second) || fuzz_starved() || any_unused(c));
                        free(second);
                }
                free(text);
                conf_free(again);
        } else {
                fuzz_assert(*err.text);
        }
        conf_free(c);
}
