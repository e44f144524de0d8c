/* SPDX-License-Identifier: Apache-2.0 */
#include "status_page.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "adapter/journal.h"
#include "ctl/status_print.h"

void status_replace(char where[static STATUS_TEXT], const char *known, const char *as) {
        char *at = where;

        while (*known && (at = strstr(at, known))) {
                size_t n = strlen(known), k = strlen(as);

                assert_true(strlen(where) - n + k < STATUS_TEXT);
                memmove(at + k, at + n, strlen(at + n) + 1);
                memcpy(at, as, k);
                at += k;
        }
}

/* An instant that something is to happen at is not over. */
static void check_instants(const char *what) {
        static const char *const past[] = {"answered at ", "one than at "};
        unsigned h, m, s;

        for (const char *at = what; (at = strstr(at, " at ")); at += strlen(" at ")) {
                bool was = false;

                if (sscanf(at, " at %2u:%2u:%2u", &h, &m, &s) != 3)
                        continue;
                for (size_t i = 0; i < ELEMENTSOF(past); i++) {
                        size_t n = strlen(past[i]) - strlen(" at ");

                        was = was || ((size_t)(at - what) >= n && strncmp(at - n, past[i], strlen(past[i])) == 0);
                }
                if (!was && h * 3600 + m * 60 + s <= STATUS_WALL / USEC_PER_SEC % 86400)
                        fail_msg("an instant that is over: %s", what);
        }
}

void status_look(struct status_world *w, struct status_shown *ret) {
        _cleanup_free_ char *json = NULL, *ctl = NULL;
        size_t size;
        FILE *f = open_memstream(&ctl, &size);

        assert_non_null(f);
        agent_status_line(&w->agent, ret->line, AGENT_STATUS_SIZE);
        assert_int_equal(agent_bus_handlers.status(&w->agent, &json), 0);
        assert_int_equal(status_print(json, f, false), 0);
        assert_int_equal(fclose(f), 0);
        STATUS_SET(ret->json, json);
        STATUS_SET(ret->ctl, ctl);
        check_instants(ret->line);
        check_instants(ret->ctl);
        status_replace(ret->line, w->dir.path, STATUS_ETC);
        status_replace(ret->json, w->dir.path, STATUS_ETC);
        status_replace(ret->ctl, w->dir.path, STATUS_ETC);
        /* Nothing is missing in it, and nothing is left that says nothing. */
        if (!ret->line[0] || strstr(ret->line, "; ;") || strstr(ret->line, "(null)") || strstr(ret->line, "?;") ||
            ret->line[strlen(ret->line) - 1] == ' ')
                fail_msg("'%s'", ret->line);
}

/* ---- the document ---- */

static void flatten(json_object *o, const char *path, void (*tell)(const char *path, const char *value, void *p),
                    void *p) {
        char name[256];

        if (json_object_is_type(o, json_type_object)) {
                json_object_object_foreach(o, key, value) {
                        (void)snprintf(name, sizeof(name), "%s%s%s", path, *path ? "." : "", key);
                        flatten(value, name, tell, p);
                }
        } else if (json_object_is_type(o, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(o); i++) {
                        (void)snprintf(name, sizeof(name), "%s.%zu", path, i);
                        flatten(json_object_array_get_idx(o, i), name, tell, p);
                }
        } else
                tell(path, json_object_get_string(o), p);
}

static void each(const struct status_shown *s, void (*tell)(const char *path, const char *value, void *p), void *p) {
        json_object *root = json_tokener_parse(s->json);

        assert_non_null(root);
        flatten(root, "", tell, p);
        json_object_put(root);
}

struct search {
        const char *path;
        char *buf;
        const struct status_shown *before;
};

static void find(const char *path, const char *value, void *p) {
        const struct search *s = p;

        if (util_streq(path, s->path))
                status_world_set(s->buf, STATUS_TEXT, value);
}

void status_member(const struct status_shown *s, const char *path, char buf[static STATUS_TEXT]) {
        struct search search = {.path = path, .buf = buf};

        buf[0] = '\0';
        each(s, find, &search);
}

static void compare(const char *path, const char *value, void *p) {
        const struct search *s = p;
        char old[STATUS_TEXT];
        size_t n = strlen(s->buf);

        status_member(s->before, path, old);
        if (!util_streq(old, value))
                (void)snprintf(s->buf + n, STATUS_TEXT - n, "%s%s = %s", n ? "\n" : "", path, *value ? value : "\"\"");
}

void status_members(const struct status_shown *s, const struct status_shown *before, char buf[static STATUS_TEXT]) {
        struct search search = {.buf = buf, .before = before};

        buf[0] = '\0';
        each(s, compare, &search);
}

void status_documented(const char *term) {
        _cleanup_free_ char *page = NULL;
        FILE *f = fopen("docs/man/leaderctl.1.scd", "re");
        size_t size = 0;

        assert_non_null(f);
        assert_true(getdelim(&page, &size, '\0', f) > 0);
        (void)fclose(f);
        if (!strstr(page, term))
                fail_msg("leaderctl(1) has no %s", term);
}

static void find_term(const char *path, _unused_ const char *value, _unused_ void *p) {
        const char *name = strrchr(path, '.');
        char term[128];

        (void)snprintf(term, sizeof(term), "*%s*", name ? name + 1 : path);
        status_documented(term);
}

void status_members_documented(const struct status_shown *s) {
        each(s, find_term, NULL);
}

/* ---- what is new ---- */

static bool same(const char *a, const char *b, size_t n) {
        return n == 0 ||
               (tolower((unsigned char)*a) == tolower((unsigned char)*b) && strncmp(a + 1, b + 1, n - 1) == 0);
}

static bool has_part(const char *text, const char *part, size_t n, const char *separator) {
        for (const char *at = text, *end; *at; at = end + (*end ? strlen(separator) : 0)) {
                end = strstr(at, separator);
                end = end ? end : at + strlen(at);
                if ((size_t)(end - at) == n && same(at, part, n))
                        return true;
        }
        return false;
}

void status_parts(const char *text, const char *before, const char *separator, char buf[static STATUS_TEXT]) {
        bool left_out = false;
        size_t n = 0;

        buf[0] = '\0';
        for (const char *at = text, *end; *at; at = end + (*end ? strlen(separator) : 0)) {
                bool known;

                end = strstr(at, separator);
                end = end ? end : at + strlen(at);
                known = has_part(before, at, (size_t)(end - at), separator);
                if (!known || !left_out)
                        n += (size_t)snprintf(buf + n, STATUS_TEXT - n, "%s%.*s", n ? separator : "",
                                              known ? (int)strlen("…") : (int)(end - at), known ? "…" : at);
                left_out = known;
        }
}

/* ---- the journal ---- */

static char journal[STATUS_TEXT];

void status_journal_add(int priority, const char *id, const char *message) {
        static const char *const priorities[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info"};
#define KIND(name)                                                                                                     \
        { JOURNAL_##name, #name }
        static const struct {
                const char *id, *name;
        } kinds[] = {KIND(LOCK_STATE),  KIND(LOCK_DAMAGED), KIND(NAMESPACE),     KIND(FOREIGN), KIND(ENROLL),
                     KIND(SILENT),      KIND(API_SILENT),   KIND(API_REFUSED),   KIND(WATCH),   KIND(RIGHTS),
                     KIND(CREDENTIALS), KIND(GUARD_LINK),   KIND(CONFIGURATION), KIND(BLOCKED), KIND(LOCK_LEFT),
                     KIND(STEP_DOWN),   KIND(DBUS),         KIND(STATE_DIR)};
#undef KIND
        size_t n = strlen(journal);
        const char *kind = "";

        if (priority > LOG_INFO)
                return;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (id && util_streq(kinds[i].id, id))
                        kind = kinds[i].name;
        if (priority < LOG_INFO && !*kind)
                fail_msg("no kind: %s", message);
        (void)snprintf(journal + n, sizeof(journal) - n, "%s%s%s%s: %s", n ? "\n" : "", priorities[priority],
                       *kind ? " " : "", kind, message);
}

void status_journal(struct status_world *w, char buf[static STATUS_TEXT]) {
        status_world_set(buf, STATUS_TEXT, journal);
        status_replace(buf, w->dir.path, STATUS_ETC);
        journal[0] = '\0';
}

void status_turn(struct status_world *w) {
        (void)agent_status_update(&w->agent, clock_boottime_usec());
}
